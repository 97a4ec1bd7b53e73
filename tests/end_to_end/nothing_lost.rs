//! Writers, readers, and a daemon that is killed again and again: nothing is lost, and nothing
//! comes twice.

mod line_reader;
mod wire;

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::SystemTime;

use chat_protocol::command::HistoryRange;
use chat_protocol::{Command, Event, Hello, RequestId, Sequence};
use line_reader::LineReader;
use wire::{Wire, came_to_its_end};

use samovar_tests::checker::{Finals, Key, Log, Seen, Via, check};
use samovar_tests::{DEADLINE, NativeClient, Setup, Signal, room, say};

const ROUNDS: u64 = 4;
const WRITERS: u64 = 3;
const READERS: u64 = 2;
/// A round ends by a kill after so many acknowledgements at most.
const KILL_AFTER_MAX: u64 = 200;
/// What a writer has in flight.
const WINDOW: usize = 8;
/// What a writer says in a round that is not killed; and in one that is, if the kill does not come.
const QUOTA: u64 = 50;
const QUOTA_MAX: u64 = 20_000;
const LOBBY: &str = "lobby";
/// Said when all the writers have finished.
const LAST: Key = 999_000_000;

fn text_of(key: Key) -> String {
    format!("m{key}")
}

fn key_of(text: &str) -> Key {
    let digits = text.strip_prefix('m').unwrap_or_else(|| panic!("nobody said {text}"));
    digits.parse().unwrap_or_else(|_| panic!("nobody said {text}"))
}

fn say_with_key(number: Key) -> Command {
    let mut command = say(LOBBY, &text_of(number));
    if let Command::Say { key, .. } = &mut command {
        let hex = 0x0189_0a5d_ac96_774b_bcce_0000_0000_0000 + u128::from(number);
        *key = Some(serde_json::from_str(&format!("\"{hex:032x}\"")).unwrap());
    }
    command
}

/// What all of them have seen.
#[derive(Default)]
struct Shared(Mutex<Log>);

impl Shared {
    fn push(&self, seen: Seen) {
        self.0.lock().unwrap().push(seen);
    }

    fn acknowledged(&self, key: Key, seq: Sequence) {
        self.push(Seen::Ack { key, room: LOBBY.to_owned(), seq: seq.0 });
    }

    fn received(&self, session: &str, seq: u64, key: Key, via: Via) {
        let (session, room) = (session.to_owned(), LOBBY.to_owned());
        self.push(Seen::Received { session, room, seq, key, via });
    }

    fn resumed_behind(&self, session: &str, seq: u64) {
        let (session, room) = (session.to_owned(), LOBBY.to_owned());
        self.push(Seen::ResumedBehind { session, room, seq });
    }

    /// If it is a message, or a gap.
    fn event(&self, session: &str, event: &Event, via: Via) {
        match event {
            Event::Message { seq, text, .. } => {
                self.received(session, seq.0, key_of(text.as_str()), via);
            }
            Event::Gap { from, to, .. } => {
                let (session, room) = (session.to_owned(), LOBBY.to_owned());
                self.push(Seen::Gap { session, room, from: from.0, to: to.0 });
            }
            Event::History { events, .. } => {
                for event in events {
                    self.event(session, event, Via::History);
                }
            }
            _ => {}
        }
    }
}

/// Says one message after the other, the unanswered ones again after a kill.
struct Writer {
    name: String,
    token: Option<String>,
    next: Key,
    unanswered: Vec<Key>,
}

impl Writer {
    fn new(number: u64) -> Self {
        let next = (number + 1) * 1_000_000;
        Self { name: format!("w{number}"), token: None, next, unanswered: Vec::new() }
    }

    /// Comes, or comes back as the same guest.
    fn hello(&mut self, address: &str) -> Wire {
        let mut wire = Wire::connect(address).unwrap();
        let hello = Hello {
            v: 1,
            name: Some(self.name.clone()),
            resumable: true,
            resume: self.token.clone(),
            ..Hello::default()
        };
        let welcome = wire.hello(&hello).unwrap();
        assert_eq!(welcome.resumed, self.token.is_some(), "{}", self.name);
        assert_eq!(welcome.name.map(String::from), Some(self.name.clone()));
        if welcome.token.is_some() {
            self.token = welcome.token;
        }
        wire
    }

