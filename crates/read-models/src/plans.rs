//! Whether Postgres reads the lists as `docs/queries.md` says: each pair of filter and order that is named
//! there, by the index that is named.

use handoff_projections::ReadModel;
use handoff_testkit::TestDatabase;
use tokio_postgres::Client;

use crate::{
    accounts::{self, Accounts},
    activities::{self, Activities},
    documents::{self, Documents},
    filter::{Parameters, Viewer},
    history::{self, History},
    holdings,
    list::{ListRequest, Listing, Plan, Shown, Statement},
    members::{self, Members},
    operation_items::{self, OperationItems},
    operations::{self, Operations},
    orders::{self, Orders},
    page::PageTokens,
    portal::{self, Portal},
    services::{self, Services},
    task_texts::TaskTexts,
    tasks::{self, Tasks},
    timelines::{self, Timelines},
    todo, workloads,
};

const DOCUMENT: &str = include_str!("../../../docs/queries.md");
const TASKS: i64 = 100_000;
/// The indexes by which it is found what a member holds.
const HOLDERS: [&str; 12] = [
    "rows_assignee",
    "rows_role_1",
    "rows_role_2",
    "rows_role_3",
    "rows_more_roles",
    "rows_support_team",
    "rows_assignee_1",
    "rows_assignee_2",
    "rows_assignee_3",
    "rows_assignee_4",
    "rows_added",
    "rows_assignees",
];

/// A table as a projector makes it, with rows from `rows`, which gives its columns in their order.
async fn table<M: ReadModel>(client: &Client, rows: &str) {
    let schema = format!("{}_1", M::NAME);
    let columns = [M::KEY, M::COLUMNS].concat().join(", ");
    let key: Vec<_> = M::KEY
        .iter()
        .filter_map(|column| column.split(' ').next())
        .collect();
    let mut statements = vec![
        format!("create schema {schema}"),
        format!(
            "create table {schema}.rows (partition smallint not null, {columns}, \
             constraint rows_pk primary key ({}, partition))",
            key.join(", ")
        ),
        format!("insert into {schema}.rows {rows}"),
    ];
    let indexes = M::INDEXES.iter();
    statements.extend(
        indexes.map(|index| format!("create index {} on {schema}.rows {}", index.name, index.on)),
    );
    statements.push(format!("analyze {schema}.rows"));
    if M::TALLIES {
        statements.push(format!(
            "create table {schema}.tallies (partition smallint not null, whose text collate \"C\" not null, \
                 label text collate \"C\" not null, count bigint not null, \
                 constraint tallies_pk primary key (whose, label, partition))"
        ));
    }
    client.batch_execute(&statements.join("; ")).await.unwrap();
}

