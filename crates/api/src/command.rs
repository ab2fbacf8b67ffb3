//! One command from its request to its answer: what every command RPC does.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use handoff_commands::{Answer, Clock, CommandError, Gateway, Request, States, new_id};
use handoff_domain::{
    Command, Context, Expectation, Revision, Source, State, Unit, Versioned,
    names::{Actor, ContactName, StreamName},
    terms::TaskType,
};
use handoff_event_log::{Hash, Position, Recorded};
use handoff_proto::v1::{self, generate_task_response::Outcome};
use handoff_read_models::{
    Consistency,
    portal::{OrderForContacts, TaskForContacts},
};
use prost::Message;
use tokio::time::Instant;
use tracing::Span;
use uuid::Uuid;

use crate::{
    call::Call,
    caller::Caller,
    callers::Method,
    deadline::Deadline,
    error::ApiError,
    fields::Fields,
    query::wait_until,
    views::{self, View},
};

/// A request that asks for a command.
pub(crate) trait CommandRequest: Message {
    type Command: Command + 'static;

    /// Its `request_id`.
    fn request_id(&self) -> &str;

    /// Its `etag`, if a command on an existing resource.
    fn etag(&self) -> &str {
        ""
    }

    /// The command that it asks for; none if a field is wrong, which is then noted. What was noted is
    /// either left in `fields` or handed on with the command, which is then never accepted.
    fn command(&self, caller: &Caller, fields: &mut Fields) -> Option<Self::Command>;
}

/// Submits commands.
#[derive(Clone)]
pub(crate) struct Commands {
    gateway: Gateway,
    clock: Arc<dyn Clock>,
}

impl Commands {
    pub(crate) fn new(gateway: Gateway, clock: Arc<dyn Clock>) -> Self {
        Self { gateway, clock }
    }

    /// Does the command that was asked for.
    pub(crate) async fn run<R: CommandRequest>(
        &self,
        request: tonic::Request<R>,
    ) -> Result<Done, ApiError> {
        let (order, command) = self.take(request)?;
        let answer = self.submit(&order, order.whole(), command).await?;
        Ok(self.done(&order, answer))
    }

    /// Does the command that a contact asked for. Views of the portal say what it is answered with.
    pub(crate) async fn run_for_contact<R: CommandRequest>(
        &self,
        request: tonic::Request<R>,
    ) -> Result<DoneForContact, ApiError> {
        let (call, request) = Call::of_contact(request)?;
        let Call { method, caller, .. } = call;
        let mut fields = Fields::new();
        let command_id = fields.request_id(request.request_id());
        let command = request.command(&caller, &mut fields);
        let command = fields.finish(command)?;
        // Nothing comes of a command under an id that could not be read: that was handed on with it.
        let command_id = command_id.unwrap_or_else(new_id);
        Span::current().record("request_id", tracing::field::display(command_id));
        let (request_hash, bytes) = fingerprint(method.path, &request);
        let now = self.clock.now();
        let answer = self.gateway.submit(Request {
            command_id,
            context: caller.context(None, now),
            request: method.name(),
            request_hash,
            correlation_id: Some(command_id),
            causation_id: None,
            bytes,
            command: Box::new(command),
        });
        Ok(DoneForContact {
            answer: answer.await?,
            now,
        })
    }

    /// Reads a request: the command that it asks for, and what else there is to know about it.
    pub(crate) fn take<R: CommandRequest>(
        &self,
        request: tonic::Request<R>,
    ) -> Result<(Order, R::Command), ApiError> {
        let (call, request) = Call::of(request)?;
        // Before the input is looked at: who may not call learns nothing about it.
        let view = View::of(&call.caller, call.method.path)?;
        let mut fields = Fields::new();
        let command_id = fields.request_id(request.request_id());
        let expected = fields.etag(request.etag());
        let command = request.command(&call.caller, &mut fields);
        let command = fields.finish(command)?;
        // Nothing comes of a command whose id or etag could not be read: that was handed on with it.
        let command_id = command_id.unwrap_or_else(new_id);
        let expected = expected.flatten();
        Span::current().record("request_id", tracing::field::display(command_id));
        let order = Order::new(call, view, command_id, expected, &request);
        Ok((order, command))
    }

