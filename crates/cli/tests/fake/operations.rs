//! Ownership changes: each is planned, then finished.

use handoff_proto::v1::{
    self, Holding, HoldingCount, HoldingKind, ItemOutcome, ItemReason, ItemResult, Operation,
    OperationItem, OperationKind, OperationStatus, OutcomeCounts, OwnershipPlan,
    member_query_service_server::MemberQueryService,
    operation_command_service_server::OperationCommandService,
    operation_query_service_server::OperationQueryService,
};
use tonic::{Request, Response, Status};

use super::Fake;

/// A role that moves, a task that moves to who has a part in it, one that stays and one that cannot move.
fn results() -> Vec<ItemResult> {
    let result = |kind: HoldingKind, resource: &str, role: &str, outcome: ItemOutcome| ItemResult {
        holding: Some(Holding {
            kind: kind.into(),
            resource: resource.into(),
            role: role.into(),
        }),
        outcome: outcome.into(),
        from: "members/ana".into(),
        to: "members/ben".into(),
        ..ItemResult::default()
    };
    vec![
        result(
            HoldingKind::Role,
            "accounts/acme",
            "assignee",
            ItemOutcome::Moved,
        ),
        ItemResult {
            shared: true,
            ..result(HoldingKind::OpenTask, "tasks/a", "", ItemOutcome::Moved)
        },
        ItemResult {
            reason: ItemReason::MadeByHand.into(),
            to: String::new(),
            ..result(HoldingKind::OpenTask, "tasks/b", "", ItemOutcome::Kept)
        },
        ItemResult {
            reason: ItemReason::Closed.into(),
            to: String::new(),
            ..result(HoldingKind::OpenTask, "tasks/c", "", ItemOutcome::Skipped)
        },
    ]
}

fn counts() -> Option<OutcomeCounts> {
    Some(OutcomeCounts {
        moved: 2,
        kept: 1,
        skipped: 1,
    })
}

/// What every change would do, as of position 41.
pub(super) fn plan() -> Option<OwnershipPlan> {
    Some(OwnershipPlan {
        items: results(),
        counts: counts(),
        position: 41,
        executable: true,
        ..OwnershipPlan::default()
    })
}

impl Fake {
    /// Notes a request that changes ownership, and begins an operation unless it is a dry run.
    pub(super) fn begin(
        &self,
        request: &impl std::fmt::Debug,
        validate_only: bool,
        begun: Operation,
    ) -> Option<Operation> {
        let mut state = self.state.lock().unwrap();
        state.asked.push(format!("{request:?}"));
        if validate_only {
            return None;
        }
        let begun = Operation {
            name: format!("operations/o{}", state.operations.len() + 1),
            status: OperationStatus::Planning.into(),
            actor: "members/ana".into(),
            etag: "1".into(),
            ..begun
        };
        state.operations.insert(begun.name.clone(), begun.clone());
        Some(begun)
    }

    fn operation(&self, name: &str) -> Result<Operation, Status> {
        let state = self.state.lock().unwrap();
        let found = state.operations.get(name).cloned();
        found.ok_or_else(|| Status::not_found(format!("{name} does not exist")))
    }
}

#[tonic::async_trait]
impl OperationCommandService for Fake {
    async fn undo_operation(
        &self,
        request: Request<v1::UndoOperationRequest>,
    ) -> Result<Response<v1::UndoOperationResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        self.operation(&request.name)?;
        let begun = Operation {
            kind: OperationKind::Undo.into(),
            undoes: request.name.clone(),
            ..Operation::default()
        };
        Ok(Response::new(v1::UndoOperationResponse {
            operation: self.begin(&request, request.validate_only, begun),
            receipt: None,
            plan: plan(),
        }))
    }
}

#[tonic::async_trait]
impl OperationQueryService for Fake {
    async fn get_operation(
        &self,
        request: Request<v1::GetOperationRequest>,
    ) -> Result<Response<v1::GetOperationResponse>, Status> {
        self.check(&request)?;
        Ok(Response::new(v1::GetOperationResponse {
            operation: Some(self.operation(&request.into_inner().name)?),
            position: 1,
        }))
    }

    /// Notes the filter, and lists all, one on each page.
    async fn list_operations(
        &self,
        request: Request<v1::ListOperationsRequest>,
    ) -> Result<Response<v1::ListOperationsResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let mut state = self.state.lock().unwrap();
        state.asked.push(request.filter);
        let from: usize = request.page_token.parse().unwrap_or_default();
        let operation = state.operations.values().nth(from).cloned();
        let next_page_token = if from + 1 < state.operations.len() {
            (from + 1).to_string()
        } else {
            String::new()
        };
        Ok(Response::new(v1::ListOperationsResponse {
            operations: operation.into_iter().collect(),
            next_page_token,
            position: 1,
        }))
    }

    /// Notes the filter, and lists all.
    async fn list_operation_items(
        &self,
        request: Request<v1::ListOperationItemsRequest>,
    ) -> Result<Response<v1::ListOperationItemsResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        self.operation(&request.operation)?;
        self.state.lock().unwrap().asked.push(request.filter);
        let item = |result| OperationItem {
            result: Some(result),
            ..OperationItem::default()
        };
        Ok(Response::new(v1::ListOperationItemsResponse {
            items: results().into_iter().map(item).collect(),
            ..Default::default()
        }))
    }

    /// Answers how far it is, and takes it a step on: from planning to running to its end.
    async fn wait_operation(
        &self,
        request: Request<v1::WaitOperationRequest>,
    ) -> Result<Response<v1::WaitOperationResponse>, Status> {
        self.check(&request)?;
        let name = request.into_inner().name;
        let now = self.operation(&name)?;
        let next = match now.status() {
            OperationStatus::Planning => Operation {
                status: OperationStatus::Running.into(),
                planned: vec![HoldingCount {
                    kind: HoldingKind::OpenTask.into(),
                    count: 4,
                }],
                ..now.clone()
            },
            _ => Operation {
                status: OperationStatus::Finished.into(),
                counts: counts(),
                ..now.clone()
            },
        };
        self.state.lock().unwrap().operations.insert(name, next);
        Ok(Response::new(v1::WaitOperationResponse {
            operation: Some(now),
            position: 1,
        }))
    }
}

#[tonic::async_trait]
impl MemberQueryService for Fake {
    async fn get_member(
        &self,
        _: Request<v1::GetMemberRequest>,
    ) -> Result<Response<v1::GetMemberResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    async fn list_members(
        &self,
        _: Request<v1::ListMembersRequest>,
    ) -> Result<Response<v1::ListMembersResponse>, Status> {
        Err(Status::unimplemented("no test asks for this"))
    }

    /// Two pages: a role, and a task of an order.
    async fn list_holdings(
        &self,
        request: Request<v1::ListHoldingsRequest>,
    ) -> Result<Response<v1::ListHoldingsResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let (kind, resource, role, next) = match request.page_token.as_str() {
            "" => (HoldingKind::Role, "accounts/acme", "assignee", "2"),
            _ => (HoldingKind::OpenOrderTask, "orders/o1/tasks/audit", "", ""),
        };
        self.state
            .lock()
            .unwrap()
            .asked
            .push(format!("{} {:?}", request.member, request.kinds));
        Ok(Response::new(v1::ListHoldingsResponse {
            holdings: vec![Holding {
                kind: kind.into(),
                resource: resource.into(),
                role: role.into(),
            }],
            next_page_token: next.into(),
            ..Default::default()
        }))
    }
}
