//! Whom a command gives something to (S4): every command there is, in one table. Nothing is given to a member who is
//! disabled, on no path: it is refused, or goes to who works in their place.

mod table;

use std::collections::BTreeSet;

use super::{
    memory::Memory,
    order::samples::{check, members, o1, place, seo, team, template, with_service},
    task::samples::{create, draft, member, name as task},
    *,
};
use crate::{
    Event, State,
    account::Account,
    activity::Status,
    member as members_of,
    names::{OrderName, StreamName, TemplateTaskName},
    rejection::{Reason, Rejection},
    settings, task as tasks,
};
use table::{
    Gives::{ForOperations, InTheirPlace, Nothing, Refuses},
    activity, activity_of, ben, table,
};

/// What `commands` exports and is no command.
const NO_COMMANDS: [&str; 5] = ["Accounts", "NewDocument", "NewId", "NewOrderTask", "NoteOn"];

/// What is exported as commands, as it stands in the source.
fn exported() -> BTreeSet<&'static str> {
    let source = include_str!("../mod.rs");
    let exports = source.split("pub use ").skip(1);
    let exports = exports.filter(|export| !export.starts_with("crate::"));
    let names = exports.flat_map(|export| {
        let (statement, _) = export.split_once(';').unwrap();
        let (_, names) = statement.split_once("::").unwrap();
        names
            .trim_start_matches('{')
            .trim_end_matches('}')
            .split(',')
    });
    names
        .map(str::trim)
        .filter(|name| !name.is_empty() && !NO_COMMANDS.contains(name))
        .collect()
}

#[test]
fn every_command_says_whom_it_gives_something_to() {
    let memory = with_service(&[]);
    let rows: Vec<_> = table(&memory).into_iter().map(|(name, _)| name).collect();
    assert!(rows.is_sorted(), "a row is where it is looked for");
    let listed: BTreeSet<_> = rows.iter().copied().collect();
    assert_eq!(listed.len(), rows.len(), "one row for each");
    assert_eq!(listed, exported());
    for row in table(&memory) {
        let (name, Refuses(commands) | InTheirPlace(commands)) = row else {
            continue;
        };
        for command in commands {
            assert!(
                format!("{command:?}").starts_with(name),
                "{command:?} is in the row of {name}"
            );
        }
    }
}

/// `ben` was disabled for `cleo`. What he had that was closed, deleted or checked is still his; a task of the
/// template is, too, which nobody gave him since.
fn without_ben() -> Memory {
    let mut memory = with_service(&[team("a", 1, &["ben"]), team("b", 2, &["ana"])]);
    memory.change_settings(settings::Changes {
        call_default_account: Some(Some("accounts/acme".parse().unwrap())),
        ..settings::Changes::default()
    });
    let ana = "members/ana";
    for order in ["o1", "closed", "renewed"] {
        memory.accept(ana, &place(order));
    }
    memory.accept(
        ana,
        &AssignOrder {
            name: o1(),
            add: members(&["dan"]),
            remove: vec![],
        },
    );
    memory.accept(ana, &check("a"));
    for order in ["closed", "renewed"] {
        let name = OrderName::from_id(order).unwrap();
        memory.accept(ana, &CompleteOrder { name });
    }
    for id in ["open", "done", "gone"] {
        let assignees = match id {
            "open" => members(&["ana"]),
            _ => members(&["ben"]),
        };
        let draft = tasks::Draft {
            assignees,
            ..draft("accounts/acme")
        };
        memory.accept(ana, &create(id, draft));
    }
    memory.accept(ana, &CompleteTask { name: task("done") });
    memory.accept(ana, &DeleteTask { name: task("gone") });
    for (id, assignee) in [("open", "ana"), ("done", "ben")] {
        let create = activity_of(&memory, id, assignee);
        memory.accept(ana, &create);
    }
    memory.accept(
        ana,
        &CompleteActivity {
            name: activity("done"),
        },
    );
    let successor = Some(member("cleo"));
    for event in [
        members_of::Event::DisablingStarted {
            successor: successor.clone(),
            operation: None,
            by: "system".parse().unwrap(),
            at: memory.now,
        },
        members_of::Event::Disabled {
            successor,
            by: "system".parse().unwrap(),
            at: memory.now,
        },
    ] {
        memory.record(StreamName::from(&ben()), Event::Member(event));
    }
    memory
}

