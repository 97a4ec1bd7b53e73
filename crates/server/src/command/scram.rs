//! Proving to be an account by SCRAM, in three steps. Never speaks to the peer.

use super::account::Proven;
use super::{Caller, House};
use crate::account::Scram;
use chat_protocol::Refusal;

/// A proof that is not done.
#[derive(Debug)]
pub(crate) enum Underway {
    /// It has said who it is, and was asked.
    Begun(Box<Scram>),
    /// It has proved it, and was shown that we know it too.
    Proved(Box<Proven>),
}

/// What it says first, and what that is answered.
///
/// # Errors
/// It is not understood; too many tries.
pub(crate) async fn begin(
    house: &House,
    caller: &Caller,
    said: &str,
) -> Result<(Underway, String), Refusal> {
    let random = || (house.identity)().0.simple().to_string();
    let nonce = format!("{}{}", random(), random());
    let from = caller.origin.address;
    let (scram, answer) = house.accounts.scram(&house.journal, from, said, &nonce).await?;
    Ok((Underway::Begun(Box::new(scram)), answer))
}

/// Its proof, and ours.
///
/// # Errors
/// It does not prove it.
pub(crate) fn finish(
    house: &House,
    scram: Scram,
    said: &str,
) -> Result<(Underway, String), Refusal> {
    let name = scram.name.clone();
    let (verified, answer) = house.accounts.finish_scram(scram, said)?;
    let known = house.registry.may_log_in(verified.account, (house.clock)())?;
    if known != name {
        return Err(Refusal::LoginFailed);
    }
    Ok((Underway::Proved(Box::new(Proven::by_password(known, verified))), answer))
}
