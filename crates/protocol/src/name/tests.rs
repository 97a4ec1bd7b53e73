use proptest::prelude::*;

use super::*;

#[test]
fn a_name_is_mentioned_as_a_word_in_any_case() {
    let name = UserName::parse("Ana").unwrap();
    for text in ["ana", "hi ANA!", "@ana: look", "(ana)", "banana, ana's", "ana\nbob"] {
        assert!(name.is_mentioned_in(text), "{text}");
    }
    for text in ["", "banana", "anatomy", "ana_b", "maria-ana", "an a"] {
        assert!(!name.is_mentioned_in(text), "{text}");
    }
    // A sigma at the end, which is another small letter there.
    let name = UserName::parse("SAΣ").unwrap();
    for text in ["hi SAΣ, there", "saσ", "SAΣ"] {
        assert!(name.is_mentioned_in(text), "{text}");
    }
}

#[test]
fn names_compare_folded_and_show_as_written() {
    let ana = UserName::parse("Ana").unwrap();
    assert_eq!(ana, UserName::parse("aNA").unwrap());
    assert_eq!(ana.to_string(), "Ana");
    assert_eq!(UserName::parse("ŠÁRKA").unwrap(), UserName::parse("šárka").unwrap());
    assert_eq!(UserName::parse("ｂｏｂ").unwrap().as_str(), "bob");
}

#[test]
fn irc_punctuation_is_fine_and_sigils_are_not() {
    assert!(UserName::parse("[a]{b}|^\\_").is_ok());
    for sigil in FORBIDDEN {
        assert!(UserName::parse(&format!("a{sigil}b")).is_err(), "{sigil}");
    }
    for leading in ["7of9", "-dash", "٣x"] {
        assert!(UserName::parse(leading).is_err(), "{leading}");
    }
    assert!(RoomName::parse("2026").is_ok());
    assert_eq!(RoomName::parse("#ops").unwrap().as_str(), "ops");
}

#[test]
fn errors_name_the_thing_the_value_and_the_place() {
    let space = RoomName::parse("a b").unwrap_err();
    assert_eq!(space.to_string(), "room name \"a b\" has a space (position 2)");
    let escape = UserName::parse("a\x1b[31m").unwrap_err();
    assert_eq!(
        escape.to_string(),
        "user name \"a\\u{1b}[31m\" has the character U+001B (position 2)"
    );
    let long = UserName::parse(&"x".repeat(1_000_000)).unwrap_err();
    assert_eq!(long.to_string(), "user name is too long (1000000 bytes, the limit is 32)");
    assert!(UserName::parse("NickServ").is_err());
}

#[test]
fn invisible_and_reordering_characters_are_refused() {
    for name in
        ["a\u{200b}b", "a\u{202e}b", "a\u{feff}", "a\u{ad}b", "a\u{a0}b", "a\u{2066}b", "\u{200d}a"]
    {
        assert!(UserName::parse(name).is_err(), "{name:?}");
        assert!(RoomName::parse(name).is_err(), "{name:?}");
    }
}

#[test]
fn look_alikes_share_a_skeleton() {
    let latin = UserName::parse("paypal").unwrap();
    let cyrillic = UserName::parse("раураl").unwrap();
    assert_ne!(latin, cyrillic);
    assert_eq!(latin.skeleton(), cyrillic.skeleton());
}

#[test]
fn an_address_is_a_room_or_a_user() {
    assert_eq!(RoomAddress::parse("@maya").unwrap().to_string(), "@maya");
    assert_eq!(RoomAddress::parse("ops").unwrap().to_string(), "ops");
    assert!(RoomAddress::parse("@").is_err());
}
proptest! {
    #[test]
    fn a_name_that_was_taken_is_taken_again_as_it_is_shown(text in "\\PC{1,8}|[\\p{L}\\p{M}\\p{N}]{1,8}") {
        if let Ok(name) = UserName::parse(&text) {
            prop_assert_eq!(UserName::parse(name.as_str()).map(|again| again.to_string()), Ok(name.to_string()));
        }
        if let Ok(name) = RoomName::parse(&text) {
            prop_assert_eq!(RoomName::parse(name.as_str()).map(|again| again.to_string()), Ok(name.to_string()));
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in any::<String>()) {
        drop(UserName::parse(&text));
        drop(RoomAddress::parse(&text));
    }
}
