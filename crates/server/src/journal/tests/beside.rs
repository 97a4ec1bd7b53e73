//! Backup and export, beside a daemon that runs.

use super::damage::{fill, filled};
use super::*;

/// All that is exported: room, sequence, text.
pub(super) fn exported(
    directory: &Path,
    selection: &Selection,
) -> Result<Vec<String>, JournalError> {
    let mut lines = Vec::new();
    export(directory, selection, |place, entry| -> Result<(), JournalError> {
        let text = match &entry.body {
            Body::Message { text, .. } => text.to_string(),
            Body::Topic(topic) => format!("topic {topic}"),
            Body::Deletion { target, .. } => format!("deletes {target}"),
            Body::Change(change) => change.change.in_words(entry.time),
            Body::Tombstone => "deleted".to_owned(),
        };
        lines.push(format!("{place} {} {text}", entry.sequence));
        Ok(())
    })?;
    Ok(lines)
}

pub(super) fn everything() -> Selection {
    Selection { direct: true, ..Selection::default() }
}

#[tokio::test]
async fn a_backup_is_the_same_history_under_a_new_id() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), noon).unwrap();
    fill(&journal).await;
    let before = exported(directory.path(), &everything()).unwrap();
    let restored = tempfile::tempdir().unwrap();
    let bytes = backup(directory.path(), &database(restored.path()), false).unwrap();
    assert_eq!(std::fs::metadata(database(restored.path())).unwrap().len(), bytes);
    assert_eq!(verify(&database(restored.path())).unwrap().findings, [""; 0]);
    fill(&journal).await; // what comes later is not in it
    assert_eq!(exported(restored.path(), &everything()).unwrap(), before);
    let first = open(restored.path(), noon).unwrap();
    let id = first.id();
    assert_ne!(id, journal.id(), "its cursors are not the original's");
    first.stop().await;
    let second = open(restored.path(), noon).unwrap();
    assert_eq!(second.id(), id, "renewed once");
    second.stop().await;
    let id = journal.id();
    journal.stop().await;
    assert_eq!(open(directory.path(), noon).unwrap().id(), id, "the original keeps its own");
}

#[tokio::test]
async fn a_backup_replaces_only_what_it_is_told_to() {
    let directory = filled().await;
    let other = tempfile::tempdir().unwrap();
    let file = other.path().join("copy");
    std::fs::write(&file, "precious").unwrap();
    for name in ["copy.part", "copy.part-journal"] {
        std::fs::write(other.path().join(name), "left behind by a killed one").unwrap();
    }
    let error = backup(directory.path(), &file, false).unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
    backup(directory.path(), &file, true).unwrap();
    assert_eq!(verify(&file).unwrap().findings, [""; 0]);
    let left: Vec<_> = std::fs::read_dir(other.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the copy: {left:?}");
    for name in ["journal.sqlite", "journal.sqlite-wal", "lock"] {
        let error = backup(directory.path(), &directory.path().join(name), true).unwrap_err();
        assert!(matches!(error, BackupError::IsTheData(_)), "{error}");
    }
    let error = backup(directory.path(), other.path(), true).unwrap_err();
    assert!(matches!(error, BackupError::NotAFile(_)), "{error}");
    let error = backup(other.path(), &directory.path().join("new"), false).unwrap_err();
    assert!(matches!(error, BackupError::Journal(JournalError::Missing(_))), "{error}");
}

#[tokio::test]
async fn one_backup_at_a_time_and_none_of_a_damaged_database() {
    let directory = filled().await;
    let file = directory.path().join("copy");
    let part = std::fs::File::create(directory.path().join("copy.part")).unwrap();
    part.lock().unwrap();
    let error = backup(directory.path(), &file, false).unwrap_err();
    assert!(matches!(error, BackupError::Underway(_)), "{error}");
    drop(part);
    rusqlite::Connection::open(database(directory.path()))
        .unwrap()
        .execute_batch("DELETE FROM messages WHERE id = (2 << 40 | 2)")
        .unwrap();
    let error = backup(directory.path(), &file, false).unwrap_err();
    assert!(matches!(error, BackupError::Journal(JournalError::Damaged(_))), "{error}");
    assert!(!file.exists() && !directory.path().join("copy.part").exists());
}

#[tokio::test]
async fn an_export_is_in_order_of_room_and_sequence() {
    let directory = filled().await;
    let rooms =
        ["Lobby 1 one", "Lobby 2 two\nlines", "Lobby 3 topic tea", "ops 1 up", "ops 2 down"];
    let exported = |selection: &Selection| exported(directory.path(), selection).unwrap();
    assert_eq!(exported(&Selection::default()), rooms, "nobody's direct messages");
    let other = Uuid::from_u128(2);
    let direct = format!("@ana,{other} 1 psst");
    assert_eq!(exported(&everything()), [&rooms[..], &[direct.as_str()]].concat());
    let of_ops = Selection { rooms: vec![RoomName::parse("OPS").unwrap()], ..Selection::default() };
    assert_eq!(exported(&of_ops), rooms[3..]);
}

#[tokio::test]
async fn an_export_begins_and_ends_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(directory.path(), morning).unwrap();
    fill(&journal).await;
    journal.stop().await;
    let journal = open(directory.path(), noon).unwrap();
    let room = journal.open_room(lobby()).await.unwrap().unwrap().id;
    let receipts = Receipts::default();
    journal.append(room, vec![said(&receipts, "lunch", None)]).await.unwrap();
    let exported = |since: u64, until: u64| {
        let times = (Some(Timestamp(since)), Some(Timestamp(until)));
        let selection = Selection { since: times.0, until: times.1, ..Selection::default() };
        exported(directory.path(), &selection).unwrap()
    };
    let (morning, noon) = (morning().0, noon().0);
    assert_eq!(exported(morning + 1, noon + 1), ["Lobby 4 lunch"]);
    assert_eq!(exported(noon, u64::MAX), ["Lobby 4 lunch"]);
    assert_eq!(exported(morning, noon).len(), 5);
    assert_eq!(exported(0, morning), [""; 0]);
    assert_eq!(exported(noon + 1, u64::MAX), [""; 0]);
    journal.stop().await;
}

#[tokio::test]
async fn an_export_of_a_damaged_room_is_an_error() {
    for (sql, expected) in [
        ("DELETE FROM messages WHERE id = (1 << 40 | 2)", "Lobby: message 2 is missing"),
        ("DELETE FROM messages WHERE id = (2 << 40 | 2)", "ops: message 2 is missing"),
        ("UPDATE messages SET body = char(27) WHERE id = (1 << 40 | 2)", "Lobby: behind message 0"),
    ] {
        let directory = filled().await;
        let connection = rusqlite::Connection::open(database(directory.path())).unwrap();
        connection.execute_batch(sql).unwrap();
        let error = exported(directory.path(), &Selection::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{sql}: {error}");
    }
    let directory = filled().await;
    let nowhere = RoomName::parse("nowhere").unwrap();
    let selection = Selection { rooms: vec![nowhere], ..Selection::default() };
    let error = exported(directory.path(), &selection).unwrap_err();
    assert!(matches!(error, JournalError::NoSuchRoom(_)), "{error}");
}
