use chrono::{NaiveDate, TimeDelta};

use super::*;
use crate::{
    Change, Revision,
    commands::{
        CancelTask, CompleteTask, MarkBilled, UpdateSettings,
        memory::Memory,
        task::samples::{details, fields, name, reason, with_task},
    },
    limits,
    rejection::{Reason, Rejection, Violations},
    settings,
    task::{Due, DueSource, Hours, Percent, Priority, Tag, Updated},
    text::{Html, Line},
};

fn update(changes: Changes) -> UpdateTask {
    UpdateTask {
        name: name("t1"),
        changes,
    }
}

fn updated(memory: &Memory) -> Updated {
    match &memory.log.last().unwrap().event {
        crate::Event::Task(Event::Updated(updated)) => (**updated).clone(),
        other => panic!("{other:?}"),
    }
}

fn billable(billable: bool) -> UpdateTask {
    update(Changes {
        billable: Some(billable),
        ..Changes::default()
    })
}

#[test]
fn a_save_is_one_event_with_old_and_new_of_what_changed() {
    let mut memory = with_task();
    let command = update(Changes {
        title: Some(Line::new("Prepare the yearly review").unwrap()),
        priority: Some(Priority::Normal),
        actual_hours: Some(Some(Hours::new("1.5").unwrap())),
        tags: Some(vec![Tag::new("figures").unwrap(); 2]),
        ..Changes::default()
    });
    let events = memory.log.len();
    memory.accept("members/ana", &command);
    assert_eq!(memory.log.len(), events + 1);
    let event = updated(&memory);
    assert_eq!(
        event.fields(),
        [Field::Title, Field::ActualHours, Field::Tags]
    );
    let title = event.title.unwrap();
    assert_eq!(title.from.as_str(), "Prepare the quarterly review");
    assert_eq!(title.to.as_str(), "Prepare the yearly review");
    assert_eq!(details(&memory, "t1").tags.len(), 1);
    memory.accept("members/ana", &command);
    assert_eq!(memory.log.len(), events + 1);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut memory = with_task();
    let mut found = Violations::new();
    found.add("task.percent_complete", "is 101");
    let early = memory.now - TimeDelta::days(30);
    let changes = Changes {
        due: Some(Some(early.into())),
        tags: Some(vec![Tag::new("red").unwrap(); limits::TAGS + 1]),
        found,
        ..Changes::default()
    };
    assert_eq!(
        fields(memory.reject("members/ana", &update(changes.clone()))),
        ["task.percent_complete", "task.tags", "task.due_time"]
    );
    // A due time is not compared with a start that could not be read.
    let mut found = Violations::new();
    found.add("task.start_time", "is no time");
    let changes = Changes {
        tags: None,
        found,
        ..changes
    };
    let events = memory.log.len();
    assert_eq!(
        fields(memory.reject("members/ana", &update(changes))),
        ["task.start_time"]
    );
    assert_eq!(memory.log.len(), events);
}

#[test]
fn what_a_task_may_lack_can_be_cleared() {
    let mut memory = with_task();
    let described = |html: Option<&str>| {
        update(Changes {
            description: Some(html.map(|html| Html::new(html).unwrap())),
            ..Changes::default()
        })
    };
    memory.accept("members/ana", &described(Some("With figures")));
    memory.accept("members/ana", &described(None));
    assert_eq!(details(&memory, "t1").description, None);
    let events = memory.log.len();
    memory.accept("members/ana", &described(Some(" ")));
    assert_eq!(memory.log.len(), events);
}

#[test]
fn moving_the_start_moves_a_due_time_of_the_sla_only() {
    let mut memory = with_task();
    let before = details(&memory, "t1");
    let later = before.start + TimeDelta::days(1);
    let start = |start| {
        update(Changes {
            start: Some(start),
            ..Changes::default()
        })
    };
    memory.accept("members/ana", &start(later));
    let moved = details(&memory, "t1");
    assert_eq!(moved.due, before.due + TimeDelta::days(1));
    assert_eq!(updated(&memory).due.unwrap().from, before.due);

    let due = moved.due + TimeDelta::days(5);
    let by_hand = update(Changes {
        due: Some(Some(due.into())),
        ..Changes::default()
    });
    memory.accept("members/ana", &by_hand);
    memory.accept("members/ana", &start(later + TimeDelta::days(1)));
    let fixed = details(&memory, "t1");
    assert_eq!((fixed.due, fixed.due_source), (due, DueSource::Manual));

    let after_due = start(due + TimeDelta::seconds(1));
    let rejection = memory.reject("members/ana", &after_due);
    assert_eq!(fields(rejection), ["task.start_time"]);
}

#[test]
fn clearing_the_due_time_returns_to_the_sla_of_the_creation() {
    let mut memory = with_task();
    let sla_hours = |hours| UpdateSettings {
        changes: settings::Changes {
            default_sla_hours: Some(crate::text::SlaHours::new(hours).unwrap()),
            ..settings::Changes::default()
        },
    };
    memory.accept("members/admin", &sla_hours(1));
    let due = |due| {
        update(Changes {
            due: Some(due),
            ..Changes::default()
        })
    };
    let day = NaiveDate::from_ymd_opt(2027, 6, 1).unwrap();
    memory.accept("members/ana", &due(Some(Due::On(day))));
    let by_hand = details(&memory, "t1");
    assert_eq!(by_hand.due.to_rfc3339(), "2027-06-01T23:59:59+00:00");
    memory.accept("members/ana", &due(None));
    let is = details(&memory, "t1");
    assert_eq!(
        (is.due, is.due_source),
        (is.start + TimeDelta::hours(72), DueSource::Sla)
    );
    // The same instant, but now somebody wants it: it stays when the start moves.
    memory.accept("members/ana", &due(Some(is.due.into())));
    let source = Change {
        from: DueSource::Sla,
        to: DueSource::Manual,
    };
    assert_eq!(updated(&memory).due_source, Some(source));
}

