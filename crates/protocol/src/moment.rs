//! A moment in time as a client names it: a time, or so long ago by the server's clock. Never asks
//! a clock.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A moment. On the wire one number: milliseconds since 1970 UTC, or, below zero, milliseconds
/// before now. So a client whose clock is wrong can still ask for the last hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub enum Moment {
    /// At this time.
    At(Timestamp),
    /// Before now; at least 1.
    Ago {
        /// So long, in milliseconds.
        ms: u64,
    },
}

impl Moment {
    /// Reads an age: `90s`, `45m`, `2h`, `1h30m`, `3d`, `2w`.
    #[must_use]
    pub fn parse_age(text: &str) -> Option<Self> {
        parse_span(text).map(|ms| Self::Ago { ms })
    }

    /// Which time it is.
    #[must_use]
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago { ms } => Timestamp(now.0.saturating_sub(ms)),
        }
    }
}

/// Units of a span, and how many seconds each has; the largest first.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a span of time, `90s`, `45m`, `2h`, `1h30m`, `3d`, `2w`, in milliseconds; never 0.
#[must_use]
pub fn parse_span(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut ms: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (count, behind) = rest.split_at(digits);
        let mut letters = behind.chars();
        let letter = letters.next()?;
        let (_, unit_s) = UNITS.iter().find(|(unit, _)| *unit == letter)?;
        let part = count.parse::<u64>().ok()?.checked_mul(*unit_s)?.checked_mul(1_000)?;
        ms = ms.checked_add(part)?;
        rest = letters.as_str();
    }
    (ms > 0 && i64::try_from(ms).is_ok()).then_some(ms)
}

/// A span of time as [`parse_span`] reads it, in whole seconds, rounded up: `1h30m`.
#[must_use]
pub fn age_text(ms: u64) -> String {
    let mut left = ms.div_ceil(1_000).max(1);
    let mut text = String::new();
    for (unit, unit_s) in UNITS {
        // Two weeks are 2w, ten days 10d.
        if left < unit_s || (unit == 'w' && !left.is_multiple_of(unit_s)) {
            continue;
        }
        text += &format!("{}{unit}", left / unit_s);
        left %= unit_s;
    }
    text
}

impl From<i64> for Moment {
    fn from(number: i64) -> Self {
        match u64::try_from(number) {
            Ok(ms) => Self::At(Timestamp(ms)),
            Err(_) => Self::Ago { ms: number.unsigned_abs() },
        }
    }
}

impl From<Moment> for i64 {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::At(time) => Self::try_from(time.0).unwrap_or(Self::MAX),
            Moment::Ago { ms } => -Self::try_from(ms.max(1)).unwrap_or(Self::MAX),
        }
    }
}

/// `2026-11-21 08:00 UTC`.
#[must_use]
pub fn in_utc(time: Timestamp) -> String {
    let days = i64::try_from(time.0 / 86_400_000).unwrap_or(0);
    let minutes = time.0 / 60_000 % 1_440;
    // Civil date of a day number (H. Hinnant, "chrono-compatible low-level date algorithms").
    let z = days + 719_468;
    let (era, day) = (z / 146_097, z % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        for (text, seconds) in
            [("90s", 90), ("45m", 2_700), ("2h", 7_200), ("1h30m", 5_400), ("2w", 1_209_600)]
        {
            let age = Moment::parse_age(text);
            assert_eq!(age, Some(Moment::Ago { ms: seconds * 1_000 }), "{text}");
        }
        for text in ["", "h", "2", "2y", "-1h", "0s", "1h30", "99999999999999999999w"] {
            assert_eq!(Moment::parse_age(text), None, "{text}");
        }
    }

    #[test]
    fn a_span_is_written_as_it_is_read() {
        for text in ["1s", "1m30s", "2h", "1d1h1m1s", "10d", "2w"] {
            assert_eq!(age_text(parse_span(text).unwrap()), text);
        }
        assert_eq!((age_text(0), age_text(1_001)), ("1s".to_owned(), "2s".to_owned()));
    }

    #[test]
    fn a_number_below_zero_is_an_age() {
        let hour = Moment::from(-3_600_000);
        assert_eq!(hour, Moment::Ago { ms: 3_600_000 });
        assert_eq!(hour.resolve(Timestamp(4_000_000)), Timestamp(400_000));
        assert_eq!(hour.resolve(Timestamp(1)), Timestamp(0));
        assert_eq!(Moment::from(7).resolve(Timestamp(1)), Timestamp(7));
        for number in [-3_600_000, -1, 0, 7, i64::MAX] {
            assert_eq!(i64::from(Moment::from(number)), number);
        }
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        for (ms, said) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400_000, "2000-02-29 00:00 UTC"),
            (1_795_161_600_000, "2026-11-20 08:00 UTC"),
        ] {
            assert_eq!(in_utc(Timestamp(ms)), said);
        }
    }
}
