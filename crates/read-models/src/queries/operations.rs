//! Queries about operations: themselves and what became of their items, and what a plan for one is made of.

use handoff_domain::{
    Partition,
    names::{
        AccountName, ActivityName, MemberName, OperationName, OrderName, StreamName, TaskName,
    },
};
use handoff_event_log::Position;
use handoff_projections::{Source, Take, UnreadableRow};
use tokio_postgres::{Row, types::Type};

use super::{Answer, Consistency, Queries, QueryError, joined};
use crate::{
    accounts::{AccountRow, Accounts},
    activities::{Activities, ActivityRow},
    filter::{Parameters, Viewer},
    history::History,
    list::{ListRequest, Page, Statement, columns},
    operation_items::{self, ItemEntry, OperationItems},
    operations::{self, OperationEntry, Operations},
    orders::{OrderRow, Orders},
    stored::unreadable,
    tasks::{STANDALONE, TaskKey, TaskRow, Tasks},
};

const OPERATIONS: &[Source] = &[Source::of::<Operations>()];
const ITEMS: &[Source] = &[Source::of::<OperationItems>()];
const ACCOUNTS: &[Source] = &[Source::of::<Accounts>()];
const TASKS: &[Source] = &[Source::of::<Tasks>()];
const ORDERS: &[Source] = &[Source::of::<Orders>()];
const ACTIVITIES: &[Source] = &[Source::of::<Activities>()];
const HISTORY: &[Source] = &[Source::of::<History>()];

impl Queries {
    /// One operation; none if there is none of that name.
    pub async fn get_operation(
        &self,
        name: &OperationName,
        consistency: Consistency,
    ) -> Result<Answer<Option<OperationEntry>>, QueryError> {
        let statement = operations::one(name);
        let answer = self
            .run(OPERATIONS, None, &statement, consistency, operation)
            .await?;
        Ok(answer.first())
    }