    /// Has one command of an order decided and appended.
    pub(crate) async fn submit<V>(
        &self,
        order: &Order<V>,
        step: Step,
        command: impl Command + 'static,
    ) -> Result<Answer, ApiError> {
        let answer = self.gateway.submit(Request {
            command_id: step.command_id,
            context: Context {
                plan: step.plan,
                ..order.caller.context(step.expected, self.clock.now())
            },
            request: order.method.name(),
            request_hash: order.request_hash,
            correlation_id: Some(order.command_id),
            causation_id: None,
            bytes: order.bytes,
            command: Box::new(command),
        });
        Ok(answer.await?)
    }

    /// Does a command with which Handoff itself goes on after an event, once however often it is asked for.
    pub(crate) async fn go_on(
        &self,
        cause: &Recorded,
        request: &'static str,
        command: impl Command + 'static,
    ) -> Result<Answer, ApiError> {
        let command_id = Uuid::new_v5(&cause.event_id, request.as_bytes());
        let answer = self.gateway.submit(Request {
            command_id,
            context: Context {
                actor: Actor::System,
                on_behalf_of: None,
                expected: None,
                plan: Vec::new(),
                command_id,
                now: self.clock.now(),
            },
            request,
            request_hash: Hash::of(request.as_bytes()),
            correlation_id: Some(command_id),
            causation_id: Some(cause.event_id),
            bytes: request.len(),
            command: Box::new(command),
        });
        Ok(answer.await?)
    }

    /// What an order is answered with.
    pub(crate) fn done(&self, order: &Order, answer: Answer) -> Done {
        Done {
            answer,
            view: order.view,
            now: self.clock.now(),
        }
    }

    /// Decides a command as things are in `states`, and appends nothing. What is refused here is refused
    /// before its caller does more for it; what is accepted may still be refused when it is submitted.
    pub(crate) async fn rehearse<V>(
        &self,
        order: &Order<V>,
        command: &impl Command,
        states: &States,
    ) -> Result<(), ApiError> {
        let context = order.caller.context(order.expected, self.clock.now());
        let mut loaded = Loaded::default();
        loop {
            let missing = match loaded.decide(&context, command) {
                Ok(()) => return Ok(()),
                Err(Stop::Missing(missing)) => missing,
                Err(Stop::Refused(error)) => return Err(error),
            };
            for stream in missing {
                let newest = states.at(&stream, Position(i64::MAX)).await?;
                loaded.0.insert(stream, newest);
            }
        }
    }

    /// The circumstances of the order's command.
    pub(crate) fn context(&self, order: &Order) -> Context {
        Context {
            command_id: order.command_id,
            ..order.caller.context(order.expected, self.clock.now())
        }
    }

    /// The time by the server's clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A position that includes everything that this process appended so far.
    pub(crate) fn committed(&self) -> Position {
        *self.gateway.committed().borrow()
    }
}

/// The streams that a rehearsal has read so far.
#[derive(Default)]
struct Loaded(HashMap<StreamName, Versioned>);

/// Why a rehearsal did not come to its end.
enum Stop {
    Missing(Vec<StreamName>),
    Refused(ApiError),
}

impl Source for Loaded {
    fn get(&self, stream: &StreamName) -> Option<Versioned> {
        self.0.get(stream).cloned()
    }
}

impl Loaded {
    fn decide(&self, context: &Context, command: &impl Command) -> Result<(), Stop> {
        let mut unit = Unit::new(self);
        match command.decide(context, &mut unit) {
            Ok(_) => Ok(()),
            Err(handoff_domain::Stop::Missing) => Err(Stop::Missing(unit.missing().to_vec())),
            Err(handoff_domain::Stop::Rejected(rejection)) => Err(Stop::Refused(rejection.into())),
            Err(handoff_domain::Stop::Corrupt(stream)) => {
                Err(Stop::Refused(CommandError::Contradiction(stream).into()))
            }
        }
    }
}

/// What was asked for, beside the command itself. Those of contacts are without a view.
pub(crate) struct Order<V = View> {
    /// The `request_id`, or a new id.
    pub(crate) command_id: Uuid,
    expected: Option<Revision>,
    caller: Caller,
    view: V,
    method: &'static Method,
    deadline: Option<Deadline>,
    request_hash: Hash,
    bytes: usize,
}

/// One of the commands that an order takes.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) command_id: Uuid,
    expected: Option<Revision>,
    plan: Vec<Expectation>,
}

