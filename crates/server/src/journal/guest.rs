//! Guests that may come back, as they are stored: a token's hash, an identity, a name. Never sees a
//! token.

use chat_protocol::{Identity, UserName};
use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use super::JournalError;

/// The SHA-256 of a token, or of a certificate: what is stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash(pub(crate) [u8; 32]);

/// A guest that may come back.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    /// Who has the token is this guest.
    pub(crate) token: TokenHash,
    /// Whose keys and rooms are its own.
    pub(crate) identity: Identity,
    /// Its name, which is kept for it.
    pub(crate) name: UserName,
    /// The personal token, or the certificate, that its session came with.
    pub(crate) access: Option<TokenHash>,
}

/// What becomes of a guest.
#[derive(Debug)]
pub(super) enum GuestChange {
    Save(Guest),
    /// All by which it may come back.
    Rename(Identity, UserName),
    Forget(TokenHash),
}

pub(super) fn apply(
    transaction: &Transaction<'_>,
    change: &GuestChange,
) -> Result<(), JournalError> {
    match change {
        // Not by what was taken back while its session began.
        GuestChange::Save(guest) => transaction
            .prepare_cached(
                "INSERT INTO guests (token, identity, name, access) SELECT ?1, ?2, ?3, ?4
                 WHERE ?4 IS NULL
                     OR EXISTS (SELECT 1 FROM account_tokens WHERE token = ?4)
                     OR EXISTS (SELECT 1 FROM account_certificates WHERE fingerprint = ?4)
                 ON CONFLICT (token) DO UPDATE SET name = excluded.name",
            )?
            .execute(params![
                guest.token.0,
                guest.identity.0.as_bytes(),
                guest.name.as_str(),
                guest.access.as_ref().map(|access| access.0),
            ])?,
        GuestChange::Rename(identity, name) => transaction
            .prepare_cached("UPDATE guests SET name = ?2 WHERE identity = ?1")?
            .execute(params![identity.0.as_bytes(), name.as_str()])?,
        GuestChange::Forget(token) => {
            transaction.prepare_cached("DELETE FROM guests WHERE token = ?1")?.execute([token.0])?
        }
    };
    Ok(())
}

/// All of them, at start.
pub(super) fn all(connection: &Connection) -> Result<Vec<Guest>, JournalError> {
    let mut statement = connection.prepare("SELECT token, identity, name, access FROM guests")?;
    let mut rows = statement.query([])?;
    let mut guests = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(2)?;
        let name = UserName::parse(&name)
            .map_err(|error| JournalError::Damaged(format!("a stored guest: {error}")))?;
        let identity = Identity(Uuid::from_bytes(row.get(1)?));
        let access = row.get::<_, Option<[u8; 32]>>(3)?.map(TokenHash);
        guests.push(Guest { token: TokenHash(row.get(0)?), identity, name, access });
    }
    Ok(guests)
}
