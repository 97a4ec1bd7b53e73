use chat_protocol::event::Welcome;
use chat_protocol::search::{Hit, SnippetPart};
use chat_protocol::{
    JournalId, LineText, RoomChange, RoomName, SearchCursor, Sequence, Setting, Timestamp,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::style::{CommandSyntax, Overrides, Words};
use super::*;

fn settings(name: StyleName, overrides: &Overrides) -> Arc<LineSettings> {
    Arc::new(LineSettings {
        style: Style::new(name, overrides, 20),
        server_name: "TestChat".to_owned(),
        zone: TimeZone::UTC,
    })
}

fn room(name: &str) -> RoomAddress {
    RoomAddress::parse(name).unwrap()
}

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn message(from: &str, text: &str) -> Event {
    Event::Message {
        room: room("lobby"),
        seq: Sequence(1),
        // 21:03:05 UTC
        time_ms: Timestamp(75_785_000),
        from: user(from),
        text: MessageText::parse(text).unwrap(),
        kind: SayKind::Text,
        key: None,
        reply_to: None,
        account: false,
        account_name: None,
        bot: false,
    }
}

/// A session of `ana`, who is in the lobby, with what it was shown so far thrown away.
fn talking(name: StyleName, overrides: &Overrides) -> LineFrontend {
    let mut session = LineFrontend::new(settings(name, overrides), false);
    let mut out = BytesMut::new();
    session.open(&mut out);
    session.tell(
        &Event::Welcome(Box::new(Welcome {
            v: 1,
            server: "TestChat".to_owned(),
            version: String::new(),
            name: Some(user("ana")),
            default_room: Some(RoomName::parse("lobby").unwrap()),
            motd: None,
            journal: JournalId(Uuid::nil()),
            token: None,
            account: false,
            account_name: None,
            resumed: false,
        })),
        &mut out,
    );
    session.tell(
        &Event::Entered {
            id: Some(TYPED),
            room: room("lobby"),
            topic: None,
            members: [user("ana")].into(),
            members_total: 1,
            topic_set: None,
            roles: Vec::new(),
            private: false,
            seq: Sequence(0),
            read_ms: None,
        },
        &mut out,
    );
    session
}

/// Types into a session: what it asks for, and what it answers by itself.
fn typed(session: &mut LineFrontend, bytes: &[u8], chunk: usize) -> (Vec<String>, String) {
    let (mut asked, mut out) = (Vec::new(), BytesMut::new());
    let mut take = |session: &mut LineFrontend, input: &mut BytesMut, end| loop {
        match session.decode(input, end, &mut out) {
            Decoded::Incomplete => return true,
            Decoded::Handled => {}
            Decoded::Request(request) => asked.push(format!("{:?}", request.command)),
            Decoded::Identify(wish) => asked.push(format!("{wish:?}")),
            Decoded::Become(wire) => {
                asked.push(format!("{wire:?}"));
                return false;
            }
            Decoded::Prove(proof) => asked.push(format!("{proof:?}")),
            Decoded::Close => {
                asked.push("close".to_owned());
                return false;
            }
        }
    };
    let mut open = true;
    for chunk in bytes.chunks(chunk) {
        open = open && take(session, &mut BytesMut::from(chunk), false);
    }
    if open {
        take(session, &mut BytesMut::new(), true);
    }
    (asked, String::from_utf8_lossy(&out).into_owned())
}

fn check(name: StyleName, line: &str, asked: &[&str], shown: &str) {
    check_with(name, &Overrides::default(), line, asked, shown);
}

fn check_with(name: StyleName, overrides: &Overrides, line: &str, asked: &[&str], shown: &str) {
    let mut session = talking(name, overrides);
    let (found, out) = typed(&mut session, format!("{line}\n").as_bytes(), usize::MAX);
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!((found.as_slice(), out.as_str()), (asked, shown), "{name:?}: {line:?}");
}

fn said(text: &str) -> String {
    format!(
        "Say {{ room: Named(\"lobby\"), text: {text:?}, kind: Text, key: None, reply_to: None }}"
    )
}

#[test]
fn what_is_a_command_depends_on_the_style() {
    let members = "Members { room: Named(\"lobby\") }";
    check(StyleName::Samovar, "/look", &[members], "");
    check(StyleName::Samovar, "/lok", &[], "! Unknown command: lok. Did you mean /look?\n");
    check(StyleName::Samovar, "//look", &[&said("/look")], "");
    check(StyleName::Samovar, "  ", &[], "");
    check(StyleName::Grillo, "!users", &[members], "");
    check(StyleName::Grillo, " !quit ", &["Quit { reason: None }"], "");
    check(StyleName::Grillo, "!users x", &[&said("!users x")], "");
    check(StyleName::Grillo, "!foo", &[&said("!foo")], "");
    check(StyleName::Grillo, "", &[&said("")], "");
    check(StyleName::Talker, "look", &[members], "");
    check(StyleName::Talker, "who", &["Users"], "");
    check(StyleName::Talker, "logout", &["Quit { reason: None }"], "");
    check(StyleName::Talker, "say", &[&said("")], "");
    check(StyleName::Talker, "say Hi, magnus!", &[&said("Hi, magnus!")], "");
    check(StyleName::Talker, "LOOK", &[], "Unknown command: LOOK\r\n");
    check(StyleName::Talker, "login bob", &[], "Unknown command: login\r\n");
    check(StyleName::Talker, "", &[], "");
    check(StyleName::Netcat, "/quit", &[&said("/quit")], "");
    check(StyleName::Netcat, "", &[&said("")], "");
}

#[test]
fn overrides_change_what_they_name_and_nothing_else() {
    let mixed = Overrides { commands: Some(CommandSyntax::Mixed), ..Overrides::default() };
    check_with(StyleName::Talker, &mixed, "look", &["Members { room: Named(\"lobby\") }"], "");
    check_with(StyleName::Talker, &mixed, "Nice weather", &[&said("Nice weather")], "");
    let dots = Overrides { prefixes: Some(".!".to_owned()), ..Overrides::default() };
    check_with(StyleName::Samovar, &dots, ".rooms", &["Rooms"], "");
    check_with(StyleName::Samovar, &dots, "!rooms", &["Rooms"], "");
    check_with(StyleName::Samovar, &dots, "/rooms", &[&said("/rooms")], "");
    let few = Words::These(vec!["rooms".to_owned()]);
    let few = Overrides { words: Some(few), ..Overrides::default() };
    check_with(StyleName::Netcat, &few, "/rooms", &["Rooms"], "");
    check_with(StyleName::Netcat, &few, "/quit", &[], "Unknown command: quit\n");
}

#[test]
fn no_line_of_a_text_can_speak_for_somebody_else() {
    for (style, shown) in [
        (StyleName::Samovar, "ana: hi\nana: bob: I resign\n"),
        (StyleName::Grillo, "[09:03:05] ana: hi\n[09:03:05] ana: bob: I resign\n"),
        (StyleName::Talker, "ana: hi\r\nana: bob: I resign\r\n"),
        (StyleName::Netcat, "ana: hi\nana: bob: I resign\n"),
    ] {
        let mut out = BytesMut::new();
        let event = message("ana", "hi\nbob: I resign");
        render::room_event(style, true, &event, &TimeZone::UTC, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), shown);
    }
}

