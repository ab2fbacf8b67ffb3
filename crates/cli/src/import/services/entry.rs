//! What the file says of one service.

use std::collections::HashMap;

use handoff_proto::v1::ChecklistVisibility;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    super::{
        cells::Named,
        identity::{slug, uuid_of},
    },
    Problem,
};

/// Tasks that a template may have.
const MOST_TASKS: usize = 500;

/// A service to be imported.
#[derive(Debug)]
pub(super) struct ServiceEntry {
    pub(super) path: String,
    /// What its request ids are made from.
    pub(super) identity: Uuid,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) tasks: Vec<TaskEntry>,
}

/// A task of its template to be imported.
#[derive(Debug)]
pub(super) struct TaskEntry {
    pub(super) path: String,
    /// What its request ids are made from.
    pub(super) identity: Uuid,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) deadline_hours: Option<i32>,
    pub(super) assignees: Option<Vec<String>>,
    pub(super) role: Option<String>,
    pub(super) tier: Option<i32>,
    pub(super) visibility: Option<ChecklistVisibility>,
}

/// Where each id was given first.
#[derive(Debug, Default)]
pub(super) struct Taken(HashMap<String, String>);

impl Taken {
    fn take(&mut self, id: &str, path: &str, fields: &mut Fields<'_>) {
        let first = self
            .0
            .entry(id.to_owned())
            .or_insert_with(|| path.to_owned());
        if first != path {
            let message = format!("is {id:?}, as in {first}; give one of them another id");
            fields.problem("id", message);
        }
    }
}

impl ServiceEntry {
    /// Reads an entry. All that is wrong with it is told, not the first only.
    pub(super) fn read(entry: &Value, path: &str, taken: &mut Taken) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of(entry, path, &["name", "id", "description", "tasks"])?;
        let name = fields.required("name");
        let id = fields.id(&name, "services/");
        if !id.is_empty() {
            taken.take(&id, path, &mut fields);
        }
        let description = fields.text("description");
        let listed = fields.list("tasks");
        if listed.len() > MOST_TASKS {
            let count = listed.len();
            fields.problem(
                "tasks",
                format!("has {count} tasks; a template has at most {MOST_TASKS}"),
            );
        }
        let mut tasks = Vec::new();
        let mut ids = Taken::default();
        for (index, task) in listed.iter().take(MOST_TASKS).enumerate() {
            let path = format!("{path}.tasks[{index}]");
            match TaskEntry::read(task, &path, &id, &mut ids) {
                Ok(task) => tasks.push(task),
                Err(problems) => fields.problems.extend(problems),
            }
        }
        fields.finish()?;
        let own = description.as_deref().unwrap_or_default();
        Ok(Self {
            path: path.to_owned(),
            identity: uuid_of(&["service entry", &id, &name, own]),
            id,
            name,
            description,
            tasks,
        })
    }
}

impl TaskEntry {
    fn read(
        entry: &Value,
        path: &str,
        service: &str,
        taken: &mut Taken,
    ) -> Result<Self, Vec<Problem>> {
        const KNOWN: &[&str] = &[
            "title",
            "id",
            "description",
            "deadline_hours",
            "assignees",
            "role",
            "tier",
            "visibility",
        ];
        let mut fields = Fields::of(entry, path, KNOWN)?;
        let title = fields.required("title");
        let id = fields.id(&title, "");
        if !id.is_empty() {
            taken.take(&id, path, &mut fields);
        }
        let description = fields.text("description");
        let deadline_hours = fields.number("deadline_hours");
        let assignees = fields.members("assignees");
        let role = fields.text("role");
        let tier = fields.number("tier");
        let visibility = fields.visibility();
        fields.finish()?;
        // Written with sorted keys, so that the same content is the same whatever its order.
        let content = entry.to_string();
        Ok(Self {
            path: path.to_owned(),
            identity: uuid_of(&["template entry", service, &id, &content]),
            id,
            title,
            description,
            deadline_hours,
            assignees,
            role,
            tier,
            visibility,
        })
    }
}