    /// Until it has said so much and has all the answers, or until the daemon is dead.
    fn run(&mut self, mut wire: Wire, run: &Run<'_>, acks: &Sender<()>) -> bool {
        let mut flying = BTreeMap::new();
        let result = self.talk(&mut wire, run, acks, &mut flying);
        for key in &self.unanswered {
            run.log.push(Seen::Unknown { key: *key });
        }
        came_to_its_end(result)
    }

    fn talk(
        &mut self,
        wire: &mut Wire,
        run: &Run<'_>,
        acks: &Sender<()>,
        flying: &mut BTreeMap<RequestId, Key>,
    ) -> io::Result<()> {
        let session = format!("{} in round {}", self.name, run.round);
        wire.send(Command::Join { room: room(LOBBY) })?;
        let mut again = self.unanswered.clone().into_iter();
        let mut left = run.quota;
        loop {
            while flying.len() < WINDOW {
                let key = if let Some(key) = again.next() {
                    key
                } else if left > 0 {
                    left -= 1;
                    self.next += 1;
                    self.unanswered.push(self.next);
                    self.next
                } else {
                    break;
                };
                run.log.push(Seen::Send { key });
                flying.insert(wire.send(say_with_key(key))?, key);
            }
            if flying.is_empty() {
                return Ok(());
            }
            match wire.event()? {
                Event::Stored { id, seq, .. } => {
                    let key = flying.remove(&id.unwrap()).expect("answered once");
                    self.unanswered.retain(|unanswered| *unanswered != key);
                    run.log.acknowledged(key, seq);
                    acks.send(()).expect("the test counts them");
                }
                Event::Entered { seq, .. } => run.log.resumed_behind(&session, seq.0),
                event @ Event::Refused { .. } => panic!("{session}: {event:?}"),
                event => run.log.event(&session, &event, Via::Live),
            }
        }
    }
}

/// What all of a round know.
struct Run<'a> {
    round: u64,
    quota: u64,
    log: &'a Shared,
}

/// Reads everything, over all the restarts.
struct Reader {
    name: String,
    cursor: u64,
}

impl Reader {
    /// Until the last message, or until the daemon is dead.
    fn run(&mut self, address: &str, run: &Run<'_>) -> bool {
        came_to_its_end(self.read(address, run))
    }

    fn read(&mut self, address: &str, run: &Run<'_>) -> io::Result<()> {
        let mut wire = Wire::connect(address)?;
        let name = format!("{}-{}", self.name, run.round);
        wire.hello(&Hello { v: 1, name: Some(name), ..Hello::default() })?;
        let joined = wire.send(Command::Join { room: room(LOBBY) })?;
        let mut live = Vec::new();
        let newest = loop {
            match wire.event()? {
                Event::Entered { id, seq, .. } if id == Some(joined) => break seq.0,
                event => live.push(event),
            }
        };
        // What it missed; and what comes live meanwhile waits.
        run.log.resumed_behind(&self.name, self.cursor);
        while self.cursor < newest {
            let range =
                HistoryRange { after: Some(Sequence(self.cursor)), ..HistoryRange::default() };
            let asked = wire.send(Command::History { room: room(LOBBY), range, limit: 100 })?;
            let page = loop {
                match wire.event()? {
                    Event::History { id, events, .. } if id == Some(asked) => break events,
                    Event::Refused { id, refusal, .. } if id == Some(asked) => {
                        panic!("no page: {refusal:?}")
                    }
                    event => live.push(event),
                }
            };
            assert!(!page.is_empty(), "{}: no page behind {}", self.name, self.cursor);
            // What is behind the newest comes live as well.
            for event in page.iter().filter(|event| event.sequence() <= Some(Sequence(newest))) {
                if self.takes(event, Via::Resume, run) {
                    return Ok(());
                }
            }
        }
        let mut live = live.into_iter();
        loop {
            let event = match live.next() {
                Some(event) => event,
                None => wire.event()?,
            };
            if self.takes(&event, Via::Live, run) {
                return Ok(());
            }
        }
    }

    /// Whether it is the last one.
    fn takes(&mut self, event: &Event, via: Via, run: &Run<'_>) -> bool {
        run.log.event(&self.name, event, via);
        match event {
            Event::Message { seq, text, .. } => {
                self.cursor = seq.0;
                key_of(text.as_str()) == LAST
            }
            Event::Gap { to, .. } => {
                self.cursor = to.0;
                false
            }
            _ => false,
        }
    }
}

