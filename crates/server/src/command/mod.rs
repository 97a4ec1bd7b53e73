//! What a command does, a file per family. Asks rooms, users and the journal; never touches a
//! socket or a wire format.

pub(crate) mod guest;
mod list;
mod moderation;
mod presence;
mod read;
mod room;
mod say;
mod search;

use chat_protocol::{Command, Event, Identity, Refusal, Request, RoomAddress, Timestamp};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::journal::{Journal, Reader, Receipts, RoomKey};
use crate::room::{ChangeId, Directory, Person, RoomHandle, Snapshot};
use crate::user::{Claim, Registry, Returns, User};
use guest::ReturnTicket;

/// What commands work on; the whole daemon shares it.
#[derive(Clone, Debug)]
pub(crate) struct House {
    /// The names.
    pub(crate) registry: Registry,
    /// The rooms.
    pub(crate) directory: Directory,
    /// What is stored.
    pub(crate) journal: Journal,
    /// In how many rooms one user may be.
    pub(crate) rooms_per_user_max: u64,
    /// The time of day.
    pub(crate) clock: fn() -> Timestamp,
    /// A new random identity.
    pub(crate) identity: fn() -> Identity,
    /// The guests that may come back.
    pub(crate) returns: Returns,
    /// How long they are waited for.
    pub(crate) resume_grace: Duration,
    /// Tracks the waiting.
    pub(crate) parkings: TaskTracker,
    /// Nobody is waited for any more.
    pub(crate) stopping: CancellationToken,
}

/// Who asks.
#[derive(Debug, Default)]
pub(crate) struct Caller {
    /// The name it has; an observer has none.
    pub(crate) claim: Option<Claim>,
    /// Where its records' receipts arrive.
    pub(crate) receipts: Receipts,
    /// How it comes back.
    pub(crate) ticket: Option<ReturnTicket>,
}

impl Caller {
    /// The user who asks.
    ///
    /// # Errors
    /// An observer is refused.
    pub(crate) fn user(&self) -> Result<&Arc<User>, Refusal> {
        self.claim.as_ref().map(Claim::user).ok_or(Refusal::NotNamed)
    }

    /// Who it is to a room; an observer is nobody.
    pub(crate) fn person(&self) -> Option<Person> {
        let user = self.claim.as_ref().map(Claim::user)?;
        Some(Person { identity: user.identity(), name: user.name() })
    }

    /// Who it is to what is stored.
    fn reader(&self, now: Timestamp) -> Reader {
        let user = self.claim.as_ref().map(Claim::user);
        let places = user.map(|user| user.seat.since()).unwrap_or_default();
        Reader { who: user.map(|user| (user.identity(), user.name())), places, now }
    }
}

/// What a command came to.
#[derive(Debug)]
pub(crate) enum Answer {
    /// This.
    Event(Event),
    /// A receipt will come: one more is in flight.
    InFlight,
    /// The session follows a room from this snapshot on.
    Entered {
        /// As the caller calls it.
        address: RoomAddress,
        /// The room.
        room: RoomHandle,
        /// At this moment.
        snapshot: Box<Snapshot>,
        /// As a member, with the last messages; otherwise it only watches.
        as_member: bool,
    },
    /// The session watches a room that is not there for it, and is told what one is told of a room
    /// that nobody has made.
    Absent {
        /// As the caller calls it.
        room: RoomAddress,
        /// That.
        event: Event,
    },
    /// Something of the caller itself has changed; the rooms tell the others.
    Changed {
        /// Its number there.
        change: ChangeId,
        /// What.
        event: Event,
    },
    /// The caller wants to go.
    Quit,
}

/// Does what is asked.
///
/// # Errors
/// The refusal is for the caller.
pub(crate) async fn execute(
    house: &House,
    caller: &Caller,
    request: Request,
) -> Result<Answer, Refusal> {
    let id = request.id;
    let asked = |room| moderation::Asked { house, caller, id, room };
    match request.command {
        Command::Say { room, text, kind, key } => {
            say::say(house, caller, id, say::Saying { room, text, kind, key }).await
        }
        Command::SetTopic { room, topic } => say::set_topic(house, caller, id, room, topic).await,
        Command::Delete { room, seq } => say::delete(house, caller, id, room, seq).await,
        Command::Unread => read::unread(house, caller, id).await,
        Command::MarkRead { room, seq } => read::mark(caller, id, &room, seq),
        Command::GetTopic { room } => list::topic(house, caller, id, room).await,
        Command::Join { room, key } => room::join(house, caller, room, key).await,
        Command::Leave { room } => room::leave(caller, id, room).await,
        Command::Watch { room } => room::watch(house, caller, id, room).await,
        Command::Invite { room, user } => asked(room).invite(user).await,
        Command::Kick { room, user, reason } => asked(room).kick(user, reason).await,
        Command::Ban { room, user, for_ms, reason } => asked(room).ban(user, for_ms, reason).await,
        Command::Unban { room, user } => asked(room).unban(user).await,
        Command::Mute { room, user, for_ms, reason } => {
            asked(room).mute(user, for_ms, reason).await
        }
        Command::Unmute { room, user } => asked(room).unmute(user).await,
        Command::GiveRole { room, user, role } => asked(room).give(user, role).await,
        Command::TakeRole { room, user, role } => asked(room).take(user, role).await,
        Command::Transfer { room, user } => asked(room).transfer(user).await,
        Command::Set { room, set } => asked(room).set(set).await,
        Command::GetSettings { room } => asked(room).settings().await,
        Command::Nick { name } => presence::nick(house, caller, name).await,
        Command::Away { text } => presence::away(house, caller, text).await,
        Command::Rooms => list::rooms(house, caller, id).await,
        Command::Users => Ok(Answer::Event(list::users(house, id))),
        Command::Members { room } => list::members(house, caller, id, room).await,
        Command::History { room, range, limit } => {
            list::history(house, caller, id, room, range, limit).await
        }
        Command::Search { room, text, from, after_ms, before_ms, before, limit } => {
            let wanted = search::Wanted {
                room,
                text,
                from,
                after: after_ms,
                until: before_ms,
                cursor: before,
            };
            search::search(house, caller, id, wanted, limit).await
        }
        Command::Ping => Ok(Answer::Event(Event::Pong { id })),
        Command::Quit => Ok(Answer::Quit),
        Command::Unknown => Err(Refusal::unknown_command("")),
    }
}

/// The key of a room that the caller may speak of.
fn key_of(house: &House, caller: &Caller, room: &RoomAddress) -> Result<RoomKey, Refusal> {
    match room {
        RoomAddress::Named(name) => Ok(RoomKey::Named(name.clone())),
        RoomAddress::Direct(_) => {
            let user = caller.user()?;
            let peer = peer(house, user, room)?;
            Ok(RoomKey::direct(user.identity(), peer.identity()))
        }
    }
}

/// The other user of a direct room.
fn peer(house: &House, user: &User, room: &RoomAddress) -> Result<Arc<User>, Refusal> {
    let RoomAddress::Direct(name) = room else {
        return Err(Refusal::OnlyNamedRooms);
    };
    let peer =
        house.registry.find(name).ok_or_else(|| Refusal::NoSuchUser { name: name.clone() })?;
    if peer.identity() == user.identity() { Err(Refusal::Yourself) } else { Ok(peer) }
}

/// The journal's trouble, as a person is told of it; the log has the rest.
#[expect(clippy::needless_pass_by_value, reason = "the last use of an error, in map_err")]
fn journal_refusal(error: crate::journal::JournalError) -> Refusal {
    tracing::error!(%error, "a read failed");
    Refusal::Unavailable
}
