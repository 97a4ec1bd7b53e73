//! What rooms are like and what they remember of users, as it is stored: written with the event
//! that changed it, read for whoever wants to read a room. Never decides who may change what.

use std::collections::HashMap;

use chat_protocol::{
    Identity, LineText, Role, RoomChange, RoomSettings, Sequence, Setting, Timestamp, UserName,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::JournalError;
use super::apply::line;
use super::record::{Change, RoomId, RoomKey};
use super::writer::RoomState;
use crate::limits::NO_HISTORY_KEEP;
use crate::policy::{Extent, Rules, Secret, Standing, Visibility, sends_away};

/// What a room remembers of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// Who.
    pub(crate) identity: Identity,
    /// By this name, then.
    pub(crate) name: UserName,
    /// What.
    pub(crate) standing: Standing,
}

/// Somebody who enters, and is to be remembered.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    /// Who.
    pub(crate) identity: Identity,
    /// Its name.
    pub(crate) name: UserName,
    /// It sees what comes behind this event, or what it saw before.
    pub(crate) behind: Sequence,
}

/// Who wants to read; an observer, if nothing is said of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    /// Who, and its name; none: an observer.
    pub(crate) who: Option<(Identity, UserName)>,
    /// It is a guest: what stands against its name stands against it.
    pub(crate) is_guest: bool,
    /// The rooms it is in, and from behind which event on.
    pub(crate) places: HashMap<RoomId, Sequence>,
    /// The time.
    pub(crate) now: Timestamp,
}

/// A room, as somebody may know it.
#[derive(Debug)]
pub(crate) struct Look {
    /// Its number.
    pub(crate) id: RoomId,
    /// Its topic, if it has one.
    pub(crate) topic: Option<LineText>,
    /// What it is like.
    pub(crate) settings: RoomSettings,
    /// Who may read it.
    pub(crate) visibility: Visibility,
    /// It was put out, and has not entered again.
    pub(crate) is_out: bool,
    /// Who this one is there, if it is in.
    pub(crate) role: Option<Role>,
}

/// What one room remembers of a reader.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Of itself.
    pub(super) standing: Option<Standing>,
    /// Where it, or its name, was put out.
    pub(super) cut: Option<Sequence>,
}

/// The body of a stored change.
#[derive(Serialize, Deserialize)]
struct StoredChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Identity>,
    #[serde(flatten)]
    change: RoomChange,
}

/// A change as the body of a message.
pub(super) fn body(change: &Change) -> Result<String, JournalError> {
    let stored = StoredChange { target: change.target, change: change.change.clone() };
    serde_json::to_string(&stored).map_err(|error| damaged("a change", &error))
}

/// And back.
pub(super) fn change(body: &str) -> Result<Change, JournalError> {
    let stored: StoredChange =
        serde_json::from_str(body).map_err(|error| damaged("a stored change", &error))?;
    if stored.change == RoomChange::Unknown {
        return Err(damaged("a stored change", &"nobody knows what it changes"));
    }
    let (target, change) = (stored.target, stored.change);
    Ok(Change { target, change, passes_all: false, secret: None, known_as: None })
}

/// What all of a room's users are to it.
pub(super) fn remembered(
    connection: &Connection,
    room: RoomId,
) -> Result<Vec<Remembered>, JournalError> {
    let mut statement = connection
        .prepare_cached("SELECT identity, name, standing FROM room_users WHERE room = ?1")?;
    let mut rows = statement.query([room.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, standing): (String, String) = (row.get(1)?, row.get(2)?);
        found.push(Remembered {
            identity: Identity(Uuid::from_bytes(row.get(0)?)),
            name: UserName::parse(&name).map_err(|error| damaged("a stored name", &error))?,
            standing: parsed(&standing)?,
        });
    }
    Ok(found)
}

/// Reads `settings, secret`, from this column on.
pub(super) fn rules(row: &Row<'_>, column: usize) -> rusqlite::Result<Result<Rules, JournalError>> {
    let (settings, secret): (String, Option<[u8; 32]>) = (row.get(column)?, row.get(column + 1)?);
    let settings = settings_of(&settings);
    Ok(settings.map(|settings| Rules { settings, secret: secret.map(Secret) }))
}

/// What follows from a change, in the transaction of its event.
pub(super) fn follow(
    transaction: &Transaction<'_>,
    room: RoomId,
    state: &mut RoomState,
    change: &Change,
    seq: Sequence,
) -> Result<(), JournalError> {
    let name = change.known_as.as_ref().or(change.change.user());
    if let (Some(target), Some(name)) = (change.target, name) {
        update(transaction, room, (target, name), |standing| {
            standing.suffered(&change.change, change.passes_all, seq);
        })?;
    }
    if let RoomChange::Transferred { .. } = change.change {
        for Remembered { identity, name, .. } in remembered(transaction, room)? {
            if Some(identity) != change.target {
                update(transaction, room, (identity, &name), |it| it.gave_way(&change.change))?;
            }
        }
    }
    if let (Some(_), Some(target)) = (change.change.puts_out(), change.target) {
        // An account that is away does not come back to it by itself.
        super::account::leave(transaction, target, &state.key)?;
    }
    if let RoomChange::Set { set } = &change.change {
        state.rules.settings.set(set);
        state.has_new_rules = true;
        if let Setting::Access { .. } = set {
            state.rules.secret = change.secret;
        }
        if let Setting::Access { .. } | Setting::Mask { .. } = set {
            readmit(transaction, room, set)?;
        }
    }
    Ok(())
}

