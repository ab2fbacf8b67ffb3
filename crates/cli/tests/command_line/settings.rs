//! The settings.

use handoff_proto::v1::AccountRole;

use crate::fake::Shell;

fn role(role: &str, display_name: &str, retired: bool) -> AccountRole {
    AccountRole {
        role: role.to_owned(),
        display_name: display_name.to_owned(),
        retired,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_again_if_the_settings_changed_meanwhile() {
    let shell = Shell::new().await;
    {
        let mut state = shell.fake.state.lock().unwrap();
        state.settings.account_roles = vec![role("sales", "Sales", false)];
        state.racing_changes = 2;
    }
    let ended = shell
        .run(&["settings", "role", "add", "tech", "Technical lead"])
        .await;
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), "The role tech (Technical lead) can be assigned.\n"),
        "{ended:?}"
    );
    let ended = shell.run(&["settings", "role", "retire", "sales"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        shell.fake.state.lock().unwrap().settings.account_roles,
        [
            role("sales", "Sales", true),
            role("tech", "Technical lead", false)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_a_list_cannot_be_retired() {
    let shell = Shell::new().await;
    let ended = shell.run(&["settings", "role", "retire", "chef"]).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.stderr,
        "error: there is no role \"chef\"\n  → `handoff settings show` lists what there is.\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_named_is_set() {
    let shell = Shell::new().await;
    let ended = shell
        .run(&["settings", "set", "--default-sla-hours", "48"])
        .await;
    assert_eq!(ended.stdout, "Set default_sla_hours.\n", "{ended:?}");
    assert_eq!(
        shell.fake.state.lock().unwrap().settings.default_sla_hours,
        48
    );
    assert_eq!(shell.run(&["settings", "set"]).await.code, Some(2));
}
