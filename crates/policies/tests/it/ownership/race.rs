//! Whoever is disabled while others give them work, at two replicas, has none of it afterwards.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::join_all;
use handoff_commands::{CommandError, Gateway, GatewayConfig};
use handoff_domain::{
    Command, Reason, Rejection, account,
    checklist::{Draft, Visibility},
    commands::{
        AddTemplateTask, AssignActivity, AssignOrder, AssignOrderTask, AssignRole, AssignTask,
        CheckOrderTask, CreateAccount, CreateActivity, CreateTask, DeleteTask, NewId, PlaceOrder,
        ReopenTask, SetSupportTeam, UncheckOrderTask, UndeleteTask,
    },
    member::Standing,
    names::{AccountName, ActivityName, OrderName, OrderTaskName, TaskName, TemplateTaskName},
    settings::OwnershipPolicy::AllOpen,
    task::{Assignment, AssignmentCause, Due, OpenStatus, Origin},
    text::{Html, Line},
};
use handoff_testkit::eventually;

use super::{
    orders::service,
    scene::{Scene, member, task},
};
use crate::world::CEILING;

/// Resources of each sort.
const OF_EACH: usize = 15;
/// Clients at each of two replicas.
const CLIENTS: usize = 4;

fn account_name(n: usize) -> AccountName {
    AccountName::from_id(&format!("a{n}")).unwrap()
}

fn order_name(n: usize) -> OrderName {
    OrderName::from_id(&format!("o-{n}")).unwrap()
}

fn activity_name(n: usize) -> ActivityName {
    ActivityName::from_id(&format!("call-{n}")).unwrap()
}

fn task_name(sort: &str, n: usize) -> TaskName {
    task(&format!("{sort}-{n}"))
}

fn of_order(n: usize, id: &str) -> OrderTaskName {
    OrderTaskName::from_id(&order_name(n), id).unwrap()
}

fn title() -> Line {
    Line::new("Call them").unwrap()
}

/// Of each sort one of `ana`'s; and one of `ben`'s that is complete, deleted or checked.
async fn prepare(scene: &Scene, n: usize) {
    let world = &scene.world;
    let create = CreateAccount {
        id: NewId::Given(account_name(n)),
        display_name: title(),
        kind: account::Kind::Customer,
        assignee: Some(member("ana")),
        sla_hours: None,
    };
    world.submit(create).await;
    let place = PlaceOrder {
        name: order_name(n),
        account: account_name(n),
        service: service(),
        title: None,
        start: None,
    };
    world.submit(place).await;
    let report = of_order(n, "report");
    world
        .submit(AssignOrderTask {
            name: report.clone(),
            assignment: Assignment::Set(vec![member("ben")]),
        })
        .await;
    world.submit(CheckOrderTask { name: report }).await;
    let activity = CreateActivity {
        name: activity_name(n),
        account: account_name(n),
        note: Html::new("Call them").unwrap(),
        due: Some(Due::At("2027-01-15T08:00:00Z".parse().unwrap())),
        assignee: Some(member("ana")),
    };
    world.submit(activity).await;
    for (sort, assignee) in [("open", "ana"), ("done", "ben"), ("gone", "ben")] {
        let id = format!("{sort}-{n}");
        world.task(&format!("a{n}"), &id, assignee).await;
    }
    scene.complete(&format!("done-{n}")).await;
    let name = task_name("gone", n);
    world.submit(DeleteTask { name }).await;
}

