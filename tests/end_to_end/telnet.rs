//! The wire of lines: their ends, telnet negotiation, and what must never reach another's terminal.

use samovar_tests::{Cast, Server, Setup, Style};

/// A talk of ana and bob, whom the server has greeted.
fn talk() -> (Server, Cast) {
    let config = "[line]\nidentify = \"ask\"\nreplay = 0\n";
    let server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 1 here: ana
        bob connects
        bob<< Please enter your name:\s
        bob> bob
        bob< Welcome bob
        bob< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        bob< * you are in lobby, 2 here: ana, bob
        ana< * bob joined
        ",
    );
    (server, cast)
}

fn check(script: &str) {
    let (server, mut cast) = talk();
    cast.play(&server, script);
    cast.finish(server);
}

#[test]
fn lf_crlf_and_cr_nul_end_a_line() {
    check(
        r"
        ana>> one\ntwo\r\nthree\r\0four\n
        bob< ana: one
        bob< ana: two
        bob< ana: three
        bob< ana: four
        # in pieces, too
        ana>> fi
        ana>> ve\r
        ana>> \n
        bob< ana: five
        ",
    );
}

#[test]
fn negotiation_is_answered_and_never_becomes_text() {
    check(
        r"
        # WILL NAWS, DO ECHO: DONT, WONT
        ana>> h\xff\xfb\x1fe\xff\xfd\x01llo\n
        ana<< \xff\xfe\x1f\xff\xfc\x01
        bob< ana: hello
        # agreement needs no answer; a sub-negotiation and commands are skipped
        ana>> \xff\xfc\x03\xff\xfe\x03\xff\xfa\x1f\0\x50\0\x18\xff\xf0\xff\xf1wor\xff\xf9ld\n
        bob< ana: world
        # in pieces
        ana>> a\xff
        ana>> \xfb
        ana>> \x18b\n
        ana<< \xff\xfe\x18
        bob< ana: ab
        # a doubled IAC is the byte itself, which no UTF-8 text has
        ana>> a\xff\xffb\n
        ana< ! Not sent. That is not UTF-8 text.
        ana> that was all
        bob< ana: that was all
        ",
    );
}

#[test]
fn the_server_never_negotiates_first() {
    for style in ["samovar", "grillo", "talker", "netcat"] {
        let config = format!("[line]\nstyle = \"{style}\"\n");
        let mut server = Setup::new(&config).listen("line://127.0.0.1:0").start();
        let mut ana = server.connect();
        ana.send("login ana\nlook\n");
        ana.end();
        if style == "netcat" {
            ana.line();
            server.signal(samovar_tests::Signal::TERM);
        }
        let shown = ana.rest();
        assert!(!shown.contains(&0xff), "{style}: {}", shown.escape_ascii());
        assert!(!shown.contains(&0x1b), "{style}: {}", shown.escape_ascii());
        drop(ana);
        server.stop(samovar_tests::Signal::TERM);
    }
}

#[test]
fn an_endless_subnegotiation_ends_that_session_only() {
    let (server, mut cast) = talk();
    let ana = cast.client("ana");
    ana.send([&b"\xff\xfa\x18"[..], &[b'x'; 100_000]].concat());
    cast.play(
        &server,
        "
        ana is closed
        bob< * ana left
        eve connects
        eve<< Please enter your name:\\s
        eve> eve
        eve< Welcome eve
        eve< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        eve< * you are in lobby, 2 here: bob, eve
        bob< * eve joined
        bob> all is well
        eve< bob: all is well
        ",
    );
    cast.finish(server);
}

#[test]
fn a_storm_of_negotiation_is_answered_once_for_each_option() {
    let (server, mut cast) = talk();
    let ana = cast.client("ana");
    let storm: Vec<u8> =
        (0..=255_u8).cycle().take(20_000).flat_map(|option| [255, 253, option]).collect();
    ana.send([&storm, &b"calm\n"[..]].concat());
    let answers: Vec<u8> = (0..=255_u8).flat_map(|option| [255, 252, option]).collect();
    ana.expect(answers);
    cast.play(&server, "bob< ana: calm");
    cast.finish(server);
}

