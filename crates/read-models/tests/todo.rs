//! Todo is what a naive look at the log says, for every viewer and filter, and its counts are those of its lists.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
};

use chrono::{DateTime, TimeDelta, Utc};
use handoff_domain::{
    Command,
    activity::Status as ActivityStatus,
    checklist::{Changes as OrderTaskChanges, DeadlineHours, Draft as OrderTaskDraft, Tier},
    commands::{
        AddOrderTask, AssignActivity, AssignOrderTask, AssignTask, CancelOrder, CheckOrderTask,
        CompleteActivity, CompleteOrder, CompleteTask, CreateActivity, CreateService, CreateTask,
        DeleteActivity, DeleteTask, NewId, NewOrderTask, PlaceOrder, RemoveOrderTask, RenewOrder,
        ReopenActivity, ReopenOrder, ReopenTask, UncheckOrderTask, UndeleteTask, UpdateActivity,
        UpdateOrder, UpdateOrderTask,
    },
    names::{ActivityName, MemberName, OrderName, OrderTaskName, TaskName},
    order::{Cycle, Status as OrderStatus},
    task::{Assignment, AssignmentCause, Draft, OpenStatus, Origin, Status},
    text::{Html, Line},
};
use handoff_projections::{ReadModel, Tally};
use handoff_read_models::{
    ListRequest, Shown, Viewer, activities::Activities, tasks::Tasks, todo::TodoCounts,
};
use proptest::prelude::*;
use support::{STAFF, Story, fold, member, scene::Scene};

const ACCOUNTS: [&str; 3] = ["accounts/acme", "accounts/bolt", "accounts/core"];

