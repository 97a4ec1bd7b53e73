//! What is known of users and rooms, asked for and told.

use std::collections::BTreeMap;

use chat_protocol::{MetadataKey, MetadataValue, RoomAddress};

use super::*;

fn key(text: &str) -> MetadataKey {
    MetadataKey::parse(text).unwrap()
}

fn value(text: &str) -> Option<MetadataValue> {
    MetadataValue::parse(text).ok()
}

fn answered(session: &mut IrcFrontend, of: &str, values: &[(&str, &str)]) -> String {
    let id = Some(session.asked.last_id());
    let values: BTreeMap<MetadataKey, MetadataValue> =
        values.iter().map(|(name, is)| (key(name), value(is).unwrap())).collect();
    told(session, &Event::Metadata { id, of: RoomAddress::parse(of).unwrap(), values })
}

#[test]
fn keys_are_answered_in_order_and_oneself_is_a_star() {
    let mut session = capable("batch draft/metadata-3");
    let (asked, _) = feed(&mut session, "METADATA * GET url a:b color\r\n");
    assert_eq!(asked, [r#"{"keys":["url","color"],"of":"@ana","type":"get_metadata"}"#]);
    assert_eq!(
        answered(&mut session, "@ana", &[("color", "red")]),
        ":chat.example BATCH +1 metadata ana\r\n\
         @batch=1 :chat.example 766 ana ana url :That is not known\r\n\
         @batch=1 :chat.example FAIL METADATA KEY_INVALID a:b :That is no key\r\n\
         @batch=1 :chat.example 761 ana ana color * :red\r\n\
         :chat.example BATCH -1\r\n"
    );
    let (asked, answer) = feed(&mut session, "METADATA #a GET a:b\r\n");
    assert!(asked.is_empty() && answer.contains(" KEY_INVALID a:b :"), "none is not all: {answer}");
}

#[test]
fn what_one_says_is_answered_once_and_what_others_say_is_told_as_the_draft_has_it() {
    let changed = |is| Event::MetadataChanged {
        of: RoomAddress::parse("a").unwrap(),
        key: key("url"),
        value: is,
    };
    let mut session = capable("batch draft/metadata-3");
    let (asked, _) = feed(&mut session, "METADATA #a SET url :x y\r\n");
    assert_eq!(asked, [r#"{"key":"url","of":"a","type":"set_metadata","value":"x y"}"#]);
    assert_eq!(told(&mut session, &changed(value("x y"))), "");
    let id = Some(session.asked.last_id());
    let line = ":chat.example 761 ana #a url * :x y\r\n";
    assert_eq!(told(&mut session, &Event::Done { id }), line);
    assert_eq!(told(&mut session, &changed(value("x y"))), line);
    let gone = ":chat.example 766 ana #a url :That is not known\r\n";
    assert_eq!(told(&mut session, &changed(None)), gone);
    let mut older = capable("batch draft/metadata-2");
    let line = ":chat.example METADATA #a url * :x y\r\n";
    assert_eq!(told(&mut older, &changed(value("x y"))), line);
    assert_eq!(told(&mut older, &changed(None)), ":chat.example METADATA #a url *\r\n");
    assert_eq!(told(&mut capable("batch"), &changed(None)), "");
}

#[test]
fn what_cannot_be_known_says_why() {
    let mut session = capable("batch draft/metadata-3");
    let long = format!("METADATA * SET url :{}", "x".repeat(301));
    for (line, expected) in [
        ("METADATA a!b LIST", "INVALID_TARGET a!b :"),
        ("METADATA * SET a:b :x", "KEY_INVALID a:b :"),
        (long.as_str(), "INVALID_VALUE url :"),
        ("METADATA * SUB a:b", "KEY_INVALID a:b :"),
        ("METADATA * SHOUT", "SUBCOMMAND_INVALID SHOUT :"),
    ] {
        let (asked, answer) = feed(&mut session, &format!("{line}\r\n"));
        assert!(asked.is_empty(), "{asked:?}");
        let expected = format!(":chat.example FAIL METADATA {expected}");
        assert!(answer.starts_with(&expected), "{answer}");
    }
    let bob = UserName::parse("bob").unwrap();
    for (line, refusal, expected) in [
        (
            "METADATA bob SET url :x",
            Refusal::NotYourself { name: bob.clone() },
            "KEY_NO_PERMISSION bob url :",
        ),
        (
            "METADATA bob CLEAR",
            Refusal::NotYourself { name: bob.clone() },
            "KEY_NO_PERMISSION bob * :",
        ),
        ("METADATA bob LIST", Refusal::NoSuchUser { name: bob }, "INVALID_TARGET bob :"),
        (
            "METADATA * SUB url color",
            Refusal::TooMany { what: "keys".to_owned(), limit: 50 },
            "TOO_MANY_SUBS url :",
        ),
    ] {
        feed(&mut session, &format!("{line}\r\n"));
        let id = Some(session.asked.last_id());
        let answer = told(&mut session, &Event::refused(id, refusal));
        let expected = format!(":chat.example FAIL METADATA {expected}");
        assert!(answer.starts_with(&expected), "{answer}");
    }
}

#[test]
fn keys_of_which_one_is_told_are_listed() {
    let mut session = capable("batch draft/metadata-3");
    for (line, expected) in [
        ("SUB url color", ":chat.example 770 ana url\r\n:chat.example 770 ana color\r\n"),
        ("UNSUB color", ":chat.example 771 ana color\r\n"),
        (
            "SUBS",
            ":chat.example BATCH +1 metadata-subs\r\n\
             @batch=1 :chat.example 772 ana url\r\n\
             @batch=1 :chat.example 772 ana color\r\n\
             :chat.example BATCH -1\r\n",
        ),
    ] {
        feed(&mut session, &format!("METADATA * {line}\r\n"));
        let id = Some(session.asked.last_id());
        let keys = vec![key("url"), key("color")];
        assert_eq!(told(&mut session, &Event::MetadataKeys { id, keys }), expected);
    }
}
