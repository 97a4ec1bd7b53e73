//! What is deleted, and what is not kept: gone from the table, from the index and from a search, and
//! its number and key are remembered.

use std::time::Duration;

use super::beside::{everything, exported};
use super::search::Talk;
use super::*;

fn deletion(receipts: &Receipts, target: u64) -> Record {
    let mut record = said(receipts, "", None);
    record.body = Body::Deletion {
        target: Sequence(target),
        of_anybody: false,
        original: None,
        reason: LineText::parse("why not").ok(),
    };
    record
}

fn keep_events(events: u64) -> Retention {
    let otherwise = Keep { age: None, events: Some(events) };
    Retention { otherwise, keys: Duration::from_secs(60), ..Retention::default() }
}

/// A whole sweep; the rooms that lost something, and their first event.
async fn sweep(journal: &Journal) -> Vec<(RoomId, u64)> {
    let mut pruned = Vec::new();
    let mut after = Some(RoomId(0));
    while let Some(behind) = after {
        let swept = journal.sweep(behind).await.unwrap();
        pruned.extend(swept.pruned.into_iter().map(|room| (room.id, room.first.0)));
        after = swept.next;
    }
    pruned
}

/// Is this word anywhere in the files of the database?
fn is_on_disk(talk: &Talk, word: &str) -> bool {
    ["journal.sqlite", "journal.sqlite-wal"].iter().any(|name| {
        let bytes = std::fs::read(talk.directory.path().join(name)).unwrap_or_default();
        bytes.windows(word.len()).any(|part| part == word.as_bytes())
    })
}

#[tokio::test]
async fn a_deleted_message_keeps_its_number_and_key_and_nothing_else() {
    for is_indexed in [false, true] {
        let talk = Talk::keeping(Retention::default()).await;
        let secret = said(&talk.receipts, "the password is xyzzy", Some(7));
        talk.journal.append(talk.lobby, vec![secret]).await.unwrap();
        if is_indexed {
            talk.fill().await;
        }
        assert_eq!(talk.texts("xyzzy").await, ["the password is *xyzzy*"]);
        outcomes(&talk.receipts);
        let batch = vec![deletion(&talk.receipts, 1), said(&talk.receipts, "later", None)];
        let entries = talk.journal.append(talk.lobby, batch).await.unwrap();
        let body = entries[0].as_ref().unwrap().body.clone();
        let Body::Deletion { target, original: Some(original), .. } = &body else {
            panic!("{body:?}")
        };
        assert_eq!((*target, original.from.as_str()), (Sequence(1), "ana"));
        let page =
            talk.journal.page(talk.lobby, Range::Before { after: Sequence(0), before: None }, 2);
        assert_eq!(page.await.unwrap().entries[0].body, body, "and read again");
        assert_eq!(outcomes(&talk.receipts).len(), 2);
        assert_eq!(talk.texts("xyzzy").await, [""; 0]);
        assert_eq!(talk.texts("password").await, [""; 0]);
        assert_eq!(talk.texts("later").await, ["*later*"]);

        let retry = said(&talk.receipts, "the password is xyzzy", Some(7));
        talk.journal.append(talk.lobby, vec![retry]).await.unwrap();
        assert_eq!(outcomes(&talk.receipts), [stored(1, true)], "its key is known");
        let range = Range::After { after: Sequence(0), before: None };
        let page = talk.journal.page(talk.lobby, range, 1).await.unwrap();
        assert_eq!(page.entries[0].body, Body::Tombstone);
        assert_eq!(page.entries[0].name.as_str(), "ana");

        let lines = exported(talk.directory.path(), &everything()).unwrap();
        assert_eq!(lines[0], "Lobby 1 deleted");
        talk.journal.stop().await;
        assert_eq!(verify(&database(talk.directory.path())).unwrap().findings, [""; 0]);
        assert!(!is_on_disk(&talk, "xyzzy"), "not in a free page either");
        assert!(is_on_disk(&talk, "later"));
    }
}

