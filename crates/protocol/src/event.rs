//! What a client is told.

mod sort;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::sort::Sort;
use crate::administration::{AddressBan, BanInfo, RoomReport, Status, StoredRoomInfo};
use crate::search::Hit;
use crate::{
    Fingerprint, JournalId, LineText, MessageKey, MessageText, MetadataKey, MetadataValue, Refusal,
    RequestId, Role, RoomAddress, RoomChange, RoomName, RoomSettings, SayKind, SearchCursor,
    Sequence, Signal, Timestamp, Token, TokenName, UserName,
};

/// What a client is told. An event with an `id` answers the request with that id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The answer to a hello.
    Welcome(Box<Welcome>),
    /// Done as asked; nothing more to say.
    Done {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
    },
    /// On disk. This is the acknowledgement.
    Stored {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Where it was said.
        room: RoomAddress,
        /// Its number in the room.
        seq: Sequence,
        /// When it was stored first.
        time_ms: Timestamp,
        /// The sender's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<MessageKey>,
        /// A retry: it had been stored before, and this is the first result.
        #[serde(default, skip_serializing_if = "is_false")]
        duplicate: bool,
    },
    /// Not done, and why.
    Refused {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// For programs.
        refusal: Refusal,
        /// For people.
        text: String,
    },
    /// This session is now in (or watches) a room.
    Entered {
        /// Of the request; none if another session of the same user asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Which.
        room: RoomAddress,
        /// Its topic.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<LineText>,
        /// Who set it, and when, if that is not long ago.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic_set: Option<TopicSet>,
        /// Who is there, in order of entry, at most [`crate::limits::LIST_ENTRIES_MAX`].
        members: Arc<[UserName]>,
        /// How many are there.
        members_total: u64,
        /// Which of them are more than members.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<RoleHeld>,
        /// It is in no list of rooms.
        #[serde(default, skip_serializing_if = "is_false")]
        private: bool,
        /// The newest stored event; what is live comes behind it.
        seq: Sequence,
        /// Until when one has read it, if one has said so before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read_ms: Option<Timestamp>,
    },
    /// This session's user is no longer in a room.
    Exited {
        /// Which.
        room: RoomAddress,
    },
    /// Somebody said something.
    Message {
        /// Where.
        room: RoomAddress,
        /// Its number in the room.
        seq: Sequence,
        /// When it was stored.
        time_ms: Timestamp,
        /// Who.
        from: UserName,
        /// What.
        text: MessageText,
        /// Text, action or notice.
        #[serde(default, skip_serializing_if = "SayKind::is_text")]
        kind: SayKind,
        /// The sender's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<MessageKey>,
        /// The message of the same room that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Sequence>,
        /// Its author is an account.
        #[serde(default, skip_serializing_if = "is_false")]
        account: bool,
        /// Which, where it is called otherwise than its account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_name: Option<UserName>,
        /// Its author says of itself that it is a program; only live.
        #[serde(default, skip_serializing_if = "is_false")]
        bot: bool,
    },
    /// Somebody signals something; it is not kept.
    Signal {
        /// Where.
        room: RoomAddress,
        /// When.
        time_ms: Timestamp,
        /// Who.
        from: UserName,
        /// What.
        #[serde(flatten)]
        signal: Signal,
        /// What it is called; that somebody types has no name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<MessageKey>,
    },
    /// It was told to those who are there, the sender's own sessions among them.
    Signalled {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Where.
        room: RoomAddress,
        /// When.
        time_ms: Timestamp,
        /// What it is called.
        key: MessageKey,
    },
    /// Somebody changed the topic.
    TopicChanged {
        /// Where.
        room: RoomAddress,
        /// Its number in the room.
        seq: Sequence,
        /// When it was stored.
        time_ms: Timestamp,
        /// Who.
        from: UserName,
        /// The new one; empty: cleared.
        topic: LineText,
    },
    /// Somebody deleted a message.
    Deleted {
        /// Where.
        room: RoomAddress,
        /// The deletion's own number in the room.
        seq: Sequence,
        /// When it was stored.
        time_ms: Timestamp,
        /// Who.
        from: UserName,
        /// Which message; it comes as a `tombstone` from now on.
        target: Sequence,
        /// When that was said, and who said it; none: it is not kept any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        original: Option<Box<Original>>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Here was a message that is deleted.
    Tombstone {
        /// Where.
        room: RoomAddress,
        /// Its number in the room.
        seq: Sequence,
        /// When it was stored.
        time_ms: Timestamp,
        /// Whose it was.
        from: UserName,
        /// The sender's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<MessageKey>,
    },
    /// Somebody changed the room, or what somebody may do there.
    RoomChanged {
        /// Where.
        room: RoomAddress,
        /// Its number in the room.
        seq: Sequence,
        /// When it was stored.
        time_ms: Timestamp,
        /// Who did it.
        from: UserName,
        /// What.
        #[serde(flatten)]
        change: RoomChange,
    },
    /// Somebody lets this user into a room.
    Invited {
        /// Which.
        room: RoomAddress,
        /// Who.
        from: UserName,
        /// It is an account's.
        #[serde(default, skip_serializing_if = "is_false")]
        account: bool,
        /// Which, where it is called otherwise than its account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_name: Option<UserName>,
    },
    /// Somebody entered.
    Joined {
        /// Where.
        room: RoomAddress,
        /// When.
        time_ms: Timestamp,
        /// Who.
        user: UserName,
        /// It is an account's.
        #[serde(default, skip_serializing_if = "is_false")]
        account: bool,
        /// Which, where it is called otherwise than its account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_name: Option<UserName>,
        /// Why it is away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        away: Option<LineText>,
        /// What it calls itself beside its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        real_name: Option<LineText>,
        /// Who it is there.
        #[serde(default, skip_serializing_if = "Role::is_member")]
        role: Role,
    },
    /// Somebody left a room.
    Left {
        /// Where.
        room: RoomAddress,
        /// When.
        time_ms: Timestamp,
        /// Who.
        user: UserName,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Many are there, and some have come or gone: in a large room that is told in counts, now and
    /// then, and not for each of them.
    Crowd {
        /// Where.
        room: RoomAddress,
        /// So many have entered since it was told last.
        joined: u64,
        /// So many have left since then.
        left: u64,
        /// So many are there now.
        members_total: u64,
    },
    /// Somebody is gone from every room. Told once, in one of the rooms that are shared.
    Gone {
        /// A room that was shared.
        room: RoomAddress,
        /// When.
        time_ms: Timestamp,
        /// Who.
        user: UserName,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Somebody tells something else of itself. Told once.
    ProfileChanged {
        /// Who.
        user: UserName,
        /// What it calls itself beside its name from now on; none: as before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        real_name: Option<LineText>,
        /// It says of itself that it is a program.
        #[serde(default, skip_serializing_if = "is_false")]
        bot: bool,
        /// It does not want all to know in which rooms it is.
        #[serde(default, skip_serializing_if = "is_false")]
        invisible: bool,
    },
    /// Somebody has become an account, under the name it has, or is one no longer, or another. Told once.
    AccountChanged {
        /// Who.
        user: UserName,
        /// It is one.
        account: bool,
        /// Which, where it is called otherwise than its account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_name: Option<UserName>,
    },
    /// Somebody has another name. Told once.
    Renamed {
        /// The old name.
        from: UserName,
        /// The new one.
        to: UserName,
    },
    /// Somebody is away, or back. Told once.
    AwayChanged {
        /// Who.
        user: UserName,
        /// Why; none: back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<LineText>,
    },
    /// Who is in a room now; replaces what was told before (after presence was missed).
    Roster {
        /// Where.
        room: RoomAddress,
        /// Who is there, in order of entry, at most [`crate::limits::LIST_ENTRIES_MAX`].
        members: Arc<[UserName]>,
        /// How many are there.
        members_total: u64,
        /// Which of them are more than members.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<RoleHeld>,
    },
    /// The topic, as asked.
    TopicIs {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Where.
        room: RoomAddress,
        /// None: no topic.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<LineText>,
        /// Who set it, and when, if that is not long ago.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic_set: Option<TopicSet>,
    },
    /// What a room is like, as asked.
    SettingsAre {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Which.
        room: RoomAddress,
        /// Like this.
        settings: RoomSettings,
        /// Who one is there; none: one is not in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// When its first event was stored, or it was entered first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since_ms: Option<Timestamp>,
    },
    /// The rooms, as asked: the fullest first.
    RoomList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::LIST_ENTRIES_MAX`].
        rooms: Vec<RoomInfo>,
        /// How many there are.
        total: u64,
        /// When that was so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_ms: Option<Timestamp>,
    },
    /// Who is connected, as asked, in order of arrival.
    UserList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::LIST_ENTRIES_MAX`].
        users: Vec<UserInfo>,
        /// How many there are.
        total: u64,
    },
    /// Who had a name, as asked, the last one first; as far as it is remembered.
    PastUsers {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Which.
        name: UserName,
        /// At most [`crate::limits::PAST_USERS_MAX`].
        users: Vec<PastUser>,
    },
    /// Who of those that this session watches is here, as asked.
    UserStates {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::WATCHED_USERS_MAX`].
        users: Vec<UserState>,
    },
    /// Something of a user has changed that this session watches. Its being away is told so only if
    /// no room is shared: there it is told anyway.
    UserWatched {
        /// What.
        change: UserChange,
        /// How it is now.
        #[serde(flatten)]
        user: UserState,
    },
    /// Who somebody is, as asked.
    UserIs {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// That one.
        user: Box<UserInfo>,
        /// Rooms it is in, of those that one may know of, at most
        /// [`crate::limits::LIST_ENTRIES_MAX`].
        rooms: Vec<RoomHeld>,
        /// When it came.
        since_ms: Timestamp,
        /// For how long it has asked for nothing, in milliseconds.
        idle_ms: u64,
        /// What programs know of it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        metadata: BTreeMap<MetadataKey, MetadataValue>,
    },
    /// How many there are, as asked.
    CensusIs {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// So many.
        #[serde(flatten)]
        census: Census,
    },
    /// Who is in a room, as asked, in order of entry.
    MemberList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Where.
        room: RoomAddress,
        /// At most [`crate::limits::LIST_ENTRIES_MAX`].
        members: Vec<UserInfo>,
        /// How many there are.
        total: u64,
        /// It is in no list of rooms.
        #[serde(default, skip_serializing_if = "is_false")]
        private: bool,
    },
    /// Stored events, oldest first: as asked, or the last ones on entering.
    History {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Where.
        room: RoomAddress,
        /// `message`, `topic_changed`, `room_changed`, `deleted` and `tombstone` events.
        events: Vec<Self>,
        /// There is more in the direction that was asked for.
        more: bool,
    },
    /// Where one's rooms were spoken in last, as asked: the earliest first.
    ConversationList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::PAGE_EVENTS_MAX`].
        conversations: Vec<ConversationInfo>,
    },
    /// What one has not read, as asked: rooms in which something was said, the busiest first.
    UnreadList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::UNREAD_ROOMS_MAX`].
        rooms: Vec<UnreadInfo>,
        /// How many there are.
        total: u64,
    },
    /// How far one has read a room, as asked.
    ReadIs {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Which.
        room: RoomAddress,
        /// Up to here; 0: nothing, or one is not in it.
        seq: Sequence,
        /// Until then; none: one has never said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_ms: Option<Timestamp>,
    },
    /// Another session of the same user has read a room so far.
    ReadMoved {
        /// Which.
        room: RoomAddress,
        /// Up to here.
        seq: Sequence,
        /// Until then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_ms: Option<Timestamp>,
    },
    /// What is known of a room or a user, as asked.
    Metadata {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Of which; a user is `@name`.
        of: RoomAddress,
        /// What, and how it is.
        values: BTreeMap<MetadataKey, MetadataValue>,
    },
    /// Of what this session is told.
    MetadataKeys {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::METADATA_WATCHED_MAX`].
        keys: Vec<MetadataKey>,
    },
    /// Something is known of a room or a user, or no more: it has changed, or this session has just
    /// met it.
    MetadataChanged {
        /// Of which; a user is `@name`.
        of: RoomAddress,
        /// What.
        key: MetadataKey,
        /// How it is; none: nothing is known any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<MetadataValue>,
    },
    /// What a search found, newest first.
    Found {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::PAGE_HITS_MAX`]; there may be none, and still more.
        hits: Vec<Hit>,
        /// There is more: ask again with this as `before`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<SearchCursor>,
        /// So many messages are not in the index yet, and were not looked at: after a burst, for
        /// a moment. The newest always are.
        #[serde(default, skip_serializing_if = "is_zero")]
        unsearched: u64,
    },
    /// This session is somebody else now: logged in, or a guest again.
    Identified {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The name it has.
        name: UserName,
        /// It is an account's.
        #[serde(default, skip_serializing_if = "is_false")]
        account: bool,
        /// Which, where it is called otherwise than its account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_name: Option<UserName>,
        /// With this the client can come back as it, instead of by what its welcome said: a
        /// secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// Whether one's account stays in its rooms while it is not connected, as asked.
    StayIs {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// It does.
        on: bool,
    },
    /// A personal token, told once and never again.
    TokenMade {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// What it is called.
        name: TokenName,
        /// It: a secret.
        token: Token,
    },
    /// The tokens of one's account, as asked.
    TokenList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::TOKENS_MAX`].
        tokens: Vec<TokenInfo>,
    },
    /// By which certificates one logs in, as asked.
    CertificateList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::CERTIFICATES_MAX`], the first that was added first.
        certificates: Vec<CertificateInfo>,
    },
    /// Whom one ignores and blocks, as asked.
    Shunned {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Whose messages are not shown.
        ignored: Vec<UserName>,
        /// Whose direct messages are not taken.
        blocked: Vec<UserName>,
    },
    /// Accounts, as asked, in the order of their names.
    AccountList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::LIST_ENTRIES_MAX`].
        accounts: Vec<AccountInfo>,
        /// How many there are.
        total: u64,
    },
    /// Who is banned from a room, as asked.
    BanList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// From which.
        room: RoomAddress,
        /// At most [`crate::limits::LIST_ENTRIES_MAX`].
        bans: Vec<BanInfo>,
        /// How many there are.
        total: u64,
    },
    /// How the daemon is, as asked.
    Status {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Like this.
        status: Box<Status>,
    },
    /// Addresses that are banned, as asked, in order.
    AddressBanList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::ADDRESS_BANS_MAX`].
        bans: Vec<AddressBan>,
    },
    /// All rooms that are stored, as asked, in the order of their names.
    StoredRoomList {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// At most [`crate::limits::LIST_ENTRIES_MAX`].
        rooms: Vec<StoredRoomInfo>,
        /// How many there are.
        total: u64,
    },
    /// All that is known of a room, as asked.
    RoomReport {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// It.
        report: Box<RoomReport>,
    },
    /// Here is a message of somebody whom one ignores.
    Hidden {
        /// Where.
        room: RoomAddress,
        /// Its number in the room.
        seq: Sequence,
        /// When it was stored.
        time_ms: Timestamp,
    },
    /// Stored events that cannot be given any more.
    Gap {
        /// Where.
        room: RoomAddress,
        /// The first that is missing.
        from: Sequence,
        /// The last that is missing.
        to: Sequence,
        /// In words.
        why: String,
    },
    /// The daemon speaks to everybody.
    Notice {
        /// One line.
        text: String,
    },
    /// An administrator speaks to those who want to hear it.
    Wallops {
        /// Who.
        from: UserName,
        /// What.
        text: LineText,
    },
    /// The daemon stops.
    ShuttingDown {
        /// When this was said.
        time_ms: Timestamp,
        /// So many seconds from now.
        in_seconds: u64,
    },
    /// I am.
    Pong {
        /// Of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The time of day here.
        #[serde(default)]
        time_ms: Timestamp,
    },
    /// An event of a newer server.
    #[serde(other)]
    Unknown,
}

/// Who the server is, and who you are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version of the protocol in use.
    pub v: u32,
    /// The server's name.
    pub server: String,
    /// Its program and version.
    pub version: String,
    /// The name you have; none: an observer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<UserName>,
    /// Where people meet by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_room: Option<RoomName>,
    /// The message of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motd: Option<String>,
    /// The history that sequences belong to.
    pub journal: JournalId,
    /// With this the client can come back as the same guest: a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// It is an account's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub account: bool,
    /// Which, where it is called otherwise than its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<UserName>,
    /// The client is the guest again that it was: keys it used before are known.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resumed: bool,
}

/// A room, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// Its name.
    pub room: RoomName,
    /// How many are in it.
    pub members: u64,
    /// Its topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<LineText>,
    /// Who set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_set: Option<TopicSet>,
    /// When its first event was stored, or it was entered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<Timestamp>,
}

/// What one has not read in a room, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadInfo {
    /// Which.
    pub room: RoomAddress,
    /// One has read up to here.
    pub read: Sequence,
    /// So many messages of others have come, counted up to
    /// [`crate::limits::UNREAD_COUNTED_MAX`].
    pub messages: u64,
    /// In so many of them one's name is a word.
    pub mentions: u64,
}

/// What a deleted message was, as far as that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// When it was stored.
    pub time_ms: Timestamp,
    /// Who said it.
    pub from: UserName,
}

/// A room that was spoken in, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationInfo {
    /// Which.
    pub room: RoomAddress,
    /// When its last message was stored.
    pub last_ms: Timestamp,
}

/// A personal token, in a list. What it is nobody knows but who was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// What it is called.
    pub name: TokenName,
    /// The rooms it is for; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<RoomName>,
    /// It may only read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// When it was made.
    pub created_ms: Timestamp,
}

/// A certificate by which one logs in, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateInfo {
    /// By what it is known.
    pub fingerprint: Fingerprint,
    /// When it was added.
    pub added_ms: Timestamp,
}

/// An account, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInfo {
    /// Its name.
    pub name: UserName,
    /// When it was made.
    pub created_ms: Timestamp,
    /// It is an administrator.
    #[serde(default, skip_serializing_if = "is_false")]
    pub administrator: bool,
    /// It may not log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<SuspensionInfo>,
    /// The certificates by which it logs in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Fingerprint>,
}

/// That an account may not log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionInfo {
    /// Until then; none: until it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<Timestamp>,
    /// Why.
    pub reason: LineText,
}

/// A user, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// Its name.
    pub name: UserName,
    /// Why it is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<LineText>,
    /// What it is in the room, in a list of members.
    #[serde(default, skip_serializing_if = "Role::is_member")]
    pub role: Role,
    /// It is an account's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub account: bool,
    /// Which, where it is called otherwise than its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<UserName>,
    /// It says of itself that it is a program.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bot: bool,
    /// It administers the server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub administrator: bool,
    /// It does not want all to know in which rooms it is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub invisible: bool,
    /// What it calls itself beside its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_name: Option<LineText>,
    /// What its client calls it (IRC's user name): nobody has checked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<LineText>,
}

impl UserInfo {
    /// A guest of whom nothing but the name is known.
    #[must_use]
    pub const fn new(name: UserName) -> Self {
        Self {
            name,
            away: None,
            role: Role::Member,
            account: false,
            account_name: None,
            bot: false,
            administrator: false,
            invisible: false,
            real_name: None,
            login: None,
        }
    }
}

/// Who set a topic, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicSet {
    /// Who.
    pub by: UserName,
    /// When.
    pub time_ms: Timestamp,
}

/// A member of a room that is more than that, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleHeld {
    /// Who.
    pub user: UserName,
    /// What it is there.
    pub role: Role,
}

/// A room that a user is in, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomHeld {
    /// Which.
    pub room: RoomName,
    /// What the user is there.
    #[serde(default, skip_serializing_if = "Role::is_member")]
    pub role: Role,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// Users who are here.
    pub users: u64,
    /// The most that were here at a time since the start.
    pub users_most: u64,
    /// Those of them who are invisible.
    pub invisible: u64,
    /// Those of them who administer.
    pub administrators: u64,
    /// Connections that are nobody yet.
    pub unnamed: u64,
    /// Rooms that somebody is in, and that may be known of.
    pub rooms: u64,
}

/// Somebody who is gone, or has another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastUser {
    /// Its name, as it was written.
    pub name: UserName,
    /// Until then.
    pub left_ms: Timestamp,
    /// It was an account's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub account: bool,
    /// Which, where it is called otherwise than its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<UserName>,
    /// What it called itself beside its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_name: Option<LineText>,
    /// What its client called it (IRC's user name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<LineText>,
}

/// A user that may be here or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserState {
    /// Its name.
    pub name: UserName,
    /// It is here. A guest whose connection broke is, as long as it may come back.
    pub online: bool,
    /// It is logged in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub account: bool,
    /// Which, where it is called otherwise than its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<UserName>,
    /// Why it is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<LineText>,
    /// What it calls itself beside its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_name: Option<LineText>,
}

/// What has changed of a user that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserChange {
    /// It has come; or somebody has this name now.
    Online,
    /// It has gone; or has another name now.
    Offline,
    /// It is away, or back.
    Away,
    /// It is an account's, or no longer.
    Account,
    /// It calls itself something else beside its name.
    RealName,
    /// Something of a newer server.
    #[serde(other)]
    Unknown,
}

/// The account of somebody, if it is one's: called as it is called itself, where nothing else is said.
#[must_use]
pub fn account_of<'a>(
    account: bool,
    account_name: Option<&'a UserName>,
    name: &'a UserName,
) -> Option<&'a UserName> {
    account.then(|| account_name.unwrap_or(name))
}

impl UserInfo {
    /// Its account.
    #[must_use]
    pub fn account(&self) -> Option<&UserName> {
        account_of(self.account, self.account_name.as_ref(), &self.name)
    }
}

impl UserState {
    /// Its account.
    #[must_use]
    pub fn account(&self) -> Option<&UserName> {
        account_of(self.account, self.account_name.as_ref(), &self.name)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls skip_serializing_if with a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls skip_serializing_if with a reference"
)]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}
