//! What the cells of a list of tasks mean.

use handoff_proto::v1::{Money, TaskPriority, TaskStatus, TaskVisibility};

use crate::command::task::money;

pub(super) fn priority(text: &str) -> Result<TaskPriority, String> {
    match text.to_lowercase().as_str() {
        "low" => Ok(TaskPriority::Low),
        "normal" | "medium" => Ok(TaskPriority::Normal),
        "high" => Ok(TaskPriority::High),
        "urgent" => Ok(TaskPriority::Urgent),
        _ => Err(format!(
            "{text:?} is not a priority: write Low, Medium, High or Urgent"
        )),
    }
}

pub(super) fn status(text: &str) -> Result<TaskStatus, String> {
    match text.to_lowercase().replace(['_', '-'], " ").as_str() {
        "not started" | "new" | "open" => Ok(TaskStatus::NotStarted),
        "in progress" => Ok(TaskStatus::InProgress),
        "waiting on customer" | "waiting" => Ok(TaskStatus::WaitingOnCustomer),
        "completed" | "complete" | "done" => Ok(TaskStatus::Complete),
        "cancelled" | "canceled" => Ok(TaskStatus::Cancelled),
        _ => Err(format!(
            "{text:?} is not a status: write Not Started, In Progress, Waiting on Customer, Completed or Cancelled"
        )),
    }
}

pub(super) fn visibility(text: &str) -> Result<TaskVisibility, String> {
    match text.to_lowercase().as_str() {
        "internal" | "team" => Ok(TaskVisibility::Internal),
        "portal" | "customer" => Ok(TaskVisibility::Portal),
        _ => Err(format!(
            "{text:?} is not a visibility: write Internal or Portal"
        )),
    }
}

/// `50`, `50%`.
pub(super) fn percent(text: &str) -> Result<i32, String> {
    let number = text.trim_end_matches('%').trim_end();
    match number.parse() {
        Ok(percent @ 0..=100) => Ok(percent),
        _ => Err(format!("{text:?} is not a percentage: write 0 to 100")),
    }
}

/// `12.50 EUR`; `12.50` where there is a currency for such.
pub(super) fn amount(text: &str, currency: Option<&str>) -> Result<Money, String> {
    let is_bare = !text.contains(|c: char| c.is_alphabetic());
    let amount = match currency {
        Some(currency) if is_bare => money::read(&format!("{text} {currency}")),
        _ => money::read(text),
    };
    amount.ok_or_else(|| {
        let what = format!("{text:?} is not an amount of money: write it as in 12.50 EUR");
        if is_bare && currency.is_none() {
            format!("{what}, or import with --currency")
        } else {
            what
        }
    })
}

/// Hours, miles and other exact numbers, without a separator of thousands. The server knows their bounds.
pub(super) fn decimal(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_number(whole) && is_number(part) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is not a number: write it as in 1234.5"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_need_a_currency_from_somewhere() {
        let euros = |units, nanos| {
            Ok(Money {
                currency_code: "EUR".to_owned(),
                units,
                nanos,
            })
        };
        assert_eq!(amount("12.50 EUR", None), euros(12, 500_000_000));
        assert_eq!(amount("12", Some("eur")), euros(12, 0));
        assert_eq!(amount("12 EUR", Some("USD")), euros(12, 0));
        let error = amount("12", None).unwrap_err();
        assert!(error.ends_with("import with --currency"), "{error}");
        assert!(amount("1,200 EUR", None).is_err());
    }

    #[test]
    fn numbers_are_exact_and_not_guessed_at() {
        assert_eq!(percent("50 %"), Ok(50));
        assert_eq!(decimal("1234.50").as_deref(), Ok("1234.50"));
        for bad in ["101", "half", "-1", "0.5"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
        for bad in ["1,5", "1.", ".5", "1 h", "", "1e3"] {
            assert!(decimal(bad).is_err(), "{bad}");
        }
    }
}
