//! Commands about tasks that are related. Both say so, in one append.

use crate::{
    commands::task::{append, create::related_to, editable},
    context::Context,
    names::{StreamName, TaskName},
    rejection::Rejection,
    task::Field,
    unit::{Command, Stop, Unit},
};

/// Relates two tasks to each other. The answer is about the first.
#[derive(Debug, Clone)]
pub struct RelateTasks {
    pub name: TaskName,
    pub related: TaskName,
}

impl Command for RelateTasks {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let Self { name, related } = self;
        let member = context.acting_member().map(StreamName::from);
        unit.need(member.into_iter().chain([name.into(), related.into()]))?;
        let task = editable(context, unit, name, Field::Related)?;
        if name == related {
            return Err(Rejection::invalid(
                "related_task",
                format!("is {related}, the task itself: name another one"),
            )
            .into());
        }
        let (by, at) = (context.by(), context.now);
        let there = related_to(unit, related)?.relate(related, name, by.clone(), at)?;
        let here = task.relate(name, related, by, at)?;
        append(unit, related, there)?;
        append(unit, name, here)
    }
}

/// Takes back that two tasks are related, also if the second is deleted. The answer is about the first.
#[derive(Debug, Clone)]
pub struct UnrelateTasks {
    pub name: TaskName,
    pub related: TaskName,
}

impl Command for UnrelateTasks {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let Self { name, related } = self;
        let member = context.acting_member().map(StreamName::from);
        unit.need(member.into_iter().chain([name.into(), related.into()]))?;
        let task = editable(context, unit, name, Field::Related)?;
        let (by, at) = (context.by(), context.now);
        let there = unit.task(related)?.unrelate(name, by.clone(), at);
        let here = task.unrelate(related, by, at);
        append(unit, related, there)?;
        append(unit, name, here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::{
            DeleteTask, UndeleteTask,
            memory::Memory,
            task::samples::{create, details, draft, fields, name, reason, with_task},
        },
        limits,
        rejection::Reason,
        task::Draft,
    };

    fn relate(one: &str, other: &str) -> RelateTasks {
        RelateTasks {
            name: name(one),
            related: name(other),
        }
    }

    fn unrelate(one: &str, other: &str) -> UnrelateTasks {
        UnrelateTasks {
            name: name(one),
            related: name(other),
        }
    }

    fn two_tasks() -> Memory {
        let mut memory = with_task();
        memory.accept("members/ana", &create("t2", draft("accounts/bolt")));
        memory
    }

    fn related(memory: &Memory, id: &str) -> Vec<String> {
        let related = details(memory, id).related;
        related.iter().map(|name| name.id().to_owned()).collect()
    }

    #[test]
    fn both_tasks_say_that_they_are_related_in_one_append() {
        let mut memory = two_tasks();
        let events = memory.log.len();
        memory.accept("members/ana", &relate("t1", "t2"));
        let streams: Vec<_> = memory.log[events..]
            .iter()
            .map(|new| new.stream.as_str())
            .collect();
        assert_eq!(streams, ["tasks/t2", "tasks/t1"]);
        assert_eq!(
            (related(&memory, "t1"), related(&memory, "t2")),
            (vec!["t2".into()], vec!["t1".into()])
        );
        let events = memory.log.len();
        memory.accept("members/ana", &relate("t2", "t1"));
        assert_eq!(memory.log.len(), events);
        memory.accept("members/ana", &unrelate("t2", "t1"));
        assert_eq!(memory.log.len(), events + 2);
        assert!(related(&memory, "t1").is_empty() && related(&memory, "t2").is_empty());
        memory.accept("members/ana", &unrelate("t2", "t1"));
        assert_eq!(memory.log.len(), events + 2);
    }

    #[test]
    fn a_task_is_not_related_to_itself_nor_to_one_that_does_not_exist() {
        let mut memory = two_tasks();
        let rejection = memory.reject("members/ana", &relate("t1", "t1"));
        assert_eq!(fields(rejection), ["related_task"]);
        let rejection = memory.reject("members/ana", &relate("t1", "t9"));
        assert_eq!(reason(rejection), Reason::UnknownTask);
        memory.accept("members/ana", &DeleteTask { name: name("t2") });
        let rejection = memory.reject("members/ana", &relate("t1", "t2"));
        assert_eq!(reason(rejection), Reason::UnknownTask);
        memory.accept("members/ana", &unrelate("t1", "t9"));
        memory.accept("members/ana", &unrelate("t1", "t1"));
    }

    #[test]
    fn a_deleted_task_can_be_parted_from_and_comes_back_without() {
        let mut memory = two_tasks();
        memory.accept("members/ana", &relate("t1", "t2"));
        memory.accept("members/ana", &DeleteTask { name: name("t2") });
        memory.accept("members/ana", &unrelate("t1", "t2"));
        memory.accept("members/ana", &UndeleteTask { name: name("t2") });
        assert!(related(&memory, "t1").is_empty() && related(&memory, "t2").is_empty());
    }

    #[test]
    fn a_task_is_related_to_a_bounded_number_of_others_whichever_way_it_is_said() {
        let mut memory = with_task();
        let to_first = || Draft {
            related: vec![name("t1")],
            ..draft("accounts/acme")
        };
        for n in 0..limits::RELATED_TASKS {
            memory.accept("members/ana", &create(&format!("r{n}"), to_first()));
        }
        memory.accept("members/ana", &create("t2", draft("accounts/acme")));
        for refused in [
            &create("t3", to_first()) as &dyn Command,
            &relate("t1", "t2"),
            &relate("t2", "t1"),
        ] {
            let rejection = memory.reject("members/ana", refused);
            assert_eq!(reason(rejection), Reason::TooManyRelatedTasks);
        }
    }
}
