//! `handoff import contacts`.

use clap::Args;
use csv::StringRecord;
use handoff_proto::v1::{self, Contact, ContactKind};
use prost_types::FieldMask;
use uuid::Uuid;

use super::{
    FileArgs, Opened, Outcome,
    cells::{self, BadRow, Cells, Named, Names, Row},
    changed,
    columns::{Columns, Field},
    identity::{slug, uuid_of},
};
use crate::{command::account::send, error::Error, output::Printer, session::Session};

const AFTER_HELP: &str = "\
The first line names the columns, in any order: Account and Name, and any of E-mail, Phone, Kind (Client or Collaborator),
Portal Access (Yes or No) and Id. The account is its name or id and must exist. Without an id it is made from the name: Bo Berg
at Acme is accounts/acme/contacts/bo-berg.

What a row created is left as it is now when the same row is imported again. Where something of that id was there before, it gets
what the row says; an empty cell changes nothing.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportContacts {
    #[command(flatten)]
    file: FileArgs,
}

impl ImportContacts {
    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let opened = Opened::new(&self.file, None, printer)?;
        let mut names = Names::default();
        opened
            .import(
                printer,
                |columns, record| read(columns, record, &mut names),
                async |row: &ContactRow| row.send(session).await,
            )
            .await
    }
}

/// What a row says about its contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContactField {
    Account,
    Name,
    Email,
    Phone,
    Kind,
    Portal,
    Id,
}

impl Field for ContactField {
    const ALL: &'static [Self] = &[
        Self::Account,
        Self::Name,
        Self::Email,
        Self::Phone,
        Self::Kind,
        Self::Portal,
        Self::Id,
    ];
    const REQUIRED: &'static [(Self, &'static str)] =
        &[(Self::Account, "Account"), (Self::Name, "Name")];
    const KEY: Option<Self> = None;

    fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Account => &[
                "account",
                "customer",
                "client",
                "company",
                "account name",
                "customer name",
            ],
            Self::Name => &[
                "name",
                "display name",
                "contact",
                "full name",
                "contact name",
            ],
            Self::Email => &["e mail", "email", "e mail address", "email address", "mail"],
            Self::Phone => &["phone", "phone number", "telephone", "mobile"],
            Self::Kind => &["kind", "type"],
            Self::Portal => &["portal access", "portal"],
            Self::Id => &["id", "contact id", "key"],
        }
    }

    fn of_path(path: &str) -> Option<Self> {
        match path {
            "parent" => Some(Self::Account),
            "contact_id" | "contact.name" => Some(Self::Id),
            "contact.display_name" => Some(Self::Name),
            "contact.email" => Some(Self::Email),
            "contact.phone" => Some(Self::Phone),
            "contact.kind" => Some(Self::Kind),
            _ => None,
        }
    }

    fn of_reason(reason: &str) -> (Option<Self>, Option<&'static str>) {
        match reason {
            "NOT_FOUND" => (
                None,
                Some("create the account first, or give a contact that was removed another Id"),
            ),
            "TOO_MANY_CONTACTS" => (Some(Self::Account), None),
            _ => (None, None),
        }
    }
}

/// A contact to be imported.
#[derive(Debug)]
struct ContactRow {
    line: u64,
    /// What its request ids are made from.
    identity: Uuid,
    /// Resource name of the account.
    account: String,
    id: String,
    display_name: String,
    email: String,
    phone: String,
    kind: Option<ContactKind>,
    portal_access: Option<bool>,
}

impl Row for ContactRow {
    fn line(&self) -> u64 {
        self.line
    }
}

fn read(
    columns: &Columns<ContactField>,
    record: Result<StringRecord, csv::Error>,
    names: &mut Names,
) -> Result<ContactRow, BadRow<ContactField>> {
    let (record, line) = cells::record(record)?;
    let mut cells = Cells::new(columns, &record);
    let account = cells.required(ContactField::Account);
    let display_name = cells.required(ContactField::Name);
    let (email, phone) = (
        cells.text(ContactField::Email),
        cells.text(ContactField::Phone),
    );
    let kind = cells.parsed(ContactField::Kind, parse_kind);
    let portal_access = cells.parsed(ContactField::Portal, cells::parse_yes);
    let account_name = format!("accounts/{}", Named::account(account).id);
    let id = match cells.text(ContactField::Id) {
        "" => slug(display_name),
        id => id.to_owned(),
    };
    if !account.is_empty() && !display_name.is_empty() {
        let name = format!("{account_name}/contacts/{id}");
        names.once(&name, line, ContactField::Name, &mut cells);
    }
    let texts = ContactField::ALL.iter().map(|field| cells.text(*field));
    let identity = cells::identity("contact row", texts);
    cells.finish(line)?;
    Ok(ContactRow {
        line,
        identity,
        account: account_name,
        id,
        display_name: display_name.to_owned(),
        email: email.to_owned(),
        phone: phone.to_owned(),
        kind,
        portal_access,
    })
}

fn parse_kind(text: &str) -> Result<ContactKind, String> {
    match text.to_lowercase().as_str() {
        "client" => Ok(ContactKind::Client),
        "collaborator" => Ok(ContactKind::Collaborator),
        _ => Err(format!(
            "{text:?} is not a kind: write Client or Collaborator"
        )),
    }
}

impl ContactRow {
    async fn send(&self, session: &Session) -> Result<Outcome, Error> {
        match self.create(session).await {
            Ok(true) => Ok(Outcome::Created),
            Ok(false) => Ok(Outcome::Unchanged),
            Err(error) if error.is_already_exists() => Ok(if self.update(session).await? {
                Outcome::Changed
            } else {
                Outcome::Unchanged
            }),
            Err(error) => Err(error),
        }
    }

    fn contact(&self) -> Contact {
        Contact {
            display_name: self.display_name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            kind: self.kind.unwrap_or(ContactKind::Unspecified).into(),
            portal_access: self.portal_access.unwrap_or(false),
            ..Contact::default()
        }
    }

    async fn create(&self, session: &Session) -> Result<bool, Error> {
        let request_id = uuid_of(&["create", &self.identity.to_string()]).to_string();
        let request = v1::CreateContactRequest {
            parent: self.account.clone(),
            contact_id: self.id.clone(),
            contact: Some(self.contact()),
            request_id: request_id.clone(),
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.create_contact(request).await,
        )
        .await?;
        Ok(changed(answer.receipt))
    }

    async fn update(&self, session: &Session) -> Result<bool, Error> {
        let given = [
            ("display_name", true),
            ("email", !self.email.is_empty()),
            ("phone", !self.phone.is_empty()),
            ("kind", self.kind.is_some()),
            ("portal_access", self.portal_access.is_some()),
        ];
        let given = given.into_iter().filter(|(_, given)| *given);
        let contact = Contact {
            name: format!("{}/contacts/{}", self.account, self.id),
            ..self.contact()
        };
        let request_id = uuid_of(&["update", &self.identity.to_string()]).to_string();
        let request = v1::UpdateContactRequest {
            contact: Some(contact),
            update_mask: Some(FieldMask {
                paths: given.map(|(path, _)| path.to_owned()).collect(),
            }),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let answer = send(
            session,
            &request_id,
            request,
            async |mut client, request| client.update_contact(request).await,
        )
        .await?;
        Ok(changed(answer.receipt))
    }
}
