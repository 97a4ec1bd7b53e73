//! The daemon is stopped or restarted under load; or another one is started beside it.

use std::collections::BTreeSet;

use samovar_tests::checker::{Key, Seen};
use samovar_tests::{Home, Server, Setup, Signal};

use super::crowd::{Crowd, End, history};
use super::member::Member;

/// What was acknowledged.
fn acknowledged(crowd: &Crowd) -> BTreeSet<Key> {
    let log = crowd.log.log();
    let key = |seen: &Seen| match seen {
        Seen::Ack { key, .. } => Some(*key),
        _ => None,
    };
    log.all().iter().filter_map(key).collect()
}

/// What was accepted is finished and answered: everything acknowledged is there, and nothing else.
#[test]
fn a_stop_under_load_answers_all_that_it_stores() {
    let mut crowd = Crowd::new(4, 2);
    let mut server = Server::start("");
    for _ in 0..3 {
        crowd.round(&server, End::Lost, |log| {
            log.wait_for_acknowledgements(100);
            server.signal(Signal::TERM);
        });
        let status = server.finish();
        assert_eq!(status.code(), Some(0), "{status:?}");
        server = Setup::default().start_in(server.into_home());
        let stored = history(server.address()).into_iter().map(|(_, key)| key).collect();
        assert_eq!(acknowledged(&crowd), stored);
    }
    crowd.round(&server, End::Finished, |_| {});
    crowd.finish(server, "stops");
}

/// They have not read what was written to them, and the daemon has not read what they wrote: a
/// message may stay unknown, until it is said again.
#[test]
fn a_stop_that_finds_much_under_way_loses_nothing() {
    const IN_FLIGHT: usize = 150;
    let mut crowd = Crowd::new(0, 1);
    crowd.members.extend((0..4).map(|n| Member::new(format!("w{n}"), n, IN_FLIGHT)));
    crowd.filling = 2_000;
    let server = Server::start("");
    crowd.round(&server, End::Lost, |log| {
        log.wait_for_acknowledgements(100);
        server.signal(Signal::TERM);
    });
    let server = server.restart(Signal::TERM);
    crowd.round(&server, End::Finished, |_| {});
    let whole = crowd.finish(server, "a stop with much under way");
    assert_eq!(whole.unknown_for_ever(), [0; 0]);
}

#[test]
fn a_second_daemon_beside_a_run_disturbs_nobody() {
    let server = Server::start("");
    let mut crowd = Crowd::new(3, 1);
    crowd.round(&server, End::Finished, |log| {
        for _ in 0..3 {
            log.wait_for_acknowledgements(50);
            let second = Setup::default().data(server.home().data()).run(&Home::new(), &[]);
            assert_eq!(second.code, Some(1), "{second:?}");
        }
    });
    let whole = crowd.finish(server, "a second daemon");
    assert_eq!(whole.count(|seen| matches!(seen, Seen::Unknown { .. })), 0);
}

/// All come back at once, and all catch up.
#[test]
fn two_hundred_come_back_after_a_kill_and_after_a_stop() {
    const MEMBERS: u64 = 200;
    let members = (0..MEMBERS).map(|n| Member::new(format!("w{n}"), n, 1)).collect();
    let mut crowd = Crowd::of(members);
    crowd.quota = 0;
    let mut server = Server::start("");
    for signal in [Signal::KILL, Signal::TERM] {
        crowd.round(&server, End::Lost, |log| {
            log.wait_for_acknowledgements(100);
            server.signal(signal);
        });
        server = server.restart(signal);
    }
    crowd.round(&server, End::Finished, |_| {});
    crowd.finish(server, "two hundred");
}
