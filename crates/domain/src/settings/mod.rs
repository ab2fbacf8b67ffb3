//! Settings: what an admin decides for the whole service.

mod event;
mod values;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    account::Status,
    event::CorruptHistory,
    limits,
    names::{AccountName, Actor, MemberName},
    rejection::{Rejection, Violations},
    terms::{Role, TaskType},
    text::{Line, SlaHours},
    version::Revision,
};

pub use event::{Changed, Event, Listed};
pub use values::{
    Choice, Choices, DigestMinutes, DocumentBytes, NumberFormat, OwnershipPolicy, TimeZone,
};

/// The categories that a task may have at first (S2).
const TASK_CATEGORIES: [&str; 19] = [
    "Appointment",
    "Bug Fix",
    "Content Writing",
    "Development",
    "Email",
    "Feature Request",
    "General Inquiry",
    "Graphic Design",
    "Headshots",
    "Letter",
    "Maintenance",
    "Meeting (In Office)",
    "Meeting (Out of Office)",
    "New Work",
    "Phone Call",
    "Project",
    "Software Development",
    "Training",
    "Video",
];
/// The roles beside `assignee` at first, and what people call them.
const ACCOUNT_ROLES: [(&str, &str); 2] = [
    ("success-manager", "Success manager"),
    ("sales-manager", "Sales manager"),
];
/// The types of generated tasks at first.
const TASK_TYPES: [&str; 4] = [
    "review-response",
    "social-post",
    "listing-update",
    "website-edit",
];

/// A role that an account's responsibilities are given by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountRole {
    pub role: Role,
    pub display_name: Line,
}

/// The settings as the events so far make them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The status of a new account, also of one that a first action creates. Never deactivated.
    pub default_account_status: Status,
    /// The assignee of an account for which nobody else is named.
    pub default_assignee: MemberName,
    /// The roles of an account beside `assignee`.
    pub account_roles: Choices<AccountRole>,
    /// What a task's category may be.
    pub task_categories: Choices<Line>,
    /// The types of tasks that are generated.
    pub task_types: Choices<TaskType>,
    /// What a document's category may be.
    pub document_categories: Choices<Line>,
    /// How a task's number reads.
    pub task_number_format: NumberFormat,
    /// What it was before, each once: numbers that they gave are not given again.
    pub earlier_number_formats: Vec<NumberFormat>,
    /// The hours within which a task is due where its account says nothing else.
    pub default_sla_hours: SlaHours,
    /// What becomes of open work when a role changes hands.
    pub ownership_policy: OwnershipPolicy,
    /// The revision of the settings at which the ownership policy last changed; 0 at first.
    pub ownership_policy_version: Revision,
    /// For how long a digest of notifications collects.
    pub digest_minutes: DigestMinutes,
    /// In which a day without a time ends.
    pub time_zone: TimeZone,
    /// The account of a call from a number that no contact has.
    pub call_default_account: Option<AccountName>,
    /// The largest document.
    pub document_max_bytes: DocumentBytes,
    /// How many changes there were.
    pub revision: Revision,
    /// When they last changed; none while every setting has its first value.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Default for Settings {
    fn default() -> Self {
        let line = |text| Line::new(text).expect("the first values are lines");
        let roles = ACCOUNT_ROLES.map(|(id, name)| AccountRole {
            role: id.parse().expect("the first roles are ids"),
            display_name: line(name),
        });
        let types = TASK_TYPES.map(|id| id.parse().expect("the first task types are ids"));
        Self {
            default_account_status: Status::Active,
            default_assignee: Self::first_member(),
            account_roles: Choices::from_iter(roles),
            task_categories: Choices::from_iter(TASK_CATEGORIES.map(line)),
            task_types: Choices::from_iter(types),
            document_categories: Choices::default(),
            task_number_format: NumberFormat::default(),
            earlier_number_formats: Vec::new(),
            default_sla_hours: SlaHours::DEFAULT,
            ownership_policy: OwnershipPolicy::default(),
            ownership_policy_version: Revision::default(),
            digest_minutes: DigestMinutes::default(),
            time_zone: TimeZone::default(),
            call_default_account: None,
            document_max_bytes: DocumentBytes::default(),
            revision: Revision::default(),
            updated_at: None,
        }
    }
}

