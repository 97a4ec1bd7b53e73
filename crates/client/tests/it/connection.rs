//! The library: names, reconnecting, filling gaps, what is unknown, bounds.

use std::time::Duration;

use chat_client::{
    Answer, Connection, Gap, IN_FLIGHT_MAX, LinkError, Naming, Trouble, UPDATES_QUEUED_MAX, Update,
};
use chat_protocol::{
    Command, Event, MessageText, Refusal, Request, RequestId, SayKind, Sequence, UserName,
};

use crate::fake::{Fake, entered, lobby, message, page, replay, stored, welcome, welcome_back};

fn say(text: &str) -> Command {
    Command::say(lobby(), MessageText::parse(text).unwrap(), SayKind::Text, None)
}

/// The next update that `wanted` picks; others pass.
async fn until<T>(connection: &mut Connection, wanted: impl Fn(Update) -> Option<T>) -> T {
    loop {
        let update = connection.next().await.expect("the connection goes on");
        if let Some(found) = wanted(update) {
            return found;
        }
    }
}

async fn is_disconnected(connection: &mut Connection) {
    let wanted = |update| matches!(update, Update::Disconnected { .. }).then_some(());
    until(connection, wanted).await;
}

fn sequence(update: Update) -> Option<u64> {
    match update {
        Update::Event(event) => event.sequence().map(|seq| seq.0),
        Update::Gap(gap) => panic!("{gap:?}"),
        _ => None,
    }
}

async fn answer_to(connection: &mut Connection, id: RequestId) -> Answer {
    let wanted = |update| match update {
        Update::Answered { id: of, answer } if of == id => Some(answer),
        _ => None,
    };
    until(connection, wanted).await
}

fn text_of(request: &Request) -> &str {
    match &request.command {
        Command::Say { text, .. } => text.as_str(),
        other => panic!("{other:?} says nothing"),
    }
}

#[tokio::test]
async fn a_taken_name_gets_a_number_on_the_same_connection() {
    let server = Fake::start().await;
    let options = server.options(Naming::Numbered("ana".to_owned()));
    let plays = async {
        let mut peer = server.accept().await;
        let hello = peer.hello().await;
        assert_eq!(hello.name.as_deref(), Some("ana"));
        let name = UserName::parse("ana").unwrap();
        peer.tell(&Event::refused(None, Refusal::NameTaken { name })).await;
        let hello = peer.hello().await;
        peer.tell(&welcome(&hello, 1)).await;
        peer
    };
    let (connection, _peer) = tokio::join!(Connection::open(options), plays);
    let mut connection = connection.unwrap();
    let name = until(&mut connection, |update| match update {
        Update::Connected(welcome) => welcome.name,
        _ => None,
    });
    assert_eq!(name.await.as_str(), "ana2");
}

#[tokio::test]
async fn an_exact_name_that_is_taken_is_refused() {
    let server = Fake::start().await;
    let name = UserName::parse("ana").unwrap();
    let options = server.options(Naming::Exact(name.clone()));
    let plays = async {
        let mut peer = server.accept().await;
        peer.hello().await;
        peer.tell(&Event::refused(None, Refusal::NameTaken { name })).await;
        peer
    };
    let (connection, _peer) = tokio::join!(Connection::open(options), plays);
    let error = connection.unwrap_err();
    assert!(matches!(error, LinkError::Refused { .. }), "{error}");
    assert_eq!(error.to_string(), "The name \"ana\" is taken.");
}

#[tokio::test]
async fn what_was_missed_is_filled_without_gap_or_repeat() {
    let server = Fake::start().await;
    let (mut connection, mut peer) = server.joined(2).await;
    peer.tell(&message(3)).await;
    assert_eq!(until(&mut connection, sequence).await, 3);
    drop(peer);

    let mut peer = server.welcome(1).await;
    let join = peer.request().await;
    assert_eq!(join.command, Command::Join { room: lobby(), key: None });
    // 205 are stored; the last 20 are replayed, and more come while the gap is filled.
    peer.tell(&entered(&join, 205)).await;
    peer.tell(&replay(186..=205)).await;
    peer.tell(&message(206)).await;
    for after in [3, 103, 203] {
        let request = peer.request().await;
        let Command::History { range, .. } = &request.command else {
            panic!("{request:?} asks for no page");
        };
        assert_eq!(range.after, Some(Sequence(after)));
        peer.tell(&message(206)).await;
        peer.tell(&page(&request, 206)).await;
    }
    peer.tell(&message(207)).await;
    for expected in 4..=207 {
        assert_eq!(until(&mut connection, sequence).await, expected);
    }
}

