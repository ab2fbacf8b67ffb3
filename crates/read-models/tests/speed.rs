//! How long lists of accounts take over 200,000 of them. Prints a table and judges nothing:
//! `cargo test -p handoff-read-models --test speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod support;

use std::time::{Duration, Instant};

use handoff_domain::{
    account::Kind,
    commands::{CreateAccount, NewId},
    text::Line,
};
use handoff_read_models::{ListRequest, Viewer};
use support::{Story, member, scene::Scene};

const ROUNDS: usize = 500;

/// What is asked: filters with the number of the round in place of each `{}`, modulo what follows.
const FILTERS: &[&str] = &[
    "",
    "status = PAUSED AND kind = LEAD",
    "assignee = members/m{50} AND status = ACTIVE AND kind = LEAD",
    "assignee = members/admin AND status = DEACTIVATED AND kind = LEAD",
    "roles.sales-manager = members/m{40} AND status = PAUSED AND kind = CUSTOMER",
    "roles.success-manager = members/m{60} AND assignee = members/admin",
    "roles.success-manager = members/m{60} AND assignee = members/m{50}",
    "text:word{400}",
    "text:word{400} AND assignee = members/m{50} AND kind = CUSTOMER",
    "text:word{400} AND roles.sales-manager = members/m{40} AND status = PAUSED",
    "text:company AND roles.sales-manager = members/m{40} AND kind = LEAD",
    "text:company AND status = DEACTIVATED AND kind = LEAD",
    "text:company AND assignee = members/admin AND status = ACTIVE",
    "text:\"company word{400}\" AND status = ACTIVE",
    "text:\"acme-{200000}\"",
];

/// Copies of the account that the story has, under other names and with other columns.
const SEED: &str = "create function pg_temp.one_of(n bigint, of bigint, choice bigint) returns bigint \
     language sql immutable as 'select abs(hashint8extended(n, choice) % of)'; \
     insert into accounts_1.rows (partition, account, details, version, position, display_name, kind, status, \
         assignee, role_1, role_2, role_3, more_roles, support_team, search, origin, phones, created_at, updated_at) \
     select n % 64, 'accounts/acme-' || n, a.details, 1, 1, called, \
         case when pg_temp.one_of(n, 20, 1) = 0 then 'lead' else 'customer' end, \
         case when pg_temp.one_of(n, 100, 2) < 80 then 'active' when pg_temp.one_of(n, 100, 2) < 95 then 'paused' else 'deactivated' end, \
         case when pg_temp.one_of(n, 2, 3) = 0 then 'members/admin' else 'members/m' || pg_temp.one_of(n, 50, 4) end, \
         'members/m' || pg_temp.one_of(n, 40, 5) || ':sales-manager', \
         case when pg_temp.one_of(n, 3, 6) > 0 then 'members/m' || pg_temp.one_of(n, 60, 7) || ':success-manager' end, \
         null, array[]::text[], array[]::text[], lower(called), 'manual', array[]::text[], a.created_at + n * interval '1 second', a.updated_at + n * interval '1 second' \
     from accounts_1.rows a cross join generate_series(1, 200000) n \
         cross join lateral (select 'Word' || pg_temp.one_of(n, 400, 8) || ' Word' || pg_temp.one_of(n, 400, 9) \
             || case when pg_temp.one_of(n, 2, 10) = 0 then ' Company' else ' Sons' end as called) c; \
     insert into members_1.rows (partition, member, details, version, position, display_name, email, kind, enabled, search, \
         created_at, updated_at) \
     select 0, 'members/m' || n, details, 1, 1, display_name, null, 'staff', true, search, created_at, updated_at \
     from members_1.rows cross join generate_series(0, 59) n where member = 'members/ana'";

/// The filter of a round.
fn filter(template: &str, round: usize) -> String {
    let mut parts = template.split(['{', '}']);
    let mut filter = parts.next().unwrap().to_owned();
    while let (Some(modulus), Some(rest)) = (parts.next(), parts.next()) {
        let modulus: usize = modulus.parse().unwrap();
        filter += &format!("{}{rest}", round * 7919 % modulus);
    }
    filter
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, which takes a quiet machine"]
async fn lists_of_accounts_over_two_hundred_thousand() {
    let mut story = Story::with_team();
    let create = CreateAccount {
        id: NewId::Given("accounts/first".parse().unwrap()),
        display_name: Line::new("First").unwrap(),
        kind: Kind::Customer,
        assignee: None,
        sla_hours: None,
    };
    story.tell("members/ana", &create).unwrap();
    let scene = Scene::of(&story).await;
    let viewer = Viewer {
        now: story.now,
        me: Some(member("ana")),
    };
    let list = async |filter: &str| {
        let request = ListRequest {
            filter,
            ..ListRequest::default()
        };
        let begun = Instant::now();
        let answer = scene
            .queries
            .list_accounts(&request, &viewer, scene.all())
            .await
            .unwrap();
        (begun.elapsed(), answer.value.items.len())
    };
    // Until the read model is there.
    list("").await;
    let client = scene.database.connect().await;
    client.batch_execute(SEED).await.unwrap();
    for table in ["accounts_1.rows", "members_1.rows"] {
        let vacuum = format!("vacuum analyze {table}");
        client.batch_execute(&vacuum).await.unwrap();
    }

    println!("  p50 ms   p99 ms  most ms   rows  filter");
    for template in FILTERS {
        let (mut times, mut rows) = (Vec::new(), 0);
        for round in 0..ROUNDS {
            let (time, found) = list(&filter(template, round)).await;
            times.push(time);
            rows += found;
        }
        print(template, &mut times, rows as f64 / ROUNDS as f64);
    }
    let (mut times, mut rows) = (Vec::new(), 0);
    for _ in 0..20 {
        let begun = Instant::now();
        let request = ListRequest::default();
        let answer = scene
            .queries
            .list_workloads(&request, &viewer, scene.all())
            .await
            .unwrap();
        times.push(begun.elapsed());
        rows += answer.value.items.len();
    }
    print("(a page of workloads)", &mut times, rows as f64 / 20.0);
}

/// A line of the table.
fn print(what: &str, times: &mut [Duration], rows: f64) {
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{:>8.2} {:>8.2} {:>8.2} {rows:>6.1}  {what}",
        ms(times[times.len() / 2]),
        ms(times[times.len() * 99 / 100]),
        ms(times[times.len() - 1]),
    );
}