/// A hundred thousand tasks of a thousand accounts, with two events each.
async fn tables(client: &Client) {
    table::<Tasks>(
        client,
        &format!(
            "select n % 64, 'tasks/t' || n, case when n % 50 = 0 then 'order' else 'standalone' end, '{{}}', 1, n, 'accounts/a' || n % 1000, \
                 'A' || n % 1000 || '-TASK-' || n / 1000, 'Call back', null, \
                 (array['complete', 'complete', 'complete', 'complete', 'complete', 'complete', 'not_started', \
                     'in_progress', 'waiting_on_customer', 'cancelled'])[1 + n / 7 % 10], \
                 'normal', 'internal', \
                 (array['members/m' || n % 97, 'members/n' || n % 89, 'members/o', 'members/p' || n % 83])[:1 + n % 4], \
                 born, born + interval '3 days', 'sla', 0, 'manual', 'members/m' || n % 97, null, null, born, born, \
                 null, null, false, false, null, null, null, null, null, null, null, null, null, \
                 case when n % 20 = 0 then array['tag-' || n % 47] else array[]::text[] end, null, \
                 case when n % 50 = 0 then 'orders/o' || n / 500 else '' end, false \
             from generate_series(1, {TASKS}) n, lateral (select timestamptz '2026-01-01' + n * interval '1 minute' as born) _"
        ),
    )
    .await;
    table::<TaskTexts>(
        client,
        &format!(
            "select n % 64, 'tasks/t' || n, 'a' || n % 1000 || '-task-' || n / 1000, 'call back ' || md5(n::text), '', '' \
             from generate_series(1, {TASKS}) n"
        ),
    )
    .await;
    table::<Accounts>(
        client,
        "select n % 64, 'accounts/a' || n, '{}', 1, n, 'Account ' || n, \
             case when n % 10 = 0 then 'lead' else 'customer' end, \
             (array['active', 'active', 'active', 'active', 'paused', 'deactivated'])[1 + n / 7 % 6], \
             'members/m' || n % 97, 'members/m' || n % 89 || ':sales-manager', \
             case when n % 2 = 0 then 'members/m' || n % 83 || ':success-manager' end, null, array[]::text[], array['members/m' || n % 79], \
             'account ' || md5(n::text), 'auto', array['4930' || n], \
             timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute' \
         from generate_series(1, 20000) n",
    )
    .await;
    table::<Members>(
        client,
        "select n % 64, 'members/m' || n, '{}', 1, n, 'Member ' || n, null, 'staff', true, 'member ' || md5(n::text), \
             timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute' \
         from generate_series(1, 20000) n",
    )
    .await;
    table::<Activities>(
        client,
        &format!(
            "select n % 64, 'activities/c' || n, '{{}}', 1, n, 'accounts/a' || n % 1000, \
                 (array['complete', 'complete', 'complete', 'open', 'noted', 'deleted'])[1 + n / 7 % 6], \
                 case when n % 10 = 0 then '' else 'members/m' || n % 97 end, \
                 case when n / 7 % 6 <> 4 then born + interval '3 days' end, \
                 case when n / 7 % 6 < 3 then born + interval '2 days' end, born, born \
             from generate_series(1, {TASKS}) n, lateral (select timestamptz '2026-01-01' + n * interval '1 minute' as born) _"
        ),
    )
    .await;
    table::<Services>(
        client,
        "select n % 64, 'services/s' || n, '{}', 1, n, 'Service ' || n, null, n % 20 = 0, 3, array['members/m' || n % 79], \
             'service ' || md5(n::text), 1, \
             timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute' \
         from generate_series(1, 20000) n",
    )
    .await;
    table::<Orders>(
        client,
        "select n % 64, 'orders/o' || n, '{}', 1, n, 'accounts/a' || n % 1000, 'services/s' || n % 100, 'Order ' || n, \
             (array['open', 'complete', 'complete', 'complete', 'cancelled'])[1 + n / 7 % 5], born, \
             case when n / 7 % 5 = 0 then born + interval '30 days' else 'infinity' end, array['members/m' || n % 997], \
             case when n % 10 = 0 then array['members/m' || n % 97] else array[]::text[] end, \
             array['members/m' || n % 997], 3, 1, 1, null, null, 'members/m1', 'order ' || md5(n::text), 1, born, born \
         from generate_series(1, 20000) n, lateral (select timestamptz '2026-01-01' + n * interval '1 minute' as born) _",
    )
    .await;
    table::<Portal>(
        client,
        "select n % 64, case when n / 10 % 5 = 0 then 'orders/o' else 'tasks/t' end || n, '{}', n, 'accounts/a' || n % 10, \
             case when n / 10 % 5 = 0 then 'order' else 'task' end, '{}', \
             case when n / 10 % 5 = 0 then 'open' when n / 50 % 2 = 0 then 'not_started' else 'complete' end, born, born, 'services/s1', array[]::text[] \
         from generate_series(1, 100000) n, lateral (select timestamptz '2026-01-01' + n * interval '1 minute' as born) _",
    )
    .await;
    table::<Timelines>(
        client,
        &format!(
            "select n % 64, 'tasks/t' || n, 1, 'accounts/a' || n % 1000, '{{}}', 'members/m' || n % 97, \
                 timestamptz '2026-01-01' + n * interval '1 second', timestamptz '2026-01-01' + n * interval '1 second', n, \
                 (array['task_created', 'task_created', 'task_completed', 'interaction', 'role'])[1 + n / 7 % 5] \
             from generate_series(1, {TASKS}) n"
        ),
    )
    .await;
    table::<History>(
        client,
        &format!(
            "select n % 64, n, 'tasks/t' || n % {TASKS}, 1 + n / {TASKS}, 'task.completed', \
                 case when n < {TASKS} then 'accounts/a' || n % 1000 end, 'members/m' || n % 97, null, 'CompleteTask', \
                 gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), null, \
                 timestamptz '2026-01-01' + n * interval '1 second', '{{}}' \
             from generate_series(1, 2 * {TASKS}) n"
        ),
    )
    .await;
    table::<Documents>(
        client,
        "select n % 64, 'documents/d' || n, '{}', 1, n, 'tasks/t' || n % 9000, 'accounts/a' || n % 1000, \
             'offer.pdf', 'application/pdf', null, n % 7 > 0, 'internal', null, null, null, null, 'members/m' || n % 97, \
             timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute' \
         from generate_series(1, 30000) n",
    )
    .await;
}