#[tokio::test]
async fn another_history_is_an_explicit_gap() {
    let server = Fake::start().await;
    let (mut connection, mut peer) = server.joined(2).await;
    peer.tell(&message(3)).await;
    assert_eq!(until(&mut connection, sequence).await, 3);
    drop(peer);

    let mut peer = server.welcome(2).await;
    let join = peer.request().await;
    peer.tell(&entered(&join, 1)).await;
    peer.tell(&message(2)).await;
    let gap = until(&mut connection, |update| match update {
        Update::Gap(gap) => Some(gap),
        update => sequence(update).map(|seq| panic!("{seq} came before the gap")),
    });
    let Gap { room, missing, .. } = gap.await;
    assert_eq!((room, missing), (lobby(), None));
    assert_eq!(until(&mut connection, sequence).await, 2);
}

#[tokio::test]
async fn what_was_on_the_wire_is_unknown_and_what_was_queued_is_sent_once() {
    let server = Fake::start().await;
    let (mut connection, mut peer) = server.joined(0).await;
    let handle = connection.handle();
    let lost = handle.send(say("lost")).await.unwrap();
    assert_eq!(text_of(&peer.request().await), "lost");
    drop(peer);
    is_disconnected(&mut connection).await;
    let queued = handle.send(say("queued")).await.unwrap();

    let mut peer = server.welcome(1).await;
    assert_eq!(answer_to(&mut connection, lost).await, Answer::Unknown);
    let join = peer.request().await;
    assert_eq!(join.command, Command::Join { room: lobby(), key: None });
    peer.tell(&entered(&join, 0)).await;
    let request = peer.request().await;
    assert_eq!(text_of(&request), "queued");
    peer.tell(&stored(&request, 1)).await;
    let answer = answer_to(&mut connection, queued).await;
    assert_eq!(answer, Answer::Event(stored(&request, 1)));
}

#[tokio::test]
async fn a_guest_that_is_known_again_says_what_was_unanswered_again_with_its_key() {
    let server = Fake::start().await;
    let (mut connection, mut peer) = server.joined(0).await;
    let handle = connection.handle();
    let first = handle.send(say("first")).await.unwrap();
    let sent = peer.request().await;
    drop(peer);
    is_disconnected(&mut connection).await;
    let second = handle.send(say("second")).await.unwrap();

    let mut peer = server.accept().await;
    let hello = peer.hello().await;
    peer.tell(&welcome_back(&hello, 1)).await;
    let join = peer.request().await;
    assert_eq!(join.command, Command::Join { room: lobby(), key: None });
    peer.tell(&entered(&join, 0)).await;
    let again = peer.request().await;
    assert_eq!(again, sent, "the same key, and the same id");
    let next = peer.request().await;
    assert_eq!(text_of(&next), "second", "in the order in which it was said");
    for (request, seq) in [(&again, 1), (&next, 2)] {
        peer.tell(&stored(request, seq)).await;
    }
    for (id, request, seq) in [(first, &again, 1), (second, &next, 2)] {
        assert_eq!(answer_to(&mut connection, id).await, Answer::Event(stored(request, seq)));
    }
}

#[tokio::test]
async fn text_before_the_first_frame_is_skipped() {
    let server = Fake::start().await;
    let options = server.options(Naming::Observer);
    let plays = async {
        let mut peer = server.accept().await;
        let hello = peer.hello().await;
        peer.tell_bytes("Welcome\r\nYou are brave-otter. Hint: /help\r\n".as_bytes()).await;
        peer.tell(&welcome(&hello, 1)).await;
        peer
    };
    let (connection, _peer) = tokio::join!(Connection::open(options), plays);
    assert!(connection.is_ok());
}

#[tokio::test]
async fn silence_is_asked_about_and_then_is_a_broken_connection() {
    let server = Fake::start().await;
    let mut options = server.options(Naming::Observer);
    options.timing.silence = Duration::from_millis(20);
    let (connection, mut peer) = tokio::join!(Connection::open(options), server.welcome(1));
    let mut connection = connection.unwrap();
    let ping = peer.request().await;
    assert_eq!(ping.command, Command::Ping);
    let why = until(&mut connection, |update| match update {
        Update::Disconnected { why, .. } => Some(why),
        _ => None,
    });
    assert!(why.await.contains("a sign of life"));
    server.welcome(1).await;
}

