//! Accounts as they are stored: names, hashes, tokens, rooms, whom they shun, and what
//! administrators did. Never sees a password or a token.

use std::path::Path;

use chat_protocol::administration::AddressBan;
use chat_protocol::event::TokenInfo;
use chat_protocol::limits::{SHUNNED_MAX, TOKENS_MAX};
use chat_protocol::{
    Fingerprint, Identity, LineText, MetadataKey, MetadataValue, Network, RoomName, Sequence,
    Timestamp, TokenName, UserName,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::metadata::{self, MetadataOwner};
use super::record::RoomKey;
use super::{JournalError, TokenHash, address, apply, certificate, examine};

/// An account, without what it logs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its permanent id.
    pub(crate) identity: Identity,
    /// Its name.
    pub(crate) name: UserName,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// It is an administrator.
    pub(crate) is_administrator: bool,
    /// It may not log in.
    pub(crate) suspension: Option<Suspension>,
    /// It is in its rooms also while it is not connected.
    pub(crate) stays: bool,
}

/// That an account may not log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suspension {
    /// Until then; none: until it is taken back.
    pub(crate) until: Option<Timestamp>,
    /// Why.
    pub(crate) why: LineText,
}

/// A personal token, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredToken {
    /// What is known of it.
    pub(crate) hash: TokenHash,
    /// Whose.
    pub(crate) account: Identity,
    /// What its owner sees of it.
    pub(crate) info: TokenInfo,
}

/// One room that an account is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccountRoom {
    /// Which.
    pub(crate) room: RoomKey,
    /// Read up to there.
    pub(crate) read: Sequence,
    /// Told so far to clients that do not say what is read.
    pub(crate) told: Sequence,
    /// Read until then, if a client said so.
    pub(crate) read_until: Option<Timestamp>,
    /// What the other one of a direct room was called.
    pub(crate) peer: Option<UserName>,
}

/// How somebody is shunned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shun {
    /// Its messages are not shown.
    Ignored,
    /// Its direct messages are not taken.
    Blocked,
}

/// Somebody who is shunned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shunned {
    /// Who.
    pub(crate) whom: Identity,
    /// Its name, then.
    pub(crate) name: UserName,
    /// How.
    pub(crate) how: Shun,
}

/// What an administrator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    /// When; the writer sets it.
    pub(crate) time: Timestamp,
    /// Who.
    pub(crate) who: String,
    /// What, in one word.
    pub(crate) what: String,
    /// To whom.
    pub(crate) whom: String,
    /// Why.
    pub(crate) why: String,
}

/// What is stored of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredPassword {
    /// Its hash, a PHC string.
    pub(crate) hash: String,
    /// Its keys for SCRAM, in their own form.
    pub(crate) scram: Option<String>,
}