async fn operation_tables(client: &Client) {
    table::<Operations>(
        client,
        &format!(
            "select n % 64, 'operations/o' || n, '{{}}', 3, n, \
                 (array['assign_role', 'assign_role', 'vacate_role', 'batch_assign_role', 'disable_member', 'undo'])[1 + n % 6], \
                 (array['finished', 'finished', 'finished', 'running'])[1 + n / 7 % 4], \
                 case when n % 3 = 0 then 'accounts/a' || n % 1000 end, \
                 array['members/m' || n % 97, 'members/n' || n % 89], 'members/m' || n % 97, born, born, null \
             from generate_series(1, {TASKS}) n, lateral (select timestamptz '2026-01-01' + n * interval '1 minute' as born) _"
        ),
    )
    .await;
    table::<OperationItems>(
        client,
        &format!(
            "select n % 64, 'operations/o' || n % 1000, n, 0, '{{}}', 'open_task', 'tasks/t' || n, \
                 (array['moved', 'moved', 'kept', 'skipped'])[1 + n / 7 % 4], 'none', null, null, now() \
             from generate_series(1, {TASKS}) n"
        ),
    )
    .await;
}

fn plan(listing: &Listing, filter: &str, order_by: &str) -> Plan {
    let now = chrono::DateTime::from_timestamp(1_770_000_000, 0).unwrap();
    let request = ListRequest {
        filter,
        order_by,
        ..ListRequest::default()
    };
    listing
        .plan(
            &request,
            &Viewer { now, me: None },
            "",
            &PageTokens::new(b"key"),
        )
        .unwrap()
}

/// The rows of the document's table of indexes: list, filter, order, index.
fn documented() -> Vec<[&'static str; 4]> {
    let (_, table) = DOCUMENT
        .split_once("| list | filter | order | index |\n|---|---|---|---|\n")
        .unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<_> = row
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        cells.try_into().unwrap()
    })
    .collect()
}

async fn explain(client: &Client, statement: &Statement, schemas: &[&str]) -> String {
    let sql = format!(
        "explain {}",
        statement.in_schemas(&schemas.iter().map(ToString::to_string).collect::<Vec<_>>())
    );
    let rows = client
        .query_typed(&sql, &statement.parameters.as_typed())
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.get::<_, String>(0) + "\n")
        .collect()
}

