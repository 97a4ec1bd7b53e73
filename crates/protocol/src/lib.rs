//! The language that Samovar's server and its clients speak.
//!
//! Owns names, text, commands, events, refusals, the grammar of a search, the native frames and
//! the table of slash commands. Never touches a socket, a runtime or a clock.

pub mod administration;
pub mod base64;
pub mod command;
pub mod event;
pub mod fingerprint;
pub mod frame;
pub mod glob;
pub mod id;
pub mod limits;
pub mod metadata;
pub mod moment;
pub mod name;
pub mod nearest;
pub mod network;
pub mod refusal;
pub mod room;
pub mod search;
pub mod secret;
pub mod signal;
pub mod slash;
pub mod text;

pub use command::{Command, Hello, Request, SayKind};
pub use event::Event;
pub use fingerprint::Fingerprint;
pub use id::{
    ByIdentity, Cursor, Identity, IdentityHasher, JournalId, MessageKey, RequestId, SearchCursor,
    Sequence, Timestamp,
};
pub use metadata::{MetadataKey, MetadataValue};
pub use moment::Moment;
pub use name::{RoomAddress, RoomName, UserName};
pub use network::Network;
pub use refusal::Refusal;
pub use room::{
    Access, HeldMask, Mask, MaskList, Masked, Role, RoomChange, RoomSecret, RoomSettings, Setting,
};
pub use secret::{Password, Token, TokenName};
pub use signal::{Signal, TypingState};
pub use text::{ClientTags, LineText, MessageText, ReactionText};