/// Everything that is `ben`'s and open, anywhere.
fn held(memory: &Memory) -> BTreeSet<String> {
    let ben = ben();
    let mut held = BTreeSet::new();
    for (stream, state) in memory.states() {
        let has: Vec<String> = match state {
            State::Account(account) => match &**account {
                Account::Existing(account) => {
                    let roles = account.roles.iter();
                    let roles = roles.filter(|(_, holder)| **holder == ben);
                    let roles = roles.map(|(role, _)| role.to_string());
                    let assignee = (account.assignee == ben).then(|| "assignee".to_owned());
                    let team = account.support_team.contains(&ben);
                    let team = team.then(|| "team".to_owned());
                    roles.chain(assignee).chain(team).collect()
                }
                Account::Absent => vec![],
            },
            State::Task(task) => {
                let open = task.details().filter(|details| details.is_open());
                let his = open.is_some_and(|details| {
                    let notified = &details.notify.recipients;
                    details.assignees.contains(&ben)
                        || notified.iter().any(|one| one.as_str() == ben.as_str())
                });
                his.then(|| "task".to_owned()).into_iter().collect()
            }
            State::Order(order) => match order.details().filter(|order| order.is_open()) {
                Some(order) => {
                    let tasks = order.tasks.iter().filter(|task| task.is_open());
                    let tasks = tasks.filter(|task| task.content.assignees.contains(&ben));
                    let tasks = tasks.map(|task| task.name.to_string());
                    let on_it = order.added.contains(&ben) || order.assignees.contains(&ben);
                    tasks.chain(on_it.then(|| "on it".to_owned())).collect()
                }
                None => vec![],
            },
            State::Activity(activity) => {
                let open = activity
                    .details()
                    .filter(|details| details.status() == Status::Open);
                let his = open.is_some_and(|details| details.assignee.as_ref() == Some(&ben));
                his.then(|| "activity".to_owned()).into_iter().collect()
            }
            State::Service(service) => {
                let held: Vec<&TemplateTaskName> = match service.details() {
                    Some(details) => details.held_by(&ben).collect(),
                    None => vec![],
                };
                held.iter().map(ToString::to_string).collect()
            }
            State::Settings(settings) => {
                let default = settings.default_assignee == ben;
                default.then(|| "default".to_owned()).into_iter().collect()
            }
            State::Member(_) | State::Operation(_) | State::Document(_) => vec![],
        };
        held.extend(has.into_iter().map(|has| format!("{stream} {has}")));
    }
    held
}

#[test]
fn no_command_gives_anything_to_a_member_who_is_disabled() {
    let template = format!("{} {}", seo(), template("a"));
    let only_the_template = BTreeSet::from([template]);
    let mut memory = without_ben();
    assert_eq!(held(&memory), only_the_template);
    for (name, gives) in table(&memory) {
        match gives {
            Refuses(commands) => {
                for command in commands {
                    let events = memory.log.len();
                    let rejection = memory.reject("members/admin", &*command);
                    let Rejection::Precondition { reason, .. } = rejection else {
                        panic!("{name}: {rejection}")
                    };
                    assert_eq!(reason, Reason::MemberDisabled, "{name}");
                    assert_eq!(memory.log.len(), events, "{name}");
                }
            }
            InTheirPlace(commands) => {
                for command in commands {
                    let events = memory.log.len();
                    memory.accept("members/admin", &*command);
                    let text = format!("{:?}", &memory.log[events..]);
                    assert!(text.contains("members/cleo"), "{name}: {text}");
                    assert_eq!(held(&memory), only_the_template, "{name}");
                }
            }
            Nothing | ForOperations => {}
        }
    }
}

#[test]
fn what_is_refused_for_a_disabled_member_is_given_to_one_who_works() {
    // The refusals are about the member, not about anything else in the commands.
    for (name, gives) in table(&without_ben()) {
        let Refuses(commands) = gives else { continue };
        for command in commands {
            let mut memory = without_ben();
            memory.accept("members/admin", &EnableMember { name: ben() });
            let actor = match name {
                "GenerateTask" => "service-accounts/reviews",
                _ => "members/admin",
            };
            let decided = memory.decide(&memory.context(actor), &*command);
            assert!(decided.is_ok(), "{name}: {decided:?}");
        }
    }
}