/// The fields of an entry, and what is wrong with them.
struct Fields<'a> {
    fields: &'a Map<String, Value>,
    path: &'a str,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    fn of(entry: &'a Value, path: &'a str, known: &[&str]) -> Result<Self, Vec<Problem>> {
        let Value::Object(fields) = entry else {
            let message = format!("is no entry; write its fields: {}", known.join(", "));
            return Err(vec![Problem::new(path, message)]);
        };
        let mut read = Self {
            fields,
            path,
            problems: Vec::new(),
        };
        for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
            read.problem(
                name,
                format!("is not known; an entry has {}", known.join(", ")),
            );
        }
        Ok(read)
    }

    fn problem(&mut self, field: &str, message: impl Into<String>) {
        let path = format!("{}.{field}", self.path);
        self.problems.push(Problem::new(path, message));
    }

    fn finish(self) -> Result<(), Vec<Problem>> {
        match self.problems.is_empty() {
            true => Ok(()),
            false => Err(self.problems),
        }
    }

    fn value(&self, field: &str) -> Option<&'a Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &str) -> Option<String> {
        match self.value(field)? {
            Value::String(text) => Some(text.trim().to_owned()),
            other => {
                self.problem(field, format!("is {other}, not text; put it in quotes"));
                None
            }
        }
    }

    fn required(&mut self, field: &str) -> String {
        match self.value(field) {
            Some(_) => {
                let text = self.text(field);
                if text.as_deref() == Some("") {
                    self.problem(field, "is empty; write something");
                }
                text.unwrap_or_default()
            }
            None => {
                self.problem(field, "is required");
                String::new()
            }
        }
    }

    /// The id that is given, else the one that `name` suggests; empty if there is neither.
    fn id(&mut self, name: &str, collection: &str) -> String {
        match (self.text("id"), name) {
            (Some(id), _) => id.trim_start_matches(collection).to_owned(),
            (None, "") => String::new(),
            (None, name) => slug(name),
        }
    }

    fn number(&mut self, field: &str) -> Option<i32> {
        let value = self.value(field)?;
        let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
        if number.is_none() {
            self.problem(field, format!("is {value}; write a whole number"));
        }
        number
    }

    fn list(&mut self, field: &str) -> &'a [Value] {
        match self.value(field) {
            None => &[],
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.problem(field, "is no list; begin each of its entries with -");
                &[]
            }
        }
    }

    /// Members by name, id or resource name.
    fn members(&mut self, field: &str) -> Option<Vec<String>> {
        self.value(field)?;
        let mut members = Vec::new();
        for (index, member) in self.list(field).iter().enumerate() {
            match member {
                Value::String(text) => {
                    members.push(format!("members/{}", Named::member(text.trim()).id));
                }
                other => self.problem(
                    &format!("{field}[{index}]"),
                    format!("is {other}, not a member; write a name or an id"),
                ),
            }
        }
        Some(members)
    }

    fn visibility(&mut self) -> Option<ChecklistVisibility> {
        let text = self.text("visibility")?;
        match text.as_str() {
            "internal" => Some(ChecklistVisibility::Internal),
            "portal" => Some(ChecklistVisibility::Portal),
            "client" => Some(ChecklistVisibility::ClientAssigned),
            _ => {
                let message = format!("is {text:?}; write internal, portal or client");
                self.problem("visibility", message);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(entry: &Value) -> Result<ServiceEntry, Vec<(String, String)>> {
        let entry = ServiceEntry::read(entry, "services[0]", &mut Taken::default());
        entry.map_err(|problems| {
            let problems = problems.into_iter();
            problems
                .map(|problem| (problem.path, problem.message))
                .collect()
        })
    }

    #[test]
    fn an_entry_is_a_service_with_its_tasks() {
        let entry = read(&json!({
            "name": "Search engines",
            "tasks": [
                {"title": "Fill in the brief", "tier": 1, "visibility": "client", "deadline_hours": 48},
                {"title": "Audit", "id": "audit", "assignees": ["ana", "Ben Okri", "members/cleo"]},
            ],
        }))
        .unwrap();
        assert_eq!(entry.id, "search-engines");
        let [brief, audit] = &entry.tasks[..] else {
            panic!("{entry:?}")
        };
        assert_eq!(brief.id, "fill-in-the-brief");
        assert_eq!(brief.visibility, Some(ChecklistVisibility::ClientAssigned));
        assert_eq!((brief.tier, brief.deadline_hours), (Some(1), Some(48)));
        assert_eq!(
            audit.assignees.as_deref(),
            Some(&["members/ana", "members/ben-okri", "members/cleo"].map(str::to_owned)[..])
        );
        assert_eq!((audit.tier, audit.visibility), (None, None));
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_path_and_what_to_do() {
        let problems = read(&json!({
            "id": 7,
            "colour": "red",
            "tasks": [
                {"title": "", "tier": "first", "assignees": [1]},
                "Audit",
                {"title": "A", "id": "a", "visibility": "all"},
                {"title": "B", "id": "a"},
            ],
        }))
        .unwrap_err();
        let problems: Vec<_> = problems
            .iter()
            .map(|(path, message)| (path.as_str(), message.as_str()))
            .collect();
        assert_eq!(
            problems,
            [
                (
                    "services[0].colour",
                    "is not known; an entry has name, id, description, tasks"
                ),
                ("services[0].name", "is required"),
                ("services[0].id", "is 7, not text; put it in quotes"),
                ("services[0].tasks[0].title", "is empty; write something"),
                (
                    "services[0].tasks[0].assignees[0]",
                    "is 1, not a member; write a name or an id"
                ),
                (
                    "services[0].tasks[0].tier",
                    "is \"first\"; write a whole number"
                ),
                (
                    "services[0].tasks[1]",
                    "is no entry; write its fields: title, id, description, deadline_hours, assignees, role, tier, visibility"
                ),
                (
                    "services[0].tasks[2].visibility",
                    "is \"all\"; write internal, portal or client"
                ),
                (
                    "services[0].tasks[3].id",
                    "is \"a\", as in services[0].tasks[2]; give one of them another id"
                ),
            ]
        );
    }

    #[test]
    fn the_same_content_has_the_same_ids_whatever_the_order_of_its_fields() {
        let one = json!({"name": "S", "tasks": [{"title": "A", "tier": 1}]});
        let other: Value =
            serde_json::from_str(r#"{"tasks": [{"tier": 1, "title": "A"}], "name": "S"}"#).unwrap();
        let (one, other) = (read(&one).unwrap(), read(&other).unwrap());
        assert_eq!(one.identity, other.identity);
        assert_eq!(one.tasks[0].identity, other.tasks[0].identity);
        let third = read(&json!({"name": "S", "tasks": [{"title": "A", "tier": 2}]})).unwrap();
        assert_eq!(one.identity, third.identity);
        assert_ne!(one.tasks[0].identity, third.tasks[0].identity);
    }

    #[test]
    fn a_template_has_a_bounded_number_of_tasks() {
        let tasks: Vec<_> = (0..501)
            .map(|n| json!({"title": format!("T{n}")}))
            .collect();
        let problems = read(&json!({"name": "S", "tasks": tasks})).unwrap_err();
        assert_eq!(
            problems,
            [(
                "services[0].tasks".to_owned(),
                "has 501 tasks; a template has at most 500".to_owned()
            )]
        );
    }
}
