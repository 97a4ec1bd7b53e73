//! What rooms are like and what they remember of users: stored with the event that changed it, or
//! not at all.

use std::collections::HashMap;

use chat_protocol::command::HistoryPart;
use chat_protocol::{Role, RoomChange, RoomSecret, RoomSettings, Setting};

use super::*;
use crate::policy::Secret;

fn bob() -> (Identity, UserName) {
    (Identity(Uuid::from_u128(2)), UserName::parse("Bob").unwrap())
}

/// ana does this, to bob if it is to somebody.
fn change(receipts: &Receipts, change: RoomChange, secret: Option<Secret>) -> Record {
    let target = change.user().map(|_| bob().0);
    let body = Body::Change(Box::new(Change {
        target,
        change,
        passes_all: false,
        secret,
        known_as: None,
    }));
    Record { body, ..said(receipts, "", None) }
}

fn parcel(records: Vec<Record>) -> Parcel {
    Parcel { records, ..Parcel::default() }
}

fn banned() -> RoomChange {
    let reason = LineText::parse("spam").ok();
    RoomChange::Banned { user: bob().1, until_ms: Some(Timestamp(50_000_000)), reason }
}

fn reader(name: &str, identity: u128, now: u64) -> Reader {
    let who = Some((Identity(Uuid::from_u128(identity)), UserName::parse(name).unwrap()));
    Reader { who, is_guest: true, places: HashMap::new(), now: Timestamp(now) }
}

#[tokio::test]
async fn what_follows_from_a_change_is_there_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let receipts = Receipts::default();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    let founder = Some((ana(), UserName::parse("ana").unwrap()));
    let first = Parcel { founder, ..parcel(vec![said(&receipts, "one", None)]) };
    journal.store(room, first).await.unwrap();
    let key = RoomSecret::new(LineText::parse("sesame").unwrap());
    let secret = Secret::of(&RoomName::parse("lobby").unwrap(), &key);
    let set = Setting::parse("key", "sesame").unwrap().without_key();
    let changes = vec![
        change(&receipts, RoomChange::Invited { user: bob().1 }, None),
        change(&receipts, RoomChange::Set { set }, Some(secret)),
    ];
    let admission = Admission { identity: ana(), name: founder_name(), behind: Sequence(0) };
    let closed = Parcel { admissions: vec![admission], ..parcel(changes) };
    let (entries, is_stored) = journal.store(room, closed).await.unwrap();
    assert!(is_stored && entries.iter().all(Option::is_some));
    journal.append(room, vec![change(&receipts, banned(), None)]).await.unwrap();
    journal.stop().await;
    drop(journal);

    let journal = open(directory.path(), noon).unwrap();
    let opened = journal.open_room(lobby()).await.unwrap().unwrap();
    assert_eq!((opened.rules.settings.is_private(), opened.rules.secret), (true, Some(secret)));
    let of = |who: Identity| opened.remembered.iter().find(|known| known.identity == who).unwrap();
    let (ana, bob_there) = (&of(ana()).standing, of(bob().0));
    assert_eq!((ana.role, ana.is_admitted, ana.behind), (Role::Owner, true, Some(Sequence(0))));
    assert_eq!(bob_there.name.as_str(), "Bob");
    assert_eq!(bob_there.standing.cut, Some(Sequence(4)));
    assert!(!bob_there.standing.is_admitted, "another lock");
    let page =
        journal.page(room, Range::Before { after: Sequence(0), before: None }, 1).await.unwrap();
    let Body::Change(stored) = &page.entries[0].body else { panic!("{page:?}") };
    assert_eq!((stored.target, &stored.change), (Some(bob().0), &banned()));
    // It is not in the list of rooms any more.
    assert_eq!(journal.rooms(10).await.unwrap().1, 0);
}

fn founder_name() -> UserName {
    UserName::parse("ana").unwrap()
}

/// A guest has another identity each time; its name is what is known of it, as long as the ban holds.
#[tokio::test]
async fn a_ban_hides_what_is_behind_it_from_the_name_too() {
    let directory = tempfile::tempdir().unwrap();
    let receipts = Receipts::default();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    let batch = vec![
        said(&receipts, "tea one", None),
        change(&receipts, banned(), None),
        said(&receipts, "tea two", None),
    ];
    journal.append(room, batch).await.unwrap();
    let page = async |reader: Reader| {
        let range = Range::After { after: Sequence(0), before: None };
        let page = journal.page_for(reader, room, (range, HistoryPart::All), 10).await.unwrap();
        page.entries.last().unwrap().sequence.0
    };
    let found = async |reader: Reader| {
        let query = chat_protocol::search::Query::parse("tea").unwrap();
        let scope = Scope::Room(room);
        let search = Search {
            whole: false,
            query,
            scope,
            reader,
            from: None,
            after: None,
            before: None,
            cursor: None,
            limit: 9,
        };
        journal.search(search).await.unwrap().hits.len()
    };
    for (name, identity, now, last) in [
        ("bob", 2, 0, 2),
        ("BOB", 7, 49_999_999, 2),
        ("BOB", 7, 50_000_000, 3),
        ("bob", 2, 50_000_000, 2), // it has not entered again
        ("robert", 2, 0, 2),
        ("eve", 7, 0, 3),
    ] {
        let reader = reader(name, identity, now);
        assert_eq!(page(reader.clone()).await, last, "{reader:?}");
        assert_eq!(found(reader.clone()).await, if last == 3 { 2 } else { 1 }, "{reader:?}");
    }
    assert_eq!(page(Reader::default()).await, 3, "an observer");
}

#[tokio::test]
async fn a_retry_gets_its_first_result_also_when_its_author_may_not_speak_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let receipts = Receipts::default();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    journal.append(room, vec![said(&receipts, "one", Some(7))]).await.unwrap();
    let no = Refusal::NotInRoom { room: RoomAddress::parse("lobby").unwrap() };
    let refused = |key| Record { refusal: Some(no.clone()), ..said(&receipts, "two", key) };
    let batch = vec![refused(Some(7)), refused(Some(8)), refused(None)];
    assert!(journal.append(room, batch).await.unwrap().iter().all(Option::is_none));
    let expected = [
        stored(1, false),
        stored(1, true),
        Outcome::Refused(no.clone()),
        Outcome::Refused(no.clone()),
    ];
    assert_eq!(outcomes(&receipts), expected);
    // What was refused is not remembered: it may be said when it is allowed again.
    journal.append(room, vec![said(&receipts, "two", Some(8))]).await.unwrap();
    assert_eq!(outcomes(&receipts), [stored(2, false)]);
}

#[tokio::test]
async fn on_a_full_disk_nothing_changes() {
    let directory = tempfile::tempdir().unwrap();
    let receipts = Receipts::default();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    journal.append(room, vec![said(&receipts, "one", None)]).await.unwrap();
    journal.limit_pages(0).await;
    let set = Setting::parse("hidden", "on").unwrap();
    let long = "x".repeat(4_096);
    let mut batch =
        vec![change(&receipts, RoomChange::Set { set }, None), change(&receipts, banned(), None)];
    batch.extend((0..100).map(|_| said(&receipts, &long, None)));
    let (entries, is_stored) = journal.store(room, parcel(batch)).await.unwrap();
    assert!(!is_stored && entries.iter().all(Option::is_none));
    journal.limit_pages(1_000_000).await;
    journal.append(room, vec![said(&receipts, "two", None)]).await.unwrap();
    let look = journal.look(lobby(), reader("bob", 2, 0)).await.unwrap().unwrap();
    assert_eq!((look.settings, look.is_out), (RoomSettings::default(), false));
}
