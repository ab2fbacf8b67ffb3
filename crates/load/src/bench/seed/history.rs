//! What has happened in a seeded log: accounts, members, tasks and the work on them.

use std::mem;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    Shape, Work,
    chain::{Chain, Event, id_at, partition_of},
};

/// From one command to the next.
const STEP: TimeDelta = TimeDelta::milliseconds(20);
const SLA: TimeDelta = TimeDelta::hours(48);
/// Bytes that are handed over at once.
const CHUNK: usize = 256 << 10;
const BY: &str = "members/m0";
/// SHA-256 in hexadecimal digits, of no request in particular.
const REQUEST_HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// Writes the whole history as lines for COPY, the last command just before `now`, and hands them over in
/// chunks; ends early when one is not taken.
pub(super) fn write(shape: &Shape, now: DateTime<Utc>, take: impl FnMut(Vec<u8>) -> bool) {
    let commands = i32::try_from(shape.commands()).unwrap_or(i32::MAX);
    let mut writer = Writer {
        chain: Chain::new(),
        at: now - STEP * commands,
        command_id: Uuid::nil(),
        command_index: 0,
        metadata: String::new(),
        lines: Vec::with_capacity(CHUNK + 4_096),
        take,
        taken: true,
    };
    for member in 0..shape.members {
        writer.member(member);
    }
    for account in 0..shape.accounts {
        writer.account(account);
    }
    // The work on a task is spread over a quarter of the log: others come in between.
    let window = shape.tasks.div_ceil(4).max(1);
    let mut first = 0;
    while first < shape.tasks && writer.taken {
        let tasks = first..shape.tasks.min(first + window);
        for task in tasks.clone() {
            writer.create(shape, task);
        }
        match shape.work {
            Work::EachReopened => {
                tasks.clone().for_each(|task| writer.assign(shape, task));
                let mut completed = Vec::with_capacity(window);
                for task in tasks.clone() {
                    writer.complete(shape, task, 3);
                    completed.push(writer.at);
                }
                for (task, at) in tasks.clone().zip(completed) {
                    writer.reopen(shape, task, at);
                }
            }
            Work::HalfCompleted => {
                for task in tasks.clone().filter(|task| shape.is_completed(*task)) {
                    writer.complete(shape, task, 2);
                }
            }
            Work::Transferred => {}
        }
        first = tasks.end;
    }
    if shape.work == Work::Transferred {
        writer.transfer();
    }
    writer.hand_over();
}

struct Writer<T> {
    chain: Chain,
    at: DateTime<Utc>,
    command_id: Uuid,
    command_index: i32,
    metadata: String,
    lines: Vec<u8>,
    take: T,
    /// Whether the last chunk was taken.
    taken: bool,
}

impl<T: FnMut(Vec<u8>) -> bool> Writer<T> {
    fn member(&mut self, member: usize) {
        self.command("CreateMember");
        let (name, at) = (Shape::member(member), time(self.at));
        let payload = format!(
            r#"{{"type":"created","display_name":"Member {member}","email":"m{member}@example.com","kind":"staff","by":"system","at":"{at}"}}"#
        );
        self.event(&name, 1, "member.created", partition_of(&name), &payload);
    }

    fn account(&mut self, account: usize) {
        self.command("CreateAccount");
        let (name, at) = (Shape::account(account), time(self.at));
        let payload = format!(
            r#"{{"type":"created","display_name":"Account {account}","kind":"customer","status":"active","assignee":"{BY}","sla_hours":null,"origin":"manual","by":"{BY}","at":"{at}"}}"#
        );
        self.event(&name, 1, "account.created", partition_of(&name), &payload);
    }