impl Step {
    fn new(command_id: Uuid, expected: Option<Revision>) -> Self {
        Self {
            command_id,
            expected,
            plan: Vec::new(),
        }
    }

    /// The same, if what the plan that was shown rests on has not changed.
    pub(crate) fn resting_on(self, plan: Vec<Expectation>) -> Self {
        Self { plan, ..self }
    }
}

impl Order {
    /// `request` is what a retry must say again.
    pub(crate) fn new(
        call: Call,
        view: View,
        command_id: Uuid,
        expected: Option<Revision>,
        request: &impl Message,
    ) -> Self {
        let name = call.method.name();
        Self::called(name, call, view, command_id, expected, request)
    }
}

impl Order<()> {
    /// What a contact asked for: never taken for what one of the team asked, whatever is in it.
    pub(crate) fn of_contact(call: Call, command_id: Uuid, request: &impl Message) -> Self {
        let path = call.method.path;
        Self::called(path, call, (), command_id, None, request)
    }
}

impl<V> Order<V> {
    fn called(
        name: &str,
        call: Call,
        view: V,
        command_id: Uuid,
        expected: Option<Revision>,
        request: &impl Message,
    ) -> Self {
        let Call {
            method,
            caller,
            deadline,
            ..
        } = call;
        let (request_hash, bytes) = fingerprint(name, request);
        Self {
            command_id,
            expected,
            caller,
            view,
            method,
            deadline,
            request_hash,
            bytes,
        }
    }

    /// The only command, which has the order's own id and respects its etag.
    pub(crate) fn whole(&self) -> Step {
        Step::new(self.command_id, self.expected)
    }

    /// The first command of several, with an id of its own: the same for every retry.
    pub(crate) fn first(&self, name: &str) -> Step {
        Step::new(self.id_of(name), self.expected)
    }

    /// The command that ends what others began. The etag was for the first of them.
    pub(crate) fn last(&self) -> Step {
        Step::new(self.command_id, None)
    }

    /// A command that takes back what another began, if the resource is as that left it.
    pub(crate) fn back(&self, name: &str, expected: Option<Revision>) -> Step {
        Step::new(self.id_of(name), expected)
    }

    fn id_of(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.command_id, name.as_bytes())
    }

    /// What a look at read models between commands must include; it ends before the caller's deadline.
    pub(crate) fn consistency(&self, min_position: Position) -> Consistency {
        Consistency {
            min_position,
            deadline: wait_until(self.deadline, Instant::now()),
        }
    }
}

/// What tells one request from another under the same id, and how large it is in bytes.
fn fingerprint(method: &str, request: &impl Message) -> (Hash, usize) {
    let mut bytes = Vec::with_capacity(method.len() + 1 + request.encoded_len());
    bytes.extend_from_slice(method.as_bytes());
    bytes.push(0);
    request.encode_raw(&mut bytes);
    (Hash::of(&bytes), bytes.len())
}

/// A command that was done, for its caller.
pub(crate) struct Done {
    answer: Answer,
    view: View,
    now: DateTime<Utc>,
}

/// A command that was done, for a contact.
pub(crate) struct DoneForContact {
    answer: Answer,
    now: DateTime<Utc>,
}

impl DoneForContact {
    /// The task that the command was about, as contacts saw it right after it.
    pub(crate) fn task(&self) -> Result<v1::PortalTask, ApiError> {
        let task = match &self.answer.state {
            State::Task(task) => TaskForContacts::of(task),
            _ => None,
        };
        let task = task.ok_or_else(|| self.contradiction())?;
        Ok(views::portal::task(self.name(), &task, self.now))
    }

    /// The order that the command was about, as contacts saw it right after it.
    pub(crate) fn order(&self) -> Result<v1::PortalOrder, ApiError> {
        let details = match &self.answer.state {
            State::Order(order) => order.details(),
            _ => None,
        };
        let order = OrderForContacts::of(details.ok_or_else(|| self.contradiction())?);
        Ok(views::portal::order(self.name(), &order, None, self.now))
    }

    /// Where the command's effect is.
    pub(crate) fn receipt(&self) -> v1::CommandReceipt {
        views::receipt(self.answer.receipt)
    }

    fn name(&self) -> &str {
        self.answer.resource.as_str()
    }