#[tokio::test]
async fn documented_pairs_of_filter_and_order_are_read_by_their_index() {
    let database = TestDatabase::create().await;
    let client = database.connect().await;
    client.batch_execute("set jit = off").await.unwrap();
    tables(&client).await;
    operation_tables(&client).await;
    // As sessions that read are set.
    let reader = database.connect().await;
    let settings = "set jit = off; set enable_seqscan = off";
    reader.batch_execute(settings).await.unwrap();
    let pairs = documented();
    assert!(pairs.len() > 20);
    for [list, filter, order, index] in pairs {
        for order in [order.to_owned(), format!("{order} desc")] {
            let explained = match list {
                "tasks" => {
                    let schemas = ["tasks_1", "accounts_1", "task_texts_1"];
                    let plan = plan(&tasks::LISTING, filter, &order);
                    // Counts are read as the list by due time is.
                    let counted = explain(&reader, &tasks::count(&plan), &schemas).await;
                    assert!(
                        !order.starts_with("due_time") || counted.contains(&format!(" {index} ")),
                        "{filter} is not counted by {index}:\n{counted}"
                    );
                    explain(&client, &tasks::page(&plan), &schemas).await
                }
                "accounts" => {
                    let mut plan = plan(&accounts::LISTING, filter, &order);
                    plan.condition = accounts::active_unless_asked(plan.condition);
                    explain(&client, &accounts::page(&plan), &["accounts_1", "tasks_1"]).await
                }
                "history" => {
                    let statement = history::page(&plan(&history::LISTING, filter, &order), None);
                    explain(&client, &statement, &["history_1"]).await
                }
                "members" => {
                    let statement = members::page(&plan(&members::LISTING, filter, &order));
                    explain(&client, &statement, &["members_1"]).await
                }
                "activities" => {
                    let statement = activities::page(&plan(&activities::LISTING, filter, &order));
                    explain(&client, &statement, &["activities_1", "accounts_1"]).await
                }
                "services" => {
                    let statement = services::page(&plan(&services::LISTING, filter, &order));
                    explain(&client, &statement, &["services_1"]).await
                }
                "orders" => {
                    let statement = orders::page(&plan(&orders::LISTING, filter, &order));
                    let schemas = ["orders_1", "accounts_1", "services_1", "members_1"];
                    explain(&client, &statement, &schemas).await
                }
                "portal_tasks" => {
                    let plan = plan(&portal::TASKS, filter, &order);
                    let statement = portal::tasks(&plan, &"accounts/a1".parse().unwrap());
                    explain(&client, &statement, &["portal_1", "services_1"]).await
                }
                "portal_orders" => {
                    let plan = plan(&portal::ORDERS, filter, &order);
                    let statement = portal::orders(&plan, &"accounts/a1".parse().unwrap());
                    explain(&client, &statement, &["portal_1", "services_1"]).await
                }
                "timelines" => {
                    let plan = plan(&timelines::LISTING, filter, &order);
                    let statement = timelines::page(&plan, &"accounts/a1".parse().unwrap());
                    explain(&client, &statement, &["timelines_1", "tasks_1", "orders_1"]).await
                }
                "documents" => {
                    let statement = documents::page(&plan(&documents::LISTING, filter, &order));
                    explain(&client, &statement, &["documents_1", "tasks_1"]).await
                }
                "operations" => {
                    let statement = operations::page(&plan(&operations::LISTING, filter, &order));
                    explain(&client, &statement, &["operations_1"]).await
                }
                "operation_items" => {
                    let plan = plan(&operation_items::LISTING, filter, &order);
                    let statement = operation_items::page(&plan, &"operations/o1".parse().unwrap());
                    explain(&client, &statement, &["operation_items_1"]).await
                }
                _ => panic!("no list {list}"),
            };
            assert!(
                explained.contains(&format!(" {index} "))
                    && !explained.contains("Seq Scan on rows"),
                "{list}: {filter} by {order} is not read by {index}:\n{explained}"
            );
        }
    }
    let viewer = Viewer {
        now: chrono::DateTime::from_timestamp(1_770_000_000, 0).unwrap(),
        me: Some("members/m1".parse().unwrap()),
    };
    for filter in ["", "status = OPEN", "overdue", "assignee = members/m1"] {
        let mut plan = plan(&activities::LISTING, filter, "");
        plan.condition = activities::shown(plan.condition, Shown::OwnAndNobodys, &viewer);
        let explained = explain(
            &client,
            &activities::page(&plan),
            &["activities_1", "accounts_1"],
        )
        .await;
        assert!(
            explained.contains(" rows_assignee_status_due ")
                && !explained.contains("Seq Scan on rows"),
            "what staff are shown of {filter} is not read by its index:\n{explained}"
        );
    }
    for filter in ["", "overdue", "assignee:members/m1", "status = IN_PROGRESS"] {
        let of = |listing| plan(listing, filter, "");
        for (shown, index) in [
            (Shown::OwnAndNobodys, "rows_assignee_1"),
            (Shown::All, "rows_status_due"),
        ] {
            let index = match filter {
                "assignee:members/m1" => "rows_assignee_1",
                _ => index,
            };
            // That nothing there has the status of another list, Postgres knows without looking.
            let of_orders = filter.replace("IN_PROGRESS", "UPCOMING");
            for statement in [
                todo::tasks::page(&mut of(&todo::tasks::LISTING), shown, &viewer),
                todo::order_tasks::page(
                    &mut plan(&todo::order_tasks::LISTING, &of_orders, ""),
                    shown,
                    &viewer,
                ),
            ] {
                let explained = explain(&client, &statement, &["tasks_1", "accounts_1"]).await;
                assert!(
                    explained.contains(&format!(" {index} "))
                        && explained.contains("kind = s.kind")
                        && !explained.contains("Seq Scan on rows"),
                    "the todo tasks of {filter} are not read by {index}:\n{explained}"
                );
            }
        }
    }
    // What is not due yet is read from now on, not from the beginning.
    let index = "rows_status_due";
    for listing in [
        &todo::tasks::LISTING,
        &todo::order_tasks::LISTING,
        &todo::activities::LISTING,
    ] {
        let mut plan = plan(listing, "NOT overdue", "");
        let (statement, schema) = match listing.name {
            "todo_tasks" => (todo::tasks::page(&mut plan, Shown::All, &viewer), "tasks_1"),
            "todo_order_tasks" => (
                todo::order_tasks::page(&mut plan, Shown::All, &viewer),
                "tasks_1",
            ),
            _ => (
                todo::activities::page(&mut plan, Shown::All, &viewer),
                "activities_1",
            ),
        };
        let explained = explain(&client, &statement, &[schema, "accounts_1"]).await;
        let bounded = explained
            .lines()
            .any(|line| line.contains("Index Cond") && line.contains(">= '2026-02-02"));
        assert!(
            bounded && explained.contains(&format!(" {index} ")),
            "{} that is not overdue is not read from now on:\n{explained}",
            listing.name
        );
    }
    // What the tallies do not tell is counted by the same indexes.
    for (filter, index) in [
        ("overdue", "rows_assignee_1"),
        ("assignee:members/m1 AND overdue", "rows_assignee_1"),
        (
            "account = accounts/a1 AND overdue",
            "rows_account_status_due",
        ),
    ] {
        let of = |listing| plan(listing, filter, "");
        let (activities, tasks) = (of(&todo::activities::LISTING), of(&todo::tasks::LISTING));
        let order_tasks = of(&todo::order_tasks::LISTING);
        let statement = todo::counts(
            &order_tasks,
            &activities,
            &tasks,
            Shown::OwnAndNobodys,
            &viewer,
        );
        let explained = explain(&client, &statement, &["activities_1", "tasks_1"]).await;
        assert!(
            explained.contains(&format!(" {index} ")) && !explained.contains("Seq Scan on rows"),
            "the counts of {filter} are not read by {index}:\n{explained}"
        );
    }
    // An admin's badges are sums of tallies; of what is due by day, only the day of the moment itself is looked through.
    for (filter, lower, rows) in [
        ("", "", 0),
        ("status = OPEN OR status = CURRENT", "", 0),
        ("due_time < 2026-02-01T00:00:00Z", "", 0),
        ("overdue", ">= '2026-02-02 00:00:00+00'", 3),
        ("NOT overdue", ">= '2026-02-02 00:00:00+00'", 3),
        ("assignee:* AND overdue", ">= '2026-02-02 00:00:00+00'", 6),
    ] {
        let of = |listing| plan(listing, filter, "");
        let (activities, tasks) = (of(&todo::activities::LISTING), of(&todo::tasks::LISTING));
        let order_tasks = of(&todo::order_tasks::LISTING);
        let statement = todo::counts(&order_tasks, &activities, &tasks, Shown::All, &viewer);
        let explained = explain(&reader, &statement, &["activities_1", "tasks_1"]).await;
        let lines = explained.lines();
        let read = lines
            .clone()
            .filter(|line| line.contains(" on rows "))
            .count();
        let bounded = lines
            .filter(|line| !lower.is_empty() && line.contains("Index Cond") && line.contains(lower))
            .count();
        assert!(
            explained.contains(" tallies_pk ") && !explained.contains("Seq Scan"),
            "the counts of {filter} are not read by the tallies:\n{explained}"
        );
        assert_eq!(
            (read, bounded),
            (rows, rows),
            "the counts of {filter}:\n{explained}"
        );
    }
    let statement = workloads::page(&plan(&workloads::LISTING, "", ""));
    let explained = explain(&client, &statement, &["members_1", "accounts_1", "tasks_1"]).await;
    for index in ["rows_assignee", "rows_role_1", "rows_role_2", "rows_role_3"] {
        let found = explained.contains(&format!(" {index} "));
        assert!(found, "workloads are not read by {index}:\n{explained}");
    }
    assert!(!explained.contains("Seq Scan"), "{explained}");
    let member = "members/m1".parse().unwrap();
    let listed = holdings::page(&plan(&holdings::LISTING, "", ""), &member);
    for (statement, index) in [holdings::of(&member), listed, holdings::counts(&member)]
        .iter()
        .flat_map(|statement| HOLDERS.map(|index| (statement, index)))
    {
        let explained = explain(
            &client,
            statement,
            &[
                "accounts_1",
                "tasks_1",
                "orders_1",
                "activities_1",
                "services_1",
            ],
        )
        .await;
        let found = explained.contains(&format!(" {index} "));
        assert!(found, "holdings are not read by {index}:\n{explained}");
        assert!(!explained.contains("Seq Scan"), "{explained}");
    }
    let statement = members::other_admins(&member);
    let explained = explain(&client, &statement, &["members_1"]).await;
    assert!(
        explained.contains(" rows_admins ") && !explained.contains("Seq Scan"),
        "other admins are not read by rows_admins:\n{explained}"
    );
    let statement = accounts::with_phone("49301");
    let explained = explain(&client, &statement, &["accounts_1"]).await;
    assert!(
        explained.contains(" rows_phones ") && !explained.contains("Seq Scan"),
        "callers are not looked up by rows_phones:\n{explained}"
    );
    for resource in ["accounts/a1", "tasks/t1"] {
        let statement = history::page(
            &plan(&history::LISTING, "", ""),
            Some(&resource.parse().unwrap()),
        );
        let explained = explain(&client, &statement, &["history_1"]).await;
        assert!(
            explained.contains(" rows_stream ") && !explained.contains("Seq Scan"),
            "{explained}"
        );
    }
}

