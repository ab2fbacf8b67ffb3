//! How a new resource gets its id.

use crate::{
    limits,
    names::slug,
    rejection::{Invalid, Reason, Rejection},
    text::Line,
    unit::Stop,
};

/// The id of a new resource.
#[derive(Debug, Clone)]
pub enum NewId<Name> {
    /// This one; a resource that has it already is an error.
    Given(Name),
    /// A slug of the display name, with `-2`, `-3` … where that is taken.
    FromDisplayName,
}

impl<Name: Clone> NewId<Name> {
    /// The name to use. `field` is where the caller could have given an id, `from_id` makes a name,
    /// `is_free` looks whether nothing has it yet.
    pub(super) fn choose(
        &self,
        display_name: &Line,
        field: &str,
        from_id: fn(&str) -> Result<Name, Invalid>,
        mut is_free: impl FnMut(&Name) -> Result<bool, Stop>,
    ) -> Result<Name, Stop> {
        if let Self::Given(name) = self {
            return Ok(name.clone());
        }
        let no_id =
            || Rejection::invalid(field, format!("{display_name:?} gives no id: choose one"));
        let slug = slug(display_name.as_str()).ok_or_else(no_id)?;
        for n in 1..=limits::SLUG_ATTEMPTS {
            let id = if n == 1 {
                slug.clone()
            } else {
                format!("{slug}-{n}")
            };
            let name = from_id(&id).map_err(|_| no_id())?;
            if is_free(&name)? {
                return Ok(name);
            }
        }
        Err(Rejection::Precondition {
            reason: Reason::NoFreeId,
            description: format!(
                "the ids {slug} to {slug}-{} are taken: choose one",
                limits::SLUG_ATTEMPTS
            ),
            subject: slug,
        }
        .into())
    }
}