/// What becomes of accounts.
#[derive(Debug)]
pub(crate) enum AccountChange {
    /// A new one; there may be so many.
    Add { account: Account, password: StoredPassword, accounts_max: u64 },
    /// Another password.
    SetPassword { account: Identity, password: StoredPassword },
    /// The keys of the password that has this hash, if it is still that.
    KeepScram { account: Identity, password: StoredPassword },
    /// It may not log in, or may again.
    Suspend { account: Identity, suspension: Option<Suspension> },
    /// It is an administrator, or no longer.
    SetAdministrator { account: Identity, is_administrator: bool },
    /// It stays in its rooms while it is not connected, or leaves them.
    SetStay { account: Identity, stays: bool },
    /// Something is known of a room or an account, or no more.
    SetMetadata { owner: MetadataOwner, key: MetadataKey, value: Option<MetadataValue> },
    /// Nothing is known any more.
    ClearMetadata { owner: MetadataOwner },
    /// It is no more.
    Delete { account: Identity },
    /// A new token.
    AddToken(StoredToken),
    /// A token is worth nothing any more, nor what was given to its sessions.
    RevokeToken { account: Identity, name: TokenName },
    /// It is logged in to by a certificate.
    AddCertificate { account: Identity, fingerprint: Fingerprint },
    /// It is so no more, nor by what was given to its sessions.
    RemoveCertificate { account: Identity, fingerprint: Fingerprint },
    /// All tokens and certificates of an account, and what lets its sessions come back.
    RevokeAll { account: Identity },
    /// What lets its sessions come back, but for this one.
    ForgetSessions { account: Identity, but: Option<TokenHash> },
    /// It is in these rooms, and has read so far.
    KeepRooms { account: Identity, rooms: Vec<AccountRoom> },
    /// It is in a room from now on, if it is not already.
    AddRoom { account: Identity, room: AccountRoom },
    /// It has left these.
    LeaveRooms { account: Identity, rooms: Vec<RoomKey> },
    /// It shuns somebody.
    Shun { account: Identity, shunned: Shunned },
    /// It does so no more.
    Unshun { account: Identity, whom: Identity, how: Shun },
    /// Nobody comes in from there.
    BanAddress(AddressBan),
    /// They come in again.
    UnbanAddress(Network),
    /// An administrator did something; stored with what was done.
    Record(Deed),
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Done.
    Done,
    /// The name is taken.
    Taken,
    /// There is no such thing.
    Missing,
    /// There are as many as there may be.
    Full,
    /// The disk is full: not done.
    DiskFull,
}