/// The tasks that a statement answers, or how many it counts.
async fn answered(client: &Client, statement: &Statement) -> Vec<String> {
    let schemas = ["tasks_1", "accounts_1", "task_texts_1"].map(str::to_owned);
    let sql = format!(
        "select coalesce(to_jsonb(a) ->> 'task', to_jsonb(a) ->> 'count') from ({}) a",
        statement.in_schemas(&schemas)
    );
    let rows = client
        .query_typed(&sql, &statement.parameters.as_typed())
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_search_finds_the_same_however_it_is_read() {
    let database = TestDatabase::create().await;
    let client = database.connect().await;
    tables(&client).await;
    for (filter, most) in [
        // Words of every task, of some and of none.
        ("text:call AND open", 10_001),
        ("text:call AND subject = accounts/a1", 100),
        (
            "text:call AND assignee:members/m1 AND priority = NORMAL",
            2_000,
        ),
        ("text:c4ca", 100),
        ("text:\"call c4ca\" AND status = COMPLETE", 100),
        ("text:a77-task-7", 11),
        ("text:nothing", 0),
        ("text:call AND text:abc AND open", 1_000),
    ] {
        for order in ["due_time", "due_time desc", "update_time", "priority"] {
            let plan = plan(&tasks::LISTING, filter, order);
            let mut parameters = Parameters::default();
            let condition = plan.filter_sql(&mut parameters);
            let (by, limit) = (plan.order.sql(), plan.limit());
            let sql = format!(
                "select k.task from {{0}}.rows k where k.status <> 'deleted' and {condition} order by {by} limit {limit}"
            );
            let simply = answered(&client, &Statement { sql, parameters }).await;
            assert_eq!(
                answered(&client, &tasks::page(&plan)).await,
                simply,
                "{filter} by {order}"
            );
            assert_eq!(simply.is_empty(), most == 0, "{filter}");
        }
        let plan = plan(&tasks::LISTING, filter, "");
        let mut parameters = Parameters::default();
        let condition = plan.filter_sql(&mut parameters);
        let sql = format!(
            "select count(*) as count from (select from {{0}}.rows k where {condition} limit 10001) c"
        );
        let simply = answered(&client, &Statement { sql, parameters }).await;
        let counted = answered(&client, &tasks::count(&plan)).await;
        assert_eq!(counted, simply, "{filter}");
        assert!(
            counted[0].parse::<i64>().unwrap() <= most,
            "{filter}: {counted:?}"
        );
    }
}

#[test]
fn the_document_names_every_field() {
    for (listing, from) in [
        (&tasks::LISTING, "| tasks |"),
        (&accounts::LISTING, "| accounts |"),
        (&members::LISTING, "| members |"),
        (&activities::LISTING, "| activities |"),
        (&todo::activities::LISTING, "| todo |"),
        (&todo::order_tasks::LISTING, "| todo |"),
        (&todo::tasks::LISTING, "| todo |"),
        (&services::LISTING, "| services |"),
        (&orders::LISTING, "| orders |"),
        (&portal::TASKS, "| portal_tasks |"),
        (&portal::ORDERS, "| portal_orders |"),
        (&timelines::LISTING, "| timelines |"),
        (&history::LISTING, "| history |"),
        (&documents::LISTING, "| documents |"),
        (&operations::LISTING, "| operations |"),
        (&operation_items::LISTING, "| operation_items |"),
    ] {
        let rows: Vec<_> = DOCUMENT
            .lines()
            .filter(|line| line.starts_with(from))
            .collect();
        let fields = listing.fields.iter().map(|field| field.name);
        let sortables = listing.sortables.iter().map(|sortable| sortable.name);
        for (names, row) in [
            (fields.collect::<Vec<_>>(), rows[0]),
            (sortables.collect(), rows[1]),
        ] {
            for name in names {
                assert!(
                    row.contains(&format!("`{name}`")),
                    "{name} is missing in {row}"
                );
            }
        }
    }
}
