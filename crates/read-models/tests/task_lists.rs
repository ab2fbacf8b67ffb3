//! Lists of tasks by every field, their counts, and the notes on them.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use handoff_domain::{
    commands::{AddInternalNote, AddNote, CreateTask, DeleteTask, MarkBilled},
    names::TaskName,
    task::{
        Details, Draft, DueSource, Hours, Miles, Money, OpenStatus, Origin, Percent, Priority,
        Quantity, Requester, Tag, Visibility,
    },
    text::{Email, Html, Line, Phone},
};
use handoff_read_models::{
    Count, ListRequest, QueryError, Viewer,
    tasks::{MOST_COUNTED, TaskState, WatchedTasks},
};
use support::{Story, member, own, scene::Scene};

const TASKS: usize = 120;

/// When the story begins, 2027-01-15T08:00:00Z.
const BEGIN: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn name(n: usize) -> TaskName {
    TaskName::from_id(&format!("t{n:03}")).unwrap()
}

/// Tasks with all fields in all manners, absent ones too.
fn varied() -> Story {
    let mut story = Story::with_team();
    for n in 0..TASKS {
        let decimal =
            |every: usize| (n % every != 0).then(|| format!("{}.{:02}", n % 7, n % 4 * 25));
        let money =
            |every, currency| decimal(every).map(|amount| Money::new(&amount, currency).unwrap());
        let draft = Draft {
            subject: Some("accounts/acme".parse().unwrap()),
            title: Some(Line::new(&format!("Call {n}")).unwrap()),
            category: (n % 3 == 0).then(|| "Project".into()),
            status: [OpenStatus::NotStarted, OpenStatus::InProgress][n % 2],
            priority: [Priority::Low, Priority::Normal, Priority::Urgent][n % 3],
            visibility: [Visibility::Internal, Visibility::Portal][n / 3 % 2],
            assignees: [&["ana"][..], &["ben"], &["ben", "ana"]][n % 3]
                .iter()
                .map(|id| member(id))
                .collect(),
            due: (n % 4 == 1).then(|| at(BEGIN + n as i64 * DAY).into()),
            percent: Percent::new((n % 5 * 20) as i64).unwrap(),
            estimated_hours: decimal(3).map(|hours| Hours::new(&hours).unwrap()),
            actual_hours: decimal(4).map(|hours| Hours::new(&hours).unwrap()),
            billable: n % 2 == 0,
            requester: Requester {
                name: (n % 3 > 0).then(|| Line::new(["Zoe Lima", "Bob Ross"][n % 2]).unwrap()),
                email: (n % 4 > 0).then(|| Email::new(&format!("r{}@example.com", n % 5)).unwrap()),
                phone: (n % 5 > 0).then(|| Phone::new(&format!("+49 30 1234{}", n % 3)).unwrap()),
            },
            quantity: decimal(5).map(|quantity| Quantity::new(&quantity).unwrap()),
            price: money(2, ["EUR", "USD"][n / 2 % 2]),
            mileage: decimal(6).map(|miles| Miles::new(&miles).unwrap()),
            expenses: money(7, "EUR"),
            tags: ["red", "Dark Blue", "x\u{e9}"]
                .iter()
                .take(n % 4)
                .map(|tag| Tag::new(tag).unwrap())
                .collect(),
            responsible_role: (n % 6 == 0).then(|| "success-manager".parse().unwrap()),
            ..Draft::default()
        };
        let create = CreateTask {
            name: name(n),
            draft,
            origin: [Origin::Manual, Origin::Automation, Origin::Call][n % 3],
        };
        let by = ["members/ana", "members/ben"][n % 2];
        story.tell(by, &create).unwrap();
        if n % 4 == 0 {
            let bill = MarkBilled {
                name: name(n),
                billed: true,
            };
            story.tell("members/admin", &bill).unwrap();
        }
    }
    story
}

fn viewer(story: &Story) -> Viewer {
    Viewer {
        now: story.now,
        me: Some(member("ana")),
    }
}

/// The tasks that a list shows, page after page.
async fn listed(scene: &Scene, viewer: &Viewer, filter: &str) -> BTreeSet<TaskName> {
    let (mut names, mut token) = (BTreeSet::new(), String::new());
    loop {
        let request = ListRequest {
            page_size: 50,
            page_token: &token,
            filter,
            order_by: "",
        };
        let page = scene.queries.list_tasks(&request, viewer, scene.all());
        let page = page.await.unwrap().value;
        names.extend(page.items.iter().map(|entry| own(&entry.name)));
        token = page.next_page_token;
        if token.is_empty() {
            return names;
        }
    }
}