#[tokio::test]
async fn a_deleted_message_is_not_indexed_later() {
    let talk = Talk::keeping(Retention::default()).await;
    talk.say(talk.lobby, "xyzzy").await;
    talk.journal.append(talk.lobby, vec![deletion(&talk.receipts, 1)]).await.unwrap();
    talk.fill().await;
    assert_eq!(talk.texts("xyzzy").await, [""; 0]);
    talk.journal.stop().await;
    assert_eq!(verify(&database(talk.directory.path())).unwrap().findings, [""; 0]);
}

#[tokio::test]
async fn only_a_message_of_ones_own_is_deleted_and_only_once() {
    let talk = Talk::keeping(Retention::default()).await;
    let mut mayas = said(&talk.receipts, "hers", None);
    mayas.author = Identity(Uuid::from_u128(2));
    let mut topic = said(&talk.receipts, "", None);
    topic.body = Body::Topic(LineText::parse("plans").unwrap());
    let batch = vec![mayas, topic, said(&talk.receipts, "mine", None)];
    talk.journal.append(talk.lobby, batch).await.unwrap();
    outcomes(&talk.receipts);
    let batch = [1, 2, 3, 3, 4, 99].map(|target| deletion(&talk.receipts, target));
    talk.journal.append(talk.lobby, batch.into()).await.unwrap();
    let room = RoomAddress::parse("lobby").unwrap();
    let none = |seq| {
        let (room, seq) = (room.clone(), Some(Sequence(seq)));
        Outcome::Refused(Refusal::NoSuchMessage { room, seq })
    };
    let not_yours = Refusal::NotYours { room: room.clone(), seq: Sequence(1) };
    assert_eq!(
        outcomes(&talk.receipts),
        [Outcome::Refused(not_yours), none(2), stored(4, false), none(3), none(4), none(99)]
    );
    assert_eq!(talk.journal.last_own(talk.lobby, ana()).await.unwrap(), None);
    talk.say(talk.lobby, "again").await;
    assert_eq!(talk.journal.last_own(talk.lobby, ana()).await.unwrap(), Some(Sequence(5)));
}

#[tokio::test]
async fn only_the_last_events_are_kept_and_numbers_go_on() {
    let talk = Talk::keeping(keep_events(3)).await;
    let first = said(&talk.receipts, "xyzzy", Some(7));
    talk.journal.append(talk.lobby, vec![first]).await.unwrap();
    talk.fill().await; // 257 events; those in the index and those behind it
    talk.say(talk.direct, "one").await;
    assert_eq!(sweep(&talk.journal).await, [(talk.lobby, 255)]);
    assert_eq!(sweep(&talk.journal).await, []);
    assert_eq!(talk.texts("xyzzy").await, [""; 0]);
    assert_eq!(talk.texts("filler").await.len(), 3);
    assert_eq!(texts(&talk.journal, talk.lobby).await.len(), 3);
    outcomes(&talk.receipts);
    let retry = said(&talk.receipts, "xyzzy", Some(7));
    talk.journal.append(talk.lobby, vec![retry]).await.unwrap();
    assert_eq!(outcomes(&talk.receipts), [stored(1, true)], "its key is known");
    assert_eq!(exported(talk.directory.path(), &everything()).unwrap().len(), 4);
    let path = database(talk.directory.path());
    talk.journal.stop().await;
    assert_eq!(verify(&path).unwrap().findings, [""; 0]);
    assert!(!is_on_disk(&talk, "xyzzy"), "not in a free page either");

    let journal = open_keeping(talk.directory.path(), evening, keep_events(3)).unwrap();
    let again = journal.open_room(lobby()).await.unwrap().unwrap();
    assert_eq!((again.first, again.last), (Sequence(255), Sequence(257)));
    sweep(&journal).await; // the key is forgotten by now
    let retry = said(&talk.receipts, "xyzzy", Some(7));
    journal.append(again.id, vec![retry]).await.unwrap();
    let is_new = matches!(
        outcomes(&talk.receipts)[..],
        [Outcome::Stored { sequence: Sequence(258), duplicate: false, .. }]
    );
    assert!(is_new);
}

