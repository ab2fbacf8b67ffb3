//! What all lists have in common: from a request to a statement, and from its rows to a page.

use handoff_projections::ReadModel;

use crate::{
    filter::{self, Condition, Field, InvalidFilter, Parameters, Viewer},
    order::{InvalidOrder, Order, Sortable},
    page::{InvalidPageSize, InvalidPageToken, PAGE_BYTES, PageTokens, page_size},
};

/// Asks for a page of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListRequest<'a> {
    /// Most rows wanted: 0 for 50; more than 500 is taken as 500.
    pub page_size: i32,
    /// The token of the page before; empty for the first page.
    pub page_token: &'a str,
    /// Which rows, see [`filter`](crate::filter); empty for all that the list shows by itself.
    pub filter: &'a str,
    /// Fields, each followed by `desc` or not; empty for the list's own order.
    pub order_by: &'a str,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// In the order asked for.
    pub items: Vec<T>,
    /// The token of the next page; empty on the last.
    pub next_page_token: String,
}

/// Whose work a viewer is shown in lists of it (S1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Everybody's.
    All,
    /// The viewer's own and nobody's; of a viewer who is no member, nobody's.
    OwnAndNobodys,
}

impl Shown {
    /// What page tokens are bound to.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::OwnAndNobodys => "own_and_nobodys",
        }
    }
}

