use super::*;
use crate::command::HistoryRange;
use crate::{Moment, ReactionText, SearchCursor, Sequence, Signal};

fn lobby() -> RoomAddress {
    RoomAddress::parse("lobby").unwrap()
}

fn check(typed: &str, expected: &Command) {
    match parse(typed, Some(&lobby())) {
        Ok(Action::Command(command)) => assert_eq!(&command, expected, "{typed}"),
        other => panic!("{typed}: {other:?}"),
    }
}

#[test]
fn words_become_commands() {
    let text = |text| MessageText::parse(text).unwrap();
    let room = |room| RoomAddress::parse(room).unwrap();
    check("join ops", &Command::Join { room: room("ops"), key: None });
    check("JOIN  #ops ", &Command::Join { room: room("ops"), key: None });
    let key = Some(RoomSecret::new(LineText::parse("open sesame").unwrap()));
    check("join ops open sesame", &Command::Join { room: room("ops"), key });
    check("leave", &Command::Leave { room: lobby(), reason: None });
    check("who", &Command::Users);
    check("users ops", &Command::Members { room: room("ops") });
    check("look", &Command::Members { room: lobby() });
    check("away", &Command::Away { text: None });
    check("topic -", &Command::SetTopic { room: lobby(), topic: LineText::parse("").unwrap() });
    let say = |room, words, kind| Command::say(room, text(words), kind, None);
    check("msg maya two  words", &say(room("@maya"), "two  words", SayKind::Text));
    check("me waves", &say(lobby(), "waves", SayKind::Action));
}

#[test]
fn an_answer_and_a_reaction_name_their_message() {
    let text = MessageText::parse("5 minutes,\nor six").unwrap();
    let (kind, reply_to) = (SayKind::Text, Some(Sequence(41)));
    check(
        "reply #41 5 minutes,\nor six",
        &Command::Say { room: lobby(), text, kind, key: None, reply_to },
    );
    for (word, undo) in [("react", false), ("unreact", true)] {
        let signal = Signal::React { seq: Sequence(41), text: thumb(), undo };
        let command = Command::Signal { room: lobby(), signal, key: None };
        check(&format!("{word}  #41 👍"), &command);
    }
    let said = |typed| parse(typed, Some(&lobby())).unwrap_err().to_string();
    assert_eq!(
        said("reply 5 minutes"),
        "A message is named by its number, #41. Usage: /reply #N TEXT"
    );
    assert_eq!(said("react #41"), "There is no text. Usage: /react #N EMOJI");
    assert!(said(&format!("react #1 {}", "x".repeat(65))).contains("65"), "too long");
}

fn thumb() -> ReactionText {
    ReactionText::parse("👍").unwrap()
}

#[test]
fn a_wrong_word_gets_a_suggestion_and_wrong_arguments_the_usage() {
    let said = |typed| parse(typed, None).unwrap_err().to_string();
    assert_eq!(said("jion ops"), "Unknown command: jion. Did you mean /join?");
    assert_eq!(said("xyzzy"), "Unknown command: xyzzy.");
    assert_eq!(said("look"), "You are in no room. /join ROOM");
    assert_eq!(
        said("leave a b"),
        "Room name \"a b\" has a space (position 2). Usage: /leave [ROOM]"
    );
    assert_eq!(said("msg maya"), "There is no text. Usage: /msg NAME TEXT");
    assert_eq!(
        parse("history 1000", Some(&lobby())).unwrap_err().to_string(),
        "N is a number from 1 to 100. Usage: /history [N] [WHERE]"
    );
}