#[tokio::test]
async fn ones_own_message_is_told_by_its_answer_only() {
    let server = Fake::start().await;
    let (mut connection, mut peer) = server.joined(0).await;
    let handle = connection.handle();
    // The server may show it before the answer, behind it, or not at all.
    for (seq, shown) in [(1, "before"), (2, "behind"), (3, "never")] {
        let id = handle.send(say(shown)).await.unwrap();
        let request = peer.request().await;
        let Command::Say { key, .. } = request.command else {
            panic!("{request:?} says nothing");
        };
        let mut echo = message(seq);
        if let Event::Message { key: echoed, .. } = &mut echo {
            *echoed = key;
        }
        if shown == "before" {
            peer.tell(&echo).await;
        }
        peer.tell(&stored(&request, seq)).await;
        if shown == "behind" {
            peer.tell(&echo).await;
        }
        let answer = answer_to(&mut connection, id).await;
        assert_eq!(answer, Answer::Event(stored(&request, seq)));
    }
    peer.tell(&message(4)).await;
    assert_eq!(until(&mut connection, sequence).await, 4);
    // No page was asked for: the next request is this one.
    handle.send(Command::Rooms).await.unwrap();
    assert_eq!(peer.request().await.command, Command::Rooms);
}

#[tokio::test]
async fn a_consumer_that_is_slow_gets_everything() {
    let server = Fake::start().await;
    let (mut connection, mut peer) = server.joined(0).await;
    let count = 4 * u64::try_from(UPDATES_QUEUED_MAX).unwrap();
    let tells = async {
        for seq in 1..=count {
            peer.tell(&message(seq)).await;
        }
    };
    let reads = async {
        for expected in 1..=count {
            assert_eq!(until(&mut connection, sequence).await, expected);
        }
    };
    // All is written, as far as the socket takes it, before anything is read.
    tokio::join!(tells, reads);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_flooded() {
    let server = Fake::start().await;
    let (mut connection, mut peer) = server.joined(0).await;
    let handle = connection.handle();
    let total = 2 * IN_FLIGHT_MAX;
    let says = async {
        for n in 0..total {
            handle.send(say(&n.to_string())).await.unwrap();
        }
    };
    let plays = async {
        let mut unanswered = Vec::new();
        for _ in 0..IN_FLIGHT_MAX {
            unanswered.push(peer.request().await);
        }
        // Nothing more comes until one is answered: this pong would come behind it.
        let more = tokio::time::timeout(Duration::from_millis(50), peer.request()).await;
        assert!(more.is_err(), "{more:?} is one too many");
        for (index, request) in unanswered.iter().enumerate() {
            let seq = u64::try_from(index).unwrap() + 1;
            peer.tell(&stored(request, seq)).await;
        }
        for expected in IN_FLIGHT_MAX..total {
            assert_eq!(text_of(&peer.request().await), expected.to_string());
        }
    };
    let reads = async { while connection.next().await.is_some() {} };
    tokio::select! {
        _ = async { tokio::join!(says, plays) } => {}
        () = reads => panic!("the connection ended"),
    }
}

#[tokio::test]
async fn one_who_asks_is_connected_anew_at_once_and_loses_nothing() {
    let server = Fake::start().await;
    let (mut connection, mut peer) = server.joined(2).await;
    peer.tell(&message(3)).await;
    assert_eq!(until(&mut connection, sequence).await, 3);
    connection.handle().reconnect();
    let wait = until(&mut connection, |update| match update {
        Update::Disconnected { retry_in, tries, .. } => Some((retry_in, tries)),
        _ => None,
    });
    assert_eq!(wait.await, (Duration::ZERO, 1));
    assert!(peer.try_request().await.is_none(), "the old connection is closed");

    let mut peer = server.welcome(1).await;
    let join = peer.request().await;
    peer.tell(&entered(&join, 4)).await;
    let ask = peer.request().await;
    peer.tell(&page(&ask, 4)).await;
    assert_eq!(until(&mut connection, sequence).await, 4);
}

#[tokio::test]
async fn another_name_can_be_asked_for_while_the_old_one_is_refused() {
    let server = Fake::start().await;
    let name = UserName::parse("ana").unwrap();
    let options = server.options(Naming::Exact(name.clone()));
    let plays = async {
        let mut peer = server.accept().await;
        let hello = peer.hello().await;
        peer.tell(&welcome(&hello, 1)).await;
    };
    let (connection, ()) = tokio::join!(Connection::open(options), plays);
    let mut connection = connection.unwrap();
    let mut peer = server.accept().await;
    peer.hello().await;
    peer.tell(&Event::refused(None, Refusal::NameTaken { name })).await;
    let refused = |update| match update {
        Update::Disconnected { why, tries: 2, trouble: Trouble::Name, .. } => Some(why),
        _ => None,
    };
    assert_eq!(until(&mut connection, refused).await, "The name \"ana\" is taken.");
    connection.handle().ask_for_name(UserName::parse("ana_").unwrap());
    let mut peer = server.accept().await;
    assert_eq!(peer.hello().await.name.as_deref(), Some("ana_"));
}
