//! The wire formats alone: what it costs to understand a request and to encode what all members of a
//! room are told. `cargo bench -p chat-server --bench wire`; a filter behind `--` picks some.

// The daemon is a program and has no library: its front ends, which import nothing but the protocol
// and the bounds, are built into this one.
#[path = "../src/frontend/mod.rs"]
#[allow(dead_code, unused_imports, reason = "not all of it is measured")]
mod frontend;
#[path = "../src/limits.rs"]
#[allow(dead_code, reason = "the front ends' are a part of them")]
mod limits;

use std::hint::black_box;
use std::sync::Arc;

use bytes::BytesMut;
use chat_protocol::event::Welcome;
use chat_protocol::{
    Command, Event, JournalId, MessageKey, MessageText, Request, RequestId, RoomAddress, SayKind,
    Sequence, Timestamp, UserName, frame,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use frontend::irc::{IrcSettings, Looks};
use frontend::line::LineSettings;
use frontend::line::style::{Overrides, Style, StyleName};
use frontend::{Decoded, Dialect, Frontends, Way, Wire};
use jiff::tz::TimeZone;
use uuid::Uuid;

/// As many as one envelope has under load.
const MESSAGES: u64 = 64;

fn text() -> MessageText {
    MessageText::parse(&"x".repeat(64)).expect("a text")
}

fn room() -> RoomAddress {
    RoomAddress::parse("lobby").expect("a name")
}

fn name() -> UserName {
    UserName::parse("ana").expect("a name")
}

fn frontends() -> Frontends {
    let style = Style::new(StyleName::Samovar, &Overrides::default(), 20);
    let line = LineSettings { style, server_name: "Samovar".to_owned(), zone: TimeZone::UTC };
    let irc = IrcSettings::new("chat.example", 20, TimeZone::UTC);
    Frontends { replay: 20, line: Arc::new(line), irc: Arc::new(irc) }
}

/// From the bytes of `MESSAGES` requests to their commands.
fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode a message");
    group.throughput(Throughput::Elements(MESSAGES));
    let mut frames = BytesMut::new();
    frame::encode_hello(&chat_protocol::Hello { v: 1, ..Default::default() }, &mut frames);
    let hello = frames.len();
    for n in 0..MESSAGES {
        let key = Some(MessageKey(Uuid::now_v7()));
        let command = Command::say(room(), text(), SayKind::Text, key);
        frame::encode_request(&Request { id: Some(RequestId(n)), command }, &mut frames);
    }
    let privmsgs = format!("PRIVMSG #lobby :{}\r\n", text().as_str()).repeat(64).into_bytes();
    let lines = format!("{}\n", text().as_str()).repeat(64).into_bytes();
    for (wire, input) in
        [(Wire::Native, &frames[..]), (Wire::Line, &lines[..]), (Wire::Irc, &privmsgs[..])]
    {
        group.bench_function(format!("{wire:?}"), |b| {
            b.iter_batched(
                || (greeted(wire), BytesMut::from(input)),
                |(mut session, mut input)| {
                    let mut out = BytesMut::new();
                    let mut requests = 0;
                    loop {
                        match session.decode(&mut input, false, &mut out) {
                            Decoded::Request(request) => {
                                requests += 1;
                                black_box(request);
                            }
                            Decoded::Incomplete => break,
                            Decoded::Handled
                            | Decoded::Identify(_)
                            | Decoded::Prove(_)
                            | Decoded::Become(_)
                            | Decoded::Close => {}
                        }
                    }
                    assert_eq!(requests, MESSAGES, "behind a hello of {hello} bytes");
                },
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// A session that is in a room.
fn greeted(wire: Wire) -> Box<dyn frontend::Frontend> {
    let mut session = frontends().make(wire, false, Way::PLAIN);
    let mut out = BytesMut::new();
    session.open(&mut out);
    let mut greeting = BytesMut::from(match wire {
        Wire::Irc => "NICK ana\r\nUSER a 0 * :Ana\r\n",
        Wire::Native | Wire::Line | Wire::Http => "",
    });
    while let Decoded::Handled = session.decode(&mut greeting, false, &mut out) {}
    let welcome = Welcome {
        v: 1,
        server: "Samovar".to_owned(),
        version: String::new(),
        name: Some(name()),
        default_room: None,
        motd: None,
        journal: JournalId(Uuid::nil()),
        token: None,
        account: false,
        account_name: None,
        resumed: false,
    };
    session.tell(&Event::Welcome(Box::new(welcome)), &mut out);
    let entered = Event::Entered {
        id: Some(RequestId(0)),
        room: room(),
        topic: None,
        members: [name()].into(),
        members_total: 1,
        topic_set: None,
        roles: Vec::new(),
        private: false,
        seq: Sequence(0),
        read_ms: None,
    };
    session.tell(&entered, &mut out);
    session
}

/// One envelope for all sessions of a dialect.
fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode an envelope of 64");
    group.throughput(Throughput::Elements(MESSAGES));
    let events: Vec<Event> = (1..=MESSAGES)
        .map(|n| Event::Message {
            room: room(),
            seq: Sequence(n),
            time_ms: Timestamp(1_700_000_000_000),
            from: name(),
            text: text(),
            kind: SayKind::Text,
            key: Some(MessageKey(Uuid::nil())),
            reply_to: None,
            account: false,
            account_name: None,
            bot: false,
        })
        .collect();
    let line = Dialect::Line { style: StyleName::Samovar, here: true };
    for dialect in [Dialect::Native, line, Dialect::Irc(Looks::default())] {
        group.bench_function(format!("{dialect:?}"), |b| {
            b.iter(|| {
                let mut out = BytesMut::new();
                for event in &events {
                    frontend::encode(dialect, event, &TimeZone::UTC, &mut out);
                }
                black_box(out)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