    /// The task, and its number on its account.
    fn create(&mut self, shape: &Shape, task: usize) {
        self.command("CreateTask");
        let (name, account) = (Shape::task(task), shape.account_of(task));
        let n = task / shape.accounts + 1;
        let number = format!("SEED-{}-TASK-{n}", task % shape.accounts);
        let assignee = shape.assignee_of(task);
        let (at, due) = (time(self.at), time(self.at + SLA));
        let partition = partition_of(&account);
        let payload = format!(
            r#"{{"type":"created","number":"{number}","subject":"{account}","title":"Prepare the quarterly review","description":null,"category":null,"status":"not_started","percent":0,"priority":"normal","visibility":"internal","assignees":["{assignee}"],"start":"{at}","due":"{due}","due_source":"sla","sla_hours":48,"billable":false,"origin":"manual","by":"{BY}","at":"{at}"}}"#
        );
        self.event(&name, 1, "task.created", partition, &payload);
        let payload = format!(r#"{{"type":"task_numbered","task":"{name}","n":{n}}}"#);
        // Its creation is the first version of the account.
        let version = n as i32 + 1;
        self.event(
            &account,
            version,
            "account.task_numbered",
            partition,
            &payload,
        );
    }

    fn assign(&mut self, shape: &Shape, task: usize) {
        self.command("AssignTask");
        let before = shape.assignee_of(task);
        let now = Shape::member((task + 1) % shape.members);
        let at = time(self.at);
        let payload = format!(
            r#"{{"type":"assigned","left":["{before}"],"joined":["{now}"],"cause":{{"source":"api","event":null}},"by":"{BY}","at":"{at}"}}"#
        );
        self.task_event(shape, task, 2, "task.assigned", &payload);
    }

    fn complete(&mut self, shape: &Shape, task: usize, version: i32) {
        self.command("CompleteTask");
        let at = time(self.at);
        let payload = format!(
            r#"{{"type":"completed","status":"not_started","percent":0,"by":"{BY}","at":"{at}"}}"#
        );
        self.task_event(shape, task, version, "task.completed", &payload);
    }

    fn reopen(&mut self, shape: &Shape, task: usize, completed_at: DateTime<Utc>) {
        self.command("ReopenTask");
        let (at, completed_at) = (time(self.at), time(completed_at));
        let payload = format!(
            r#"{{"type":"reopened","previous":"complete","status":"not_started","percent":0,"completed_at":"{completed_at}","by":"{BY}","at":"{at}"}}"#
        );
        self.task_event(shape, task, 4, "task.reopened", &payload);
    }

    fn transfer(&mut self) {
        self.command("TransferResources");
        let (from, to, at) = (Shape::member(1), Shape::member(2), time(self.at));
        let payload = format!(
            r#"{{"type":"started","change":{{"kind":"transfer_resources","from":"{from}","to":"{to}","kinds":["open_task"]}},"by":"{BY}","at":"{at}"}}"#
        );
        let partition = partition_of(&from);
        self.event(
            Shape::operation(),
            1,
            "operation.started",
            partition,
            &payload,
        );
    }

    fn task_event(
        &mut self,
        shape: &Shape,
        task: usize,
        version: i32,
        event_type: &'static str,
        payload: &str,
    ) {
        let partition = partition_of(&shape.account_of(task));
        self.event(&Shape::task(task), version, event_type, partition, payload);
    }

    /// Begins the next command; its events follow.
    fn command(&mut self, request: &str) {
        self.at += STEP;
        self.command_index = 0;
        self.command_id = id_at(self.at, self.chain.position, 1);
        let id = self.command_id;
        self.metadata = format!(
            r#"{{"actor":"{BY}","request":"{request}","request_hash":"{REQUEST_HASH}","correlation_id":"{id}"}}"#
        );
    }

    fn event(
        &mut self,
        stream: &str,
        version: i32,
        event_type: &'static str,
        partition: i16,
        payload: &str,
    ) {
        let event = Event {
            stream,
            version,
            event_type,
            partition,
            event_id: id_at(self.at, self.chain.position, 0),
            command_id: self.command_id,
            command_index: self.command_index,
            payload,
            metadata: &self.metadata,
            recorded_at: self.at,
        };
        self.command_index += 1;
        self.chain.append(&event, &mut self.lines);
        if self.lines.len() >= CHUNK {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let next = Vec::with_capacity(CHUNK + 4_096);
        let lines = mem::replace(&mut self.lines, next);
        self.taken = self.taken && (self.take)(lines);
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