/// New values for settings; what is none stays as it is. A list is all that is offered from then on:
/// what is missing is retired.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub default_account_status: Option<Status>,
    pub default_assignee: Option<MemberName>,
    pub account_roles: Option<Vec<AccountRole>>,
    pub task_categories: Option<Vec<Line>>,
    pub task_types: Option<Vec<TaskType>>,
    pub document_categories: Option<Vec<Line>>,
    pub task_number_format: Option<NumberFormat>,
    pub default_sla_hours: Option<SlaHours>,
    pub ownership_policy: Option<OwnershipPolicy>,
    pub digest_minutes: Option<DigestMinutes>,
    pub time_zone: Option<TimeZone>,
    pub call_default_account: Option<Option<AccountName>>,
    pub document_max_bytes: Option<DocumentBytes>,
}

impl Settings {
    /// The member whom the first start creates.
    pub fn first_member() -> MemberName {
        MemberName::from_id("admin").expect("admin is an id")
    }

    /// A role that the settings define, retired or not.
    pub fn account_role(&self, role: &Role) -> Option<&Choice<AccountRole>> {
        self.account_roles.find(|defined| defined.role == *role)
    }

    /// An event for each setting that `changes` gives another value, in the order of the settings.
    pub fn change(
        &self,
        changes: &Changes,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Vec<Event>, Rejection> {
        self.check(changes)?;
        let mut events = Vec::new();
        let mut add = |event: Option<Event>| events.extend(event);
        let to = Changing { by, at };
        add(to.value(
            &self.default_account_status,
            &changes.default_account_status,
            Event::DefaultAccountStatusChanged,
        ));
        add(to.value(
            &self.default_assignee,
            &changes.default_assignee,
            Event::DefaultAssigneeChanged,
        ));
        if let Some(wanted) = &changes.account_roles {
            self.change_roles(wanted, &to)
                .into_iter()
                .for_each(|event| add(Some(event)));
        }
        for event in [
            to.list(
                &self.task_categories,
                &changes.task_categories,
                Event::TaskCategoryAdded,
                Event::TaskCategoryRetired,
            ),
            to.list(
                &self.task_types,
                &changes.task_types,
                Event::TaskTypeAdded,
                Event::TaskTypeRetired,
            ),
            to.list(
                &self.document_categories,
                &changes.document_categories,
                Event::DocumentCategoryAdded,
                Event::DocumentCategoryRetired,
            ),
        ]
        .into_iter()
        .flatten()
        {
            add(Some(event));
        }
        add(to.value(
            &self.task_number_format,
            &changes.task_number_format,
            Event::TaskNumberFormatChanged,
        ));
        add(to.value(
            &self.default_sla_hours,
            &changes.default_sla_hours,
            Event::DefaultSlaHoursChanged,
        ));
        add(to.value(
            &self.ownership_policy,
            &changes.ownership_policy,
            Event::OwnershipPolicyChanged,
        ));
        add(to.value(
            &self.digest_minutes,
            &changes.digest_minutes,
            Event::DigestMinutesChanged,
        ));
        add(to.value(&self.time_zone, &changes.time_zone, Event::TimeZoneChanged));
        add(to.value(
            &self.call_default_account,
            &changes.call_default_account,
            Event::CallDefaultAccountChanged,
        ));
        add(to.value(
            &self.document_max_bytes,
            &changes.document_max_bytes,
            Event::DocumentMaxBytesChanged,
        ));
        Ok(events)
    }

    /// Every rule that needs no other aggregate.
    fn check(&self, changes: &Changes) -> Result<(), Rejection> {
        let mut violations = Violations::new();
        if changes.default_account_status == Some(Status::Deactivated) {
            violations.add(
                "settings.default_account_status",
                "is deactivated; a new account is active or paused",
            );
        }
        if let Some(roles) = &changes.account_roles {
            let field = "settings.account_roles";
            let ids: Vec<_> = roles.iter().map(|defined| &defined.role).collect();
            if ids.iter().any(|role| role.is_assignee()) {
                violations.add(field, "\"assignee\" always exists and is not defined here");
            }
            let new = ids.iter().filter(|role| self.account_role(role).is_none());
            let count = self.account_roles.all().len() + new.count();
            check_list(&mut violations, field, &ids, count, limits::ACCOUNT_ROLES);
        }
        check_choices(
            &mut violations,
            "settings.task_categories",
            (&self.task_categories, &changes.task_categories),
            limits::CATEGORIES,
        );
        check_choices(
            &mut violations,
            "settings.task_types",
            (&self.task_types, &changes.task_types),
            limits::TASK_TYPES,
        );
        check_choices(
            &mut violations,
            "settings.document_categories",
            (&self.document_categories, &changes.document_categories),
            limits::CATEGORIES,
        );
        if let Some(format) = &changes.task_number_format {
            self.check_number_format(&mut violations, format);
        }
        violations.finish()
    }

    /// Refuses a format of numbers that could give one that an earlier format gave.
    fn check_number_format(&self, violations: &mut Violations, format: &NumberFormat) {
        let field = "settings.task_number_format";
        let earlier = &self.earlier_number_formats;
        let mut used = earlier.iter().chain([&self.task_number_format]);
        let is_used = used.clone().any(|used| used == format);
        if !is_used && earlier.len() + 1 >= limits::NUMBER_FORMATS {
            let most = limits::NUMBER_FORMATS;
            let description =
                format!("would be one of more than {most} formats: go back to an earlier one");
            violations.add(field, description);
        }
        if let Some(used) = used.find(|used| !used.is_apart_from(format)) {
            let (format, used) = (format.as_str(), used.as_str());
            violations.add(
                field,
                format!(
                    "is {format}, which may give a number that {used} gave before: have characters in it other \
                     than letters, digits and '-' that {used} has not, such as {{SUBJECT}}/{{n}} or \
                     {{SUBJECT}}#{{n}}"
                ),
            );
        }
    }

    fn change_roles(&self, wanted: &[AccountRole], to: &Changing<'_>) -> Vec<Event> {
        let (by, at) = (to.by, to.at);
        let renamed_or_added = wanted
            .iter()
            .filter_map(
                |AccountRole { role, display_name }| match self.account_role(role) {
                    Some(Choice {
                        value,
                        retired: false,
                    }) => {
                        (value.display_name != *display_name).then(|| Event::AccountRoleRenamed {
                            role: role.clone(),
                            previous: value.display_name.clone(),
                            display_name: display_name.clone(),
                            by: by.clone(),
                            at,
                        })
                    }
                    Some(Choice { retired: true, .. }) | None => Some(Event::AccountRoleAdded {
                        role: role.clone(),
                        display_name: display_name.clone(),
                        by: by.clone(),
                        at,
                    }),
                },
            );
        let offered = self.account_roles.all().iter();
        let retired = offered
            .filter(|choice| !choice.retired)
            .map(|choice| &choice.value.role)
            .filter(|role| !wanted.iter().any(|wanted| wanted.role == **role))
            .map(|role| Event::AccountRoleRetired {
                role: role.clone(),
                by: by.clone(),
                at,
            });
        renamed_or_added.chain(retired).collect()
    }

    /// Applies one recorded event. An event that cannot follow this state means damaged history.
    pub fn evolve(mut self, event: &Event) -> Result<Self, CorruptHistory> {
        self.revision = self.revision.next();
        self.updated_at = Some(event.at());
        let follows = match event {
            Event::DefaultAccountStatusChanged(change) => {
                change.apply(&mut self.default_account_status)
            }
            Event::DefaultAssigneeChanged(change) => change.apply(&mut self.default_assignee),
            Event::AccountRoleAdded {
                role, display_name, ..
            } => self.add_role(role, display_name),
            Event::AccountRoleRenamed {
                role,
                previous,
                display_name,
                ..
            } => self.rename_role(role, previous, display_name),
            Event::AccountRoleRetired { role, .. } => match self.account_role(role).cloned() {
                Some(Choice { value, .. }) => self.account_roles.retire(&value),
                None => false,
            },
            Event::TaskCategoryAdded(listed) => self.task_categories.add(&listed.value),
            Event::TaskCategoryRetired(listed) => self.task_categories.retire(&listed.value),
            Event::TaskTypeAdded(listed) => self.task_types.add(&listed.value),
            Event::TaskTypeRetired(listed) => self.task_types.retire(&listed.value),
            Event::DocumentCategoryAdded(listed) => self.document_categories.add(&listed.value),
            Event::DocumentCategoryRetired(listed) => {
                self.document_categories.retire(&listed.value)
            }
            Event::TaskNumberFormatChanged(change) => {
                let previous = &self.task_number_format;
                if !self.earlier_number_formats.contains(previous) {
                    self.earlier_number_formats.push(previous.clone());
                }
                change.apply(&mut self.task_number_format)
            }
            Event::DefaultSlaHoursChanged(change) => change.apply(&mut self.default_sla_hours),
            Event::OwnershipPolicyChanged(change) => {
                self.ownership_policy_version = self.revision;
                change.apply(&mut self.ownership_policy)
            }
            Event::DigestMinutesChanged(change) => change.apply(&mut self.digest_minutes),
            Event::TimeZoneChanged(change) => change.apply(&mut self.time_zone),
            Event::CallDefaultAccountChanged(change) => {
                change.apply(&mut self.call_default_account)
            }
            Event::DocumentMaxBytesChanged(change) => change.apply(&mut self.document_max_bytes),
        };
        follows.then_some(self).ok_or(CorruptHistory)
    }

    fn add_role(&mut self, role: &Role, display_name: &Line) -> bool {
        let renamed = match self.account_role(role) {
            Some(Choice { retired: false, .. }) => return false,
            Some(Choice { value, .. }) => value.display_name.clone(),
            None => display_name.clone(),
        };
        let follows = self.account_roles.add(&AccountRole {
            role: role.clone(),
            display_name: renamed.clone(),
        });
        follows && self.rename_role(role, &renamed, display_name)
    }

    fn rename_role(&mut self, role: &Role, previous: &Line, display_name: &Line) -> bool {
        self.account_roles.replace(
            |defined| defined.role == *role && defined.display_name == *previous,
            |defined| defined.display_name = display_name.clone(),
        )
    }
}

fn check_choices<T: Clone + Ord + std::fmt::Debug>(
    violations: &mut Violations,
    field: &str,
    (defined, wanted): (&Choices<T>, &Option<Vec<T>>),
    most: usize,
) {
    if let Some(wanted) = wanted {
        let new = wanted
            .iter()
            .filter(|value| defined.find(|known| known == *value).is_none());
        let count = defined.all().len() + new.count();
        check_list(violations, field, wanted, count, most);
    }
}

fn check_list<T: Ord + std::fmt::Debug>(
    violations: &mut Violations,
    field: &str,
    wanted: &[T],
    count: usize,
    most: usize,
) {
    let mut sorted: Vec<_> = wanted.iter().collect();
    sorted.sort();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        violations.add(field, format!("has {:?} twice", twice[0]));
    }
    if count > most {
        violations.add(
            field,
            format!("would define {count} with the retired ones; at most {most} are allowed"),
        );
    }
}

