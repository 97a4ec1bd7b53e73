//! Grillo: style `grillo`, byte for byte (SEEDS.md, 1).

use samovar_tests::{Cast, Setup, Signal, Style, check};

#[test]
fn a_session_from_the_prompt_to_the_end() {
    check(
        Style::Grillo,
        r"
        zoe connects
        zoe<< Please enter your name:\s
        zoe> zoe
        zoe< Welcome zoe!
        zoe< Available commands are: !commands !quit !users
        zoe< Current users are: zoe

        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana!
        ana< Available commands are: !commands !quit !users
        # sorted, self included
        ana< Current users are: ana, zoe
        zoe< [hh:mm:ss] ana joins

        ana> hello
        zoe< [hh:mm:ss] ana: hello
        # one's own message is not shown: the next thing is the other's
        zoe> hello yourself
        ana< [hh:mm:ss] zoe: hello yourself

        ana> !users
        ana< Current users are: ana, zoe
        ana> !commands
        ana< Available commands are: !commands !quit !users
        ana> !quit
        ana is closed
        zoe< [hh:mm:ss] ana leaves
        ",
    );
}

#[test]
fn an_empty_name_asks_again_and_a_taken_one_says_so() {
    check(
        Style::Grillo,
        r#"
        ana connects
        ana<< Please enter your name:\s
        ana>
        ana<< Please enter your name:\s
        ana>> \r\n
        ana<< Please enter your name:\s
        ana>> ana\r\n
        ana< Welcome ana!
        ana< Available commands are: !commands !quit !users
        ana< Current users are: ana
        bob connects
        bob<< Please enter your name:\s
        bob> ana
        bob< The name "ana" is taken.
        bob<< Please enter your name:\s
        bob> Ana
        bob< The name "Ana" is taken.
        bob<< Please enter your name:\s
        # a name that is none says why, and asks again
        bob> b b
        bob< Not a name: user name "b b" has a space (position 2).
        bob<< Please enter your name:\s
        # blanks around it do not count
        bob> \s\sbob\s
        bob< Welcome bob!
        bob< Available commands are: !commands !quit !users
        bob< Current users are: ana, bob
        ana< [hh:mm:ss] bob joins
        "#,
    );
}

#[test]
fn only_a_whole_line_that_equals_a_command_is_one() {
    check(
        Style::Grillo,
        r"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana!
        ana< Available commands are: !commands !quit !users
        ana< Current users are: ana
        bob connects
        bob<< Please enter your name:\s
        bob> bob
        bob< Welcome bob!
        bob< Available commands are: !commands !quit !users
        bob< Current users are: ana, bob
        ana< [hh:mm:ss] bob joins

        bob> !foo
        ana< [hh:mm:ss] bob: !foo
        bob> !users x
        ana< [hh:mm:ss] bob: !users x
        bob> !Users
        ana< [hh:mm:ss] bob: !Users
        bob> !who
        ana< [hh:mm:ss] bob: !who
        bob> /who
        ana< [hh:mm:ss] bob: /who
        bob> users
        ana< [hh:mm:ss] bob: users
        # stripped, it is one
        bob> \s!users\s
        bob< Current users are: ana, bob
        # a blank line is said
        bob>
        ana< [hh:mm:ss] bob:\s
        bob> \s\s
        ana< [hh:mm:ss] bob:\s\s\s
        ",
    );
}

#[test]
fn eof_leaves_without_a_farewell() {
    check(
        Style::Grillo,
        r"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana!
        ana< Available commands are: !commands !quit !users
        ana< Current users are: ana
        bob connects
        bob<< Please enter your name:\s
        bob> bob
        bob< Welcome bob!
        bob< Available commands are: !commands !quit !users
        bob< Current users are: ana, bob
        ana< [hh:mm:ss] bob joins
        bob ends
        bob is closed
        ana< [hh:mm:ss] bob leaves
        # EOF at the prompt
        eve connects
        eve<< Please enter your name:\s
        eve ends
        eve is closed
        # nobody was told of eve: the next thing is what kim does
        kim connects
        kim<< Please enter your name:\s
        kim> kim
        kim< Welcome kim!
        kim< Available commands are: !commands !quit !users
        kim< Current users are: ana, kim
        ana< [hh:mm:ss] kim joins
        ",
    );
}

#[test]
fn what_a_pipe_says_is_said_before_it_leaves() {
    check(
        Style::Grillo,
        r"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana!
        ana< Available commands are: !commands !quit !users
        ana< Current users are: ana
        bob connects with nc -N
        bob>> bob\none\ntwo\n
        bob ends
        ana< [hh:mm:ss] bob joins
        ana< [hh:mm:ss] bob: one
        ana< [hh:mm:ss] bob: two
        ana< [hh:mm:ss] bob leaves
        bob<< Please enter your name:\s
        bob< Welcome bob!
        bob< Available commands are: !commands !quit !users
        bob< Current users are: ana, bob
        bob is closed
        kim connects
        kim<< Please enter your name:\s
        kim>> kim\nlast words\n!quit\n
        ana< [hh:mm:ss] kim joins
        ana< [hh:mm:ss] kim: last words
        ana< [hh:mm:ss] kim leaves
        kim< Welcome kim!
        kim< Available commands are: !commands !quit !users
        kim< Current users are: ana, kim
        kim is closed
        ",
    );
}

#[test]
fn a_stop_is_announced_and_waits_as_long_as_it_says() {
    let config = "[server]\nshutdown_delay = \"1s\"\n[line]\nstyle = \"grillo\"\n";
    let mut server = Setup::new(config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(Style::Grillo);
    cast.play(
        &server,
        r"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana!
        ana< Available commands are: !commands !quit !users
        ana< Current users are: ana
        bob connects
        bob<< Please enter your name:\s
        bob> bob
        bob< Welcome bob!
        bob< Available commands are: !commands !quit !users
        bob< Current users are: ana, bob
        ana< [hh:mm:ss] bob joins
        ",
    );
    server.signal(Signal::TERM);
    cast.play(
        &server,
        "
        ana< [hh:mm:ss]  shutting down in 1 seconds
        bob< [hh:mm:ss]  shutting down in 1 seconds
        # meanwhile one can still say goodbye
        ana> goodbye
        bob< [hh:mm:ss] ana: goodbye
        ana is closed
        bob is closed
        ",
    );
    assert_eq!(server.finish().code(), Some(0));
}
