//! Lines on a terminal, for screen readers and for terminals that cannot place a cursor.

use chat_protocol::event::UnreadInfo;
use chat_protocol::{
    Command, Event, MessageText, Password, ReactionText, SayKind, Signal as Told, UserName,
};
use samovar_tests::{Home, NativeClient, Pane, Server, Setup, Signal, chat_client, room};

/// As ana, in lines, in the lobby.
fn lines(server: &Server, term: &str) -> Pane {
    let pane = Pane::open(80, 24, &[]);
    let program = chat_client().display();
    pane.enter(&format!(
        "clear; TERM={term} {program} --server {} --name ana --plain --room lobby; echo \"exit $?\"",
        server.address()
    ));
    pane.wait_for("* you are in lobby");
    pane
}

#[test]
fn in_lines_everything_is_said_once_and_in_order() {
    for term in ["xterm-256color", "dumb"] {
        let server = Server::start("");
        let pane = lines(&server, term);
        let mut maya = server.native("maya");
        maya.join("lobby");
        pane.wait_for("* maya joined");
        for n in 1..=5 {
            maya.say("lobby", &format!("number {n}"));
        }
        let screen = pane.wait_for("maya: number 5");
        let heard: Vec<&str> = screen.lines().filter(|line| line.starts_with("maya: ")).collect();
        let expected: Vec<String> = (1..=5).map(|n| format!("maya: number {n}")).collect();
        assert_eq!(heard, expected, "{screen}");
        pane.enter("hello from lines");
        maya.message();
        pane.enter("/quit");
        pane.wait_for("exit 0");
    }
}

#[test]
fn the_same_words_work_in_lines() {
    let server = Server::start("");
    let pane = lines(&server, "xterm-256color");
    let mut maya = server.native("maya");
    maya.join("lobby");
    maya.say("lobby", "the needle");
    pane.wait_for("maya: the needle");
    for (typed, shown) in [
        ("/topic tea", "* ana changed the topic to: tea"),
        ("/search needle", "maya: the *needle*"),
        ("/who", "Connected (2):"),
        ("/join ops", "* you are in ops"),
        ("/rooms", "ops  1"),
        ("/leave", "* you left ops"),
        ("/jion ops", "Did you mean /join?"),
        ("/nick ben", "* ana is now ben"),
        ("/help search", "/search WORDS"),
    ] {
        pane.enter(typed);
        pane.wait_for(shown);
    }
}

#[test]
fn while_there_is_no_connection_a_line_mode_goes_on_and_says_what_waits() {
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let mut server = Setup::new("").listen(socket).start();
    let pane = lines(&server, "xterm-256color");
    server.stop(Signal::KILL);
    pane.wait_for("! connection lost");
    pane.enter("/leave");
    pane.enter("said nowhere");
    pane.wait_for("! You are in no room. /join ROOM");
    pane.enter("/join ops");
    pane.enter("said in ops");
    pane.wait_for("! there is no connection: what you type waits until the room is entered");
    let server = server.start_again();
    pane.wait_for("* you left lobby");
    pane.wait_for("* you are in ops");
    let mut maya = server.native("maya");
    let seq = maya.join("ops");
    let said = maya.stored("ops");
    assert_eq!(said, ["said in ops"], "{seq}");
}

#[test]
fn one_can_leave_while_a_room_is_not_entered_and_there_is_no_connection() {
    let home = Home::new();
    let socket = format!("unix:{}", home.path().join("chat.sock").display());
    let mut server = Setup::new("").listen(socket).start();
    let pane = lines(&server, "xterm-256color");
    server.stop(Signal::KILL);
    pane.wait_for("! connection lost");
    pane.enter("/join ops");
    pane.enter("/quit");
    pane.wait_for("exit 0");
}

#[test]
fn answers_and_reactions_are_said_with_what_they_are_about() {
    let server = Server::start("");
    let pane = lines(&server, "dumb");
    let mut maya = server.native("maya");
    maya.join("lobby");
    let question = maya.say("lobby", "is web-3 up?");
    pane.wait_for("maya: is web-3 up?");
    pane.enter("/reply since noon");
    let Event::Message { reply_to, seq, .. } = next_message_of(&mut maya, "ana") else {
        panic!("it is a message")
    };
    assert_eq!(reply_to, Some(question));
    pane.enter("/react 🎉");
    while !matches!(maya.event(), Event::Signal { signal: Told::React { seq, .. }, .. } if seq == question)
    {
    }
    let text = ReactionText::parse("👍").expect("a reaction");
    let signal = Told::React { seq, text, undo: false };
    maya.ask(Command::Signal { room: room("lobby"), signal, key: None });
    pane.wait_for("* maya reacts with 👍 to ana: since noon");
    let text = MessageText::parse("thanks").expect("a text");
    let (kind, reply_to) = (SayKind::Text, Some(seq));
    maya.ask(Command::Say { room: room("lobby"), text, kind, key: None, reply_to });
    let screen = pane.wait_for("maya: thanks");
    assert!(screen.contains("* maya answers ana: since noon"), "{screen}");
}

/// The next message that this user said.
#[track_caller]
fn next_message_of(client: &mut NativeClient, name: &str) -> Event {
    loop {
        let event = client.event();
        if matches!(&event, Event::Message { from, .. } if from.as_str() == name) {
            return event;
        }
    }
}

fn unread(client: &mut NativeClient) -> Vec<UnreadInfo> {
    match client.ask(Command::Unread) {
        Event::UnreadList { rooms, .. } => rooms,
        other => panic!("expected what is unread, but came {other:?}"),
    }
}

#[test]
fn who_types_has_read_what_was_shown() {
    let server = Server::start("");
    let pane = lines(&server, "xterm-256color");
    pane.enter("/register correct-horse");
    pane.wait_for("* you are logged in as ana");
    let mut elsewhere = server.native("elsewhere");
    let password = Password::parse("correct-horse").expect("a password");
    let name = UserName::parse("ana").expect("a name");
    elsewhere.ask(Command::Login { name, password });
    let mut maya = server.native("maya");
    maya.join("lobby");
    let seq = maya.say("lobby", "have you seen this?");
    pane.wait_for("maya: have you seen this?");
    let before = unread(&mut elsewhere);
    assert_eq!(before.len(), 1, "it is shown, and nobody knows whether it is seen: {before:?}");
    pane.enter("yes");
    assert_eq!(maya.message().2, "have you seen this?");
    assert_eq!(maya.message().2, "yes");
    assert_eq!(unread(&mut elsewhere), [], "behind {seq}");
}
