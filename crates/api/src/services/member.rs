//! MemberCommandService.

use handoff_domain::{
    commands::{CreateMember, EnableMember, Holdings, NewId, StartDisabling, UpdateMember},
    member::Kind,
    names::MemberName,
    text::{Email, Line},
};
use handoff_proto::v1::{self, member_command_service_server::MemberCommandService};
use tonic::{Request, Response, Status};

use crate::{
    caller::Caller,
    command::{CommandRequest, Commands},
    fields::{Fields, given},
    services::disabling::Disabling,
};

/// Commands about members.
pub(crate) struct MemberCommands {
    pub(crate) commands: Commands,
    pub(crate) disabling: Disabling,
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
        let (order, command) = self.commands.take(request)?;
        let answer = self.disabling.disable(&order, command).await?;
        let done = self.commands.done(&order, answer);
        let member = Some(done.member()?);
        Ok(Response::new(v1::DisableMemberResponse {
            member,
            receipt: Some(done.receipt()),
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
        Some(StartDisabling {
            name: fields.name("name", &self.name)?,
            successor: None,
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