/// Numbers that look as if they came by chance, the same for each seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn account(&mut self) -> &'static str {
        ACCOUNTS[self.below(ACCOUNTS.len())]
    }

    /// None at times, and at times many.
    fn members(&mut self) -> Vec<MemberName> {
        let (first, count) = (self.below(STAFF.len()), [0, 1, 1, 2, 3, 5][self.below(6)]);
        let staff = STAFF.iter().cycle().skip(first).take(count);
        staff.map(|id| member(id)).collect()
    }

    /// Past and future, and often the same: in the morning, at midnight in UTC or just before that. The days are those
    /// around 2027-01-14, with which a block of tallies begins.
    fn moment(&mut self) -> DateTime<Utc> {
        let midnight = DateTime::from_timestamp(1_799_971_200, 0).unwrap();
        let (day, time) = (self.below(9) as i64 - 4, self.below(4));
        let hours = [
            TimeDelta::hours(8),
            TimeDelta::hours(8),
            TimeDelta::zero(),
            TimeDelta::microseconds(-1),
        ];
        midnight + TimeDelta::days(day) + hours[time]
    }

    fn task(&mut self) -> TaskName {
        TaskName::from_id(&format!("t{}", self.below(14))).unwrap()
    }

    fn activity(&mut self) -> ActivityName {
        ActivityName::from_id(&format!("c{}", self.below(12))).unwrap()
    }

    fn order(&mut self) -> OrderName {
        OrderName::from_id(&format!("o{}", self.below(4))).unwrap()
    }

    fn order_task(&mut self) -> OrderTaskName {
        let id = format!("t{}", self.below(6));
        OrderTaskName::from_id(&self.order(), &id).unwrap()
    }

    fn command(&mut self) -> Box<dyn Command> {
        let html = || Html::new("Call").unwrap();
        match self.below(36) {
            0..=5 => Box::new(CreateTask {
                name: self.task(),
                draft: Draft {
                    subject: Some(match self.below(4) {
                        0 => "members/ben".parse().unwrap(),
                        _ => self.account().parse().unwrap(),
                    }),
                    title: Some(Line::new("Call").unwrap()),
                    start: Some(DateTime::from_timestamp(1_700_000_000, 0).unwrap()),
                    due: Some(self.moment().into()),
                    assignees: self.members(),
                    ..Draft::default()
                },
                origin: Origin::Manual,
            }),
            6 | 7 => Box::new(AssignTask {
                name: self.task(),
                assignment: Assignment::Set(self.members()),
                cause: AssignmentCause::default(),
            }),
            8 => Box::new(CompleteTask { name: self.task() }),
            9 => Box::new(ReopenTask {
                name: self.task(),
                status: [OpenStatus::InProgress, OpenStatus::WaitingOnCustomer][self.below(2)],
            }),
            10 => Box::new(DeleteTask { name: self.task() }),
            11 => Box::new(UndeleteTask { name: self.task() }),
            12..=15 => Box::new(CreateActivity {
                name: self.activity(),
                account: self.account().parse().unwrap(),
                note: html(),
                due: (self.below(5) > 0).then(|| self.moment().into()),
                assignee: self.members().pop(),
            }),
            16 => Box::new(UpdateActivity {
                name: self.activity(),
                note: None,
                due: Some((self.below(3) > 0).then(|| self.moment().into())),
            }),
            17 => Box::new(AssignActivity {
                name: self.activity(),
                assignee: self.members().pop(),
                cause: AssignmentCause::default(),
            }),
            18 => Box::new(CompleteActivity {
                name: self.activity(),
            }),
            19 => Box::new(ReopenActivity {
                name: self.activity(),
            }),
            20 => Box::new(DeleteActivity {
                name: self.activity(),
            }),
            21 => Box::new(PlaceOrder {
                name: self.order(),
                account: self.account().parse().unwrap(),
                service: "services/seo".parse().unwrap(),
                title: None,
                start: Some(self.moment()),
            }),
            22..=26 => Box::new(AddOrderTask {
                name: self.order_task(),
                task: NewOrderTask::Scratch(OrderTaskDraft {
                    title: Line::new("Write").unwrap(),
                    description: None,
                    deadline_hours: (self.below(3) > 0)
                        .then(|| DeadlineHours::new([1, 24, 72][self.below(3)]).unwrap()),
                    assignees: self.members().into_iter().collect(),
                    responsible_role: None,
                    tier: Some(Tier::new(1 + self.below(3) as i64).unwrap()),
                    visibility: handoff_domain::checklist::Visibility::Internal,
                }),
            }),
            27 | 28 => Box::new(CheckOrderTask {
                name: self.order_task(),
            }),
            29 => Box::new(UncheckOrderTask {
                name: self.order_task(),
            }),
            30 => Box::new(UpdateOrderTask {
                name: self.order_task(),
                changes: OrderTaskChanges {
                    tier: Some(Tier::new(1 + self.below(3) as i64).unwrap()),
                    ..OrderTaskChanges::default()
                },
            }),
            31 => Box::new(AssignOrderTask {
                name: self.order_task(),
                assignment: Assignment::Set(self.members()),
            }),
            32 => Box::new(UpdateOrder {
                name: self.order(),
                title: None,
                start: Some(self.moment()),
            }),
            33 => match self.below(3) {
                0 => Box::new(CancelOrder { name: self.order() }),
                1 => Box::new(CompleteOrder { name: self.order() }),
                _ => Box::new(RemoveOrderTask {
                    name: self.order_task(),
                }),
            },
            34 => Box::new(ReopenOrder { name: self.order() }),
            _ => Box::new(RenewOrder {
                name: self.order(),
                cycle: Cycle::new(&format!("c{}", self.below(9))).unwrap(),
                start: Some(self.moment()),
            }),
        }
    }
}

/// What a team may have done: commands that are refused leave nothing.
fn history(seed: u64, commands: usize) -> Story {
    let mut story = Story::with_team();
    let service = CreateService {
        id: NewId::Given("services/seo".parse().unwrap()),
        display_name: Line::new("SEO").unwrap(),
        description: None,
    };
    story.tell("members/admin", &service).unwrap();
    let mut chance = Chance(seed);
    for _ in 0..commands {
        let command = chance.command();
        story.tell("members/admin", &*command).ok();
    }
    story
}

