//! How answers and errors are written: tables on a terminal, aligned text elsewhere, JSON if asked for.
//!
//! Answers go to the standard output, everything else to the standard error.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use comfy_table::{Attribute, Cell as TableCell, Color, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use prost::{Message, Name};
use serde_json::json;

use crate::{args::Format, error::Error, json, list::Columns};

/// What a text means, and with that its colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    /// Done, as it should be.
    Good,
    /// Wants to be looked at.
    Warning,
    /// Late or broken.
    Bad,
    /// Of less importance.
    Faint,
}

/// One value as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

#[cfg(test)]
impl Cell {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// A resource that is shown by itself, field by field.
pub(crate) trait Show: Message + Name {
    /// Label and value of each field; those without a value are left out.
    fn fields(&self) -> Vec<(&'static str, Cell)>;
}

/// A resource that is one row of a list.
pub(crate) trait Row: Message + Name {
    const HEADER: &'static [&'static str];
    /// One cell for each column of the header.
    fn row(&self) -> Vec<Cell>;
}

/// Writes answers in the form that the user chose.
pub(crate) struct Printer {
    format: Format,
    terminal: bool,
    colour: bool,
}

impl Printer {
    /// Looks at what the standard output is.
    pub(crate) fn new(format: Format) -> Self {
        let terminal = io::stdout().is_terminal();
        let colour = terminal && !is_colour_refused();
        Self {
            format,
            terminal,
            colour,
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether someone is looking, rather than a program.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// One resource.
    pub(crate) fn resource<R: Show>(&self, resource: &R) -> io::Result<()> {
        if self.is_json() {
            return self.line(&json::line(resource));
        }
        self.fields(resource.fields())
    }

    /// Labels and values for people, a line for each that has a value.
    pub(crate) fn fields(&self, fields: Vec<(&'static str, Cell)>) -> io::Result<()> {
        let mut table = self.empty_table();
        for (label, cell) in fields {
            if !cell.text.is_empty() {
                table.add_row([self.cell(Cell::new(label, Tone::Faint)), self.cell(cell)]);
            }
        }
        self.write_table(table)
    }

    /// The title of what follows, with an empty line before it.
    pub(crate) fn title(&self, title: &str) -> io::Result<()> {
        let (start, end) = if self.colour {
            ("\x1b[1m", "\x1b[0m")
        } else {
            ("", "")
        };
        self.line(&format!("\n{start}{title}{end}"))
    }

    /// Some rows of a list, under their header.
    pub(crate) fn rows<R: Row>(&self, rows: &[R]) -> io::Result<()> {
        self.rows_as((R::HEADER, R::row), rows)
    }

    /// The same under other columns than the rows have by themselves.
    pub(crate) fn rows_as<R: Message + Name>(
        &self,
        (header, row): Columns<R>,
        rows: &[R],
    ) -> io::Result<()> {
        if self.is_json() {
            return rows.iter().try_for_each(|row| self.line(&json::line(row)));
        }
        self.table(header, rows.iter().map(row).collect())
    }

    /// Takes away what the terminal shows, so that the next line is its first.
    pub(crate) fn clear(&self) -> io::Result<()> {
        self.bytes(b"\x1b[2J\x1b[3J\x1b[H")
    }

    /// Rows for people, under their header.
    pub(crate) fn table(&self, header: &[&str], rows: Vec<Vec<Cell>>) -> io::Result<()> {
        let mut table = self.empty_table();
        table.set_header(header.iter().map(|title| {
            let cell = TableCell::new(title);
            if self.colour {
                cell.add_attribute(Attribute::Bold)
            } else {
                cell
            }
        }));
        for row in rows {
            table.add_row(row.into_iter().map(|cell| self.cell(cell)));
        }
        self.write_table(table)
    }

    /// What a command did: its whole answer as JSON, or a sentence.
    pub(crate) fn done<M: Message + Name>(&self, answer: &M, sentence: &str) -> io::Result<()> {
        self.line(
            if self.is_json() {
                json::line(answer)
            } else {
                sentence.to_owned()
            }
            .as_str(),
        )
    }

    /// One line of the answer.
    pub(crate) fn line(&self, line: &str) -> io::Result<()> {
        self.bytes(format!("{line}\n").as_bytes())
    }

    /// A part of the answer as it is.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        io::stdout().lock().write_all(bytes)
    }

    /// Something beside the answer. That nobody reads it is no reason to stop.
    pub(crate) fn note(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// An error, in the form of the answers.
    pub(crate) fn error(&self, error: &Error) {
        if self.is_json() {
            return self.note(&error_json(error));
        }
        let colour = io::stderr().is_terminal() && !is_colour_refused();
        self.note(error_text(error, colour).trim_end());
    }

    /// A bar for long work of a known size, in whatever unit; invisible unless someone is looking.
    pub(crate) fn progress(&self, length: u64, template: &str) -> ProgressBar {
        let style = ProgressStyle::with_template(template)
            .expect("templates are constants")
            .progress_chars("█▌░");
        let bar = ProgressBar::new(length).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    fn empty_table(&self) -> Table {
        let mut table = Table::new();
        table
            .force_no_tty()
            .load_style(presets::NOTHING)
            .style_text_only();
        if self.colour {
            table.enforce_styling();
        }
        // Programs cut lines into fields; only on a terminal may a value go over several.
        match terminal_width().filter(|_| self.terminal) {
            Some(width) => table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        table
    }

    fn cell(&self, cell: Cell) -> TableCell {
        let table_cell = TableCell::new(cell.text);
        match cell.tone {
            _ if !self.colour => table_cell,
            Tone::Plain => table_cell,
            Tone::Good => table_cell.fg(Color::Green),
            Tone::Warning => table_cell.fg(Color::Yellow),
            Tone::Bad => table_cell.fg(Color::Red),
            Tone::Faint => table_cell.add_attribute(Attribute::Dim),
        }
    }

    fn write_table(&self, mut table: Table) -> io::Result<()> {
        // Lines begin with their first value.
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table
            .lines()
            .try_for_each(|line| self.line(line.trim_end()))
    }
}

fn is_colour_refused() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn terminal_width() -> Option<u16> {
    rustix::termios::tcgetwinsize(io::stdout())
        .ok()
        .map(|size| size.ws_col)
        .filter(|width| *width > 0)
}

fn error_text(error: &Error, colour: bool) -> String {
    let (start, end) = if colour {
        ("\x1b[1;31m", "\x1b[0m")
    } else {
        ("", "")
    };
    let mut text = format!("{start}error{end}: {error}");
    let (_, reason) = error.code();
    if !reason.is_empty() {
        text.push_str(&format!(" [{reason}]"));
    }
    text.push('\n');
    for (field, description) in error.fields() {
        text.push_str(&format!("  {field}: {description}\n"));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("  → {hint}\n"));
    }
    text
}

fn error_json(error: &Error) -> String {
    let (code, reason) = error.code();
    let fields: Vec<_> = error
        .fields()
        .iter()
        .map(|(field, text)| json!({"field": field, "description": text}))
        .collect();
    json!({"error": {
        "code": code, "reason": reason, "message": error.to_string(), "fields": fields, "hint": error.hint(),
    }})
    .to_string()
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
