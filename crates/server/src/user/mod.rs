//! Users: names claimed, and whose they are. Never touches a socket or the journal.

mod names;
mod registry;
mod returns;

pub(crate) use names::friendly;
pub(crate) use registry::{Claim, Registry, User};
pub(crate) use returns::Returns;