async fn counted(scene: &Scene, viewer: &Viewer, filter: &str) -> Count {
    let answer = scene.queries.count_tasks(filter, viewer, scene.all());
    answer.await.unwrap().value
}

type Shown = fn(&Details) -> bool;

/// Whether a number is more than another.
macro_rules! more {
    ($amount:expr, $than:literal) => {
        $amount.is_some_and(|amount| amount.to_string().parse::<f64>().unwrap() > $than)
    };
}

const FILTERS: &[(&str, Shown)] = &[
    ("", |_| true),
    ("billable", |d| d.billable),
    ("NOT billable", |d| !d.billable),
    ("billable AND billed = false", |d| d.billable && !d.billed),
    ("billed", |d| d.billed),
    ("percent_complete >= 60", |d| d.percent().number() >= 60),
    ("percent_complete != 20 percent_complete < 60", |d| {
        matches!(d.percent().number(), 0 | 40)
    }),
    ("estimated_hours > 2.5", |d| more!(d.estimated_hours, 2.5)),
    ("NOT estimated_hours > 2.5", |d| {
        !more!(d.estimated_hours, 2.5)
    }),
    ("actual_hours = 3.25", |d| {
        d.actual_hours == Some(Hours::new("3.25").unwrap())
    }),
    ("actual_hours != 3.25", |d| {
        d.actual_hours != Some(Hours::new("3.25").unwrap())
    }),
    ("actual_hours:*", |d| d.actual_hours.is_some()),
    ("-actual_hours:*", |d| d.actual_hours.is_none()),
    ("quantity > -1", |d| d.quantity.is_some()),
    ("mileage > 4.0000", |d| more!(d.mileage, 4.0)),
    ("price > 4 AND price.currency_code = EUR", |d| {
        d.price.is_some_and(|price| {
            price.currency() == "EUR"
                && price.amount().trunc() >= 4.into()
                && price.amount() > 4.into()
        })
    }),
    ("price.currency_code != EUR", |d| {
        d.price.is_none_or(|price| price.currency() != "EUR")
    }),
    ("expenses <= 1 expenses.currency_code:eu", |d| {
        d.expenses
            .is_some_and(|expenses| expenses.amount() <= 1.into())
    }),
    ("requester.display_name:zoe", |d| {
        d.requester
            .name
            .as_ref()
            .is_some_and(|name| name.as_str() == "Zoe Lima")
    }),
    ("NOT requester.display_name:zoe", |d| {
        d.requester
            .name
            .as_ref()
            .is_none_or(|name| name.as_str() != "Zoe Lima")
    }),
    ("requester.email = \"r3@example.com\"", |d| {
        d.requester
            .email
            .as_ref()
            .is_some_and(|email| email.as_str() == "r3@example.com")
    }),
    ("requester.phone:12342", |d| {
        d.requester
            .phone
            .as_ref()
            .is_some_and(|phone| phone.as_str().ends_with('2'))
    }),
    ("tags:red", |d| tagged(d, "red")),
    ("tags:Red", |_| false),
    ("tags:\"Dark Blue\" AND NOT tags:\"x\u{e9}\"", |d| {
        tagged(d, "Dark Blue") && d.tags.len() == 2
    }),
    ("NOT tags:red", |d| !tagged(d, "red")),
    ("-tags:*", |d| d.tags.is_empty()),
    ("text:\"blue X\u{c9}\"", |d| d.tags.len() == 3),
    ("responsible_role = success-manager", |d| {
        d.responsible_role.is_some()
    }),
    ("responsible_role != success-manager", |d| {
        d.responsible_role.is_none()
    }),
    ("creator = me", |d| d.creator.as_str() == "members/ana"),
    ("complete_time:* OR completed_by:*", |_| false),
    ("name = \"tasks/t007\"", |d| d.title.as_str() == "Call 7"),
    ("title = \"Call 7\" OR number = \"ACME-TASK-9\"", |d| {
        d.title.as_str() == "Call 7" || &*d.number == "ACME-TASK-9"
    }),
    ("kind = STANDALONE subject = \"accounts/acme\"", |_| true),
    ("kind = ORDER OR order = \"orders/o1\"", |_| false),
    ("category = Project", |d| d.category.is_some()),
    ("category != Project", |d| d.category.is_none()),
    ("status = IN_PROGRESS", |d| {
        d.status() == OpenStatus::InProgress.into()
    }),
    ("status != IN_PROGRESS open", |d| {
        d.status() == OpenStatus::NotStarted.into()
    }),
    ("priority >= NORMAL", |d| d.priority != Priority::Low),
    ("visibility = PORTAL", |d| {
        d.visibility == Visibility::Portal
    }),
    ("visibility != PORTAL", |d| {
        d.visibility == Visibility::Internal
    }),
    ("origin = AUTOMATION OR origin = CALL", |d| {
        d.origin != Origin::Manual
    }),
    ("origin != AUTOMATION", |d| d.origin != Origin::Automation),
    ("assignees:\"members/ana\"", |d| {
        d.assignees.contains(&member("ana"))
    }),
    ("assignee:me AND NOT assignee:\"members/ben\"", |d| {
        d.assignees == [member("ana")]
    }),
    ("current", |_| false),
    ("unassigned", |d| d.assignees.is_empty()),
    ("due_source = MANUAL", |d| d.due_source == DueSource::Manual),
    (
        "due_time >= 2027-01-20T08:00:00Z AND due_time < 2027-02-13T08:00:00Z",
        |d| d.due >= at(BEGIN + 5 * DAY) && d.due < at(BEGIN + 29 * DAY),
    ),
    ("due_time <= 2027-01-20T08:00:00Z", |d| {
        d.due <= at(BEGIN + 5 * DAY)
    }),
    ("overdue", |d| d.due < at(BEGIN)),
    (
        "create_time > 2027-01-15T08:00:30Z AND create_time <= 2027-01-15T08:01:15Z",
        |d| d.created_at > at(BEGIN + 30) && d.created_at <= at(BEGIN + 75),
    ),
    ("expenses.currency_code = EUR", |d| d.expenses.is_some()),
    (
        "update_time >= 2000-01-01T00:00:00Z start_time < 2100-01-01T00:00:00Z",
        |_| true,
    ),
];