#[test]
fn what_changes_a_room_has_a_name_a_time_and_a_reason() {
    let (room, user) = (lobby(), UserName::parse("bob").unwrap());
    let spam = || LineText::parse("spam and eggs").ok();
    let (hour, all) = (Some(3_600_000), None);
    let ban = |for_ms, reason| Command::Ban {
        room: lobby(),
        user: UserName::parse("bob").unwrap(),
        for_ms,
        reason,
    };
    check("ban bob", &ban(all, None));
    check("ban @bob 1h", &ban(hour, None));
    check("ban bob  60m spam and eggs", &ban(hour, spam()));
    check("ban bob spam and eggs", &ban(all, spam()));
    check(
        "kick bob spam and eggs",
        &Command::Kick { room: room.clone(), user: user.clone(), reason: spam() },
    );
    let role = Role::Operator;
    check("op bob", &Command::GiveRole { room: room.clone(), user: user.clone(), role });
    check("deop bob", &Command::TakeRole { room: room.clone(), user, role });
    check("set", &Command::GetSettings { room });
    let said = |typed| parse(typed, Some(&lobby())).unwrap_err().to_string();
    assert_eq!(said("op"), "User name is empty. Usage: /op NAME");
    assert_eq!(said("op bob now"), "There is one name, and nothing behind it. Usage: /op NAME");
    assert_eq!(said("set slow 3"), "Slow is a time (30s, 2m) or off. Usage: /set [WHAT VALUE]");
}

#[test]
fn history_is_paged_by_sequence_and_by_age() {
    let history = |limit, range| Command::History { room: lobby(), range, limit };
    let range = HistoryRange::default();
    let at = |seq| Some(Sequence(seq));
    let hour = Some(Moment::Ago { ms: 3_600_000 });
    check("history", &history(20, range));
    check("history 5", &history(5, range));
    check("history before 41", &history(20, HistoryRange { before: at(41), ..range }));
    check("history 5 after #41", &history(5, HistoryRange { after: at(41), ..range }));
    check("history AROUND 41", &history(20, HistoryRange { around: at(41), ..range }));
    check("history 100 since 1h", &history(100, HistoryRange { after_ms: hour, ..range }));
    check("history before 60m", &history(20, HistoryRange { before_ms: hour, ..range }));
    check("history around 1h", &history(20, HistoryRange { around_ms: hour, ..range }));
    let said = |typed| parse(typed, Some(&lobby())).unwrap_err().to_string();
    let usage = "Usage: /history [N] [WHERE]";
    for typed in ["history 5 6", "history upon 41", "history before", "history before 1 2"] {
        assert_eq!(
            said(typed),
            format!("WHERE is before, after, around or since, and 41 or 2h. {usage}")
        );
    }
    assert_eq!(
        said("history since yesterday"),
        format!("Neither a number (41) nor an age (90m, 2h, 3d): yesterday. {usage}")
    );
}

#[test]
fn a_search_has_words_and_options() {
    let search = |text| Command::Search {
        whole: false,
        room: None,
        text: LineText::parse(text).unwrap(),
        from: None,
        after_ms: None,
        before_ms: None,
        before: None,
        limit: 20,
    };
    check("search deploy failed", &search("deploy failed"));
    check("find \"in:a  from:b\" -since", &search("\"in:a  from:b\" -since"));
    let Command::Search { text, limit, .. } = search("deploy \"a  b\"") else { unreachable!() };
    check(
        "search in:ops deploy FROM:maya since:1h before:77 \"a  b\"",
        &Command::Search {
            whole: false,
            room: RoomAddress::parse("ops").ok(),
            text,
            from: UserName::parse("maya").ok(),
            after_ms: Some(Moment::Ago { ms: 3_600_000 }),
            before_ms: None,
            before: Some(SearchCursor(77)),
            limit,
        },
    );
    let said = |typed| parse(typed, None).unwrap_err().to_string();
    assert_eq!(said("search"), "There is nothing to search for. Usage: /search WORDS");
    assert_eq!(said("search in:ops"), "There is nothing to search for. Usage: /search WORDS");
    assert_eq!(
        said("search since:now x"),
        "Since: takes an age (90m, 2h, 3d), not now. Usage: /search WORDS"
    );
    assert_eq!(
        said("search x since:8h\u{1b}[2J"),
        "Since: takes an age (90m, 2h, 3d), not 8h\\u{1b}[2J. Usage: /search WORDS"
    );
    assert_eq!(said("search \"x"), "The quote at position 1 is not closed. Usage: /search WORDS");
}

