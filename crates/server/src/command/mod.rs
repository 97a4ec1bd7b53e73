//! What a command does, a file per family. Asks rooms, users and the journal; never touches a
//! socket or a wire format.

pub(crate) mod account;
mod address;
mod admin;
mod announcements;
pub(crate) mod certificate;
pub(crate) mod guest;
mod list;
pub(crate) mod metadata;
mod moderation;
mod people;
mod presence;
pub(crate) mod read;
mod report;
mod room;
mod say;
mod scope;
pub(crate) mod scram;
mod search;
mod shun;
mod signal;
pub(crate) mod stay;

use chat_protocol::{
    Command, Event, Identity, LineText, MetadataKey, Refusal, Request, RequestId, RoomAddress,
    Timestamp, UserName,
};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::account::{Accounts, Origin};
use crate::journal::{Journal, Reader, Receipts, RoomKey, Shun};
use crate::rate::Meter;
use crate::room::{
    Asker, ChangeId, Directory, Person, Power, RoomEvent, RoomHandle, Said, SessionNumber, Snapshot,
};
use crate::tally::Tally;
use crate::user::{Claim, Pass, Registry, Returns, Staying, User};
pub(crate) use address::BannedAddresses;
pub(crate) use announcements::{Announcement, Announcements};
use guest::{Identified, ReturnTicket};
use scope::Scope;

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
    /// Who is registered.
    pub(crate) accounts: Accounts,
    /// What is told to everybody.
    pub(crate) announcements: Announcements,
    /// From where nobody comes in.
    pub(crate) banned_addresses: BannedAddresses,
    /// What is counted.
    pub(crate) tally: Arc<Tally>,
    /// When the daemon began.
    pub(crate) started: Instant,
    /// It has listeners; otherwise it is only looked after.
    pub(crate) is_serving: bool,
    /// What it calls itself.
    pub(crate) server_name: Arc<str>,
    /// Accounts that are here without a session.
    pub(crate) staying: Staying,
}

/// Who asks.
#[derive(Debug, Default)]
pub(crate) struct Caller {
    /// The name it has; an observer has none.
    pub(crate) claim: Option<Claim>,
    /// Where its records' receipts arrive.
    pub(crate) receipts: Receipts,
    /// How it comes back.
    pub(crate) ticket: Option<Box<ReturnTicket>>,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// What it may do; none: all that its user may.
    pub(crate) scope: Option<Box<Scope>>,
    /// How fast it is; none: it is exempt.
    pub(crate) meter: Option<Box<Meter>>,
    /// Which session it is.
    pub(crate) session: SessionNumber,
}

impl Caller {
    /// The user who asks a room, and by which right.
    ///
    /// # Errors
    /// An observer is refused.
    pub(crate) fn asker(&self) -> Result<Asker, Refusal> {
        let identity = self.user()?.identity();
        let power = if self.scope.is_none() { Power::Own } else { Power::Scoped };
        Ok(Asker { identity, power })
    }

    /// The user who asks.
    ///
    /// # Errors
    /// An observer is refused.
    pub(crate) fn user(&self) -> Result<&Arc<User>, Refusal> {
        self.claim.as_ref().map(Claim::user).ok_or(Refusal::NotNamed)
    }

    /// The account that asks.
    ///
    /// # Errors
    /// A guest is refused.
    fn account(&self) -> Result<&Claim, Refusal> {
        let claim = self.claim.as_ref().filter(|claim| claim.user().seat.is_account());
        claim.ok_or(Refusal::NotLoggedIn)
    }

    /// By what an account's session is let in.
    pub(crate) fn pass(&self) -> Option<&Arc<Pass>> {
        self.claim.as_ref().and_then(Claim::pass)
    }

    /// Was it ended from outside?
    pub(crate) fn is_cut(&self) -> bool {
        self.pass().is_some_and(|pass| pass.is_cut())
    }

    /// An event of a room as it is shown to the caller: nothing that somebody said whom it
    /// ignores.
    pub(crate) fn shown(&self, event: RoomEvent) -> Event {
        let (Event::Message { room, seq, time_ms, .. }
        | Event::Tombstone { room, seq, time_ms, .. }) = &event.event
        else {
            return event.event;
        };
        if self.ignores(event.author) {
            return Event::Hidden { room: room.clone(), seq: *seq, time_ms: *time_ms };
        }
        event.event
    }

