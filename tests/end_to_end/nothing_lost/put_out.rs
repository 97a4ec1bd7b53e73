//! Somebody is kicked or banned while all talk: it sees that, and nothing that stands behind it, on
//! whatever way it asks.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use chat_protocol::command::HistoryRange;
use chat_protocol::{Command, Event, Hello, LineText, Sequence};
use samovar_tests::checker::{Seen, Via, check};
use samovar_tests::{NativeClient, Setup, room};

use super::crowd::{Crowd, End};
use super::log::{LOBBY, Shared, key_of};
use super::wire::{Wire, connect};

const ROUNDS: usize = 8;
/// What is said before and after each is put out.
const SAID: u64 = 30;

/// In lock-step with who puts it out.
struct Steps {
    is_in: Sender<()>,
    /// It was put out at this sequence a while ago, and may come back.
    go_on: Receiver<u64>,
}

#[test]
fn who_is_kicked_or_banned_under_load_sees_nothing_behind_it() {
    let config = "[server]\ndefault_room = \"\"\n[line]\nidentify = \"ask\"\n";
    let setup = Setup::new(config).listen("auto://127.0.0.1:0").listen("line://127.0.0.1:0");
    let server = setup.start();
    let mut boss = server.native("boss");
    boss.join(LOBBY); // the room is the boss's
    let mut crowd = Crowd::new(4, 1);
    let (mut seqs, mut stays) = (Vec::new(), Vec::new());
    crowd.round(&server, End::Finished, |log| {
        let (native, with_native) = steps();
        let (line, with_line) = steps();
        let (address, line_address) = (server.address(), server.address_of(1));
        thread::scope(|scope| {
            scope.spawn(move || read_natively(address, log, &native));
            let lines = scope.spawn(move || read_lines(line_address, &line));
            for round in 0..ROUNDS {
                let both = [("eve", &with_native), ("lin", &with_line)];
                both.iter().for_each(|(_, (is_in, _))| is_in.recv().unwrap());
                log.wait_for_acknowledgements(SAID);
                let out = both.map(|(name, _)| put_out(&mut boss, name, round));
                log.wait_for_acknowledgements(SAID);
                for ((name, (_, go_on)), seq) in both.into_iter().zip(out) {
                    if is_ban(round) {
                        change(&mut boss, &format!(r#"{{"type":"unban","user":"{name}""#));
                    }
                    go_on.send(seq).unwrap();
                }
                seqs.push(out[1]);
            }
            stays = lines.join().unwrap();
        });
    });
    let mut whole = crowd.finish(server, "put out");
    // Lines have no sequences: these are found by the keys.
    let mut log = crowd.log.log();
    let place = |key| whole.stored().iter().find(|(_, other)| *other == key).map(|(seq, _)| *seq);
    for (stay, (keys, seq)) in stays.into_iter().zip(seqs).enumerate() {
        let (session, room) = (format!("lin, stay {stay}"), LOBBY.to_owned());
        assert!(!keys.is_empty(), "{session} saw nothing");
        log.push(Seen::ThrownOut { session: session.clone(), room: room.clone(), seq });
        for key in keys {
            let seq = place(key).unwrap_or_else(|| panic!("{session} saw {key}, which is gone"));
            let (session, room) = (session.clone(), room.clone());
            log.push(Seen::Received { session, room, seq, key, via: Via::History });
        }
    }
    whole.log = log;
    whole.is_clean();
    let outs = whole.count(|seen| matches!(seen, Seen::ThrownOut { .. }));
    assert_eq!(outs, 2 * ROUNDS);
    // And the checker would have said so.
    let (key, seq) = (whole.stored()[whole.stored().len() - 1].1, whole.stored().len());
    let seq = whole.stored()[seq - 1].0;
    let (session, room) = ("lin, stay 0".to_owned(), LOBBY.to_owned());
    whole.log.push(Seen::Received { session, room, seq, key, via: Via::History });
    assert!(check(&whole.log, &whole.finals).iter().any(|line| line.starts_with("rule 9:")));
}

fn steps() -> (Steps, (Receiver<()>, Sender<u64>)) {
    let (is_in, waits) = channel();
    let (sends, go_on) = channel();
    (Steps { is_in, go_on }, (waits, sends))
}

const fn is_ban(round: usize) -> bool {
    round % 2 == 1
}

/// Kicks, and every other time bans; gives the sequence.
fn put_out(boss: &mut NativeClient, name: &str, round: usize) -> u64 {
    let what = if is_ban(round) { "ban" } else { "kick" };
    change(boss, &format!(r#"{{"type":"{what}","user":"{name}""#))
}

fn change(boss: &mut NativeClient, asked: &str) -> u64 {
    let command = serde_json::from_str(&format!(r#"{asked},"room":"{LOBBY}"}}"#)).unwrap();
    match boss.ask(command) {
        Event::Stored { seq, .. } => seq.0,
        other => panic!("expected that it is done, but came {other:?}"),
    }
}

/// eve comes in again and again, and asks for everything when she is out.
fn read_natively(address: &str, log: &Shared, steps: &Steps) {
    let name = "eve";
    let mut wire = Wire::connect(address).unwrap();
    let hello = Hello { v: 1, name: Some(name.to_owned()), ..Hello::default() };
    wire.hello(&hello).unwrap();
    let here = || room(LOBBY);
    for stay in 0..ROUNDS {
        let session = &format!("{name}, stay {stay}");
        wire.send(Command::Join { room: here(), key: None });
        let mut out = None;
        loop {
            match wire.event().unwrap() {
                Event::Entered { seq, .. } => {
                    log.resumed_behind(session, seq.0);
                    steps.is_in.send(()).unwrap();
                }
                Event::RoomChanged { seq, change, .. }
                    if change.puts_out().is_some_and(|user| user.as_str() == name) =>
                {
                    out = Some(seq);
                }
                Event::Exited { .. } => break,
                event => log.event(session, &event, Via::Live),
            }
        }
        let Sequence(seq) = out.expect("it is told before it is out");
        let room = LOBBY.to_owned();
        log.push(Seen::ThrownOut { session: session.clone(), room, seq });
        // Twice: at once, and when much has been said.
        for is_late in [false, true] {
            if is_late {
                assert_eq!(steps.go_on.recv().unwrap(), seq);
            }
            ask_for_all(&mut wire, log, session, seq);
        }
    }
}

fn ask_for_all(wire: &mut Wire, log: &Shared, session: &str, seq: u64) {
    let all = HistoryRange::default();
    for range in [
        all,
        HistoryRange { after: Some(Sequence(seq.saturating_sub(5))), ..all },
        HistoryRange { around: Some(Sequence(seq)), ..all },
    ] {
        wire.send(Command::History { room: room(LOBBY), range, limit: 100 });
    }
    for within in [None, Some(room(LOBBY))] {
        wire.send(Command::Search {
            whole: false,
            room: within,
            text: LineText::parse("m1*").unwrap(),
            from: None,
            after_ms: None,
            before_ms: None,
            before: None,
            limit: 50,
        });
    }
    let ping = wire.send(Command::Ping);
    loop {
        match wire.event().unwrap() {
            Event::Found { hits, .. } => {
                for hit in hits {
                    let text: String = hit.snippet.iter().map(|part| part.text.as_str()).collect();
                    log.received(session, hit.seq.0, key_of(&text), Via::History);
                }
            }
            Event::Pong { id, .. } if id == Some(ping) => return,
            event => log.event(session, &event, Via::History),
        }
    }
}

/// lin does the same with a line client; gives what was seen in each stay, and behind it.
fn read_lines(address: &str, steps: &Steps) -> Vec<Vec<u64>> {
    let mut stream = connect(address).unwrap();
    stream.write_all(b"lin\n").unwrap();
    let mut lines = BufReader::new(stream);
    let mut stays = Vec::new();
    for _ in 0..ROUNDS {
        let mut keys = Vec::new();
        lines.get_mut().write_all(b"/join lobby\n").unwrap();
        read_until(&mut lines, "* you are in lobby", &mut keys);
        keys.clear(); // what was said before is for its eyes
        steps.is_in.send(()).unwrap();
        read_until(&mut lines, "* you left lobby", &mut keys);
        // What it read before it was put out stands in the same list: all is before that.
        for is_late in [false, true] {
            if is_late {
                steps.go_on.recv().unwrap();
            }
            lines.get_mut().write_all(b"/search m1*\n/search in:lobby m2*\n/look\n").unwrap();
            read_until(&mut lines, "! You are in no room", &mut keys);
        }
        stays.push(keys);
    }
    stays
}

fn read_until(lines: &mut BufReader<TcpStream>, end: &str, keys: &mut Vec<u64>) {
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "closed before {end}");
        if line.starts_with(end) {
            return;
        }
        // `w0: m1000001`, `[date] w0: m1000001`, `[date] [lobby] #7 w0: *m1000001*`
        let said = line.trim_end().rsplit_once(": ").map(|(_, text)| text.replace('*', ""));
        keys.extend(said.filter(|text| is_message(text)).map(|text| key_of(&text)));
    }
}

fn is_message(text: &str) -> bool {
    text.strip_prefix('m').is_some_and(|digits| digits.parse::<u64>().is_ok())
}
