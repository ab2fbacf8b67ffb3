//! `handoff account contact`: people at an account.

use std::time::Duration;

use clap::{Args, Subcommand};
use handoff_proto::v1::{self, Contact, ContactKind};
use prost_types::FieldMask;

use super::{
    get, send,
    words::{PersonKind, Switch},
};
use crate::{
    command::{CommandArgs, words},
    error::Error,
    list::ConsistencyArgs,
    name,
    output::{Cell, Printer, Row, Tone},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ContactCommand {
    /// Adds a contact to an account
    Add(AddContact),
    /// Changes a contact
    Update(UpdateContact),
    /// Removes a contact for good; its id is not given again
    Remove(Target),
    /// Lists the contacts of an account
    List {
        /// The account: acme or accounts/acme
        account: String,
        #[command(flatten)]
        consistency: ConsistencyArgs,
    },
}

/// The contact that a command changes.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The account: acme or accounts/acme
    account: String,
    /// The contact: its name, e-mail address or id
    contact: String,
    /// Refuse if the contact changed since it was read with this etag
    #[arg(long)]
    etag: Option<String>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AddContact {
    /// The account: acme or accounts/acme
    account: String,
    /// Name shown to people
    display_name: String,
    /// Id of the new contact [default: a new UUID]
    #[arg(long)]
    id: Option<String>,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Phone number, 3 to 15 digits
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// What the contact is to the account
    #[arg(long, value_enum, default_value_t = PersonKind::Client)]
    kind: PersonKind,
    /// Let the contact sign in to the portal
    #[arg(long)]
    portal: bool,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true)
    .args(["display_name", "email", "no_email", "phone", "no_phone", "kind", "portal"]))]
pub(crate) struct UpdateContact {
    #[command(flatten)]
    target: Target,
    /// Another name shown to people
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Another e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Forget the e-mail address
    #[arg(long, conflicts_with = "email")]
    no_email: bool,
    /// Another phone number
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Forget the phone number
    #[arg(long, conflicts_with = "phone")]
    no_phone: bool,
    /// What the contact is to the account
    #[arg(long, value_enum)]
    kind: Option<PersonKind>,
    /// Whether the contact may sign in to the portal
    #[arg(long, value_enum)]
    portal: Option<Switch>,
}

impl ContactCommand {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        match self {
            Self::Add(add) => add.run(session, printer).await,
            Self::Update(update) => update.run(session, printer).await,
            Self::Remove(target) => target.remove(session, printer).await,
            Self::List {
                account,
                consistency,
            } => {
                let name = name::account(&account)?;
                let account = get(session, name, consistency.min_position).await?;
                if account.contacts.is_empty() && !printer.is_json() {
                    printer.note("Nothing matches.");
                    return Ok(());
                }
                Ok(printer.rows(&account.contacts)?)
            }
        }
    }
}

/// Contacts are looked up in a read model, which may be a moment behind one that was just added: how often to look again, and
/// how long to wait before.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// The name of the contact of this account that `text` means: a whole name, an id, or the name or e-mail address of one and no
/// other, whatever the case. What is none of these, but may be an id, is taken for one.
pub(crate) async fn find(session: &Session, account: &str, text: &str) -> Result<String, Error> {
    if text.starts_with("accounts/") {
        return name::contact(account, text);
    }
    for look in 0..=LOOKS {
        if look > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let contacts = get(session, account.to_owned(), 0).await?.contacts;
        if let Some(name) = meant(&contacts, account, text)? {
            return Ok(name);
        }
        if let Ok(name) = name::contact(account, text) {
            return Ok(name);
        }
    }
    Err(Error::Unknown {
        message: format!("{account} has no contact {text:?}"),
        hint: format!("`handoff account contact list {account}` shows who there is."),
    })
}

/// The one of these contacts that the text means.
fn meant(contacts: &[Contact], account: &str, text: &str) -> Result<Option<String>, Error> {
    let with_id = format!("{account}/contacts/{text}");
    if contacts.iter().any(|contact| contact.name == with_id) {
        return Ok(Some(with_id));
    }
    let sought = text.to_lowercase();
    let mut meant = contacts.iter().filter(|contact| {
        contact.display_name.to_lowercase() == sought || contact.email.to_lowercase() == sought
    });
    match (meant.next(), meant.next()) {
        (Some(one), Some(other)) => Err(Error::usage(
            format!("{text:?} could be {} or {}", one.name, other.name),
            "Write the name that begins with accounts/.",
        )),
        (one, _) => Ok(one.map(|contact| contact.name.clone())),
    }
}

