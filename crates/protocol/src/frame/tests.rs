#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the variant it wants")]

use proptest::prelude::*;
use tokio_util::codec::Decoder;

use super::*;
use crate::command::{HistoryPart, HistoryRange};
use crate::limits::{MESSAGE_TEXT_BYTES_MAX, PAGE_EVENTS_MAX, PAGE_HITS_MAX, SNIPPET_BYTES_MAX};
use crate::search::{Hit, SnippetPart};
use crate::{
    Access, LineText, MessageKey, MessageText, Moment, ReactionText, Role, RoomAddress, RoomSecret,
    SayKind, SearchCursor, Sequence, Setting, Signal, Timestamp, UserName,
};

fn address() -> impl Strategy<Value = RoomAddress> {
    "@?[a-z][a-z0-9_-]{2,20}x".prop_map(|text| RoomAddress::parse(&text).unwrap())
}

fn message_text() -> impl Strategy<Value = MessageText> {
    any::<String>()
        .prop_filter_map("has a control character", |text| MessageText::parse(&text).ok())
}

fn line_text() -> impl Strategy<Value = LineText> {
    any::<String>().prop_filter_map("has a control character", |text| LineText::parse(&text).ok())
}

fn moment() -> impl Strategy<Value = Option<Moment>> {
    proptest::option::of(any::<i64>().prop_map(Moment::from))
}

fn range() -> impl Strategy<Value = HistoryRange> {
    let sequence = || proptest::option::of(any::<u64>().prop_map(Sequence));
    let sequences = (sequence(), sequence(), sequence());
    let parts = [HistoryPart::All, HistoryPart::Kept, HistoryPart::Messages];
    let which = (any::<bool>(), proptest::sample::select(parts.to_vec()));
    (sequences, moment(), moment(), moment(), which).prop_map(
        |((after, before, around), after_ms, before_ms, around_ms, (newest, part))| HistoryRange {
            after,
            before,
            around,
            after_ms,
            before_ms,
            around_ms,
            newest,
            part,
        },
    )
}

fn search() -> impl Strategy<Value = Command> {
    let room = proptest::option::of(address());
    let cursor = proptest::option::of(any::<u64>().prop_map(SearchCursor));
    (room, line_text(), moment(), moment(), cursor, any::<u32>()).prop_map(
        |(room, text, after_ms, before_ms, before, limit)| Command::Search {
            whole: false,
            room,
            text,
            from: UserName::parse("maya").ok(),
            after_ms,
            before_ms,
            before,
            limit,
        },
    )
}

fn setting() -> impl Strategy<Value = Setting> {
    let number = || proptest::option::of(any::<u64>());
    prop_oneof![
        line_text().prop_map(|key| {
            let key = Some(RoomSecret::new(key));
            Setting::Access { access: Access::Key, key }
        }),
        Just(Setting::Access { access: Access::Invite, key: None }),
        any::<bool>().prop_map(|on| Setting::Hidden { on }),
        any::<u64>().prop_map(|seconds| Setting::Slow { seconds }),
        number().prop_map(|max| Setting::Members { max }),
        (number(), number()).prop_map(|(seconds, events)| Setting::Keep { seconds, events }),
    ]
}

