//! What is counted and not timed: descriptors, lists, sessions that do nothing.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use samovar_tests::{Setup, room, say};

use super::*;

/// The processor's time that a process has had.
fn worked(server: &Server) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
    let behind = stat.rsplit(") ").next().unwrap();
    let ticks = behind.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

#[test]
fn without_descriptors_accepting_pauses_and_goes_on_when_there_are_some() {
    let server = Setup::new("")
        .under(&["sh", "-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .listen("auto://127.0.0.1:0")
        .start();
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut crowd: Vec<TcpStream> =
        (0..80).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    server.wait_for_log("cannot accept; pausing");
    let (began, before) = (Instant::now(), worked(&server));
    let seen = server.logs().matches("cannot accept; pausing").count();
    server.wait_for_logs("cannot accept; pausing", seen + 10);
    let (took, work) = (began.elapsed(), worked(&server) - before);
    assert!(work < took / 2, "{work:?} of {took:?}: it pauses, and does not spin");
    // Who is in is served.
    ana.say("lobby", "still here");
    // Who waits comes in when others go: the last one is welcome.
    let last = crowd.pop().unwrap();
    drop(crowd);
    last.set_read_timeout(Some(samovar_tests::DEADLINE)).unwrap();
    let mut welcome = [0; 8];
    (&last).read_exact(&mut welcome).unwrap();
    assert_eq!(&welcome, b"Welcome ");
}

#[test]
fn a_long_list_is_cut_and_says_how_long_it_is() {
    let server = Server::start("[rooms]\nper_user_max = 2000\n");
    let mut ana = server.native("ana");
    let join = |n: u32| Command::Join { room: room(&format!("room{n}")), key: None };
    let (answers, _) = all_at_once(&mut ana, (0..1_005).map(join));
    assert!(answers.iter().all(|answer| matches!(answer, Event::Entered { .. })));
    match ana.ask(Command::Rooms) {
        Event::RoomList { rooms, total, .. } => assert_eq!((rooms.len(), total), (1_000, 1_005)),
        other => panic!("{other:?}"),
    }
    // The same for who administers, in pages.
    let (answers, _) =
        all_at_once(&mut ana, (0..1_005).map(|n| say(&format!("room{n}"), "stored now")));
    assert!(answers.iter().all(|answer| matches!(answer, Event::Stored { .. })));
    assert_eq!(printed(server.home(), &["room", "list"]).lines().count(), 1_005);
}

/// Slow, and needs 10,000 descriptors on either side:
/// `cargo test -p samovar-tests ten_thousand -- --ignored --nocapture`
#[test]
#[ignore = "slow; needs 10,000 descriptors for each process"]
fn ten_thousand_idle_sessions_cost_a_bounded_amount() {
    const SESSIONS: usize = 10_000;
    let server = Setup::new("").listen("line://127.0.0.1:0").start();
    let before = server.memory_bytes();
    let mut idle = Vec::new();
    for _ in 0..SESSIONS {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(samovar_tests::DEADLINE)).unwrap();
        stream.read_exact(&mut [0; 8]).unwrap();
        idle.push(stream);
    }
    let each = server.memory_bytes().saturating_sub(before) / u64::try_from(SESSIONS).unwrap();
    println!("{each} bytes a session, of {SESSIONS}");
    assert!(each < 16 * 1_024, "{each} bytes a session");
    let status = printed(server.home(), &["status"]);
    assert!(status.contains("10000 line"), "{status}");
}
