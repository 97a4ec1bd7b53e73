use proptest::prelude::*;

use super::*;

/// Source, command, parameters.
type Read<'a> = (Option<&'a str>, &'a str, Vec<&'a str>);

#[track_caller]
fn check(line: &str, (source, command, parameters): Read<'_>) {
    let message = Message::parse(line).unwrap();
    assert_eq!(message.source, source, "{line}");
    assert_eq!(message.command, command, "{line}");
    assert_eq!(message.parameters, parameters, "{line}");
}

#[test]
fn lines_are_split_as_every_server_splits_them() {
    check("PING", (None, "PING", vec![]));
    check("NICK ana", (None, "NICK", vec!["ana"]));
    check("privmsg #ops :it works", (None, "privmsg", vec!["#ops", "it works"]));
    check("PRIVMSG #ops ::)", (None, "PRIVMSG", vec!["#ops", ":)"]));
    check("TOPIC #ops :", (None, "TOPIC", vec!["#ops", ""]));
    check("TOPIC #ops : two  blanks ", (None, "TOPIC", vec!["#ops", " two  blanks "]));
    check("JOIN #a,#b   key1,key2  ", (None, "JOIN", vec!["#a,#b", "key1,key2"]));
    check("   WHO   #ops", (None, "WHO", vec!["#ops"]));
    check("MODE #ops +k a:b", (None, "MODE", vec!["#ops", "+k", "a:b"]));
    check(":ana!a@host PART #ops", (Some("ana!a@host"), "PART", vec!["#ops"]));
    check(":server 001 ana :Welcome", (Some("server"), "001", vec!["ana", "Welcome"]));
    check("USER a 0 * :Ana \u{e9}", (None, "USER", vec!["a", "0", "*", "Ana \u{e9}"]));
}

#[test]
fn tags_stand_before_the_rest() {
    check("@a=b;c PING x", (None, "PING", vec!["x"]));
    check("@a=\\s :ana  PING", (Some("ana"), "PING", vec![]));
    check("@ PING", (None, "PING", vec![]));
}

#[track_caller]
fn check_tags(tags: &str, expected: &[(&str, &str)]) {
    let line = format!("@{tags} PING");
    let message = Message::parse(&line).unwrap();
    let read: Vec<(&str, String)> =
        message.tags.iter().map(|(name, value)| (name, value.into_owned())).collect();
    let read: Vec<(&str, &str)> =
        read.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(read, expected, "{tags}");
}

#[test]
fn tags_are_read_as_they_are_meant() {
    check_tags("label=7", &[("label", "7")]);
    check_tags("a;b=;c=d", &[("a", ""), ("b", ""), ("c", "d")]);
    check_tags(";a=1;;", &[("a", "1")]);
    check_tags("=;a=1;=x", &[("a", "1")]);
    check_tags("x=one\\stwo\\:three\\\\", &[("x", "one two;three\\")]);
    check_tags("x=\\r\\n", &[("x", "\r\n")]);
    check_tags("x=\\b\\\\s\\", &[("x", "b\\s")]);
    check_tags("x==y=;z", &[("x", "=y="), ("z", "")]);
    check_tags(
        "+draft/reply=abc;vendor.example/k=\u{e9}",
        &[("+draft/reply", "abc"), ("vendor.example/k", "\u{e9}")],
    );
    let line = "@a=1;+typing=active;a=2 TAGMSG #ops";
    let message = Message::parse(line).unwrap();
    assert_eq!(message.tags.get("a").as_deref(), Some("2"), "the last one counts");
    assert_eq!(message.tags.get("b"), None);
}

#[test]
fn the_fifteenth_parameter_takes_the_rest() {
    let line = "X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 :17";
    let message = Message::parse(line).unwrap();
    assert_eq!(message.parameters.len(), PARAMETERS_MAX);
    assert_eq!(message.parameters.last(), Some(&"15 16 :17"));
}

