//! Who holds what, all of it, to be compared.

use std::collections::{BTreeMap, BTreeSet};

use handoff_domain::{State, account::Account, names::MemberName};

use super::scene::Scene;

/// What each stream says about members, in no order of theirs.
pub(super) type Snapshot = BTreeMap<String, String>;

impl Scene {
    /// Of every stream but those of operations.
    pub(super) async fn snapshot(&self) -> Snapshot {
        let events = self.world.events().await.into_iter();
        let streams: BTreeSet<_> = events.map(|recorded| recorded.stream).collect();
        let mut snapshot = Snapshot::new();
        for stream in streams {
            let said = match self.state(stream.clone()).await {
                State::Account(account) => match &*account {
                    Account::Existing(account) => format!(
                        "{} {:?} {:?}",
                        account.assignee,
                        account.roles,
                        sorted(&account.support_team)
                    ),
                    Account::Absent => "absent".to_owned(),
                },
                State::Task(task) => {
                    let task = task.known().unwrap();
                    format!("{:?} {:?}", sorted(&task.assignees), task.progress)
                }
                State::Member(member) => format!("{:?}", member.details().unwrap().standing),
                State::Settings(settings) => settings.default_assignee.to_string(),
                State::Order(order) => {
                    let order = order.details().unwrap();
                    let tasks = order.tasks.iter().map(|task| {
                        let assignees = sorted(&task.content.assignees);
                        (task.name.clone(), assignees, task.checked.is_some())
                    });
                    let tasks: Vec<_> = tasks.collect();
                    let by_hand = (&order.added, &order.removed);
                    format!("{tasks:?} {by_hand:?} {:?}", order.assignees)
                }
                State::Activity(activity) => {
                    let activity = activity.details().unwrap();
                    format!("{:?} {:?}", activity.assignee, activity.progress)
                }
                State::Service(service) => {
                    let tasks = service.details().unwrap().tasks.iter();
                    let tasks = tasks.map(|task| (&task.name, sorted(&task.content.assignees)));
                    format!("{:?}", tasks.collect::<Vec<_>>())
                }
                State::Operation(_) | State::Document(_) => continue,
            };
            snapshot.insert(stream.to_string(), said);
        }
        snapshot
    }
}

fn sorted(members: &[MemberName]) -> BTreeSet<&MemberName> {
    members.iter().collect()
}
