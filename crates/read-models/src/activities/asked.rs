//! What todo asks of an activity, answered from the activity itself instead of its row.

use handoff_domain::{
    activity::{Activity, Details},
    names::MemberName,
};

use super::list::{ACCOUNT, ASSIGNEE, CREATED_AT, DUE, HAS_ASSIGNEE, HAS_ASSIGNEE_AT_ALL, STATUS};
use crate::filter::{Cell, Cells};

/// An activity that exists.
pub(crate) struct AskedActivity<'a>(&'a Details);

impl<'a> AskedActivity<'a> {
    /// None of one that was deleted or never was.
    pub(crate) fn of(activity: &'a Activity) -> Option<Self> {
        activity.details().map(Self)
    }
}

impl Cells for AskedActivity<'_> {
    fn cell(&self, sql: &str) -> Option<Cell<'_>> {
        let Self(details) = self;
        let assignee = details.assignee.as_ref().map(MemberName::as_str);
        Some(match sql {
            ACCOUNT => Cell::Text(details.account.as_str()),
            STATUS => Cell::Text(details.status().as_str()),
            ASSIGNEE => assignee.map_or(Cell::Null, Cell::Text),
            HAS_ASSIGNEE => Cell::Texts(assignee.into_iter().collect()),
            HAS_ASSIGNEE_AT_ALL => Cell::Flag(assignee.is_some()),
            DUE => details.due().map_or(Cell::Null, Cell::Moment),
            CREATED_AT => Cell::Moment(details.created_at),
            _ => return None,
        })
    }
}
