//! Commands about documents (S2).

use crate::{
    commands::task::{accept_new_work, caller, sees},
    context::Context,
    document::{Changes, Description, Event, File, Parent, Uploaded},
    limits,
    names::{AccountName, Actor, DocumentName, StreamName, Subject},
    rejection::{Reason, Rejection, Violations, quoted},
    settings::Settings,
    task::{Caller, Visibility},
    text::Line,
    unit::{Command, Stop, Unit},
};

#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod tests;

/// A document to attach: its name, and the file whose content was checked and lies in the object store.
#[derive(Debug, Clone)]
pub struct NewDocument {
    pub name: DocumentName,
    pub file: File,
}

/// Attaches the files of one upload to a task, an order or a task of one, 1 to 20, all of them or none (S2:
/// all get the same category). A contact attaches to what they see of an account that is not deactivated.
#[derive(Debug, Clone)]
pub struct AttachDocuments {
    pub parent: Parent,
    pub documents: Vec<NewDocument>,
    pub about: Description,
    /// Whether contacts see them; the team's to decide.
    pub active: bool,
    /// None: that of the parent. The team's to decide: a contact's are for the portal.
    pub visibility: Option<Visibility>,
}

/// What a parent says about documents on it.
struct On {
    subject: Subject,
    visibility: Visibility,
}

impl Command for AttachDocuments {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let names = self
            .documents
            .iter()
            .map(|document| (&document.name).into());
        unit.need(streams(context, &self.parent).into_iter().chain(names))?;
        let caller = caller(context, unit)?;
        let On {
            subject,
            visibility,
        } = on(context, unit, &self.parent)?.ok_or_else(|| not_found(&self.parent))?;
        let visibility = match caller {
            Caller::Contact => {
                self.of_contact(context)?;
                accept_new_work(unit, &subject)?;
                Visibility::Portal
            }
            Caller::Admin | Caller::Staff | Caller::ServiceAccount => {
                self.visibility.unwrap_or(visibility)
            }
        };
        self.check(&*unit.settings()?)?;
        let mut last = None;
        for NewDocument { name, file } in &self.documents {
            let uploaded = Uploaded {
                parent: self.parent.clone(),
                subject: subject.clone(),
                file: file.clone(),
                about: self.about.clone(),
                active: self.active,
                visibility,
                by: context.by(),
                at: context.now,
            };
            let event = unit.document(name)?.upload(name, uploaded)?;
            unit.append_document(name, event)?;
            last = Some(name.into());
        }
        last.ok_or_else(|| {
            Rejection::invalid("header.files", "is required: at least one file").into()
        })
    }
}

impl AttachDocuments {
    /// Every rule that needs no other aggregate than the settings.
    fn check(&self, settings: &Settings) -> Result<(), Rejection> {
        let mut violations = Violations::new();
        let count = self.documents.len();
        if count > limits::FILES {
            let most = limits::FILES;
            violations.add(
                "header.files",
                format!("has {count} files; at most {most} are allowed"),
            );
        }
        for (index, document) in self.documents.iter().enumerate() {
            if document.file.size == 0 {
                let field = format!("header.files[{index}].size_bytes");
                violations.add(field, "is 0; a file has at least 1 byte");
            }
        }
        violations.finish()?;
        self.about
            .availability
            .check("header.available_until_time")?;
        if let Some(category) = &self.about.category {
            offered_category(settings, "header.category", category)?;
        }
        let most = settings.document_max_bytes.bytes();
        let sizes = self.documents.iter().map(|document| document.file.size);
        match sizes.enumerate().find(|(_, size)| *size > most) {
            None => Ok(()),
            Some((index, size)) => Err(Rejection::Precondition {
                reason: Reason::DocumentTooLarge,
                subject: "settings".to_owned(),
                description: format!(
                    "header.files[{index}].size_bytes: is {size}; the setting document_max_bytes allows {most} bytes"
                ),
            }),
        }
    }

    /// Refuses what only the team decides.
    fn of_contact(&self, context: &Context) -> Result<(), Rejection> {
        let what = match (self.active, self.visibility) {
            (false, _) => "active",
            (true, Some(Visibility::Internal)) => "visibility",
            (true, Some(Visibility::Portal) | None) => return Ok(()),
        };
        Err(Rejection::NotAllowed {
            actor: context.actor.to_string(),
            description: format!("{what}: only the team may give that"),
        })
    }
}

/// Changes what `changes` gives another value: one save, one event. The content never changes: another
/// content is another document. For the team.
#[derive(Debug, Clone)]
pub struct UpdateDocument {
    pub name: DocumentName,
    pub changes: Changes,
}