    /// Is nothing that this one says to be shown to the caller?
    pub(crate) fn ignores(&self, author: Identity) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.user().ignores(author))
    }

    /// May it follow this room?
    pub(crate) fn may_follow(&self, room: &RoomAddress) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.has(room))
    }

    /// Who it is to a room; an observer is nobody.
    pub(crate) fn person(&self) -> Option<Person> {
        self.claim.as_ref().map(|claim| claim.user().seat.person())
    }

    /// Who it is to what is stored.
    fn reader(&self, now: Timestamp) -> Reader {
        let user = self.claim.as_ref().map(Claim::user);
        let places = user.map(|user| user.seat.since()).unwrap_or_default();
        let is_guest = user.is_none_or(|user| !user.seat.is_account());
        Reader { who: user.map(|user| (user.identity(), user.name())), is_guest, places, now }
    }
}

/// What a command came to.
#[derive(Debug)]
pub(crate) enum Answer {
    /// This.
    Event(Event),
    /// This, and what the caller signals, for itself.
    Signalled {
        /// That it is signalled.
        answer: Event,
        /// What.
        signal: Event,
    },
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
    /// The session is to be told of metadata, or no longer.
    WatchesMetadata {
        /// Of these too.
        more: Vec<MetadataKey>,
        /// Of these no more.
        fewer: Vec<MetadataKey>,
    },
    /// The session is to watch users, or no longer.
    Watches(Watches),
    /// Something of the caller itself has changed; the rooms tell the others.
    Changed {
        /// Its number there.
        change: ChangeId,
        /// What.
        event: Event,
    },
    /// The caller is somebody else from now on.
    Became(Box<Identified>),
    /// The caller wants to go.
    Quit {
        /// Why; the others are told.
        reason: Option<LineText>,
    },
}

