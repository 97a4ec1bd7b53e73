//! Users: names claimed, and whose they are. Never touches a socket or the journal.

mod claim;
mod departed;
mod looks;
mod names;
mod registry;
mod returns;
mod speaker;
mod staying;
mod watchers;

pub(crate) use claim::{Claim, LetGo, Pass};
pub(crate) use names::friendly;
pub(crate) use registry::{Called, NotAttached, Registry, Unnamed};
pub(crate) use returns::Returns;
pub(crate) use speaker::User;
pub(crate) use staying::Staying;
pub(crate) use watchers::{Seen, Watching};
