//! Task numbers under a race of several client processes and two api replicas: each number is given once, and nobody has to
//! try again.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

use std::{env, fs, path::PathBuf, process::Command, time::Instant};

use handoff_tests::{Client, Deployment, new_id, task};
use tokio::task::JoinSet;

/// Tasks that are made at once, all of one account.
const TASKS: usize = 10_000;
/// Processes that make them.
const PROCESSES: usize = 4;
/// Requests that each process has on their way at a time.
const IN_FLIGHT: usize = 64;
/// Variables by which a process is told what to do: its number, the servers, its token and where to write.
const VARIABLES: [&str; 4] = ["RACE_NUMBER", "RACE_SERVERS", "RACE_TOKEN", "RACE_FILE"];

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_tasks_of_one_account_get_the_numbers_to_ten_thousand_once_each() {
    let deployment = Deployment::shared().await;
    let token = deployment.token(&["members/admin"]);
    let mut apis = Vec::new();
    let mut servers = Vec::new();
    for _ in 0..2 {
        let mut api = deployment.role(&["api"]).await;
        servers.push(format!("http://{}", api.logged("ready", "api").await));
        apis.push(api);
    }
    let servers = servers.join(",");
    let began = Instant::now();
    let clients: Vec<_> = (0..PROCESSES)
        .map(|number| {
            let file = deployment.directory().join(format!("client-{number}"));
            let values = [
                number.to_string(),
                servers.clone(),
                token.clone(),
                file.display().to_string(),
            ];
            let process = Command::new(env::current_exe().unwrap())
                .args(["--exact", "one_of_the_clients", "--include-ignored"])
                .envs(VARIABLES.into_iter().zip(values))
                .spawn();
            (process.unwrap(), file)
        })
        .collect();
    let mut answers = Vec::with_capacity(TASKS);
    for (mut process, file) in clients {
        let ended = tokio::task::spawn_blocking(move || process.wait().unwrap());
        assert!(ended.await.unwrap().success(), "a client failed");
        let answered = fs::read_to_string(file).unwrap();
        answers.extend(answered.lines().map(str::to_owned));
    }
    let took = began.elapsed();
    println!(
        "{TASKS} tasks of {PROCESSES} processes in {took:.1?}: {:.0}/s",
        TASKS as f64 / took.as_secs_f64()
    );

    // Who is refused says so in place of a number.
    let number = |answer: &String| answer.strip_prefix("ACME-TASK-")?.parse::<usize>().ok();
    let refused: Vec<_> = answers.iter().filter(|a| number(a).is_none()).collect();
    assert!(refused.is_empty(), "{} refused: {refused:?}", refused.len());
    let mut numbers: Vec<_> = answers.iter().filter_map(number).collect();
    numbers.sort_unstable();
    assert!(
        numbers.iter().copied().eq(1..=TASKS),
        "numbers are missing or doubled among {} answers",
        numbers.len()
    );
    // What the log says is what was answered.
    let log = deployment.connect().await;
    let sql = "select count(*), count(distinct payload->>'number') from event_log.events where type = 'task.created'";
    let row = log.query_one(sql, &[]).await.unwrap();
    let tasks = i64::try_from(TASKS).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (tasks, tasks));
}

/// A process of the test above: makes its share of the tasks, at the two servers in turn, and writes what it was answered.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the test of task numbers, which starts it"]
async fn one_of_the_clients() {
    // By itself it has nothing to do.
    let Ok(values) = VARIABLES
        .map(env::var)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
    else {
        return;
    };
    let [process, servers, token, file] = <[String; 4]>::try_from(values).unwrap();
    let clients: Vec<_> = servers
        .split(',')
        .map(|server| Client::new(server, &token))
        .collect();
    let mut workers = JoinSet::new();
    for worker in 0..IN_FLIGHT {
        let client = clients[worker % clients.len()].clone();
        let process = process.clone();
        workers.spawn(async move {
            let mut answers = Vec::new();
            for number in (worker..TASKS / PROCESSES).step_by(IN_FLIGHT) {
                let mut request = task(&format!("t-{process}-{number}"), "acme");
                request.request_id = new_id();
                let answer = client.tasks.clone().create_task(request).await;
                answers.push(match answer {
                    Ok(answer) => answer.into_inner().task.unwrap().number,
                    Err(status) => format!("{:?}: {}", status.code(), status.message()),
                });
            }
            answers
        });
    }
    let answers = workers.join_all().await.concat();
    fs::write(PathBuf::from(file), answers.join("\n")).unwrap();
}
