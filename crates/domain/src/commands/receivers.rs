//! Whom a command gives something to (S4): every command there is, in one table. Nothing is given to a member who is
//! disabled, on no path: it is refused, or goes to who works in their place.

use std::collections::BTreeSet;

use super::{
    memory::Memory,
    order::samples::{
        check, give, members, name as order_task, o1, place, seo, team, template, uncheck,
        with_service,
    },
    task::samples::{create, draft, member, name as task},
    *,
};
use crate::{
    Command, Event, State,
    account::Account,
    activity::Status,
    checklist::{self, Visibility},
    member as members_of,
    names::{ActivityName, MemberName, OrderName, StreamName, TemplateTaskName},
    order::Cycle,
    rejection::{Reason, Rejection},
    settings, task as tasks,
    task::{Assignment, AssignmentCause, Notify, OpenStatus, Priority},
    text::{Html, Line},
};

/// What a command does with a member whom it names or comes upon.
enum Gives {
    /// It gives nothing to anybody.
    Nothing,
    /// It refuses to give anything to a member who is disabled: in each of these.
    Refuses(Vec<Box<dyn Command>>),
    /// It gives to who works in the place of a member who is disabled: in each of these.
    InTheirPlace(Vec<Box<dyn Command>>),
    /// Handoff does it for an operation that was begun before: shown by tests of its own in
    /// `operation/tests`.
    ForOperations,
}

use Gives::{ForOperations, InTheirPlace, Nothing, Refuses};

/// What `commands` exports and is no command.
const NO_COMMANDS: [&str; 5] = ["Accounts", "NewDocument", "NewId", "NewOrderTask", "NoteOn"];

fn boxed(command: impl Command + 'static) -> Box<dyn Command> {
    Box::new(command)
}

fn ben() -> MemberName {
    member("ben")
}

fn activity(id: &str) -> ActivityName {
    ActivityName::from_id(id).unwrap()
}

fn html() -> Html {
    Html::new("Call them").unwrap()
}

fn due(at: &Memory) -> tasks::Due {
    tasks::Due::At(at.now + chrono::TimeDelta::days(7))
}

fn activity_of(memory: &Memory, id: &str, assignee: &str) -> CreateActivity {
    CreateActivity {
        name: activity(id),
        account: "accounts/acme".parse().unwrap(),
        note: html(),
        due: Some(due(memory)),
        assignee: Some(member(assignee)),
    }
}

fn drafted(assignee: &str) -> checklist::Draft {
    checklist::Draft {
        title: Line::new("Audit").unwrap(),
        description: None,
        deadline_hours: None,
        assignees: members(&[assignee]),
        responsible_role: None,
        tier: None,
        visibility: Visibility::Internal,
    }
}