/// Why a list cannot be answered: the caller's mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidList {
    #[error("page_size {0}")]
    PageSize(#[from] InvalidPageSize),
    #[error("page_token {0}")]
    PageToken(#[from] InvalidPageToken),
    #[error("filter: {0}")]
    Filter(#[from] InvalidFilter),
    #[error("order_by: {0}")]
    Order(#[from] InvalidOrder),
}

impl InvalidList {
    /// The field of the request that is at fault.
    pub fn request_field(&self) -> &'static str {
        match self {
            Self::PageSize(_) => "page_size",
            Self::PageToken(_) => "page_token",
            Self::Filter(_) => "filter",
            Self::Order(_) => "order_by",
        }
    }
}

/// What can be asked of a list.
#[derive(Debug)]
pub(crate) struct Listing {
    pub name: &'static str,
    pub fields: &'static [Field],
    pub sortables: &'static [Sortable],
    pub default_order: &'static str,
    /// What decides between rows that the order leaves equal; the last tells every two rows apart.
    pub ties: &'static [Sortable],
}

/// A list as somebody asked for it: checked, not yet SQL.
#[derive(Debug)]
pub(crate) struct Plan {
    pub condition: Condition,
    pub order: Order,
    after: Option<Vec<String>>,
    size: usize,
    /// Bytes of its rows, at most; one row there always is.
    bytes: usize,
    /// What its page tokens are bound to.
    arguments: Vec<String>,
}

/// Where a row stands in the order of its list, and how large it is.
#[derive(Debug)]
pub(crate) struct Place {
    /// A value for each part of the order.
    pub values: Vec<String>,
    /// Of the row as Postgres sends it, which its answer is about as large as.
    pub bytes: usize,
}

/// A statement with its parameters. In the SQL, `{0}` and `{1}` stand for the schemas that it reads.
///
/// Its rows have the columns of [`columns`], then the row's place in the order, then what is joined.
pub(crate) struct Statement {
    pub sql: String,
    pub parameters: Parameters,
}

impl Statement {
    pub(crate) fn in_schemas(&self, schemas: &[String]) -> String {
        let place =
            |sql: String, (i, schema): (usize, &String)| sql.replace(&format!("{{{i}}}"), schema);
        schemas.iter().enumerate().fold(self.sql.clone(), place)
    }
}

impl Listing {
    /// Checks a request. `scope` is what else decides which rows the list shows, such as the resource
    /// whose history it is.
    pub(crate) fn plan(
        &self,
        request: &ListRequest<'_>,
        viewer: &Viewer,
        scope: &str,
        tokens: &PageTokens,
    ) -> Result<Plan, InvalidList> {
        let size = page_size(request.page_size)?;
        let condition = filter::parse(request.filter, self.fields, viewer)?;
        let order = Order::parse(
            request.order_by,
            self.sortables,
            self.default_order,
            self.ties,
        )?;
        let me = viewer.me.as_ref().map_or("", |me| me.as_str());
        let arguments = [self.name, scope, request.filter, request.order_by, me]
            .map(str::to_owned)
            .into();
        let mut plan = Plan {
            condition,
            order,
            after: None,
            size: size.into(),
            bytes: PAGE_BYTES,
            arguments,
        };
        if !request.page_token.is_empty() {
            let place = tokens.place(&plan.arguments(), request.page_token)?;
            if place.len() != plan.order.len() {
                return Err(InvalidPageToken.into());
            }
            plan.after = Some(place);
        }
        Ok(plan)
    }
}

impl Plan {
    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    /// Begins after a place, which has a value for each part of the order.
    pub(crate) fn go_on_after(&mut self, place: Vec<String>) {
        debug_assert_eq!(place.len(), self.order.len());
        self.after = Some(place);
    }

    /// One row more than the page has, to know whether another page follows.
    pub(crate) fn limit(&self) -> usize {
        self.size + 1
    }

    /// Which rows: the filter, and what comes after the page before.
    pub(crate) fn filter_sql(&self, parameters: &mut Parameters) -> String {
        self.with_place(&self.condition, parameters)
    }

    /// Which rows meet `condition` and come after the page before.
    pub(crate) fn with_place(&self, condition: &Condition, parameters: &mut Parameters) -> String {
        let filter = condition.sql(parameters);
        match &self.after {
            None => filter,
            Some(place) => format!("{filter} and {}", self.order.after_sql(place, parameters)),
        }
    }

    /// Ends pages after fewer bytes than [`PAGE_BYTES`]: those of a list that is shown beside other things.
    pub(crate) fn within(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    /// How many of the rows of these sizes a page has: as many as were asked for and fit, and one at least.
    fn fitting(&self, sizes: impl Iterator<Item = usize>) -> usize {
        let fit = sizes.take(self.size).scan(0, |bytes, size| {
            *bytes += size;
            (*bytes <= self.bytes).then_some(())
        });
        fit.count().max(1)
    }

    /// The page of `rows`, which are at most [`limit`](Self::limit), each with its place in the order.
    pub(crate) fn page<T>(&self, mut rows: Vec<(T, Place)>, tokens: &PageTokens) -> Page<T> {
        let fitting = self.fitting(rows.iter().map(|(_, place)| place.bytes));
        let more = rows.len() > fitting;
        rows.truncate(fitting);
        let next_page_token = match rows.last() {
            Some((_, place)) if more => tokens.token(&self.arguments(), &place.values),
            _ => String::new(),
        };
        Page {
            items: rows.into_iter().map(|(item, _)| item).collect(),
            next_page_token,
        }
    }
}

/// The columns of a read model's key and row, as [`ReadModel::take`] takes them.
pub(crate) fn columns<M: ReadModel>(table: &str) -> String {
    let names = M::KEY
        .iter()
        .chain(M::COLUMNS)
        .filter_map(|column| column.split_whitespace().next());
    names
        .map(|name| format!("{table}.{name}"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    static LISTING: Listing = Listing {
        name: "things",
        fields: &[],
        sortables: &[Sortable::new("name", "k.name", "text")],
        default_order: "name",
        ties: &[],
    };

    /// How many rows the pages have that rows of these sizes make, as long as a page is asked for at `asked`.
    fn pages(asked: i32, bytes: usize, sizes: &[usize]) -> Vec<usize> {
        let (tokens, mut next) = (PageTokens::new(b"key"), String::new());
        let viewer = Viewer {
            now: chrono::DateTime::UNIX_EPOCH,
            me: None,
        };
        let (mut pages, mut from) = (Vec::new(), 0);
        loop {
            let request = ListRequest {
                page_size: asked,
                page_token: &next,
                ..ListRequest::default()
            };
            let plan = LISTING.plan(&request, &viewer, "", &tokens).unwrap();
            let plan = plan.within(bytes);
            if let Some(place) = &plan.after {
                assert_eq!(place[..], [format!("{}", from - 1)]);
            }
            let rows = sizes.iter().enumerate().skip(from).take(plan.limit());
            let rows = rows.map(|(n, bytes)| {
                let values = vec![n.to_string()];
                (
                    n,
                    Place {
                        values,
                        bytes: *bytes,
                    },
                )
            });
            let page = plan.page(rows.collect(), &tokens);
            from += page.items.len();
            pages.push(page.items.len());
            if page.next_page_token.is_empty() {
                assert_eq!(from, sizes.len());
                return pages;
            }
            next = page.next_page_token;
        }
    }

    #[test]
    fn a_page_ends_where_its_rows_or_their_bytes_are_enough_and_has_one_at_least() {
        assert_eq!(pages(0, 10, &[]), [0]);
        assert_eq!(pages(2, 10, &[1; 5]), [2, 2, 1]);
        assert_eq!(pages(5, 10, &[5; 5]), [2, 2, 1]);
        assert_eq!(pages(5, 10, &[10, 1, 11, 12, 9, 1]), [1, 1, 1, 1, 2]);
        assert_eq!(pages(5, 10, &[11]), [1]);
    }
}
