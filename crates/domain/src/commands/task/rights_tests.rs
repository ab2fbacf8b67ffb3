//! Every caller tries to give every field: the table of rights decides, and nothing else does.

use std::collections::HashMap;

use chrono::TimeDelta;

use crate::{
    Command,
    commands::{
        AddInternalNote, AddNote, CompleteTask, MarkBilled, RelateTasks, SetNotify, UpdateTask,
        memory::Memory,
        task::samples::{ZOE, assign, create, details, draft, member, name, with_submitted_task},
    },
    rejection::Rejection,
    task::{
        Assignment, Caller, Changes, Draft, Field, Hours, Miles, Money, Notify, OpenStatus,
        Percent, Priority, Quantity, Requester, Tag, Visibility,
    },
    text::{Html, Line},
};

const CALLERS: [(Caller, &str); 4] = [
    (Caller::Admin, "members/admin"),
    (Caller::Staff, "members/ben"),
    (Caller::ServiceAccount, "service-accounts/crm"),
    (Caller::Contact, ZOE),
];

fn text(text: &str) -> Line {
    Line::new(text).unwrap()
}

fn html() -> Html {
    Html::new("Something else").unwrap()
}

fn notify() -> Notify {
    Notify {
        on_change: true,
        ..Notify::default()
    }
}

/// A new task with this field given; none if none can be.
fn drafted(field: Field, memory: &Memory) -> Option<Draft> {
    let mut new = draft("accounts/acme");
    match field {
        Field::Title => {}
        Field::Description => new.description = Some(html()),
        Field::Category => new.category = Some("Project".into()),
        Field::Status => new.status = OpenStatus::InProgress,
        Field::Percent => new.percent = Percent::new(5).unwrap(),
        Field::Priority => new.priority = Priority::High,
        Field::Visibility => new.visibility = Visibility::Portal,
        Field::Assignees => new.assignees = vec![member("ben")],
        Field::Notify => new.notify = notify(),
        Field::Start => new.start = Some(memory.now),
        Field::Due => new.due = Some((memory.now + TimeDelta::days(9)).into()),
        Field::EstimatedHours => new.estimated_hours = Some(Hours::new("1").unwrap()),
        Field::ActualHours => new.actual_hours = Some(Hours::new("1").unwrap()),
        Field::Billable => new.billable = true,
        Field::Requester => {
            new.requester = Requester {
                name: Some(text("Tom")),
                ..Requester::default()
            };
        }
        Field::Quantity => new.quantity = Some(Quantity::new("1").unwrap()),
        Field::Price => new.price = Some(Money::new("1", "EUR").unwrap()),
        Field::Mileage => new.mileage = Some(Miles::new("1").unwrap()),
        Field::Expenses => new.expenses = Some(Money::new("1", "EUR").unwrap()),
        Field::Related => new.related = vec![name("t1")],
        Field::Tags => new.tags = vec![Tag::new("new").unwrap()],
        Field::ResponsibleRole => new.responsible_role = Some("assignee".parse().unwrap()),
        Field::Tracker => new.tracker = true,
        Field::Billed | Field::Note | Field::InternalNote => return None,
    }
    Some(new)
}

/// The command that gives this field of a task that exists; none if there is none.
fn changed(field: Field, id: &str, memory: &Memory) -> Option<Box<dyn Command>> {
    fn boxed(command: impl Command + 'static) -> Option<Box<dyn Command>> {
        Some(Box::new(command))
    }
    let mut changes = Changes::default();
    let task = name(id);
    match field {
        Field::Title => changes.title = Some(text("Something else")),
        Field::Description => changes.description = Some(Some(html())),
        Field::Category => changes.category = Some(Some("Project".into())),
        Field::Percent => changes.percent = Some(Percent::new(5).unwrap()),
        Field::Priority => changes.priority = Some(Priority::High),
        Field::Visibility => {
            let other = match details(memory, id).visibility {
                Visibility::Internal => Visibility::Portal,
                Visibility::Portal => Visibility::Internal,
            };
            changes.visibility = Some(other);
        }
        Field::Start => changes.start = Some(memory.now + TimeDelta::hours(1)),
        Field::Due => changes.due = Some(Some((memory.now + TimeDelta::days(9)).into())),
        Field::EstimatedHours => changes.estimated_hours = Some(Some(Hours::new("1").unwrap())),
        Field::ActualHours => changes.actual_hours = Some(Some(Hours::new("1").unwrap())),
        Field::Billable => changes.billable = Some(false),
        Field::Requester => changes.requester_name = Some(Some(text("Tom"))),
        Field::Quantity => changes.quantity = Some(Some(Quantity::new("1").unwrap())),
        Field::Price => changes.price = Some(Some(Money::new("1", "EUR").unwrap())),
        Field::Mileage => changes.mileage = Some(Some(Miles::new("1").unwrap())),
        Field::Expenses => changes.expenses = Some(Some(Money::new("1", "EUR").unwrap())),
        Field::Tags => changes.tags = Some(vec![Tag::new("new").unwrap()]),
        Field::ResponsibleRole => {
            changes.responsible_role = Some(Some("assignee".parse().unwrap()))
        }
        Field::Status => return boxed(CompleteTask { name: task }),
        Field::Assignees => return boxed(assign(id, Assignment::Set(vec![member("ben")]))),
        Field::Notify => {
            return boxed(SetNotify {
                name: task,
                notify: notify(),
            });
        }
        Field::Billed => {
            return boxed(MarkBilled {
                name: task,
                billed: true,
            });
        }
        Field::Related => {
            return boxed(RelateTasks {
                name: task,
                related: name("t1"),
            });
        }
        Field::Note => {
            return boxed(AddNote {
                name: task,
                note: html(),
            });
        }
        Field::InternalNote => {
            return boxed(AddInternalNote {
                name: task,
                note: html(),
            });
        }
        Field::Tracker => return None,
    }
    boxed(UpdateTask {
        name: task,
        changes,
    })
}

