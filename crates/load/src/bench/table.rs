//! The rows of a run, for people and as JSON.

use std::{borrow::Cow, error::Error as _, fmt, fs, path::Path};

use serde::Serialize;

use super::BenchError;

/// One number.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Row {
    pub(super) measure: &'static str,
    /// `handoff`, `pgbench` or a peer.
    pub(super) system: Cow<'static, str>,
    pub(super) clients: Option<usize>,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    /// What `ratio` compares the value with, in the same unit.
    pub(super) baseline: Option<f64>,
    pub(super) ratio: Option<f64>,
    #[serde(skip)]
    pub(super) bar: Option<Bar>,
}

/// What a value is to reach.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    text: String,
    met: bool,
}

impl Row {
    pub(super) fn new(measure: &'static str, value: f64, unit: &'static str) -> Self {
        Self {
            measure,
            system: "handoff".into(),
            value,
            unit,
            ..Self::default()
        }
    }

    pub(super) fn compared_with(mut self, baseline: f64) -> Self {
        self.baseline = Some(baseline);
        self.ratio = Some(self.value / baseline);
        self
    }

    /// Compares another system's value with it: the ratio is that of `own` to the value.
    pub(super) fn ratio_of(mut self, own: f64) -> Self {
        self.baseline = Some(own);
        self.ratio = Some(own / self.value);
        self
    }

    /// Wants the ratio to be so great.
    pub(super) fn at_least(mut self, bar: f64) -> Self {
        self.bar = self.ratio.map(|ratio| Bar {
            text: format!(">= {bar} x"),
            met: ratio >= bar,
        });
        self
    }

    /// Wants the value to be so great.
    pub(super) fn reaching(mut self, bar: f64) -> Self {
        self.bar = Some(Bar {
            text: format!(">= {bar}"),
            met: self.value >= bar,
        });
        self
    }

    /// Wants the ratio to be so small.
    pub(super) fn at_most_times(mut self, bar: f64) -> Self {
        self.bar = self.ratio.map(|ratio| Bar {
            text: format!("<= {bar} x"),
            met: ratio <= bar,
        });
        self
    }

    /// Wants the value to be so small.
    pub(super) fn at_most(mut self, bar: f64) -> Self {
        self.bar = Some(Bar {
            text: format!("<= {bar:.1}"),
            met: self.value <= bar,
        });
        self
    }
}

/// The rows of a run, in the order of measuring.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    /// What was not measured, and why.
    missing: Vec<String>,
}

impl Table {
    /// Adds a row and shows it at once: a run takes minutes.
    pub(super) fn add(&mut self, row: Row) {
        eprintln!("  {}", line(&cells(&row)).trim_end());
        self.rows.push(row);
    }

    /// Notes that something could not be measured.
    pub(super) fn failed(&mut self, measure: &str, error: &BenchError) {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        self.missing(measure, &text);
    }

    /// Notes why something was not measured.
    pub(super) fn missing(&mut self, measure: &str, reason: &str) {
        let text = format!("{measure} was not measured: {reason}");
        eprintln!("  {text}");
        self.missing.push(text);
    }

    /// Writes the rows as an array of JSON objects.
    pub(super) fn write(&self, path: &Path) -> Result<(), BenchError> {
        let action = || format!("write {}", path.display());
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(BenchError::io(action()))?;
        }
        let mut json = serde_json::to_string_pretty(&self.rows)
            .expect("rows are numbers and names")
            .into_bytes();
        json.push(b'\n');
        fs::write(path, json).map_err(BenchError::io(action()))?;
        println!("Written to {}", path.display());
        Ok(())
    }
}

const HEADINGS: [&str; 9] = [
    "measure", "system", "clients", "value", "p50 ms", "p99 ms", "baseline", "ratio", "bar",
];
const WIDTHS: [usize; 9] = [24, 11, 8, 18, 9, 9, 10, 7, 16];

fn cells(row: &Row) -> [String; 9] {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(String::new, |value| format!("{value:.digits$}"))
    };
    // Rates need no fractions; seconds do.
    let digits = if row.value >= 1_000.0 { 0 } else { 2 };
    let bar = row.bar.as_ref().map_or_else(String::new, |bar| {
        let verdict = if bar.met { "met" } else { "MISSED" };
        format!("{} {verdict}", bar.text)
    });
    [
        row.measure.to_owned(),
        row.system.to_string(),
        row.clients
            .map_or_else(String::new, |clients| clients.to_string()),
        format!("{:.digits$} {}", row.value, row.unit),
        number(row.p50_ms, 2),
        number(row.p99_ms, 2),
        number(row.baseline, digits),
        number(row.ratio, 2),
        bar,
    ]
}

/// Names to the left, numbers to the right.
fn line<T: AsRef<str>>(cells: &[T; 9]) -> String {
    let mut text = String::new();
    for (n, (cell, width)) in cells.iter().zip(WIDTHS).enumerate() {
        let cell = cell.as_ref();
        let padded = match n {
            0 | 1 => format!("{cell:<width$}  "),
            8 => cell.to_owned(),
            _ => format!("{cell:>width$}  "),
        };
        text.push_str(&padded);
    }
    text
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", line(&HEADINGS).trim_end())?;
        for row in &self.rows {
            writeln!(f, "{}", line(&cells(row)).trim_end())?;
        }
        for missing in &self.missing {
            writeln!(f, "{missing}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_with_the_fields_that_readers_expect() {
        let row = Row {
            clients: Some(128),
            ..Row::new("command_rate", 300.0, "commands/s")
        };
        let row = row.compared_with(200.0).at_least(1.0);
        let json = serde_json::to_value(row).unwrap();
        let expected = serde_json::json!({
            "measure": "command_rate", "system": "handoff", "clients": 128, "value": 300.0, "unit": "commands/s",
            "p50_ms": null, "p99_ms": null, "baseline": 200.0, "ratio": 1.5,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn the_table_says_which_bar_is_missed() {
        let mut table = Table::default();
        table.add(
            Row::new("command_rate", 100.0, "commands/s")
                .compared_with(200.0)
                .at_least(0.6),
        );
        table.add(Row::new("start", 2.0, "s").at_most(3.0));
        let text = table.to_string();
        assert!(text.contains(">= 0.6 x MISSED"), "{text}");
        assert!(text.contains("<= 3.0 met"), "{text}");
    }

    #[test]
    fn a_bar_on_a_value_and_one_on_a_ratio_are_told_apart() {
        let mut table = Table::default();
        table.add(Row::new("rebuild_tasks", 59_000.0, "events/s").reaching(60_000.0));
        let row = Row::new("growth_log", 1.1, "ms").compared_with(1.0);
        table.add(row.at_most_times(1.2));
        table.missing("peers", "no directory");
        let text = table.to_string();
        assert!(text.contains(">= 60000 MISSED"), "{text}");
        assert!(text.contains("<= 1.2 x met"), "{text}");
        assert!(
            text.contains("peers was not measured: no directory"),
            "{text}"
        );
    }
}
