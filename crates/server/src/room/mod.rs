//! Rooms: each an actor task with a broadcast channel of envelopes. Never touches a socket, SQL or
//! a wire format.

mod actor;
mod bell;
mod directory;
mod door;
mod envelope;
mod feed;
mod followed;
mod handle;
mod heard;
mod members;
mod memory;
mod moderation;
mod pages;
mod reading;
mod seat;
mod signal;

pub(crate) use bell::{Bell, Rung};
pub(crate) use directory::{Directory, RoomSettings};
pub(crate) use envelope::{Envelope, RoomEvent, author_bit};
pub(crate) use feed::{FeedItem, Subscription};
pub(crate) use followed::{Bells, Follower, Hung};
pub(crate) use handle::{
    Asker, Description, Entrant, Members, Person, Power, RoomGone, RoomHandle, Roster, Said,
    Signalled, Snapshot, Summary,
};
pub(crate) use heard::DirectSignal;
pub(crate) use moderation::{Ask, Target};
pub(crate) use pages::Pages;
pub(crate) use reading::SessionNumber;
pub(crate) use seat::{ChangeId, Changes, Invitation, Membership, Renaming, Rooms, Seat};
