//! What can go wrong, as people are told: what happened, the fields at fault, and what to do next.

use std::{error::Error as _, io, time::Duration};

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{config::ConfigError, retry};

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command cannot be understood.
    #[error("{message}")]
    Usage { message: String, hint: String },
    /// No server is known.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No server answers. What was sent may have been done all the same.
    #[error("cannot reach {server}: {cause}")]
    Unreachable {
        server: String,
        cause: String,
        request_id: Option<String>,
    },
    /// The server said no.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
    /// No task has this number or id.
    #[error("there is no task {0:?}")]
    NoSuchTask(String),
    /// What the command names is not there.
    #[error("{message}")]
    Unknown { message: String, hint: String },
    /// The command was carried out, and found or met something bad.
    #[error("{0}")]
    Failed(String),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

/// An error that the server sent, with its details.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Word for programs, such as `VERSION_MISMATCH`; empty if the server gave none.
    pub(crate) reason: String,
    /// Path and description of every field at fault.
    pub(crate) fields: Vec<(String, String)>,
    /// How long to wait before the next try.
    pause: Option<Duration>,
    /// The command's `request_id`, if it was a command.
    request_id: Option<String>,
}

impl Refusal {
    /// Whether it says nothing about the request, which may be sent again or by somebody else.
    fn is_passing(&self) -> bool {
        matches!(
            self.code,
            Code::Unauthenticated
                | Code::Unavailable
                | Code::DeadlineExceeded
                | Code::Unimplemented
        )
    }
}

impl Error {
    /// The command was not understood; `hint` says how to write it.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// The final status of a request to `server`.
    pub(crate) fn status(status: Status, server: &str) -> Self {
        if retry::is_lost_connection(&status) {
            let (server, cause) = (server.to_owned(), innermost(&status));
            return Self::Unreachable {
                server,
                cause,
                request_id: None,
            };
        }
        let details = status.get_error_details();
        let violations = details
            .bad_request()
            .map(|bad| bad.field_violations.as_slice())
            .unwrap_or_default();
        let fields: Vec<_> = violations
            .iter()
            .map(|v| (v.field.clone(), v.description.clone()))
            .collect();
        Self::Refused(Box::new(Refusal {
            code: status.code(),
            message: without_fields(status.message(), &fields).to_owned(),
            reason: details
                .error_info()
                .map(|info| info.reason.clone())
                .unwrap_or_default(),
            fields: violations
                .iter()
                .map(|v| (v.field.clone(), v.description.clone()))
                .collect(),
            pause: retry::asked_pause(&status),
            request_id: None,
        }))
    }

    /// Notes that the request was a command, which can be repeated under the same id.
    pub(crate) fn of_command(mut self, id: &str) -> Self {
        match &mut self {
            Self::Unreachable { request_id, .. } => *request_id = Some(id.to_owned()),
            Self::Refused(refusal) => refusal.request_id = Some(id.to_owned()),
            _ => {}
        }
        self
    }

    /// Whether the server answered that there is no such resource.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == Code::NotFound)
    }

    /// Whether the server said no with this code.
    pub(crate) fn is_of_code(&self, code: Code) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == code)
    }

    /// Whether the server answered that there is one of that name already.
    pub(crate) fn is_already_exists(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == Code::AlreadyExists)
    }

    /// Whether somebody changed the resource since its etag was read.
    pub(crate) fn is_version_mismatch(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.reason == "VERSION_MISMATCH")
    }

    /// Says in which field of what was asked for the reason lies, and what to do. Errors that every request would meet stay.
    pub(crate) fn in_field(mut self, path: &str, advice: &str) -> Self {
        if let Self::Refused(refusal) = &mut self
            && !refusal.is_passing()
        {
            let why = match refusal.fields.first() {
                Some((_, description)) => description.clone(),
                None => format!("{}; {advice}", refusal.message),
            };
            refusal.fields = vec![(path.to_owned(), why)];
        }
        self
    }

    /// Whether any other request would fail in the same way.
    pub(crate) fn is_of_all_requests(&self) -> bool {
        match self {
            // It lies in what this one says.
            Self::Refused(refusal) if !refusal.fields.is_empty() => false,
            Self::Refused(refusal) => matches!(
                refusal.code,
                Code::Unauthenticated
                    | Code::PermissionDenied
                    | Code::Unavailable
                    | Code::DeadlineExceeded
                    | Code::Unimplemented
            ),
            _ => true,
        }
    }

    /// 2 if the command was not understood, else 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Config(_) => 2,
            Self::Unreachable { .. }
            | Self::Refused(_)
            | Self::NoSuchTask(_)
            | Self::Unknown { .. }
            | Self::Failed(_)
            | Self::Output(_) => 1,
        }
    }

    /// The code and reason for programs.
    pub(crate) fn code(&self) -> (String, &str) {
        match self {
            Self::Usage { .. } | Self::Config(_) => ("USAGE".to_owned(), ""),
            Self::Unreachable { .. } => ("UNREACHABLE".to_owned(), ""),
            Self::Refused(refusal) => (screaming(refusal.code), &refusal.reason),
            Self::NoSuchTask(_) | Self::Unknown { .. } => ("NOT_FOUND".to_owned(), ""),
            Self::Failed(_) => ("FAILED".to_owned(), ""),
            Self::Output(_) => ("OUTPUT".to_owned(), ""),
        }
    }

    /// Path and description of every field at fault.
    pub(crate) fn fields(&self) -> &[(String, String)] {
        match self {
            Self::Refused(refusal) => &refusal.fields,
            _ => &[],
        }
    }

    /// What to do next; none where nobody could tell.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } | Self::Unknown { hint, .. } => Some(hint.clone()),
            Self::Config(ConfigError::NoLocalServer { .. }) => Some(
                "Start one with `handoffd up`, or say where it is: --server, --context, or --data-dir of one that runs.".to_owned(),
            ),
            Self::Config(ConfigError::Malformed { .. }) => Some("Correct the file.".to_owned()),
            Self::Config(ConfigError::UnknownContext { .. }) => Some("Add it to the file, or name another.".to_owned()),
            Self::Config(ConfigError::Unreadable { error, .. }) if error.kind() == io::ErrorKind::PermissionDenied => {
                Some("Run it as the user who started the server, or give --server and --token-file.".to_owned())
            }
            Self::Config(ConfigError::Unreadable { .. }) => Some("Check the path.".to_owned()),
            Self::Unreachable { request_id, .. } => {
                let repeat = request_id.as_ref().map(|id| format!(" {}", repeat_safely(id))).unwrap_or_default();
                Some(format!("Check that the server runs there.{repeat}"))
            }
            Self::Refused(refusal) => refusal.hint(),
            Self::NoSuchTask(_) => {
                Some("Write its number or id; other resources need their collection, such as accounts/acme.".to_owned())
            }
            Self::Failed(_) | Self::Output(_) => None,
        }
    }
}