/// Somebody enters, and is remembered as far as the room still remembers anybody.
pub(super) fn admit(
    transaction: &Transaction<'_>,
    room: RoomId,
    admission: &Admission,
) -> Result<(), JournalError> {
    let Admission { identity, name, behind } = admission;
    update(transaction, room, (*identity, name), |standing| standing.admit(*behind))
}

/// Nothing is remembered of a user any more.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    room: RoomId,
    identity: Identity,
) -> Result<(), JournalError> {
    transaction
        .prepare_cached("DELETE FROM room_users WHERE room = ?1 AND identity = ?2")?
        .execute(params![room.0, identity.0.as_bytes()])?;
    Ok(())
}

/// Somebody has made the room.
pub(super) fn found(
    transaction: &Transaction<'_>,
    room: RoomId,
    (identity, name): (Identity, &UserName),
) -> Result<(), JournalError> {
    update(transaction, room, (identity, name), |standing| standing.role = Role::Owner)
}

/// Writes what a room is like, once it has a row.
pub(super) fn write_rules(
    transaction: &Transaction<'_>,
    room: RoomId,
    rules: &Rules,
) -> Result<(), JournalError> {
    let settings = &rules.settings;
    let json = serde_json::to_string(settings).map_err(|error| damaged("settings", &error))?;
    let own_age = settings.keep_s.map(|seconds| seconds.saturating_mul(1_000));
    let brief = u64::try_from(NO_HISTORY_KEEP.as_millis()).unwrap_or(u64::MAX);
    let brief = settings.no_history.then_some(brief);
    let keep_age_ms = [own_age, brief].into_iter().flatten().min();
    let signed = |number: Option<u64>| number.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    transaction
        .prepare_cached(
            "UPDATE rooms SET settings = ?2, secret = ?3, visibility = ?4, keep_age_ms = ?5,
                 keep_events = ?6 WHERE id = ?1",
        )?
        .execute(params![
            room.0,
            json,
            rules.secret.map(|secret| secret.0),
            number(Visibility::of(settings)),
            signed(keep_age_ms),
            signed(settings.keep_events),
        ])?;
    Ok(())
}

