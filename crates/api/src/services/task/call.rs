//! Tasks from phone calls: the number is looked up in the read models, and what is found is decided upon as the log knows it.

use handoff_domain::{
    commands::CreateTaskFromCall,
    names::TaskName,
    task::Draft,
    text::{Line, Phone},
};
use handoff_event_log::Position;
use handoff_proto::v1;
use handoff_read_models::Queries;

use super::create::{draft, new_name};
use crate::{
    caller::Caller,
    command::{CommandRequest, Commands, Done},
    error::ApiError,
    fields::Fields,
};

/// Creates tasks from phone calls.
pub(crate) struct Calls {
    pub(crate) commands: Commands,
    pub(crate) queries: Queries,
}

impl Calls {
    /// Looks for the caller's accounts and has the task created. A retry gets the first answer, whoever has the number now.
    pub(super) async fn create_task(
        &self,
        request: tonic::Request<v1::CreateTaskFromCallRequest>,
    ) -> Result<Done, ApiError> {
        let min_position = Position(request.get_ref().min_position);
        let (order, mut command) = self.commands.take(request)?;
        // A number without a country code is nobody's, which the command says.
        if let Some(digits) = command.caller.with_country_code() {
            let consistency = order.consistency(min_position);
            let found = self.queries.accounts_with_phone(&digits, consistency).await;
            command.candidates = found?.value;
        }
        let answer = self.commands.submit(&order, order.whole(), command).await?;
        Ok(self.commands.done(&order, answer))
    }
}

impl CommandRequest for v1::CreateTaskFromCallRequest {
    type Command = CreateTaskFromCall;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The command without candidates.
    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CreateTaskFromCall> {
        let name = fields.optional("task_id", &self.task_id, TaskName::from_id);
        let caller = fields.required("caller_number", &self.caller_number, Phone::new);
        let position = fields.position("min_position", self.min_position);
        let task = self.task.clone().unwrap_or_default();
        if !task.subject.is_empty() {
            fields.violation::<()>("task.subject", "is given by the number; leave it empty");
        }
        let title = fields.optional("task.title", &task.title, Line::new);
        let draft = draft(&task, fields);
        let (caller, _) = caller.zip(position)?;
        Some(CreateTaskFromCall {
            name: name.flatten().unwrap_or_else(new_name),
            caller,
            candidates: Vec::new(),
            draft: Draft {
                title: title.flatten(),
                found: fields.hand_on(),
                ..draft
            },
        })
    }
}
