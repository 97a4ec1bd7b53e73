//! Stored entries as lines: JSON for programs, in the shape of `chat-client --json`, or text for
//! people. Owns their form; never chooses what is exported.

use std::io::{self, Write};

use chat_protocol::{Identity, LineText, MessageText, RoomChange, SayKind, Timestamp};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::journal::{Body, Entry, Place};

/// The version of the form of the JSON lines, the same as the client's.
const VERSION: u32 = 1;

/// The form of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// An object a line.
    #[default]
    Json,
    /// `2026-11-21 12:00:00 [room] name: text`
    Text,
}

/// Where the lines go.
pub(crate) struct Transcript<'a> {
    format: Format,
    zone: TimeZone,
    out: &'a mut dyn Write,
}

/// A line of JSON; the fields stand in this order.
#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    r#type: &'static str,
    room: String,
    /// Of a direct room: names change hands.
    #[serde(skip_serializing_if = "Option::is_none")]
    between: Option<[Identity; 2]>,
    seq: u64,
    time: String,
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(flatten)]
    change: Option<&'a RoomChange>,
}

impl<'a> Transcript<'a> {
    pub(crate) fn new(format: Format, zone: TimeZone, out: &'a mut dyn Write) -> Self {
        Self { format, zone, out }
    }

    /// Writes an entry, a line or several.
    pub(crate) fn add(&mut self, place: &Place, entry: &Entry) -> io::Result<()> {
        match self.format {
            Format::Json => self.json(place, entry),
            Format::Text => self.text(place, entry),
        }
    }

    /// All is written, or it is an error.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.out.flush()
    }

    fn json(&mut self, place: &Place, entry: &Entry) -> io::Result<()> {
        let mut line = Line {
            v: VERSION,
            r#type: "message",
            room: place.to_string(),
            between: match place {
                Place::Named(_) => None,
                Place::Direct { between, .. } => Some(*between),
            },
            seq: entry.sequence.0,
            time: format!("{:.3}", instant(entry.time)),
            from: entry.name.as_str(),
            text: None,
            kind: None,
            reply_to: None,
            topic: None,
            target: None,
            reason: None,
            change: None,
        };
        match &entry.body {
            Body::Message { text, kind, reply_to } => {
                line.reply_to = reply_to.map(|seq| seq.0);
                line.text = Some(plain(text));
                line.kind = match kind {
                    SayKind::Text => None,
                    SayKind::Action => Some("action"),
                    SayKind::Notice => Some("notice"),
                };
            }
            Body::Topic(topic) => {
                line.r#type = "topic_changed";
                line.topic = Some(topic.as_str());
            }
            Body::Deletion { target, reason, .. } => {
                line.r#type = "deleted";
                line.target = Some(target.0);
                line.reason = reason.as_ref().map(LineText::as_str);
            }
            Body::Change(changed) => {
                line.r#type = "room_changed";
                line.change = Some(&changed.change);
            }
            Body::Tombstone => line.r#type = "tombstone",
        }
        serde_json::to_writer(&mut *self.out, &line)?;
        self.out.write_all(b"\n")
    }

    /// Every line of a message has its author before it, so that nobody can speak for another.
    fn text(&mut self, place: &Place, entry: &Entry) -> io::Result<()> {
        let time = instant(entry.time).to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
        let name = &entry.name;
        let (before, lines) = match &entry.body {
            Body::Message { text, kind: SayKind::Action, .. } => {
                (format!("* {name} "), plain(text))
            }
            Body::Message { text, kind: SayKind::Text | SayKind::Notice, .. } => {
                (format!("{name}: "), plain(text))
            }
            Body::Topic(topic) => match topic.as_str() {
                "" => (format!("* {name} "), "cleared the topic".to_owned()),
                topic => (format!("* {name} "), format!("set the topic: {topic}")),
            },
            Body::Deletion { target, reason, .. } => {
                let why = reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                (format!("* {name} "), format!("deleted message {target}{why}"))
            }
            Body::Change(changed) => (format!("* {name} "), changed.change.in_words(entry.time)),
            Body::Tombstone => ("* ".to_owned(), format!("a message of {name} was deleted")),
        };
        let before = format!("{time} [{place}] {before}");
        for line in lines.split('\n') {
            writeln!(self.out, "{before}{line}")?;
        }
        Ok(())
    }
}

/// Without IRC's formatting codes.
fn plain(text: &MessageText) -> String {
    text.plain_lines().collect::<Vec<_>>().join("\n")
}

fn instant(time: Timestamp) -> jiff::Timestamp {
    let milliseconds = i64::try_from(time.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use chat_protocol::{RoomName, Sequence, UserName};
    use uuid::Uuid;

    use super::*;

    fn check(format: Format, place: &Place, body: Body, expected: &str) {
        let entry = Entry {
            sequence: Sequence(7),
            time: Timestamp(1_700_000_000_000),
            author: Identity(Uuid::from_u128(1)),
            name: UserName::parse("maya").unwrap(),
            is_account: false,
            account_name: None,
            is_bot: false,
            body,
            key: None,
        };
        let mut out = Vec::new();
        let mut transcript = Transcript::new(format, TimeZone::UTC, &mut out);
        transcript.add(place, &entry).unwrap();
        transcript.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    fn said(text: &str, kind: SayKind) -> Body {
        Body::Message { text: MessageText::parse(text).unwrap(), kind, reply_to: None }
    }

    #[test]
    fn json_has_the_shape_of_the_client() {
        let ops = Place::Named(RoomName::parse("ops").unwrap());
        check(
            Format::Json,
            &ops,
            said("\u{2}bold\u{2}\ntwo", SayKind::Action),
            "{\"v\":1,\"type\":\"message\",\"room\":\"ops\",\"seq\":7,\
             \"time\":\"2023-11-14T22:13:20.000Z\",\"from\":\"maya\",\
             \"text\":\"bold\\ntwo\",\"kind\":\"action\"}\n",
        );
        check(
            Format::Json,
            &ops,
            Body::Topic(LineText::parse("on call").unwrap()),
            "{\"v\":1,\"type\":\"topic_changed\",\"room\":\"ops\",\"seq\":7,\
             \"time\":\"2023-11-14T22:13:20.000Z\",\"from\":\"maya\",\"topic\":\"on call\"}\n",
        );
    }

    #[test]
    fn every_line_of_a_text_has_its_author() {
        let ops = Place::Named(RoomName::parse("ops").unwrap());
        let start = "2023-11-14 22:13:20 [ops] ";
        let said_twice = said("hi\nbob: I resign", SayKind::Text);
        let expected = format!("{start}maya: hi\n{start}maya: bob: I resign\n");
        check(Format::Text, &ops, said_twice, &expected);
        let waves = said("waves", SayKind::Action);
        check(Format::Text, &ops, waves, &format!("{start}* maya waves\n"));
        let topic = Body::Topic(LineText::default());
        check(Format::Text, &ops, topic, &format!("{start}* maya cleared the topic\n"));
    }

    #[test]
    fn a_direct_room_is_named_by_who_is_in_it() {
        let between = [1, 2].map(|n| Identity(Uuid::from_u128(n)));
        let place = Place::Direct { between, names: [Some("maya".to_owned()), None] };
        check(
            Format::Text,
            &place,
            said("psst", SayKind::Text),
            "2023-11-14 22:13:20 [@maya,00000000-0000-0000-0000-000000000002] maya: psst\n",
        );
    }
}
