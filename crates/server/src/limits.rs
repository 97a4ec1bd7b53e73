//! Every bound of the daemon, with its unit. The protocol's own (text, names, frames, pages) stand
//! in `chat_protocol::limits`; what an operator may change stands in the configuration.

use std::time::Duration;

/// Users that one room remembers: roles, bans, mutes, invitations.
pub(crate) const ROOM_USERS_MAX: usize = 4_096;
/// How long a room without history keeps what was said, so that who is behind can read it.
pub(crate) const NO_HISTORY_KEEP: Duration = Duration::from_secs(600);
/// Rooms that a user was put out of, and invitations, that its sessions have not seen yet.
pub(crate) const SEAT_NEWS_MAX: usize = 64;
/// Signals from user to user that not all sessions of one of them have heard yet. The oldest goes.
pub(crate) const SEAT_SIGNALS_MAX: usize = 16;
/// Rooms of which one user's clients have said until when they are read.
pub(crate) const READ_UNTIL_MAX: usize = 256;
/// Commands that wait for one room.
pub(crate) const ROOM_MAILBOX_COMMANDS: usize = 1_024;
/// Commands that a room takes at once; what is stored of them is one batch of the journal.
pub(crate) const ROOM_TURN_COMMANDS: usize = 1_024;
/// Envelopes that a room's feed keeps for its slowest reader; who is further behind is fed from the
/// journal.
pub(crate) const ROOM_FEED_ENVELOPES: usize = 128;
/// The same for a direct room.
pub(crate) const DIRECT_FEED_ENVELOPES: usize = 16;
/// The text of the events in one envelope, in bytes; a larger batch is several envelopes.
pub(crate) const ENVELOPE_TEXT_BYTES_MAX: usize = 64 * 1_024;
/// The text of the pages of history that are kept for sessions that are behind, in bytes.
pub(crate) const PAGES_KEPT_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// Wire dialects that share encodings.
pub(crate) const DIALECTS_MAX: usize = 16;
/// Jobs that wait for the journal's writer; a room has at most one there.
pub(crate) const JOURNAL_QUEUE_JOBS: usize = 4_096;
/// Jobs that share one transaction.
pub(crate) const JOURNAL_TURN_JOBS: usize = 1_024;
/// Read-only connections to the database, and so reads at the same time.
pub(crate) const JOURNAL_READERS: usize = 4;
/// How long a start may check the database after a crash; a larger one is not checked whole.
pub(crate) const START_CHECK: Duration = Duration::from_secs(10);
/// Rooms that are read at once when all are gone through.
pub(crate) const ROOMS_PAGE: usize = 256;
/// Findings that a verification says; the rest is counted.
pub(crate) const FINDINGS_MAX: usize = 100;
/// Searches at the same time, so that readers are left for pages.
pub(crate) const JOURNAL_SEARCHES: usize = 2;
/// Messages that are indexed in one go behind the commit: an eighth of what waits, within these, so
/// that a commit waits little while few messages come, and a burst is caught up with fast.
pub(crate) const INDEX_SLICE_MESSAGES_MIN: i64 = 32;
pub(crate) const INDEX_SLICE_MESSAGES_MAX: i64 = 512;
/// Their text in bytes; one message may come on top.
pub(crate) const INDEX_SLICE_BYTES: i64 = 64 * 1_024;
/// Pages of 4 KiB, about, that one merge in the index writes.
pub(crate) const INDEX_MERGE_PAGES: i64 = 8;
/// Messages that wait to be indexed before a writer with nothing else to do begins.
pub(crate) const INDEX_DUE_MESSAGES: i64 = 256;
/// Messages that wait to be indexed before a writer that is busy does it all the same.
pub(crate) const INDEX_BEHIND_MESSAGES_MAX: i64 = 2_000_000;
/// One in so many parts of the writer's time is the index's, while messages come.
pub(crate) const INDEX_SHARE: u32 = 16;
/// A writer that had nothing to do for so long has time for the index.
pub(crate) const INDEX_PATIENCE: Duration = Duration::from_millis(10);
/// What the writer keeps of the database in memory, in KiB.
pub(crate) const WRITER_CACHE_KIB: i64 = 16 * 1_024;
/// Pages of 4 KiB in the log before it is copied into the database.
pub(crate) const WAL_PAGES: i64 = 1_024;
/// Messages that a search reads of what is not indexed yet: the newest.
pub(crate) const SEARCH_TAIL_MESSAGES_MAX: i64 = 2_048;
/// Messages that have the words and that one search looks at more closely (author, time); then its
/// page ends, and the next one goes on there.
pub(crate) const SEARCH_SCANNED_MAX: u32 = 6_000;
/// Messages that one session may have on their way to the disk; then it is not read from.
pub(crate) const SESSION_IN_FLIGHT_MAX: usize = 1_024;
/// What waits to be written to one session, in bytes; then it takes nothing from its feeds. One
/// envelope or page may come on top.
pub(crate) const SESSION_OUTBOX_BYTES_MAX: usize = 64 * 1_024;
/// What has been read from one session and not been understood yet, in bytes; then it is not read
/// from. More than any frame or line.
pub(crate) const SESSION_INPUT_BYTES_MAX: usize = 128 * 1_024;
/// What is read from a session at once, in bytes.
pub(crate) const SESSION_READ_BYTES: usize = 16 * 1_024;
/// TLS handshakes in progress; more wait, for `limits.handshake` at most.
pub(crate) const TLS_HANDSHAKES_MAX: usize = 1_024;
/// What TLS takes from a session before the socket has taken it, in bytes.
pub(crate) const TLS_BUFFER_BYTES_MAX: usize = 16 * 1_024;
/// A certificate of a client, with the others that it sends along, in bytes. All are kept as long as its
/// connection.
pub(crate) const CLIENT_CHAIN_BYTES_MAX: usize = 16 * 1_024;
/// A request for a WebSocket, its headers with it, in bytes.
pub(crate) const WEBSOCKET_REQUEST_BYTES_MAX: usize = 16 * 1_024;
/// A message inside a WebSocket, in bytes: a line of IRC with its tags.
pub(crate) const WEBSOCKET_MESSAGE_BYTES_MAX: usize = 4_096 + 512;
/// What a WebSocket takes from a session before the socket has taken it, in bytes; one frame may come
/// on top.
pub(crate) const WEBSOCKET_BUFFER_BYTES: usize = 16 * 1_024;
/// A line that is written into a WebSocket, in bytes: more than any of IRC.
pub(crate) const WEBSOCKET_LINE_BYTES_MAX: usize = 64 * 1_024;
/// A file with a certificate or a key, in bytes.
pub(crate) const TLS_FILE_BYTES_MAX: u64 = 1_024 * 1_024;
/// A certificate that ends so soon is warned about.
pub(crate) const CERTIFICATE_ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How often a room tells who comes and goes, while many do.
pub(crate) const PRESENCE_PAUSE: Duration = Duration::from_millis(100);
/// Comings and goings that are told at once, before the next ones wait.
pub(crate) const PRESENCE_AT_ONCE: usize = 8;
/// Comings and goings that wait to be told together.
pub(crate) const HELD_PRESENCE_EVENTS_MAX: usize = 256;
/// How often a large room tells how many have come and gone.
pub(crate) const QUIET_PRESENCE_PAUSE: Duration = Duration::from_secs(1);
/// Changes of users (gone, renamed, away) that a session remembers, so as to tell them once.
pub(crate) const SESSION_CHANGES_SEEN: usize = 4_096;
/// Rooms in which one session is heard to type at the same time.
pub(crate) const TYPING_ROOMS_MAX: usize = 16;
/// What a session that enters a room is told of metadata; it may ask for the rest.
pub(crate) const METADATA_MET_MAX: usize = 500;
/// A typed line, in bytes without its end; a longer one is refused and skipped.
pub(crate) const LINE_BYTES_MAX: usize = 4_096 + 256;
/// A telnet sub-negotiation, in bytes; a longer one ends the session.
pub(crate) const TELNET_SUBNEGOTIATION_BYTES_MAX: usize = 4_096;
/// Wrong answers to the question for a name; then the session ends.
pub(crate) const NAME_TRIES_MAX: u32 = 20;
/// Invitations that one IRC session lists.
pub(crate) const IRC_INVITED_MAX: usize = 32;
/// What one IRC session may have asked for without an answer; then it is not read from.
pub(crate) const IRC_PENDING_MAX: usize = 64;
/// Sessions of one account, with those that may come back.
pub(crate) const ACCOUNT_SESSIONS_MAX: usize = 64;
/// Accounts that stay in their rooms while they are not connected.
pub(crate) const STAYING_ACCOUNTS_MAX: usize = 1_000;
/// Passwords that are hashed at the same time; each takes a core and 19 MiB.
pub(crate) const HASHES_AT_ONCE: usize = 2;
/// Passwords that wait to be hashed; beyond that people are told that the daemon is busy.
pub(crate) const HASHES_WAITING_MAX: usize = 64;
/// A burst: what comes in so much time may come at once.
pub(crate) const BURST: Duration = Duration::from_secs(10);
/// Who takes more than there is owes it, at most so many bursts.
pub(crate) const DEBT_BURSTS_MAX: u64 = 2;
/// Who says nothing for so long has ended its flood.
pub(crate) const FLOOD_PAUSE: Duration = Duration::from_secs(1);
/// How often somebody is told of being too fast.
pub(crate) const TOO_FAST_TOLD: Duration = Duration::from_secs(60);
/// Addresses that have gone and whose rates are remembered; then those that do not matter any more
/// are forgotten.
pub(crate) const ADDRESSES_REMEMBERED: usize = 10_000;
/// Accounts and addresses whose wrong passwords are remembered; the oldest are forgotten first.
pub(crate) const TRIES_REMEMBERED: usize = 10_000;
/// How often it is looked for what accounts have entered, left and read; then it is stored.
pub(crate) const ROOMS_KEPT_PAUSE: Duration = Duration::from_secs(1);
/// Names that a line session is shown when it enters a room; `/who` has them all.
pub(crate) const NAMES_ON_ENTERING_MAX: usize = 50;
/// What an account has not read and is shown when it comes, in events of a room.
pub(crate) const UNREAD_SHOWN_MAX: u64 = 100;
/// The socket in the data directory at which the daemon's own user administers it.
pub(crate) const ADMIN_SOCKET: &str = "admin.sock";
/// How long the command line waits for its answer there.
pub(crate) const ADMIN_SOCKET_ANSWER: Duration = Duration::from_secs(30);
/// Announcements that are kept for sessions that have not taken them yet.
pub(crate) const ANNOUNCEMENTS_KEPT: usize = 16;
/// Users that are remembered when they are gone; the oldest is forgotten first.
pub(crate) const DEPARTED_MAX: usize = 1_000;
/// Random names to try before one gets a number.
pub(crate) const RANDOM_NAME_TRIES: u32 = 8;
/// Events that one slice of a sweep takes away: a few milliseconds for which a commit may have to
/// wait.
pub(crate) const SWEEP_EVENTS: u64 = 512;
/// How often it is looked for what is not to be kept any more.
pub(crate) const SWEEP_PAUSE: Duration = Duration::from_secs(60);
/// Messages that are read at most to count what one user has not read.
pub(crate) const UNREAD_READ_MAX: u32 = 10_000;
