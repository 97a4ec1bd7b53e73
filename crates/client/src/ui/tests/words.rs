//! What is typed, and what comes of it.

use chat_protocol::{Command, Event, Refusal, SayKind};

use super::{Action, Effect, Stage, room, user};

#[test]
fn a_line_is_said_and_its_delivery_is_shown() {
    let mut stage = Stage::new(80, 24);
    stage.enter("hello");
    stage.shows("hello");
    stage.shows("sending…");
    stage.store(1);
    stage.shows("✓");
    stage.hides("sending…");
    stage.enter("again");
    let (ticket, _) = stage.sent().unwrap();
    stage.answer(ticket, Event::refused(None, Refusal::DiskFull));
    stage.shows("✗ not sent: The server's disk is full");
    stage.press("Alt-e");
    assert_eq!(stage.app.input().text(), "again");
    stage.hides("✗");
}

#[test]
fn a_slash_that_is_no_command_is_never_said() {
    let mut stage = Stage::new(80, 24);
    stage.effects.clear();
    stage.enter("/jion lobby");
    stage.shows("Unknown command: jion. Did you mean /join?");
    assert_eq!(stage.sent(), None);
    assert_eq!(stage.app.input().text(), "/jion lobby", "to be mended");
    stage.press("Ctrl-U");
    stage.enter("/iggnore x");
    stage.shows("Did you mean /ignore?");
    stage.press("Ctrl-U");
    stage.enter("//etc/passwd is readable");
    let Some((_, Command::Say { text, .. })) = stage.sent() else { panic!("it is said") };
    assert_eq!(text.as_str(), "/etc/passwd is readable");
}

#[test]
fn words_of_the_protocol_and_of_the_client_are_done() {
    let mut stage = Stage::new(80, 24);
    stage.enter("/me waves");
    let Some((_, Command::Say { kind, .. })) = stage.sent() else { panic!("it is said") };
    assert_eq!(kind, SayKind::Action);
    stage.shows("*  ana waves");
    stage.enter("/theme vivid");
    assert_eq!(stage.app.settings.theme.name(), "vivid");
    stage.enter("/option mouse on");
    assert!(stage.effects.contains(&Effect::Mouse(true)));
    stage.enter("/option colour red");
    stage.shows("There is no setting");
    stage.press("Ctrl-U");
    stage.enter("/reconnect");
    assert!(stage.effects.contains(&Effect::Reconnect));
    stage.enter("/option");
    stage.shows("notify = desktop");
}

#[test]
fn what_is_too_long_is_told_while_it_is_typed_and_stays_in_the_box() {
    let mut stage = Stage::new(80, 24);
    stage.act(Action::Paste("x".repeat(5_100)));
    stage.shows("too long: 5100/4096 bytes");
    stage.press("Enter");
    stage.shows("not sent: too long 5100/4096");
    assert_eq!(stage.app.input().text().len(), 5_100);
    assert_eq!(stage.sent(), None);
}

#[test]
fn tab_completes_words_names_rooms_and_emoji() {
    let mut stage = Stage::new(80, 24);
    stage.hear("ops", 1, "maya", "hi");
    stage.join("lobby");
    stage.enter("/go ops");
    for (typed, completed) in [
        ("/to", "/topic "),
        ("/rec", "/reconnect "),
        ("ma", "maya: "),
        ("hi t", "hi tomas "),
        ("hi @L", "hi @lee "),
        ("/join lob", "/join lobby"),
        ("/option no", "/option notify "),
        ("/option notify b", "/option notify bell "),
        ("/theme v", "/theme vivid "),
        ("done :tada", "done 🎉 "),
        ("zzz", "zzz"),
    ] {
        stage.type_in(typed);
        stage.press("Tab");
        assert_eq!(stage.app.input().text(), completed, "{typed}");
        stage.press("Ctrl-C");
    }
    stage.type_in("/m");
    let mut seen = Vec::new();
    for _ in 0..3 {
        stage.press("Tab");
        seen.push(stage.app.input().text().to_owned());
    }
    assert_eq!(seen, ["/msg ", "/me ", "/mute "]);
    stage.press("Shift-Tab");
    assert_eq!(stage.app.input().text(), "/me ");
}

