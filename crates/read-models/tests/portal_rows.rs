//! What is hidden from contacts is nowhere that a query for them could look: readers are refused it.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use handoff_domain::{
    checklist::{Draft, Tier, Visibility},
    commands::{
        AddNote, AddOrderNote, AddTemplateTask, CreateService, CreateTask, DeleteTask, NewId,
        NoteOn, PlaceOrder,
    },
    names::{OrderName, OrderTaskName, ServiceName, StreamName, TaskName, TemplateTaskName},
    task::{self, Origin},
    text::{Html, Line},
};
use handoff_event_log::{Database, Role};
use handoff_read_models::{ListRequest, Viewer};
use support::{Story, member, scene::Scene};
use tokio_postgres::{Client, error::SqlState};

const ADMIN: &str = "members/admin";

fn html(text: &str) -> Html {
    Html::new(text).unwrap()
}

fn order() -> OrderName {
    "orders/o1".parse().unwrap()
}

/// An order with a task for contacts, one for the team and one of a later tier; tasks that contacts see, do not
/// see, see no more, and one about a member. Everything hidden has `hidden` in its texts, all else `shown`.
fn with_hidden_things() -> Story {
    let mut story = Story::with_team();
    let service: ServiceName = "services/seo".parse().unwrap();
    let create = CreateService {
        id: NewId::Given(service.clone()),
        display_name: Line::new("SEO").unwrap(),
        description: None,
    };
    story.tell(ADMIN, &create).unwrap();
    for (id, tier, visibility, title) in [
        ("brief", 1, Visibility::ClientAssigned, "shown brief"),
        ("audit", 1, Visibility::Internal, "hidden audit"),
        ("report", 2, Visibility::Portal, "hidden report"),
    ] {
        let add = AddTemplateTask {
            name: TemplateTaskName::from_id(&service, id).unwrap(),
            draft: Draft {
                title: Line::new(title).unwrap(),
                description: Some(html(title)),
                deadline_hours: None,
                assignees: vec![member("ana")],
                responsible_role: None,
                tier: Some(Tier::new(tier).unwrap()),
                visibility,
            },
        };
        story.tell(ADMIN, &add).unwrap();
    }
    let place = PlaceOrder {
        name: order(),
        account: "accounts/acme".parse().unwrap(),
        service,
        title: None,
        start: None,
    };
    story.tell(ADMIN, &place).unwrap();
    for (id, visibility, note) in [
        ("brief", task::Visibility::Portal, "shown note on brief"),
        ("brief", task::Visibility::Internal, "hidden for the team"),
        ("audit", task::Visibility::Portal, "hidden note on audit"),
        ("report", task::Visibility::Portal, "hidden note on report"),
    ] {
        let note = AddOrderNote {
            on: NoteOn::Task(OrderTaskName::from_id(&order(), id).unwrap()),
            note: html(note),
            visibility,
        };
        story.tell(ADMIN, &note).unwrap();
    }
    for (id, subject, visibility) in [
        ("shown", "accounts/acme", task::Visibility::Portal),
        ("internal", "accounts/acme", task::Visibility::Internal),
        ("deleted", "accounts/acme", task::Visibility::Portal),
        ("member", "members/ben", task::Visibility::Internal),
    ] {
        let name = TaskName::from_id(id).unwrap();
        let word = if id == "shown" { id } else { "hidden" };
        let create = CreateTask {
            name: name.clone(),
            draft: task::Draft {
                subject: Some(subject.parse().unwrap()),
                title: Some(Line::new(word).unwrap()),
                description: Some(html(word)),
                visibility,
                assignees: vec![member("ana")],
                ..task::Draft::default()
            },
            origin: Origin::Manual,
        };
        story.tell(ADMIN, &create).unwrap();
        let note = AddNote {
            name: name.clone(),
            note: html(&format!("{word} note")),
        };
        story.tell(ADMIN, &note).unwrap();
        if id == "deleted" {
            story.tell(ADMIN, &DeleteTask { name }).unwrap();
        }
    }
    story
}

/// The schemas of the portal's read models.
async fn schemas(client: &Client) -> Vec<String> {
    let sql = "select schemaname::text from pg_tables \
        where schemaname ~ '^portal(_notes)?_[0-9]+$' and tablename = 'rows' order by 1";
    let found = client.query(sql, &[]).await.unwrap();
    found.iter().map(|row| row.get(0)).collect()
}