/// All that gives `ben` something of what was prepared.
fn gifts(n: usize) -> Vec<Box<dyn Command>> {
    let ben = || member("ben");
    let add = || Assignment::Change {
        add: vec![ben()],
        remove: Vec::new(),
    };
    vec![
        Box::new(AssignRole {
            account: account_name(n),
            role: "assignee".parse().unwrap(),
            holder: ben(),
        }),
        Box::new(SetSupportTeam {
            account: account_name(n),
            members: vec![member("ana"), ben()],
        }),
        Box::new(AssignOrder {
            name: order_name(n),
            add: vec![ben()],
            remove: Vec::new(),
        }),
        Box::new(AssignOrderTask {
            name: of_order(n, "audit"),
            assignment: add(),
        }),
        Box::new(UncheckOrderTask {
            name: of_order(n, "report"),
        }),
        Box::new(AssignActivity {
            name: activity_name(n),
            assignee: Some(ben()),
            cause: AssignmentCause::default(),
        }),
        Box::new(AddTemplateTask {
            name: TemplateTaskName::from_id(&service(), &format!("t{n}")).unwrap(),
            draft: Draft {
                title: title(),
                description: None,
                deadline_hours: None,
                assignees: vec![ben()],
                responsible_role: None,
                tier: None,
                visibility: Visibility::Internal,
            },
        }),
        Box::new(AssignTask {
            name: task_name("open", n),
            assignment: add(),
            cause: AssignmentCause::default(),
        }),
        Box::new(CreateTask {
            name: task_name("new", n),
            draft: handoff_domain::task::Draft {
                subject: Some(account_name(n).to_string().parse().unwrap()),
                title: Some(title()),
                assignees: vec![ben()],
                ..handoff_domain::task::Draft::default()
            },
            origin: Origin::Manual,
        }),
        Box::new(ReopenTask {
            name: task_name("done", n),
            status: OpenStatus::NotStarted,
        }),
        Box::new(UndeleteTask {
            name: task_name("gone", n),
        }),
    ]
}

/// What the clients have done so far.
#[derive(Default)]
struct Done {
    accepted: AtomicUsize,
    refused: AtomicUsize,
}

impl Done {
    fn all(&self) -> usize {
        self.accepted.load(Ordering::Relaxed) + self.refused.load(Ordering::Relaxed)
    }
}

async fn give(
    scene: &Scene,
    gateway: &Gateway,
    gifts: &Mutex<VecDeque<Box<dyn Command>>>,
    done: &Done,
) {
    loop {
        let Some(gift) = gifts.lock().unwrap().pop_front() else {
            return;
        };
        match scene.world.submit_at(gateway, gift).await {
            Ok(_) => &done.accepted,
            Err(CommandError::Rejected(Rejection::Precondition {
                reason: Reason::MemberDisabled,
                ..
            })) => &done.refused,
            Err(error) => panic!("{error:?}"),
        }
        .fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_while_they_are_given_work_of_every_kind_holds_nothing_afterwards() {
    let scene = Scene::with_order(AllOpen).await;
    let _policy = scene.policy("one").await;
    join_all((0..OF_EACH).map(|n| prepare(&scene, n))).await;
    let mut shuffled: Vec<_> = (0..OF_EACH).flat_map(gifts).collect();
    fastrand::shuffle(&mut shuffled);
    let count = shuffled.len();
    let (gifts, done) = (Mutex::new(VecDeque::from(shuffled)), Done::default());
    let other = scene.world.place.gateway(GatewayConfig::default());
    let gateways = [&scene.world.gateway, &other];
    let clients = (0..2 * CLIENTS).map(|client| give(&scene, gateways[client % 2], &gifts, &done));
    let disabling = async {
        eventually("a third was given", CEILING, async || {
            match done.all() * 3 >= count {
                true => Ok(()),
                false => Err(done.all()),
            }
        })
        .await;
        scene.disable("ben", "cleo").await
    };
    let (_, operation) = tokio::join!(join_all(clients), disabling);
    scene.finished(&operation).await;
    let (accepted, refused) = (
        done.accepted.load(Ordering::Relaxed),
        done.refused.load(Ordering::Relaxed),
    );
    assert_eq!(accepted + refused, count);
    scene.world.settled::<handoff_policies::Ownership>().await;
    let successor = Some(member("cleo"));
    assert_eq!(
        scene.standing("ben").await,
        Standing::Disabled { successor }
    );
    let snapshot = scene.snapshot().await;
    let bens: Vec<_> = snapshot
        .iter()
        .filter(|(stream, said)| !stream.starts_with("members/") && said.contains("members/ben"))
        .collect();
    assert!(bens.is_empty(), "{bens:#?}");
    assert!(refused > 0, "no race: all {accepted} were given before");
}
