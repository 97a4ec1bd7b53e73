//! Banned addresses as they are stored. Never looks who comes from there.

use chat_protocol::administration::AddressBan;
use chat_protocol::limits::ADDRESS_BANS_MAX;
use chat_protocol::{Network, Timestamp};
use rusqlite::{Connection, Transaction, params};

use super::account::{Changed, milliseconds};
use super::{JournalError, apply};

/// Bans an address; what is over is forgotten.
pub(super) fn ban(
    transaction: &Transaction<'_>,
    ban: &AddressBan,
    now: Timestamp,
) -> Result<Changed, JournalError> {
    transaction
        .prepare_cached("DELETE FROM address_bans WHERE until_ms <= ?1")?
        .execute([milliseconds(now)])?;
    let others: usize = transaction
        .prepare_cached("SELECT count(*) FROM address_bans WHERE network <> ?1")?
        .query_row([ban.network.to_string()], |row| row.get(0))?;
    if others >= ADDRESS_BANS_MAX {
        return Ok(Changed::Full);
    }
    transaction
        .prepare_cached(
            "INSERT INTO address_bans (network, who, since_ms, until_ms, why)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (network) DO UPDATE SET who = excluded.who, since_ms = excluded.since_ms,
                 until_ms = excluded.until_ms, why = excluded.why",
        )?
        .execute(params![
            ban.network.to_string(),
            ban.by,
            milliseconds(ban.since_ms),
            ban.until_ms.map(milliseconds),
            ban.reason.as_str(),
        ])?;
    Ok(Changed::Done)
}

/// Lifts it.
pub(super) fn unban(
    transaction: &Transaction<'_>,
    network: &Network,
) -> Result<Changed, JournalError> {
    let lifted = transaction
        .prepare_cached("DELETE FROM address_bans WHERE network = ?1")?
        .execute([network.to_string()])?;
    Ok(if lifted > 0 { Changed::Done } else { Changed::Missing })
}

/// All of them.
pub(super) fn all(connection: &Connection) -> Result<Vec<AddressBan>, JournalError> {
    let mut statement = connection
        .prepare_cached("SELECT network, who, since_ms, until_ms, why FROM address_bans")?;
    let mut rows = statement.query([])?;
    let mut bans = Vec::new();
    while let Some(row) = rows.next()? {
        let (network, why): (String, String) = (row.get(0)?, row.get(4)?);
        let until: Option<u64> = row.get(3)?;
        bans.push(AddressBan {
            network: Network::parse(&network)
                .map_err(|error| JournalError::Damaged(format!("a banned address: {error}")))?,
            by: row.get(1)?,
            since_ms: Timestamp(row.get(2)?),
            until_ms: until.map(Timestamp),
            reason: apply::line(&why)?,
        });
    }
    Ok(bans)
}
