//! What programs know of rooms and accounts, as it is stored. Never decides who may change it.

use std::collections::BTreeMap;

use chat_protocol::limits::METADATA_KEYS_MAX;
use chat_protocol::{Identity, MetadataKey, MetadataValue, RoomName};
use rusqlite::{Connection, Transaction, params};

use super::{Changed, JournalError};

/// Keys, and how they are.
pub(crate) type Metadata = BTreeMap<MetadataKey, MetadataValue>;

/// Of whom something is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MetadataOwner {
    /// A room.
    Room(RoomName),
    /// An account.
    Account(Identity),
}

impl MetadataOwner {
    pub(super) fn stored(&self) -> String {
        match self {
            Self::Room(name) => format!("#{}", name.folded()),
            Self::Account(identity) => format!("@{identity}"),
        }
    }
}

/// What is known.
pub(super) fn of(connection: &Connection, owner: &MetadataOwner) -> Result<Metadata, JournalError> {
    let sql = "SELECT key, value FROM metadata WHERE owner = ?1 ORDER BY key";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([owner.stored()])?;
    let mut all = Metadata::new();
    while let Some(row) = rows.next()? {
        let (key, value) = parsed(row)?;
        all.insert(key, value);
    }
    Ok(all)
}

fn parsed(row: &rusqlite::Row<'_>) -> Result<(MetadataKey, MetadataValue), JournalError> {
    let (key, value): (String, String) = (row.get(0)?, row.get(1)?);
    let damaged = |error| JournalError::Damaged(format!("stored metadata: {error}"));
    let key = MetadataKey::parse(&key).map_err(damaged)?;
    Ok((key, MetadataValue::parse(&value).map_err(damaged)?))
}

/// One key is otherwise, or known no more; there are only so many.
pub(super) fn set(
    transaction: &Transaction<'_>,
    owner: &MetadataOwner,
    key: &MetadataKey,
    value: Option<&MetadataValue>,
) -> Result<Changed, JournalError> {
    let owner = owner.stored();
    let Some(value) = value else {
        transaction
            .prepare_cached("DELETE FROM metadata WHERE owner = ?1 AND key = ?2")?
            .execute(params![owner, key.as_str()])?;
        return Ok(Changed::Done);
    };
    let others: usize = transaction
        .prepare_cached("SELECT count(*) FROM metadata WHERE owner = ?1 AND key <> ?2")?
        .query_row(params![owner, key.as_str()], |row| row.get(0))?;
    if others >= METADATA_KEYS_MAX {
        return Ok(Changed::Full);
    }
    transaction
        .prepare_cached(
            "INSERT INTO metadata (owner, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![owner, key.as_str(), value.as_str()])?;
    Ok(Changed::Done)
}

/// Nothing is known any more.
pub(super) fn clear(
    transaction: &Transaction<'_>,
    owner: &MetadataOwner,
) -> Result<Changed, JournalError> {
    let sql = "DELETE FROM metadata WHERE owner = ?1";
    transaction.prepare_cached(sql)?.execute([owner.stored()])?;
    Ok(Changed::Done)
}

/// What cannot be read again.
pub(super) fn verify(
    connection: &Connection,
    mut note: impl FnMut(String),
) -> Result<(), JournalError> {
    let mut statement = connection.prepare("SELECT key, value, owner FROM metadata")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Err(error) = parsed(row) {
            note(format!("metadata of {}: {error}", row.get::<_, String>(2)?));
        }
    }
    Ok(())
}