#[test]
fn a_room_that_is_not_the_current_one_is_named() {
    let mut out = BytesMut::new();
    render::room_event(StyleName::Samovar, false, &message("ana", "hi"), &TimeZone::UTC, &mut out);
    assert_eq!(&out[..], b"[lobby] ana: hi\n");
    let mut session = talking(StyleName::Samovar, &Overrides::default());
    assert_eq!(session.dialect(&room("lobby")).number(), 2);
    assert_eq!(session.dialect(&room("ops")).number(), 1);
    session.tell(&Event::Exited { room: room("lobby") }, &mut out);
    assert_eq!(session.dialect(&room("lobby")).number(), 1);
}

#[test]
fn a_direct_room_that_somebody_else_opens_does_not_become_the_current_one() {
    let mut session = talking(StyleName::Samovar, &Overrides::default());
    let mut out = BytesMut::new();
    let opened = Event::Entered {
        id: None,
        room: room("@maya"),
        topic: None,
        members: [user("maya"), user("ana")].into(),
        members_total: 2,
        topic_set: None,
        roles: Vec::new(),
        private: false,
        seq: Sequence(0),
        read_ms: None,
    };
    session.tell(&opened, &mut out);
    assert!(out.is_empty());
    let (asked, _) = typed(&mut session, b"still in the lobby\n", usize::MAX);
    assert_eq!(asked, [said("still in the lobby")]);
}

#[test]
fn who_enters_a_full_room_is_shown_some_and_told_how_many_there_are() {
    let mut session = talking(StyleName::Samovar, &Overrides::default());
    let members: Vec<UserName> = (1..=60).map(|number| user(&format!("u{number}"))).collect();
    let mut out = BytesMut::new();
    session.entered(&room("ops"), None, &members, 1_000, &mut out);
    let shown = String::from_utf8(out.to_vec()).unwrap();
    assert!(
        shown.contains("1000 here: u1, u2,") && shown.contains(", u50 and 950 more"),
        "{shown}"
    );
    assert!(!shown.contains("u51"), "{shown}");
}