/// From the environment, or else this.
fn variable<T: FromStr<Err: fmt::Debug>>(name: &str, otherwise: T) -> T {
    env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// Splitmix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[test]
fn what_is_acknowledged_survives_kills() {
    let rounds = variable("SAMOVAR_KILL_ROUNDS", ROUNDS);
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let mut seed = variable("SAMOVAR_KILL_SEED", u64::from(since.subsec_nanos()));
    println!("SAMOVAR_KILL_SEED={seed} SAMOVAR_KILL_ROUNDS={rounds}");
    let mut server = Setup::new("[line]\nidentify = \"ask\"\n")
        .listen("auto://127.0.0.1:0")
        .listen("line://127.0.0.1:0")
        .start();
    let shared = Shared::default();
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    let mut readers: Vec<Reader> =
        (0..READERS).map(|number| Reader { name: format!("r{number}"), cursor: 0 }).collect();
    let mut line_reader = LineReader::default();
    for round in 0..=rounds {
        let is_killed = round < rounds;
        let quota = if is_killed { QUOTA_MAX } else { QUOTA };
        let run = Run { round, quota, log: &shared };
        let kill_after = 1 + random(&mut seed) % KILL_AFTER_MAX;
        // Who is told a token keeps it: no kill before that.
        let wires: Vec<Wire> =
            writers.iter_mut().map(|writer| writer.hello(server.address())).collect();
        thread::scope(|scope| {
            let (server, run) = (&server, &run);
            let (acks, acknowledged) = channel();
            let reading: Vec<_> = readers
                .iter_mut()
                .map(|reader| scope.spawn(|| reader.run(server.address(), run)))
                .collect();
            let lines = scope.spawn(|| line_reader.run(server.address_of(1), round));
            let writing: Vec<_> = writers
                .iter_mut()
                .zip(wires)
                .map(|(writer, wire)| {
                    let acks = acks.clone();
                    scope.spawn(move || writer.run(wire, run, &acks))
                })
                .collect();
            drop(acks);
            if is_killed {
                for _ in 0..kill_after {
                    acknowledged.recv_timeout(DEADLINE).expect("an acknowledgement");
                }
                server.signal(Signal::KILL);
            }
            let finished = writing.into_iter().map(|writer| writer.join().unwrap());
            assert_eq!(finished.filter(|finished| *finished).count() == 0, is_killed);
            if !is_killed {
                let mut last = server.native("last");
                last.join(LOBBY);
                run.log.push(Seen::Send { key: LAST });
                run.log.acknowledged(LAST, last.say(LOBBY, &text_of(LAST)));
            }
            for reader in reading {
                assert_eq!(reader.join().unwrap(), !is_killed, "a reader's end");
            }
            assert_eq!(lines.join().unwrap(), !is_killed, "the line reader's end");
        });
        if is_killed {
            server = server.restart(Signal::KILL); // it is dead already
        }
    }
    assert!(writers.iter().all(|writer| writer.unanswered.is_empty()));
    // The history, and once more after a last kill.
    let history = |address: &str| -> Vec<(u64, Key)> {
        let mut observer = NativeClient::connect(address);
        observer.hello(None);
        (1..).zip(observer.stored(LOBBY).iter().map(|text| key_of(text))).collect()
    };
    for (seq, key) in history(server.address()) {
        shared.received("the historian", seq, key, Via::History);
    }
    let server = server.restart(Signal::KILL);
    let stored = history(server.address());
    let places: BTreeMap<Key, u64> = stored.iter().map(|(seq, key)| (*key, *seq)).collect();
    for (session, key, via) in &line_reader.seen {
        let seq = places.get(key).unwrap_or_else(|| panic!("{session} saw {key}, which is gone"));
        shared.received(session, *seq, *key, *via);
    }
    // All of it was really tried.
    let log = shared.0.into_inner().unwrap();
    let count = |wanted: fn(&Seen) -> bool| log.all().iter().filter(|seen| wanted(seen)).count();
    let unknown = count(|seen| matches!(seen, Seen::Unknown { .. }));
    let resumed = count(|seen| matches!(seen, Seen::Received { via: Via::Resume, .. }));
    let live = count(|seen| matches!(seen, Seen::Received { via: Via::Live, .. }));
    println!("{} stored, {unknown} unknown, {resumed} resumed, {live} live", stored.len());
    assert!(line_reader.seen.iter().any(|(_, _, via)| *via == Via::Live), "no lines");
    assert!(readers.iter().all(|reader| reader.cursor == places[&LAST]), "all have caught up");
    let finals = Finals::from([(LOBBY.to_owned(), stored)]);
    let wrong = check(&log, &finals);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
