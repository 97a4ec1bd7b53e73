//! What people type: commands, searches, names, texts.

use chat_protocol::limits::{MESSAGE_TEXT_BYTES_MAX, ROOM_NAME_BYTES_MAX, USER_NAME_BYTES_MAX};
use chat_protocol::search::Query;
use chat_protocol::slash::{self as words, Action};
use chat_protocol::text::is_dangerous;
use chat_protocol::{
    LineText, MessageText, MetadataKey, MetadataValue, Moment, RoomAddress, RoomName, UserName,
    base64,
};

use crate::told;

/// What is typed behind the prefix of a command.
pub fn slash(data: &[u8]) {
    let Ok(typed) = std::str::from_utf8(data) else { return };
    let lobby = RoomAddress::parse("lobby").ok();
    for here in [lobby.as_ref(), None] {
        match words::parse(typed, here) {
            Ok(Action::Command(command)) => told::is_harmless(&command),
            Ok(Action::Help(_)) => {}
            Err(error) => is_one_line(&error.to_string()),
        }
    }
    let _is_secret = words::has_secret(typed);
}

/// What is searched for. Each term that is found is one by itself.
pub fn search(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Query::parse(text) {
        Ok(query) => {
            assert!(!query.with.is_empty());
            for term in query.with.iter().chain(&query.without) {
                assert!(term.words.chars().any(char::is_alphanumeric), "{term:?}");
                assert!(term.words.len() <= text.len());
            }
        }
        Err(error) => drop(error.to_string()),
    }
}

/// Names and texts, which are read again as they are shown.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(name) = UserName::parse(text) {
        assert!(name.as_str().len() <= USER_NAME_BYTES_MAX);
        is_word(name.as_str());
        assert_eq!(UserName::parse(name.as_str()).as_ref(), Ok(&name));
        assert_eq!(UserName::parse(name.as_str()).unwrap().as_str(), name.as_str());
        // What is folded is for comparing alone: of some scripts it is no name.
        if let Ok(folded) = UserName::parse(name.folded()) {
            assert_eq!(folded, name, "folded once is folded");
        }
        assert!(!name.skeleton().is_empty());
        assert!(name.is_mentioned_in(&format!("hi {name}, there")), "{name}");
    }
    if let Ok(name) = RoomName::parse(text) {
        assert!(name.as_str().len() <= ROOM_NAME_BYTES_MAX);
        is_word(name.as_str());
        assert_eq!(RoomName::parse(name.as_str()).unwrap().as_str(), name.as_str());
        if let Ok(folded) = RoomName::parse(name.folded()) {
            assert_eq!(folded, name, "folded once is folded");
        }
    }
    if let Ok(address) = RoomAddress::parse(text) {
        assert_eq!(RoomAddress::parse(&address.to_string()), Ok(address));
    }
    if let Ok(said) = MessageText::parse(text) {
        assert!(said.as_str().len() <= MESSAGE_TEXT_BYTES_MAX);
        assert_eq!(MessageText::parse(said.as_str()).unwrap().as_str(), said.as_str());
        for line in said.plain_lines() {
            let refused = line.chars().find(|c| is_dangerous(*c) && *c != '\t');
            assert_eq!(refused, None, "{line:?}");
        }
    }
    if let Ok(line) = LineText::parse(text) {
        is_one_line(line.as_str());
        assert_eq!(LineText::parse(line.as_str()).unwrap().as_str(), line.as_str());
    }
    if let Ok(key) = MetadataKey::parse(text) {
        assert_eq!(MetadataKey::parse(key.as_str()).unwrap().as_str(), key.as_str());
    }
    if let Ok(value) = MetadataValue::parse(text) {
        is_one_line(value.as_str());
    }
    let _moment = Moment::parse_age(text);
    assert_eq!(base64::decode(&base64::encode(data)).as_deref(), Some(data));
    if let Some(bytes) = base64::decode(text) {
        assert!(bytes.len() <= text.len());
    }
}

fn is_word(name: &str) {
    assert!(!name.is_empty());
    let refused = name.chars().find(|c| is_dangerous(*c) || matches!(c, ' ' | ',' | ':'));
    assert_eq!(refused, None, "{name:?}");
}

fn is_one_line(text: &str) {
    assert_eq!(text.chars().find(|c| is_dangerous(*c)), None, "{text:?}");
}
