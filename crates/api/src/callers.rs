//! Which class of caller may call which method: the whole table.
//!
//! A method without a row is not served. The check comes before the input is looked at. The domain
//! decides again what depends on the resource.

use std::{collections::HashMap, sync::LazyLock};

use crate::caller::Class::{self, Admin, Analyst, Contact, Operator, ServiceAccount, Staff};

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone, without a token.
    Public,
    /// Callers of these classes.
    Only(&'static [Class]),
}

/// How a method answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Once, within the server's own deadline.
    Unary,
    /// With a stream, for as long as the caller likes.
    Stream,
    /// Once, to a stream, which may take long: bounded by the caller, and by hours.
    Upload,
}

/// One method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method {
    /// Its full path: `/package.Service/Method`.
    pub(crate) path: &'static str,
    pub(crate) shape: Shape,
    pub(crate) access: Access,
}

impl Method {
    /// Its service: `handoff.v1.TaskCommandService`.
    pub(crate) fn service(&self) -> &'static str {
        self.parts().0
    }

    /// What it is called in its service: `CompleteTask`.
    pub(crate) fn name(&self) -> &'static str {
        self.parts().1
    }

    fn parts(&self) -> (&'static str, &'static str) {
        self.path[1..]
            .split_once('/')
            .unwrap_or((self.path, self.path))
    }
}

const TEAM: Access = Access::Only(&[Admin, Staff, ServiceAccount]);
const READERS: Access = Access::Only(&[Admin, Staff, ServiceAccount, Analyst]);
/// People at an account, and nobody else.
const CONTACTS: Access = Access::Only(&[Contact]);
const ADMINS: Access = Access::Only(&[Admin]);
/// Admins too: whoever starts Handoff on a laptop runs it.
const OPERATORS: Access = Access::Only(&[Operator, Admin]);
/// A check of the log shows positions and hashes only, so that operators may run it as well.
const CHECKERS: Access = Access::Only(&[Admin, Staff, ServiceAccount, Analyst, Operator]);

const fn unary(path: &'static str, access: Access) -> Method {
    Method {
        path,
        shape: Shape::Unary,
        access,
    }
}

const fn stream(path: &'static str, access: Access) -> Method {
    Method {
        path,
        shape: Shape::Stream,
        access,
    }
}

const fn upload(path: &'static str, access: Access) -> Method {
    Method {
        path,
        shape: Shape::Upload,
        access,
    }
}

