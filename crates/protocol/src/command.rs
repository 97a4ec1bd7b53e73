//! What a client asks for.

use serde::{Deserialize, Serialize};

use crate::limits::{PAGE_EVENTS_MAX, PAGE_HITS_MAX};
use crate::{
    Fingerprint, LineText, MessageKey, MessageText, MetadataKey, MetadataValue, Moment, Network,
    Password, RequestId, Role, RoomAddress, RoomName, RoomSecret, SearchCursor, Sequence, Setting,
    Signal, Timestamp, Token, TokenName, UserName,
};

/// The version of the native protocol that this crate speaks.
pub const PROTOCOL_VERSION: u32 = 1;

/// The first frame of a native client: `{"type":"hello","v":1,"name":"ana"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "hello")]
pub struct Hello {
    /// The version the client speaks: [`PROTOCOL_VERSION`].
    pub v: u32,
    /// The name it wants. Without one it is an observer: it may list, page and watch, and neither
    /// say nor join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The client wants a token with which it can come back as the same guest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resumable: bool,
    /// The token of an earlier welcome: be that guest again. The name is for the case that the
    /// guest is forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<String>,
    /// The password of the account of that name, or a token of it: log in at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// A personal token: be the account that made it. The name does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// Be the account that has the certificate of this connection (TLS). With a name, that account
    /// and no other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub certificate: bool,
    /// What the client is, for the log: `chat-client 0.1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// A command with the id that its answer carries back: `{"id":7,"type":"say",…}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the client. Without one, the answer has none either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// What is asked for.
    #[serde(flatten)]
    pub command: Command,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SayKind {
    /// `ana: hello`
    #[default]
    Text,
    /// `* ana waves` (`/me waves`)
    Action,
    /// Said by a program, or to be answered by none: IRC's NOTICE.
    Notice,
}

impl SayKind {
    /// Is it ordinary text?
    #[must_use]
    pub fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

/// What a client can ask for. Answers: an event with the request's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Say something in a room one is in, or to a user. Answer: `stored`.
    Say {
        /// Where.
        room: RoomAddress,
        /// What.
        text: MessageText,
        /// Text, action or notice.
        #[serde(default, skip_serializing_if = "SayKind::is_text")]
        kind: SayKind,
        /// A retry with the same key returns the first result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<MessageKey>,
        /// The message of the same room that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Sequence>,
    },
    /// Tell those who are in a room with one something that is not kept: what one thinks of a
    /// message, that one types. Answer: `signalled`; `done` to typing, of which nobody may have been
    /// told (too often, too large a room).
    Signal {
        /// Where.
        room: RoomAddress,
        /// What.
        #[serde(flatten)]
        signal: Signal,
        /// What it is called; the server gives it a name if the sender does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<MessageKey>,
    },
    /// Enter a room, or open the direct room with a user. Answer: `entered`, then a `history` with
    /// the last messages.
    Join {
        /// Which.
        room: RoomAddress,
        /// The room's key, if it asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<RoomSecret>,
    },
    /// Leave a room. Answer: `done`.
    Leave {
        /// Which.
        room: RoomAddress,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Follow a room without being in it. Answer: `entered`. No `history` follows.
    Watch {
        /// Which.
        room: RoomAddress,
    },
    /// What is the topic? Answer: `topic_is`.
    GetTopic {
        /// Of which room.
        room: RoomAddress,
    },
    /// Change the topic; an empty one clears it. Answer: `stored`.
    SetTopic {
        /// Of which room.
        room: RoomAddress,
        /// The new one.
        topic: LineText,
    },
    /// Delete a message of one's own, or as an operator anybody's: it keeps its number and loses
    /// its text, for everybody. Answer: `stored`, with the number of the deletion.
    Delete {
        /// In which room.
        room: RoomAddress,
        /// Which; none: the last that one said there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<Sequence>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Let somebody into a room. Answer: `stored`, as for all that changes a room.
    Invite {
        /// Into which.
        room: RoomAddress,
        /// Whom.
        user: UserName,
    },
    /// Put somebody out of a room.
    Kick {
        /// Out of which.
        room: RoomAddress,
        /// Whom.
        user: UserName,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Put somebody out of a room, and let it in no more.
    Ban {
        /// Out of which.
        room: RoomAddress,
        /// Whom.
        user: UserName,
        /// For how long, in milliseconds; none: until the ban is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_ms: Option<u64>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Lift a ban.
    Unban {
        /// Of which room.
        room: RoomAddress,
        /// Whose.
        user: UserName,
    },
    /// Let somebody speak no more.
    Mute {
        /// Where.
        room: RoomAddress,
        /// Whom.
        user: UserName,
        /// For how long, in milliseconds; none: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_ms: Option<u64>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// Let somebody speak again.
    Unmute {
        /// Where.
        room: RoomAddress,
        /// Whom.
        user: UserName,
    },
    /// Make somebody `voice` or `operator`.
    GiveRole {
        /// Where.
        room: RoomAddress,
        /// Whom.
        user: UserName,
        /// What it becomes.
        role: Role,
    },
    /// Make somebody who is `voice` or `operator` a member like others.
    TakeRole {
        /// Where.
        room: RoomAddress,
        /// Whom.
        user: UserName,
        /// What it is.
        role: Role,
    },
    /// Make somebody the owner of one's room.
    Transfer {
        /// Of which.
        room: RoomAddress,
        /// Whom.
        user: UserName,
    },
    /// Set something about a room.
    Set {
        /// Which.
        room: RoomAddress,
        /// What.
        set: Setting,
    },
    /// What is a room like, and who is one there? Answer: `settings_are`.
    GetSettings {
        /// Which.
        room: RoomAddress,
    },
    /// Who is banned from a room? Answer: `ban_list`.
    Bans {
        /// From which.
        room: RoomAddress,
    },
    /// What has come that one has not read? Answer: `unread_list`.
    Unread,
    /// One has read a room up to this event. Never goes back. Answer: `done`.
    MarkRead {
        /// Which room.
        room: RoomAddress,
        /// Up to here.
        seq: Sequence,
    },
    /// One has read a room, or what one user said, up to this time; a time to come is now. Never goes
    /// back. Answer: `read_is`.
    MarkReadUntil {
        /// Which room.
        room: RoomAddress,
        /// Until then.
        time_ms: Timestamp,
    },
    /// How far has one read a room? Answer: `read_is`.
    GetRead {
        /// Which room.
        room: RoomAddress,
    },
    /// What is known of a room, or of a user (`@name`)? Answer: `metadata`.
    GetMetadata {
        /// Of which.
        of: RoomAddress,
        /// What; none: all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keys: Vec<MetadataKey>,
    },
    /// Let something be known of oneself, or of a room that one keeps. Answer: `done`, and
    /// `metadata_changed`.
    SetMetadata {
        /// Of which.
        of: RoomAddress,
        /// What.
        key: MetadataKey,
        /// How it is; none: it is known no more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<MetadataValue>,
    },
    /// Let nothing be known. Answer: `metadata`, with what was.
    ClearMetadata {
        /// Of which.
        of: RoomAddress,
    },
    /// Be told of this, of rooms that one is in and users whom one meets there; for this session.
    /// Answer: `metadata_keys`, all of which it is told now.
    WatchMetadata {
        /// What, too.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more: Vec<MetadataKey>,
        /// What no more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fewer: Vec<MetadataKey>,
    },
    /// Take another name. Answer: `done`.
    Nick {
        /// The new one.
        name: UserName,
    },
    /// Be away with a message, or back without one. Answer: `done`.
    Away {
        /// Why one is away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<LineText>,
    },
    /// Tell something else of oneself; what is not given stays. Answer: `done`.
    SetProfile {
        /// What one calls oneself beside one's name; empty: nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        real_name: Option<LineText>,
        /// What one's client calls one (IRC's user name).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<LineText>,
        /// One is a program.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bot: Option<bool>,
        /// Not all need to know in which rooms one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invisible: Option<bool>,
    },
    /// Who is somebody? Answer: `user_is`.
    Whois {
        /// Who.
        user: UserName,
    },
    /// How many are there? Answer: `census_is`.
    Census,
    /// Which rooms are there? Answer: `room_list`.
    Rooms,
    /// Be told when these users come and go, wherever they are; for this session. Answer:
    /// `user_states`, of these.
    WatchUsers {
        /// Whom; [`crate::limits::WATCHED_USERS_MAX`] in all.
        names: Vec<UserName>,
    },
    /// Be told of these no more. Answer: `done`.
    UnwatchUsers {
        /// Whom; none: of nobody.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<UserName>,
    },
    /// Who is watched, and is here? Answer: `user_states`.
    WatchedUsers,
    /// Who had this name, and is gone? Answer: `past_users`.
    Was {
        /// Which.
        name: UserName,
    },
    /// Who is connected? Answer: `user_list`.
    Users,
    /// Who is in a room? Answer: `member_list`.
    Members {
        /// Which.
        room: RoomAddress,
    },
    /// Stored events of a room, oldest first. Answer: `history`.
    History {
        /// Which.
        room: RoomAddress,
        /// From where.
        #[serde(flatten)]
        range: HistoryRange,
        /// How many at most, up to [`PAGE_EVENTS_MAX`].
        #[serde(default = "page_events_default")]
        limit: u32,
    },
    /// Which of the rooms that one is in, direct ones too, were spoken in last between these times, and
    /// when? By that time, the earliest first. Answer: `conversation_list`.
    Conversations {
        /// Behind this time.
        after_ms: Timestamp,
        /// Before this time.
        before_ms: Timestamp,
        /// The last of them that fit, and not the first.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        newest: bool,
        /// How many at most, up to [`PAGE_EVENTS_MAX`].
        #[serde(default = "page_events_default")]
        limit: u32,
    },
    /// Messages that have certain words, newest first. Answer: `found`.
    Search {
        /// In which room; none: in all that one may read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomAddress>,
        /// Which words: [`crate::search::Query`]. In one room, or of one user, there may be none.
        text: LineText,
        /// Only what this user said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<UserName>,
        /// Only what was said at this time or later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_ms: Option<Moment>,
        /// Only what was said before this time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_ms: Option<Moment>,
        /// Goes on where an earlier answer ended: its `next`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<SearchCursor>,
        /// How many at most, up to [`PAGE_HITS_MAX`].
        #[serde(default = "page_hits_default")]
        limit: u32,
        /// With the whole texts of what is found.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        whole: bool,
    },
    /// Make an account of the name one has. Answer: `identified`.
    Register {
        /// To log in with.
        password: Password,
    },
    /// Become an account. Answer: `identified`.
    Login {
        /// Which.
        name: UserName,
        /// Its password, or a token of it.
        password: Password,
        /// Under the name that one has, if the account is not here already, and nobody else has
        /// registered that name; else under the account's.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keeps_name: bool,
    },
    /// Be a guest again: by the name that one has, if that is not the account's, or by another.
    /// Answer: `identified`.
    Logout,
    /// Change one's password. Other sessions of the account end. Answer: `done`.
    ChangePassword {
        /// As it is.
        old: Password,
        /// As it shall be.
        new: Password,
    },
    /// Stay in one's rooms while one is not connected, or leave them then; without `on`, say which it
    /// is. For accounts. Answer: `stay_is`.
    Stay {
        /// So it shall be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<bool>,
    },
    /// Make a personal token. Answer: `token_made`.
    MakeToken {
        /// What it is called.
        name: TokenName,
        /// The rooms it is for; none: all that the account may see.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rooms: Vec<RoomName>,
        /// It may only read.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        read_only: bool,
    },
    /// Which tokens are there? Answer: `token_list`.
    Tokens,
    /// Take a token back: its sessions end. Answer: `done`.
    RevokeToken {
        /// Which.
        name: TokenName,
    },
    /// Log in by a certificate from now on. Not for who came by a token. Answer: `done`.
    AddCertificate {
        /// Which; none: that of this connection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<Fingerprint>,
    },
    /// By which certificates does one log in? Answer: `certificate_list`.
    Certificates,
    /// Do so no more: other sessions that came by it end. Answer: `done`.
    RemoveCertificate {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// Be shown no message of a user any more. Answer: `done`.
    Ignore {
        /// Whom.
        user: UserName,
    },
    /// Be shown them again. Answer: `done`.
    Unignore {
        /// Whom.
        user: UserName,
    },
    /// Take no direct message of a user any more. Answer: `done`.
    Block {
        /// Whom.
        user: UserName,
    },
    /// Take them again. Answer: `done`.
    Unblock {
        /// Whom.
        user: UserName,
    },
    /// Whom does one ignore and block? Answer: `shunned`.
    Shunned,
    /// Tell everybody something. For administrators. Answer: `done`.
    Announce {
        /// What.
        text: LineText,
    },
    /// Tell those who want to hear it (IRC's wallops). For administrators. Answer: `done`.
    Wallops {
        /// What.
        text: LineText,
    },
    /// End an account's sessions, and let it log in no more. For administrators. Answer: `done`.
    Suspend {
        /// Whose.
        user: UserName,
        /// For so many seconds; none: until it is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_s: Option<u64>,
        /// Why; its owner is told.
        #[serde(default, skip_serializing_if = "LineText::is_empty")]
        reason: LineText,
    },
    /// Let it log in again. For administrators. Answer: `done`.
    Unsuspend {
        /// Whose.
        user: UserName,
    },
    /// Give an account another password: its sessions end, its tokens and certificates are revoked. For
    /// administrators. Answer: `done`.
    ResetPassword {
        /// Whose.
        user: UserName,
        /// The new one.
        password: Password,
    },
    /// Make an account, though registration may be closed. For administrators. Answer: `done`.
    AddAccount {
        /// Its name.
        user: UserName,
        /// Its password.
        password: Password,
    },
    /// Delete an account: its sessions end, its name is free. What it said stays. For
    /// administrators. Answer: `done`.
    DeleteAccount {
        /// Which.
        user: UserName,
        /// Why.
        #[serde(default, skip_serializing_if = "LineText::is_empty")]
        reason: LineText,
    },
    /// Make an account an administrator, or no longer. For administrators. Answer: `done`.
    SetAdministrator {
        /// Which.
        user: UserName,
        /// It is one.
        administrator: bool,
    },
    /// Which accounts are there? For administrators. Answer: `account_list`.
    Accounts {
        /// Those behind this name, in order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<UserName>,
    },
    /// Administer, with an administrator's name and password, and stay who one is. Answer: `done`.
    Administer {
        /// Whose.
        name: UserName,
        /// Its password.
        password: Password,
    },
    /// Administer no longer. Answer: `done`.
    CeaseToAdminister,
    /// End all sessions of a user. For administrators. Answer: `done`.
    Disconnect {
        /// Whose.
        user: UserName,
        /// Why; it is told.
        #[serde(default, skip_serializing_if = "LineText::is_empty")]
        reason: LineText,
    },
    /// How is the daemon? For administrators. Answer: `status`.
    Status,
    /// Let nobody in from an address, and end the sessions from there. For administrators. Answer:
    /// `done`.
    BanAddress {
        /// From where.
        network: Network,
        /// For so many seconds; none: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_s: Option<u64>,
        /// Why; who comes from there is told.
        #[serde(default, skip_serializing_if = "LineText::is_empty")]
        reason: LineText,
    },
    /// Let them in again. For administrators. Answer: `done`.
    UnbanAddress {
        /// From where.
        network: Network,
    },
    /// Which addresses are banned? For administrators. Answer: `address_ban_list`.
    AddressBans,
    /// Which rooms are there, hidden ones too? For administrators. Answer: `stored_room_list`.
    StoredRooms {
        /// Those behind this name, in order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<RoomName>,
    },
    /// All that is known of a room. For administrators. Answer: `room_report`.
    ReportRoom {
        /// Which.
        room: RoomName,
    },
    /// Put everybody out of a room and let nobody in any more. What was said stays. For
    /// administrators. Answer: `done`.
    CloseRoom {
        /// Which.
        room: RoomName,
        /// Why; who is put out is told.
        #[serde(default, skip_serializing_if = "LineText::is_empty")]
        reason: LineText,
    },
    /// Are you there? Answer: `pong`.
    Ping,
    /// Leave everything and close. Answer: the connection ends.
    Quit {
        /// Why; those in one's rooms are told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<LineText>,
    },
    /// What a newer client asks for; refused as an unknown command.
    #[serde(other)]
    Unknown,
}

/// Which part of a room's history: from `after` or `after_ms` on if there is one, forwards (or, with
/// `newest`, the last events behind it); otherwise what stands before `before` or `before_ms`, or the
/// newest events. `around` and `around_ms` stand alone: the page has that place in its middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRange {
    /// Only events behind this sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Sequence>,
    /// Only events before this sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Sequence>,
    /// Events on both sides of this sequence, and that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Sequence>,
    /// Only events of this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<Moment>,
    /// Only events before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_ms: Option<Moment>,
    /// Events on both sides of this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around_ms: Option<Moment>,
    /// The last of the events that fit, and not the first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newest: bool,
    /// Which of them.
    #[serde(default, skip_serializing_if = "HistoryPart::is_all")]
    pub part: HistoryPart,
}

/// Which events of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryPart {
    /// All.
    #[default]
    All,
    /// All but what is left of deleted messages.
    Kept,
    /// What was said, and is not deleted.
    Messages,
}

impl HistoryPart {
    /// Are they all?
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }
}

impl Command {
    /// Says something, and no more about it.
    #[must_use]
    pub fn say(
        room: RoomAddress,
        text: MessageText,
        kind: SayKind,
        key: Option<MessageKey>,
    ) -> Self {
        Self::Say { room, text, kind, key, reply_to: None }
    }
}

const fn page_events_default() -> u32 {
    PAGE_EVENTS_MAX
}

const fn page_hits_default() -> u32 {
    PAGE_HITS_MAX
}
