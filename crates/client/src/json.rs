//! Events as lines of JSON for programs (NDJSON, version 1). Pure.

use chat_client::{Gap, Update};
use chat_protocol::event::{RoomInfo, UserInfo};
use chat_protocol::search::Hit;
use chat_protocol::{Event, SayKind, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::sanitise;

/// The version of the form of these lines.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Message<'a> {
    v: u32,
    r#type: &'static str,
    room: String,
    seq: u64,
    time: String,
    from: &'a str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
}

/// A message as a line; none for every other event.
pub(crate) fn message(event: &Event) -> Option<String> {
    let Event::Message { room, seq, time_ms, from, text, kind, reply_to, .. } = event else {
        return None;
    };
    line(&Message {
        v: VERSION,
        r#type: "message",
        room: room.to_string(),
        seq: seq.0,
        time: rfc3339(*time_ms),
        from: from.as_str(),
        text: text.plain_lines().collect::<Vec<_>>().join("\n"),
        kind: match kind {
            SayKind::Text => None,
            SayKind::Action => Some("action"),
            SayKind::Notice => Some("notice"),
        },
        reply_to: reply_to.map(|seq| seq.0),
    })
}

/// Any event as a line, its time in words.
pub(crate) fn event(event: &Event) -> Option<String> {
    if let Some(line) = message(event) {
        return Some(line);
    }
    let Ok(Value::Object(mut fields)) = serde_json::to_value(event) else {
        return None;
    };
    if let Some(time_ms) = fields.remove("time_ms").and_then(|time| time.as_u64()) {
        fields.insert("time".to_owned(), rfc3339(Timestamp(time_ms)).into());
    }
    versioned(fields)
}

/// What is no event of the server: the connection and its gaps.
pub(crate) fn update(update: &Update) -> Option<String> {
    let fields = match update {
        Update::Connected(welcome) => {
            json!({"type": "connected", "server": welcome.server, "name": welcome.name})
        }
        Update::Disconnected { why, retry_in, .. } => {
            json!({"type": "disconnected", "why": why, "retry_in_ms": retry_in.as_millis()})
        }
        Update::Gap(Gap { room, missing, why }) => {
            let (from, to) = missing.unzip();
            json!({"type": "gap", "room": room, "from": from, "to": to, "why": why})
        }
        Update::Event(_) | Update::Answered { .. } => return None,
    };
    object(fields)
}

/// A room of a list.
pub(crate) fn room(room: &RoomInfo) -> Option<String> {
    object(json!({"type": "room", "room": room.room, "members": room.members, "topic": room.topic}))
}

/// A message that was found.
pub(crate) fn hit(hit: &Hit) -> Option<String> {
    let action = (!hit.kind.is_text()).then_some("action");
    object(json!({
        "type": "hit", "room": hit.room, "seq": hit.seq, "time": rfc3339(hit.time_ms),
        "from": hit.from, "kind": action, "snippet": hit.snippet,
    }))
}

/// A user of a list.
pub(crate) fn user(user: &UserInfo) -> Option<String> {
    object(json!({"type": "user", "name": user.name, "away": user.away}))
}

fn object(fields: Value) -> Option<String> {
    match fields {
        Value::Object(fields) => versioned(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

fn versioned(mut fields: Map<String, Value>) -> Option<String> {
    fields.insert("v".to_owned(), VERSION.into());
    let mut fields = Value::Object(fields);
    make_harmless(&mut fields);
    line(&fields)
}

fn line(value: &impl Serialize) -> Option<String> {
    // Our types have string keys and no floats: this cannot fail.
    let line = serde_json::to_string(value).ok()?;
    Some(line + "\n")
}

/// What `jq -r` would print of a server's free text must not drive a terminal either.
fn make_harmless(value: &mut Value) {
    match value {
        Value::String(text) => *text = sanitise::lines(text),
        Value::Array(values) => values.iter_mut().for_each(make_harmless),
        Value::Object(fields) => fields.values_mut().for_each(make_harmless),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn rfc3339(time: Timestamp) -> String {
    let milliseconds = i64::try_from(time.0).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::MAX);
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_fields_in_this_order() {
        let wire = br#"{"type":"message","room":"ops","seq":7,"time_ms":1700000000000,
            "from":"maya","text":"\u0002bold\u0002\ntwo","kind":"action"}"#;
        let event = serde_json::from_slice(wire).unwrap();
        assert_eq!(
            message(&event).unwrap(),
            "{\"v\":1,\"type\":\"message\",\"room\":\"ops\",\"seq\":7,\
             \"time\":\"2023-11-14T22:13:20.000Z\",\"from\":\"maya\",\
             \"text\":\"bold\\ntwo\",\"kind\":\"action\"}\n"
        );
    }

    #[test]
    fn other_events_are_versioned_and_harmless() {
        let notice = Event::Notice { text: "\u{1b}]0;x\u{7}".to_owned() };
        let line: Value = serde_json::from_str(&event(&notice).unwrap()).unwrap();
        assert_eq!(line, json!({"v": 1, "type": "notice", "text": "\\u{1b}]0;x\\u{7}"}));
    }
}
