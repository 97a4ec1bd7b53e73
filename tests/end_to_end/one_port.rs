//! One port finds out who speaks; and the other kinds of listeners.

use chat_protocol::Event;
use samovar_tests::{Cast, Client, Home, NativeClient, Server, Setup, Signal, Style};

/// What a browser, or curl, is told at a chat port.
const HTTP_HINT: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 109\r\nConnection: close\r\n\r\nThis is a Samovar chat port, not a web page.\n\
    Come in with: nc HOST PORT   or: chat-client --server HOST:PORT\n";

#[test]
fn lines_and_frames_meet_in_one_room() {
    let server = Server::start("[line]\nidentify = \"ask\"\n");
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        r#"
        bob connects natively
        bob> {"type":"hello","v":1,"name":"bob"}
        bob< {"type":"welcome","name":"bob"}
        bob> {"type":"join","room":"lobby","id":1}
        bob< {"type":"entered","id":1,"members":["bob"]}
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana
        ana< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        ana< * you are in lobby, 2 here: bob, ana
        ana> hello
        bob< {"type":"joined","user":"ana"}
        bob< {"type":"message","seq":1,"from":"ana","text":"hello"}
        bob> {"type":"say","room":"lobby","text":"hi","id":2}
        ana< bob: hi
        "#,
    );
}

/// No program gives its name in a line: who has done so is a person, and in the room at once.
#[test]
fn who_has_typed_a_name_on_an_auto_port_is_a_member_when_it_is_told_so() {
    let server = Server::start("[line]\nstyle = \"grillo\"\n");
    let mut cast = Cast::new(Style::Grillo);
    cast.play(
        &server,
        r#"
        ana connects
        ana<< Please enter your name:\s
        ana> ana
        ana< Welcome ana!
        ana< Available commands are: !commands !quit !users
        ana< Current users are: ana
        bob connects natively
        bob> {"type":"hello","v":1,"name":"bob"}
        bob< {"type":"welcome","name":"bob"}
        bob> {"type":"join","room":"lobby","id":1}
        bob< {"type":"entered","id":1,"members":["ana","bob"]}
        ana< [hh:mm:ss] bob joins
        "#,
    );
}

#[test]
fn an_http_verb_gets_a_hint_and_a_clean_close() {
    let server = Server::start("");
    for request in [
        "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n",
        "POST /x HTTP/1.0\r\n\r\nbody",
        "HEAD / HTTP/1.1\n\n",
    ] {
        let mut browser = server.connect();
        browser.send(request);
        let answer = String::from_utf8(browser.rest()).unwrap();
        assert_eq!(answer, HTTP_HINT, "{request}");
    }
    // In pieces, as a slow link brings it.
    let mut browser = server.connect();
    for byte in "GET / HTTP/1.1\r\n".bytes() {
        browser.send([byte]);
    }
    assert_eq!(String::from_utf8(browser.rest()).unwrap(), HTTP_HINT);
}

#[test]
fn who_begins_with_a_verb_and_means_it_is_heard() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut bob = server.connect();
    bob.send("GET me a cup of tea\n");
    assert_eq!(ana.message().2, "GET me a cup of tea");
}

/// Over a link with a long round trip, the greeting in text is on its way already when the hello
/// arrives: the client skips it, and nobody hears of a guest who never was.
#[test]
fn a_late_hello_is_understood_and_no_guest_is_announced() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut late = NativeClient::connect(server.address());
    // The greeting has come, so the server takes this for a person.
    let greeting = String::from_utf8(late.raw().line()).unwrap();
    assert!(greeting.starts_with("Welcome "), "{greeting}");
    late.raw().lines_until(&line_of_lobby(&greeting));
    let welcome = late.hello(Some("late"));
    assert_eq!(welcome.name.unwrap().as_str(), "late");
    late.join("lobby");
    late.say("lobby", "here I am");
    let told: Vec<String> = (0..2).map(|_| format!("{:?}", ana.event())).collect();
    assert!(told[0].starts_with("Joined") && told[0].contains("\"late\""), "{told:?}");
    assert!(told[1].starts_with("Message") && told[1].contains("here I am"), "{told:?}");
    let Event::UserList { users, .. } = ana.ask(chat_protocol::Command::Users) else {
        panic!("no list of users");
    };
    let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["ana", "late"]);
}

#[test]
fn a_late_tls_handshake_is_closed_at_once_and_said_by_nobody() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut late = server.connect();
    let greeting = String::from_utf8(late.line()).unwrap();
    late.lines_until(&line_of_lobby(&greeting));
    late.send([0x16, 3, 1, 0, 5, b'h', b'e', b'l', b'l', b'o', b'\n']);
    late.until_lost();
    ana.say("lobby", "nobody else");
    assert_eq!(ana.message().2, "nobody else");
}