/// Something to do, as whoever looks at the aggregates one by one finds it.
#[derive(Debug, Clone, PartialEq)]
struct Item {
    list: usize,
    name: String,
    assignees: Vec<MemberName>,
    status: &'static str,
    account: String,
    due: Option<DateTime<Utc>>,
    created: DateTime<Utc>,
}

/// The lists in the order of [`Item::list`].
const ORDER_TASKS: usize = 0;
const ACTIVITIES: usize = 1;
const TASKS: usize = 2;

/// All that is to do, of everybody, by due time, then creation, then name.
fn items(story: &Story) -> Vec<Item> {
    let mut items = Vec::new();
    for (name, task) in story.tasks() {
        let Some(details) = task.details() else {
            continue;
        };
        let status = match details.status() {
            Status::NotStarted => "NOT_STARTED",
            Status::InProgress => "IN_PROGRESS",
            Status::WaitingOnCustomer => "WAITING_ON_CUSTOMER",
            Status::Complete | Status::Cancelled => continue,
        };
        items.push(Item {
            list: TASKS,
            name: name.to_string(),
            assignees: details.assignees.clone(),
            status,
            account: details.subject.as_str().to_owned(),
            due: Some(details.due),
            created: details.created_at,
        });
    }
    for (name, activity) in story.activities() {
        let open = activity
            .details()
            .filter(|details| details.status() == ActivityStatus::Open);
        items.extend(open.map(|details| Item {
            list: ACTIVITIES,
            name: name.to_string(),
            assignees: details.assignee.iter().cloned().collect(),
            status: "OPEN",
            account: details.account.to_string(),
            due: details.due(),
            created: details.created_at,
        }));
    }
    for order in story.orders().values() {
        let Some(details) = order
            .details()
            .filter(|order| order.status() == OrderStatus::Open)
        else {
            continue;
        };
        let open: Vec<_> = details
            .tasks
            .iter()
            .filter(|task| task.checked.is_none())
            .collect();
        let tier = open.iter().map(|task| task.content.tier).min();
        items.extend(open.into_iter().map(|task| {
            Item {
                list: ORDER_TASKS,
                name: task.name.to_string(),
                assignees: task.content.assignees.to_vec(),
                status: match Some(task.content.tier) == tier {
                    true => "CURRENT",
                    false => "UPCOMING",
                },
                account: details.account.to_string(),
                due: task
                    .content
                    .deadline_hours
                    .map(|hours| details.start + hours.duration()),
                created: task.created_at,
            }
        }));
    }
    items.sort_by_key(|item| {
        let due = item.due.unwrap_or(DateTime::<Utc>::MAX_UTC);
        (due, item.created, item.name.clone())
    });
    items
}

type Meant = fn(&Item, DateTime<Utc>) -> bool;