/// Inside the writer's transaction.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    change: &AccountChange,
    now: Timestamp,
) -> Result<Changed, JournalError> {
    let done = |rows: usize| if rows > 0 { Changed::Done } else { Changed::Missing };
    let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| -> Result<usize, JournalError> {
        Ok(transaction.prepare_cached(sql)?.execute(params)?)
    };
    Ok(match change {
        AccountChange::Add { account, password, accounts_max } => {
            add(transaction, account, password, *accounts_max)?
        }
        AccountChange::SetPassword { account, password } => {
            let rows = run(
                "UPDATE accounts SET password = ?2 WHERE identity = ?1",
                &[account.0.as_bytes(), &password.hash],
            )?;
            keep_scram(transaction, *account, password)?;
            done(rows)
        }
        AccountChange::KeepScram { account, password } => {
            keep_scram(transaction, *account, password)?;
            Changed::Done
        }
        AccountChange::Suspend { account, suspension } => {
            let until = suspension.as_ref().and_then(|suspension| suspension.until);
            let why = suspension.as_ref().map_or("", |suspension| suspension.why.as_str());
            done(run(
                "UPDATE accounts SET is_suspended = ?2, suspended_until_ms = ?3, suspended_why = ?4
                 WHERE identity = ?1",
                &[account.0.as_bytes(), &suspension.is_some(), &until.map(milliseconds), &why],
            )?)
        }
        AccountChange::SetAdministrator { account, is_administrator } => done(run(
            "UPDATE accounts SET is_administrator = ?2 WHERE identity = ?1",
            &[account.0.as_bytes(), is_administrator],
        )?),
        AccountChange::SetStay { account, stays } => done(run(
            "UPDATE accounts SET stays = ?2 WHERE identity = ?1",
            &[account.0.as_bytes(), stays],
        )?),
        AccountChange::SetMetadata { owner, key, value } => {
            metadata::set(transaction, owner, key, value.as_ref())?
        }
        AccountChange::ClearMetadata { owner } => metadata::clear(transaction, owner)?,
        AccountChange::Delete { account } => {
            metadata::clear(transaction, &MetadataOwner::Account(*account))?;
            for table in ACCOUNTS_TABLES {
                run(&format!("DELETE FROM {table} WHERE account = ?1"), &[account.0.as_bytes()])?;
            }
            run("DELETE FROM guests WHERE identity = ?1", &[account.0.as_bytes()])?;
            done(run("DELETE FROM accounts WHERE identity = ?1", &[account.0.as_bytes()])?)
        }
        AccountChange::AddToken(token) => add_token(transaction, token)?,
        AccountChange::RevokeToken { account, name } => {
            run(
                "DELETE FROM guests WHERE access IN
                 (SELECT token FROM account_tokens WHERE account = ?1 AND name = ?2)",
                &[account.0.as_bytes(), &name.as_str()],
            )?;
            done(run(
                "DELETE FROM account_tokens WHERE account = ?1 AND name = ?2",
                &[account.0.as_bytes(), &name.as_str()],
            )?)
        }
        AccountChange::AddCertificate { account, fingerprint } => {
            certificate::add(transaction, *account, *fingerprint, now)?
        }
        AccountChange::RemoveCertificate { account, fingerprint } => {
            certificate::remove(transaction, *account, *fingerprint)?
        }
        AccountChange::RevokeAll { account } => {
            run("DELETE FROM guests WHERE identity = ?1", &[account.0.as_bytes()])?;
            run("DELETE FROM account_tokens WHERE account = ?1", &[account.0.as_bytes()])?;
            certificate::remove_all(transaction, *account)?;
            Changed::Done
        }
        AccountChange::ForgetSessions { account, but } => {
            run(
                "DELETE FROM guests WHERE identity = ?1 AND token IS NOT ?2",
                &[account.0.as_bytes(), &but.as_ref().map(|hash| hash.0)],
            )?;
            Changed::Done
        }
        AccountChange::KeepRooms { account, rooms } => {
            for AccountRoom { room, read, told, read_until, peer } in rooms {
                run(
                    "INSERT INTO account_rooms (account, room, name, peer, read_seq, read_ms, told_seq)
                     SELECT identity, ?2, ?3, ?4, ?5, ?6, ?7 FROM accounts WHERE identity = ?1
                     ON CONFLICT (account, room)
                     DO UPDATE SET read_seq = max(read_seq, excluded.read_seq),
                         told_seq = max(told_seq, excluded.told_seq),
                         read_ms = coalesce(max(read_ms, excluded.read_ms), excluded.read_ms, read_ms)",
                    &[
                        account.0.as_bytes(),
                        &room.stored(),
                        &room.shown(),
                        &peer.as_ref().map_or("", UserName::as_str),
                        &sequence(*read),
                        &read_until.map(milliseconds),
                        &sequence(*told),
                    ],
                )?;
            }
            Changed::Done
        }
        AccountChange::AddRoom { account, room: AccountRoom { room, read, peer, .. } } => {
            run(
                "INSERT INTO account_rooms (account, room, name, peer, read_seq)
                 SELECT identity, ?2, ?3, ?4, ?5 FROM accounts WHERE identity = ?1
                 ON CONFLICT (account, room) DO NOTHING",
                &[
                    account.0.as_bytes(),
                    &room.stored(),
                    &room.shown(),
                    &peer.as_ref().map_or("", UserName::as_str),
                    &sequence(*read),
                ],
            )?;
            Changed::Done
        }
        AccountChange::LeaveRooms { account, rooms } => {
            for room in rooms {
                leave(transaction, *account, room)?;
            }
            Changed::Done
        }
        AccountChange::Shun { account, shunned } => shun(transaction, *account, shunned)?,
        AccountChange::Unshun { account, whom, how } => done(run(
            "DELETE FROM account_shunned WHERE account = ?1 AND whom = ?2 AND how = ?3",
            &[account.0.as_bytes(), whom.0.as_bytes(), &how.stored()],
        )?),
        AccountChange::BanAddress(ban) => address::ban(transaction, ban, now)?,
        AccountChange::UnbanAddress(network) => address::unban(transaction, network)?,
        AccountChange::Record(Deed { time: _, who, what, whom, why }) => {
            run(
                "INSERT INTO audit (time_ms, who, what, whom, why) VALUES (?1, ?2, ?3, ?4, ?5)",
                &[&milliseconds(now), who, what, whom, why],
            )?;
            Changed::Done
        }
    })
}

/// An account is in a room no more.
pub(super) fn leave(
    transaction: &Transaction<'_>,
    account: Identity,
    room: &RoomKey,
) -> Result<(), JournalError> {
    transaction
        .prepare_cached("DELETE FROM account_rooms WHERE account = ?1 AND room = ?2")?
        .execute(params![account.0.as_bytes(), room.stored()])?;
    Ok(())
}

