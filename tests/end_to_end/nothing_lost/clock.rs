//! The clock of the machine jumps.

use std::time::SystemTime;

use chat_protocol::Event;
use samovar_tests::{Clock, Home, Server, Signal};

use super::crowd::{Crowd, End, timed_history};
use super::log::LOBBY;

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// How far the daemon's clock is off, as it says when somebody comes in.
fn hours_off(server: &Server) -> i64 {
    let mut ana = server.native("ana");
    ana.join(LOBBY);
    let mut bob = server.native("bob");
    bob.join(LOBBY);
    loop {
        if let Event::Joined { user, time_ms, .. } = ana.event()
            && user.as_str() == "bob"
        {
            let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
            let off = i64::try_from(time_ms.0).unwrap() - i64::try_from(now).unwrap();
            return (off + HOUR_MS / 2).div_euclid(HOUR_MS);
        }
    }
}

#[test]
fn a_clock_that_jumps_changes_no_order_and_no_time_runs_back() {
    let home = Home::new();
    let (clock, setup) = Clock::in_home(&home);
    let mut server = setup.start_in(home);
    let mut crowd = Crowd::new(3, 1);
    // While it runs, and at a restart.
    for (offset, hours, next) in [("-1h", -1, "-2h"), ("+1d", 24, "-3d"), ("-1h", -1, "+0")] {
        crowd.round(&server, End::Lost, |log| {
            log.wait_for_acknowledgements(50);
            clock.set(offset);
            assert_eq!(hours_off(&server), hours, "the clock was set");
            log.wait_for_acknowledgements(50);
            server.signal(Signal::KILL);
        });
        clock.set(next);
        server = server.restart(Signal::KILL);
    }
    crowd.round(&server, End::Finished, |_| {});
    let times: Vec<u64> =
        timed_history(server.address()).into_iter().map(|(.., time)| time).collect();
    assert!(times.is_sorted(), "no time runs back");
    let hours = (times[times.len() - 1] - times[0]) / HOUR_MS.unsigned_abs();
    assert!((23..=24).contains(&hours), "the day forward is in it: {hours} h");
    let whole = crowd.finish(server, "a clock that jumps");
    assert_eq!(whole.unknown_for_ever(), [0; 0], "all came back as who they were");
}