/// Every method that is served.
pub(crate) const METHODS: &[Method] = &[
    unary("/handoff.v1.AccountCommandService/CreateAccount", TEAM),
    unary("/handoff.v1.AccountCommandService/UpdateAccount", TEAM),
    unary("/handoff.v1.AccountCommandService/ConvertLead", TEAM),
    unary("/handoff.v1.AccountCommandService/ActivateAccount", TEAM),
    unary("/handoff.v1.AccountCommandService/PauseAccount", TEAM),
    unary("/handoff.v1.AccountCommandService/DeactivateAccount", TEAM),
    unary("/handoff.v1.AccountCommandService/AssignRole", TEAM),
    unary("/handoff.v1.AccountCommandService/VacateRole", TEAM),
    unary("/handoff.v1.AccountCommandService/BatchAssignRole", ADMINS),
    unary("/handoff.v1.AccountCommandService/UpdateNotes", TEAM),
    unary("/handoff.v1.AccountCommandService/LogInteraction", TEAM),
    unary("/handoff.v1.AccountCommandService/RecordQuestion", TEAM),
    unary("/handoff.v1.AccountCommandService/SetMonthlyReport", TEAM),
    unary("/handoff.v1.AccountCommandService/SelectTaskTypes", TEAM),
    unary("/handoff.v1.AccountCommandService/SetSupportTeam", TEAM),
    unary("/handoff.v1.AccountCommandService/CreateContact", TEAM),
    unary("/handoff.v1.AccountCommandService/UpdateContact", TEAM),
    unary("/handoff.v1.AccountCommandService/DeleteContact", TEAM),
    unary("/handoff.v1.AccountQueryService/GetAccount", READERS),
    unary("/handoff.v1.AccountQueryService/ListAccounts", READERS),
    unary("/handoff.v1.AccountQueryService/ListTimeline", READERS),
    unary("/handoff.v1.AccountQueryService/ListWorkloads", READERS),
    unary("/handoff.v1.TaskCommandService/CreateTask", TEAM),
    unary("/handoff.v1.TaskCommandService/CreateTaskFromCall", TEAM),
    unary("/handoff.v1.TaskCommandService/GenerateTask", TEAM),
    unary("/handoff.v1.TaskCommandService/UpdateTask", TEAM),
    unary("/handoff.v1.TaskCommandService/SetTaskStatus", TEAM),
    unary("/handoff.v1.TaskCommandService/AssignTask", TEAM),
    unary("/handoff.v1.TaskCommandService/CompleteTask", TEAM),
    unary("/handoff.v1.TaskCommandService/ReopenTask", TEAM),
    unary("/handoff.v1.TaskCommandService/CancelTask", TEAM),
    unary("/handoff.v1.TaskCommandService/DeleteTask", TEAM),
    unary("/handoff.v1.TaskCommandService/UndeleteTask", TEAM),
    unary("/handoff.v1.TaskCommandService/SetNotify", TEAM),
    unary("/handoff.v1.TaskCommandService/AddNote", TEAM),
    unary("/handoff.v1.TaskCommandService/AddInternalNote", ADMINS),
    unary("/handoff.v1.TaskCommandService/MarkBilled", ADMINS),
    unary("/handoff.v1.TaskCommandService/RelateTasks", TEAM),
    unary("/handoff.v1.TaskCommandService/UnrelateTasks", TEAM),
    unary("/handoff.v1.TaskCommandService/BatchCompleteTasks", TEAM),
    unary("/handoff.v1.TaskCommandService/BatchAssignTasks", TEAM),
    unary("/handoff.v1.TaskQueryService/GetTask", READERS),
    unary("/handoff.v1.TaskQueryService/ListTasks", READERS),
    unary("/handoff.v1.TaskQueryService/CountTasks", READERS),
    unary("/handoff.v1.TaskQueryService/ListTaskNotes", READERS),
    unary("/handoff.v1.TaskQueryService/ExplainAssignment", READERS),
    stream("/handoff.v1.TaskQueryService/WatchTasks", READERS),
    unary("/handoff.v1.MemberCommandService/CreateMember", ADMINS),
    unary("/handoff.v1.MemberCommandService/UpdateMember", ADMINS),
    unary("/handoff.v1.MemberCommandService/DisableMember", ADMINS),
    unary("/handoff.v1.MemberCommandService/EnableMember", ADMINS),
    unary("/handoff.v1.MemberCommandService/TransferResources", ADMINS),
    unary("/handoff.v1.MemberQueryService/GetMember", READERS),
    unary("/handoff.v1.MemberQueryService/ListMembers", READERS),
    unary("/handoff.v1.MemberQueryService/ListHoldings", READERS),
    unary("/handoff.v1.SettingsCommandService/UpdateSettings", ADMINS),
    unary("/handoff.v1.SettingsQueryService/GetSettings", READERS),
    upload("/handoff.v1.DocumentService/UploadDocuments", TEAM),
    stream("/handoff.v1.DocumentService/DownloadDocument", READERS),
    unary("/handoff.v1.DocumentService/UpdateDocument", TEAM),
    unary("/handoff.v1.DocumentService/GetDocument", READERS),
    unary("/handoff.v1.DocumentService/ListDocuments", READERS),
    unary("/handoff.v1.ActivityCommandService/CreateActivity", TEAM),
    unary("/handoff.v1.ActivityCommandService/UpdateActivity", TEAM),
    unary("/handoff.v1.ActivityCommandService/AssignActivity", TEAM),
    unary("/handoff.v1.ActivityCommandService/CompleteActivity", TEAM),
    unary("/handoff.v1.ActivityCommandService/ReopenActivity", TEAM),
    unary("/handoff.v1.ActivityCommandService/DeleteActivity", TEAM),
    unary("/handoff.v1.ActivityQueryService/GetActivity", READERS),
    unary("/handoff.v1.ActivityQueryService/ListActivities", READERS),
    unary("/handoff.v1.TodoQueryService/ListOrderTasks", READERS),
    unary("/handoff.v1.TodoQueryService/ListActivities", READERS),
    unary("/handoff.v1.TodoQueryService/ListTasks", READERS),
    unary("/handoff.v1.TodoQueryService/GetCounts", READERS),
    stream("/handoff.v1.TodoQueryService/WatchTodo", READERS),
    unary("/handoff.v1.CatalogCommandService/CreateService", ADMINS),
    unary("/handoff.v1.CatalogCommandService/UpdateService", ADMINS),
    unary("/handoff.v1.CatalogCommandService/RetireService", ADMINS),
    unary("/handoff.v1.CatalogCommandService/AddTemplateTask", ADMINS),
    unary(
        "/handoff.v1.CatalogCommandService/UpdateTemplateTask",
        ADMINS,
    ),
    unary(
        "/handoff.v1.CatalogCommandService/RemoveTemplateTask",
        ADMINS,
    ),
    unary(
        "/handoff.v1.CatalogCommandService/ReorderTemplateTasks",
        ADMINS,
    ),
    unary("/handoff.v1.OrderCommandService/PlaceOrder", TEAM),
    unary("/handoff.v1.OrderCommandService/UpdateOrder", TEAM),
    unary("/handoff.v1.OrderCommandService/AddOrderTask", TEAM),
    unary("/handoff.v1.OrderCommandService/UpdateOrderTask", TEAM),
    unary("/handoff.v1.OrderCommandService/RemoveOrderTask", TEAM),
    unary("/handoff.v1.OrderCommandService/ReorderOrderTasks", TEAM),
    unary("/handoff.v1.OrderCommandService/CheckOrderTask", TEAM),
    unary("/handoff.v1.OrderCommandService/UncheckOrderTask", TEAM),
    unary("/handoff.v1.OrderCommandService/AssignOrder", TEAM),
    unary("/handoff.v1.OrderCommandService/AssignOrderTask", TEAM),
    unary("/handoff.v1.OrderCommandService/AddOrderNote", TEAM),
    unary("/handoff.v1.OrderCommandService/CompleteOrder", TEAM),
    unary("/handoff.v1.OrderCommandService/CancelOrder", TEAM),
    unary("/handoff.v1.OrderCommandService/ReopenOrder", TEAM),
    unary("/handoff.v1.OrderCommandService/RenewOrder", TEAM),
    unary("/handoff.v1.CatalogQueryService/GetService", READERS),
    unary("/handoff.v1.CatalogQueryService/ListServices", READERS),
    unary("/handoff.v1.OrderQueryService/GetOrder", READERS),
    unary("/handoff.v1.OrderQueryService/GetOrderTask", READERS),
    unary("/handoff.v1.OrderQueryService/ListOrders", READERS),
    unary("/handoff.v1.OrderQueryService/ListOrderNotes", READERS),
    unary("/handoff.v1.PortalService/ListOrders", CONTACTS),
    unary("/handoff.v1.PortalService/GetOrder", CONTACTS),
    unary("/handoff.v1.PortalService/CheckTask", CONTACTS),
    unary("/handoff.v1.PortalService/CreateTask", CONTACTS),
    unary("/handoff.v1.PortalService/GetTask", CONTACTS),
    unary("/handoff.v1.PortalService/ListTasks", CONTACTS),
    unary("/handoff.v1.PortalService/AddNote", CONTACTS),
    unary("/handoff.v1.PortalService/AddOrderNote", CONTACTS),
    unary("/handoff.v1.PortalService/AskQuestion", CONTACTS),
    upload("/handoff.v1.PortalService/UploadDocuments", CONTACTS),
    stream("/handoff.v1.PortalService/DownloadDocument", CONTACTS),
    unary("/handoff.v1.HistoryQueryService/ListHistory", READERS),
    unary("/handoff.v1.HistoryQueryService/GetResourceAt", READERS),
    stream("/handoff.v1.HistoryQueryService/ReadEvents", READERS),
    stream("/handoff.v1.HistoryQueryService/VerifyLog", CHECKERS),
    unary("/handoff.v1.ProjectionService/ListProjections", OPERATORS),
    unary("/handoff.v1.ProjectionService/GetProjection", OPERATORS),
    unary("/handoff.v1.ProjectionService/RebuildProjection", OPERATORS),
    unary("/handoff.v1.ProjectionService/PauseProjection", OPERATORS),
    unary("/handoff.v1.ProjectionService/ResumeProjection", OPERATORS),
    unary("/handoff.v1.ProjectionService/RetryParked", OPERATORS),
    unary("/handoff.v1.ProjectionService/SkipParked", OPERATORS),
    unary("/handoff.v1.OperationCommandService/UndoOperation", ADMINS),
    unary("/handoff.v1.OperationQueryService/GetOperation", READERS),
    unary("/handoff.v1.OperationQueryService/ListOperations", READERS),
    unary(
        "/handoff.v1.OperationQueryService/ListOperationItems",
        READERS,
    ),
    unary("/handoff.v1.OperationQueryService/WaitOperation", READERS),
    unary("/grpc.health.v1.Health/Check", Access::Public),
    stream("/grpc.health.v1.Health/Watch", Access::Public),
    stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        Access::Public,
    ),
    stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        Access::Public,
    ),
];