fn overdue(item: &Item, now: DateTime<Utc>) -> bool {
    item.due.is_some_and(|due| due < now)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn has(item: &Item, id: &str) -> bool {
    item.assignees.contains(&member(id))
}

const FILTERS: &[(&str, Meant)] = &[
    ("", |_, _| true),
    ("assignee:me", |item, _| has(item, "ana")),
    ("assignee:members/ben", |item, _| has(item, "ben")),
    ("NOT assignee:*", |item, _| item.assignees.is_empty()),
    ("assignee:*", |item, _| !item.assignees.is_empty()),
    ("assignee:me OR NOT assignee:*", |item, _| {
        has(item, "ana") || item.assignees.is_empty()
    }),
    ("assignee:me OR assignee:members/ben", |item, _| {
        has(item, "ana") || has(item, "ben")
    }),
    ("assignee:me AND assignee:members/ben", |item, _| {
        has(item, "ana") && has(item, "ben")
    }),
    ("NOT assignee:me", |item, _| !has(item, "ana")),
    ("status = CURRENT", |item, _| item.status == "CURRENT"),
    ("status = UPCOMING", |item, _| item.status == "UPCOMING"),
    ("status = CURRENT OR status = IN_PROGRESS", |item, _| {
        ["CURRENT", "IN_PROGRESS"].contains(&item.status)
    }),
    ("NOT status = UPCOMING", |item, _| item.status != "UPCOMING"),
    ("status != OPEN", |item, _| item.status != "OPEN"),
    ("status = CURRENT AND NOT assignee:*", |item, _| {
        item.status == "CURRENT" && item.assignees.is_empty()
    }),
    ("status = UPCOMING AND assignee:members/ben", |item, _| {
        item.status == "UPCOMING" && has(item, "ben")
    }),
    ("status:*", |_, _| true),
    ("NOT status:*", |_, _| false),
    ("overdue", overdue),
    ("NOT overdue", |item, now| !overdue(item, now)),
    ("overdue AND assignee:me", |item, now| {
        overdue(item, now) && has(item, "ana")
    }),
    ("overdue AND status = UPCOMING", |item, now| {
        overdue(item, now) && item.status == "UPCOMING"
    }),
    ("account = accounts/acme", |item, _| {
        item.account == "accounts/acme"
    }),
    ("account = accounts/bolt AND overdue", |item, now| {
        item.account == "accounts/bolt" && overdue(item, now)
    }),
    (
        "due_time >= 2027-01-15T00:00:00Z AND due_time < 2027-01-17T00:00:00Z",
        |item, _| {
            item.due
                .is_some_and(|due| (1_799_971_200..1_800_144_000).contains(&due.timestamp()))
        },
    ),
    ("due_time < 2027-01-14T00:00:00Z", |item, _| {
        item.due.is_some_and(|due| due.timestamp() < 1_799_884_800)
    }),
    ("due_time <= 2027-01-14T00:00:00Z", |item, _| {
        item.due.is_some_and(|due| due <= at(1_799_884_800))
    }),
    ("due_time > 2027-01-15T08:00:00Z", |item, _| {
        item.due.is_some_and(|due| due > at(1_800_000_000))
    }),
    ("NOT due_time >= 2027-01-15T08:00:00Z", |item, _| {
        item.due.is_none_or(|due| due < at(1_800_000_000))
    }),
    ("due_time = 2027-01-15T08:00:00Z", |item, _| {
        item.due == Some(at(1_800_000_000))
    }),
    ("due_time != 2027-01-16T00:00:00Z", |item, _| {
        item.due != Some(at(1_800_057_600))
    }),
    ("due_time:*", |item, _| item.due.is_some()),
    ("NOT due_time:*", |item, _| item.due.is_none()),
    ("NOT assignee:me AND overdue", |item, now| {
        !has(item, "ana") && overdue(item, now)
    }),
    ("status = CURRENT OR overdue", |item, now| {
        item.status == "CURRENT" || overdue(item, now)
    }),
    ("create_time > 2027-01-15T08:01:00Z", |item, _| {
        item.created.timestamp() > 1_800_000_060
    }),
];

/// Who looks: an admin, staff, and a program that acts for nobody.
fn viewers(now: DateTime<Utc>) -> [(Viewer, Shown); 4] {
    let of = |me: Option<&str>| Viewer {
        now,
        me: me.map(member),
    };
    [
        (of(Some("ana")), Shown::All),
        (of(Some("ana")), Shown::OwnAndNobodys),
        (of(Some("finn")), Shown::OwnAndNobodys),
        (of(None), Shown::OwnAndNobodys),
    ]
}

fn is_shown(item: &Item, shown: Shown, viewer: &Viewer) -> bool {
    match shown {
        Shown::All => true,
        Shown::OwnAndNobodys => {
            let own = viewer
                .me
                .as_ref()
                .is_some_and(|me| item.assignees.contains(me));
            own || item.assignees.is_empty()
        }
    }
}

/// The names in one of the lists, page after page.
async fn listed(
    scene: &Scene,
    list: usize,
    filter: &str,
    viewer: &Viewer,
    shown: Shown,
) -> Vec<String> {
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListRequest {
            page_size: 7,
            page_token: &token,
            filter,
            order_by: "",
        };
        let (queries, all) = (&scene.queries, scene.all());
        macro_rules! page {
            ($list:ident) => {{
                let page = queries
                    .$list(&request, viewer, shown, all)
                    .await
                    .unwrap()
                    .value;
                names.extend(page.items.iter().map(|entry| entry.name.to_string()));
                page.next_page_token
            }};
        }
        token = match list {
            ORDER_TASKS => page!(list_todo_order_tasks),
            ACTIVITIES => page!(list_todo_activities),
            _ => page!(list_todo_tasks),
        };
        if token.is_empty() {
            return names;
        }
    }
}