impl AddContact {
    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let contact = Contact {
            display_name: self.display_name,
            email: self.email.unwrap_or_default(),
            phone: self.phone.unwrap_or_default(),
            kind: ContactKind::from(self.kind).into(),
            portal_access: self.portal,
            ..Contact::default()
        };
        let request_id = self.command.request_id();
        let request = v1::CreateContactRequest {
            parent: name::account(&self.account)?,
            contact_id: self.id.unwrap_or_default(),
            contact: Some(contact),
            request_id: request_id.clone(),
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.create_contact(request).await,
        )
        .await?;
        let contact = answer.contact.clone().unwrap_or_default();
        let sentence = format!("Added {} as {}.", contact.display_name, contact.name);
        Ok(printer.done(&answer, &sentence)?)
    }
}

impl UpdateContact {
    fn paths(&self) -> Vec<String> {
        let changes = [
            ("display_name", self.display_name.is_some()),
            ("email", self.email.is_some() || self.no_email),
            ("phone", self.phone.is_some() || self.no_phone),
            ("kind", self.kind.is_some()),
            ("portal_access", self.portal.is_some()),
        ];
        let changed = changes.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(path, _)| path.to_owned()).collect()
    }

    async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let paths = self.paths();
        let account = name::account(&self.target.account)?;
        let contact = Contact {
            name: find(session, &account, &self.target.contact).await?,
            display_name: self.display_name.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            phone: self.phone.unwrap_or_default(),
            kind: self
                .kind
                .map_or(ContactKind::Unspecified, ContactKind::from)
                .into(),
            portal_access: self.portal == Some(Switch::On),
            ..Contact::default()
        };
        let request_id = self.target.command.request_id();
        let request = v1::UpdateContactRequest {
            contact: Some(contact),
            update_mask: Some(FieldMask { paths }),
            request_id: request_id.clone(),
            etag: self.target.etag.unwrap_or_default(),
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.update_contact(request).await,
        )
        .await?;
        let contact = answer.contact.clone().unwrap_or_default();
        let shown = [
            contact.display_name.clone(),
            contact.email.clone(),
            contact.phone.clone(),
            kind(&contact),
            portal(&contact).to_owned(),
        ];
        let shown: Vec<_> = shown.into_iter().filter(|text| !text.is_empty()).collect();
        let sentence = format!("{} is now: {}.", contact.name, shown.join(", "));
        Ok(printer.done(&answer, &sentence)?)
    }
}

impl Target {
    async fn remove(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let account = name::account(&self.account)?;
        let name = find(session, &account, &self.contact).await?;
        let request = v1::DeleteContactRequest {
            name: name.clone(),
            request_id: self.command.request_id(),
            etag: self.etag.unwrap_or_default(),
        };
        let request_id = request.request_id.clone();
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.delete_contact(request).await,
        )
        .await?;
        Ok(printer.done(&answer, &format!("Removed {name}."))?)
    }
}

fn kind(contact: &Contact) -> String {
    words(contact.kind().as_str_name(), "CONTACT_KIND_")
}

fn portal(contact: &Contact) -> &'static str {
    if contact.portal_access {
        "portal access"
    } else {
        ""
    }
}

impl Row for Contact {
    const HEADER: &'static [&'static str] =
        &["DISPLAY NAME", "E-MAIL", "PHONE", "KIND", "PORTAL", "ID"];

    fn row(&self) -> Vec<Cell> {
        let id = self.name.rsplit('/').next().unwrap_or_default();
        let portal = if self.portal_access { "yes" } else { "no" };
        vec![
            self.display_name.as_str().into(),
            self.email.as_str().into(),
            self.phone.as_str().into(),
            kind(self).into(),
            portal.into(),
            Cell::new(id, Tone::Faint),
        ]
    }
}