#[test]
fn what_cannot_be_said_is_refused_in_words() {
    let mut session = talking(StyleName::Samovar, &Overrides::default());
    let (asked, out) = typed(&mut session, b"\xc3\x28\na\x1b[2Jb\nlone\rcr\nnul\0\n", usize::MAX);
    assert!(asked.is_empty(), "{asked:?}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines,
        [
            "! Not sent. That is not UTF-8 text.",
            "! Not sent: the text has the character U+001B at byte 1, which is not allowed.",
            "! Not sent: the text has the character U+000D at byte 4, which is not allowed.",
            "! Not sent: the text has the character U+0000 at byte 3, which is not allowed.",
        ]
    );
}

#[test]
fn another_protocol_is_recognised_late_and_only_before_the_first_line() {
    let settings = || settings(StyleName::Samovar, &Overrides::default());
    let mut session = LineFrontend::new(settings(), true);
    assert_eq!(typed(&mut session, &[0, 0, 0, 9], 1).0[0], "Native");
    let mut session = LineFrontend::new(settings(), true);
    session.open(&mut BytesMut::new());
    assert_eq!(typed(&mut session, b"GET / HTTP/1.1\r\n", 3).0[0], "Http");
    let mut session = talking(StyleName::Samovar, &Overrides::default());
    let (asked, _) = typed(&mut session, b"GET / HTTP/1.1\n\0\n", 3);
    assert_eq!(asked, [said("GET / HTTP/1.1")]);
}

#[test]
fn a_name_that_cannot_be_read_is_asked_for_again_and_counts() {
    let mut session = LineFrontend::new(settings(StyleName::Grillo, &Overrides::default()), false);
    let mut out = BytesMut::new();
    session.open(&mut out);
    let (asked, shown) = typed(&mut session, b"\xc3\x28\n", usize::MAX);
    assert!(asked.is_empty());
    assert_eq!(shown, "That is not UTF-8 text.\nPlease enter your name: ");
    let tries = b"\xc3\x28\n".repeat(usize::try_from(NAME_TRIES_MAX).unwrap());
    assert_eq!(typed(&mut session, &tries, usize::MAX).0, ["close"]);
}

#[test]
fn a_zero_in_the_middle_of_something_is_no_native_client() {
    for bytes in [&[255, 251, 0, b'h', b'i', b'\n'][..], b"hi\r\0"] {
        let mut session = talking(StyleName::Samovar, &Overrides::default());
        session.undecided = true;
        assert_eq!(typed(&mut session, bytes, 1).0, [said("hi")], "{bytes:?}");
    }
}

#[test]
fn what_the_operator_wrote_drives_no_terminal() {
    let mut session = talking(StyleName::Samovar, &Overrides::default());
    let mut out = BytesMut::new();
    session.tell(&Event::Notice { text: "\x1b[31mred\u{202e}".to_owned() }, &mut out);
    assert_eq!(&out[..], b"* [31mred\n");
    let topic = Some(LineText::parse("plans").unwrap());
    out.clear();
    session.tell(&Event::TopicIs { id: None, room: room("ops"), topic, topic_set: None }, &mut out);
    assert_eq!(&out[..], b"* topic of ops: plans\n");
}