#[test]
fn the_readme_shows_the_table() {
    let readme = include_str!("../../../../README.md");
    let help: Vec<String> = help_lines("/").collect();
    assert!(readme.contains(&format!("```text\n{}\n```", help.join("\n"))), "README.md");
}

#[test]
fn no_two_rows_share_a_word_and_help_shows_them_all() {
    let mut names: Vec<&str> = WORDS
        .iter()
        .flat_map(|word| std::iter::once(&word.name).chain(word.aliases))
        .copied()
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let help: Vec<String> = help_lines("/").collect();
    assert_eq!(help.len(), WORDS.len());
    assert_eq!(
        help[2],
        "/join ROOM [KEY]     enter a room, and speak there from now on; @NAME talks to one user"
    );
}

#[test]
fn words_about_accounts_become_commands() {
    let name = |text| UserName::parse(text).unwrap();
    let password = |text| Password::parse(text).unwrap();
    check("register correct-horse", &Command::Register { password: password("correct-horse") });
    let login = Command::Login {
        name: name("ana"),
        password: password("correct-horse"),
        keeps_name: false,
    };
    check("login ana correct-horse", &login);
    check("login @ana  correct-horse", &login);
    let (old, new) = (password("correct-horse"), password("battery-staple"));
    check("password correct-horse battery-staple", &Command::ChangePassword { old, new });
    let token = |text| crate::TokenName::parse(text).unwrap();
    let ops = || crate::RoomName::parse("ops").unwrap();
    let make = |rooms, read_only| Command::MakeToken { name: token("ci"), rooms, read_only };
    check("token", &Command::Tokens);
    check("token ci", &make(vec![], false));
    check("token ci ro", &make(vec![], true));
    check("token ci rw ops", &make(vec![ops()], false));
    check("token ci ops", &make(vec![ops()], false));
    check("token revoke ci", &Command::RevokeToken { name: token("ci") });
    let hex = "ab".repeat(32);
    let fingerprint = crate::Fingerprint([0xab; 32]);
    check("cert", &Command::Certificates);
    check("certs list", &Command::Certificates);
    check("cert ADD", &Command::AddCertificate { fingerprint: None });
    check(&format!("cert add {hex}"), &Command::AddCertificate { fingerprint: Some(fingerprint) });
    for word in ["remove", "del"] {
        check(&format!("cert {word} {hex}"), &Command::RemoveCertificate { fingerprint });
    }
    for wrong in ["remove", "add 1234", "list x", "add x y", "show"] {
        assert!(parse(&format!("cert {wrong}"), None).is_err(), "{wrong}");
    }
    assert!(parse(&format!("cert list {hex}"), None).is_err());
    check("ignore", &Command::Shunned);
    check("ignore @bob", &Command::Ignore { user: name("bob") });
    let reason = |text| LineText::parse(text).unwrap();
    let suspend = |for_s, why| Command::Suspend { user: name("bob"), for_s, reason: reason(why) };
    check("suspend bob", &suspend(None, ""));
    check("suspend bob 2h", &suspend(Some(7_200), ""));
    check("suspend bob 2h too loud", &suspend(Some(7_200), "too loud"));
    check("suspend bob too loud", &suspend(None, "too loud"));
}

#[test]
fn a_wrong_password_is_not_repeated() {
    for typed in [
        "register hunter2 hunter2",
        "login a!na hunter2",
        "password hunter2",
        "login ana hunter2 hunter2",
    ] {
        let said = parse(typed, None).unwrap_err().to_string();
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_may_hold_a_password_is_known() {
    for typed in
        ["login ana hunter2", "REGISTER x", "password a b", "regsiter x", "resetpassword a b"]
    {
        assert!(has_secret(typed), "{typed}");
    }
    for typed in ["join ops", "quit", "", "me login"] {
        assert!(!has_secret(typed), "{typed}");
    }
}
