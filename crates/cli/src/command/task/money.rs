//! Amounts of money as people write them: `12.50 EUR`.

use handoff_proto::v1::Money;

use crate::error::Error;

/// Digits of a billionth.
const PLACES: usize = 9;

/// Reads an amount and a currency.
pub(super) fn parse(text: &str) -> Result<Money, Error> {
    read(text).ok_or_else(|| {
        Error::usage(
            format!("{text:?} is not an amount of money"),
            "Write an amount and a currency, such as \"12.50 EUR\".",
        )
    })
}

/// The amount that the text says, if it says one.
pub(crate) fn read(text: &str) -> Option<Money> {
    let (amount, currency) = text.trim().split_once(' ')?;
    let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > PLACES {
        return None;
    }
    Some(Money {
        currency_code: currency.trim().to_uppercase(),
        units: whole.parse().ok()?,
        nanos: format!("{part:0<PLACES$}").parse().ok()?,
    })
}

/// An amount for people: no part of a unit, or at least two digits of it.
pub(super) fn show(money: &Money) -> String {
    let Money {
        currency_code,
        units,
        nanos,
    } = money;
    if *nanos == 0 {
        return format!("{units} {currency_code}");
    }
    let part = format!("{nanos:09}");
    let part = part.trim_end_matches('0');
    format!("{units}.{part:0<2} {currency_code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_shown_as_it_was_written() {
        for text in ["12.50 EUR", "0.99 USD", "1200 JPY", "3.0001 EUR"] {
            assert_eq!(show(&parse(text).unwrap()), text);
        }
        assert_eq!(show(&parse(" 7.5 eur ").unwrap()), "7.50 EUR");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in [
            "",
            "12.50",
            "EUR 12",
            "1,5 EUR",
            "-1 EUR",
            ".5 EUR",
            "1. EUR",
            "1.0000000001 EUR",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