fn add(
    transaction: &Transaction<'_>,
    account: &Account,
    password: &StoredPassword,
    accounts_max: u64,
) -> Result<Changed, JournalError> {
    let count: u64 =
        transaction.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0))?;
    if count >= accounts_max {
        return Ok(Changed::Full);
    }
    let added = transaction
        .prepare_cached(
            "INSERT INTO accounts (identity, folded, name, password, created_ms, is_administrator,
                                   is_suspended, suspended_why)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, '') ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            account.identity.0.as_bytes(),
            account.name.folded(),
            account.name.as_str(),
            password.hash,
            milliseconds(account.created),
            account.is_administrator,
        ])?;
    if added > 0 {
        keep_scram(transaction, account.identity, password)?;
    }
    Ok(if added > 0 { Changed::Done } else { Changed::Taken })
}

/// The keys of a password, in place of those of another.
fn keep_scram(
    transaction: &Transaction<'_>,
    account: Identity,
    password: &StoredPassword,
) -> Result<(), JournalError> {
    let StoredPassword { hash, scram } = password;
    match scram {
        Some(keys) => transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO account_scram (account, keys)
                 SELECT identity, ?3 FROM accounts WHERE identity = ?1 AND password = ?2",
            )?
            .execute(params![account.0.as_bytes(), hash, keys])?,
        None => transaction
            .prepare_cached("DELETE FROM account_scram WHERE account = ?1")?
            .execute([account.0.as_bytes()])?,
    };
    Ok(())
}

fn add_token(transaction: &Transaction<'_>, token: &StoredToken) -> Result<Changed, JournalError> {
    let StoredToken { hash, account, info } = token;
    let count: usize = transaction.query_row(
        "SELECT count(*) FROM account_tokens WHERE account = ?1",
        [account.0.as_bytes()],
        |row| row.get(0),
    )?;
    if count >= TOKENS_MAX {
        return Ok(Changed::Full);
    }
    let rooms: Vec<&str> = info.rooms.iter().map(RoomName::as_str).collect();
    let added = transaction
        .prepare_cached(
            "INSERT INTO account_tokens (token, account, name, rooms, read_only, created_ms)
             SELECT ?1, identity, ?3, ?4, ?5, ?6 FROM accounts WHERE identity = ?2
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            hash.0,
            account.0.as_bytes(),
            info.name.as_str(),
            rooms.join(" "),
            info.read_only,
            milliseconds(info.created_ms),
        ])?;
    Ok(if added > 0 { Changed::Done } else { Changed::Taken })
}

fn shun(
    transaction: &Transaction<'_>,
    account: Identity,
    shunned: &Shunned,
) -> Result<Changed, JournalError> {
    let count: usize = transaction.query_row(
        "SELECT count(*) FROM account_shunned WHERE account = ?1",
        [account.0.as_bytes()],
        |row| row.get(0),
    )?;
    if count >= SHUNNED_MAX {
        return Ok(Changed::Full);
    }
    transaction
        .prepare_cached(
            "INSERT INTO account_shunned (account, whom, name, how)
             SELECT identity, ?2, ?3, ?4 FROM accounts WHERE identity = ?1
             ON CONFLICT (account, whom, how) DO UPDATE SET name = excluded.name",
        )?
        .execute(params![
            account.0.as_bytes(),
            shunned.whom.0.as_bytes(),
            shunned.name.as_str(),
            shunned.how.stored(),
        ])?;
    Ok(Changed::Done)
}

impl Shun {
    const fn stored(self) -> i64 {
        match self {
            Self::Ignored => 0,
            Self::Blocked => 1,
        }
    }
}

const ACCOUNT: &str = "SELECT identity, name, created_ms, is_administrator, is_suspended,
                              suspended_until_ms, suspended_why, password, stays FROM accounts";