/// Whom a session watches.
#[derive(Debug)]
pub(crate) enum Watches {
    /// These too.
    More(Vec<UserName>),
    /// These no more; none: nobody any more.
    Fewer(Vec<UserName>),
    /// Who is it?
    All,
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
    if let Some(claim) = &caller.claim {
        claim.user().is_active((house.clock)());
    }
    if let Some(scope) = &caller.scope {
        scope.permits(&request.command)?;
    }
    let asked = |room| moderation::Asked { house, caller, id, room };
    match request.command {
        Command::Say { room, text, kind, key, reply_to } => {
            let by = caller.person().ok_or(Refusal::NotNamed)?;
            let said = Said { text, kind, reply_to, by };
            say::say(house, caller, id, say::Saying { room, said, key }).await
        }
        Command::Signal { room, signal, key } => {
            signal::signal(house, caller, id, room, (signal, key)).await
        }
        Command::SetTopic { room, topic } => say::set_topic(house, caller, id, room, topic).await,
        Command::Delete { room, seq, reason } => {
            say::delete(house, caller, id, room, (seq, reason)).await
        }
        Command::Unread => read::unread(house, caller, id).await,
        Command::MarkRead { room, seq } => read::mark(caller, id, called(house, room), seq),
        Command::MarkReadUntil { room, time_ms } => {
            read::mark_until(house, caller, id, called(house, room), time_ms).await
        }
        Command::GetRead { room } => read::get(house, caller, id, called(house, room)).await,
        Command::GetTopic { room } => list::topic(house, caller, id, room).await,
        Command::Join { room, key } => room::join(house, caller, room, key).await,
        Command::Leave { room, reason } => {
            room::leave(caller, id, called(house, room), reason).await
        }
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
        Command::Bans { room } => report::bans(house, caller, id, room).await,
        Command::Nick { name } => presence::nick(house, caller, name).await,
        Command::Away { text } => presence::away(house, caller, text).await,
        Command::WatchUsers { names } => Ok(Answer::Watches(Watches::More(names))),
        Command::UnwatchUsers { names } => Ok(Answer::Watches(Watches::Fewer(names))),
        Command::WatchedUsers => Ok(Answer::Watches(Watches::All)),
        Command::SetProfile { real_name, login, bot, invisible } => {
            let told = presence::Told { real_name, login, bot, invisible };
            presence::set_profile(house, caller, told).await
        }
        Command::Whois { user } => people::whois(house, caller, id, &user).await,
        Command::Census => Ok(Answer::Event(people::census(house, id))),
        Command::GetMetadata { of, keys } => metadata::get(house, caller, id, of, keys).await,
        Command::SetMetadata { of, key, value } => {
            metadata::set(house, caller, of, key, value).await
        }
        Command::ClearMetadata { of } => metadata::clear(house, caller, id, of).await,
        Command::WatchMetadata { more, fewer } => Ok(Answer::WatchesMetadata { more, fewer }),
        Command::Rooms => list::rooms(house, caller, id).await,
        Command::Was { name } => Ok(Answer::Event(list::was(house, id, name))),
        Command::Users => Ok(Answer::Event(list::users(house, caller, id))),
        Command::Members { room } => list::members(house, caller, id, room).await,
        Command::History { room, range, limit } => {
            list::history(house, caller, id, room, range, limit).await
        }
        Command::Conversations { after_ms, before_ms, newest, limit } => {
            list::conversations(house, caller, id, (after_ms, before_ms), newest, limit).await
        }
        Command::Search { room, text, from, after_ms, before_ms, before, limit, whole } => {
            let wanted = search::Wanted {
                room,
                text,
                from,
                after: after_ms,
                until: before_ms,
                cursor: before,
                whole,
            };
            search::search(house, caller, id, wanted, limit).await
        }
        Command::Register { .. }
        | Command::Login { .. }
        | Command::Logout
        | Command::ChangePassword { .. }
        | Command::Stay { .. }
        | Command::MakeToken { .. }
        | Command::Tokens
        | Command::RevokeToken { .. }
        | Command::AddCertificate { .. }
        | Command::Certificates
        | Command::RemoveCertificate { .. }
        | Command::Ignore { .. }
        | Command::Unignore { .. }
        | Command::Block { .. }
        | Command::Unblock { .. }
        | Command::Shunned => Box::pin(identity(house, caller, id, request.command)).await,
        Command::Administer { .. }
        | Command::CeaseToAdminister
        | Command::Disconnect { .. }
        | Command::Announce { .. }
        | Command::Wallops { .. }
        | Command::Suspend { .. }
        | Command::Unsuspend { .. }
        | Command::ResetPassword { .. }
        | Command::AddAccount { .. }
        | Command::DeleteAccount { .. }
        | Command::SetAdministrator { .. }
        | Command::Accounts { .. }
        | Command::Status
        | Command::BanAddress { .. }
        | Command::UnbanAddress { .. }
        | Command::AddressBans
        | Command::StoredRooms { .. }
        | Command::ReportRoom { .. }
        | Command::CloseRoom { .. } => {
            Box::pin(administer(house, caller, id, request.command)).await
        }
        Command::Ping => Ok(Answer::Event(Event::Pong { id, time_ms: (house.clock)() })),
        Command::Quit { reason } => Ok(Answer::Quit { reason }),
        Command::Unknown => Err(Refusal::unknown_command("")),
    }
}

/// About who one is, and whom one shuns.
#[expect(clippy::wildcard_enum_match_arm, reason = "execute() sends only these")]
async fn identity(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    command: Command,
) -> Result<Answer, Refusal> {
    match command {
        Command::Register { password } => account::register(house, caller, id, password).await,
        Command::Login { name, password, keeps_name } => {
            account::login(house, caller, (name, password), keeps_name).await
        }
        Command::Logout => account::logout(house, caller).await,
        Command::ChangePassword { old, new } => {
            account::change_password(house, caller, id, old, new).await
        }
        Command::MakeToken { name, rooms, read_only } => {
            account::make_token(house, caller, id, (name, rooms, read_only)).await
        }
        Command::Stay { on } => stay::stay(house, caller, id, on).await,
        Command::Tokens => account::tokens(house, caller, id).await,
        Command::RevokeToken { name } => account::revoke_token(house, caller, id, name).await,
        Command::AddCertificate { fingerprint } => {
            certificate::add(house, caller, id, fingerprint).await
        }
        Command::Certificates => certificate::list(house, caller, id).await,
        Command::RemoveCertificate { fingerprint } => {
            certificate::remove(house, caller, id, fingerprint).await
        }
        Command::Ignore { user } => shun::shun(house, caller, id, user, Shun::Ignored).await,
        Command::Unignore { user } => shun::unshun(house, caller, id, &user, Shun::Ignored).await,
        Command::Block { user } => shun::shun(house, caller, id, user, Shun::Blocked).await,
        Command::Unblock { user } => shun::unshun(house, caller, id, &user, Shun::Blocked).await,
        Command::Shunned => shun::list(house, caller, id),
        _ => Err(Refusal::unknown_command("")),
    }
}

