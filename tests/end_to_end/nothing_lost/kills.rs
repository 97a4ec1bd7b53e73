//! The daemon is killed again and again.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::str::FromStr;
use std::thread;
use std::time::SystemTime;

use samovar_tests::checker::{Key, Via};
use samovar_tests::{Setup, Signal};

use super::crowd::{Crowd, End, LASTS};
use super::line_reader::LineReader;
use super::member::Member;
use super::planted;

const ROUNDS: u64 = 4;
/// A round ends by a kill after so many acknowledgements at most.
const KILL_AFTER_MAX: u64 = 200;

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
    let mut crowd = Crowd::new(2, 2);
    crowd.members.push(Member::passing("passing".to_owned(), 800));
    let mut line_reader = LineReader::default();
    for round in 0..=rounds {
        let end = if round < rounds { End::Lost } else { End::Finished };
        let kill_after = 1 + random(&mut seed) % KILL_AFTER_MAX;
        thread::scope(|scope| {
            let lines =
                scope.spawn(|| line_reader.run(server.address_of(1), round, LASTS + rounds));
            crowd.round(&server, end, |log| {
                if end == End::Lost {
                    log.wait_for_acknowledgements(kill_after);
                    server.signal(Signal::KILL);
                }
            });
            assert_eq!(lines.join().unwrap(), end == End::Finished, "the line reader's end");
        });
        if end == End::Lost {
            server = server.restart(Signal::KILL); // it is dead already
        }
    }
    assert!(crowd.members.iter().all(Member::is_answered));
    let mut whole = crowd.finish(server, "kills");
    // Lines have no sequences: these are found by the keys.
    let places: BTreeMap<Key, u64> = whole.stored().iter().map(|(seq, key)| (*key, *seq)).collect();
    for (session, key, via) in &line_reader.seen {
        let seq = places.get(key).unwrap_or_else(|| panic!("{session} saw {key}, which is gone"));
        crowd.log.received(session, *seq, *key, *via);
    }
    assert!(line_reader.seen.iter().any(|(_, _, via)| *via == Via::Live), "no lines");
    whole.log = crowd.log.log();
    whole.is_clean();
    planted::turns_red(&whole);
}

/// What a guest had in flight that is not waited for: there once, or not at all.
#[test]
fn what_a_forgotten_guest_sent_is_there_once_or_not_at_all() {
    let mut server = Setup::new("[server]\nresume_grace = \"0s\"\n").start();
    let mut crowd = Crowd::new(3, 1);
    let count = crowd.members.len();
    for _ in 0..2 {
        crowd.round(&server, End::Lost, |log| {
            log.wait_for_acknowledgements(20);
            server.signal(Signal::KILL);
        });
        server = server.restart(Signal::KILL);
        server.wait_for_logs("did not come back", count);
    }
    crowd.round(&server, End::Finished, |_| {});
    let whole = crowd.finish(server, "forgotten guests");
    assert!(!whole.unknown_for_ever().is_empty(), "nothing was in flight");
}