impl Command for UpdateDocument {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = context.acting_member().map(StreamName::from);
        let needed = [(&self.name).into(), StreamName::settings()];
        unit.need(member.into_iter().chain(needed))?;
        context.require_team(unit)?;
        let document = unit.document(&self.name)?;
        let details = document.existing(&self.name)?;
        if !is_shown_with_parent(context, unit, &details.parent)? {
            return Err(not_found(&self.name).into());
        }
        context.check_revision(self.name.as_str(), details.revision)?;
        let by = context.by();
        let updated = document.update(&self.name, &self.changes, by, context.now)?;
        let Some(updated) = updated else {
            return Ok((&self.name).into());
        };
        // What was retired since it was chosen stays.
        if let Some(category) = updated.category.as_ref().and_then(|to| to.to.as_ref()) {
            offered_category(&*unit.settings()?, "document.category", category)?;
        }
        unit.append_document(&self.name, Event::Updated(Box::new(updated)))?;
        Ok((&self.name).into())
    }
}

/// Counts a view of a document. A contact views what they see: see
/// [`is_shown_to_contacts`](crate::document::Details::is_shown_to_contacts).
#[derive(Debug, Clone)]
pub struct RecordView {
    pub name: DocumentName,
}

impl Command for RecordView {
    fn decide(&self, context: &Context, unit: &mut Unit<'_>) -> Result<StreamName, Stop> {
        let member = context.acting_member().map(StreamName::from);
        unit.need(member.into_iter().chain([(&self.name).into()]))?;
        let caller = caller(context, unit)?;
        let document = unit.document(&self.name)?;
        let details = document.existing(&self.name)?;
        let shown = match caller {
            Caller::Contact => details.is_shown_to_contacts(context.now),
            Caller::Admin | Caller::Staff | Caller::ServiceAccount => true,
        };
        if !shown || !is_shown_with_parent(context, unit, &details.parent)? {
            return Err(not_found(&self.name).into());
        }
        let event = document.view(&self.name, context.by(), context.now)?;
        unit.append_document(&self.name, event)?;
        Ok((&self.name).into())
    }
}

/// The streams that say who calls, what the parent is, and what may be chosen.
fn streams(context: &Context, parent: &Parent) -> Vec<StreamName> {
    let parent = match parent {
        Parent::Task(task) => task.into(),
        Parent::Order(order) => order.into(),
        Parent::OrderTask(task) => (&task.order()).into(),
    };
    let member = context.acting_member().map(StreamName::from);
    member
        .into_iter()
        .chain([parent, StreamName::settings()])
        .collect()
}

/// What the parent says about documents on it; none if it does not exist, or not for this caller.
fn on(context: &Context, unit: &mut Unit<'_>, parent: &Parent) -> Result<Option<On>, Stop> {
    match parent {
        Parent::Task(name) => {
            let task = unit.task(name)?;
            let Some(details) = task.details() else {
                return Ok(None);
            };
            if let Actor::Contact(contact) = &context.actor
                && sees(contact, name, details).is_err()
            {
                return Ok(None);
            }
            Ok(Some(On {
                subject: details.subject.clone(),
                visibility: details.visibility,
            }))
        }
        Parent::Order(name) => {
            let order = unit.order(name)?;
            let details = order
                .details()
                .filter(|order| is_of_caller(context, &order.account));
            Ok(details.map(|details| On {
                subject: Subject::Account(details.account.clone()),
                visibility: Visibility::Internal,
            }))
        }
        Parent::OrderTask(name) => {
            let order = unit.order(&name.order())?;
            let Some(details) = order
                .details()
                .filter(|order| is_of_caller(context, &order.account))
            else {
                return Ok(None);
            };
            let task = match context.actor {
                Actor::Contact(_) => details.visible_to_contact().find(|task| task.name == *name),
                _ => details.task(name),
            };
            Ok(task.map(|task| On {
                subject: Subject::Account(details.account.clone()),
                visibility: if task.content.visibility.is_for_contacts() {
                    Visibility::Portal
                } else {
                    Visibility::Internal
                },
            }))
        }
    }
}

/// Whether this caller is shown documents of the parent. What was on a task stays with the order for the team
/// when the task is taken out of it, as notes do.
fn is_shown_with_parent(
    context: &Context,
    unit: &mut Unit<'_>,
    parent: &Parent,
) -> Result<bool, Stop> {
    match (parent, &context.actor) {
        (Parent::OrderTask(task), Actor::Member(_) | Actor::ServiceAccount(_) | Actor::System) => {
            Ok(unit.order(&task.order())?.details().is_some())
        }
        (parent, _) => Ok(on(context, unit, parent)?.is_some()),
    }
}

/// Contacts know their own account's orders only.
fn is_of_caller(context: &Context, account: &AccountName) -> bool {
    match &context.actor {
        Actor::Contact(contact) => contact.account() == *account,
        _ => true,
    }
}

fn not_found(resource: &impl ToString) -> Rejection {
    Rejection::NotFound {
        resource: resource.to_string(),
    }
}

/// Requires that a category can be chosen.
fn offered_category(settings: &Settings, field: &str, category: &Line) -> Result<(), Rejection> {
    if settings
        .document_categories
        .offers(|offered| offered == category)
    {
        return Ok(());
    }
    Err(Rejection::Precondition {
        reason: Reason::UnknownCategory,
        subject: "settings".to_owned(),
        description: format!(
            "{field}: {} is not among the setting document_categories",
            quoted(category.as_str())
        ),
    })
}