async fn refused(reader: &Client, sql: &str) {
    let error = reader.query(sql, &[]).await.unwrap_err();
    assert_eq!(
        error.code(),
        Some(&SqlState::INSUFFICIENT_PRIVILEGE),
        "{sql}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_readers_may_select_has_what_contacts_may_not_see() {
    let story = with_hidden_things();
    let scene = Scene::of(&story).await;
    let (acme, bolt) = (
        "accounts/acme".parse().unwrap(),
        "accounts/bolt".parse().unwrap(),
    );
    let of = StreamName::from(&order());
    let viewer = Viewer {
        now: story.now,
        me: None,
    };
    let (all, request) = (scene.all(), ListRequest::default());
    let notes = scene
        .queries
        .list_portal_notes(&acme, &of, &request, &viewer, all);
    let notes = notes.await.unwrap().value.items;
    let notes: Vec<_> = notes.iter().map(|note| note.row.note.as_str()).collect();
    assert_eq!(notes, ["shown note on brief"]);
    let others = scene
        .queries
        .list_portal_notes(&bolt, &of, &request, &viewer, all);
    assert_eq!(others.await.unwrap().value.items, []);

    let database = Database::new(&scene.database.url).unwrap();
    let reader = database.connect(Role::Reader, "test", "").await.unwrap();
    let schemas = schemas(&scene.database.connect().await).await;
    assert_eq!(schemas.len(), 2, "{schemas:?}");
    let mut granted = String::new();
    for schema in &schemas {
        let columns = format!(
            "select attname::text from pg_attribute where attrelid = '{schema}.rows'::regclass and attnum > 0 \
             and has_column_privilege(attrelid, attnum, 'select') order by attnum"
        );
        let columns = reader.query(&columns, &[]).await.unwrap();
        let columns: Vec<String> = columns.iter().map(|row| row.get(0)).collect();
        let sql = format!(
            "select to_json(r)::text from (select {} from {schema}.rows) r",
            columns.join(", ")
        );
        for row in reader.query(&sql, &[]).await.unwrap() {
            granted.push_str(row.get(0));
        }
        refused(&reader, &format!("select * from {schema}.rows")).await;
        refused(&reader, &format!("select r from {schema}.rows r")).await;
    }
    assert!(granted.contains("shown brief"), "{granted}");
    assert!(!granted.contains("hidden"), "{granted}");
    assert!(!granted.contains("members/"), "{granted}");
    let [portal_notes, portal] = &schemas[..] else {
        panic!("{schemas:?}")
    };
    let (portal, portal_notes) = match portal.contains("notes") {
        true => (portal_notes, portal),
        false => (portal, portal_notes),
    };
    refused(&reader, &format!("select held from {portal}.rows")).await;
    refused(&reader, &format!("select note from {portal_notes}.rows")).await;

    let gate = format!(
        "select {portal_notes}.note('{portal}', $1, stream, version) from {portal_notes}.rows order by stream, version"
    );
    let mut given = Vec::new();
    for row in reader.query(&gate, &[&"accounts/acme"]).await.unwrap() {
        given.extend(row.get::<_, Option<String>>(0));
    }
    assert_eq!(given, ["shown note on brief", "shown note"]);
    for row in reader.query(&gate, &[&"accounts/bolt"]).await.unwrap() {
        assert_eq!(row.get::<_, Option<String>>(0), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_gate_looks_into_no_schema_but_the_portals() {
    let story = with_hidden_things();
    let scene = Scene::of(&story).await;
    let (acme, viewer) = (
        "accounts/acme".parse().unwrap(),
        Viewer {
            now: story.now,
            me: None,
        },
    );
    let (of, request) = (StreamName::from(&order()), ListRequest::default());
    let notes = scene
        .queries
        .list_portal_notes(&acme, &of, &request, &viewer, scene.all());
    assert_eq!(notes.await.unwrap().value.items.len(), 1);
    let client = scene.database.connect().await;
    let schemas = schemas(&client).await;
    let notes = schemas.iter().find(|schema| schema.contains("notes"));
    let gate = format!("select {}.note('public', 'a', 'b', 1)", notes.unwrap());
    let error = client.query(&gate, &[]).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::INVALID_SCHEMA_NAME));
}