#[test]
fn what_could_drive_a_terminal_is_refused_and_never_shown() {
    check(
        r"
        ana>> \xc3\x28\n
        ana< ! Not sent. That is not UTF-8 text.
        ana>> a\0b\n
        ana< ! Not sent: the text has the character U+0000 at byte 1, which is not allowed.
        ana>> a\rb\n
        ana< ! Not sent: the text has the character U+000D at byte 1, which is not allowed.
        ana>> \e[2J\e[31mred\n
        ana< ! Not sent: the text has the character U+001B at byte 0, which is not allowed.
        ana>> \e]0;title\x07\n
        ana< ! Not sent: the text has the character U+001B at byte 0, which is not allowed.
        # a C1 control sequence introducer, a right-to-left override, DEL, BEL
        ana>> \xc2\x9b31m\n
        ana< ! Not sent: the text has the character U+009B at byte 0, which is not allowed.
        ana>> abc\xe2\x80\xaedef\n
        ana< ! Not sent: the text has the character U+202E at byte 3, which is not allowed.
        ana>> \x7f\n
        ana< ! Not sent: the text has the character U+007F at byte 0, which is not allowed.
        ana>> ding\x07\n
        ana< ! Not sent: the text has the character U+0007 at byte 4, which is not allowed.
        # a TAB is text
        ana>> a\tb\n
        bob< ana: a\tb
        # nor by another way
        ana>> /topic \e[2J\n
        ana< ! The text has the character U+001B at byte 0, which is not allowed. Usage: /topic [TEXT]
        ana>> /away \e[2J\n
        ana< ! The text has the character U+001B at byte 0, which is not allowed. Usage: /away [TEXT]
        ana>> /me \e[2J\n
        ana< ! The text has the character U+001B at byte 0, which is not allowed. Usage: /me TEXT
        ana>> /msg bob \e[2J\n
        ana< ! The text has the character U+001B at byte 0, which is not allowed. Usage: /msg NAME TEXT
        ana>> /join a\e[2J\n
        ana<< ! Room name \x22a\\u{1b}[2J\x22 has the character U+001B (position 2). Usage: /join ROOM [KEY]\n
        ana>> /nick a\e[2J\n
        ana<< ! User name \x22a\\u{1b}[2J\x22 has the character U+001B (position 2). Usage: /nick NAME\n
        ana>> /zzzz\e[2J\n
        ana<< ! Unknown command: zzzz\\u{1b}[2J.\n
        ana> that was all
        bob< ana: that was all
        ",
    );
}

#[test]
fn an_endless_line_costs_nothing_and_nobody_notices() {
    const LINE_BYTES: usize = 10 * 1024 * 1024;
    const GROWTH_BYTES_MAX: u64 = 4 * 1024 * 1024;
    let (server, mut cast) = talk();
    let before = server.memory_bytes();
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..LINE_BYTES / chunk.len() {
        cast.client("ana").send(&chunk);
        // Meanwhile the others talk.
        cast.play(&server, "bob> still here");
    }
    for _ in 0..LINE_BYTES / chunk.len() {
        cast.play(&server, "ana< bob: still here");
    }
    let growth = server.memory_bytes().saturating_sub(before);
    assert!(growth < GROWTH_BYTES_MAX, "{growth} bytes more for an endless line");
    cast.play(
        &server,
        r"
        ana>> \n
        ana< ! Not sent. The line is too long (the limit is 4352 bytes).
        ana> a short one
        bob< ana: a short one
        ",
    );
    cast.finish(server);
}

#[test]
fn a_text_over_the_limit_is_refused_with_the_limit() {
    let (server, mut cast) = talk();
    cast.client("ana").send(format!("{}\n", "x".repeat(4_097)));
    cast.play(&server, "ana< ! Not sent: the text is too long (4097 bytes, the limit is 4096).");
    let longest = "y".repeat(4_096);
    cast.client("ana").send(format!("{longest}\n"));
    cast.play(&server, &format!("bob< ana: {longest}"));
    cast.finish(server);
}

#[test]
fn every_line_of_a_text_is_prefixed() {
    let config = "[line]\nidentify = \"ask\"\n";
    let server = Server::start(config);
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r#"
        bob connects
        bob<< Please enter your name:\s
        bob> bob
        bob< Welcome bob
        bob< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        bob< * you are in lobby, 1 here: bob
        # on an auto port, who has typed something is a member
        bob> /look
        bob< * in lobby (1): bob
        eve connects natively
        eve> {"type":"hello","v":1,"name":"eve"}
        eve< {"type":"welcome","name":"eve"}
        eve> {"type":"join","room":"lobby","id":1}
        eve< {"type":"entered","id":1,"members":["bob","eve"]}
        bob< * eve joined
        eve> {"type":"say","room":"lobby","text":"hi\nana: I resign\n* bob left","id":2}
        eve< {"type":"stored","id":2,"seq":1}
        eve< {"type":"message","from":"eve","text":"hi\nana: I resign\n* bob left"}
        bob< eve: hi
        bob< eve: ana: I resign
        bob< eve: * bob left
        eve> {"type":"say","room":"lobby","text":"waves\nana: me too","kind":"action","id":3}
        bob< * eve waves
        bob< * eve ana: me too
        # in the history, too
        kim connects
        kim<< Please enter your name:\s
        kim>> kim\n/look\n
        kim< Welcome kim
        kim< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        kim< * you are in lobby, 3 here: bob, eve, kim
        kim< * last 2 messages of lobby:
        kim< [MM-DD hh:mm] eve: hi
        kim< [MM-DD hh:mm] eve: ana: I resign
        kim< [MM-DD hh:mm] eve: * bob left
        kim< [MM-DD hh:mm] * eve waves
        kim< [MM-DD hh:mm] * eve ana: me too
        kim< * end of history
        kim< * in lobby (3): bob, eve, kim
        bob< * kim joined
        "#,
    );
    cast.finish(server);
}
