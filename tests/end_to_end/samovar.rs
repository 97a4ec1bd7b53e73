//! The default style.

use samovar_tests::{Cast, Server, Setup, Style, check};

/// What a line client of the default style is shown first.
const HINT: &str =
    "Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.";

#[test]
fn a_guest_is_welcome_in_the_first_line() {
    check(
        Style::Samovar,
        &"
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 1 here: $ana
        eve connects
        eve< Welcome $eve
        eve< HINT
        eve< * you are in lobby, 2 here: $ana, $eve
        ana< * $eve joined
        ana> hello
        # who is shown it knows that it is stored
        eve< $ana: hello
        eve> /quit
        eve is closed
        ana< * $eve left
        bob connects
        bob< Welcome $bob
        bob< HINT
        bob< * you are in lobby, 2 here: $ana, $bob
        bob< * last 1 message of lobby:
        bob< [MM-DD hh:mm] $ana: hello
        bob< * end of history
        ana< * $bob joined
        # not shown to its sender
        bob> hi
        ana< $bob: hi
        ana> how are you?
        bob< $ana: how are you?
        # a blank line is nothing
        ana>
        ana> \\s\\t
        # two slashes say one
        ana> //who is a command
        bob< $ana: /who is a command
        # an unknown word is not said, and gets a suggestion
        ana> /jion ops
        ana< ! Unknown command: jion. Did you mean /join?
        ana> /xyzzyplugh
        ana< ! Unknown command: xyzzyplugh.
        ana> that was all
        bob< $ana: that was all
        bob> /quit
        bob is closed
        ana< * $bob left
        "
        .replace("HINT", HINT),
    );
}

#[test]
fn what_was_said_before_eof_is_stored_and_then_the_session_leaves() {
    check(
        Style::Samovar,
        &r"
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 1 here: $ana
        bob connects with nc -N
        bob< Welcome $bob
        bob< HINT
        bob< * you are in lobby, 2 here: $ana, $bob
        ana< * $bob joined
        bob>> one\ntwo\nthree without an end
        bob ends
        ana< $bob: one
        ana< $bob: two
        ana< $bob: three without an end
        bob is closed
        ana< * $bob left
        "
        .replace("HINT", HINT),
    );
}

#[test]
fn aliases_of_the_replaced_systems_live_on() {
    check(
        Style::Samovar,
        &"
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 1 here: $ana
        ana> /users
        ana< * connected (1): $ana
        ana> /who
        ana< * connected (1): $ana
        ana> /who lobby
        ana< * in lobby (1): $ana
        ana> /look
        ana< * in lobby (1): $ana
        ana> /help join
        ana< /join ROOM [KEY]     enter a room, and speak there from now on; @NAME talks to one user
        ana> /commands join
        ana< /join ROOM [KEY]     enter a room, and speak there from now on; @NAME talks to one user
        "
        .replace("HINT", HINT),
    );
}

#[test]
fn history_is_shown_when_it_is_asked_for() {
    check(
        Style::Samovar,
        &"
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 1 here: $ana
        ana> /history
        ana< * nothing to show of lobby
        bob connects
        bob< Welcome $bob
        bob< HINT
        bob< * you are in lobby, 2 here: $ana, $bob
        ana< * $bob joined
        bob> one
        bob> two
        ana< $bob: one
        ana< $bob: two
        ana> /history 1
        ana< * 1 message of lobby:
        ana< [MM-DD hh:mm] #2 $bob: two
        ana< * end of history; before it: /history before 2
        ana> /history 0
        ana< ! N is a number from 1 to 100. Usage: /history [N] [WHERE]
        "
        .replace("HINT", HINT),
    );
}

#[test]
fn help_and_commands_list_every_word_the_same() {
    let server = Setup::default().listen("line://127.0.0.1:0").start();
    let mut ana = server.connect();
    let last = "//TEXT says a line that begins with /";
    ana.send("/help\n/commands\n");
    ana.line();
    ana.line();
    ana.line();
    let help = ana.lines_until(last);
    let commands = ana.lines_until(last);
    assert_eq!(help, commands);
    for word in ["/help", "/nick", "/join", "/leave", "/rooms", "/who", "/look", "/msg", "/me"] {
        assert!(help.iter().any(|line| line.starts_with(word)), "{word}: {help:?}");
    }
    assert!(help.iter().any(|line| line.contains("also /commands")), "{help:?}");
    assert!(help.iter().any(|line| line.contains("also /users")), "{help:?}");
}

#[test]
fn with_mixed_commands_a_bare_known_word_is_a_command() {
    let config = "[line]\ncommands = \"mixed\"\nidentify = \"ask\"\nreplay = 0\n";
    let server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana
        ana< Type to talk. help shows what else, nick NAME changes your name, quit leaves.
        ana< * you are in lobby, 1 here: ana
        bob connects
        bob<< Please enter your name:\s
        bob> bob
        bob< Welcome bob
        bob< Type to talk. help shows what else, nick NAME changes your name, quit leaves.
        bob< * you are in lobby, 2 here: ana, bob
        ana< * bob joined
        ana> good morning
        bob< ana: good morning
        ana> look
        ana< * in lobby (2): ana, bob
        ana> users
        ana< * connected (2): ana, bob
        ana> Look at that
        bob< ana: Look at that
        ana> quit
        ana is closed
        bob< * ana left
        ",
    );
    cast.finish(server);
}

#[test]
fn the_motd_is_shown_behind_the_hint() {
    let config = "[server]\nmotd = \"be kind\\nhave tea\"\n";
    let server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        &"
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * be kind
        ana< * have tea
        ana< * you are in lobby, 1 here: $ana
        "
        .replace("HINT", HINT),
    );
    cast.finish(server);
}

#[test]
fn words_about_oneself_and_the_room_are_shown_to_all() {
    check(
        Style::Samovar,
        &"
        ana connects
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 1 here: $ana
        bob connects
        bob< Welcome $bob
        bob< HINT
        bob< * you are in lobby, 2 here: $ana, $bob
        ana< * $bob joined
        ana> /nick maya
        ana< * $ana is now maya
        bob< * $ana is now maya
        ana> /me waves
        bob< * maya waves
        ana> /away lunch
        ana< * maya is away: lunch
        bob< * maya is away: lunch
        bob> /who
        bob< * connected (2): maya (away: lunch), $bob
        ana> /away
        ana< * maya is back
        bob< * maya is back
        ana> /topic tea at five
        ana< * maya set the topic: tea at five
        bob< * maya set the topic: tea at five
        bob> /topic
        bob< * topic of lobby: tea at five
        bob> /msg maya psst
        ana< [@$bob] $bob: psst
        "
        .replace("HINT", HINT),
    );
}

#[test]
fn on_an_auto_port_a_silent_guest_is_greeted_too() {
    let server = Server::start("");
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        &"
        ana connects with nc
        ana< Welcome $ana
        ana< HINT
        ana< * you are in lobby, 1 here: $ana
        "
        .replace("HINT", HINT),
    );
    cast.finish(server);
}
