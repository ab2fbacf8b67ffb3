//! What the requests of AccountCommandService ask for.

use handoff_domain::{
    account::{InteractionKind, Kind, Status},
    commands::{
        AssignRole, ConvertLead, CreateAccount, LogInteraction, NewId, RecordQuestion,
        SelectTaskTypes, SetAccountStatus, SetMonthlyReport, SetSupportTeam, UpdateAccount,
        UpdateNotes, VacateRole,
    },
    limits,
    names::AccountName,
    text::{Html, Line, SlaHours},
};
use handoff_proto::v1;

use crate::{
    caller::Caller,
    command::CommandRequest,
    fields::{Fields, given},
};

impl CommandRequest for v1::CreateAccountRequest {
    type Command = CreateAccount;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CreateAccount> {
        let id = fields.optional("account_id", &self.account_id, AccountName::from_id);
        let account = fields.present("account", self.account.as_ref())?;
        let display_name =
            fields.required("account.display_name", &account.display_name, Line::new);
        let kind = fields
            .known("account.kind", account.kind)
            .map(|kind| match kind {
                v1::AccountKind::Unspecified | v1::AccountKind::Customer => Kind::Customer,
                v1::AccountKind::Lead => Kind::Lead,
            });
        let assignee = fields.optional("account.assignee", &account.assignee, str::parse);
        let sla_hours = sla_hours(account, fields);
        Some(CreateAccount {
            id: id?.map_or(NewId::FromDisplayName, NewId::Given),
            display_name: display_name?,
            kind: kind?,
            assignee: assignee?,
            sla_hours: sla_hours?,
        })
    }
}

impl CommandRequest for v1::UpdateAccountRequest {
    type Command = UpdateAccount;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateAccount> {
        let mask = fields.mask(self.update_mask.as_ref(), &["display_name", "sla_hours"]);
        let account = fields.present("account", self.account.as_ref())?;
        let name = fields.name("account.name", &account.name);
        let mask = mask?;
        let display_name = mask
            .has("display_name")
            .then(|| fields.required("account.display_name", &account.display_name, Line::new));
        let sla_hours = mask.has("sla_hours").then(|| sla_hours(account, fields));
        Some(UpdateAccount {
            name: name?,
            display_name: given(display_name)?,
            sla_hours: given(sla_hours)?,
        })
    }
}

impl CommandRequest for v1::ConvertLeadRequest {
    type Command = ConvertLead;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<ConvertLead> {
        Some(ConvertLead {
            name: fields.name("name", &self.name)?,
        })
    }
}

impl CommandRequest for v1::ActivateAccountRequest {
    type Command = SetAccountStatus;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<SetAccountStatus> {
        Some(SetAccountStatus {
            name: fields.name("name", &self.name)?,
            status: Status::Active,
        })
    }
}

impl CommandRequest for v1::PauseAccountRequest {
    type Command = SetAccountStatus;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<SetAccountStatus> {
        Some(SetAccountStatus {
            name: fields.name("name", &self.name)?,
            status: Status::Paused,
        })
    }
}

impl CommandRequest for v1::DeactivateAccountRequest {
    type Command = SetAccountStatus;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<SetAccountStatus> {
        Some(SetAccountStatus {
            name: fields.name("name", &self.name)?,
            status: Status::Deactivated,
        })
    }
}

impl CommandRequest for v1::AssignRoleRequest {
    type Command = AssignRole;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<AssignRole> {
        let account = fields.name("name", &self.name);
        let role = fields.required("role", &self.role, str::parse);
        let holder = fields.name("holder", &self.holder);
        fields.position("expected_position", self.expected_position)?;
        Some(AssignRole {
            account: account?,
            role: role?,
            holder: holder?,
        })
    }
}

impl CommandRequest for v1::VacateRoleRequest {
    type Command = VacateRole;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<VacateRole> {
        let account = fields.name("name", &self.name);
        let role = fields.required("role", &self.role, str::parse);
        fields.position("expected_position", self.expected_position)?;
        Some(VacateRole {
            account: account?,
            role: role?,
        })
    }
}