/// For administrators.
#[expect(clippy::wildcard_enum_match_arm, reason = "execute() sends only these")]
async fn administer(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    command: Command,
) -> Result<Answer, Refusal> {
    match command {
        Command::Administer { name, password } => {
            people::administer(house, caller, id, name, password).await
        }
        Command::CeaseToAdminister => people::cease(caller, id),
        Command::Disconnect { user, reason } => {
            people::disconnect(house, caller, id, (user, reason)).await
        }
        Command::Announce { text } => admin::announce(house, caller, id, text).await,
        Command::Wallops { text } => admin::wallops(house, caller, id, text).await,
        Command::Suspend { user, for_s, reason } => {
            admin::suspend(house, caller, id, (user, for_s, reason)).await
        }
        Command::Unsuspend { user } => admin::unsuspend(house, caller, id, user).await,
        Command::ResetPassword { user, password } => {
            admin::reset_password(house, caller, id, user, password).await
        }
        Command::AddAccount { user, password } => {
            admin::add(house, caller, id, user, password).await
        }
        Command::DeleteAccount { user, reason } => {
            admin::delete(house, caller, id, user, reason).await
        }
        Command::SetAdministrator { user, administrator } => {
            admin::set_administrator(house, caller, id, user, administrator).await
        }
        Command::Accounts { after } => admin::list(house, caller, id, after).await,
        Command::Status => report::status(house, caller, id).await,
        Command::BanAddress { network, for_s, reason } => {
            address::ban(house, caller, id, (network, for_s, reason)).await
        }
        Command::UnbanAddress { network } => address::unban(house, caller, id, network).await,
        Command::AddressBans => address::list(house, caller, id),
        Command::StoredRooms { after } => report::rooms(house, caller, id, after).await,
        Command::ReportRoom { room } => report::room(house, caller, id, room).await,
        Command::CloseRoom { room, reason } => report::close(house, caller, id, room, reason).await,
        _ => Err(Refusal::unknown_command("")),
    }
}

/// The key of a room that the caller may speak of.
fn key_of(house: &House, caller: &Caller, room: &RoomAddress) -> Result<RoomKey, Refusal> {
    match room {
        RoomAddress::Named(name) => Ok(RoomKey::Named(name.clone())),
        RoomAddress::Direct(_) => {
            let user = caller.user()?;
            let peer = peer(house, room)?;
            Ok(RoomKey::direct(user.identity(), peer.identity))
        }
    }
}

/// The other user of a direct room; one's own has nobody else.
fn peer(house: &House, room: &RoomAddress) -> Result<Peer, Refusal> {
    match room {
        RoomAddress::Direct(name) => peer_named(house, name),
        RoomAddress::Named(_) => Err(Refusal::OnlyNamedRooms),
    }
}

/// A room as it is called: a direct one by the name that the other has now, and not by its account's.
fn called_now(house: &House, room: RoomAddress) -> Result<RoomAddress, Refusal> {
    match room {
        RoomAddress::Direct(name) => Ok(RoomAddress::Direct(peer_named(house, &name)?.name)),
        RoomAddress::Named(_) => Ok(room),
    }
}

/// The same; one that is not there any more is called as it was.
fn called(house: &House, room: RoomAddress) -> RoomAddress {
    called_now(house, room.clone()).unwrap_or(room)
}

/// Somebody: a user who is here, or an account that may be away.
#[derive(Debug)]
struct Peer {
    identity: Identity,
    name: UserName,
    /// None: away.
    here: Option<Arc<User>>,
}

fn peer_named(house: &House, name: &UserName) -> Result<Peer, Refusal> {
    match house.registry.meet(name) {
        Some(here) => Ok(Peer { identity: here.identity(), name: here.name(), here: Some(here) }),
        None => {
            let account = house.registry.account_named(name);
            let identity = account.ok_or_else(|| Refusal::NoSuchUser { name: name.clone() })?;
            let name = house.registry.account_name(identity).unwrap_or_else(|| name.clone());
            Ok(Peer { identity, name, here: None })
        }
    }
}

/// The journal's trouble, as a person is told of it; the log has the rest.
#[expect(clippy::needless_pass_by_value, reason = "the last use of an error, in map_err")]
fn journal_refusal(error: crate::journal::JournalError) -> Refusal {
    tracing::error!(%error, "a read failed");
    Refusal::Unavailable
}