/// All accounts, at start.
pub(super) fn all(connection: &Connection) -> Result<Vec<Account>, JournalError> {
    let mut statement = connection.prepare(&format!("{ACCOUNT} ORDER BY folded"))?;
    let mut rows = statement.query([])?;
    let mut accounts = Vec::new();
    while let Some(row) = rows.next()? {
        accounts.push(account(row)?);
    }
    Ok(accounts)
}

/// What an account of this name logs in with.
pub(super) fn password(
    connection: &Connection,
    name: &UserName,
) -> Result<Option<(Identity, StoredPassword)>, JournalError> {
    let found = connection
        .prepare_cached(
            "SELECT identity, password, keys FROM accounts
             LEFT JOIN account_scram ON account = identity WHERE folded = ?1",
        )?
        .query_row([name.folded()], |row| {
            let stored = StoredPassword { hash: row.get(1)?, scram: row.get(2)? };
            Ok((identity(row, 0)?, stored))
        })
        .optional()?;
    Ok(found)
}

/// What names of no account get their salts by.
pub(super) fn scram_secret(connection: &Connection) -> Result<[u8; 32], JournalError> {
    Ok(connection
        .prepare_cached("SELECT value FROM secrets WHERE name = 'scram'")?
        .query_row([], |row| row.get(0))?)
}

/// The token with this hash.
pub(super) fn token(
    connection: &Connection,
    hash: TokenHash,
) -> Result<Option<StoredToken>, JournalError> {
    let mut statement = connection.prepare_cached(&format!("{TOKEN} WHERE token = ?1"))?;
    let mut rows = statement.query([hash.0])?;
    rows.next()?.map(stored_token).transpose()
}

/// The tokens of an account.
pub(super) fn tokens(
    connection: &Connection,
    account: Identity,
) -> Result<Vec<StoredToken>, JournalError> {
    let mut statement =
        connection.prepare_cached(&format!("{TOKEN} WHERE account = ?1 ORDER BY name"))?;
    let mut rows = statement.query([account.0.as_bytes()])?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        tokens.push(stored_token(row)?);
    }
    Ok(tokens)
}

/// The rooms that an account is in.
pub(super) fn rooms(
    connection: &Connection,
    account: Identity,
) -> Result<Vec<AccountRoom>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT room, name, read_seq, peer, read_ms, told_seq FROM account_rooms
         WHERE account = ?1 ORDER BY room",
    )?;
    let mut rows = statement.query([account.0.as_bytes()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let (room, name): (String, String) = (row.get(0)?, row.get(1)?);
        let room =
            RoomKey::restored(&room, &name).map_err(damaged("a stored room of an account"))?;
        let peer: String = row.get(3)?;
        let peer = (!peer.is_empty()).then(|| user(&peer)).transpose()?;
        let read_until = row.get::<_, Option<u64>>(4)?.map(Timestamp);
        let (read, told) = (Sequence(row.get(2)?), Sequence(row.get(5)?));
        all.push(AccountRoom { room, read, told, read_until, peer });
    }
    Ok(all)
}

/// Whom an account shuns.
pub(super) fn shunned(
    connection: &Connection,
    account: Identity,
) -> Result<Vec<Shunned>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT whom, name, how FROM account_shunned WHERE account = ?1 ORDER BY name",
    )?;
    let mut rows = statement.query([account.0.as_bytes()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let how = if row.get::<_, i64>(2)? == 0 { Shun::Ignored } else { Shun::Blocked };
        all.push(Shunned { whom: identity(row, 0)?, name: user(&name)?, how });
    }
    Ok(all)
}

/// What administrators did, oldest first; also while a daemon runs.
///
/// # Errors
/// It cannot be read, or `take` fails.
pub(crate) fn audit<E: From<JournalError>>(
    data: &Path,
    mut take: impl FnMut(Deed) -> Result<(), E>,
) -> Result<(), E> {
    let connection = examine::open_current(&examine::database(data))?;
    let deeds = deeds(&connection)?;
    deeds.into_iter().try_for_each(&mut take)
}

