//! The netcat server: style `netcat`, with a real `nc` (SEEDS.md, 4).

use samovar_tests::{Cast, Server, Style, check};

#[test]
fn two_real_netcats_and_a_socket_talk() {
    let server = Server::start("[line]\nstyle = \"netcat\"\n");
    let mut cast = Cast::new(Style::Netcat);
    cast.play(
        &server,
        r"
        ana connects with nc
        ana< Welcome $ana
        bob connects with nc
        bob< Welcome $bob
        eve connects
        eve< Welcome $eve
        # nobody is told who comes; every line goes to the others, and not to its sender
        ana> hello
        bob< $ana: hello
        eve< $ana: hello
        bob> hi $ana
        ana< $bob: hi $ana
        eve< $bob: hi $ana
        # also what looks like a command, and a blank one
        eve> /quit
        ana< $eve: /quit
        bob< $eve: /quit
        eve>
        ana< $eve:\s
        bob< $eve:\s
        eve> \s
        ana< $eve:\s\s
        bob< $eve:\s\s
        ana> //who
        bob< $ana: //who
        eve< $ana: //who
        # nobody is told who goes
        bob hangs up
        ana> still here
        eve< $ana: still here
        ",
    );
    cast.finish(server);
}

#[test]
fn after_its_eof_a_client_still_receives() {
    check(
        Style::Netcat,
        "
        ana connects with nc -N
        ana< Welcome $ana
        bob connects
        bob< Welcome $bob
        bob> one
        ana< $bob: one
        ana> my last words
        ana ends
        bob< $ana: my last words
        bob> two
        ana< $bob: two
        bob> three
        ana< $bob: three
        ",
    );
}

#[test]
fn a_pipe_into_netcat_is_said_whole() {
    check(
        Style::Netcat,
        r"
        bob connects
        bob< Welcome $bob
        ana connects with nc -N
        ana< Welcome $ana
        ana>> one\ntwo\r\nthree without an end
        ana ends
        bob< $ana: one
        bob< $ana: two
        bob< $ana: three without an end
        ",
    );
}
