use proptest::prelude::*;

use super::*;

/// Tags, source, command, parameters.
type Read<'a> = (Vec<(&'a str, &'a str)>, Option<&'a str>, &'a str, Vec<&'a str>);

#[track_caller]
fn check(line: &str, (tags, source, command, parameters): Read<'_>) {
    let message = Message::parse(line).unwrap();
    let found: Vec<(&str, String)> =
        message.tags().map(|(name, value)| (name, value.into_owned())).collect();
    let expected: Vec<(&str, String)> =
        tags.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    assert_eq!(found, expected, "{line}");
    assert_eq!(message.source, source, "{line}");
    assert_eq!(message.command, command, "{line}");
    assert_eq!(message.parameters, parameters, "{line}");
}

#[test]
fn lines_are_split_as_every_server_splits_them() {
    check("PING", (vec![], None, "PING", vec![]));
    check("NICK ana", (vec![], None, "NICK", vec!["ana"]));
    check("privmsg #ops :it works", (vec![], None, "privmsg", vec!["#ops", "it works"]));
    check("PRIVMSG #ops ::)", (vec![], None, "PRIVMSG", vec!["#ops", ":)"]));
    check("TOPIC #ops :", (vec![], None, "TOPIC", vec!["#ops", ""]));
    check("TOPIC #ops : two  blanks ", (vec![], None, "TOPIC", vec!["#ops", " two  blanks "]));
    check("JOIN #a,#b   key1,key2  ", (vec![], None, "JOIN", vec!["#a,#b", "key1,key2"]));
    check("   WHO   #ops", (vec![], None, "WHO", vec!["#ops"]));
    check("MODE #ops +k a:b", (vec![], None, "MODE", vec!["#ops", "+k", "a:b"]));
    check(":ana!a@host PART #ops", (vec![], Some("ana!a@host"), "PART", vec!["#ops"]));
    check(":server 001 ana :Welcome", (vec![], Some("server"), "001", vec!["ana", "Welcome"]));
    check("USER a 0 * :Ana \u{e9}", (vec![], None, "USER", vec!["a", "0", "*", "Ana \u{e9}"]));
}

#[test]
fn tags_are_read_with_their_escapes() {
    check("@a=b PING x", (vec![("a", "b")], None, "PING", vec!["x"]));
    check(
        "@a;b=;c=1;;+d/e=x :s PING",
        (vec![("a", ""), ("b", ""), ("c", "1"), ("+d/e", "x")], Some("s"), "PING", vec![]),
    );
    check(r"@a=\:\s\\\r\n\x\ PING", (vec![("a", "; \\\r\nx")], None, "PING", vec![]));
    check("@a=1;a=2 PING", (vec![("a", "1"), ("a", "2")], None, "PING", vec![]));
    let message = Message::parse("@a=1;a=2;b=x=y PING").unwrap();
    assert_eq!(message.tag("a").unwrap(), "2", "the later one");
    assert_eq!(message.tag("b").unwrap(), "x=y");
    assert_eq!(message.tag("c"), None);
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
        ("#ops hi", MessageError::Command),
        ("PING\u{e9}", MessageError::Command),
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
        let read: Vec<(String, String)> =
            message.tags().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
        prop_assert_eq!(read, tags);
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
