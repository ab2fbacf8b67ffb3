use uuid::Uuid;

use super::*;
use crate::{
    commands::{
        DeleteTask, UndeleteTask,
        memory::Memory,
        task::samples::{ZOE, create, draft, fields, reason, with_submitted_task, with_task},
    },
    document::{Availability, Details, FileName, MediaType, Sha256},
    partition::Partition,
    settings,
    version::Revision,
};

pub(super) fn name(id: &str) -> DocumentName {
    DocumentName::from_id(id).unwrap()
}

pub(super) fn line(text: &str) -> Line {
    Line::new(text).unwrap()
}

fn file(size: u64) -> File {
    File {
        name: FileName::new("offer.pdf").unwrap(),
        media_type: MediaType::new("application/pdf").unwrap(),
        size,
        sha256: Sha256::from_bytes([7; 32]),
        object: Uuid::from_u128(1),
    }
}

pub(super) fn attach(task: &str, ids: &[&str]) -> AttachDocuments {
    AttachDocuments {
        parent: format!("tasks/{task}").parse().unwrap(),
        documents: ids
            .iter()
            .map(|id| NewDocument {
                name: name(id),
                file: file(1_000),
            })
            .collect(),
        about: Description::default(),
        active: true,
        visibility: None,
    }
}

pub(super) fn update(id: &str, changes: Changes) -> UpdateDocument {
    UpdateDocument {
        name: name(id),
        changes,
    }
}

pub(super) fn view(id: &str) -> RecordView {
    RecordView { name: name(id) }
}

pub(super) fn details(memory: &Memory, id: &str) -> Details {
    memory.document(&name(id)).details().unwrap().clone()
}

fn offer(memory: &mut Memory, categories: &[&str]) {
    memory.change_settings(settings::Changes {
        document_categories: Some(categories.iter().map(|text| line(text)).collect()),
        ..settings::Changes::default()
    });
}

pub(super) fn is_not_found(rejection: &Rejection) -> bool {
    matches!(rejection, Rejection::NotFound { .. })
}

#[test]
fn the_files_of_an_upload_are_attached_together_and_share_the_tasks_partition() {
    let mut memory = with_task();
    let before = memory.log.len();
    let answered = memory.accept("members/ana", &attach("t1", &["a", "b"]));
    assert_eq!(answered.as_str(), "documents/b");
    let events: Vec<_> = memory.log[before..].iter().collect();
    assert_eq!(events.len(), 2);
    for event in events {
        assert_eq!(event.event.name(), "document.uploaded");
        assert_eq!(event.partition, Partition::of("accounts/acme"));
    }
    let document = details(&memory, "a");
    assert!(document.active);
    assert_eq!(document.views, 0);
    assert_eq!(document.subject.as_str(), "accounts/acme");
    assert_eq!(document.uploaded_by.as_str(), "members/ana");
}

#[test]
fn an_upload_is_refused_as_a_whole() {
    let mut memory = with_task();
    memory.accept("members/ana", &attach("t1", &["a"]));
    let before = memory.log.len();
    let taken = memory.reject("members/ana", &attach("t1", &["b", "a"]));
    assert!(matches!(taken, Rejection::AlreadyExists { .. }));
    let twice = memory.reject("members/ana", &attach("t1", &["c", "c"]));
    assert!(matches!(twice, Rejection::AlreadyExists { .. }));
    assert_eq!(memory.log.len(), before);
    assert!(memory.document(&name("b")).details().is_none());
}

