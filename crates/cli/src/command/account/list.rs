//! `handoff account list`.

use clap::Args;
use handoff_proto::v1::{self, account_query_service_client::AccountQueryServiceClient};

use super::words::{Kind, Status};
use crate::{
    error::Error,
    filter::Filter,
    list::{self, ListArgs},
    output::Printer,
    session::{LARGEST_ANSWER, Session},
};

/// Without a condition on the status the server lists active accounts only.
const ANY_STATUS: &str = "(status = ACTIVE OR status = PAUSED OR status = DEACTIVATED)";

#[derive(Debug, Args)]
pub(crate) struct AccountList {
    /// Only accounts with this status
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Accounts of every status
    #[arg(long, conflicts_with = "status")]
    all: bool,
    /// Only accounts of this kind
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Only accounts of this member, or of me
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Only accounts where this role is held by this member, by me, or by nobody; may be given several times
    #[arg(long, value_name = "ROLE=MEMBER", value_parser = role_holder)]
    role: Vec<RoleHolder>,
    /// Only accounts with these words in their name or id
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct RoleHolder {
    role: String,
    member: String,
}

fn role_holder(text: &str) -> Result<RoleHolder, String> {
    match text.split_once('=') {
        Some((role, member)) if !role.is_empty() && !member.is_empty() => Ok(RoleHolder {
            role: role.to_owned(),
            member: member.to_owned(),
        }),
        _ => Err("write the role and who holds it: success-manager=ana".to_owned()),
    }
}

impl AccountList {
    fn filter(&self) -> Result<String, Error> {
        let mut filter = Filter::new(self.list.filter.as_deref());
        if let Some(status) = self.status {
            filter = filter.equals("status", status.value());
        }
        if self.all {
            filter = filter.and(ANY_STATUS.to_owned());
        }
        if let Some(kind) = self.kind {
            filter = filter.equals("kind", kind.value());
        }
        if let Some(assignee) = &self.assignee {
            filter = filter.equals_member("assignee", assignee)?;
        }
        for RoleHolder { role, member } in &self.role {
            filter = match (role.as_str(), member.as_str()) {
                ("assignee", member) => filter.equals_member("assignee", member)?,
                (role, "nobody") => filter.and(format!("NOT roles.{role}:*")),
                (role, member) => filter.equals_member(&format!("roles.{role}"), member)?,
            };
        }
        if let Some(text) = &self.text {
            filter = filter.has("text", text);
        }
        Ok(filter.finish())
    }

    pub(super) async fn run(self, session: &Session, printer: &Printer) -> Result<(), Error> {
        let filter = self.filter()?;
        list::show(&self.list, printer, async |page| {
            let request = v1::ListAccountsRequest {
                page_size: page.size,
                page_token: page.token,
                filter: filter.clone(),
                order_by: self.list.order_by.clone().unwrap_or_default(),
                min_position: self.list.consistency.min_position,
            };
            let answer = session
                .call(request, async |service, request| {
                    let client = AccountQueryServiceClient::new(service);
                    client
                        .max_decoding_message_size(LARGEST_ANSWER)
                        .list_accounts(request)
                        .await
                })
                .await?;
            Ok((answer.accounts, answer.next_page_token))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        list: AccountList,
    }

    fn filter(arguments: &[&str]) -> String {
        let line = Line::try_parse_from([&["list"], arguments].concat()).unwrap();
        line.list.filter().unwrap()
    }

    #[test]
    fn every_flag_is_a_condition() {
        assert_eq!(
            filter(&[
                "--kind",
                "lead",
                "--status",
                "paused",
                "--text",
                "acme berlin"
            ]),
            r#"status = "paused" AND kind = "lead" AND text:"acme berlin""#
        );
        assert_eq!(filter(&["--all"]), ANY_STATUS);
    }

    #[test]
    fn a_role_is_asked_for_with_its_holder() {
        assert_eq!(
            filter(&[
                "--role",
                "success-manager=ana",
                "--role",
                "sales-manager=nobody"
            ]),
            r#"roles.success-manager = "members/ana" AND NOT roles.sales-manager:*"#
        );
        assert_eq!(filter(&["--role", "assignee=me"]), "assignee = me");
        assert!(Line::try_parse_from(["list", "--role", "ana"]).is_err());
    }
}
