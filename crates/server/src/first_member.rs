//! The first start creates `members/admin`, so that somebody can sign in.

use std::time::Duration;

use handoff_commands::{Clock, CommandError, Gateway, Request, SystemClock};
use handoff_domain::{
    Context, Rejection,
    commands::{CreateMember, NewId},
    member::Kind,
    names::Actor,
    settings::Settings,
    text::Line,
};
use handoff_event_log::Hash;
use tokio::time::sleep;
use uuid::Uuid;

use crate::error::ServerError;

/// One command for ever, whichever replica submits it.
const COMMAND: Uuid = Uuid::from_u128(0x6861_6e64_6f66_665f_6669_7273_745f_6d65);
const RETRY: Duration = Duration::from_millis(500);

/// Creates the first member unless that was done before. Also the gateway's first connection.
pub(crate) async fn ensure(gateway: &Gateway) -> Result<(), ServerError> {
    loop {
        match gateway.submit(request()).await {
            Ok(_) | Err(CommandError::Rejected(Rejection::AlreadyExists { .. })) => return Ok(()),
            Err(error @ (CommandError::Unavailable(_) | CommandError::OutcomeUnknown(_))) => {
                tracing::warn!(error = crate::error::chain(&error), "waiting for the log");
                sleep(RETRY).await;
            }
            Err(error) => return Err(ServerError::FirstMember(error)),
        }
    }
}

fn request() -> Request {
    let command = CreateMember {
        id: NewId::Given(Settings::first_member()),
        display_name: Line::new("Admin").expect("a line"),
        email: None,
        kind: Kind::Admin,
    };
    Request {
        command_id: COMMAND,
        context: Context {
            actor: Actor::System,
            on_behalf_of: None,
            expected: None,
            plan: Vec::new(),
            command_id: COMMAND,
            now: SystemClock.now(),
        },
        request: "FirstStart",
        request_hash: Hash::of(b"FirstStart"),
        correlation_id: None,
        causation_id: None,
        bytes: 0,
        command: Box::new(command),
    }
}