#[test]
fn what_is_no_message_is_said() {
    for (line, error) in [
        ("", MessageError::NoCommand),
        ("   ", MessageError::NoCommand),
        (":ana", MessageError::NoCommand),
        ("@a=b", MessageError::NoCommand),
        ("@a=b ", MessageError::NoCommand),
        ("PING a\rQUIT", MessageError::Control),
        ("PING a\nQUIT", MessageError::Control),
        ("PING a\0", MessageError::Control),
    ] {
        assert_eq!(Message::parse(line), Err(error), "{line:?}");
    }
    let long = |count| format!("PING {}", "x".repeat(count - 5));
    assert!(Message::parse(&long(LINE_BYTES_MAX - 2)).is_ok());
    assert_eq!(Message::parse(&long(LINE_BYTES_MAX - 1)), Err(MessageError::TooLong));
    let tagged = |count| format!("@{} PING", "x".repeat(count - 2));
    assert!(Message::parse(&tagged(CLIENT_TAGS_BYTES_MAX)).is_ok());
    let error = Message::parse(&tagged(CLIENT_TAGS_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(error, MessageError::TagsTooLong);
}

#[test]
fn what_is_longer_than_a_line_is_cut_between_characters_and_tags_do_not_count() {
    let written = |word: &str, text: &str| {
        let mut out = BytesMut::from("before\r\n");
        let line = Line::new(&mut out).tag("label", &"t".repeat(900)).command("FAIL").word(word);
        line.text(text);
        let written = String::from_utf8(out.to_vec()).expect("whole characters");
        let line = written.strip_prefix("before\r\n").unwrap().strip_suffix("\r\n").unwrap();
        line.split_once(' ').unwrap().1.to_owned()
    };
    assert_eq!(written("x", "short"), "FAIL x :short");
    let fits = "t".repeat(LINE_BYTES_MAX - 2 - "FAIL x :".len());
    assert_eq!(written("x", &fits), format!("FAIL x :{fits}"));
    assert_eq!(written("x", &format!("{fits}t")), format!("FAIL x :{fits}"));
    let wide = written("x", &"\u{20ac}".repeat(400));
    assert_eq!(wide.len(), "FAIL x :".len() + 3 * 167); // of 502 bytes, whole characters
    assert!(written(&"\u{fffd}".repeat(300), "why").len() <= LINE_BYTES_MAX - 2);
}

/// Words that a server joins to a line, and how it is read again: what needs a colon has one.
#[test]
fn a_line_is_joined_so_that_it_is_split_into_the_same() {
    for (source, command, words, text, expected) in [
        (None, "QUIT", &[][..], None, "QUIT\r\n"),
        (Some("ana"), "AWAY", &[], Some(""), ":ana AWAY :\r\n"),
        (None, "MODE", &["#ops", "+o", "bob"], None, "MODE #ops +o bob\r\n"),
        (Some("ana!a@h"), "PRIVMSG", &["#ops"], Some("one"), ":ana!a@h PRIVMSG #ops :one\r\n"),
        (None, "PRIVMSG", &["bob"], Some(":-) two  blanks "), "PRIVMSG bob ::-) two  blanks \r\n"),
        (Some("irc.example"), "376", &["ana"], Some(" "), ":irc.example 376 ana : \r\n"),
    ] {
        let mut out = BytesMut::new();
        let mut line = Line::new(&mut out);
        if let Some(source) = source {
            line = line.source(source);
        }
        let line = words.iter().fold(line.command(command), |line, word| line.word(word));
        match text {
            Some(text) => line.text(text),
            None => line.end(),
        }
        assert_eq!(out, expected.as_bytes());
        let all: Vec<&str> = words.iter().copied().chain(text).collect();
        check(expected.trim_end_matches(['\r', '\n']), (source, command, all));
    }
}

#[test]
fn odd_lines_are_split_as_every_server_splits_them() {
    // Blanks between, behind and before.
    check("PING   a  b ", (None, "PING", vec!["a", "b"]));
    check("PING :", (None, "PING", vec![""]));
    check("PING  :  ", (None, "PING", vec!["  "]));
    check(":ana   PING", (Some("ana"), "PING", vec![]));
    check("@a=1   :ana   PING   x", (Some("ana"), "PING", vec!["x"]));
    // A colon within a word, and in a source, is none of a text.
    check("PASS ana:pass:word", (None, "PASS", vec!["ana:pass:word"]));
    check(":a:b!c:d@e:f PING", (Some("a:b!c:d@e:f"), "PING", vec![]));
    // A tab and a control character are no blank.
    check("PING a\tb", (None, "PING", vec!["a\tb"]));
    check("PRIVMSG #a :\u{2}x\u{f}y", (None, "PRIVMSG", vec!["#a", "\u{2}x\u{f}y"]));
    check(":ana!~a\u{3}4@h PING", (Some("ana!~a\u{3}4@h"), "PING", vec![]));
    // What is no word still is a command, which nobody has; letters are as they were written.
    check("pInG x", (None, "pInG", vec!["x"]));
    check("\u{e9}t\u{e9} x", (None, "\u{e9}t\u{e9}", vec!["x"]));
    check("004 ana irc.example x-1 Biow", (None, "004", vec!["ana", "irc.example", "x-1", "Biow"]));
    // An @ that does not stand first begins no tags.
    check(" @a=1 PING", (None, "@a=1", vec!["PING"]));
    check("PING @a=1", (None, "PING", vec!["@a=1"]));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        tags in prop::collection::vec(("[a-z+/-]{1,8}", "[^\0]{0,12}"), 0..4),
        source in prop::option::of("[^ \0\r\n]{1,12}"),
        command in "[A-Z]{1,8}|[0-9]{3}",
        words in prop::collection::vec("[^ :\0\r\n][^ \0\r\n]{0,8}", 0..6),
        text in prop::option::of("[^\0\r\n]{0,20}"),
    ) {
        let mut out = BytesMut::new();
        let mut line = Line::new(&mut out);
        for (name, value) in &tags {
            line = line.tag(name, value);
        }
        if let Some(source) = &source {
            line = line.source(source);
        }
        line = line.command(&command);
        for word in &words {
            line = line.word(word);
        }
        match &text {
            Some(text) => line.text(text),
            None => line.end(),
        }
        let written = String::from_utf8(out.to_vec()).unwrap();
        let message = Message::parse(written.strip_suffix("\r\n").unwrap()).unwrap();
        let read: Vec<(&str, String)> =
            message.tags.iter().map(|(name, value)| (name, value.into_owned())).collect();
        let given: Vec<(&str, String)> =
            tags.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        prop_assert_eq!(read, given);
        prop_assert_eq!(message.source, source.as_deref());
        prop_assert_eq!(message.command, &command);
        let expected: Vec<&str> =
            words.iter().map(String::as_str).chain(text.as_deref()).collect();
        prop_assert_eq!(message.parameters, expected);
    }

    #[test]
    fn no_line_makes_it_panic(line in "\\PC{0,600}") {
        drop(Message::parse(&line));
    }
}