/// A contact's task `p1` and the team's own `o1`, both billable and seen in the portal.
fn scene() -> Memory {
    let mut memory = with_submitted_task();
    let own = Draft {
        visibility: Visibility::Portal,
        ..draft("accounts/acme")
    };
    memory.accept("members/ana", &create("o1", own));
    for id in ["o1", "p1"] {
        let billable = Changes {
            billable: Some(true),
            ..Changes::default()
        };
        let command = UpdateTask {
            name: name(id),
            changes: billable,
        };
        memory.accept("members/ana", &command);
    }
    memory
}

#[test]
fn the_table_has_every_field_once() {
    let fields: HashMap<_, _> = Field::RIGHTS
        .iter()
        .map(|(field, create, change)| (*field, (*create, *change)))
        .collect();
    assert_eq!(fields.len(), Field::RIGHTS.len());
    for (field, create, change) in Field::RIGHTS {
        let rights = field.rights();
        assert_eq!((rights.create, rights.change), (create, change));
    }
}

#[test]
fn every_caller_gives_a_new_task_the_fields_that_the_table_says() {
    let memory = scene();
    for (field, right, _) in Field::RIGHTS {
        let Some(draft) = drafted(field, &memory) else {
            assert!(!right.includes(Caller::Admin, false), "{field:?}");
            continue;
        };
        for (caller, actor) in CALLERS {
            let mut memory = scene();
            let context = memory.context(actor);
            let answer = memory.decide(&context, &create("n1", draft.clone()));
            match answer {
                Ok(_) => assert!(right.includes(caller, false), "{caller:?} {field:?}"),
                Err(Rejection::NotAllowed { description, .. }) => {
                    assert!(!right.includes(caller, false), "{caller:?} {field:?}");
                    assert!(description.starts_with(field.path()), "{description}");
                }
                Err(other) => panic!("{caller:?} {field:?}: {other}"),
            }
        }
    }
}

#[test]
fn every_caller_changes_the_fields_that_the_table_says() {
    for (id, submitted) in [("o1", false), ("p1", true)] {
        for (field, _, right) in Field::RIGHTS {
            for (caller, actor) in CALLERS {
                let mut memory = scene();
                let Some(command) = changed(field, id, &memory) else {
                    assert!(!right.includes(Caller::Admin, false), "{field:?}");
                    continue;
                };
                let (context, events) = (memory.context(actor), memory.log.len());
                let answer = memory.decide(&context, &*command);
                let allowed = right.includes(caller, submitted);
                match answer {
                    Ok(_) => assert!(allowed, "{caller:?} {field:?} {id}"),
                    Err(Rejection::NotAllowed { .. }) => {
                        assert!(!allowed, "{caller:?} {field:?} {id}");
                    }
                    Err(other) => panic!("{caller:?} {field:?} {id}: {other}"),
                }
                assert_eq!(
                    memory.log.len() > events,
                    allowed,
                    "{caller:?} {field:?} {id}"
                );
            }
        }
    }
}

#[test]
fn what_a_contact_submitted_keeps_its_integrity() {
    let mut memory = scene();
    let edit = |id: &str| UpdateTask {
        name: name(id),
        changes: Changes {
            title: Some(text("Something else")),
            description: Some(Some(html())),
            requester_phone: Some(None),
            priority: Some(Priority::High),
            ..Changes::default()
        },
    };
    for actor in ["members/ben", "service-accounts/crm"] {
        let Rejection::NotAllowed { description, .. } = memory.reject(actor, &edit("p1")) else {
            panic!("not refused")
        };
        assert_eq!(
            description,
            "title, description, requester: a contact submitted the task, so only an admin may change that"
        );
    }
    // What is not changed is not refused.
    let same = UpdateTask {
        name: name("p1"),
        changes: Changes {
            title: Some(details(&memory, "p1").title),
            priority: Some(Priority::Low),
            ..Changes::default()
        },
    };
    memory.accept("members/ben", &same);
    memory.accept("members/ben", &edit("o1"));
    memory.accept("members/admin", &edit("p1"));
    assert_eq!(details(&memory, "p1").title.as_str(), "Something else");
}

#[test]
fn a_program_that_acts_for_a_member_has_the_members_rights() {
    let mut memory = scene();
    let note = AddInternalNote {
        name: name("t1"),
        note: html(),
    };
    for (acting, allowed) in [("members/admin", true), ("members/ben", false)] {
        let context = crate::Context {
            on_behalf_of: Some(acting.parse().unwrap()),
            ..memory.context("service-accounts/crm")
        };
        assert_eq!(memory.decide(&context, &note).is_ok(), allowed, "{acting}");
    }
}
