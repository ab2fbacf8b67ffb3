//! MemberCommandService.

use handoff_domain::{
    commands::{CreateMember, EnableMember, Holdings, NewId, StartDisabling, UpdateMember},
    member::Kind,
    names::MemberName,
    text::{Email, Line},
};
use handoff_event_log::Position;
use handoff_proto::v1::{self, member_command_service_server::MemberCommandService};
use tonic::{Request, Response, Status};

use crate::{
    caller::Caller,
    command::{CommandRequest, Commands, Done},
    error::ApiError,
    fields::{Fields, given},
    ownership::{Change, Changed, Ownership},
    services::disabling::Disabling,
};

/// Commands about members.
pub(crate) struct MemberCommands {
    pub(crate) commands: Commands,
    pub(crate) disabling: Disabling,
    pub(crate) ownership: Ownership,
}

#[tonic::async_trait]
impl MemberCommandService for MemberCommands {
    async fn create_member(
        &self,
        request: Request<v1::CreateMemberRequest>,
    ) -> Result<Response<v1::CreateMemberResponse>, Status> {
        let done = self.commands.run(request).await?;
        let member = Some(done.member()?);
        Ok(Response::new(v1::CreateMemberResponse {
            member,
            receipt: Some(done.receipt()),
        }))
    }

    async fn update_member(
        &self,
        request: Request<v1::UpdateMemberRequest>,
    ) -> Result<Response<v1::UpdateMemberResponse>, Status> {
        let (order, command) = self.commands.take(request)?;
        let name = command.name.clone();
        let update = |other_admins| UpdateMember {
            other_admins,
            ..command.clone()
        };
        let whole = || order.whole();
        let answer = self
            .disabling
            .leave_an_admin(&order, whole, &name, update)
            .await?;
        let done = self.commands.done(&order, answer);
        let member = Some(done.member()?);
        Ok(Response::new(v1::UpdateMemberResponse {
            member,
            receipt: Some(done.receipt()),
        }))
    }

    async fn disable_member(
        &self,
        request: Request<v1::DisableMemberRequest>,
    ) -> Result<Response<v1::DisableMemberResponse>, Status> {
        let changed = self.disable(request).await?;
        Ok(Response::new(v1::DisableMemberResponse {
            member: changed.done.as_ref().map(Done::member).transpose()?,
            receipt: changed.receipt(),
            operation: changed.operation(),
            plan: changed.plan,
        }))
    }

    async fn transfer_resources(
        &self,
        request: Request<v1::TransferResourcesRequest>,
    ) -> Result<Response<v1::TransferResourcesResponse>, Status> {
        let changed = self.ownership.run(request).await?;
        Ok(Response::new(v1::TransferResourcesResponse {
            operation: changed.done.as_ref().map(Done::operation).transpose()?,
            receipt: changed.receipt(),
            plan: changed.plan,
        }))
    }

    async fn enable_member(
        &self,
        request: Request<v1::EnableMemberRequest>,
    ) -> Result<Response<v1::EnableMemberResponse>, Status> {
        let done = self.commands.run(request).await?;
        let member = Some(done.member()?);
        Ok(Response::new(v1::EnableMemberResponse {
            member,
            receipt: Some(done.receipt()),
        }))
    }
}

impl MemberCommands {
    async fn disable(
        &self,
        request: Request<v1::DisableMemberRequest>,
    ) -> Result<Changed, ApiError> {
        let asked = request.get_ref();
        let (only, expected) = (asked.validate_only, Position(asked.expected_position));
        let (order, command) = self.commands.take(request)?;
        let informed = if only || expected > Position::START {
            self.disabling.informed(&order, command.clone()).await?
        } else {
            command.clone()
        };
        let change = Change::Disable(informed);
        if only {
            return self.ownership.planned(&order, &change, expected).await;
        }
        if command.successor.is_none() {
            // They hold nothing, as is checked at the end: there is no plan.
            let (answer, operation) = self.disabling.disable(&order, command).await?;
            return Ok(self.ownership.changed(&order, answer, operation, None));
        }
        let (step, plan) = self
            .ownership
            .as_expected(&order, &change, expected, order.whole())
            .await?;
        let (answer, operation) = self.disabling.begin(&order, step, command).await?;
        Ok(self.ownership.changed(&order, answer, operation, plan))
    }
}

impl CommandRequest for v1::CreateMemberRequest {
    type Command = CreateMember;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CreateMember> {
        let id = fields.optional("member_id", &self.member_id, MemberName::from_id);
        let member = fields.present("member", self.member.as_ref())?;
        let display_name = fields.required("member.display_name", &member.display_name, Line::new);
        let email = fields.optional("member.email", &member.email, Email::new);
        let kind = kind(member.kind, fields);
        Some(CreateMember {
            id: id?.map_or(NewId::FromDisplayName, NewId::Given),
            display_name: display_name?,
            email: email?,
            kind: kind?,
        })
    }
}

impl CommandRequest for v1::UpdateMemberRequest {
    type Command = UpdateMember;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateMember> {
        let mask = fields.mask(
            self.update_mask.as_ref(),
            &["display_name", "email", "kind"],
        );
        let member = fields.present("member", self.member.as_ref())?;
        let name = fields.name("member.name", &member.name);
        let mask = mask?;
        let display_name = mask
            .has("display_name")
            .then(|| fields.required("member.display_name", &member.display_name, Line::new));
        let email = mask
            .has("email")
            .then(|| fields.optional("member.email", &member.email, Email::new));
        let kind = mask.has("kind").then(|| kind(member.kind, fields));
        Some(UpdateMember {
            name: name?,
            display_name: given(display_name)?,
            email: given(email)?,
            kind: given(kind)?,
            other_admins: Vec::new(),
        })
    }
}

impl CommandRequest for v1::DisableMemberRequest {
    type Command = StartDisabling;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<StartDisabling> {
        let name = fields.name("name", &self.name);
        let successor = fields.optional("successor", &self.successor, str::parse);
        fields.position("expected_position", self.expected_position)?;
        Some(StartDisabling {
            name: name?,
            successor: successor?,
            other_admins: Vec::new(),
            holdings: Holdings::default(),
        })
    }
}

impl CommandRequest for v1::EnableMemberRequest {
    type Command = EnableMember;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<EnableMember> {
        Some(EnableMember {
            name: fields.name("name", &self.name)?,
        })
    }
}

fn kind(number: i32, fields: &mut Fields) -> Option<Kind> {
    Some(match fields.known("member.kind", number)? {
        v1::MemberKind::Admin => Kind::Admin,
        v1::MemberKind::Unspecified | v1::MemberKind::Staff => Kind::Staff,
    })
}
