//! One struct a command. A command decides over several aggregates; the rules of one aggregate are
//! methods of that aggregate.

mod account;
mod activity;
mod checklist;
mod contact;
mod document;
mod generate;
mod member;
mod new_id;
mod operation;
mod order;
mod portal;
mod record;
mod role;
mod service;
mod settings;
mod task;
mod upkeep;

#[cfg(test)]
mod account_properties;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod receivers;

pub use crate::holding::{Holding, HoldingKind, Holdings};
pub use account::{ConvertLead, CreateAccount, SetAccountStatus, UpdateAccount};
pub use activity::{
    AssignActivity, CompleteActivity, CreateActivity, DeleteActivity, ReopenActivity,
    UpdateActivity,
};
pub use contact::{CreateContact, DeleteContact, UpdateContact};
pub use document::{AttachDocuments, NewDocument, RecordView, UpdateDocument};
pub use generate::GenerateTask;
pub use member::{CreateMember, DisableMember, EnableMember, StartDisabling, UpdateMember};
pub use new_id::NewId;
pub use operation::{
    Accounts, BatchAssignRole, FailOperation, FinishPlanning, FollowRole, MoveItems, PlanItems,
    TransferResources, UndoItems, UndoOperation,
};
pub use order::{
    AddOrderNote, AddOrderTask, AssignOrder, AssignOrderTask, CancelOrder, CheckOrderTask,
    CompleteOrder, HandOverOrder, HandOverOrderTask, NewOrderTask, NoteOn, PlaceOrder,
    RemoveOrderTask, RenewOrder, ReopenOrder, ReorderOrderTasks, UncheckOrderTask, UpdateOrder,
    UpdateOrderTask,
};
pub use portal::AskQuestion;
pub use record::{LogInteraction, RecordQuestion, UpdateNotes};
pub use role::{AssignRole, VacateRole};
pub use service::{
    AddTemplateTask, CreateService, HandOverTemplateTask, RemoveTemplateTask, ReorderTemplateTasks,
    RetireService, UpdateService, UpdateTemplateTask,
};
pub use settings::UpdateSettings;
pub use task::{
    AddInternalNote, AddNote, AssignTask, CancelTask, CompleteTask, CreateTask, CreateTaskFromCall,
    DeleteTask, MarkBilled, RelateTasks, ReopenTask, SetNotify, SetTaskStatus, UndeleteTask,
    UnrelateTasks, UpdateTask,
};
pub use upkeep::{SelectTaskTypes, SetMonthlyReport, SetSupportTeam};
