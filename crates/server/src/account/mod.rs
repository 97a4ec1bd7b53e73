//! Who somebody is: registering, logging in, tokens. Never touches a room, a session or a socket;
//! what a session becomes stands in `command/`.

mod hash;
mod origin;
mod scram;
mod throttle;

use std::net::IpAddr;
use std::sync::Arc;

use chat_protocol::secret::TOKEN_PREFIX;
use chat_protocol::{Fingerprint, Identity, Password, Refusal, Timestamp, Token, UserName};
use sha2::{Digest, Sha256};

pub(crate) use hash::{HashCost, Hasher};
pub(crate) use origin::Origin;
pub(crate) use throttle::FreeTries;

use crate::journal::{
    Account, AccountChange, Changed, Deed, Journal, StoredPassword, StoredToken, TokenHash,
};
use crate::user::Registry;
use scram::{ClientFirst, Exchange, ScramKeys};
use throttle::{Throttle, Tried};

/// What accounts need of the world.
#[derive(Clone, Debug)]
pub(crate) struct Accounts(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: AccountSettings,
    hasher: Hasher,
    throttle: Throttle,
}

/// What is configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountSettings {
    /// Guests may make accounts.
    pub(crate) registration_is_open: bool,
    /// So many there may be.
    pub(crate) max: u64,
    /// What a hash costs.
    pub(crate) cost: HashCost,
    /// Characters that a new password has at least.
    pub(crate) password_length: u64,
    /// How often one may be wrong.
    pub(crate) free_tries: FreeTries,
    /// The time of day.
    pub(crate) clock: fn() -> Timestamp,
}

/// Whose name and password somebody has.
#[derive(Debug)]
pub(crate) struct Verified {
    /// Whose.
    pub(crate) account: Identity,
    hash: String,
}

impl Verified {
    /// Is it still its password? Asked once its session can be ended: one that began while the
    /// password was changed is not missed.
    ///
    /// # Errors
    /// It is not.
    pub(crate) async fn is_still_true(
        &self,
        journal: &Journal,
        name: &UserName,
    ) -> Result<(), Refusal> {
        match journal.password(name.clone()).await.map_err(unavailable)? {
            Some((account, stored)) if account == self.account && stored.hash == self.hash => {
                Ok(())
            }
            Some(_) | None => Err(Refusal::LoginFailed),
        }
    }
}

/// A proof by SCRAM that has begun.
#[derive(Debug)]
pub(crate) struct Scram {
    /// Who it says that it is.
    pub(crate) name: UserName,
    exchange: Exchange,
    /// Whose password it is; nobody's.
    is_of: Option<Verified>,
    tries: Vec<Tried>,
}

impl Accounts {
    /// # Errors
    /// The cost is none that a hash can have.
    pub(crate) fn new(settings: AccountSettings) -> Result<Self, String> {
        let hasher = Hasher::new(settings.cost)?;
        Ok(Self(Arc::new(Shared {
            settings,
            hasher,
            throttle: Throttle::new(settings.free_tries),
        })))
    }

    /// One may be wrong so often from now on.
    pub(crate) fn set_free_tries(&self, free: FreeTries) {
        self.0.throttle.set_free(free);
    }

    /// A guest makes an account of its name.
    ///
    /// # Errors
    /// Registration is closed, the name is another account's, there are too many accounts.
    pub(crate) async fn register(
        &self,
        journal: &Journal,
        registry: &Registry,
        from: Option<IpAddr>,
        (identity, name): (Identity, UserName),
        password: Password,
    ) -> Result<Account, Refusal> {
        if !self.0.settings.registration_is_open {
            return Err(Refusal::RegistrationClosed);
        }
        registry.may_register(&name)?;
        let now = (self.0.settings.clock)();
        let tried = from.map(Tried::Registration);
        self.0.throttle.may_try(tried.as_slice(), now)?;
        let account = self.make(journal, identity, name, password, Vec::new()).await?;
        self.0.throttle.tried(tried.as_slice(), now);
        Ok(account)
    }