#[test]
fn an_upload_has_one_to_twenty_files_with_something_in_them() {
    let mut memory = with_task();
    assert_eq!(
        fields(memory.reject("members/ana", &attach("t1", &[]))),
        ["header.files"]
    );
    let ids: Vec<_> = (0..21).map(|n| format!("d{n}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let many = memory.reject("members/ana", &attach("t1", &ids));
    assert_eq!(fields(many), ["header.files"]);
    memory.accept("members/ana", &attach("t1", &ids[..20]));
    let mut empty = attach("t1", &["x", "y"]);
    empty.documents[1].file.size = 0;
    let empty = memory.reject("members/ana", &empty);
    assert_eq!(fields(empty), ["header.files[1].size_bytes"]);
}

#[test]
fn a_category_is_offered_when_it_is_given_and_stays_when_it_is_retired() {
    let mut memory = with_task();
    let mut command = attach("t1", &["a"]);
    command.about.category = Some(line("Contract"));
    let unknown = memory.reject("members/ana", &command);
    assert_eq!(reason(unknown), Reason::UnknownCategory);
    offer(&mut memory, &["Contract", "Invoice"]);
    memory.accept("members/ana", &command);
    offer(&mut memory, &["Invoice"]);
    assert_eq!(details(&memory, "a").category, Some(line("Contract")));
    command.documents[0].name = name("b");
    let retired = memory.reject("members/ana", &command);
    assert_eq!(reason(retired), Reason::UnknownCategory);

    let to = |category| Changes {
        category: Some(Some(line(category))),
        active: Some(false),
        ..Changes::default()
    };
    memory.accept("members/ana", &update("a", to("Contract")));
    memory.accept("members/ana", &update("a", to("Invoice")));
    let back = memory.reject("members/ana", &update("a", to("Contract")));
    assert_eq!(reason(back), Reason::UnknownCategory);
}

#[test]
fn a_file_is_no_larger_than_the_settings_allow() {
    let mut memory = with_task();
    memory.change_settings(settings::Changes {
        document_max_bytes: Some(settings::DocumentBytes::new(2_000).unwrap()),
        ..settings::Changes::default()
    });
    let mut command = attach("t1", &["a", "b"]);
    command.documents[1].file = file(2_001);
    let rejection = memory.reject("members/ana", &command);
    assert_eq!(reason(rejection), Reason::DocumentTooLarge);
    command.documents[1].file = file(2_000);
    memory.accept("members/ana", &command);
}

#[test]
fn a_parent_must_exist_and_hides_its_documents_when_it_is_deleted() {
    let mut memory = with_task();
    assert!(is_not_found(
        &memory.reject("members/ana", &attach("t9", &["a"]))
    ));
    memory.accept("members/ana", &attach("t1", &["a"]));
    let task = crate::names::TaskName::from_id("t1").unwrap();
    memory.accept("members/ana", &DeleteTask { name: task.clone() });
    let changes = Changes {
        active: Some(false),
        ..Changes::default()
    };
    for command in [
        &attach("t1", &["b"]) as &dyn Command,
        &update("a", changes.clone()),
        &view("a"),
    ] {
        assert!(is_not_found(&memory.reject("members/ana", command)));
    }
    memory.accept("members/ana", &UndeleteTask { name: task });
    memory.accept("members/ana", &update("a", changes));
}

#[test]
fn a_document_is_as_visible_as_its_task_unless_the_team_says_otherwise() {
    let mut memory = with_submitted_task();
    memory.accept("members/ana", &attach("t1", &["a"]));
    memory.accept("members/ana", &attach("p1", &["b"]));
    let kept = AttachDocuments {
        visibility: Some(Visibility::Internal),
        ..attach("p1", &["c"])
    };
    memory.accept("members/ana", &kept);
    let seen = ["a", "b", "c"].map(|id| details(&memory, id).visibility);
    assert_eq!(
        seen,
        [
            Visibility::Internal,
            Visibility::Portal,
            Visibility::Internal
        ]
    );
}

#[test]
fn contacts_see_active_documents_for_the_portal_inside_their_dates() {
    let mut memory = with_submitted_task();
    memory.accept("members/ana", &attach("p1", &["a"]));
    memory.accept(ZOE, &view("a"));
    let hour = chrono::TimeDelta::hours(1);
    let now = memory.now;
    let hiding = [
        Changes {
            active: Some(false),
            ..Changes::default()
        },
        Changes {
            visibility: Some(Visibility::Internal),
            ..Changes::default()
        },
        Changes {
            available_from: Some(Some(now + hour)),
            ..Changes::default()
        },
        Changes {
            available_until: Some(Some(now - hour)),
            ..Changes::default()
        },
    ];
    for (index, changes) in hiding.into_iter().enumerate() {
        let id = format!("h{index}");
        memory.accept("members/ana", &attach("p1", &[&id]));
        memory.accept("members/ana", &update(&id, changes));
        assert!(is_not_found(&memory.reject(ZOE, &view(&id))), "{index}");
        memory.accept("members/ana", &view(&id));
    }
    memory.accept("members/ana", &create("b1", draft("accounts/bolt")));
    let of_others = AttachDocuments {
        visibility: Some(Visibility::Portal),
        ..attach("b1", &["o"])
    };
    memory.accept("members/ana", &of_others);
    assert!(is_not_found(&memory.reject(ZOE, &view("o"))));
}

#[test]
fn a_contact_attaches_to_what_they_see_of_an_account_that_goes_on() {
    let mut memory = with_submitted_task();
    memory.accept(ZOE, &attach("p1", &["a"]));
    assert_eq!(details(&memory, "a").visibility, Visibility::Portal);
    for hidden in ["t1", "t9"] {
        assert!(is_not_found(&memory.reject(ZOE, &attach(hidden, &["b"]))));
    }
    let inactive = AttachDocuments {
        active: false,
        ..attach("p1", &["b"])
    };
    let internal = AttachDocuments {
        visibility: Some(Visibility::Internal),
        ..attach("p1", &["b"])
    };
    for command in [
        &inactive as &dyn Command,
        &internal,
        &update("a", Changes::default()),
    ] {
        assert!(matches!(
            memory.reject(ZOE, command),
            Rejection::NotAllowed { .. }
        ));
    }
    memory.deactivate(&"accounts/acme".parse().unwrap());
    let rejection = memory.reject(ZOE, &attach("p1", &["b"]));
    assert_eq!(reason(rejection), Reason::AccountDeactivated);
    // Like notes, the team's documents on work that is there go on.
    memory.accept("members/ana", &attach("p1", &["b"]));
}

#[test]
fn a_document_is_not_available_until_before_it_is_from() {
    let mut memory = with_task();
    let now = memory.now;
    let earlier = now - chrono::TimeDelta::hours(1);
    let mut command = attach("t1", &["a"]);
    command.about.availability = Availability {
        from: Some(now),
        until: Some(earlier),
    };
    let rejection = memory.reject("members/ana", &command);
    assert_eq!(fields(rejection), ["header.available_until_time"]);
    command.about.availability.until = Some(now);
    memory.accept("members/ana", &command);
    let changes = Changes {
        available_until: Some(Some(earlier)),
        ..Changes::default()
    };
    let rejection = memory.reject("members/ana", &update("a", changes.clone()));
    assert_eq!(fields(rejection), ["document.available_until_time"]);
    let both = Changes {
        available_from: Some(None),
        ..changes
    };
    memory.accept("members/ana", &update("a", both));
}

#[test]
fn a_save_records_what_it_changed_and_an_idle_one_nothing() {
    let mut memory = with_task();
    memory.accept("members/ana", &attach("t1", &["a"]));
    let changes = Changes {
        short_description: Some(Some(line("The offer"))),
        active: Some(true),
        ..Changes::default()
    };
    memory.accept("members/ben", &update("a", changes.clone()));
    let crate::Event::Document(Event::Updated(updated)) = &memory.log.last().unwrap().event else {
        panic!("{:?}", memory.log.last())
    };
    assert!(updated.active.is_none());
    assert_eq!(updated.short_description.as_ref().unwrap().from, None);
    let events = memory.log.len();
    memory.accept("members/ben", &update("a", changes));
    assert_eq!(memory.log.len(), events);
    let stale = memory.decide_at(
        Revision(1),
        &update(
            "a",
            Changes {
                active: Some(false),
                ..Changes::default()
            },
        ),
    );
    assert!(matches!(stale, Err(Rejection::VersionMismatch { .. })));
}

#[test]
fn views_are_counted_and_leave_the_etag_alone() {
    let mut memory = with_task();
    memory.accept("members/ana", &attach("t1", &["a"]));
    let before = details(&memory, "a");
    memory.accept("members/ana", &view("a"));
    memory.accept("members/ben", &view("a"));
    let after = details(&memory, "a");
    assert_eq!(after.views, 2);
    assert_eq!(Details { views: 0, ..after }, before);
    assert!(is_not_found(&memory.reject("members/ana", &view("z"))));
}