/// What changes a room.
fn change() -> impl Strategy<Value = Command> {
    let bob = || UserName::parse("bob").unwrap();
    let why = || proptest::option::of(line_text());
    let time = proptest::option::of(any::<u64>());
    let role = prop_oneof![Just(Role::Voice), Just(Role::Operator)];
    prop_oneof![
        address().prop_map(move |room| Command::Invite { room, user: bob() }),
        (address(), why()).prop_map(move |(room, reason)| Command::Kick {
            room,
            user: bob(),
            reason
        }),
        (address(), time, why()).prop_map(move |(room, for_ms, reason)| Command::Ban {
            room,
            user: bob(),
            for_ms,
            reason
        }),
        (address(), role).prop_map(move |(room, role)| Command::GiveRole {
            room,
            user: bob(),
            role
        }),
        (address(), setting()).prop_map(|(room, set)| Command::Set { room, set }),
        (address(), line_text())
            .prop_map(|(room, key)| Command::Join { room, key: Some(RoomSecret::new(key)) }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let key =
        proptest::option::of(any::<u128>().prop_map(|n| MessageKey(uuid::Uuid::from_u128(n))));
    let kind = prop_oneof![Just(SayKind::Text), Just(SayKind::Action)];
    prop_oneof![
        (address(), message_text(), kind, key)
            .prop_map(|(room, text, kind, key)| Command::say(room, text, kind, key)),
        (address(), 0..9_u64, ".{0,16}").prop_filter_map("a text", |(room, seq, text)| {
            let text = ReactionText::parse(&text).ok()?;
            let signal = Signal::React { seq: Sequence(seq), text, undo: seq == 3 };
            Some(Command::Signal { room, signal, key: None })
        }),
        address().prop_map(|room| Command::Join { room, key: None }),
        address().prop_map(|room| Command::Leave { room, reason: None }),
        address().prop_map(|room| Command::Watch { room }),
        (address(), line_text()).prop_map(|(room, topic)| Command::SetTopic { room, topic }),
        proptest::option::of(line_text()).prop_map(|text| Command::Away { text }),
        Just(Command::Rooms),
        Just(Command::Users),
        Just(Command::Ping),
        (address(), range(), 0..1_000_u32).prop_map(|(room, range, limit)| Command::History {
            room,
            range,
            limit
        }),
        search(),
        change(),
    ]
}

proptest! {
    #[test]
    fn a_request_comes_back_as_it_was_sent(id in proptest::option::of(any::<u64>()), command in command()) {
        let request = Request { id: id.map(RequestId), command };
        let mut wire = BytesMut::new();
        encode_request(&request, &mut wire);
        prop_assert_eq!(wire[0], 0, "the first byte of a frame is what tells it from text");
        let frame = client_frames().decode(&mut wire).unwrap().unwrap();
        prop_assert_eq!(decode_client(&frame), Ok(ClientFrame::Request(request)));
    }

    #[test]
    fn any_chunking_gives_the_same_frames(commands in proptest::collection::vec(command(), 1..5), cuts in proptest::collection::vec(1..40_usize, 1..50)) {
        let mut wire = BytesMut::new();
        for command in &commands {
            encode_request(&Request { id: None, command: command.clone() }, &mut wire);
        }
        let (mut codec, mut input, mut read) = (client_frames(), BytesMut::new(), Vec::new());
        let mut cuts = cuts.into_iter().cycle();
        while !wire.is_empty() {
            let cut = cuts.next().unwrap().min(wire.len());
            input.extend_from_slice(&wire.split_to(cut));
            while let Some(frame) = codec.decode(&mut input).unwrap() {
                read.push(decode_client(&frame).unwrap());
            }
        }
        let sent: Vec<_> = commands.into_iter().map(|command| ClientFrame::Request(Request { id: None, command })).collect();
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(frame in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(decode_client(&frame));
        drop(decode_event(&frame));
    }
}

#[test]
fn a_frame_over_the_limit_is_refused_by_its_length_alone() {
    let mut codec = client_frames();
    let mut input = BytesMut::from(&[0x00, 0xFF, 0xFF, 0xFF][..]);
    assert!(codec.decode(&mut input).is_err());
    assert!(input.capacity() < CLIENT_FRAME_BYTES_MAX);
}

#[test]
fn a_newer_peer_is_answered_cleanly() {
    let newer = br#"{"type":"teleport","id":7,"to":"mars"}"#;
    let unreadable = decode_client(newer).unwrap_err();
    assert_eq!(unreadable.id, Some(RequestId(7)));
    assert_eq!(unreadable.refusal, Refusal::unknown_command("teleport"));

    let field = br#"{"type":"ping","id":8,"urgency":"high"}"#;
    let known = ClientFrame::Request(Request { id: Some(RequestId(8)), command: Command::Ping });
    assert_eq!(decode_client(field), Ok(known));

    assert_eq!(decode_event(br#"{"type":"confetti","colour":"red"}"#).unwrap(), Event::Unknown);
    let refused =
        br#"{"type":"refused","refusal":{"code":"too_shiny","lumens":9},"text":"Too shiny."}"#;
    match decode_event(refused).unwrap() {
        Event::Refused { refusal: Refusal::Unknown, text, .. } => assert_eq!(text, "Too shiny."),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hello_is_told_from_a_request() {
    let hello = br#"{"type":"hello","v":1,"name":"ana","later":true}"#;
    match decode_client(hello).unwrap() {
        ClientFrame::Hello(hello) => assert_eq!((hello.v, hello.name.as_deref()), (1, Some("ana"))),
        other @ ClientFrame::Request(_) => panic!("{other:?}"),
    }
}

#[test]
fn a_malformed_field_is_named_and_the_request_found() {
    let bad = br#"{"type":"say","id":3,"room":"a b","text":"hi"}"#;
    let unreadable = decode_client(bad).unwrap_err();
    assert_eq!(unreadable.id, Some(RequestId(3)));
    assert!(unreadable.refusal.to_string().contains("room name \"a b\" has a space (position 2)"));
    for bad in [&b"{"[..], b"[]", b"{}", b"null", b"\xff\xfe"] {
        assert!(decode_client(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_page_of_the_longest_messages_fits_a_frame() {
    let message = |seq| Event::Message {
        room: RoomAddress::parse(&"r".repeat(64)).unwrap(),
        seq: Sequence(seq),
        time_ms: Timestamp(u64::MAX),
        from: UserName::parse(&"u".repeat(32)).unwrap(),
        text: MessageText::parse(&"\x02".repeat(MESSAGE_TEXT_BYTES_MAX)).unwrap(),
        kind: SayKind::Action,
        key: Some(MessageKey(uuid::Uuid::max())),
        reply_to: Some(Sequence(u64::MAX)),
        account: true,
        account_name: None,
        bot: false,
    };
    let page = Event::History {
        id: Some(RequestId(u64::MAX)),
        room: RoomAddress::parse("lobby").unwrap(),
        events: (0..u64::from(PAGE_EVENTS_MAX)).map(message).collect(),
        more: true,
    };
    let mut wire = BytesMut::new();
    encode_event(&page, &mut wire);
    assert!(wire.len() <= SERVER_FRAME_BYTES_MAX, "{}", wire.len());
    let frame = server_frames().decode(&mut wire).unwrap().unwrap();
    assert_eq!(decode_event(&frame).unwrap(), page);
}

#[test]
fn an_older_client_s_page_and_a_shortest_search_are_read() {
    let page = br#"{"type":"history","room":"lobby","after":3,"before":9,"limit":5}"#;
    let range = HistoryRange {
        after: Some(Sequence(3)),
        before: Some(Sequence(9)),
        ..HistoryRange::default()
    };
    let command = Command::History { room: "lobby".parse().unwrap(), range, limit: 5 };
    assert_eq!(decode_client(page), Ok(ClientFrame::Request(Request { id: None, command })));

    let search = br#"{"type":"search","id":4,"text":"tea","after_ms":-3600000}"#;
    let command = Command::Search {
        whole: false,
        room: None,
        text: LineText::parse("tea").unwrap(),
        from: None,
        after_ms: Some(Moment::Ago { ms: 3_600_000 }),
        before_ms: None,
        before: None,
        limit: PAGE_HITS_MAX,
    };
    let id = Some(RequestId(4));
    assert_eq!(decode_client(search), Ok(ClientFrame::Request(Request { id, command })));
}

#[test]
fn what_was_found_comes_back_as_it_was_sent_and_fits_a_frame() {
    let part = |text: &str, hit| SnippetPart { text: LineText::parse(text).unwrap(), hit };
    let hit = |seq| Hit {
        text: None,
        room: RoomAddress::parse(&"r".repeat(64)).unwrap(),
        seq: Sequence(seq),
        time_ms: Timestamp(u64::MAX),
        from: UserName::parse(&"u".repeat(32)).unwrap(),
        kind: SayKind::Action,
        // The most parts that a snippet can have.
        snippet: (0..SNIPPET_BYTES_MAX).map(|n| part("\"", n % 2 == 0)).collect(),
    };
    let found = Event::Found {
        id: Some(RequestId(u64::MAX)),
        hits: (0..u64::from(PAGE_HITS_MAX)).map(hit).collect(),
        next: Some(SearchCursor(u64::MAX)),
        unsearched: u64::MAX,
    };
    let mut wire = BytesMut::new();
    encode_event(&found, &mut wire);
    assert!(wire.len() <= SERVER_FRAME_BYTES_MAX, "{}", wire.len());
    let frame = server_frames().decode(&mut wire).unwrap().unwrap();
    assert_eq!(decode_event(&frame).unwrap(), found);
}
