//! `handoff service` and `handoff import services`.

use handoff_proto::v1::Service;

use crate::fake::Shell;

const FILE: &str = "\
services:
  - name: Search engines
    id: seo
    tasks:
      - {title: Fill in the brief, id: brief, tier: 1, visibility: client, deadline_hours: 48}
      - title: Audit the site
        assignees: [ana, Ben Okri]
  - name: Y
";

async fn with_service() -> Shell {
    let shell = Shell::new().await;
    let service = Service {
        name: "services/seo".to_owned(),
        display_name: "Search engines".to_owned(),
        ..Service::default()
    };
    let mut state = shell.fake.state.lock().unwrap();
    state.services.insert(service.name.clone(), service);
    drop(state);
    shell
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_on_a_service_asks_for_what_it_says() {
    let shell = with_service().await;
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["create", "Web site", "--id", "web"],
            &["CreateServiceRequest", r#"service_id: "web""#],
        ),
        (&["show", "seo"], &["GetServiceRequest"]),
        (
            &["list", "--text", "web"],
            &[r#"NOT retired AND text:\"web\""#],
        ),
        (
            &["update", "seo", "--description", "", "--etag", "2"],
            &[
                "UpdateServiceRequest",
                r#"paths: ["description"]"#,
                r#"etag: "2""#,
            ],
        ),
        (
            &[
                "task", "add", "seo", "Audit", "--id", "audit", "--assign", "ana", "--tier", "2",
                "--etag", "4",
            ],
            &[
                "AddTemplateTaskRequest",
                r#"task_id: "audit""#,
                r#"assignees: ["members/ana"]"#,
                "tier: 2",
                r#"etag: "4""#,
            ],
        ),
        (
            &[
                "task",
                "edit",
                "seo",
                "audit",
                "--title",
                "Audit all",
                "--role",
                "success-manager",
                "--clear",
                "assign",
            ],
            &[
                "UpdateTemplateTaskRequest",
                r#"name: "services/seo/tasks/audit""#,
                r#"paths: ["title", "responsible_role", "assignees"]"#,
                "assignees: []",
            ],
        ),
        (
            &[
                "task",
                "move",
                "seo",
                "brief",
                "services/seo/tasks/audit",
                "--tiers",
                "1,1",
            ],
            &[
                "ReorderTemplateTasksRequest",
                r#"tasks: ["services/seo/tasks/brief", "services/seo/tasks/audit"]"#,
                "tiers: [1, 1]",
            ],
        ),
        (
            &["task", "remove", "seo", "audit", "--etag", "5"],
            &[
                "RemoveTemplateTaskRequest",
                r#"etag: "5""#,
                r#"name: "services/seo/tasks/audit""#,
            ],
        ),
        (&["retire", "seo"], &["RetireServiceRequest"]),
    ];
    for (arguments, parts) in cases {
        let ended = shell.run(&[&["service"][..], arguments].concat()).await;
        assert_eq!(ended.code, Some(0), "{arguments:?} {ended:?}");
        let asked = shell.fake.state.lock().unwrap().asked.pop().unwrap();
        for part in *parts {
            assert!(asked.contains(part), "{part} is not in {asked}");
        }
    }
    for misunderstood in [
        &["update", "seo"][..],
        &["task", "edit", "seo", "audit"],
        &[
            "task", "edit", "seo", "audit", "--role", "x", "--clear", "role",
        ],
        &["task", "move", "seo"],
    ] {
        let ended = shell.run(&[&["service"][..], misunderstood].concat()).await;
        assert_eq!(ended.code, Some(2), "{misunderstood:?} {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_services_is_imported_once_and_a_changed_entry_changes_its_service() {
    let shell = Shell::new().await;
    let file = shell.file("services.yaml", FILE);
    let import = ["import", "services", &file];
    let ended = shell.run(&import).await;
    assert_eq!(
        ended.stdout, "created 2, unchanged 0, failed 0\n",
        "{ended:?}"
    );
    let first = shell.fake.state.lock().unwrap().services.clone();
    let seo = &first["services/seo"];
    let names: Vec<_> = seo.tasks.iter().map(|task| task.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "services/seo/tasks/brief",
            "services/seo/tasks/audit-the-site"
        ]
    );
    assert_eq!(seo.tasks[1].assignees, ["members/ana", "members/ben-okri"]);
    assert_eq!(first["services/y"].display_name, "Y");

    let ended = shell.run(&import).await;
    assert_eq!(
        ended.stdout, "created 0, unchanged 2, failed 0\n",
        "{ended:?}"
    );
    assert_eq!(shell.fake.state.lock().unwrap().services, first);

    let changed = FILE.replace("deadline_hours: 48", "deadline_hours: 24");
    let file = shell.file("services.yaml", &changed);
    let ended = shell.run(&["import", "services", &file]).await;
    assert_eq!(
        ended.stdout, "created 0, changed 1, unchanged 1, failed 0\n",
        "{ended:?}"
    );
    let services = shell.fake.state.lock().unwrap().services.clone();
    let brief = &services["services/seo"].tasks[0];
    assert_eq!(brief.deadline_hours, Some(24));
    assert_eq!(brief.visibility, first["services/seo"].tasks[0].visibility);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_taken_as_well() {
    let shell = Shell::new().await;
    let file = shell.file(
        "services.json",
        r#"[{"name": "Search engines", "tasks": [{"title": "Audit", "tier": 3}]}]"#,
    );
    let ended = shell.run(&["import", "services", &file]).await;
    assert_eq!(
        ended.stdout, "created 1, unchanged 0, failed 0\n",
        "{ended:?}"
    );
    let state = shell.fake.state.lock().unwrap();
    assert_eq!(state.services["services/search-engines"].tasks[0].tier, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_entry_is_reported_with_its_path_and_the_others_are_imported() {
    let shell = Shell::new().await;
    let file = shell.file(
        "services.yaml",
        "- name: One\n  colour: red\n- name: Two\n  tasks:\n    - {title: A, tier: 99}\n    - {title: B}\n- name: Three\n",
    );
    let ended = shell.run(&["import", "services", &file]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stdout, "created 1, unchanged 0, failed 2\n");
    let told: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(
        told,
        [
            "services[0].colour: is not known; an entry has name, id, description, tasks",
            "services[1].tasks[0].tier: is too high",
            "error: 2 services were not imported as a whole, see services[0].colour, services[1].tasks[0].tier; \
             correct them and import the file again",
        ]
    );
    let services = shell.fake.state.lock().unwrap().services.clone();
    assert!(!services.contains_key("services/one"));
    assert_eq!(services["services/two"].tasks[0].title, "B");
    assert!(services.contains_key("services/three"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_list_of_services_is_refused_before_anything_is_sent() {
    let shell = Shell::new().await;
    // Each alias stands for nine of the level before: a billion words.
    let mut bomb = "a0: &a0 [lol]\n".to_owned();
    for n in 1..12 {
        let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb += &format!("a{n}: &a{n} [{aliases}]\n");
    }
    for (name, text) in [
        ("text.yaml", "hello".to_owned()),
        ("open.yaml", "services: [".to_owned()),
        ("other.yaml", "tasks: []".to_owned()),
        ("twice.yaml", "services: []\nservices: []".to_owned()),
        ("bomb.yaml", bomb),
        ("many.json", format!("[{}{{}}]", "{},".repeat(1_000))),
        (
            "long.yaml",
            format!("- name: {}", "x".repeat(16 * 1024 * 1024)),
        ),
    ] {
        let file = shell.file(name, &text);
        let ended = shell.run(&["import", "services", &file]).await;
        assert_eq!(ended.code, Some(2), "{name} {}", ended.stderr);
        assert!(ended.stderr.contains(&file), "{}", ended.stderr);
    }
    assert!(shell.fake.state.lock().unwrap().asked.is_empty());
}
