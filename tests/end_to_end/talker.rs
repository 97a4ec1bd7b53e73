//! The tea party: style `talker`, byte for byte (SEEDS.md, 3).

use samovar_tests::{Cast, Server, Setup, Style, check};

/// The figure, from dilbert's side, with magnus there.
#[test]
fn the_figure_comes_out_as_printed() {
    let config = "[server]\nname = \"TestChat\"\n[line]\nstyle = \"talker\"\n";
    let server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Talker);
    cast.play(
        &server,
        "
        magnus connects
        magnus< Welcome to TestChat
        magnus> login magnus
        magnus> look
        magnus< The following are in this room:
        magnus< magnus

        dilbert connects
        dilbert< Welcome to TestChat
        dilbert> login dilbert
        dilbert> look
        dilbert< The following are in this room:
        dilbert< magnus
        dilbert< dilbert
        dilbert> say Hi, magnus!
        dilbert< dilbert: Hi, magnus!

        magnus< dilbert has entered the room.
        magnus< dilbert: Hi, magnus!
        magnus> say Hi, there, dilbert.
        magnus< magnus: Hi, there, dilbert.

        dilbert< magnus: Hi, there, dilbert.
        dilbert> Nice weather we're having...
        dilbert< Unknown command: Nice
        dilbert> say Nice weather we're having...
        dilbert< dilbert: Nice weather we're having...

        magnus< dilbert: Nice weather we're having...
        magnus> say Yup.
        magnus< magnus: Yup.
        dilbert< magnus: Yup.
        ",
    );
    cast.finish(server);
}

#[test]
fn before_the_login_everything_else_asks_for_it() {
    check(
        Style::Talker,
        r#"
        ana connects
        ana< Welcome to Samovar
        ana> look
        ana< Please log in
        ana< Use "login <nick>"
        ana> say hello
        ana< Please log in
        ana< Use "login <nick>"
        ana> LOGIN ana
        ana< Please log in
        ana< Use "login <nick>"
        # a blank line is nothing
        ana>
        ana> \s\s
        ana> login
        ana< Please enter a name
        ana> login ana
        ana> look
        ana< The following are in this room:
        ana< ana
        # and after it, login is no command
        ana> login ana
        ana< Unknown command: login
        ana> login
        ana< Unknown command: login
        "#,
    );
}

#[test]
fn logout_before_the_login_closes() {
    check(
        Style::Talker,
        "
        ana connects
        ana< Welcome to Samovar
        ana> logout
        ana is closed
        ",
    );
}

#[test]
fn a_taken_name_is_asked_for_again() {
    check(
        Style::Talker,
        r#"
        ana connects
        ana< Welcome to Samovar
        ana> login ana
        ana> who
        ana< The following are logged in:
        ana< ana
        bob connects
        bob< Welcome to Samovar
        bob> login ana
        bob< The name "ana" is taken.
        bob< Please try again.
        # names are folded
        bob> login ANA
        bob< The name "ANA" is taken.
        bob< Please try again.
        # refused for another reason: it is said in one line
        bob> login b,b
        bob< Not a name: user name "b,b" has "," (position 2).
        bob> login bob
        bob> who
        bob< The following are logged in:
        bob< ana
        bob< bob
        ana< bob has entered the room.
        "#,
    );
}

#[test]
fn who_comes_and_goes_is_told_to_the_others_only() {
    check(
        Style::Talker,
        "
        ana connects
        ana< Welcome to Samovar
        ana> login ana
        ana> look
        ana< The following are in this room:
        ana< ana
        # look lists in order of entry
        zoe connects
        zoe< Welcome to Samovar
        zoe> login zoe
        ana< zoe has entered the room.
        bob connects
        bob< Welcome to Samovar
        bob> login bob
        ana< bob has entered the room.
        zoe< bob has entered the room.
        bob> look
        bob< The following are in this room:
        bob< ana
        bob< zoe
        bob< bob
        zoe> logout
        zoe is closed
        ana< zoe has left the room.
        bob< zoe has left the room.
        # EOF is leaving, at once
        bob ends
        bob is closed
        ana< bob has left the room.
        # and so is a connection that drops
        kim connects
        kim< Welcome to Samovar
        kim> login kim
        ana< kim has entered the room.
        kim hangs up
        ana< kim has left the room.
        ",
    );
}

#[test]
fn words_are_case_sensitive_and_blank_lines_nothing() {
    check(
        Style::Talker,
        r"
        ana connects
        ana< Welcome to Samovar
        ana> login ana
        ana> Say hello
        ana< Unknown command: Say
        ana> LOOK
        ana< Unknown command: LOOK
        ana> quit
        ana< Unknown command: quit
        ana> /who
        ana< Unknown command: /who
        ana>
        ana> \s
        # say alone says an empty text
        ana> say
        ana< ana:\s
        ana> say\s
        ana< ana:\s
        ana>> say with CR LF\r\n
        ana< ana: with CR LF
        ana>> say with CR NUL\r\0
        ana< ana: with CR NUL
        ",
    );
}

#[test]
fn history_is_not_shown_unasked() {
    let config = "[line]\nstyle = \"talker\"\n";
    let server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Talker);
    cast.play(
        &server,
        "
        ana connects
        ana< Welcome to Samovar
        ana> login ana
        ana> say before
        ana< ana: before
        bob connects
        bob< Welcome to Samovar
        bob> login bob
        bob> say after
        bob< bob: after
        ana< bob has entered the room.
        ana< bob: after
        ",
    );
    cast.finish(server);
}

/// The first of its list of extensions: bare text as chat.
#[test]
fn with_mixed_commands_what_is_no_command_is_said() {
    let config = "[line]\nstyle = \"talker\"\ncommands = \"mixed\"\n";
    let server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Talker);
    cast.play(
        &server,
        "
        ana connects
        ana< Welcome to Samovar
        ana> hello
        ana< Please log in
        ana< Use \"login <nick>\"
        ana> login ana
        ana> Nice weather we're having...
        ana< ana: Nice weather we're having...
        ana> look
        ana< The following are in this room:
        ana< ana
        ana> say look
        ana< ana: look
        ana> Look
        ana< ana: Look
        ana> login bob
        ana< ana: login bob
        ana>
        ana> logout
        ana is closed
        ",
    );
    cast.finish(server);
}

/// One port finds out who speaks: a talker's banner comes also there.
#[test]
fn the_banner_comes_on_an_auto_port_too() {
    let server = Server::start("[line]\nstyle = \"talker\"\n");
    let mut cast = Cast::new(Style::Talker);
    cast.play(
        &server,
        "
        ana connects
        ana< Welcome to Samovar
        ana> login ana
        ana> say hi
        ana< ana: hi
        ",
    );
    cast.finish(server);
}
