//! MemberCommandService.

use handoff_domain::{
    commands::{CreateMember, NewId},
    member::Kind,
    names::MemberName,
    text::{Email, Line},
};
use handoff_proto::v1::{self, member_command_service_server::MemberCommandService};
use tonic::{Request, Response, Status};

use crate::{
    caller::Caller,
    command::{CommandRequest, Commands},
    fields::Fields,
};

/// Commands about members.
pub(crate) struct MemberCommands(pub(crate) Commands);

#[tonic::async_trait]
impl MemberCommandService for MemberCommands {
    async fn create_member(
        &self,
        request: Request<v1::CreateMemberRequest>,
    ) -> Result<Response<v1::CreateMemberResponse>, Status> {
        let done = self.0.run(request).await?;
        let member = Some(done.member()?);
        Ok(Response::new(v1::CreateMemberResponse {
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
        let kind = fields
            .known("member.kind", member.kind)
            .map(|kind| match kind {
                v1::MemberKind::Admin => Kind::Admin,
                v1::MemberKind::Unspecified | v1::MemberKind::Staff => Kind::Staff,
            });
        Some(CreateMember {
            id: id?.map_or(NewId::FromDisplayName, NewId::Given),
            display_name: display_name?,
            email: email?,
            kind: kind?,
        })
    }
}
