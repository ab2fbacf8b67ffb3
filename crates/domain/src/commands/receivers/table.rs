//! The row of each command.

use Gives::{ForOperations, InTheirPlace, Nothing, Refuses};

use crate::{
    Command,
    checklist::{self, Visibility},
    commands::{
        memory::Memory,
        order::samples::{give, members, name as order_task, o1, place, template, uncheck},
        task::samples::{create, draft, member, name as task},
        *,
    },
    names::{ActivityName, MemberName, OrderName},
    order::Cycle,
    settings, task as tasks,
    task::{Assignment, AssignmentCause, Notify, OpenStatus, Priority},
    text::{Html, Line},
};

/// What a command does with a member whom it names or comes upon.
pub(super) enum Gives {
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

fn boxed(command: impl Command + 'static) -> Box<dyn Command> {
    Box::new(command)
}

pub(super) fn ben() -> MemberName {
    member("ben")
}

pub(super) fn activity(id: &str) -> ActivityName {
    ActivityName::from_id(id).unwrap()
}

fn html() -> Html {
    Html::new("Call them").unwrap()
}

fn due(at: &Memory) -> tasks::Due {
    tasks::Due::At(at.now + chrono::TimeDelta::days(7))
}

pub(super) fn activity_of(memory: &Memory, id: &str, assignee: &str) -> CreateActivity {
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
pub(super) fn table(memory: &Memory) -> Vec<(&'static str, Gives)> {
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
        ("FailOperation", Nothing),
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
