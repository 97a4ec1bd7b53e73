//! Users: names claimed, and whose they are. Never touches a socket or the journal.

mod claim;
mod names;
mod registry;
mod returns;
mod speaker;

pub(crate) use claim::{Claim, Pass};
pub(crate) use names::friendly;
pub(crate) use registry::{NotAttached, Registry};
pub(crate) use returns::Returns;
pub(crate) use speaker::User;
