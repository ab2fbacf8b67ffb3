//! What all lists have in common: from a request to a statement, and from its rows to a page.

use handoff_projections::ReadModel;

use crate::{
    filter::{self, Condition, Field, InvalidFilter, Parameters, Viewer},
    order::{InvalidOrder, Order, Sortable},
    page::{InvalidPageSize, InvalidPageToken, PageTokens, page_size},
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
    /// What its page tokens are bound to.
    arguments: Vec<String>,
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

    /// The page of `rows`, which are at most [`limit`](Self::limit), each with its place in the order.
    pub(crate) fn page<T>(&self, mut rows: Vec<(T, Vec<String>)>, tokens: &PageTokens) -> Page<T> {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        let next_page_token = match rows.last() {
            Some((_, place)) if more => tokens.token(&self.arguments(), place),
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
