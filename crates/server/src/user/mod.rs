//! Users: names claimed, and whose they are. Never touches a socket or the journal.

mod names;
mod registry;

pub(crate) use names::friendly;
pub(crate) use registry::{Claim, Registry, User};
