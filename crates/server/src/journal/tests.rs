mod beside;
mod certificates;
mod damage;
mod gone;
mod measure;
mod search;
mod standing;

use std::path::Path;

use chat_protocol::{
    Identity, LineText, MessageKey, MessageText, Refusal, RoomAddress, RoomName, SayKind, Sequence,
    Timestamp, UserName,
};
use uuid::Uuid;

use super::*;

fn open(directory: &Path, clock: fn() -> Timestamp) -> Result<Journal, JournalError> {
    open_keeping(directory, clock, Retention::default())
}

fn open_keeping(
    directory: &Path,
    clock: fn() -> Timestamp,
    retention: Retention,
) -> Result<Journal, JournalError> {
    let (directory, retention) = (directory.to_owned(), retention.into());
    Journal::open(&JournalSettings {
        directory,
        sync: Sync::Always,
        retention,
        rooms_max: 3,
        clock,
    })
}

fn noon() -> Timestamp {
    Timestamp(43_200_000)
}

fn morning() -> Timestamp {
    Timestamp(21_600_000)
}

fn lobby() -> RoomKey {
    RoomKey::Named(RoomName::parse("Lobby").unwrap())
}

fn ana() -> Identity {
    Identity(Uuid::from_u128(1))
}

fn said(receipts: &Receipts, text: &str, key: Option<u128>) -> Record {
    let key = key.map(|key| MessageKey(Uuid::from_u128(key)));
    Record {
        author: ana(),
        name: UserName::parse("ana").unwrap(),
        is_account: false,
        account_name: None,
        is_bot: false,
        body: Body::Message {
            text: MessageText::parse(text).unwrap(),
            kind: SayKind::Text,
            reply_to: None,
        },
        key,
        refusal: None,
        ticket: receipts.ticket(None, RoomAddress::parse("lobby").unwrap(), key),
    }
}

fn stored(sequence: u64, duplicate: bool) -> Outcome {
    Outcome::Stored { sequence: Sequence(sequence), time: noon(), duplicate }
}

fn outcomes(receipts: &Receipts) -> Vec<Outcome> {
    std::iter::from_fn(|| receipts.take()).map(|receipt| receipt.outcome).collect()
}

/// The sequences and texts of a room's newest page.
async fn texts(journal: &Journal, room: RoomId) -> Vec<(u64, String)> {
    let page =
        journal.page(room, Range::Before { after: Sequence(0), before: None }, 100).await.unwrap();
    let text = |body| match body {
        Body::Message { text, .. } => text.to_string(),
        Body::Topic(topic) => format!("topic {topic}"),
        Body::Deletion { target, .. } => format!("deletes {target}"),
        Body::Change(change) => change.change.in_words(noon()),
        Body::Tombstone => "deleted".to_owned(),
    };
    page.entries.into_iter().map(|entry| (entry.sequence.0, text(entry.body))).collect()
}

#[tokio::test]
async fn sequences_are_dense_and_a_retry_leaves_no_hole() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap();
    let receipts = Receipts::default();
    let batch = vec![said(&receipts, "one", Some(7)), said(&receipts, "two", None)];
    let entries = journal.append(room.id, batch).await.unwrap();
    assert_eq!(entries.iter().flatten().map(|entry| entry.sequence.0).collect::<Vec<_>>(), [1, 2]);
    let batch = vec![said(&receipts, "one again", Some(7)), said(&receipts, "three", Some(8))];
    let entries = journal.append(room.id, batch).await.unwrap();
    assert!(entries[0].is_none(), "a duplicate is not published");
    assert_eq!(
        outcomes(&receipts),
        [stored(1, false), stored(2, false), stored(1, true), stored(3, false)]
    );
    let expected = [(1, "one"), (2, "two"), (3, "three")];
    assert_eq!(texts(&journal, room.id).await, expected.map(|(n, text)| (n, text.to_owned())));
}

#[tokio::test]
async fn a_key_belongs_to_one_room() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap();
    let ops = RoomKey::Named(RoomName::parse("ops").unwrap());
    let ops = journal.open_room(ops).await.unwrap().unwrap();
    let receipts = Receipts::default();
    journal.append(room.id, vec![said(&receipts, "one", Some(7))]).await.unwrap();
    journal.append(ops.id, vec![said(&receipts, "one", Some(7))]).await.unwrap();
    let outcomes = outcomes(&receipts);
    assert!(matches!(outcomes.as_slice(), [Outcome::Stored { .. }, Outcome::Refused(_)]));
    assert!(texts(&journal, ops.id).await.is_empty());
}

