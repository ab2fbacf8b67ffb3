//! OperationCommandService, and what other requests for ownership changes ask for.

use std::collections::BTreeSet;

use handoff_domain::{
    HoldingKind,
    commands::{Accounts, BatchAssignRole, TransferResources, UndoOperation},
    limits,
};
use handoff_proto::v1::{self, operation_command_service_server::OperationCommandService};
use tonic::{Request, Response, Status};

use crate::{
    caller::Caller,
    command::{CommandRequest, Done},
    fields::Fields,
    ownership::Ownership,
};

/// Commands about operations.
pub(crate) struct OperationCommands(pub(crate) Ownership);

#[tonic::async_trait]
impl OperationCommandService for OperationCommands {
    async fn undo_operation(
        &self,
        request: Request<v1::UndoOperationRequest>,
    ) -> Result<Response<v1::UndoOperationResponse>, Status> {
        let changed = self.0.run(request).await?;
        Ok(Response::new(v1::UndoOperationResponse {
            operation: changed.done.as_ref().map(Done::operation).transpose()?,
            receipt: changed.receipt(),
            plan: changed.plan,
        }))
    }
}

impl CommandRequest for v1::UndoOperationRequest {
    type Command = UndoOperation;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UndoOperation> {
        let operation = fields.name("name", &self.name);
        fields.position("expected_position", self.expected_position)?;
        Some(UndoOperation {
            operation: operation?,
        })
    }
}

impl CommandRequest for v1::BatchAssignRoleRequest {
    type Command = BatchAssignRole;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<BatchAssignRole> {
        let role = fields.required("role", &self.role, str::parse);
        let holder = fields.name("holder", &self.holder);
        let accounts = accounts(&self.accounts, &self.filter, fields);
        fields.position("expected_position", self.expected_position)?;
        Some(BatchAssignRole {
            role: role?,
            holder: holder?,
            accounts: accounts?,
        })
    }
}

impl CommandRequest for v1::TransferResourcesRequest {
    type Command = TransferResources;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<TransferResources> {
        let from = fields.name("from", &self.from);
        let to = fields.name("to", &self.to);
        let kinds = kinds(&self.kinds, fields);
        fields.position("expected_position", self.expected_position)?;
        Some(TransferResources {
            from: from?,
            to: to?,
            kinds: kinds?,
        })
    }
}

/// The accounts of a batch: listed, or picked by a filter.
fn accounts(names: &[String], filter: &str, fields: &mut Fields) -> Option<Accounts> {
    match (names, filter) {
        ([], "") => fields.violation(
            "accounts",
            "is required where no filter is given: name 1 to 1,000 accounts, or pick them by a filter",
        ),
        ([], filter) => {
            let (count, most) = (filter.chars().count(), limits::FILTER_CHARACTERS);
            if count > most {
                let description = format!("has {count} characters; at most {most} are allowed");
                return fields.violation("filter", description);
            }
            Some(Accounts::Filter(filter.into()))
        }
        (names, "") => {
            let (count, most) = (names.len(), limits::PLANNED_ITEMS);
            if count > most {
                let description =
                    format!("has {count} entries; 1 to {most} can be listed, a filter picks any number");
                return fields.violation("accounts", description);
            }
            fields
                .each("accounts", names, most, str::parse)
                .map(Accounts::Listed)
        }
        (_, _) => fields.violation(
            "filter",
            "cannot be given together with accounts: leave one of them out",
        ),
    }
}

/// Kinds of holdings, each once; all of them where none is named.
pub(crate) fn kinds(numbers: &[i32], fields: &mut Fields) -> Option<BTreeSet<HoldingKind>> {
    if numbers.is_empty() {
        return Some(HoldingKind::ALL.into());
    }
    let mut kinds = Some(BTreeSet::new());
    for (index, number) in numbers.iter().enumerate() {
        let field = format!("kinds[{index}]");
        let kind = match fields.known(&field, *number) {
            Some(v1::HoldingKind::Role) => Some(HoldingKind::Role),
            Some(v1::HoldingKind::SupportTeam) => Some(HoldingKind::SupportTeam),
            Some(v1::HoldingKind::OpenTask) => Some(HoldingKind::OpenTask),
            Some(v1::HoldingKind::OpenOrderTask) => Some(HoldingKind::OpenOrderTask),
            Some(v1::HoldingKind::Order) => Some(HoldingKind::Order),
            Some(v1::HoldingKind::OpenActivity) => Some(HoldingKind::OpenActivity),
            Some(v1::HoldingKind::TemplateTask) => Some(HoldingKind::TemplateTask),
            Some(v1::HoldingKind::DefaultAssignee) => Some(HoldingKind::DefaultAssignee),
            Some(v1::HoldingKind::Unspecified) => fields.violation(&field, "is not given"),
            None => None,
        };
        kinds = kinds.zip(kind).map(|(mut kinds, kind)| {
            kinds.insert(kind);
            kinds
        });
    }
    kinds
}