    /// Makes an account, and stores with it who did it.
    ///
    /// # Errors
    /// The name is another account's, there are too many accounts.
    pub(crate) async fn make(
        &self,
        journal: &Journal,
        identity: Identity,
        name: UserName,
        password: Password,
        deeds: Vec<Deed>,
    ) -> Result<Account, Refusal> {
        let created = (self.0.settings.clock)();
        let password = self.hash(password).await?;
        let account = Account {
            identity,
            name,
            created,
            is_administrator: false,
            suspension: None,
            stays: false,
        };
        let accounts_max = self.0.settings.max;
        let mut changes =
            vec![AccountChange::Add { account: account.clone(), password, accounts_max }];
        changes.extend(deeds.into_iter().map(AccountChange::Record));
        match journal.change(changes).await.map_err(unavailable)? {
            Changed::Done => Ok(account),
            Changed::Taken => Err(Refusal::NameRegistered { name: account.name }),
            Changed::Full => {
                Err(Refusal::TooMany { what: "accounts".to_owned(), limit: accounts_max })
            }
            Changed::DiskFull => Err(Refusal::DiskFull),
            Changed::Missing => Err(Refusal::Unavailable),
        }
    }

    /// Whose name and password are these? A name that nobody has takes the same work, and gets the
    /// same answer, as a password that is wrong.
    ///
    /// # Errors
    /// They do not go together; too many tries; the daemon is busy.
    pub(crate) async fn verify(
        &self,
        journal: &Journal,
        from: Option<IpAddr>,
        name: &UserName,
        password: Password,
    ) -> Result<Verified, Refusal> {
        let tries = [Some(Tried::Account(name.clone())), from.map(Tried::Address)];
        let tries: Vec<Tried> = tries.into_iter().flatten().collect();
        let clock = self.0.settings.clock;
        self.0.throttle.may_try(&tries, clock())?;
        let stored = journal.password(name.clone()).await.map_err(unavailable)?;
        let hash = stored.as_ref().map(|(_, stored)| stored.hash.clone());
        // Counted before it is looked at: many at the same time are not more tries.
        self.0.throttle.tried(&tries, clock());
        let is_right = match self.0.hasher.verify(hash, password.clone()).await {
            Ok(is_right) => is_right,
            Err(refusal) => {
                self.0.throttle.take_back(&tries);
                return Err(refusal);
            }
        };
        match stored {
            Some((account, stored)) if is_right => {
                self.0.throttle.succeeded(&tries);
                let hash = stored.hash.clone();
                self.keep_scram(journal, account, stored, password).await;
                Ok(Verified { account, hash })
            }
            Some(_) | None => Err(Refusal::LoginFailed),
        }
    }

    /// An account that was made before there were keys for SCRAM gets its own.
    async fn keep_scram(
        &self,
        journal: &Journal,
        account: Identity,
        stored: StoredPassword,
        password: Password,
    ) {
        if stored.scram.is_some() {
            return;
        }
        let Ok(keys) = self.0.hasher.scram(password).await else { return }; // the next time
        let password = StoredPassword { scram: Some(keys), ..stored };
        // What is not stored now is stored when it logs in again.
        drop(journal.change_later(vec![AccountChange::KeepScram { account, password }]).await);
    }

    /// Somebody begins to prove, by SCRAM, that it knows a password: what it says first, and what it
    /// is answered. A name that nobody has gets an answer like others.
    ///
    /// # Errors
    /// It is not understood; too many tries.
    pub(crate) async fn scram(
        &self,
        journal: &Journal,
        from: Option<IpAddr>,
        said: &str,
        nonce: &str,
    ) -> Result<(Scram, String), Refusal> {
        let first = ClientFirst::parse(said).ok_or(Refusal::LoginFailed)?;
        let name = UserName::parse(&first.name).map_err(|_| Refusal::LoginFailed)?;
        let acts_for = first.acts_for.as_deref().map(UserName::parse);
        if acts_for.is_some_and(|acts_for| acts_for.as_ref() != Ok(&name)) {
            return Err(Refusal::LoginFailed);
        }
        let tries = [Some(Tried::Account(name.clone())), from.map(Tried::Address)];
        let tries: Vec<Tried> = tries.into_iter().flatten().collect();
        self.0.throttle.may_try(&tries, (self.0.settings.clock)())?;
        let (stored, secret) = journal.scram(name.clone()).await.map_err(unavailable)?;
        let nobodys = ScramKeys::nobodys(&secret, name.folded());
        let own = stored.and_then(|(account, stored)| {
            let keys = stored.scram.as_deref().and_then(ScramKeys::parse)?;
            Some((keys, Verified { account, hash: stored.hash }))
        });
        let (keys, is_of) = own.map_or((nobodys, None), |(keys, is_of)| (keys, Some(is_of)));
        let (exchange, answer) = Exchange::begin(&first, keys, nonce);
        Ok((Scram { name, exchange, is_of, tries }, answer))
    }