/// Who changes settings, and when.
struct Changing<'a> {
    by: &'a Actor,
    at: DateTime<Utc>,
}

impl Changing<'_> {
    /// The event that a setting has another value; none if it has it already.
    fn value<T: Clone + PartialEq>(
        &self,
        is: &T,
        wanted: &Option<T>,
        event: fn(Changed<T>) -> Event,
    ) -> Option<Event> {
        let value = wanted.as_ref().filter(|wanted| *wanted != is)?;
        Some(event(Changed {
            previous: is.clone(),
            value: value.clone(),
            by: self.by.clone(),
            at: self.at,
        }))
    }

    /// The events after which a setting offers exactly what is wanted.
    fn list<T: Clone + PartialEq>(
        &self,
        is: &Choices<T>,
        wanted: &Option<Vec<T>>,
        added: fn(Listed<T>) -> Event,
        retired: fn(Listed<T>) -> Event,
    ) -> Vec<Event> {
        let Some(wanted) = wanted else {
            return Vec::new();
        };
        let listed = |value: &T| Listed {
            value: value.clone(),
            by: self.by.clone(),
            at: self.at,
        };
        let (new, gone) = is.differences(wanted);
        let added = new.into_iter().map(|value| added(listed(value)));
        let retired = gone.into_iter().map(|value| retired(listed(value)));
        added.chain(retired).collect()
    }
}

impl<T: Clone + PartialEq> Changed<T> {
    /// Applies the change; false if it does not begin where the value is.
    fn apply(&self, value: &mut T) -> bool {
        let follows = self.previous == *value && self.value != *value;
        value.clone_from(&self.value);
        follows
    }
}
