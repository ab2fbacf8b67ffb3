//! The lists of the settings: what is in them can be offered, and retired, one by one.
//!
//! A list is replaced as a whole, so it is read first and saved only if nobody changed the settings meanwhile.

use clap::Subcommand;
use handoff_proto::v1::{
    self, AccountRole, Category, Settings, TaskType, UpdateSettingsResponse,
    settings_command_service_client::SettingsCommandServiceClient,
};
use prost_types::FieldMask;

use super::get;
use crate::{command::new_request_id, error::Error, output::Printer, session::Session};

/// How often to read and save again if somebody else is at the settings too.
const ATTEMPTS: u32 = 5;

#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Offers a role, or names one anew
    Add {
        /// Id of the role, such as success-manager
        role: String,
        /// What people call it
        display_name: String,
    },
    /// Offers a role no more; whoever holds it keeps it
    Retire {
        /// Id of the role
        role: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum NameCommand {
    /// Offers a category
    Add {
        /// What it is called
        category: String,
    },
    /// Offers a category no more; what has it keeps it
    Retire {
        /// What it is called
        category: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TypeCommand {
    /// Offers a type
    Add {
        /// Id of the type, such as review-response
        task_type: String,
    },
    /// Generates tasks of a type no more
    Retire {
        /// Id of the type
        task_type: String,
    },
}

/// Whose categories are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Texts {
    Tasks,
    Documents,
}

impl RoleCommand {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let (path, sentence) = ("account_roles", self.sentence());
        update(session, printer, path, &sentence, |settings| match &self {
            Self::Add { role, display_name } => {
                let new = AccountRole {
                    role: role.clone(),
                    display_name: display_name.clone(),
                    retired: false,
                };
                put(&mut settings.account_roles, new, |of| of.role == *role);
                Ok(())
            }
            Self::Retire { role } => {
                let offered = settings.account_roles.iter_mut();
                retire(
                    offered.map(|of| (of.role.as_str(), &mut of.retired)),
                    "role",
                    role,
                )
            }
        })
        .await
    }

    fn sentence(&self) -> String {
        match self {
            Self::Add { role, display_name } => {
                format!("The role {role} ({display_name}) can be assigned.")
            }
            Self::Retire { role } => {
                format!("The role {role} is retired; whoever holds it keeps it.")
            }
        }
    }
}

impl NameCommand {
    pub(super) async fn run(
        self,
        texts: Texts,
        session: &Session,
        printer: &Printer,
    ) -> Result<(), Error> {
        let path = match texts {
            Texts::Tasks => "task_categories",
            Texts::Documents => "document_categories",
        };
        let sentence = match &self {
            Self::Add { category } => format!("The category {category:?} can be chosen."),
            Self::Retire { category } => {
                format!("The category {category:?} is retired; what has it keeps it.")
            }
        };
        update(session, printer, path, &sentence, |settings| {
            let list = match texts {
                Texts::Tasks => &mut settings.task_categories,
                Texts::Documents => &mut settings.document_categories,
            };
            match &self {
                Self::Add { category } => {
                    let new = Category {
                        display_name: category.clone(),
                        retired: false,
                    };
                    put(list, new, |of| of.display_name == *category);
                    Ok(())
                }
                Self::Retire { category } => retire(
                    list.iter_mut()
                        .map(|of| (of.display_name.as_str(), &mut of.retired)),
                    "category",
                    category,
                ),
            }
        })
        .await
    }
}

impl TypeCommand {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let sentence = match &self {
            Self::Add { task_type } => format!("Tasks of type {task_type} can be generated."),
            Self::Retire { task_type } => {
                format!("The type {task_type} is retired: no such tasks are generated.")
            }
        };
        update(
            session,
            printer,
            "task_types",
            &sentence,
            |settings| match &self {
                Self::Add { task_type } => {
                    let new = TaskType {
                        task_type: task_type.clone(),
                        retired: false,
                    };
                    put(&mut settings.task_types, new, |of| {
                        of.task_type == *task_type
                    });
                    Ok(())
                }
                Self::Retire { task_type } => {
                    let offered = settings.task_types.iter_mut();
                    retire(
                        offered.map(|of| (of.task_type.as_str(), &mut of.retired)),
                        "type",
                        task_type,
                    )
                }
            },
        )
        .await
    }
}

/// Puts the new item in the place of the one it is meant to replace, or at the end.
fn put<T>(list: &mut Vec<T>, new: T, same: impl Fn(&T) -> bool) {
    match list.iter_mut().find(|item| same(item)) {
        Some(item) => *item = new,
        None => list.push(new),
    }
}

/// Retires the item of this name.
fn retire<'a>(
    mut list: impl Iterator<Item = (&'a str, &'a mut bool)>,
    what: &str,
    sought: &str,
) -> Result<(), Error> {
    match list.find(|(name, _)| *name == sought) {
        Some((_, retired)) => {
            *retired = true;
            Ok(())
        }
        None => Err(Error::Unknown {
            message: format!("there is no {what} {sought:?}"),
            hint: "`handoff settings show` lists what there is.".to_owned(),
        }),
    }
}

/// Reads the settings, changes the list at `path`, and saves it.
async fn update(
    session: &Session,
    printer: &Printer,
    path: &str,
    sentence: &str,
    change: impl Fn(&mut Settings) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        let mut settings = get(session, 0).await?.settings.unwrap_or_default();
        change(&mut settings)?;
        match save(session, settings, path).await {
            Err(error) if error.is_version_mismatch() && attempt < ATTEMPTS => attempt += 1,
            result => return Ok(printer.done(&result?, sentence)?),
        }
    }
}

/// Each save has an id of its own, since each carries another list. Doing the whole again does nothing twice.
async fn save(
    session: &Session,
    settings: Settings,
    path: &str,
) -> Result<UpdateSettingsResponse, Error> {
    let request = v1::UpdateSettingsRequest {
        etag: settings.etag.clone(),
        settings: Some(settings),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        request_id: new_request_id(),
    };
    session
        .call(request, async |service, request| {
            SettingsCommandServiceClient::new(service)
                .update_settings(request)
                .await
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_again_keeps_its_place() {
        let category = |name: &str, retired| Category {
            display_name: name.to_owned(),
            retired,
        };
        let mut list = vec![category("Call", true), category("Mail", false)];
        put(&mut list, category("Call", false), |of| {
            of.display_name == "Call"
        });
        put(&mut list, category("Visit", false), |of| {
            of.display_name == "Visit"
        });
        assert_eq!(
            list,
            [
                category("Call", false),
                category("Mail", false),
                category("Visit", false)
            ]
        );
    }

    #[test]
    fn only_what_there_is_can_be_retired() {
        let mut retired = false;
        retire([("call", &mut retired)].into_iter(), "role", "call").unwrap();
        assert!(retired);
        let error = retire(std::iter::empty(), "role", "chef").unwrap_err();
        assert_eq!(error.to_string(), "there is no role \"chef\"");
        assert_eq!(error.exit_code(), 1);
    }
}