    /// Its proof; gives ours.
    ///
    /// # Errors
    /// It proves nothing; too many tries.
    pub(crate) fn finish_scram(
        &self,
        scram: Scram,
        said: &str,
    ) -> Result<(Verified, String), Refusal> {
        let now = (self.0.settings.clock)();
        self.0.throttle.may_try(&scram.tries, now)?;
        self.0.throttle.tried(&scram.tries, now);
        match (scram.exchange.finish(said), scram.is_of) {
            (Some(answer), Some(verified)) => {
                self.0.throttle.succeeded(&scram.tries);
                Ok((verified, answer))
            }
            (_, _) => Err(Refusal::LoginFailed),
        }
    }

    /// Whose token is this?
    ///
    /// # Errors
    /// Nobody's.
    pub(crate) async fn token(
        &self,
        journal: &Journal,
        from: Option<IpAddr>,
        token: &Token,
    ) -> Result<StoredToken, Refusal> {
        let tries: Vec<Tried> = from.map(Tried::Address).into_iter().collect();
        let now = (self.0.settings.clock)();
        self.0.throttle.may_try(&tries, now)?;
        match journal.token(hash_of(token)).await.map_err(unavailable)? {
            Some(token) => Ok(token),
            None => {
                self.0.throttle.tried(&tries, now);
                Err(Refusal::LoginFailed)
            }
        }
    }

    /// Whose certificate is this? Nobody guesses one, so an account has no tries of it.
    ///
    /// # Errors
    /// Nobody's; too many tries.
    pub(crate) async fn certificate(
        &self,
        journal: &Journal,
        from: Option<IpAddr>,
        fingerprint: Fingerprint,
    ) -> Result<Identity, Refusal> {
        let tries: Vec<Tried> = from.map(Tried::Address).into_iter().collect();
        let now = (self.0.settings.clock)();
        self.0.throttle.may_try(&tries, now)?;
        match journal.certificate(fingerprint).await.map_err(unavailable)? {
            Some(account) => Ok(account),
            None => {
                self.0.throttle.tried(&tries, now);
                Err(Refusal::CertificateUnknown)
            }
        }
    }

    /// What is stored of a new password.
    ///
    /// # Errors
    /// It is too short; the daemon is busy.
    pub(crate) async fn hash(&self, password: Password) -> Result<StoredPassword, Refusal> {
        let length = self.0.settings.password_length;
        let characters = password.reveal().chars().count();
        if u64::try_from(characters).is_ok_and(|characters| characters < length) {
            let detail = format!("a password has at least {length} characters");
            return Err(Refusal::PasswordInvalid { detail });
        }
        self.0.hasher.hash(password).await
    }
}

/// A new token: 256 random bits, from identities that are random.
pub(crate) fn new_token(random: fn() -> Identity) -> Token {
    let mut digest = Sha256::new();
    for _ in 0..4 {
        digest.update(random().0.as_bytes()); // 122 random bits each
    }
    let digest: [u8; 32] = digest.finalize().into();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Token::parse(&format!("{TOKEN_PREFIX}{hex}")).expect("a prefix and hexadecimal digits")
}

/// What is stored of a token: it has 256 random bits, so nobody finds another with the same hash.
pub(crate) fn hash_of(token: &Token) -> TokenHash {
    TokenHash(Sha256::digest(token.reveal()).into())
}

#[expect(clippy::needless_pass_by_value, reason = "the last use of an error, in map_err")]
fn unavailable(error: crate::journal::JournalError) -> Refusal {
    tracing::error!(%error, "accounts cannot be read or written");
    Refusal::Unavailable
}

#[cfg(test)]
mod tests;