    fn contradiction(&self) -> ApiError {
        CommandError::Contradiction(self.answer.resource.clone()).into()
    }
}

impl Done {
    /// The account that the command was about, as it was right after it.
    pub(crate) fn account(&self) -> Result<v1::Account, ApiError> {
        match &self.answer.state {
            State::Account(account) => views::account::of_state(self.view, self.name(), account),
            _ => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// The task that the command was about, as it was right after it.
    pub(crate) fn task(&self) -> Result<v1::Task, ApiError> {
        match &self.answer.state {
            State::Task(task) => views::task::of_state(self.view, self.name(), task, self.now),
            _ => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// The member that the command was about, as it was right after it.
    pub(crate) fn member(&self) -> Result<v1::Member, ApiError> {
        match &self.answer.state {
            State::Member(member) => views::member::of_state(self.view, self.name(), member),
            _ => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// The contact that the command was about, as it was right after it.
    pub(crate) fn contact(&self, name: Option<&ContactName>) -> Result<v1::Contact, ApiError> {
        match (&self.answer.state, name) {
            (State::Account(account), Some(name)) => {
                views::account::contact_of_state(self.view, name, account)
            }
            (_, _) => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// What came of relevant work of a type: a task, or at its account none.
    pub(crate) fn generated(&self, task_type: Option<&TaskType>) -> Result<Outcome, ApiError> {
        match (&self.answer.state, task_type) {
            (State::Account(account), Some(task_type)) => {
                let reason = views::account::skip_reason(account, task_type);
                Ok(Outcome::Skip(v1::TaskGenerationSkip {
                    account: Some(self.account()?),
                    reason: reason.into(),
                }))
            }
            (_, _) => self.task().map(Outcome::Task),
        }
    }

    /// The document that the command was about, as it was right after it.
    pub(crate) fn document(&self) -> Result<v1::Document, ApiError> {
        match &self.answer.state {
            State::Document(document) => {
                views::document::of_state(self.view, self.name(), document)
            }
            _ => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// The settings as they were right after the command.
    pub(crate) fn settings(&self) -> Result<v1::Settings, ApiError> {
        match &self.answer.state {
            State::Settings(settings) => Ok(views::settings::of_state(self.view, settings)),
            _ => Err(self.contradiction()),
        }
    }

    /// The service that the command was about, as it was right after it.
    pub(crate) fn service(&self) -> Result<v1::Service, ApiError> {
        match &self.answer.state {
            State::Service(service) => views::service::of_state(self.view, self.name(), service),
            _ => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// The order that the command was about, as it was right after it.
    pub(crate) fn order(&self) -> Result<v1::Order, ApiError> {
        match &self.answer.state {
            State::Order(order) => views::order::of_state(self.view, self.name(), order, self.now),
            _ => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// The activity that the command was about, as it was right after it.
    pub(crate) fn activity(&self) -> Result<v1::Activity, ApiError> {
        match &self.answer.state {
            State::Activity(activity) => {
                views::activity::of_state(self.view, self.name(), activity, self.now)
            }
            _ => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// The operation that the command was about, as it was right after it.
    pub(crate) fn operation(&self) -> Result<v1::Operation, ApiError> {
        match &self.answer.state {
            State::Operation(operation) => {
                views::operation::of_state(self.view, self.name(), operation)
            }
            _ => None,
        }
        .ok_or_else(|| self.contradiction())
    }

    /// Where the command's effect is.
    pub(crate) fn receipt(&self) -> v1::CommandReceipt {
        views::receipt(self.answer.receipt)
    }

    fn name(&self) -> &str {
        self.answer.resource.as_str()
    }

    fn contradiction(&self) -> ApiError {
        CommandError::Contradiction(self.answer.resource.clone()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_method_and_content() {
        let complete = |name: &str| v1::CompleteTaskRequest {
            name: name.into(),
            ..Default::default()
        };
        let (hash, _) = fingerprint("CompleteTask", &complete("tasks/a"));
        assert_eq!(fingerprint("CompleteTask", &complete("tasks/a")).0, hash);
        assert_ne!(fingerprint("CompleteTask", &complete("tasks/b")).0, hash);
        assert_ne!(fingerprint("ReopenTask", &complete("tasks/a")).0, hash);
    }
}
