//! Who a session is: from its first name to its end, and somebody else in between.

use std::future::poll_fn;

use chat_protocol::event::Welcome;
use chat_protocol::limits::CLIENT_LABEL_CHARACTERS_MAX;
use chat_protocol::{
    Command, Event, Hello, Refusal, Request, RequestId, RoomAddress, Sequence, UserName,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::Instrument;

use super::said_here::SaidHere;
use super::{Doing, Ending, Session, Stage};
use crate::command::account::{self, Proven};
use crate::command::certificate;
use crate::command::guest::{self, Identified, Wanted};
use crate::command::scram::{self, Underway};
use crate::command::{Answer, execute};
use crate::frontend::{Proof, Wish};
use crate::user::{Called, Claim};

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Session<S> {
    /// Gives the peer a name, or says why not.
    pub(super) async fn identify(&mut self, wish: Wish) -> Result<(), Ending> {
        let wanted = match wish {
            Wish::Random => Wanted::Somebody,
            Wish::Named(name) => {
                self.undecided = false; // it has typed
                Wanted::This(Hello { name: Some(name), ..Hello::default() })
            }
            Wish::Account { name, password } => {
                self.undecided = false;
                let (name, password) = (Some(name.to_string()), Some(password));
                Wanted::This(Hello { name, password, ..Hello::default() })
            }
            Wish::Hello(hello) => Wanted::This(hello),
        };
        let span = self.span();
        let client = client_label(&wanted);
        let house = &self.around.house;
        let called = match &wanted {
            Wanted::This(Hello { name: Some(name), .. }) => UserName::parse(name).ok(),
            Wanted::This(_) | Wanted::Somebody => None,
        };
        let identified = match self.proven.take() {
            Some(proven) => {
                let called = called.as_ref().map_or(Called::Account, Called::By);
                account::enter(house, *proven, called).instrument(span).await
            }
            None => {
                let certificate = self.certificate();
                guest::identify(house, &self.caller, wanted, certificate).instrument(span).await
            }
        };
        let Identified { claim, ticket, resumed, scope } = match identified {
            Ok(identified) => identified,
            Err(refusal) => {
                self.tell(&Event::refused(None, refusal));
                return Ok(());
            }
        };
        let name = claim.as_ref().map(|claim| claim.user().name());
        let shown = name.as_ref().map_or("-", UserName::as_str);
        let client = client.as_deref();
        self.span().in_scope(|| tracing::info!(name = shown, client, resumed, "identified"));
        self.sit(claim.as_ref());
        self.caller.claim = claim;
        self.is_welcome = true;
        self.unnamed = None;
        let token = ticket.as_ref().map(|ticket| ticket.token.clone());
        self.caller.ticket = ticket.map(Box::new);
        self.caller.scope = scope.map(Box::new);
        let welcome = (*self.around.welcome).clone();
        let (account, account_name) = self.account();
        let told = Welcome { name, token, account, account_name, resumed, ..welcome };
        self.tell(&Event::Welcome(Box::new(told)));
        self.rooms_again(resumed).await?;
        self.enter_default_room().await
    }

    /// Its peer proves who it is; a guest becomes that one at once.
    pub(super) async fn prove(&mut self, proof: Proof) -> Result<(), Ending> {
        let underway = self.seldom.as_mut().and_then(|seldom| seldom.scram.take());
        let (house, caller) = (&self.around.house, &self.caller);
        let proved = match proof {
            Proof::Password { name, password } => {
                account::prove(house, caller, name, password).instrument(self.span()).await
            }
            Proof::Certificate { name } => {
                let (from, shown) = (caller.origin.address, self.certificate());
                let whose = certificate::whose(house, from, shown, name.as_ref());
                whose.instrument(self.span()).await.map(Proven::by_certificate)
            }
            Proof::ScramFirst(said) => {
                let begun = scram::begin(house, caller, &said).instrument(self.span()).await;
                self.challenge(begun);
                return Ok(());
            }
            Proof::ScramNext(said) => match underway {
                Some(Underway::Begun(begun)) => {
                    let finished = scram::finish(house, *begun, &said);
                    self.challenge(finished);
                    return Ok(());
                }
                Some(Underway::Proved(proven)) if said.is_empty() => Ok(*proven),
                Some(Underway::Proved(_)) | None => Err(Refusal::LoginFailed),
            },
            Proof::Registration { name, password } => {
                account::prove_anew(house, caller, name, password).instrument(self.span()).await
            }
        };
        let proved = match proved {
            Ok(proven) => self.proved(proven).await?,
            Err(refusal) => Err(refusal),
        };
        self.frontend.proved(proved, self.outbox.bytes());
        Ok(())
    }

    /// A proof goes on, or has failed.
    fn challenge(&mut self, challenge: Result<(Underway, String), Refusal>) {
        match challenge {
            Ok((underway, said)) => {
                self.seldom().scram = Some(underway);
                self.frontend.challenged(&said, self.outbox.bytes());
            }
            Err(refusal) => self.frontend.proved(Err(refusal), self.outbox.bytes()),
        }
    }

    async fn proved(&mut self, proven: Proven) -> Result<Result<UserName, Refusal>, Ending> {
        let name = proven.name.clone();
        if !self.is_welcome {
            self.proven = Some(Box::new(proven));
            return Ok(Ok(name));
        }
        let user = self.caller.claim.as_ref().map(Claim::user);
        if user.and_then(|user| user.seat.account()) == Some(&name) {
            return Ok(Ok(name)); // it is
        }
        let called = user.map_or(Called::Account, |user| Called::As(user));
        match account::enter(&self.around.house, proven, called).await {
            Ok(identified) => self.become_somebody(None, identified).await.map(|()| Ok(name)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// It has logged in or out: who it was leaves, and who it is now is where that one was.
    pub(super) async fn become_somebody(
        &mut self,
        id: Option<RequestId>,
        identified: Identified,
    ) -> Result<(), Ending> {
        self.hear_oneself().await?;
        let Identified { claim, ticket, resumed: _, scope } = identified;
        let is_account = claim.as_ref().is_some_and(|claim| claim.pass().is_some());
        let places: Vec<(RoomAddress, Sequence)> = self
            .inbox
            .slots()
            .filter(|(_, place)| place.is_member)
            .map(|(_, place)| (place.address.clone(), place.cursor))
            .collect();
        self.said_goodbye = true; // who it was does not come back
        if let (Some(before), Some(now)) = (&self.caller.claim, &claim)
            && before.user().name() == now.user().name()
            && !before.user().seat.is_account()
            && scope.is_none()
        {
            account::succeed(&self.around.house, before.user(), now.user()).await;
        }
        self.part().await;
        self.said_goodbye = false;
        self.inbox.clear();
        if let Some(seldom) = &mut self.seldom {
            seldom.said_here = SaidHere::default();
        }
        self.sit(claim.as_ref());
        let name = claim.as_ref().map(|claim| claim.user().name());
        self.caller.claim = claim;
        self.caller.scope = scope.map(Box::new);
        let token = ticket.as_ref().map(|ticket| ticket.token.clone());
        self.caller.ticket = ticket.map(Box::new);
        if let Some(name) = name {
            self.span().in_scope(|| tracing::info!(%name, is_account, "is somebody else"));
            let (account, account_name) = self.account();
            self.tell(&Event::Identified { id, name, account, account_name, token });
        }
        if let Some(user) = self.caller.claim.as_ref().map(Claim::user) {
            account::settle(&self.around.house, user).await; // who it was is not there any more
        }
        // A guest that logs in stays where it was; a guest again begins anew.
        for (room, cursor) in places {
            let stays = is_account && matches!(room, RoomAddress::Named(_));
            if !(stays && self.stay(&room, cursor).await?) {
                self.tell(&Event::Exited { room });
            }
        }
        self.rooms_again(false).await?;
        if is_account { Ok(()) } else { self.enter_default_room().await }
    }

    /// Is it an account, and which, if that is called otherwise?
    fn account(&self) -> (bool, Option<UserName>) {
        let user = self.caller.user().ok().filter(|_| self.caller.pass().is_some());
        let account = user.and_then(|user| user.seat.account().filter(|it| **it != user.name()));
        (user.is_some(), account.cloned())
    }

    /// Follows what becomes of its user, from now on.
    fn sit(&mut self, claim: Option<&Claim>) {
        let seat = claim.map(|claim| &claim.user().seat);
        self.reads_told = seat.map_or(0, |seat| seat.reads_told());
        self.renamings_told = seat.map_or(0, |seat| seat.renamings_told());
        self.seat = seat.map(|seat| seat.follow(self.inbox.bell()));
        // What comes from here on counts on it.
        self.signals_told = seat.map_or(0, |seat| seat.signals_told());
    }

    /// What it said until now is its own as long as it is who said it: all of that comes first.
    async fn hear_oneself(&mut self) -> Result<(), Ending> {
        while self.in_flight > 0 {
            poll_fn(|cx| self.caller.receipts.poll_ready(cx)).await;
            self.take_receipts();
        }
        let rooms: Vec<_> = self.inbox.slots().map(|(slot, at)| (slot, at.room.clone())).collect();
        for (slot, room) in rooms {
            if let Ok(roster) = room.roster().await {
                self.fill(slot, roster.last).await?;
            }
        }
        Ok(())
    }

    /// Goes on in a room that the guest was in, at the same place. May it?
    async fn stay(&mut self, room: &RoomAddress, cursor: Sequence) -> Result<bool, Ending> {
        if !self.caller.may_follow(room) {
            return Ok(false);
        }
        let command = Command::Join { room: room.clone(), key: None };
        let request = Request { id: None, command };
        let answer = execute(&self.around.house, &self.caller, request).await;
        let Ok(Answer::Entered { address, room, snapshot, .. }) = answer else {
            return Ok(false);
        };
        let last = snapshot.roster.last;
        let slot = self.inbox.follow(room, address, *snapshot, cursor, true);
        Box::pin(self.fill(slot, last)).await?;
        Ok(true)
    }

    /// It was ended from outside: nothing more of any room, why, and the end.
    pub(super) async fn cut(&mut self, why: Refusal) {
        self.inbox.clear();
        self.seat = None;
        self.watching = None;
        self.said_goodbye = true;
        self.part().await;
        self.tell(&Event::refused(None, why));
        self.close();
    }

    pub(super) fn cutting(&mut self, why: Refusal) -> Doing<'_> {
        Box::pin(async move {
            self.cut(why).await;
            Ok(())
        })
    }

    /// Does its user speak in other sessions too? Then what is its own may be news here.
    pub(super) fn has_other_sessions(&self) -> bool {
        self.caller.pass().is_some() && !self.manners.shows_own
    }

    /// The session is over. A guest that may come back is waited for, unless it said goodbye or
    /// the daemon stops; all others leave.
    pub(super) async fn part(&mut self) {
        self.caller.scope = None;
        self.unnamed = None;
        self.cut_alarm = None;
        let comes_back = !self.said_goodbye && !self.caller.is_cut();
        let Some(claim) = self.caller.claim.take() else { return };
        let token = self.caller.ticket.take().map(|ticket| ticket.hash);
        let house = &self.around.house;
        let is_stopping = self.stage_now == Stage::Stopping;
        match token {
            Some(token) if comes_back && !is_stopping => guest::park(house, claim, token),
            // All leave, and nobody is told of anybody; with a token a guest comes back.
            _ if is_stopping => account::keep_rooms(house, claim.user()).await,
            token => guest::leave(house, claim, token).await,
        }
    }
}

/// What a client calls itself, for the log: quoted, and not all of it.
fn client_label(wanted: &Wanted) -> Option<String> {
    let Wanted::This(Hello { client: Some(client), .. }) = wanted else { return None };
    Some(client.chars().take(CLIENT_LABEL_CHARACTERS_MAX).collect())
}
