//! Resource names as people write them: short where the context says which collection is meant.

use uuid::Uuid;

use crate::error::Error;

/// `acme` or `accounts/acme`.
pub(crate) fn account(text: &str) -> Result<String, Error> {
    in_collection("accounts", "an account", text)
}

/// `bo` or `accounts/acme/contacts/bo`, a contact of this account.
pub(crate) fn contact(account: &str, text: &str) -> Result<String, Error> {
    let id = match text.strip_prefix(account) {
        Some(rest) => rest.strip_prefix("/contacts/").unwrap_or_default(),
        None => text,
    };
    if id.is_empty() || id.contains(['/', ' ', '@']) {
        return Err(Error::usage(
            format!("{text:?} is not a contact of {account}"),
            format!("`handoff account contact list {account}` shows who there is."),
        ));
    }
    Ok(format!("{account}/contacts/{id}"))
}

/// `ana` or `members/ana`.
pub(crate) fn member(text: &str) -> Result<String, Error> {
    in_collection("members", "a member", text)
}

/// `0198…` or `orders/0198…`.
pub(crate) fn order(text: &str) -> Result<String, Error> {
    in_collection("orders", "an order", text)
}

/// `seo` or `services/seo`.
pub(crate) fn service(text: &str) -> Result<String, Error> {
    in_collection("services", "a service", text)
}

/// `brief` or `orders/0198…/tasks/brief`: a task of this order or service.
pub(crate) fn in_checklist(owner: &str, text: &str) -> Result<String, Error> {
    let id = match text.strip_prefix(owner) {
        Some(rest) => rest.strip_prefix("/tasks/").unwrap_or_default(),
        None => text,
    };
    if id.is_empty() || id.contains(['/', ' ']) {
        return Err(Error::usage(
            format!("{text:?} is not a task of {owner}"),
            format!("Write the id that is in its checklist, or {owner}/tasks/ID."),
        ));
    }
    Ok(format!("{owner}/tasks/{id}"))
}

/// An operation's id, or `operations/ID`.
pub(crate) fn operation(text: &str) -> Result<String, Error> {
    in_collection("operations", "an operation", text)
}

/// `tasks` or `projections/tasks`.
pub(crate) fn projection(text: &str) -> Result<String, Error> {
    in_collection("projections", "a projection", text)
}

/// What a task is about: `acme` and `accounts/acme` are an account, `members/ana` is a member.
pub(crate) fn subject(text: &str) -> Result<String, Error> {
    if text.starts_with("members/") {
        member(text)
    } else {
        account(text)
    }
}

/// `0198…` or `activities/0198…`.
pub(crate) fn activity(text: &str) -> Result<String, Error> {
    in_collection("activities", "an activity", text)
}

/// All of the members.
pub(crate) fn members(texts: &[String]) -> Result<Vec<String>, Error> {
    texts.iter().map(|text| member(text)).collect()
}

/// What could name a task.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TaskReference {
    /// The whole name.
    Name(String),
    /// An id, or else a number.
    IdOrNumber(String),
    /// A number: it cannot be an id.
    Number(String),
}

/// `tasks/0198…`, the id alone, a number such as `ACME-TASK-3`, or `orders/0198…/tasks/brief`.
pub(crate) fn task(text: &str) -> Result<TaskReference, Error> {
    if let Some((order, id)) = text.split_once("/tasks/") {
        return in_checklist(&self::order(order)?, id).map(TaskReference::Name);
    }
    if text.starts_with("tasks/") {
        return in_collection("tasks", "a task", text).map(TaskReference::Name);
    }
    if Uuid::try_parse(text).is_ok() {
        return Ok(TaskReference::Name(format!(
            "tasks/{}",
            text.to_lowercase()
        )));
    }
    if text.is_empty() || text.contains('/') {
        return Err(Error::usage(
            format!("{text:?} is not a task"),
            "Write its number, its id or tasks/ID.",
        ));
    }
    let id = text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    Ok(if id {
        TaskReference::IdOrNumber(text.to_owned())
    } else {
        TaskReference::Number(text.to_owned())
    })
}

fn in_collection(collection: &str, what: &str, text: &str) -> Result<String, Error> {
    match text.split_once('/') {
        None if !text.is_empty() => Ok(format!("{collection}/{text}")),
        Some((prefix, id)) if prefix == collection && !id.is_empty() && !id.contains('/') => {
            Ok(text.to_owned())
        }
        _ => Err(Error::usage(
            format!("{text:?} is not {what}"),
            format!("Write its id or {collection}/ID."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_belongs_to_the_collection_that_is_meant() {
        assert_eq!(account("acme").unwrap(), "accounts/acme");
        assert_eq!(account("accounts/acme").unwrap(), "accounts/acme");
        assert_eq!(projection("tasks").unwrap(), "projections/tasks");
        for bad in ["", "tasks/1", "accounts/", "accounts/acme/contacts/bo"] {
            assert!(account(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_contact_belongs_to_the_account_that_is_meant() {
        let name = "accounts/acme/contacts/bo";
        assert_eq!(contact("accounts/acme", "bo").unwrap(), name);
        assert_eq!(contact("accounts/acme", name).unwrap(), name);
        for bad in [
            "",
            "Bo Berg",
            "accounts/acme",
            "accounts/blue/contacts/bo",
            "accounts/acme/contacts/",
        ] {
            assert!(contact("accounts/acme", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_subject_is_an_account_unless_it_says_member() {
        assert_eq!(subject("ana").unwrap(), "accounts/ana");
        assert_eq!(subject("members/ana").unwrap(), "members/ana");
        assert!(subject("tasks/1").is_err());
    }

    #[test]
    fn a_task_is_named_by_name_id_or_number() {
        let id = "0198c0de-0000-7000-8000-000000000001";
        assert_eq!(
            task("tasks/x").unwrap(),
            TaskReference::Name("tasks/x".to_owned())
        );
        assert_eq!(
            task(id).unwrap(),
            TaskReference::Name(format!("tasks/{id}"))
        );
        assert_eq!(
            task("ACME-TASK-3").unwrap(),
            TaskReference::Number("ACME-TASK-3".to_owned())
        );
        assert_eq!(
            task("acme-task-3").unwrap(),
            TaskReference::IdOrNumber("acme-task-3".to_owned())
        );
        assert!(task("accounts/acme").is_err());
        assert!(task("").is_err());
    }
}
