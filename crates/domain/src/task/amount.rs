//! Exact decimals of a task: hours, quantity, miles, money.

use std::fmt;

use iso_currency::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    limits,
    rejection::{Invalid, quoted},
};

/// Billionths in one unit of a currency.
const NANOS: i128 = 1_000_000_000;
/// The decimal places of a billionth.
const NANO_PLACES: u32 = 9;

/// Checks that a number is 0 to `most`, with few enough decimal places.
fn check(number: Decimal, most: Decimal, unit: &str) -> Result<Decimal, Invalid> {
    let number = number.normalize();
    if number.scale() > limits::DECIMAL_PLACES {
        return Err(Invalid::new(format!(
            "is {number}; at most {} decimal places are allowed",
            limits::DECIMAL_PLACES
        )));
    }
    if number < Decimal::ZERO || number > most {
        return Err(Invalid::new(format!(
            "is {number}; it must be 0 to {most} {unit}"
        )));
    }
    Ok(number)
}

/// Reads a decimal such as `12.5`: digits, with a point between them or without.
fn parse(text: &str) -> Result<Decimal, Invalid> {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    match Decimal::from_str_exact(text) {
        Ok(number) if plain => Ok(number),
        _ => Err(Invalid::new(format!(
            "{} is not a decimal number such as 12.5",
            quoted(text)
        ))),
    }
}

macro_rules! amount {
    ($(#[$doc:meta])* $Name:ident, $most:expr, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $Name(Decimal);

        impl $Name {
            /// Reads and checks a decimal such as `12.5`.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                check(parse(text)?, $most.into(), $unit).map(Self)
            }

            /// The number.
            pub fn number(self) -> Decimal {
                self.0
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

amount!(
    /// Hours of work, 0 to 100,000, with at most 4 decimal places.
    Hours, limits::HOURS, "hours"
);
amount!(
    /// How many pieces a task is about, 0 to 1,000,000,000, with at most 4 decimal places (S2).
    Quantity, limits::QUANTITY, "pieces"
);
amount!(
    /// Miles driven, 0 to 1,000,000, with at most 4 decimal places (S2).
    Miles, limits::MILES, "miles"
);

/// An amount of money: 0 to 1,000,000,000,000 units of an ISO 4217 currency, with at most 4 decimal
/// places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// Reads and checks an amount such as `12.50` and a currency such as `EUR`.
    pub fn new(amount: &str, currency: &str) -> Result<Self, Invalid> {
        Self::of(parse(amount)?, currency)
    }

    /// So many whole units and billionths of one, which have the same sign.
    pub fn from_parts(units: i64, nanos: i32, currency: &str) -> Result<Self, Invalid> {
        let apart = (units > 0 && nanos < 0) || (units < 0 && nanos > 0);
        if apart || i128::from(nanos).abs() >= NANOS {
            return Err(Invalid::new(format!(
                "has {units} units and {nanos} billionths; they must have the same sign, and there are \
                 {NANOS} billionths in a unit"
            )));
        }
        let billionths = i128::from(units) * NANOS + i128::from(nanos);
        Self::of(
            Decimal::from_i128_with_scale(billionths, NANO_PLACES),
            currency,
        )
    }

    fn of(amount: Decimal, currency: &str) -> Result<Self, Invalid> {
        let Some(known) = Currency::from_code(currency) else {
            return Err(Invalid::new(format!(
                "{} is not a currency of ISO 4217 such as EUR",
                quoted(currency)
            )));
        };
        let amount = check(amount, limits::MONEY_UNITS.into(), currency)?;
        Ok(Self {
            amount,
            currency: known,
        })
    }

    /// How many units of the currency.
    pub fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency: `EUR`.
    pub fn currency(self) -> &'static str {
        self.currency.code()
    }

    /// Whole units, and billionths of one.
    pub fn parts(self) -> (i64, i32) {
        // An amount has at most 4 decimal places and 13 digits before them: nothing is cut off.
        let billionths = self.amount.mantissa() * 10_i128.pow(NANO_PLACES - self.amount.scale());
        ((billionths / NANOS) as i64, (billionths % NANOS) as i32)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency())
    }
}

/// Money as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    amount: Decimal,
    currency: Box<str>,
}

impl TryFrom<Stored> for Money {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        Self::of(stored.amount, &stored.currency)
    }
}

impl From<Money> for Stored {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_is_exact_and_bounded() {
        assert_eq!(Hours::new("0.10").unwrap().to_string(), "0.1");
        assert_eq!(Hours::new("1.5").unwrap(), Hours::new("1.500").unwrap());
        assert!(Hours::new("100000").is_ok() && Quantity::new("1000000000").is_ok());
        for bad in [
            "",
            "-1",
            "100000.0001",
            "1.00001",
            "1e3",
            "1_000",
            "1,5",
            " 1",
            "NaN",
            "١",
        ] {
            assert!(Hours::new(bad).is_err(), "{bad:?}");
        }
        assert!(Miles::new("1000000.1").is_err());
    }

    #[test]
    fn money_has_a_currency_that_iso_knows() {
        let price = Money::new("1249.90", "EUR").unwrap();
        assert_eq!(price.to_string(), "1249.9 EUR");
        assert_eq!(price.parts(), (1_249, 900_000_000));
        for (amount, currency) in [
            ("1", "EURO"),
            ("1", "eur"),
            ("1", ""),
            ("1", "QQQ"),
            ("-1", "EUR"),
            ("1000000000000.1", "EUR"),
            ("0.00001", "EUR"),
        ] {
            assert!(Money::new(amount, currency).is_err(), "{amount} {currency}");
        }
        assert!(Money::from_parts(1, -1, "EUR").is_err());
        assert!(Money::from_parts(0, 1_000_000_000, "EUR").is_err());
    }

    #[test]
    fn money_is_stored_as_text_and_code() {
        let json = serde_json::to_string(&Money::new("0.10", "USD").unwrap()).unwrap();
        assert_eq!(json, r#"{"amount":"0.1","currency":"USD"}"#);
    }

    proptest! {
        #[test]
        fn money_goes_to_parts_and_back(units in 0..1_000_000_000_000_i64, places in 0..10_000_i32) {
            let nanos = places * 100_000;
            let money = Money::from_parts(units, nanos, "EUR").unwrap();
            prop_assert_eq!(money.parts(), (units, nanos));
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }
    }
}
