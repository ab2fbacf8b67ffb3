//! What the requests about contacts ask for.

use handoff_domain::{
    Invalid,
    account::{ContactChanges, ContactKind},
    commands::{CreateContact, DeleteContact, UpdateContact},
    names::{AccountName, ContactName},
    text::{Email, Line, Phone},
};
use handoff_proto::v1;

use crate::{
    caller::Caller,
    command::CommandRequest,
    fields::{Fields, given},
};

/// The name that a new contact gets: of the id that was chosen, else of the request's own, so that a
/// retry comes to the same one.
pub(crate) fn new_contact(request: &v1::CreateContactRequest) -> Result<ContactName, Invalid> {
    let account: AccountName = request.parent.parse()?;
    match request.contact_id.as_str() {
        "" => ContactName::from_id(&account, &request.request_id.to_lowercase()),
        id => ContactName::from_id(&account, id),
    }
}

fn kind(number: i32, fields: &mut Fields) -> Option<ContactKind> {
    Some(match fields.known("contact.kind", number)? {
        v1::ContactKind::Unspecified | v1::ContactKind::Client => ContactKind::Client,
        v1::ContactKind::Collaborator => ContactKind::Collaborator,
    })
}

impl CommandRequest for v1::CreateContactRequest {
    type Command = CreateContact;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<CreateContact> {
        let account = fields.name("parent", &self.parent);
        let name = match &account {
            Some(_) => fields.check("contact_id", new_contact(self)),
            None => None,
        };
        let contact = fields.present("contact", self.contact.as_ref())?;
        let display_name =
            fields.required("contact.display_name", &contact.display_name, Line::new);
        let email = fields.optional("contact.email", &contact.email, Email::new);
        let phone = fields.optional("contact.phone", &contact.phone, Phone::new);
        let kind = kind(contact.kind, fields);
        Some(CreateContact {
            account: account?,
            name: name?,
            display_name: display_name?,
            email: email?,
            phone: phone?,
            kind: kind?,
            portal_access: contact.portal_access,
        })
    }
}

impl CommandRequest for v1::UpdateContactRequest {
    type Command = UpdateContact;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<UpdateContact> {
        let mask = fields.mask(
            self.update_mask.as_ref(),
            &["display_name", "email", "phone", "kind", "portal_access"],
        );
        let contact = fields.present("contact", self.contact.as_ref())?;
        let name: Option<ContactName> = fields.name("contact.name", &contact.name);
        let mask = mask?;
        let display_name = mask
            .has("display_name")
            .then(|| fields.required("contact.display_name", &contact.display_name, Line::new));
        let email = mask
            .has("email")
            .then(|| fields.optional("contact.email", &contact.email, Email::new));
        let phone = mask
            .has("phone")
            .then(|| fields.optional("contact.phone", &contact.phone, Phone::new));
        let kind = mask.has("kind").then(|| kind(contact.kind, fields));
        let name = name?;
        Some(UpdateContact {
            account: name.account(),
            name,
            changes: ContactChanges {
                display_name: given(display_name)?,
                email: given(email)?,
                phone: given(phone)?,
                kind: given(kind)?,
                portal_access: mask.has("portal_access").then_some(contact.portal_access),
            },
        })
    }
}

impl CommandRequest for v1::DeleteContactRequest {
    type Command = DeleteContact;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn etag(&self) -> &str {
        &self.etag
    }

    fn command(&self, _caller: &Caller, fields: &mut Fields) -> Option<DeleteContact> {
        let name: ContactName = fields.name("name", &self.name)?;
        Some(DeleteContact {
            account: name.account(),
            name,
        })
    }
}