fn evening() -> Timestamp {
    Timestamp(noon().0 + 6 * 60 * 60 * 1_000)
}

#[tokio::test]
async fn what_is_too_old_goes_and_a_room_may_keep_more() {
    let directory = tempfile::tempdir().unwrap();
    let hour = |hours: u64| Keep { age: Some(Duration::from_secs(hours * 60 * 60)), events: None };
    let ops = RoomName::parse("OPS").unwrap();
    let retention = || Retention {
        otherwise: hour(1),
        rooms: [(ops.clone(), Keep::default())].into(),
        keys: Duration::ZERO,
    };
    let receipts = Receipts::default();
    let journal = open_keeping(directory.path(), noon, retention()).unwrap();
    let open_room = async |journal: &Journal, key| journal.open_room(key).await.unwrap().unwrap();
    let ops = RoomKey::Named(ops.clone());
    for key in [lobby(), ops.clone()] {
        let room = open_room(&journal, key).await.id;
        journal.append(room, vec![said(&receipts, "old", None)]).await.unwrap();
    }
    assert_eq!(sweep(&journal).await, []);
    journal.stop().await;

    let journal = open_keeping(directory.path(), evening, retention()).unwrap();
    let room = open_room(&journal, lobby()).await;
    assert_eq!(sweep(&journal).await, [(room.id, 2)]);
    assert_eq!(texts(&journal, room.id).await, []);
    assert_eq!(journal.first_kept(room.id).await.unwrap(), Sequence(2));
    let ops = open_room(&journal, ops).await.id;
    assert_eq!(texts(&journal, ops).await, [(1, "old".to_owned())]);
    journal.stop().await;
    assert_eq!(verify(&database(directory.path())).unwrap().findings, [""; 0]);

    let journal = open_keeping(directory.path(), evening, retention()).unwrap();
    let room = open_room(&journal, lobby()).await.id;
    journal.append(room, vec![said(&receipts, "new", None)]).await.unwrap();
    assert_eq!(texts(&journal, room).await, [(2, "new".to_owned())], "no number is used twice");
}

#[tokio::test]
async fn a_long_backlog_goes_in_slices() {
    let talk = Talk::keeping(keep_events(1)).await;
    let slice = usize::try_from(crate::limits::SWEEP_EVENTS).unwrap();
    for room in [talk.lobby, talk.direct] {
        let batch = (0..=slice).map(|n| said(&talk.receipts, &format!("filler {n}"), None));
        talk.journal.append(room, batch.collect()).await.unwrap();
    }
    let first = talk.journal.sweep(RoomId(0)).await.unwrap();
    assert_eq!(first.pruned.len(), 1);
    assert!(first.next.is_some());
    assert_eq!(sweep(&talk.journal).await.len(), 1);
    assert_eq!(texts(&talk.journal, talk.lobby).await.len(), 1);
    assert_eq!(texts(&talk.journal, talk.direct).await.len(), 1);
}

#[tokio::test]
async fn what_others_said_behind_what_was_read_is_counted() {
    let talk = Talk::keeping(Retention::default()).await;
    for text in ["one", "two, Maya?", "three"] {
        talk.say(talk.lobby, text).await;
    }
    let maya = Identity(Uuid::from_u128(2));
    let name = || UserName::parse("maya").unwrap();
    let rooms = |read| vec![(talk.lobby, Sequence(read)), (talk.direct, Sequence(0))];
    let unread = talk.journal.unread(rooms(1), maya, name()).await.unwrap();
    let counts: Vec<_> = unread.iter().map(|u| (u.room, u.messages, u.mentions)).collect();
    assert_eq!(counts, [(talk.lobby, 2, 1)]);
    assert!(talk.journal.unread(rooms(3), maya, name()).await.unwrap().is_empty());
    assert!(talk.journal.unread(rooms(0), ana(), name()).await.unwrap().is_empty(), "one's own");
}