fn deeds(connection: &Connection) -> Result<Vec<Deed>, JournalError> {
    let mut deeds = Vec::new();
    let mut statement =
        connection.prepare("SELECT time_ms, who, what, whom, why FROM audit ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        deeds.push(Deed {
            time: Timestamp(row.get(0)?),
            who: row.get(1)?,
            what: row.get(2)?,
            whom: row.get(3)?,
            why: row.get(4)?,
        });
    }
    Ok(deeds)
}

/// What is wrong with what is stored of accounts, a line each.
pub(super) fn examine(
    connection: &Connection,
    mut note: impl FnMut(String),
) -> Result<(), JournalError> {
    let mut statement = connection.prepare(ACCOUNT)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let hash: String = row.get(7)?;
        match account(row) {
            Ok(account) if !hash.starts_with("$argon2id$") => {
                note(format!("account {}: its password is not argon2id", account.name));
            }
            Ok(_) => {}
            Err(error) => note(format!("accounts: {error}")),
        }
    }
    let mut statement = connection.prepare(&format!("{TOKEN} ORDER BY account, name"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Err(error) = stored_token(row) {
            note(format!("tokens: {error}"));
        }
    }
    for table in ACCOUNTS_TABLES {
        let sql = format!(
            "SELECT DISTINCT account FROM {table}
             WHERE account NOT IN (SELECT identity FROM accounts)"
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let whose = identity(row, 0)?;
            note(format!("{table}: there is no account {whose}"));
        }
    }
    metadata::verify(connection, &mut note)?;
    if let Err(error) = address::all(connection) {
        note(format!("banned addresses: {error}"));
    }
    let mut statement = connection.prepare("SELECT account, room, name FROM account_rooms")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (room, name): (String, String) = (row.get(1)?, row.get(2)?);
        if let Err(error) = RoomKey::restored(&room, &name) {
            note(format!("account {}: {error}", identity(row, 0)?));
        }
    }
    Ok(())
}

/// What has its account's identity.
const ACCOUNTS_TABLES: [&str; 5] =
    ["account_tokens", "account_certificates", "account_rooms", "account_shunned", "account_scram"];

const TOKEN: &str = "SELECT token, account, name, rooms, read_only, created_ms FROM account_tokens";

fn stored_token(row: &Row<'_>) -> Result<StoredToken, JournalError> {
    let (name, rooms): (String, String) = (row.get(2)?, row.get(3)?);
    let rooms = rooms.split_whitespace().map(RoomName::parse).collect::<Result<_, _>>();
    Ok(StoredToken {
        hash: TokenHash(row.get(0)?),
        account: identity(row, 1)?,
        info: TokenInfo {
            name: TokenName::parse(&name).map_err(damaged("a stored token"))?,
            rooms: rooms.map_err(damaged("a stored token's room"))?,
            read_only: row.get(4)?,
            created_ms: Timestamp(row.get(5)?),
        },
    })
}

fn account(row: &Row<'_>) -> Result<Account, JournalError> {
    let (name, why): (String, String) = (row.get(1)?, row.get(6)?);
    let until: Option<u64> = row.get(5)?;
    let is_suspended: bool = row.get(4)?;
    let why = apply::line(&why)?;
    Ok(Account {
        identity: identity(row, 0)?,
        name: user(&name)?,
        created: Timestamp(row.get(2)?),
        is_administrator: row.get(3)?,
        suspension: is_suspended.then(|| Suspension { until: until.map(Timestamp), why }),
        stays: row.get(8)?,
    })
}

fn identity(row: &Row<'_>, column: usize) -> rusqlite::Result<Identity> {
    Ok(Identity(Uuid::from_bytes(row.get(column)?)))
}

fn user(name: &str) -> Result<UserName, JournalError> {
    UserName::parse(name).map_err(damaged("a stored user"))
}

fn damaged<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> JournalError {
    move |error| JournalError::Damaged(format!("{what}: {error}"))
}

pub(super) fn milliseconds(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

fn sequence(sequence: Sequence) -> i64 {
    i64::try_from(sequence.0).unwrap_or(i64::MAX)
}
