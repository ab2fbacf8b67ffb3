//! Members.

use handoff_proto::v1::{
    self, Member, Operation, OperationKind, member_command_service_server::MemberCommandService,
};
use tonic::{Request, Response, Status};

use super::{Fake, operations::plan};

#[tonic::async_trait]
impl MemberCommandService for Fake {
    async fn transfer_resources(
        &self,
        request: Request<v1::TransferResourcesRequest>,
    ) -> Result<Response<v1::TransferResourcesResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let begun = Operation {
            kind: OperationKind::TransferResources.into(),
            from: request.from.clone(),
            to: request.to.clone(),
            ..Operation::default()
        };
        Ok(Response::new(v1::TransferResourcesResponse {
            operation: self.begin(&request, request.validate_only, begun),
            receipt: None,
            plan: plan(),
        }))
    }

    async fn create_member(
        &self,
        request: Request<v1::CreateMemberRequest>,
    ) -> Result<Response<v1::CreateMemberResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let name = format!("members/{}", request.member_id);
        let member = Member {
            name: name.clone(),
            ..request.member.clone().unwrap_or_default()
        };
        let receipt = self.command(&request.request_id, &request, |state| {
            if state.members.contains_key(&name) {
                return Err(Status::already_exists(format!("{name} exists already")));
            }
            state.members.insert(name, member.clone());
            Ok(true)
        })?;
        Ok(Response::new(v1::CreateMemberResponse {
            member: Some(member),
            receipt,
        }))
    }

    /// Takes all that is given, whatever the mask.
    async fn update_member(
        &self,
        request: Request<v1::UpdateMemberRequest>,
    ) -> Result<Response<v1::UpdateMemberResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let member = request.member.clone().unwrap_or_default();
        let receipt = self.command(&request.request_id, &request, |state| {
            let before = state.members.insert(member.name.clone(), member.clone());
            Ok(before.as_ref() != Some(&member))
        })?;
        Ok(Response::new(v1::UpdateMemberResponse {
            member: Some(member),
            receipt,
        }))
    }

    async fn disable_member(
        &self,
        request: Request<v1::DisableMemberRequest>,
    ) -> Result<Response<v1::DisableMemberResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let begun = Operation {
            kind: OperationKind::DisableMember.into(),
            from: request.name.clone(),
            to: request.successor.clone(),
            ..Operation::default()
        };
        let operation = self.begin(&request, request.validate_only, begun);
        Ok(Response::new(v1::DisableMemberResponse {
            member: Some(Member {
                name: request.name,
                ..Member::default()
            }),
            operation: operation.unwrap_or_default().name,
            plan: plan(),
            ..Default::default()
        }))
    }

    async fn enable_member(
        &self,
        _: Request<v1::EnableMemberRequest>,
    ) -> Result<Response<v1::EnableMemberResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }
}