/// Asserts that the lists and their counts under a filter have those items that the viewer is shown and that are meant.
async fn assert_has(
    scene: &Scene,
    items: &[Item],
    filter: &str,
    meant: impl Fn(&Item, DateTime<Utc>) -> bool,
    (viewer, shown): (&Viewer, Shown),
    story: &str,
) {
    let mut expected = [Vec::new(), Vec::new(), Vec::new()];
    for item in items {
        if meant(item, viewer.now) && is_shown(item, shown, viewer) {
            expected[item.list].push(item.name.clone());
        }
    }
    for (list, names) in expected.iter().enumerate() {
        let found = listed(scene, list, filter, viewer, shown).await;
        assert_eq!(
            &found, names,
            "{story}, list {list}, {filter:?} of {viewer:?}, {shown:?}"
        );
    }
    let counts = scene
        .queries
        .count_todo(filter, viewer, shown, scene.all())
        .await;
    let [order_tasks, activities, tasks] = expected.map(|names| names.len() as i64);
    assert_eq!(
        counts.unwrap().value,
        TodoCounts {
            order_tasks,
            activities,
            tasks
        },
        "{story}, {filter:?} of {viewer:?}, {shown:?}"
    );
}

/// When one may look: after all happened, at midnight in UTC, at the edge of a block of tallies, exactly when something is
/// due and just after that.
fn moments(story: &Story, items: &[Item]) -> [DateTime<Utc>; 5] {
    let due = items
        .iter()
        .filter_map(|item| item.due)
        .find(|due| due.timestamp() % 86_400 != 0);
    let due = due.unwrap_or(story.now);
    [
        story.now + TimeDelta::hours(12),
        at(1_799_971_200),
        at(1_799_884_800),
        due,
        due + TimeDelta::microseconds(1),
    ]
}

fn is_askable(filter: &str, viewer: &Viewer) -> bool {
    !filter.contains(":me") || viewer.me == Some(member("ana"))
}

#[tokio::test]
async fn lists_and_counts_are_what_the_log_says_for_every_viewer_and_filter() {
    // Of histories that leave something in each list.
    let leaves = |items: &[Item]| {
        [ORDER_TASKS, ACTIVITIES, TASKS]
            .into_iter()
            .all(|list| items.iter().any(|item| item.list == list))
    };
    let stories = (1..).map(|seed| (seed, history(seed, 260)));
    let stories = stories.filter(|(_, story)| leaves(&items(story)));
    for (seed, story) in stories.take(3) {
        let scene = Scene::of(&story).await;
        let items = items(&story);
        let moments = moments(&story, &items);
        for (viewer, shown) in moments.into_iter().flat_map(viewers) {
            for (filter, meant) in FILTERS {
                // What does not depend on the time is asked at one.
                let depends = viewer.now == moments[0] || filter.contains("overdue");
                if depends && is_askable(filter, &viewer) {
                    let story = format!("seed {seed}");
                    assert_has(&scene, &items, filter, meant, (&viewer, shown), &story).await;
                }
            }
        }
    }
}

/// Whether an item is meant at some moment.
type MeantWhole = Box<dyn Fn(&Item, DateTime<Utc>) -> bool>;

