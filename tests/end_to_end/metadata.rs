//! What programs know of users and rooms beside their names.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use chat_protocol::limits::METADATA_KEYS_MAX;
use chat_protocol::{
    Access, Command, Event, Hello, MetadataKey, MetadataValue, Password, Refusal, Role, Setting,
    UserName, frame,
};
use samovar_tests::{NativeClient, Server, Signal, room};

use crate::irc::Irc;

/// Hashes that cost little.
const CHEAP: &str = "[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n";

fn key(text: &str) -> MetadataKey {
    MetadataKey::parse(text).unwrap()
}

fn set(of: &str, name: &str, value: Option<&str>) -> Command {
    let value = value.map(|value| MetadataValue::parse(value).unwrap());
    Command::SetMetadata { of: room(of), key: key(name), value }
}

#[track_caller]
fn done(client: &mut NativeClient, command: Command) {
    let answer = client.ask(command);
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
}

/// What is known.
#[track_caller]
fn known(client: &mut NativeClient, of: &str) -> BTreeMap<String, String> {
    values(client.ask(Command::GetMetadata { of: room(of), keys: vec![] }))
}

#[track_caller]
fn values(answer: Event) -> BTreeMap<String, String> {
    match answer {
        Event::Metadata { values, .. } => {
            values.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn only(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

/// Is told of these keys from now on.
#[track_caller]
fn watch(client: &mut NativeClient, keys: &[&str]) {
    let more = keys.iter().map(|name| key(name)).collect();
    let answer = client.ask(Command::WatchMetadata { more, fewer: vec![] });
    assert!(matches!(&answer, Event::MetadataKeys { keys: all, .. } if all.len() == keys.len()));
}

/// What was told of metadata until this was answered, all else skipped.
#[track_caller]
fn told(client: &mut NativeClient) -> Vec<(String, String, Option<String>)> {
    let id = client.send(Command::Ping);
    let mut told = Vec::new();
    loop {
        match client.event() {
            Event::MetadataChanged { of, key, value } => {
                told.push((of.to_string(), key.to_string(), value.map(|value| value.to_string())));
            }
            Event::Pong { id: Some(answered), .. } if answered == id => return told,
            _ => {}
        }
    }
}

/// What was told of metadata until the writer was heard in these rooms: news of a room are in order.
#[track_caller]
fn heard(
    client: &mut NativeClient,
    writer: &mut NativeClient,
    places: &[&str],
) -> Vec<(String, String, Option<String>)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let last = format!("that was all, {}", NUMBER.fetch_add(1, Ordering::Relaxed));
    for place in places {
        writer.say(place, &last);
    }
    let (mut told, mut left) = (Vec::new(), places.len());
    while left > 0 {
        match client.event() {
            Event::MetadataChanged { of, key, value } => {
                told.push((of.to_string(), key.to_string(), value.map(|value| value.to_string())));
            }
            Event::Message { text, .. } if text.as_str() == last => left -= 1,
            _ => {}
        }
    }
    told
}

fn line(of: &str, key: &str, value: Option<&str>) -> (String, String, Option<String>) {
    (of.to_owned(), key.to_owned(), value.map(str::to_owned))
}

#[test]
fn one_says_it_of_oneself_and_of_nobody_else() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    assert_eq!(known(&mut bob, "@ana"), BTreeMap::new());
    done(&mut ana, set("@ana", "Display-Name", Some("Ana the First 💜")));
    assert_eq!(known(&mut bob, "@ana"), only("display-name", "Ana the First 💜"));
    let refusal = bob.refused(set("@ana", "display-name", Some("not Ana")));
    assert_eq!(refusal, Refusal::NotYourself { name: UserName::parse("ana").unwrap() });
    let refusal = bob.refused(Command::ClearMetadata { of: room("@ana") });
    assert!(matches!(refusal, Refusal::NotYourself { .. }));
    let refusal = bob.refused(Command::GetMetadata { of: room("@nobody2"), keys: vec![] });
    assert!(matches!(refusal, Refusal::NoSuchUser { .. }));
    done(&mut ana, set("@ana", "display-name", None));
    for number in 0..METADATA_KEYS_MAX {
        done(&mut ana, set("@ana", &format!("k{number}"), Some("v")));
    }
    let refusal = ana.refused(set("@ana", "one-more", Some("v")));
    assert!(matches!(refusal, Refusal::TooMany { limit: 20, .. }), "{refusal:?}");
    done(&mut ana, set("@ana", "k0", Some("another")));
    let cleared = values(ana.ask(Command::ClearMetadata { of: room("@ana") }));
    assert_eq!(cleared.len(), METADATA_KEYS_MAX);
    assert_eq!(known(&mut bob, "@ana"), BTreeMap::new());
}

#[test]
fn who_watches_a_key_is_told_of_whom_it_meets() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    let mut eve = server.native("eve");
    watch(&mut bob, &["avatar", "display-name"]);
    done(&mut ana, set("@ana", "display-name", Some("before")));
    assert_eq!(told(&mut bob), [], "they share no room");
    for client in [&mut ana, &mut eve, &mut bob] {
        client.join("ops");
    }
    bob.join("lobby");
    assert_eq!(told(&mut bob), [line("@ana", "display-name", Some("before"))]);
    done(&mut ana, set("@ana", "display-name", Some("behind")));
    done(&mut ana, set("@ana", "homepage", Some("https://ana.example")));
    done(&mut ana, set("@ana", "display-name", None));
    let both = [line("@ana", "display-name", Some("behind")), line("@ana", "display-name", None)];
    assert_eq!(heard(&mut bob, &mut ana, &["ops"]), both);
    assert_eq!(heard(&mut eve, &mut ana, &["ops"]), [], "she watches no key");
    // Who comes in is met too, and who begins to watch is told how it is.
    done(&mut eve, set("@eve", "avatar", Some("x")));
    eve.join("lobby");
    let met = heard(&mut bob, &mut eve, &["ops", "lobby"]);
    assert_eq!(met, [line("@eve", "avatar", Some("x")), line("@eve", "avatar", Some("x"))]);
    assert_eq!(told(&mut ana).len(), 4, "what she set herself");
    watch(&mut ana, &["avatar"]);
    assert_eq!(told(&mut ana), [line("@eve", "avatar", Some("x"))]);
}

#[test]
fn operators_say_it_of_their_room_to_who_may_know_it() {
    let server = Server::start("");
    let mut ana = server.native("ana");
    let mut bob = server.native("bob");
    let mut eve = server.native("eve");
    ana.join("ops");
    bob.join("ops");
    done(&mut ana, set("ops", "display-name", Some("Operations")));
    assert_eq!(known(&mut bob, "ops"), only("display-name", "Operations"));
    let refusal = bob.refused(set("ops", "display-name", Some("mine")));
    assert_eq!(refusal, Refusal::NotAllowed { room: room("ops"), needs: Role::Operator });
    assert_eq!(eve.refused(set("ops", "x", None)), Refusal::NotInRoom { room: room("ops") });
    assert_eq!(heard(&mut bob, &mut ana, &["ops"]), [], "he watches no key yet");
    watch(&mut bob, &["display-name"]);
    assert_eq!(told(&mut bob), [line("ops", "display-name", Some("Operations"))]);
    done(&mut ana, set("ops", "display-name", Some("Ops")));
    assert_eq!(heard(&mut bob, &mut ana, &["ops"]), [line("ops", "display-name", Some("Ops"))]);
    let closed = Setting::Access { access: Access::Invite, key: None };
    let answer = ana.ask(Command::Set { room: room("ops"), set: closed });
    assert!(matches!(answer, Event::Stored { .. }), "{answer:?}");
    let refusal = eve.refused(Command::GetMetadata { of: room("ops"), keys: vec![] });
    assert_eq!(refusal, Refusal::NoSuchRoom { room: room("ops") });
    let server = server.restart(Signal::TERM);
    let mut eve = server.native("eve");
    let refusal = eve.refused(Command::GetMetadata { of: room("ops"), keys: vec![] });
    assert_eq!(refusal, Refusal::NoSuchRoom { room: room("ops") });
}

#[test]
fn an_account_keeps_it_and_is_known_by_it_while_it_is_away() {
    let server = Server::start(CHEAP);
    let mut ana = server.native("ana");
    done(&mut ana, set("@ana", "display-name", Some("Ana")));
    let password = || Password::parse("correct-horse").unwrap();
    let answer = ana.ask(Command::Register { password: password() });
    assert!(matches!(answer, Event::Identified { .. }), "{answer:?}");
    done(&mut ana, set("@ana", "avatar", Some("x")));
    drop(ana);
    let server = server.restart(Signal::KILL);
    let mut bob = server.native("bob");
    let kept = BTreeMap::from(
        [("display-name", "Ana"), ("avatar", "x")].map(|(k, v)| (k.to_owned(), v.to_owned())),
    );
    assert_eq!(known(&mut bob, "@ana"), kept);
    let mut ana = NativeClient::connect(server.address());
    let mut hello = bytes::BytesMut::new();
    let (name, password) = (Some("ana".to_owned()), Some(password()));
    frame::encode_hello(&Hello { v: 1, name, password, ..Hello::default() }, &mut hello);
    ana.raw().send(hello);
    assert!(matches!(ana.event(), Event::Welcome(_)));
    assert_eq!(known(&mut ana, "@ana"), kept);
    let cleared = values(ana.ask(Command::ClearMetadata { of: room("@ana") }));
    assert_eq!(cleared, kept);
    drop(ana);
    let server = server.restart(Signal::TERM);
    assert_eq!(known(&mut server.native("bob"), "@ana"), BTreeMap::new());
}

#[test]
fn whois_says_what_is_known_of_somebody() {
    let server = Server::start(CHEAP);
    let mut ana = server.native("ana");
    done(&mut ana, set("@ana", "display-name", Some("Ana")));
    let Event::UserIs { metadata, .. } =
        ana.ask(Command::Whois { user: UserName::parse("ana").unwrap() })
    else {
        panic!("not who it is");
    };
    assert_eq!(metadata.into_values().next().unwrap().as_str(), "Ana");
    let mut bob = Irc::greeted(server.address(), "bob");
    bob.send("WHOIS ana");
    let told = bob.until(" 318 bob ana :End of /WHOIS list");
    assert!(told.iter().all(|line| !line.contains(" 760 ")), "it has not asked for it: {told:?}");
    bob.send("CAP REQ draft/metadata-3");
    bob.send("WHOIS ana");
    let told = bob.until(" 318 bob ana :End of /WHOIS list");
    let known = told.iter().find(|line| line.contains(" 760 ")).expect("what is known");
    assert!(known.ends_with(" 760 bob ana display-name * :Ana"), "{known}");
}
