//! What a delivery costs in instructions, counted and not timed: the same on a busy machine and on a
//! calm one. A change that makes it dearer by more than the margin has to say so here.

use std::path::Path;

use samovar_tests::{Client, NativeClient, Server, Setup, Signal};

const MEMBERS: u64 = 50;
const MESSAGES: u64 = 100;
/// In user mode and a debug build, a message's share of its commit included: so many on the day this
/// was written.
const INSTRUCTIONS_A_DELIVERY: u64 = 22_850;
/// So much more is a regression, in per cent. Runs of the same build differ by less than one.
const MARGIN: u64 = 15;

#[test]
fn a_delivery_costs_no_more_instructions_than_it_did() {
    let mut server = Setup::default()
        .listen("line://127.0.0.1:0")
        .listen("native://127.0.0.1:0")
        .under(&[
            "valgrind",
            "--tool=callgrind",
            "--instr-atstart=no",
            "--callgrind-out-file=callgrind.out",
        ])
        .start();
    let mut writer = NativeClient::connect(server.address_of(1)).greeted("writer");
    writer.join("lobby");
    let mut members: Vec<Client> = (0..MEMBERS)
        .map(|_| {
            let mut member = server.connect();
            while !member.line().starts_with(b"* you are in lobby") {}
            member
        })
        .collect();
    // Round by round: nothing is coalesced, and nobody is behind.
    let mut talk = |count: u64| {
        for n in 0..count {
            let text = format!("message {n}");
            writer.say("lobby", &text);
            let heard = format!("writer: {text}");
            for member in &mut members {
                while String::from_utf8_lossy(&member.line()).trim_end() != heard {}
            }
        }
    };
    talk(5);
    count(&server, "on");
    talk(MESSAGES);
    count(&server, "off");
    assert!(server.stop(Signal::TERM).success());
    let counted = std::fs::read_to_string(server.home().path().join("callgrind.out")).unwrap();
    let totals = counted.lines().find_map(|line| line.strip_prefix("totals: ")).unwrap();
    let each = totals.parse::<u64>().unwrap() / (MESSAGES * MEMBERS);
    println!("{each} instructions a delivery");
    let limit = INSTRUCTIONS_A_DELIVERY * (100 + MARGIN) / 100;
    assert!(each > 0, "nothing was counted");
    assert!(each <= limit, "{each} instructions a delivery, more than {limit}");
}

/// In the daemon's own environment: its control finds it by that.
fn count(server: &Server, what: &str) {
    let mut control = server.home().command(Path::new("callgrind_control"));
    let done = control.args(["-i", what, &server.pid().to_string()]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}