/// A filter that is joined of others, and which items it means.
struct Joined {
    text: String,
    meant: MeantWhole,
}

/// Draws one of the filters above, or joins two, or turns one round, which are so deep at most.
fn joined(chance: &mut Chance, depth: usize, viewer: &Viewer) -> Joined {
    let how = match depth {
        0 => 0,
        _ => chance.below(6),
    };
    if how < 2 {
        loop {
            let (text, meant) = FILTERS[1 + chance.below(FILTERS.len() - 1)];
            if is_askable(text, viewer) {
                return Joined {
                    text: text.to_owned(),
                    meant: Box::new(meant),
                };
            }
        }
    }
    let Joined { text, meant } = joined(chance, depth - 1, viewer);
    if how == 2 {
        return Joined {
            text: format!("NOT ({text})"),
            meant: Box::new(move |item, now| !meant(item, now)),
        };
    }
    let other = joined(chance, depth - 1, viewer);
    let (word, both) = match how {
        3 | 4 => ("AND", true),
        _ => ("OR", false),
    };
    Joined {
        text: format!("({text}) {word} ({})", other.text),
        meant: Box::new(move |item, now| match both {
            true => meant(item, now) && (other.meant)(item, now),
            false => meant(item, now) || (other.meant)(item, now),
        }),
    }
}

/// The seed of what is drawn: `SEED` where it is set. Printed, so that a run can be repeated.
fn seed() -> u64 {
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => RandomState::new().hash_one(FILTERS.len()) % 1_000_000,
    };
    println!("SEED={seed}");
    seed
}

#[tokio::test]
async fn filters_joined_at_random_mean_what_their_parts_mean() {
    let seed = seed();
    let mut chance = Chance(seed);
    let story = history(chance.0, 260);
    let scene = Scene::of(&story).await;
    let items = items(&story);
    let moments = moments(&story, &items);
    for _ in 0..200 {
        let now = moments[chance.below(moments.len())];
        let viewers = viewers(now);
        let (viewer, shown) = &viewers[chance.below(viewers.len())];
        let Joined { text, meant } = joined(&mut chance, 3, viewer);
        let story = format!("SEED={seed}");
        assert_has(&scene, &items, &text, &meant, (viewer, *shown), &story).await;
    }
}

/// What the tallies of all rows add up to, by whose and label.
fn tallied(story: &Story) -> BTreeMap<(String, String), usize> {
    let mut sums = BTreeMap::new();
    let mut add = |tallies: Vec<Tally>| {
        for Tally { whose, label } in tallies {
            *sums.entry((whose.into(), label.into())).or_default() += 1;
        }
    };
    fold::<Tasks>(&story.events)
        .values()
        .for_each(|row| add(Tasks::tallies(row)));
    fold::<Activities>(&story.events)
        .values()
        .for_each(|row| add(Activities::tallies(row)));
    sums
}

proptest! {
    #[test]
    fn tallies_are_how_much_everybody_has_by_list_and_status_and_how_much_of_all_and_of_nobodys_is_due_when(seed in any::<u64>(), commands in 0..200_usize) {
        let story = history(seed, commands);
        let mut expected = BTreeMap::new();
        for item in items(&story) {
            let nobody = item.assignees.is_empty().then_some("nobody");
            let whose = item.assignees.iter().map(|member| member.as_str());
            let status = item.status.to_lowercase();
            for whose in whose.chain(nobody).chain(["all"]) {
                *expected.entry((whose.to_owned(), status.clone())).or_default() += 1;
            }
            let Some(due) = item.due else { continue };
            let day = due.signed_duration_since(DateTime::UNIX_EPOCH).num_days() + 1_000_000;
            for whose in nobody.into_iter().chain(["all"]) {
                for label in [format!("{status} b{:06}", day / 32), format!("{status} d{day:07}")] {
                    *expected.entry((whose.to_owned(), label)).or_default() += 1;
                }
            }
        }
        prop_assert_eq!(tallied(&story), expected);
    }
}