    /// Operations, the newest first where nothing else is asked for.
    pub async fn list_operations(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Page<OperationEntry>>, QueryError> {
        let plan = operations::LISTING.plan(request, viewer, "", &self.tokens)?;
        let statement = operations::page(&plan);
        let answer = self
            .run(OPERATIONS, None, &statement, consistency, operation)
            .await?;
        Ok(self.page(&plan, answer))
    }

    /// What became of an operation's items, in the order in which it was recorded; none if there is no
    /// such operation.
    pub async fn list_operation_items(
        &self,
        name: &OperationName,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        consistency: Consistency,
    ) -> Result<Answer<Option<Page<ItemEntry>>>, QueryError> {
        let plan = operation_items::LISTING.plan(request, viewer, name.as_str(), &self.tokens)?;
        let statement = operation_items::page(&plan, name);
        let answer = self.run(ITEMS, None, &statement, consistency, item).await?;
        let Answer { value, position } = self.page(&plan, answer);
        // What has results exists; of what has none, the operations know.
        let exists =
            !value.items.is_empty() || self.get_operation(name, consistency).await?.value.is_some();
        Ok(Answer {
            value: exists.then_some(value),
            position,
        })
    }

    /// Those of some accounts that exist, in no order.
    pub async fn accounts_named(
        &self,
        names: &[AccountName],
        consistency: Consistency,
    ) -> Result<Answer<Vec<(AccountName, AccountRow)>>, QueryError> {
        let statement = named(
            &columns::<Accounts>("k"),
            "k.account",
            names,
            AccountName::as_str,
        );
        let answer = self
            .run(ACCOUNTS, None, &statement, consistency, account)
            .await?;
        Ok(answer.unplaced())
    }

    /// Those of some tasks that exist, deleted or not, in no order.
    pub async fn tasks_named(
        &self,
        names: &[TaskName],
        consistency: Consistency,
    ) -> Result<Answer<Vec<(TaskName, TaskRow)>>, QueryError> {
        let statement = named(&columns::<Tasks>("k"), "k.task", names, TaskName::as_str);
        let answer = self.run(TASKS, None, &statement, consistency, task).await?;
        Ok(answer.unplaced())
    }

    /// The open tasks about some accounts that any of the members is an assignee of, by account and name,
    /// at most `most`.
    pub async fn open_tasks_of(
        &self,
        accounts: &[AccountName],
        members: &[MemberName],
        most: usize,
        consistency: Consistency,
    ) -> Result<Answer<Vec<(TaskName, TaskRow)>>, QueryError> {
        let mut parameters = Parameters::default();
        let accounts = parameters.add(texts(accounts, AccountName::as_str), Type::TEXT_ARRAY);
        let members = parameters.add(texts(members, MemberName::as_str), Type::TEXT_ARRAY);
        let columns = columns::<Tasks>("k");
        let sql = format!(
            "select {columns}, array[]::text[] as place from {{0}}.rows k where k.subject = any({accounts}) \
             and k.kind = '{STANDALONE}' \
             and k.status in ('not_started', 'in_progress', 'waiting_on_customer') and k.assignees && {members} \
             order by k.subject, k.task limit {most}"
        );
        let statement = Statement { sql, parameters };
        let answer = self.run(TASKS, None, &statement, consistency, task).await?;
        Ok(answer.unplaced())
    }

    /// The names of the open orders of some accounts that any of the members works on, now or by a later task, by
    /// account and name, at most `most`.
    pub async fn open_orders_of(
        &self,
        accounts: &[AccountName],
        members: &[MemberName],
        most: usize,
        consistency: Consistency,
    ) -> Result<Answer<Vec<OrderName>>, QueryError> {
        let mut parameters = Parameters::default();
        let accounts = parameters.add(texts(accounts, AccountName::as_str), Type::TEXT_ARRAY);
        let members = parameters.add(texts(members, MemberName::as_str), Type::TEXT_ARRAY);
        let sql = format!(
            "select k.order_name, array[]::text[] as place from {{0}}.rows k where k.account = any({accounts}) \
             and k.status = 'open' and k.people && {members} order by k.account, k.order_name limit {most}"
        );
        let statement = Statement { sql, parameters };
        let answer = self
            .run(ORDERS, None, &statement, consistency, |row| {
                Take::new(row, 0).parse()
            })
            .await?;
        Ok(answer.unplaced())
    }

    /// Those of some orders that exist, in no order. A whole order may have up to 1 MiB of text: ask for few.
    pub async fn orders_named(
        &self,
        names: &[OrderName],
        consistency: Consistency,
    ) -> Result<Answer<Vec<(OrderName, OrderRow)>>, QueryError> {
        let columns = columns::<Orders>("k");
        let statement = named(&columns, "k.order_name", names, OrderName::as_str);
        let answer = self
            .run(ORDERS, None, &statement, consistency, order)
            .await?;
        Ok(answer.unplaced())
    }

    /// Those of some activities that exist, in no order.
    pub async fn activities_named(
        &self,
        names: &[ActivityName],
        consistency: Consistency,
    ) -> Result<Answer<Vec<(ActivityName, ActivityRow)>>, QueryError> {
        let columns = columns::<Activities>("k");
        let statement = named(&columns, "k.activity", names, ActivityName::as_str);
        let answer = self
            .run(ACTIVITIES, None, &statement, consistency, activity)
            .await?;
        Ok(answer.unplaced())
    }

    /// The open activities on some accounts that are any of the members', by account and name, at most `most`.
    pub async fn open_activities_of(
        &self,
        accounts: &[AccountName],
        members: &[MemberName],
        most: usize,
        consistency: Consistency,
    ) -> Result<Answer<Vec<(ActivityName, ActivityRow)>>, QueryError> {
        let mut parameters = Parameters::default();
        let accounts = parameters.add(texts(accounts, AccountName::as_str), Type::TEXT_ARRAY);
        let members = parameters.add(texts(members, MemberName::as_str), Type::TEXT_ARRAY);
        let columns = columns::<Activities>("k");
        let sql = format!(
            "select {columns}, array[]::text[] as place from {{0}}.rows k where k.account = any({accounts}) \
             and k.status = 'open' and k.assignee = any({members}) order by k.account, k.activity limit {most}"
        );
        let statement = Statement { sql, parameters };
        let answer = self
            .run(ACTIVITIES, None, &statement, consistency, activity)
            .await?;
        Ok(answer.unplaced())
    }

    /// The streams of the first `most` events of some types after a position, one for each event, in their
    /// order. Of some partitions, or of all where none are given.
    pub async fn changed_after(
        &self,
        position: Position,
        types: &[&str],
        partitions: &[Partition],
        most: usize,
        consistency: Consistency,
    ) -> Result<Answer<Vec<StreamName>>, QueryError> {
        let mut parameters = Parameters::default();
        let after = parameters.add(position.0, Type::INT8);
        let types = parameters.add(texts(types, |of: &&str| *of), Type::TEXT_ARRAY);
        let among = if partitions.is_empty() {
            "true".to_owned()
        } else {
            let numbers: Vec<i16> = partitions
                .iter()
                .map(|partition| i16::from(partition.number()))
                .collect();
            let numbers = parameters.add(numbers, Type::INT2_ARRAY);
            format!("k.partition = any({numbers})")
        };
        let sql = format!(
            "select k.stream, array[]::text[] as place from {{0}}.rows k \
             where k.position > {after} and k.type = any({types}) and {among} order by k.position limit {most}"
        );
        let statement = Statement { sql, parameters };
        let of = (!partitions.is_empty()).then_some(partitions);
        let answer = self
            .run(HISTORY, of, &statement, consistency, |row| {
                Take::new(row, 0).parse()
            })
            .await?;
        Ok(answer.unplaced())
    }
}

/// The statement for rows by name.
fn named<T>(columns: &str, key: &str, names: &[T], text: fn(&T) -> &str) -> Statement {
    let mut parameters = Parameters::default();
    let names = parameters.add(texts(names, text), Type::TEXT_ARRAY);
    let sql = format!(
        "select {columns}, array[]::text[] as place from {{0}}.rows k where {key} = any({names})"
    );
    Statement { sql, parameters }
}

fn texts<T>(names: &[T], text: fn(&T) -> &str) -> Vec<String> {
    names.iter().map(|name| text(name).to_owned()).collect()
}

fn operation(row: &Row) -> Result<OperationEntry, UnreadableRow> {
    let (name, row, _) = joined::<Operations>(row)?;
    Ok(OperationEntry { name, row })
}

fn item(row: &Row) -> Result<ItemEntry, UnreadableRow> {
    let (key, row, _) = joined::<OperationItems>(row)?;
    Ok(ItemEntry { key, row })
}

fn account(row: &Row) -> Result<(AccountName, AccountRow), UnreadableRow> {
    let (name, row, _) = joined::<Accounts>(row)?;
    Ok((name, row))
}

fn order(row: &Row) -> Result<(OrderName, OrderRow), UnreadableRow> {
    let (name, row, _) = joined::<Orders>(row)?;
    Ok((name, row))
}

fn activity(row: &Row) -> Result<(ActivityName, ActivityRow), UnreadableRow> {
    let (name, row, _) = joined::<Activities>(row)?;
    Ok((name, row))
}

fn task(row: &Row) -> Result<(TaskName, TaskRow), UnreadableRow> {
    let (key, row, _) = joined::<Tasks>(row)?;
    match key {
        TaskKey::Standalone(name) => Ok((name, row)),
        // Asked for by the names of tasks with a stream of their own.
        TaskKey::Order(_) | TaskKey::Checklist(_) => Err(unreadable(
            key.as_str(),
            "is no task with a stream of its own",
        )),
    }
}
