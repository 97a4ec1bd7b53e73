//! Every bound of the protocol, with its unit. The daemon's own bounds (queues, buffers) stand in
//! the server's `limits.rs`.

/// A user's name, in bytes of UTF-8.
pub const USER_NAME_BYTES_MAX: usize = 32;
/// A room's name, in bytes of UTF-8.
pub const ROOM_NAME_BYTES_MAX: usize = 64;
/// The text of one message, in bytes of UTF-8.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 4_096;
/// The lines of one message.
pub const MESSAGE_TEXT_LINES_MAX: usize = 64;
/// A topic, an away message, a reason: one line, in bytes of UTF-8.
pub const LINE_TEXT_BYTES_MAX: usize = 512;
/// What a client says beside a message (IRC's client-only tags), in bytes.
pub const CLIENT_TAGS_BYTES_MAX: usize = 4_094;
/// What somebody thinks of a message (a reaction), in bytes of UTF-8.
pub const REACTION_BYTES_MAX: usize = 64;
/// How often a session is heard to type in one room; what comes sooner is dropped.
pub const TYPING_PAUSE: std::time::Duration = std::time::Duration::from_secs(3);
/// Users whose coming and going one session is told of.
pub const WATCHED_USERS_MAX: usize = 100;
/// Users of one name that are told of when they are gone.
pub const PAST_USERS_MAX: usize = 20;
/// What a key of metadata is called, and how long its value is, in bytes.
pub const METADATA_KEY_BYTES_MAX: usize = 32;
/// Its value.
pub const METADATA_VALUE_BYTES_MAX: usize = 300;
/// Keys of one user or room.
pub const METADATA_KEYS_MAX: usize = 20;
/// Keys of which one session is told.
pub const METADATA_WATCHED_MAX: usize = 50;
/// A native frame from a client, without its length prefix, in bytes.
pub const CLIENT_FRAME_BYTES_MAX: usize = 64 * 1_024;
/// A native frame from the server, without its length prefix, in bytes. A history page of
/// [`PAGE_EVENTS_MAX`] of the longest messages fits, though JSON makes six bytes of some.
pub const SERVER_FRAME_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// Events in one history page.
pub const PAGE_EVENTS_MAX: u32 = 100;
/// Rooms in one answer to what is unread.
pub const UNREAD_ROOMS_MAX: usize = 100;
/// Messages that are counted as unread in one room; there may be more.
pub const UNREAD_COUNTED_MAX: u32 = 1_000;
/// The newest events of a room, among which "the last that I said" is looked for.
pub const OWN_LAST_EVENTS_MAX: u64 = 1_000;
/// Messages in one answer to a search.
pub const PAGE_HITS_MAX: u32 = 50;
/// Words and phrases of one search; its text is one line ([`LINE_TEXT_BYTES_MAX`]).
pub const QUERY_TERMS_MAX: usize = 16;
/// Letters before the `*` of a search, at least.
pub const QUERY_PREFIX_LETTERS_MIN: usize = 2;
/// What is shown of a message that was found, in bytes of UTF-8.
pub const SNIPPET_BYTES_MAX: usize = 256;
/// Entries of one list (rooms, users, members); a longer list says that it was cut.
pub const LIST_ENTRIES_MAX: usize = 1_000;
/// Names that are told on entering a large room (`rooms.quiet_presence`); `members` tells more.
pub const QUIET_MEMBERS_TOLD: usize = 50;
/// Masks of one room, all lists together.
pub const ROOM_MASKS_MAX: usize = 100;
/// A mask, in bytes.
pub const MASK_BYTES_MAX: usize = 128;
/// What is logged of what a client says of itself in its hello, in characters.
pub const CLIENT_LABEL_CHARACTERS_MAX: usize = 64;
/// A password, in bytes of UTF-8. How long a new one is at least, the server's configuration says.
pub const PASSWORD_BYTES_MAX: usize = 400;
/// A personal token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 128;
/// What a token is called, in bytes.
pub const TOKEN_NAME_BYTES_MAX: usize = 32;
/// Personal tokens of one account.
pub const TOKENS_MAX: usize = 32;
/// Certificates by which one account is logged in to.
pub const CERTIFICATES_MAX: usize = 8;
/// Rooms that one token is for.
pub const TOKEN_ROOMS_MAX: usize = 32;
/// Users that one ignores or blocks.
pub const SHUNNED_MAX: usize = 200;
/// Addresses and networks that are banned.
pub const ADDRESS_BANS_MAX: usize = 1_000;
/// A refusal's free detail (what a parser said), in bytes.
pub const REFUSAL_DETAIL_BYTES_MAX: usize = 256;
/// The longest pause between two messages in slow mode, in seconds: a day.
pub const SLOW_S_MAX: u64 = 86_400;
/// The fewest members that a room may be limited to.
pub const MEMBERS_MIN: u64 = 1;
/// The shortest time for which a room keeps what was said, in seconds: who is behind reads it there.
pub const KEEP_S_MIN: u64 = 60;
