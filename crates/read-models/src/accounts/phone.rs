//! Whose number it is that calls: accounts by the phones of their contacts.

use std::collections::BTreeSet;

use handoff_domain::{account::Details, limits};
use tokio_postgres::types::Type;

use crate::{filter::Parameters, list::Statement};

/// The numbers of an account's contacts, each once.
pub(super) fn of(account: &Details) -> Vec<String> {
    let phones = account.contacts.values().filter_map(|contact| {
        let phone = contact.phone.as_ref()?;
        phone.with_country_code()
    });
    phones.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The statement for the accounts at which a contact has a number, by name; deactivated ones come last, so that those
/// which take new work are among the first [`CALL_CANDIDATES`](limits::CALL_CANDIDATES). `{0}` is the schema of
/// `accounts`.
pub(crate) fn with_phone(digits: &str) -> Statement {
    let mut parameters = Parameters::default();
    let digits = parameters.add(digits.to_owned(), Type::TEXT);
    let limit = limits::CALL_CANDIDATES;
    let sql = format!(
        "select a.account, array[]::text[] as place from {{0}}.rows a \
         where cardinality(a.phones) > 0 and a.phones @> array[{digits}] \
         order by a.status = 'deactivated', a.account limit {limit}"
    );
    Statement { sql, parameters }
}
