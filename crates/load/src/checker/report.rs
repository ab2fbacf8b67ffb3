//! What a check has found, rule by rule.

use std::fmt;

/// Counterexamples that are kept of each rule; the others are counted.
const KEPT: usize = 5;

/// The rules that can be checked from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Acknowledged,
    Unknown,
    Log,
    ReadModels,
    Lag,
    Codes,
}

impl Rule {
    const ALL: [Self; 6] = [
        Self::Acknowledged,
        Self::Unknown,
        Self::Log,
        Self::ReadModels,
        Self::Lag,
        Self::Codes,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Acknowledged => "1 acknowledged commands are in the log exactly once",
            Self::Unknown => {
                "2 unknown outcomes became once or not at all; retries got the first answer"
            }
            Self::Log => "3 positions and versions have no gap and the chain verifies",
            Self::ReadModels => "4 read models equal rebuilt ones",
            Self::Lag => "6 read models include the whole log in time",
            Self::Codes => "7 only expected codes were seen",
        }
    }
}

#[derive(Debug, Default)]
struct Finding {
    count: u64,
    first: Vec<String>,
    not_checked: Option<&'static str>,
}

/// What a check has found.
#[derive(Debug)]
pub struct Report {
    findings: [Finding; Rule::ALL.len()],
    notes: Vec<String>,
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

impl Report {
    pub fn new() -> Self {
        Self {
            findings: Default::default(),
            notes: Vec::new(),
        }
    }

    /// A counterexample of a rule.
    pub(super) fn broken(&mut self, rule: Rule, example: impl FnOnce() -> String) {
        let finding = &mut self.findings[rule as usize];
        finding.count += 1;
        if finding.first.len() < KEPT {
            finding.first.push(example());
        }
    }

    pub(super) fn not_checked(&mut self, rule: Rule, reason: &'static str) {
        self.findings[rule as usize].not_checked = Some(reason);
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Whether no rule was seen broken.
    pub fn is_green(&self) -> bool {
        self.findings.iter().all(|finding| finding.count == 0)
    }

    /// Whether a rule was seen broken.
    pub fn is_red(&self, rule: Rule) -> bool {
        self.findings[rule as usize].count > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in Rule::ALL {
            let finding = &self.findings[rule as usize];
            let verdict = match (finding.count, finding.not_checked) {
                (0, Some(_)) => "-    ",
                (0, None) => "green",
                _ => "RED  ",
            };
            write!(f, "{verdict} {}", rule.title())?;
            match finding.not_checked {
                Some(reason) => writeln!(f, " (not checked: {reason})")?,
                None => writeln!(f)?,
            }
            for example in &finding.first {
                writeln!(f, "        {example}")?;
            }
            let more = finding.count - finding.first.len() as u64;
            if more > 0 {
                writeln!(f, "        and {more} more")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}
