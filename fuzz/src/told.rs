//! What may be passed on: to other people, to a terminal, to the log.

use chat_protocol::Command;
use chat_protocol::text::is_dangerous;
use serde_json::Value;

/// IRC's formatting, which stays in texts and is dropped where it is shown.
const FORMATTING: [char; 9] =
    ['\x02', '\x03', '\x04', '\x0F', '\x11', '\x16', '\x1D', '\x1E', '\x1F'];

/// Nothing in a command that others are shown drives a terminal or begins a line.
pub(crate) fn is_harmless(command: &Command) {
    let value = serde_json::to_value(command).expect("a command is JSON");
    walk("", &value);
}

fn walk(key: &str, value: &Value) {
    match value {
        Value::String(text) => check(key, text),
        Value::Array(values) => values.iter().for_each(|value| walk(key, value)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| walk(key, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn check(key: &str, text: &str) {
    // What is compared and never shown, and tags, which are checked as they are written.
    if matches!(key, "password" | "token" | "new" | "old") {
        return;
    }
    let is_text = matches!(key, "text" | "query" | "signal");
    let refused = text.chars().find(|character| match character {
        '\n' | '\t' => !is_text,
        character if FORMATTING.contains(character) => false,
        '\x01' => !is_text,
        character => is_dangerous(*character),
    });
    assert_eq!(refused, None, "in {key:?}: {text:?}");
}
