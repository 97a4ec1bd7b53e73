//! The certificates by which accounts log in, as they are stored: fingerprints. Never sees a certificate.

use std::collections::HashMap;

use chat_protocol::event::CertificateInfo;
use chat_protocol::limits::CERTIFICATES_MAX;
use chat_protocol::{Fingerprint, Identity, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::account::{Changed, milliseconds};
use super::{JournalError, TokenHash};

impl From<Fingerprint> for TokenHash {
    /// What lets a session in is its token, or its certificate: both are kept by their SHA-256.
    fn from(fingerprint: Fingerprint) -> Self {
        Self(fingerprint.0)
    }
}

/// One more, if there are not as many as there may be, and no account has it.
pub(super) fn add(
    transaction: &Transaction<'_>,
    account: Identity,
    fingerprint: Fingerprint,
    now: Timestamp,
) -> Result<Changed, JournalError> {
    if of_fingerprint(transaction, fingerprint)?.is_some() {
        return Ok(Changed::Taken);
    }
    if of_account(transaction, account)?.len() >= CERTIFICATES_MAX {
        return Ok(Changed::Full);
    }
    let added = transaction
        .prepare_cached(
            "INSERT INTO account_certificates (fingerprint, account, added_ms)
             SELECT ?1, identity, ?3 FROM accounts WHERE identity = ?2",
        )?
        .execute(params![fingerprint.0, account.0.as_bytes(), milliseconds(now)])?;
    Ok(if added > 0 { Changed::Done } else { Changed::Missing })
}

/// It is worth nothing any more, nor what was given to its sessions.
pub(super) fn remove(
    transaction: &Transaction<'_>,
    account: Identity,
    fingerprint: Fingerprint,
) -> Result<Changed, JournalError> {
    let removed = transaction
        .prepare_cached("DELETE FROM account_certificates WHERE account = ?1 AND fingerprint = ?2")?
        .execute(params![account.0.as_bytes(), fingerprint.0])?;
    if removed == 0 {
        return Ok(Changed::Missing);
    }
    transaction.prepare_cached("DELETE FROM guests WHERE access = ?1")?.execute([fingerprint.0])?;
    Ok(Changed::Done)
}

/// None of an account's is worth anything.
pub(super) fn remove_all(
    transaction: &Transaction<'_>,
    account: Identity,
) -> Result<(), JournalError> {
    transaction
        .prepare_cached("DELETE FROM account_certificates WHERE account = ?1")?
        .execute([account.0.as_bytes()])?;
    Ok(())
}

/// Whose it is.
pub(super) fn of_fingerprint(
    connection: &Connection,
    fingerprint: Fingerprint,
) -> Result<Option<Identity>, JournalError> {
    let found = connection
        .prepare_cached("SELECT account FROM account_certificates WHERE fingerprint = ?1")?
        .query_row([fingerprint.0], |row| identity(row, 0))
        .optional()?;
    Ok(found)
}

/// Those of an account, the first that was added first.
pub(super) fn of_account(
    connection: &Connection,
    account: Identity,
) -> Result<Vec<CertificateInfo>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT fingerprint, added_ms FROM account_certificates
         WHERE account = ?1 ORDER BY added_ms, fingerprint",
    )?;
    let rows = statement.query_map([account.0.as_bytes()], |row| {
        let (fingerprint, added_ms) = (Fingerprint(row.get(0)?), Timestamp(row.get(1)?));
        Ok(CertificateInfo { fingerprint, added_ms })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Those of all accounts.
pub(super) fn all(
    connection: &Connection,
) -> Result<HashMap<Identity, Vec<Fingerprint>>, JournalError> {
    let mut statement = connection.prepare(
        "SELECT account, fingerprint FROM account_certificates ORDER BY added_ms, fingerprint",
    )?;
    let mut rows = statement.query([])?;
    let mut all: HashMap<_, Vec<_>> = HashMap::new();
    while let Some(row) = rows.next()? {
        all.entry(identity(row, 0)?).or_default().push(Fingerprint(row.get(1)?));
    }
    Ok(all)
}

fn identity(row: &Row<'_>, column: usize) -> rusqlite::Result<Identity> {
    Ok(Identity(Uuid::from_bytes(row.get(column)?)))
}
