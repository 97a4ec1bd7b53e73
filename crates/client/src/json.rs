//! Events as lines of JSON for programs (NDJSON, version 1). Pure.

use chat_client::{Gap, Trouble, Update};
use chat_protocol::event::{RoomInfo, Sort, UnreadInfo, UserInfo};
use chat_protocol::search::Hit;
use chat_protocol::{Event, SayKind, Signal, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::sanitise;
use crate::status::Status;

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
        kind: self::kind(*kind),
        reply_to: reply_to.map(|seq| seq.0),
    })
}

const fn kind(kind: SayKind) -> Option<&'static str> {
    match kind {
        SayKind::Text => None,
        SayKind::Action => Some("action"),
        SayKind::Notice => Some("notice"),
    }
}

/// What happens in a room or to oneself, as a line; none for answers to questions, and for what has to
/// stay secret. `schema/v1.json` has every type.
pub(crate) fn event(event: &Event) -> Option<String> {
    if let Some(line) = message(event) {
        return Some(line);
    }
    if let Event::Refused { refusal, text, .. } = event {
        let refusal = serde_json::to_value(refusal).ok()?;
        return object(json!({"type": "refused", "code": refusal.get("code"), "text": text}));
    }
    if let Event::Signal {
        room, time_ms, from, signal: Signal::React { seq, text, undo }, ..
    } = event
    {
        let mut fields = json!({
            "type": "reaction", "room": room, "time": rfc3339(*time_ms), "from": from,
            "target": seq, "text": text,
        });
        if let (true, Some(fields)) = (undo, fields.as_object_mut()) {
            fields.insert("undo".to_owned(), true.into());
        }
        return object(fields);
    }
    let Ok(Value::Object(mut fields)) = serde_json::to_value(event) else {
        return None;
    };
    match event.sort() {
        Sort::Room | Sort::Presence | Sort::Own => {}
        Sort::Answer | Sort::State => return None,
    }
    // Between this program and the server alone.
    fields.remove("id");
    fields.remove("key");
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
        Update::Disconnected { why, retry_in, trouble, .. } => {
            let retry_in_ms = u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX);
            let trouble = match trouble {
                Trouble::Away => "away",
                Trouble::Stopped => "stopped",
                Trouble::Name => "name",
                Trouble::Account => "account",
                Trouble::Certificate(_) => "certificate",
            };
            json!({"type": "disconnected", "why": why, "retry_in_ms": retry_in_ms, "trouble": trouble})
        }
        Update::Gap(Gap { room, missing, why }) => {
            let (from, to) = missing.unzip();
            json!({"type": "gap", "room": room, "from": from, "to": to, "why": why})
        }
        Update::Event(_) | Update::Answered { .. } => return None,
    };
    object(fields)
}

/// What is known of a server.
pub(crate) fn status(status: &Status) -> Option<String> {
    let unread = |info: &UnreadInfo| json!({"room": info.room, "messages": info.messages, "mentions": info.mentions});
    let unread: Vec<Value> = status.unread.iter().map(unread).collect();
    object(json!({
        "type": "status", "address": status.address, "server": status.server,
        "version": status.version, "account": status.account, "latency_ms": status.latency_ms,
        "rooms": status.rooms, "users": status.users, "unread": unread,
    }))
}

/// A room of a list.
pub(crate) fn room(room: &RoomInfo) -> Option<String> {
    object(json!({"type": "room", "room": room.room, "members": room.members, "topic": room.topic}))
}

/// A message that was found.
pub(crate) fn hit(hit: &Hit) -> Option<String> {
    object(json!({
        "type": "hit", "room": hit.room, "seq": hit.seq, "time": rfc3339(hit.time_ms),
        "from": hit.from, "kind": kind(hit.kind), "snippet": hit.snippet,
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