/// The last line of a silent guest's greeting.
fn line_of_lobby(welcome: &str) -> String {
    let name = welcome.trim_end().trim_start_matches("Welcome ");
    format!("* you are in lobby, 2 here: ana, {name}")
}

/// A capital letter could begin a verb; the end says that it does not.
#[test]
fn a_word_without_a_line_end_is_said_at_the_end() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    for text in ["Hello", "GET", "x"] {
        let mut pipe = Client::netcat(server.address(), &["-N"]);
        pipe.send(text);
        pipe.end();
        assert_eq!(ana.message().2, text);
    }
    // And silence is an answer too: a person types slowly.
    let mut slow = server.connect();
    slow.send("G");
    slow.line();
    slow.send("ood day\n");
    assert_eq!(ana.message().2, "Good day");
}

#[test]
fn ipv6_is_an_address_like_any_other() {
    let server = Setup::default().listen("auto://[::1]:0").start();
    let mut ana = server.native("ana");
    ana.join("lobby");
    assert_eq!(ana.say("lobby", "six").0, 1);
}

#[test]
fn a_late_http_request_gets_its_hint_too() {
    let server = Server::start("");
    let mut browser = server.connect();
    browser.line();
    browser.send("GET / HTTP/1.1\r\n\r\n");
    let answer = String::from_utf8(browser.rest()).unwrap();
    assert!(answer.ends_with(HTTP_HINT), "{answer}");
}

#[test]
fn a_silent_guest_hears_all_and_is_announced_after_a_while_or_when_it_speaks() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let mut cast = Cast::new(Style::Samovar);
    cast.play(
        &server,
        "
        bob connects
        bob< Welcome $bob
        bob< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        bob< * you are in lobby, 2 here: ana, $bob
        ",
    );
    ana.say("lobby", "anybody?");
    cast.play(&server, "bob< ana: anybody?");
    assert_eq!(next_to_join(&mut ana), cast.name("bob"));
    cast.play(
        &server,
        "
        eve connects
        eve< Welcome $eve
        eve< Type to talk. /help shows what else, /nick NAME changes your name, /quit leaves.
        eve< * you are in lobby, 3 here: ana, $bob, $eve
        eve< * last 1 message of lobby:
        eve< [MM-DD hh:mm] ana: anybody?
        eve< * end of history
        eve> me
        bob< * $eve joined
        bob< $eve: me
        ",
    );
    assert_eq!(next_to_join(&mut ana), cast.name("eve"));
}

/// Who enters next; what is said meanwhile is skipped.
fn next_to_join(client: &mut NativeClient) -> String {
    loop {
        match client.event() {
            Event::Joined { user, .. } => return user.to_string(),
            Event::Message { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_kind_of_listener_leads_into_the_same_rooms() {
    let home = Home::new();
    let socket = home.path().join("chat.sock");
    let mut server = Setup::default()
        .listen("native://127.0.0.1:0")
        .listen("line://127.0.0.1:0?style=talker")
        .listen("line://127.0.0.1:0?style=netcat")
        .listen(format!("unix:{}", socket.display()))
        .start_in(home);
    let mut native = NativeClient::connect(server.address_of(0)).greeted("nat");
    native.join("lobby");
    let mut talker = Client::connect(server.address_of(1));
    talker.expect("Welcome to Samovar\r\n");
    talker.send("login tom\nsay one\n");
    talker.expect("tom: one\r\n");
    let mut netcat = Client::connect(server.address_of(2));
    netcat.line();
    netcat.send("two\n");
    talker.line(); // who has entered
    assert!(String::from_utf8(talker.line()).unwrap().ends_with(": two\r\n"));
    // A Unix socket is an auto port.
    let mut unix = NativeClient::connect(server.address_of(3)).greeted("uni");
    unix.join("lobby");
    unix.say("lobby", "three");
    netcat.expect("uni: three\n");
    let mut line = Client::connect(server.address_of(3));
    line.send("four\n");
    let heard: Vec<String> = (0..4).map(|_| native.message().2).collect();
    assert_eq!(heard, ["one", "two", "three", "four"]);
    server.wait_for_log("peer=unix:uid=");
    // It takes its socket file away.
    assert!(socket.exists());
    server.stop(Signal::TERM);
    assert!(!socket.exists());
}

#[test]
fn a_socket_file_that_a_killed_daemon_left_is_replaced() {
    let home = Home::new();
    let socket = home.path().join("chat.sock");
    let server = Setup::default().listen(format!("unix:{}", socket.display())).start_in(home);
    let server = server.restart(Signal::KILL);
    server.native("ana").join("lobby");
}

#[test]
fn lines_at_a_native_port_are_refused_and_closed() {
    let server = Setup::default().listen("native://127.0.0.1:0").start();
    let mut lost = NativeClient::connect(server.address());
    lost.raw().send("hello, is anybody there?\n");
    let Event::Refused { .. } = lost.event() else {
        panic!("not refused");
    };
    lost.expect_closed();
}
