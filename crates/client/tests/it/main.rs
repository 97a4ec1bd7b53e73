//! The client against a small server in this process, which plays a script or a whole room.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names the variant it wants")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test plays fails loudly")]

mod binary;
mod connection;
mod fake;
mod json;
mod one_shot;
mod schema;
