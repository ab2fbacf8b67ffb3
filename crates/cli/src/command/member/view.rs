//! A member as people see it.

use handoff_proto::v1::Member;

use crate::{
    command::words,
    output::{Cell, Row, Show, Tone},
    time,
};

fn kind(member: &Member) -> Cell {
    words(member.kind().as_str_name(), "MEMBER_KIND_").into()
}

fn enabled(member: &Member) -> Cell {
    if member.enabled {
        Cell::new("yes", Tone::Good)
    } else {
        Cell::new("no", Tone::Faint)
    }
}

impl Show for Member {
    fn fields(&self) -> Vec<(&'static str, Cell)> {
        vec![
            ("Name", self.name.as_str().into()),
            ("Display name", self.display_name.as_str().into()),
            ("E-mail", self.email.as_str().into()),
            ("Kind", kind(self)),
            ("Enabled", enabled(self)),
            ("Created", time::minutes(self.create_time.as_ref()).into()),
            ("Changed", time::minutes(self.update_time.as_ref()).into()),
            ("Etag", Cell::new(self.etag.as_str(), Tone::Faint)),
        ]
    }
}

impl Row for Member {
    const HEADER: &'static [&'static str] = &["NAME", "DISPLAY NAME", "E-MAIL", "KIND", "ENABLED"];

    fn row(&self) -> Vec<Cell> {
        vec![
            self.name.as_str().into(),
            self.display_name.as_str().into(),
            self.email.as_str().into(),
            kind(self),
            enabled(self),
        ]
    }
}