impl Refusal {
    fn hint(&self) -> Option<String> {
        let by_reason = match self.reason.as_str() {
            "VERSION_MISMATCH" => {
                Some("Read it again, and repeat the command with the new --etag if it still fits.")
            }
            "READ_MODEL_BEHIND" => Some("Ask again in a moment, or without --min-position."),
            "EPOCH_CHANGED" => Some("List again what you followed, and begin without a position."),
            "RIGHTS_CHANGED" => Some("Begin again where it ended."),
            "REQUEST_ID_REUSED" => {
                Some("Repeat exactly the first command, or leave --request-id out.")
            }
            "STALE_NOTES" => Some(
                "Read them again, as in `handoff account notes acme`, and put your changes into what is there now.",
            ),
            "UNKNOWN_MEMBER" => Some("Create the member first: handoff member create."),
            "UNKNOWN_ACCOUNT" => Some("Create the account first: handoff account create."),
            "UNKNOWN_ROLE" => Some(
                "`handoff settings show` lists the roles; an admin adds one with `handoff settings role add`.",
            ),
            "UNKNOWN_CATEGORY" => Some(
                "`handoff settings show` lists the categories; an admin adds one with `handoff settings category add`, for documents `document-category add`.",
            ),
            "UNKNOWN_TASK_TYPE" => Some(
                "`handoff settings show` lists the types; an admin adds one with `handoff settings task-type add`.",
            ),
            "ASSIGNEE_REQUIRED" => {
                Some("Pass it on instead: handoff role assign ACCOUNT assignee MEMBER.")
            }
            "ACCOUNT_DEACTIVATED" => Some("Activate the account first: handoff account activate."),
            "MEMBER_DISABLED" => {
                Some("Name another member, or let an admin enable this one: handoff member enable.")
            }
            "LAST_ADMIN" => Some(
                "Make another member an admin first: handoff member update MEMBER --kind admin.",
            ),
            "TOO_MANY_CONTACTS" => {
                Some("Remove contacts that are not needed: handoff account contact remove.")
            }
            _ => None,
        };
        if let Some(hint) = by_reason {
            return Some(hint.to_owned());
        }
        let hint = match self.code {
            Code::InvalidArgument if self.fields.is_empty() => return None,
            Code::InvalidArgument => "Correct what is named above.".to_owned(),
            Code::Unauthenticated => "Check the token: --token-file, HANDOFF_TOKEN, or the one of the context.".to_owned(),
            Code::PermissionDenied => "Ask an admin of the team.".to_owned(),
            Code::NotFound => "Check the name; the lists show what there is, such as `handoff task list`.".to_owned(),
            Code::AlreadyExists => "Choose another --id.".to_owned(),
            Code::Aborted => "Read it again and repeat the command.".to_owned(),
            Code::ResourceExhausted => match self.pause {
                Some(pause) => format!("The server is busy: try again in {pause:?}."),
                None => "The server is busy: try again later.".to_owned(),
            },
            Code::Unavailable | Code::DeadlineExceeded => match &self.request_id {
                Some(id) => repeat_safely(id),
                None => "Try again in a moment, or give it longer with --timeout.".to_owned(),
            },
            Code::DataLoss => "Stored history is damaged: run `handoff log verify` and tell whoever runs the server.".to_owned(),
            Code::Internal | Code::Unknown => "The server's log says more.".to_owned(),
            Code::Unimplemented => "The server is older than this command.".to_owned(),
            _ => return None,
        };
        Some(hint)
    }
}

/// The message without the fields at fault, which it lists for those who see nothing else.
fn without_fields<'a>(message: &'a str, fields: &[(String, String)]) -> &'a str {
    let list = fields
        .first()
        .and_then(|(field, _)| message.find(&format!(": {field}: ")));
    list.map_or(message, |list| &message[..list])
}

/// Nobody knows whether the command was done; its id makes it safe to ask.
fn repeat_safely(request_id: &str) -> String {
    format!(
        "It may have been done: repeat it with --request-id {request_id}, which cannot do it twice."
    )
}

/// What lies under all the layers, such as `Connection refused`.
fn innermost(status: &Status) -> String {
    let mut cause = status.source();
    while let Some(next) = cause.and_then(|error| error.source()) {
        cause = Some(next);
    }
    cause.map_or_else(|| status.message().to_owned(), |error| error.to_string())
}

/// `NotFound` as `NOT_FOUND`.
fn screaming(code: Code) -> String {
    let mut text = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}