#[tokio::test]
async fn a_room_goes_on_where_it_was_and_time_never_runs_back() {
    let directory = tempfile::tempdir().unwrap();
    let receipts = Receipts::default();
    let journal = open(directory.path(), noon).unwrap();
    let id = journal.id();
    let room = journal.open_room(lobby()).await.unwrap().unwrap();
    let mut topic = said(&receipts, "", None);
    topic.body = Body::Topic(LineText::parse("plans").unwrap());
    journal.append(room.id, vec![said(&receipts, "one", None), topic]).await.unwrap();
    journal.stop().await;
    drop(journal);

    let journal = open(directory.path(), morning).unwrap();
    assert_eq!(journal.id(), id);
    let shouted = RoomKey::Named(RoomName::parse("LOBBY").unwrap());
    let again = journal.open_room(shouted).await.unwrap().unwrap();
    assert_eq!((again.id, again.last, again.topic.as_str()), (room.id, Sequence(2), "plans"));
    assert_eq!(again.name.unwrap().as_str(), "Lobby", "as whoever made it wrote it");
    let entries = journal.append(again.id, vec![said(&receipts, "three", None)]).await.unwrap();
    let entry = entries[0].clone().unwrap();
    assert_eq!((entry.sequence, entry.time), (Sequence(3), noon()));
}

#[tokio::test]
async fn pages_go_both_ways_and_say_whether_there_is_more() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    let receipts = Receipts::default();
    let batch = (1..=10).map(|number| said(&receipts, &number.to_string(), None)).collect();
    journal.append(room, batch).await.unwrap();
    let check = async |range, limit, expected: std::ops::RangeInclusive<u64>, more| {
        let page = journal.page(room, range, limit).await.unwrap();
        let found: Vec<u64> = page.entries.iter().map(|entry| entry.sequence.0).collect();
        assert_eq!((found, page.more), (expected.collect(), more), "{range:?}");
    };
    let before = |before| Range::Before { after: Sequence(0), before };
    let after = |after, before| Range::After { after: Sequence(after), before };
    check(before(None), 3, 8..=10, true).await;
    check(before(Some(Sequence(4))), 3, 1..=3, false).await;
    check(before(Some(Sequence(5))), 3, 2..=4, true).await;
    let newest = |after, before| Range::Before { after: Sequence(after), before };
    check(newest(7, None), 4, 8..=10, false).await;
    check(newest(5, Some(Sequence(10))), 3, 7..=9, true).await;
    check(after(0, None), 4, 1..=4, true).await;
    check(after(7, None), 4, 8..=10, false).await;
    check(after(2, Some(Sequence(5))), 4, 3..=4, false).await;
}

#[tokio::test]
async fn a_room_that_stored_nothing_gives_its_number_back() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    let named = |name| RoomKey::Named(RoomName::parse(name).unwrap());
    let mut open = Vec::new();
    for name in ["a", "b", "c"] {
        open.push(journal.open_room(named(name)).await.unwrap().unwrap().id);
    }
    let full = journal.open_room(named("d")).await.unwrap().unwrap_err();
    assert_eq!(full, Refusal::TooManyRooms { limit: 3 });
    journal.close_room(open[1]).await.unwrap();
    assert_eq!(journal.open_room(named("d")).await.unwrap().unwrap().id, open[1]);
}

#[tokio::test]
async fn a_directory_has_one_daemon_and_a_newer_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    assert!(matches!(open(directory.path(), noon), Err(JournalError::Locked(_))));
    journal.stop().await;
    let database = rusqlite::Connection::open(directory.path().join("journal.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let error = open(directory.path(), noon).unwrap_err();
    assert!(matches!(error, JournalError::NewerSchema { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn a_full_disk_refuses_and_then_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    let receipts = Receipts::default();
    journal.append(room, vec![said(&receipts, "one", None)]).await.unwrap();
    journal.limit_pages(0).await;
    let long = "x".repeat(4_096);
    let batch = (0..100).map(|_| said(&receipts, &long, None)).collect();
    assert!(journal.append(room, batch).await.unwrap().iter().all(Option::is_none));
    journal.limit_pages(1_000_000).await;
    let entries = journal.append(room, vec![said(&receipts, "two", None)]).await.unwrap();
    assert_eq!(entries[0].as_ref().unwrap().sequence, Sequence(2), "a refusal leaves no hole");
    let outcomes = outcomes(&receipts);
    assert_eq!(outcomes.len(), 102);
    assert!(outcomes[1..101].iter().all(|outcome| *outcome == Outcome::Refused(Refusal::DiskFull)));
}

#[tokio::test]
async fn a_failed_commit_is_unknown_and_the_journal_stops() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    let receipts = Receipts::default();
    // A room that was never opened: nothing can be right about this batch.
    let failed = journal.append(RoomId(77), vec![said(&receipts, "one", None)]).await;
    assert!(matches!(failed, Err(JournalError::Stopped)));
    journal.failed().await;
    assert_eq!(outcomes(&receipts), [Outcome::Unknown], "no acknowledgement, and no refusal");
}