fn tagged(details: &Details, tag: &str) -> bool {
    details.tags.iter().any(|other| other.as_str() == tag)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_filtered_by_in_lists_counts_and_watches_alike() {
    let story = varied();
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    let known = story.tasks();
    for (filter, shown) in FILTERS {
        let expected: BTreeSet<_> = known
            .iter()
            .filter(|(_, task)| shown(task.details().unwrap()))
            .map(|(name, _)| name.clone())
            .collect();
        let found = listed(&scene, &viewer, filter).await;
        assert_eq!(found, expected, "{filter}");
        let count = counted(&scene, &viewer, filter).await;
        assert_eq!(
            (count.counted, count.more),
            (expected.len() as i64, false),
            "{filter}"
        );
        let watched = WatchedTasks::new(filter, &viewer).unwrap();
        for (name, task) in &known {
            let state = TaskState::Standalone(task.clone());
            let shown = watched.shows(name.as_str(), &state, viewer.now);
            assert_eq!(shown, expected.contains(name), "{filter}: {name}");
        }
    }
}

/// The words of all filters that could be fields.
fn words() -> BTreeSet<&'static str> {
    let all = FILTERS.iter().map(|(filter, _)| filter);
    all.flat_map(|filter| filter.split(|c: char| !matches!(c, 'a'..='z' | '_' | '.')))
        .collect()
}

#[test]
fn there_is_a_filter_by_every_field() {
    let story = varied();
    let error = WatchedTasks::new("colour = red", &viewer(&story)).unwrap_err();
    let error = error.to_string();
    let (_, fields) = error.split_once("; it has ").unwrap();
    let words = words();
    let missing: Vec<_> = fields
        .split(", ")
        .filter(|field| !words.contains(field))
        .collect();
    assert!(missing.is_empty(), "no filter by {missing:?}");
    assert!(fields.contains("visibility, "), "{fields}");
}