#[test]
fn whom_one_ignores_is_neither_seen_nor_heard() {
    let mut stage = Stage::new(80, 24);
    stage.enter("/ignore maya");
    stage.act(Action::Focus(false));
    stage.effects.clear();
    stage.hear("ops", 1, "maya", "@ana look at me");
    stage.hides("look at me");
    assert_eq!(stage.effects, []);
    assert_eq!(stage.app.room().unread, 0);
    stage.event(Event::Renamed { from: user("maya"), to: user("maya2") });
    stage.hear("ops", 2, "maya2", "another name");
    stage.hides("another name");
    stage.enter("/unignore maya2");
    stage.shows("another name");
}

#[test]
fn a_mention_rings_only_where_nobody_looks() {
    let mut stage = Stage::new(80, 24);
    stage.effects.clear();
    stage.hear("ops", 1, "lee", "@ana you are here");
    assert_eq!(stage.effects, []);
    stage.act(Action::Focus(false));
    stage.hear("ops", 2, "lee", "@ana are you there?");
    let told = "#ops lee: @ana are you there?".to_owned();
    assert_eq!(stage.effects, [Effect::Notify(told)]);
    stage.effects.clear();
    stage.enter("/option notify off");
    stage.hear("ops", 3, "lee", "@ana?");
    assert_eq!(stage.effects, []);
}

#[test]
fn ctrl_c_clears_and_then_offers_to_leave() {
    let mut stage = Stage::new(80, 24);
    stage.effects.clear();
    stage.type_in("half a thought");
    stage.press("Ctrl-C");
    assert!(stage.app.input().is_empty());
    stage.press("Ctrl-C");
    stage.shows("Ctrl-C again leaves");
    stage.type_in("x");
    stage.press("Ctrl-C");
    stage.press("Ctrl-C");
    assert_eq!(stage.effects, [], "a key in between begins anew");
    stage.press("Ctrl-C");
    assert_eq!(stage.effects, [Effect::Quit]);
}

#[test]
fn leaving_waits_for_what_is_on_its_way() {
    let mut stage = Stage::new(80, 24);
    stage.enter("last words");
    stage.enter("/quit");
    assert!(!stage.effects.contains(&Effect::Quit));
    stage.store(1);
    assert!(stage.effects.contains(&Effect::Quit));
}

#[test]
fn input_is_remembered_by_room_and_searched() {
    let mut stage = Stage::new(80, 24);
    for text in ["make test", "make release", "git push"] {
        stage.enter(text);
    }
    stage.press("Ctrl-R");
    stage.type_in("MAKE");
    stage.shows("→ make release");
    stage.press("Ctrl-R");
    stage.shows("→ make test");
    stage.press("Enter");
    assert_eq!(stage.app.input().text(), "make test", "to be looked at before it is said");
    stage.press("Ctrl-C");
    stage.press("Up");
    assert_eq!(stage.app.input().text(), "git push");
    stage.press("Ctrl-C");
    stage.effects.clear();
    stage.join("lobby");
    stage.press("Up");
    assert_eq!(stage.app.input().text(), "", "another room, another history");
}

#[test]
fn a_draft_stays_in_its_room() {
    let mut stage = Stage::new(80, 24);
    stage.join("lobby");
    stage.type_in("for lobby");
    stage.press("Ctrl-P");
    stage.shows(" #ops");
    assert!(stage.app.input().is_empty());
    stage.press("Ctrl-N");
    assert_eq!(stage.app.input().text(), "for lobby");
}

#[test]
fn a_message_to_one_user_opens_the_conversation() {
    let mut stage = Stage::new(80, 24);
    stage.enter("/msg maya hi there");
    stage.shows(" @maya");
    let Some((_, Command::Say { room: to, .. })) = stage.sent() else { panic!("it is said") };
    assert_eq!(to, room("@maya"));
    stage.shows("hi there");
}