/// A room as a reader may know it; none: nothing is stored there.
pub(super) fn look(
    connection: &Connection,
    key: &RoomKey,
    reader: &Reader,
) -> Result<Option<Look>, JournalError> {
    let mut statement = connection
        .prepare_cached("SELECT id, topic, settings, visibility FROM rooms WHERE key = ?1")?;
    let row: Option<(i64, String, String, u8)> = statement
        .query_row([key.stored()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((id, topic, settings, visibility)) = row else { return Ok(None) };
    let id = RoomId(id);
    let visibility = visibility_of(visibility)?;
    let since = reader.places.get(&id).copied();
    let Known { standing, cut } = match key {
        RoomKey::Named(_) => standing_of(connection, id, reader)?,
        RoomKey::Direct(..) => Known::default(),
    };
    let role = since.map(|_| standing.as_ref().map_or(Role::Member, |standing| standing.role));
    Ok(Some(Look {
        id,
        topic: Some(line(&topic)?).filter(|topic| !topic.as_str().is_empty()),
        settings: settings_of(&settings)?,
        visibility,
        is_out: cut.is_some(),
        role,
    }))
}

/// What a reader may read of a room at this moment.
pub(super) fn extent(
    connection: &Connection,
    room: RoomId,
    reader: &Reader,
) -> Result<Option<Extent>, JournalError> {
    let visibility: Option<u8> = connection
        .prepare_cached("SELECT visibility FROM rooms WHERE id = ?1")?
        .query_row([room.0], |row| row.get(0))
        .optional()?;
    let visibility = visibility_of(visibility.unwrap_or_default())?;
    let Known { standing, cut } = standing_of(connection, room, reader)?;
    Ok(visibility.extent(standing.as_ref(), reader.places.get(&room).copied(), cut))
}

/// What all rooms remember of a reader, and where it was put out.
pub(super) fn everywhere(
    connection: &Connection,
    reader: &Reader,
) -> Result<HashMap<RoomId, Known>, JournalError> {
    let Some((identity, name)) = &reader.who else { return Ok(HashMap::new()) };
    let mut found = HashMap::new();
    let mut own =
        connection.prepare_cached("SELECT room, standing FROM room_users WHERE identity = ?1")?;
    let mut rows = own.query([identity.0.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let standing = parsed(&row.get::<_, String>(1)?)?;
        let cut = standing.cut;
        found.insert(RoomId(row.get(0)?), Known { standing: Some(standing), cut });
    }
    if !reader.is_guest {
        return Ok(found);
    }
    let mut named = connection.prepare_cached(
        "SELECT room, standing FROM room_users WHERE folded = ?1 AND identity <> ?2",
    )?;
    let mut rows = named.query(params![name.folded(), identity.0.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let standing = parsed(&row.get::<_, String>(1)?)?;
        if let Some(cut) = cut_by_name(&standing, reader.now) {
            let known = found.entry(RoomId(row.get(0)?)).or_default();
            known.cut = Some(known.cut.map_or(cut, |other| other.min(cut)));
        }
    }
    Ok(found)
}

/// As the column has it.
pub(super) const fn number(visibility: Visibility) -> u8 {
    match visibility {
        Visibility::All => 0,
        Visibility::Stay => 1,
        Visibility::Private => 2,
        Visibility::PrivateStay => 3,
    }
}

/// And back.
pub(super) fn visibility_of(number: u8) -> Result<Visibility, JournalError> {
    match number {
        0 => Ok(Visibility::All),
        1 => Ok(Visibility::Stay),
        2 => Ok(Visibility::Private),
        3 => Ok(Visibility::PrivateStay),
        other => Err(damaged("a room's visibility", &other)),
    }
}

/// Stored settings.
pub(super) fn settings_of(json: &str) -> Result<RoomSettings, JournalError> {
    serde_json::from_str(json).map_err(|error| damaged("a room's settings", &error))
}

/// A stored standing.
pub(super) fn parsed(json: &str) -> Result<Standing, JournalError> {
    serde_json::from_str(json).map_err(|error| damaged("what a room remembers", &error))
}

/// What one room remembers of a reader, and where it, or its name, was put out.
fn standing_of(
    connection: &Connection,
    room: RoomId,
    reader: &Reader,
) -> Result<Known, JournalError> {
    let Some((identity, name)) = &reader.who else { return Ok(Known::default()) };
    let own = stored(connection, room, *identity)?;
    let mut cut = own.as_ref().and_then(|standing| standing.cut);
    if !reader.is_guest {
        return Ok(Known { standing: own, cut });
    }
    let mut named = connection.prepare_cached(
        "SELECT standing FROM room_users WHERE folded = ?1 AND room = ?2 AND identity <> ?3",
    )?;
    let mut rows = named.query(params![name.folded(), room.0, identity.0.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let standing = parsed(&row.get::<_, String>(0)?)?;
        cut = [cut, cut_by_name(&standing, reader.now)].into_iter().flatten().min();
    }
    Ok(Known { standing: own, cut })
}

/// A ban is one of the name too, as long as it holds: a guest has another identity each time.
fn cut_by_name(standing: &Standing, now: Timestamp) -> Option<Sequence> {
    standing.ban.as_ref().filter(|ban| ban.holds(now)).and(standing.cut)
}

fn stored(
    connection: &Connection,
    room: RoomId,
    identity: Identity,
) -> Result<Option<Standing>, JournalError> {
    let standing: Option<String> = connection
        .prepare_cached("SELECT standing FROM room_users WHERE room = ?1 AND identity = ?2")?
        .query_row(params![room.0, identity.0.as_bytes()], |row| row.get(0))
        .optional()?;
    standing.map(|standing| parsed(&standing)).transpose()
}

/// Changes what is remembered of one user; what is blank is not kept.
fn update(
    transaction: &Transaction<'_>,
    room: RoomId,
    (identity, name): (Identity, &UserName),
    change: impl FnOnce(&mut Standing),
) -> Result<(), JournalError> {
    let mut standing = stored(transaction, room, identity)?.unwrap_or_default();
    change(&mut standing);
    if standing.is_blank() {
        return forget(transaction, room, identity);
    }
    let json = serde_json::to_string(&standing).map_err(|error| damaged("a standing", &error))?;
    transaction
        .prepare_cached(
            "INSERT INTO room_users (room, identity, name, folded, standing)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (room, identity) DO UPDATE SET
                 name = excluded.name, folded = excluded.folded, standing = excluded.standing",
        )?
        .execute(params![room.0, identity.0.as_bytes(), name.as_str(), name.folded(), json])?;
    Ok(())
}

/// Who may enter is asked anew of all who are not in the room: those who are, are admitted again.
fn readmit(transaction: &Transaction<'_>, room: RoomId, set: &Setting) -> Result<(), JournalError> {
    let remembered = remembered(transaction, room)?.into_iter();
    for Remembered { identity, name, .. } in remembered.filter(|it| sends_away(set, &it.name)) {
        update(transaction, room, (identity, &name), Standing::ask_anew)?;
    }
    Ok(())
}

fn damaged(what: &str, why: &impl ToString) -> JournalError {
    JournalError::Damaged(format!("{what}: {}", why.to_string()))
}