/// The row of a path.
pub(crate) fn method(path: &str) -> Option<&'static Method> {
    static BY_PATH: LazyLock<HashMap<&str, &Method>> =
        LazyLock::new(|| METHODS.iter().map(|method| (method.path, method)).collect());
    BY_PATH.get(path).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::*;

    /// Path and shape of every method in the protos.
    fn described() -> Vec<(String, Shape)> {
        let set = FileDescriptorSet::decode(handoff_proto::FILE_DESCRIPTOR_SET).unwrap();
        let mut methods = Vec::new();
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    // Reflection, which is not ours, streams both ways.
                    let shape = match (method.client_streaming(), method.server_streaming()) {
                        (_, true) => Shape::Stream,
                        (true, false) => Shape::Upload,
                        (false, false) => Shape::Unary,
                    };
                    methods.push((path, shape));
                }
            }
        }
        methods
    }

    #[test]
    fn every_method_of_the_protos_has_a_row_of_its_shape() {
        for (path, shape) in described() {
            let row = method(&path).unwrap_or_else(|| panic!("{path} has no row"));
            assert_eq!(row.shape, shape, "{path}");
        }
    }

    #[test]
    fn every_row_is_of_a_method_and_there_once() {
        let described: HashSet<String> = described().into_iter().map(|(path, _)| path).collect();
        let mut seen = HashSet::new();
        for Method { path, .. } in METHODS {
            assert!(seen.insert(path), "{path} is there twice");
            assert!(
                path.starts_with("/grpc.") || described.contains(*path),
                "{path} is no method"
            );
        }
    }

    #[test]
    fn only_health_and_reflection_are_public_and_only_the_portal_is_for_contacts() {
        for Method { path, access, .. } in METHODS {
            match access {
                Access::Public => assert!(path.starts_with("/grpc."), "{path}"),
                Access::Only(classes) => {
                    assert!(!classes.is_empty(), "{path}");
                    let is_portal = path.starts_with("/handoff.v1.PortalService/");
                    assert_eq!(classes.contains(&Contact), is_portal, "{path}");
                    assert!(!is_portal || classes.len() == 1, "{path}");
                }
            }
        }
    }

    #[test]
    fn commands_are_for_those_who_do_the_work() {
        for Method { path, access, .. } in METHODS {
            if let (true, Access::Only(classes)) = (path.contains("CommandService"), access) {
                assert!(
                    !classes.contains(&Analyst) && !classes.contains(&Operator),
                    "{path}"
                );
            }
        }
    }
}