#[test]
fn a_due_time_before_the_start_or_out_of_range_is_refused() {
    let mut memory = with_task();
    let start = details(&memory, "t1").start;
    for due in [
        start - TimeDelta::seconds(1),
        chrono::DateTime::<chrono::Utc>::MAX_UTC,
    ] {
        let early = update(Changes {
            due: Some(Some(due.into())),
            ..Changes::default()
        });
        let rejection = memory.reject("members/ana", &early);
        assert_eq!(fields(rejection), ["task.due_time"]);
    }
}

#[test]
fn a_hundred_percent_does_not_complete_a_task() {
    let mut memory = with_task();
    let done = update(Changes {
        percent: Some(Percent::DONE),
        ..Changes::default()
    });
    memory.accept("members/ana", &done);
    let task = details(&memory, "t1");
    assert!(task.is_open() && task.completed().is_none());
    assert_eq!(task.percent(), Percent::DONE);
}

#[test]
fn closed_tasks_stay_editable_but_for_how_much_is_done() {
    let close: [Box<dyn Command>; 2] = [
        Box::new(CompleteTask { name: name("t1") }),
        Box::new(CancelTask { name: name("t1") }),
    ];
    for close in close {
        let mut memory = with_task();
        memory.accept("members/ana", &*close);
        let title = update(Changes {
            title: Some(Line::new("Review").unwrap()),
            billable: Some(true),
            percent: Some(details(&memory, "t1").percent()),
            ..Changes::default()
        });
        memory.accept("members/ana", &title);
        let percent = update(Changes {
            percent: Some(Percent::new(50).unwrap()),
            ..Changes::default()
        });
        let rejection = memory.reject("members/ana", &percent);
        assert_eq!(reason(rejection), Reason::TaskClosed);
    }
}

#[test]
fn what_is_billed_stays_billable() {
    let mut memory = with_task();
    memory.accept("members/ana", &billable(true));
    let billed = |billed| MarkBilled {
        name: name("t1"),
        billed,
    };
    memory.accept("members/admin", &billed(true));
    let rejection = memory.reject("members/admin", &billable(false));
    assert_eq!(reason(rejection), Reason::TaskBilled);
    memory.accept("members/admin", &billed(false));
    memory.accept("members/ana", &billable(false));
}

#[test]
fn a_retired_category_stays_on_old_tasks_and_is_not_chosen_anew() {
    let mut memory = with_task();
    let category = |category: &str| {
        update(Changes {
            category: Some(Some(category.into())),
            priority: Some(Priority::High),
            ..Changes::default()
        })
    };
    memory.accept("members/ana", &category("Video"));
    memory.change_settings(settings::Changes {
        task_categories: Some(vec![Line::new("Letter").unwrap()]),
        ..settings::Changes::default()
    });
    memory.accept("members/ana", &category("Video"));
    assert_eq!(details(&memory, "t1").category.as_deref(), Some("Video"));
    memory.accept("members/ana", &category("Letter"));
    let rejection = memory.reject("members/ana", &category("Video"));
    assert_eq!(reason(rejection), Reason::UnknownCategory);
}

#[test]
fn a_role_that_a_task_is_made_to_follow_is_offered() {
    let mut memory = with_task();
    let role = |role: &str| {
        update(Changes {
            responsible_role: Some(Some(role.parse().unwrap())),
            ..Changes::default()
        })
    };
    memory.accept("members/ana", &role("sales-manager"));
    let rejection = memory.reject("members/ana", &role("jester"));
    assert_eq!(reason(rejection), Reason::UnknownRole);
}

#[test]
fn at_most_fifty_tags() {
    let mut memory = with_task();
    let tags = |count: usize| {
        update(Changes {
            tags: Some(
                (0..count)
                    .map(|n| Tag::new(&n.to_string()).unwrap())
                    .collect(),
            ),
            ..Changes::default()
        })
    };
    memory.accept("members/ana", &tags(limits::TAGS));
    let rejection = memory.reject("members/ana", &tags(limits::TAGS + 1));
    assert_eq!(fields(rejection), ["task.tags"]);
}

#[test]
fn a_stale_etag_or_an_unknown_task_is_not_edited() {
    let mut memory = with_task();
    memory.accept("members/ana", &billable(true));
    let stale = memory.decide_at(Revision(1), &billable(false));
    assert!(matches!(stale, Err(Rejection::VersionMismatch { .. })));
    assert!(memory.decide_at(Revision(2), &billable(false)).is_ok());
    let unknown = UpdateTask {
        name: name("t9"),
        ..billable(true)
    };
    let rejection = memory.reject("members/ana", &unknown);
    assert!(matches!(rejection, Rejection::NotFound { .. }));
}