/// The row of each command.
fn table(memory: &Memory) -> Vec<(&'static str, Gives)> {
    let acme = || "accounts/acme".parse().unwrap();
    let cause = AssignmentCause::default;
    vec![
        ("AddInternalNote", Nothing),
        ("AddNote", Nothing),
        ("AddOrderNote", Nothing),
        (
            "AddOrderTask",
            Refuses(vec![boxed(AddOrderTask {
                name: order_task("new"),
                task: NewOrderTask::Scratch(drafted("ben")),
            })]),
        ),
        (
            "AddTemplateTask",
            Refuses(vec![boxed(AddTemplateTask {
                name: template("new"),
                draft: drafted("ben"),
            })]),
        ),
        ("AskQuestion", Nothing),
        (
            "AssignActivity",
            Refuses(vec![boxed(AssignActivity {
                name: activity("open"),
                assignee: Some(ben()),
                cause: cause(),
            })]),
        ),
        (
            "AssignOrder",
            Refuses(vec![boxed(AssignOrder {
                name: o1(),
                add: members(&["ben"]),
                remove: vec![],
            })]),
        ),
        (
            "AssignOrderTask",
            Refuses(vec![
                boxed(give("b", &["ben"])),
                boxed(AssignOrderTask {
                    name: order_task("b"),
                    assignment: Assignment::Change {
                        add: members(&["ben"]),
                        remove: vec![],
                    },
                }),
            ]),
        ),
        (
            "AssignRole",
            Refuses(
                ["assignee", "sales-manager"]
                    .map(|role| {
                        boxed(AssignRole {
                            account: acme(),
                            role: role.parse().unwrap(),
                            holder: ben(),
                        })
                    })
                    .into(),
            ),
        ),
        (
            "AssignTask",
            Refuses(vec![
                boxed(AssignTask {
                    name: task("open"),
                    assignment: Assignment::Set(members(&["ben"])),
                    cause: cause(),
                }),
                boxed(AssignTask {
                    name: task("open"),
                    assignment: Assignment::Change {
                        add: members(&["ben"]),
                        remove: vec![],
                    },
                    cause: cause(),
                }),
            ]),
        ),
        ("AttachDocuments", Nothing),
        (
            "BatchAssignRole",
            Refuses(vec![boxed(BatchAssignRole {
                role: "assignee".parse().unwrap(),
                holder: ben(),
                accounts: Accounts::Listed(vec![acme()]),
            })]),
        ),
        ("CancelOrder", Nothing),
        ("CancelTask", Nothing),
        ("CheckOrderTask", Nothing),
        ("CompleteActivity", Nothing),
        ("CompleteOrder", Nothing),
        ("CompleteTask", Nothing),
        ("ConvertLead", Nothing),
        (
            "CreateAccount",
            Refuses(vec![boxed(CreateAccount {
                id: NewId::Given("accounts/new".parse().unwrap()),
                display_name: Line::new("New").unwrap(),
                kind: crate::account::Kind::Customer,
                assignee: Some(ben()),
                sla_hours: None,
            })]),
        ),
        (
            "CreateActivity",
            Refuses(vec![boxed(activity_of(memory, "new", "ben"))]),
        ),
        ("CreateContact", Nothing),
        ("CreateMember", Nothing),
        ("CreateService", Nothing),
        (
            "CreateTask",
            Refuses(vec![
                boxed(create(
                    "new",
                    tasks::Draft {
                        assignees: members(&["ana", "ben"]),
                        ..draft("accounts/acme")
                    },
                )),
                boxed(create(
                    "new",
                    tasks::Draft {
                        notify: Notify {
                            recipients: vec!["members/ben".parse().unwrap()],
                            ..Notify::default()
                        },
                        ..draft("accounts/acme")
                    },
                )),
            ]),
        ),
        (
            "CreateTaskFromCall",
            Refuses(vec![boxed(CreateTaskFromCall {
                name: task("new"),
                caller: crate::text::Phone::new("+49 30 123456").unwrap(),
                candidates: vec![],
                draft: tasks::Draft {
                    assignees: members(&["ben"]),
                    ..tasks::Draft::default()
                },
            })]),
        ),
        ("DeleteActivity", Nothing),
        ("DeleteContact", Nothing),
        ("DeleteTask", Nothing),
        ("DisableMember", Nothing),
        ("EnableMember", Nothing),
        ("FinishPlanning", Nothing),
        ("FollowRole", ForOperations),
        (
            "GenerateTask",
            Refuses(vec![boxed(GenerateTask {
                account: acme(),
                task_type: "review-response".parse().unwrap(),
                work_key: Line::new("r1").unwrap(),
                title: Line::new("Answer the review").unwrap(),
                description: None,
                category: None,
                priority: Priority::Normal,
                visibility: tasks::Visibility::Internal,
                assignees: members(&["ben"]),
                start: None,
                due: None,
            })]),
        ),
        (
            "HandOverOrder",
            Refuses(vec![boxed(HandOverOrder {
                name: o1(),
                from: member("dan"),
                to: ben(),
                cause: cause(),
            })]),
        ),
        (
            "HandOverOrderTask",
            Refuses(vec![boxed(HandOverOrderTask {
                name: order_task("b"),
                from: member("ana"),
                to: ben(),
                cause: cause(),
            })]),
        ),
        (
            "HandOverTemplateTask",
            Refuses(vec![boxed(HandOverTemplateTask {
                name: template("b"),
                from: member("ana"),
                to: ben(),
                cause: cause(),
            })]),
        ),
        ("LogInteraction", Nothing),
        ("MarkBilled", Nothing),
        ("MoveItems", ForOperations),
        ("PlaceOrder", InTheirPlace(vec![boxed(place("placed"))])),
        ("PlanItems", Nothing),
        ("RecordQuestion", Nothing),
        ("RecordView", Nothing),
        ("RelateTasks", Nothing),
        ("RemoveOrderTask", Nothing),
        ("RemoveTemplateTask", Nothing),
        (
            "RenewOrder",
            InTheirPlace(vec![boxed(RenewOrder {
                name: OrderName::from_id("renewed").unwrap(),
                cycle: Cycle::new("2027-02").unwrap(),
                start: None,
            })]),
        ),
        (
            "ReopenActivity",
            InTheirPlace(vec![boxed(ReopenActivity {
                name: activity("done"),
            })]),
        ),
        (
            "ReopenOrder",
            InTheirPlace(vec![boxed(ReopenOrder {
                name: OrderName::from_id("closed").unwrap(),
            })]),
        ),
        (
            "ReopenTask",
            InTheirPlace(vec![boxed(ReopenTask {
                name: task("done"),
                status: OpenStatus::NotStarted,
            })]),
        ),
        ("ReorderOrderTasks", Nothing),
        ("ReorderTemplateTasks", Nothing),
        ("RetireService", Nothing),
        ("SelectTaskTypes", Nothing),
        ("SetAccountStatus", Nothing),
        ("SetMonthlyReport", Nothing),
        (
            "SetNotify",
            Refuses(vec![boxed(SetNotify {
                name: task("open"),
                notify: Notify {
                    recipients: vec!["members/ben".parse().unwrap()],
                    ..Notify::default()
                },
            })]),
        ),
        (
            "SetSupportTeam",
            Refuses(vec![boxed(SetSupportTeam {
                account: acme(),
                members: members(&["ana", "ben"]),
            })]),
        ),
        ("SetTaskStatus", Nothing),
        (
            "StartDisabling",
            Refuses(vec![boxed(StartDisabling {
                name: member("dan"),
                successor: Some(ben()),
                other_admins: vec![],
                holdings: Holdings::default(),
            })]),
        ),
        (
            "TransferResources",
            Refuses(vec![boxed(TransferResources {
                from: member("ana"),
                to: ben(),
                kinds: HoldingKind::ALL.into(),
            })]),
        ),
        ("UncheckOrderTask", InTheirPlace(vec![boxed(uncheck("a"))])),
        (
            "UndeleteTask",
            InTheirPlace(vec![boxed(UndeleteTask { name: task("gone") })]),
        ),
        ("UndoItems", ForOperations),
        ("UndoOperation", Nothing),
        ("UnrelateTasks", Nothing),
        ("UpdateAccount", Nothing),
        ("UpdateActivity", Nothing),
        ("UpdateContact", Nothing),
        ("UpdateDocument", Nothing),
        ("UpdateMember", Nothing),
        ("UpdateNotes", Nothing),
        ("UpdateOrder", Nothing),
        ("UpdateOrderTask", Nothing),
        ("UpdateService", Nothing),
        (
            "UpdateSettings",
            Refuses(vec![boxed(UpdateSettings {
                changes: settings::Changes {
                    default_assignee: Some(ben()),
                    ..settings::Changes::default()
                },
            })]),
        ),
        ("UpdateTask", Nothing),
        (
            "UpdateTemplateTask",
            Refuses(vec![boxed(UpdateTemplateTask {
                name: template("b"),
                changes: checklist::Changes::default(),
                assignees: Some(members(&["ben"])),
            })]),
        ),
        ("VacateRole", Nothing),
    ]
}

/// What is exported as commands, as it stands in the source.
fn exported() -> BTreeSet<&'static str> {
    let source = include_str!("mod.rs");
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