/// What a session is shown of an event.
fn shown(name: StyleName, event: &Event) -> String {
    let mut out = BytesMut::new();
    talking(name, &Overrides::default()).tell(event, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn a_page_that_was_asked_for_has_numbers_and_a_replay_has_none() {
    let numbered = |seq, text| {
        let mut event = message("ana", text);
        if let Event::Message { seq: number, .. } = &mut event {
            *number = Sequence(seq);
        }
        event
    };
    let page = |id, events| Event::History { id, room: room("lobby"), events, more: true };
    let events = vec![numbered(41, "hi"), numbered(42, "two\nlines")];
    assert_eq!(
        shown(StyleName::Samovar, &page(Some(TYPED), events.clone())),
        "* 2 messages of lobby:\n\
         [01-01 21:03] #41 ana: hi\n\
         [01-01 21:03] #42 ana: two\n\
         [01-01 21:03] #42 ana: lines\n\
         * end of history; before it: /history before 41\n"
    );
    assert_eq!(
        shown(StyleName::Samovar, &page(None, events)),
        "* last 2 messages of lobby:\n\
         [01-01 21:03] ana: hi\n\
         [01-01 21:03] ana: two\n\
         [01-01 21:03] ana: lines\n\
         * end of history\n"
    );
    let all = page(Some(TYPED), vec![numbered(1, "hi")]);
    assert!(shown(StyleName::Samovar, &all).ends_with("* end of history\n"));
    let none = page(Some(TYPED), Vec::new());
    assert_eq!(shown(StyleName::Samovar, &none), "* nothing to show of lobby\n");
}

#[test]
fn what_was_found_is_marked_and_says_how_to_go_on() {
    let part = |text, hit| SnippetPart { text: LineText::parse(text).unwrap(), hit };
    let hit = |room, kind| Hit {
        text: None,
        room,
        seq: Sequence(41),
        time_ms: Timestamp(75_785_000),
        from: user("maya"),
        kind,
        snippet: vec![part("more ", false), part("tea", true), part("…", false)],
    };
    let found = |hits, next, unsearched| Event::Found { id: Some(TYPED), hits, next, unsearched };
    let hits = vec![hit(room("ops"), SayKind::Text), hit(room("@maya"), SayKind::Action)];
    assert_eq!(
        shown(StyleName::Samovar, &found(hits.clone(), Some(SearchCursor(77)), 5_000)),
        "* found 2 messages, newest first:\n\
         [01-01 21:03] [ops] #41 maya: more *tea*…\n\
         [01-01 21:03] [@maya] #41 * maya more *tea*…\n\
         * more: the same search with before:77\n\
         * 5000 messages cannot be searched yet; ask again in a moment\n"
    );
    assert_eq!(shown(StyleName::Samovar, &found(Vec::new(), None, 0)), "* nothing found\n");
    assert!(shown(StyleName::Talker, &found(hits, None, 0)).ends_with("*tea*…\r\n"));
}

#[test]
fn history_and_search_are_typed_as_the_table_says() {
    let history = "History { room: Named(\"lobby\"), range: HistoryRange { after: None, \
                   before: Some(Sequence(41)), around: None, after_ms: None, before_ms: None, \
                   around_ms: None, newest: false, part: All }, limit: 5 }";
    check(StyleName::Samovar, "/history 5 before 41", &[history], "");
    let search = "Search { room: Some(Named(\"ops\")), text: tea -milk, from: None, \
                  after_ms: Some(Ago { ms: 3600000 }), before_ms: None, before: None, limit: 20, whole: false }";
    let search = search.replace("tea -milk", "\"tea -milk\"");
    check(StyleName::Samovar, "/search in:ops since:1h tea -milk", &[&search], "");
    let wrong = "! It only says what must not be there; name a word that must. \
                 Usage: /search WORDS\n";
    check(StyleName::Samovar, "/search -milk", &[], wrong);
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_commands_and_answers(
        lines in proptest::collection::vec(prop_oneof![
            any::<String>().prop_map(String::into_bytes),
            "/(join|me|help|look|topic|msg|x) ?[a-z@ ]{0,9}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..40),
        ], 0..12),
        chunk in 1..30_usize,
        style in prop_oneof![
            Just(StyleName::Samovar), Just(StyleName::Grillo), Just(StyleName::Talker), Just(StyleName::Netcat)
        ],
    ) {
        let bytes = lines.join(&b'\n');
        let whole = typed(&mut talking(style, &Overrides::default()), &bytes, usize::MAX);
        let cut = typed(&mut talking(style, &Overrides::default()), &bytes, chunk);
        prop_assert_eq!(whole, cut);
    }
}

#[test]
fn a_kick_is_told_in_each_style_and_what_else_changes_in_ours() {
    let changed = |change| Event::RoomChanged {
        room: room("lobby"),
        seq: Sequence(1),
        time_ms: Timestamp(75_785_000),
        from: user("ana"),
        change,
    };
    let kicked = RoomChange::Kicked { user: user("bob"), reason: LineText::parse("spam").ok() };
    let set = RoomChange::Set { set: Setting::Moderated { on: true } };
    for (style, kick, other) in [
        (StyleName::Samovar, "* ana kicked bob: spam\n", "* ana set moderated: on\n"),
        (StyleName::Grillo, "[09:03:05] bob leaves\n", ""),
        (StyleName::Talker, "bob has left the room.\r\n", ""),
        (StyleName::Netcat, "", ""),
    ] {
        for (change, expected) in [(kicked.clone(), kick), (set.clone(), other)] {
            let mut out = BytesMut::new();
            render::room_event(style, true, &changed(change), &TimeZone::UTC, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{style:?}");
        }
    }
}
