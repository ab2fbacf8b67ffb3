//! Lists: pages are asked for one after another and shown as they come.

use clap::Args;
use prost::{Message, Name};

use crate::{
    error::Error,
    output::{Cell, Printer, Row},
};

/// Rows shown at once, and asked for at once, where nothing else is said.
const PAGE_SIZE: u32 = 200;

/// What every list takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    /// Only what matches: comparisons over fields, with AND, OR, NOT and parentheses
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) filter: Option<String>,

    /// Order: a field, with " desc" to reverse it
    #[arg(long, visible_alias = "order", value_name = "FIELD")]
    pub(crate) order_by: Option<String>,

    /// Show at most this many [default: all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// Ask for this many at a time, at most 500
    #[arg(long, value_name = "COUNT", default_value_t = PAGE_SIZE, value_parser = clap::value_parser!(u32).range(1..=500))]
    page_size: u32,

    #[command(flatten)]
    pub(crate) consistency: ConsistencyArgs,
}

impl ListArgs {
    /// Of a list that has no filters and one order.
    pub(crate) fn unfiltered(limit: Option<u32>, consistency: ConsistencyArgs) -> Self {
        Self {
            filter: None,
            order_by: None,
            limit,
            page_size: PAGE_SIZE,
            consistency,
        }
    }

    /// At most `most` rows where no limit was given.
    pub(crate) fn limited(&self, most: u32) -> Self {
        let mut args = self.clone();
        args.limit.get_or_insert(most);
        args
    }

    /// Rows that include a position of the log at least.
    pub(crate) fn including(&self, position: i64) -> Self {
        let mut args = self.clone();
        let min_position = &mut args.consistency.min_position;
        *min_position = position.max(*min_position);
        args
    }
}

/// What every query takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConsistencyArgs {
    /// Wait until the answer includes this position of the log
    #[arg(long, value_name = "POSITION", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..), hide_default_value = true)]
    pub(crate) min_position: i64,
}

/// The page to ask for.
pub(crate) struct Page {
    pub(crate) size: i32,
    /// Empty: the first.
    pub(crate) token: String,
}

/// Shows all pages that `fetch` answers, until there are no more or the limit is reached. `fetch` gives a page's rows and the
/// token of the next page.
pub(crate) async fn show<R: Row>(
    args: &ListArgs,
    printer: &Printer,
    fetch: impl AsyncFn(Page) -> Result<(Vec<R>, String), Error>,
) -> Result<(), Error> {
    show_as(args, printer, (R::HEADER, R::row), fetch).await
}

/// The columns of a list, and the cells of a row under them.
pub(crate) type Columns<R> = (&'static [&'static str], fn(&R) -> Vec<Cell>);

/// The same under other columns than the rows have by themselves.
pub(crate) async fn show_as<R: Message + Name>(
    args: &ListArgs,
    printer: &Printer,
    columns: Columns<R>,
    fetch: impl AsyncFn(Page) -> Result<(Vec<R>, String), Error>,
) -> Result<(), Error> {
    let mut left = args.limit.unwrap_or(u32::MAX);
    let mut token = String::new();
    let mut empty = true;
    while left > 0 {
        let size = i32::try_from(args.page_size.min(left)).unwrap_or(i32::MAX);
        let (rows, next) = fetch(Page { size, token }).await?;
        if !rows.is_empty() {
            printer.rows_as(columns, &rows)?;
            empty = false;
        }
        left = left.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        token = next;
        if token.is_empty() {
            break;
        }
    }
    if empty && !printer.is_json() {
        printer.note("Nothing matches.");
    } else if !token.is_empty() && printer.is_terminal() {
        printer.note("There are more: raise --limit to see them.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use handoff_proto::v1::Account;

    use super::*;
    use crate::args::Format;

    /// Asks a server with `total` accounts; answers the sizes and tokens that were asked for.
    async fn asked(limit: Option<u32>, page_size: u32, total: usize) -> Vec<(i32, String)> {
        let consistency = ConsistencyArgs { min_position: 0 };
        let args = ListArgs {
            filter: None,
            order_by: None,
            limit,
            page_size,
            consistency,
        };
        let calls = RefCell::new(Vec::new());
        let fetch = async |page: Page| {
            let from: usize = page.token.parse().unwrap_or(0);
            let to = total.min(from + usize::try_from(page.size).unwrap());
            calls.borrow_mut().push((page.size, page.token));
            Ok((
                vec![Account::default(); to - from],
                if to < total {
                    to.to_string()
                } else {
                    String::new()
                },
            ))
        };
        show(&args, &Printer::new(Format::Json), fetch)
            .await
            .unwrap();
        calls.into_inner()
    }

    fn pages(pages: &[(i32, &str)]) -> Vec<(i32, String)> {
        pages
            .iter()
            .map(|(size, token)| (*size, (*token).to_owned()))
            .collect()
    }

    #[tokio::test]
    async fn pages_follow_each_other_to_the_end() {
        assert_eq!(
            asked(None, 2, 5).await,
            pages(&[(2, ""), (2, "2"), (2, "4")])
        );
        assert_eq!(asked(None, 2, 0).await, pages(&[(2, "")]));
    }

    #[tokio::test]
    async fn no_more_is_asked_for_than_the_limit() {
        assert_eq!(asked(Some(3), 2, 5).await, pages(&[(2, ""), (1, "2")]));
        assert_eq!(asked(Some(1), 2, 5).await, pages(&[(1, "")]));
    }
}
