//! Certificates by which accounts log in: proved by the handshake, known by their fingerprints. Never
//! sees a certificate, never speaks to the peer.

use std::net::IpAddr;

use chat_protocol::limits::CERTIFICATES_MAX;
use chat_protocol::{Event, Fingerprint, Identity, Refusal, RequestId, UserName};

use super::account::{after_all, begin, changed, evict};
use super::guest::{self, Identified};
use super::{Answer, Caller, House, journal_refusal};
use crate::journal::{AccountChange, Changed};
use crate::user::Called;

/// Somebody whose connection has a certificate: whose it is. With a name it is that account's.
///
/// # Errors
/// Nobody's, or another's; the account may not log in; too many tries.
pub(crate) async fn whose(
    house: &House,
    from: Option<IpAddr>,
    certificate: Option<Fingerprint>,
    name: Option<&UserName>,
) -> Result<(Identity, UserName, Fingerprint), Refusal> {
    let fingerprint = certificate.ok_or(Refusal::NoCertificate)?;
    let account = house.accounts.certificate(&house.journal, from, fingerprint).await?;
    let known = house.registry.may_log_in(account, (house.clock)())?;
    match name {
        Some(name) if *name != known => Err(Refusal::LoginFailed),
        Some(_) | None => Ok((account, known, fingerprint)),
    }
}

/// A session of the account begins.
///
/// # Errors
/// It has the certificate no more, or may not log in.
pub(super) async fn enter(
    house: &House,
    (account, fingerprint): (Identity, Fingerprint),
    called: Called<'_>,
    is_resumable: bool,
) -> Result<Identified, Refusal> {
    let claim = begin(house, account, Some(fingerprint.into()), called).await?;
    // Taken back while it began: a removal that found no session to end.
    let owner = house.journal.certificate(fingerprint).await.map_err(journal_refusal)?;
    if owner != Some(account) {
        return Err(after_all(house, claim, called, Refusal::CertificateUnknown).await);
    }
    guest::identified(house, claim, is_resumable, None).await
}

/// The account is logged in to by one more. Only who knows its password, or has another certificate
/// of it, may do that: what a token lets in ends with the token.
pub(super) async fn add(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    fingerprint: Option<Fingerprint>,
) -> Result<Answer, Refusal> {
    let claim = caller.account()?;
    let account = claim.identity();
    let fingerprint = fingerprint.ok_or(Refusal::NoCertificate)?;
    if let Some(access) = claim.pass().and_then(|pass| pass.access) {
        let own = house.journal.certificates(account).await.map_err(journal_refusal)?;
        if !own.into_iter().any(|own| access == own.fingerprint.into()) {
            return Err(Refusal::CameByToken);
        }
    }
    let add = AccountChange::AddCertificate { account, fingerprint };
    match house.journal.change(vec![add]).await {
        Ok(Changed::Taken) => Err(Refusal::CertificateTaken { fingerprint }),
        Ok(Changed::Full) => {
            let limit = u64::try_from(CERTIFICATES_MAX).unwrap_or(u64::MAX);
            Err(Refusal::TooMany { what: "certificates of yours".to_owned(), limit })
        }
        other => changed(other, || Refusal::LoggedOut).map(|()| Answer::Event(Event::Done { id })),
    }
}

/// Those that one has.
pub(super) async fn list(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
) -> Result<Answer, Refusal> {
    let account = caller.account()?.identity();
    let certificates = house.journal.certificates(account).await.map_err(journal_refusal)?;
    Ok(Answer::Event(Event::CertificateList { id, certificates }))
}

/// One is worth nothing from now on. The sessions that came by it end, but for the one that says so.
pub(super) async fn remove(
    house: &House,
    caller: &Caller,
    id: Option<RequestId>,
    fingerprint: Fingerprint,
) -> Result<Answer, Refusal> {
    let claim = caller.account()?;
    let user = claim.user();
    let account = user.identity();
    let remove = AccountChange::RemoveCertificate { account, fingerprint };
    let no_such = || Refusal::NoSuchCertificate { fingerprint };
    changed(house.journal.change(vec![remove]).await, no_such)?;
    let own = claim.pass().map(|pass| &**pass);
    user.cut(Some(fingerprint.into()), own, &Refusal::LoggedOut);
    evict(house, user).await;
    Ok(Answer::Event(Event::Done { id }))
}
