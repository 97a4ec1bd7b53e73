//! What came out, for people and for programs. Owns how numbers look; never measures.

use std::fmt::{self, Display};

use serde_json::{Map, Value, json};

use crate::crowd::Verdict;

/// The version of the JSON form.
const JSON_VERSION: u32 = 1;

/// What came out of a scenario.
#[derive(Debug)]
pub(crate) struct Report {
    title: String,
    lines: Vec<Line>,
    verdict: Verdict,
    json: Map<String, Value>,
}

#[derive(Debug)]
struct Line {
    words: String,
    value: String,
}

impl Report {
    /// Of this scenario.
    pub(crate) fn new(scenario: &str, protocol: &str, server: &impl Display) -> Self {
        let mut json = Map::new();
        json.insert("v".to_owned(), json!(JSON_VERSION));
        json.insert("scenario".to_owned(), json!(scenario));
        json.insert("protocol".to_owned(), json!(protocol));
        json.insert("server".to_owned(), json!(server.to_string()));
        let title = format!("{scenario}, {protocol}, {server}");
        Self { title, lines: Vec::new(), verdict: Verdict::default(), json }
    }

    /// A number of things.
    pub(crate) fn count(&mut self, key: &str, words: &str, count: u64) {
        self.lines.push(Line { words: words.to_owned(), value: grouped(count) });
        self.json.insert(key.to_owned(), json!(count));
    }

    /// A measure, with so many digits behind the point and its unit.
    pub(crate) fn measure(
        &mut self,
        key: &str,
        words: &str,
        value: f64,
        digits: usize,
        unit: &str,
    ) {
        let shown =
            if value >= 10_000.0 { grouped_whole(value) } else { format!("{value:.digits$}") };
        let shown = format!("{shown} {unit}").trim_end().to_owned();
        self.lines.push(Line { words: words.to_owned(), value: shown });
        self.json.insert(key.to_owned(), json!(value));
    }

    /// What went wrong.
    pub(crate) fn judge(&mut self, verdict: Verdict) {
        let Verdict { lost, surplus, out_of_order, closed } = verdict;
        for (key, count) in [
            ("lost", lost),
            ("surplus", surplus),
            ("out_of_order", out_of_order),
            ("closed", closed),
        ] {
            self.json.insert(key.to_owned(), json!(count));
        }
        self.verdict = verdict;
    }

    /// Nothing went wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.verdict.is_clean()
    }

    /// One line for programs.
    pub(crate) fn json(&self) -> String {
        Value::Object(self.json.clone()).to_string()
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.lines.iter().map(|line| line.words.len()).max().unwrap_or_default();
        let values = self.lines.iter().map(|line| line.value.len()).max().unwrap_or_default();
        writeln!(f, "{}", self.title)?;
        for line in &self.lines {
            writeln!(f, "  {:words$}  {:>values$}", line.words, line.value)?;
        }
        let Verdict { lost, surplus, out_of_order, closed } = self.verdict;
        let judged = if self.is_clean() { "all right" } else { "WRONG" };
        write!(
            f,
            "  {judged}: lost {lost}, surplus {surplus}, out of order {out_of_order}, closed by the \
             server {closed}"
        )
    }
}

/// A large measure: what is behind the point says nothing.
fn grouped_whole(value: f64) -> String {
    format!("{value:.0}").parse().map_or_else(|_| value.to_string(), grouped)
}

/// `1,234,567`
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_table_for_people_and_a_line_for_programs() {
        let mut report = Report::new("fanout", "native", &"127.0.0.1:5005");
        report.count("deliveries", "deliveries", 1_234_567);
        report.measure("cpu_us", "server CPU a delivery", 0.1064, 3, "us");
        report.judge(Verdict { lost: 2, ..Verdict::default() });
        assert_eq!(
            report.to_string(),
            "fanout, native, 127.0.0.1:5005\n  \
             deliveries             1,234,567\n  \
             server CPU a delivery   0.106 us\n  \
             WRONG: lost 2, surplus 0, out of order 0, closed by the server 0"
        );
        let json: Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["deliveries"], 1_234_567);
        assert_eq!((&json["lost"], &json["v"]), (&json!(2), &json!(1)));
        assert!(!report.is_clean());
    }

    #[test]
    fn digits_are_grouped() {
        for (count, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")]
        {
            assert_eq!(grouped(count), shown);
        }
    }
}