#[test]
fn each_of_the_ranges_and_labels_leaves_some_out() {
    let story = varied();
    let known = story.tasks();
    for field in ["due_time ", "create_time ", "origin ", "visibility "] {
        let filters = FILTERS
            .iter()
            .filter(|(filter, _)| filter.starts_with(field));
        for (filter, shown) in filters {
            let count = known.values().filter(|task| shown(task.details().unwrap()));
            let count = count.count();
            assert!(0 < count && count < TASKS, "{filter}: {count}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_no_field_understands_is_an_error_that_names_it() {
    let story = varied();
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    for (filter, says) in [
        ("colour = red", "colour"),
        ("requester = zoe", "requester"),
        ("requester.name = zoe", "requester.name"),
        ("price.amount > 1", "price.amount"),
        ("tags = red", "tags is a list"),
        ("text = call", "text is searched"),
        ("text:\" \"", "text is searched for words"),
        ("estimated_hours > 1.00001", "at most 4 decimal places"),
        ("estimated_hours > 1e3", "estimated_hours is a number"),
        ("price > EUR", "price is a number"),
        (
            "percent_complete = half",
            "percent_complete is a whole number",
        ),
        ("kind = PROJECT", "kind is one of STANDALONE, ORDER"),
        ("due_source = LATER", "due_source is one of SLA, MANUAL"),
        ("billable = maybe", "billable is true or false"),
        ("responsible_role = \"Not an id\"", "responsible_role"),
        ("creator = ana", "creator is a resource name"),
        ("due_time < tomorrow", "due_time is a time"),
        ("unassigned > 1", "unassigned"),
    ] {
        let answer = scene.queries.count_tasks(filter, &viewer, scene.all());
        let QueryError::Invalid(invalid) = answer.await.unwrap_err() else {
            panic!("{filter}")
        };
        assert_eq!(invalid.request_field(), "filter");
        assert!(invalid.to_string().contains(says), "{filter}: {invalid}");
        assert_eq!(WatchedTasks::new(filter, &viewer).unwrap_err(), invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_ten_thousand_are_counted_as_more() {
    let story = varied();
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    counted(&scene, &viewer, "").await;
    let client = scene.database.connect().await;
    let copies = "insert into tasks_1.rows select (jsonb_populate_record(r, jsonb_build_object('task', 'tasks/copy-' || n))).* \
         from tasks_1.rows r cross join generate_series(1, $1::integer) n where r.task = 'tasks/t001'";
    let missing = MOST_COUNTED - TASKS as i64;
    client.execute(copies, &[&(missing as i32)]).await.unwrap();
    let exact = Count {
        counted: MOST_COUNTED,
        more: false,
    };
    assert_eq!(counted(&scene, &viewer, "").await, exact);
    let one_more = "insert into tasks_1.rows select (jsonb_populate_record(r, '{\"task\": \"tasks/last\"}')).* \
         from tasks_1.rows r where r.task = 'tasks/t001'";
    client.execute(one_more, &[]).await.unwrap();
    let more = Count {
        more: true,
        ..exact
    };
    for filter in ["", "open", "unassigned OR open"] {
        assert_eq!(counted(&scene, &viewer, filter).await, more, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_are_listed_newest_first_and_internal_ones_only_where_asked_for() {
    let mut story = varied();
    let (one, two, gone) = (name(1), name(2), name(3));
    let html = |text: String| Html::new(&text).unwrap();
    for n in 0..7 {
        let note = AddNote {
            name: one.clone(),
            note: html(format!("note {n}")),
        };
        story.tell("members/ana", &note).unwrap();
        let note = AddInternalNote {
            name: one.clone(),
            note: html(format!("internal {n}")),
        };
        story.tell("members/admin", &note).unwrap();
    }
    let note = AddNote {
        name: gone.clone(),
        note: html("gone".to_owned()),
    };
    story.tell("members/ana", &note).unwrap();
    let delete = DeleteTask { name: gone.clone() };
    story.tell("members/ana", &delete).unwrap();
    let (scene, viewer) = (Scene::of(&story).await, viewer(&story));
    let page = async |name: &TaskName, internal_too: bool, page_token: &str| {
        let request = ListRequest {
            page_size: 3,
            page_token,
            ..ListRequest::default()
        };
        let queries = &scene.queries;
        let answer = queries.list_task_notes(name, internal_too, &request, &viewer, scene.all());
        answer.await.map(|answer| answer.value)
    };
    for internal_too in [false, true] {
        let (mut texts, mut token) = (Vec::new(), String::new());
        loop {
            let page = page(&one, internal_too, &token).await.unwrap().unwrap();
            texts.extend(page.items.iter().map(|entry| entry.row.note.to_string()));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let expected: Vec<_> = (0..7)
            .rev()
            .flat_map(|n| match internal_too {
                true => vec![format!("internal {n}"), format!("note {n}")],
                false => vec![format!("note {n}")],
            })
            .collect();
        assert_eq!(texts, expected);
    }
    let first = page(&one, false, "").await.unwrap().unwrap();
    // A token is of one task, and of what its bearer was shown.
    for (name, internal_too) in [(&two, false), (&one, true)] {
        let error = page(name, internal_too, &first.next_page_token).await;
        let QueryError::Invalid(invalid) = error.unwrap_err() else {
            panic!("{name}")
        };
        assert_eq!(invalid.request_field(), "page_token");
    }
    assert_eq!(page(&two, true, "").await.unwrap().unwrap().items, []);
    assert_eq!(page(&gone, true, "").await.unwrap(), None);
    let nobody = TaskName::from_id("nobody").unwrap();
    assert_eq!(page(&nobody, true, "").await.unwrap(), None);
}
