//! What a script expects of a line: its text, with a few things that a test cannot know before.
//!
//! - `[hh:mm:ss]`: a time of day on a 12-hour clock, in brackets.
//! - `[MM-DD hh:mm]`: a date and a time of day on a 24-hour clock, in brackets.
//! - `$ana`: a name that the server chose. The first one that comes is kept; from then on `$ana`
//!   stands for it, also in what is typed.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::Value;

/// The names that the server chose, by what the script calls them.
pub(crate) type Names = BTreeMap<String, String>;

/// Is this line as the pattern says? Keeps the names that it has.
pub(crate) fn matches(pattern: &str, line: &str, names: &mut Names) -> bool {
    let (mut pattern, mut line) = (pattern, line);
    while let Some(first) = pattern.chars().next() {
        let rest = if let Some(behind) = pattern.strip_prefix("[hh:mm:ss]") {
            pattern = behind;
            digits(line, &[("[", 1..=12), (":", 0..=59), (":", 0..=59)])
        } else if let Some(behind) = pattern.strip_prefix("[MM-DD hh:mm]") {
            pattern = behind;
            let parts = [("[", 1..=12), ("-", 1..=31), (" ", 0..=23), (":", 0..=59)];
            digits(line, &parts)
        } else if let Some((called, behind)) = variable(pattern) {
            pattern = behind;
            let end = line.find(|c: char| !is_name(c)).unwrap_or(line.len());
            let (name, rest) = line.split_at(end);
            let known = names.entry(called.to_owned()).or_insert(name.to_owned());
            (!name.is_empty() && known == name).then_some(rest)
        } else {
            pattern = pattern.strip_prefix(first).unwrap_or_default();
            line.strip_prefix(first)
        };
        let Some(rest) = rest else { return false };
        line = rest;
    }
    line.is_empty()
}

/// The text with the names in it.
pub(crate) fn filled(text: &str, names: &Names) -> String {
    let mut filled = text.to_owned();
    // A longer one first: $ana before $an.
    for (called, name) in names.iter().rev() {
        filled = filled.replace(&format!("${called}"), name);
    }
    filled
}

/// Does JSON have at least what is expected? An object may have more fields; a list has as many
/// elements.
pub(crate) fn has(json: &Value, expected: &Value) -> bool {
    match (json, expected) {
        (Value::Object(json), Value::Object(expected)) => expected.iter().all(|(key, expected)| {
            let value = json.get(key).unwrap_or(&Value::Null);
            has(value, expected)
        }),
        (Value::Array(json), Value::Array(expected)) => {
            json.len() == expected.len()
                && json.iter().zip(expected).all(|(json, expected)| has(json, expected))
        }
        (json, expected) => json == expected,
    }
}

/// Two digits behind each mark, and a bracket at the end.
fn digits<'a>(line: &'a str, parts: &[(&str, RangeInclusive<u8>)]) -> Option<&'a str> {
    let mut line = line;
    for (mark, range) in parts {
        let (number, rest) = line.strip_prefix(mark)?.split_at_checked(2)?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || !range.contains(&number.parse().ok()?) {
            return None;
        }
        line = rest;
    }
    line.strip_prefix(']')
}

/// `$ana, and more` is `ana` and `, and more`.
fn variable(pattern: &str) -> Option<(&str, &str)> {
    let behind = pattern.strip_prefix('$')?;
    let end = behind.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(behind.len());
    (end > 0).then(|| behind.split_at(end))
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_knows_times_and_dates() {
        let matches = |pattern, line| matches(pattern, line, &mut Names::new());
        assert!(matches("[hh:mm:ss] ana: hi", "[12:05:59] ana: hi"));
        for wrong in ["[13:05:59] ana: hi", "[00:05:59] ana: hi", "[1:05:59] ana: hi"] {
            assert!(!matches("[hh:mm:ss] ana: hi", wrong), "{wrong}");
        }
        assert!(matches("[MM-DD hh:mm] x", "[11-20 23:59] x"));
        assert!(!matches("[MM-DD hh:mm] x", "[11-20 24:00] x"));
        assert!(!matches("hi", "hi "));
        assert!(!matches("hi ", "hi"));
    }

    #[test]
    fn a_name_is_kept_and_stays_the_same() {
        let mut names = Names::new();
        assert!(matches("Welcome $ana", "Welcome brave-otter", &mut names));
        assert!(matches("* $ana joined", "* brave-otter joined", &mut names));
        assert!(!matches("* $ana joined", "* calm-fox joined", &mut names));
        assert!(!matches("$bob", "", &mut names));
        assert_eq!(filled("/msg $ana hi", &names), "/msg brave-otter hi");
    }
}