impl CommandRequest for v1::UpdateNotesRequest {
    type Command = UpdateNotes;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateNotes> {
        let account = fields.name("name", &self.name);
        let notes = fields.check("notes", Html::new(&self.notes));
        let notes_revision = match u32::try_from(self.notes_revision) {
            Ok(revision) => Some(revision),
            Err(_) => fields.violation(
                "notes_revision",
                format!("is {}; it must be at least 0", self.notes_revision),
            ),
        };
        Some(UpdateNotes {
            account: account?,
            notes: notes?,
            notes_revision: notes_revision?,
        })
    }
}

impl CommandRequest for v1::LogInteractionRequest {
    type Command = LogInteraction;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<LogInteraction> {
        let account = fields.name("name", &self.name);
        let kind = match fields.known("kind", self.kind) {
            Some(v1::InteractionKind::Unspecified) => fields.violation("kind", "is required"),
            Some(v1::InteractionKind::VideoCall) => Some(InteractionKind::VideoCall),
            Some(v1::InteractionKind::Email) => Some(InteractionKind::Email),
            Some(v1::InteractionKind::PhoneCall) => Some(InteractionKind::PhoneCall),
            None => None,
        };
        let details = fields.optional("details", &self.details, Html::new);
        let happened_at = fields.time("happen_time", self.happen_time.as_ref());
        Some(LogInteraction {
            account: account?,
            kind: kind?,
            details: details?,
            happened_at: happened_at?,
        })
    }
}

impl CommandRequest for v1::RecordQuestionRequest {
    type Command = RecordQuestion;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<RecordQuestion> {
        let account = fields.name("name", &self.name);
        let contact = fields.optional("contact", &self.contact, str::parse);
        let question = fields.required("question", &self.question, Html::new);
        let asked_at = fields.time("ask_time", self.ask_time.as_ref());
        Some(RecordQuestion {
            account: account?,
            contact: contact?,
            question: question?,
            asked_at: asked_at?,
        })
    }
}

impl CommandRequest for v1::SetMonthlyReportRequest {
    type Command = SetMonthlyReport;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<SetMonthlyReport> {
        Some(SetMonthlyReport {
            account: fields.name("name", &self.name)?,
            on: self.monthly_report,
        })
    }
}

impl CommandRequest for v1::SelectTaskTypesRequest {
    type Command = SelectTaskTypes;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<SelectTaskTypes> {
        let account = fields.name("name", &self.name);
        let (all, task_types) = match &self.task_types {
            Some(selection) => (selection.all, &selection.task_types[..]),
            None => (false, &[][..]),
        };
        let task_types = fields.each(
            "task_types.task_types",
            task_types,
            limits::TASK_TYPES,
            str::parse,
        );
        let task_types = match task_types {
            Some(task_types) if all && !task_types.is_empty() => fields.violation(
                "task_types.task_types",
                "must be empty where all are selected",
            ),
            task_types => task_types,
        };
        Some(SelectTaskTypes {
            account: account?,
            task_types: Some(task_types?).filter(|_| !all),
        })
    }
}

impl CommandRequest for v1::SetSupportTeamRequest {
    type Command = SetSupportTeam;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<SetSupportTeam> {
        let account = fields.name("name", &self.name);
        let members = fields.each("members", &self.members, limits::SUPPORT_TEAM, str::parse);
        Some(SetSupportTeam {
            account: account?,
            members: members?,
        })
    }
}

/// The hours of an account's own; none within: those of the settings.
fn sla_hours(account: &v1::Account, fields: &mut Fields) -> Option<Option<SlaHours>> {
    match account.sla_hours {
        None => Some(None),
        Some(hours) => fields
            .check("account.sla_hours", SlaHours::new(hours.into()))
            .map(Some),
    }
}
