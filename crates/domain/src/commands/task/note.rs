//! Commands about what is written beside a task: notes, and whether it is billed.

use crate::{
    commands::task::{accept_new_work, append, editable},
    context::Context,
    names::{Actor, StreamName, TaskName},
    rejection::Rejection,
    task::Field,
    text::Html,
    unit::{Command, Stop, Unit},
};

/// Adds a note for everyone who sees the task. Notes are not edited: a correction is a new one. A
/// contact adds notes to what they see of an account that is not deactivated.
#[derive(Debug, Clone)]
pub struct AddNote {
    pub name: TaskName,
    pub note: Html,
}

impl Command for AddNote {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = editable(context, unit, &self.name, Field::Note)?;
        if let Actor::Contact(_) = context.actor {
            accept_new_work(unit, &task.existing(&self.name)?.subject)?;
        }
        let note = written(&self.note)?;
        let event = task.add_note(&self.name, note, context.by(), context.now)?;
        append(unit, &self.name, Some(event))
    }
}

/// Adds a note that only admins read. Admins only.
#[derive(Debug, Clone)]
pub struct AddInternalNote {
    pub name: TaskName,
    pub note: Html,
}

impl Command for AddInternalNote {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = editable(context, unit, &self.name, Field::InternalNote)?;
        let note = written(&self.note)?;
        let event = task.add_internal_note(&self.name, note, context.by(), context.now)?;
        append(unit, &self.name, Some(event))
    }
}

/// Marks a billable task as billed, or as not billed after all. Admins only.
#[derive(Debug, Clone)]
pub struct MarkBilled {
    pub name: TaskName,
    pub billed: bool,
}

impl Command for MarkBilled {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let task = editable(context, unit, &self.name, Field::Billed)?;
        let event = task.mark_billed(&self.name, self.billed, context.by(), context.now)?;
        append(unit, &self.name, event)
    }
}

/// A note in which something is left to read.
pub(in crate::commands) fn written(note: &Html) -> Result<Html, Rejection> {
    if note.is_blank() {
        return Err(Rejection::invalid("note", "must not be empty"));
    }
    Ok(note.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::{
            CancelTask, UpdateTask,
            task::samples::{
                ZOE, create, details, draft, fields, name, reason, with_submitted_task, with_task,
            },
        },
        rejection::Reason,
        task::{Changes, Event},
    };

    fn note(id: &str, text: &str) -> AddNote {
        AddNote {
            name: name(id),
            note: Html::new(text).unwrap(),
        }
    }

    fn internal(text: &str) -> AddInternalNote {
        AddInternalNote {
            name: name("t1"),
            note: Html::new(text).unwrap(),
        }
    }

    fn billed(billed: bool) -> MarkBilled {
        MarkBilled {
            name: name("t1"),
            billed,
        }
    }

    #[test]
    fn notes_leave_the_tasks_etag_alone_and_the_same_one_can_come_twice() {
        let mut memory = with_task();
        let before = details(&memory, "t1");
        let events = memory.log.len();
        memory.accept("members/ana", &note("t1", "Called them"));
        memory.accept("members/ana", &note("t1", "Called them"));
        memory.accept("members/admin", &internal("They pay late"));
        assert_eq!(memory.log.len(), events + 3);
        assert_eq!(details(&memory, "t1"), before);
    }

    #[test]
    fn closed_tasks_and_those_of_deactivated_accounts_take_the_teams_notes() {
        let mut memory = with_task();
        memory.accept("members/ana", &CancelTask { name: name("t1") });
        memory.deactivate(&"accounts/acme".parse().unwrap());
        memory.accept("members/ana", &note("t1", "They left us"));
    }

    #[test]
    fn an_internal_note_is_an_event_of_its_own_and_admins_only() {
        let mut memory = with_task();
        memory.accept("members/admin", &internal("They pay late"));
        assert_eq!(
            memory.log.last().unwrap().event.name(),
            "task.internal_note_added"
        );
        for actor in ["members/ana", "service-accounts/crm", ZOE] {
            let rejection = memory.reject(actor, &internal("Secret"));
            assert!(matches!(rejection, Rejection::NotAllowed { .. }), "{actor}");
        }
    }

    #[test]
    fn a_note_says_something() {
        let mut memory = with_task();
        let empty = memory.reject("members/ana", &note("t1", "<script></script> "));
        assert_eq!(fields(empty), ["note"]);
        assert_eq!(
            fields(memory.reject("members/admin", &internal(""))),
            ["note"]
        );
    }

    #[test]
    fn a_contact_adds_notes_to_what_they_see_of_an_account_that_goes_on() {
        let mut memory = with_submitted_task();
        memory.accept(ZOE, &note("p1", "And soon, please"));
        let crate::Event::Task(Event::NoteAdded { by, .. }) = &memory.log.last().unwrap().event
        else {
            panic!("{:?}", memory.log.last())
        };
        assert_eq!(by.as_str(), ZOE);
        memory.accept("members/ana", &create("b1", draft("accounts/bolt")));
        memory.accept("members/ana", &create("m1", draft("members/ben")));
        for hidden in ["t1", "b1", "m1", "t9"] {
            let rejection = memory.reject(ZOE, &note(hidden, "Hello"));
            assert!(matches!(rejection, Rejection::NotFound { .. }), "{hidden}");
        }
        memory.deactivate(&"accounts/acme".parse().unwrap());
        let rejection = memory.reject(ZOE, &note("p1", "Hello?"));
        assert_eq!(reason(rejection), Reason::AccountDeactivated);
    }

    #[test]
    fn only_what_is_billable_is_billed_and_by_an_admin() {
        let mut memory = with_task();
        let rejection = memory.reject("members/admin", &billed(true));
        assert_eq!(reason(rejection), Reason::NotBillable);
        let billable = UpdateTask {
            name: name("t1"),
            changes: Changes {
                billable: Some(true),
                ..Changes::default()
            },
        };
        memory.accept("members/ana", &billable);
        let rejection = memory.reject("members/ana", &billed(true));
        assert!(matches!(rejection, Rejection::NotAllowed { .. }));
        memory.accept("members/admin", &billed(true));
        let events = memory.log.len();
        memory.accept("members/admin", &billed(true));
        assert_eq!(memory.log.len(), events);
        assert!(details(&memory, "t1").billed);
        memory.accept("members/admin", &billed(false));
        assert!(!details(&memory, "t1").billed);
    }
}
