//! What the daemon counts of itself, for `chat-server status`: sessions by what they speak, and limits
//! that hit. Numbers; never decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chat_protocol::Refusal;

/// A limit that can hit, by its name in the configuration where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Connections,
    OpenFiles,
    Handshakes,
    ConnectionsPerAddress,
    HandshakesPerAddress,
    MessagesPerSecond,
    CommandsPerSecond,
    QueriesPerSecond,
    RoomsPerHour,
    LoginAttempts,
    PasswordsWaiting,
    RoomsMax,
    RoomsPerUser,
    AddressBans,
}

impl Limit {
    const ALL: [Self; 14] = [
        Self::Connections,
        Self::OpenFiles,
        Self::Handshakes,
        Self::ConnectionsPerAddress,
        Self::HandshakesPerAddress,
        Self::MessagesPerSecond,
        Self::CommandsPerSecond,
        Self::QueriesPerSecond,
        Self::RoomsPerHour,
        Self::LoginAttempts,
        Self::PasswordsWaiting,
        Self::RoomsMax,
        Self::RoomsPerUser,
        Self::AddressBans,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Connections => "limits.connections",
            Self::OpenFiles => "open files",
            Self::Handshakes => "TLS handshakes at a time",
            Self::ConnectionsPerAddress => "limits.connections_per_address",
            Self::HandshakesPerAddress => "limits.handshakes_per_address",
            Self::MessagesPerSecond => "limits.messages_per_second",
            Self::CommandsPerSecond => "limits.commands_per_second",
            Self::QueriesPerSecond => "limits.queries_per_second",
            Self::RoomsPerHour => "limits.rooms_per_hour",
            Self::LoginAttempts => "limits.login_attempts",
            Self::PasswordsWaiting => "passwords that wait to be checked",
            Self::RoomsMax => "rooms.max",
            Self::RoomsPerUser => "rooms.per_user_max",
            Self::AddressBans => "banned addresses",
        }
    }

    /// The limit that somebody is told of by this.
    fn told_by(refusal: &Refusal) -> Option<Self> {
        let limits = [
            (matches!(refusal, Refusal::TooManyTries { .. }), Self::LoginAttempts),
            (matches!(refusal, Refusal::Busy), Self::PasswordsWaiting),
            (matches!(refusal, Refusal::TooManyRooms { .. }), Self::RoomsMax),
            (matches!(refusal, Refusal::TooManyRoomsMade { .. }), Self::RoomsPerHour),
            (matches!(refusal, Refusal::TooManyJoined { .. }), Self::RoomsPerUser),
            (matches!(refusal, Refusal::AddressBanned { .. }), Self::AddressBans),
        ];
        limits.into_iter().find_map(|(is_it, limit)| is_it.then_some(limit))
    }
}

/// What a session speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Native,
    Line,
    Irc,
    Http,
}

impl Spoken {
    const ALL: [Self; 4] = [Self::Native, Self::Line, Self::Irc, Self::Http];

    const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Line => "line",
            Self::Irc => "irc",
            Self::Http => "http",
        }
    }
}

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    hits: [AtomicU64; Limit::ALL.len()],
    /// By what they speak, and within that plain and encrypted ones.
    sessions: [[AtomicU64; 2]; Spoken::ALL.len()],
}

/// Sessions that speak the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Speaking {
    pub(crate) what: &'static str,
    pub(crate) plain: u64,
    pub(crate) encrypted: u64,
}

impl Tally {
    /// A limit has hit. Gives how often it has.
    pub(crate) fn hit(&self, limit: Limit) -> u64 {
        let hits = self.hits.get(limit as usize);
        hits.map_or(0, |hits| hits.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Somebody is refused: by a limit?
    pub(crate) fn refused(&self, refusal: &Refusal) {
        if let Some(limit) = Limit::told_by(refusal) {
            self.hit(limit);
        }
    }

    /// Those that have hit, and how often.
    pub(crate) fn hits(&self) -> Vec<(&'static str, u64)> {
        let counts = Limit::ALL.into_iter().zip(&self.hits);
        let counts = counts.map(|(limit, hits)| (limit.name(), hits.load(Ordering::Relaxed)));
        counts.filter(|(_, hits)| *hits > 0).collect()
    }

    /// The sessions.
    pub(crate) fn sessions(&self) -> Vec<Speaking> {
        let of = |(spoken, [plain, encrypted]): (Spoken, &[AtomicU64; 2])| Speaking {
            what: spoken.name(),
            plain: plain.load(Ordering::Relaxed),
            encrypted: encrypted.load(Ordering::Relaxed),
        };
        Spoken::ALL.into_iter().zip(&self.sessions).map(of).collect()
    }

    fn at(&self, spoken: Spoken, is_encrypted: bool) -> Option<&AtomicU64> {
        self.sessions.get(spoken as usize)?.get(usize::from(is_encrypted))
    }
}

/// A session that is counted. Dropped, it is not any more.
#[derive(Debug)]
pub(crate) struct Counted {
    tally: Arc<Tally>,
    spoken: Spoken,
    is_encrypted: bool,
}

impl Counted {
    /// One more.
    pub(crate) fn new(tally: &Arc<Tally>, spoken: Spoken, is_encrypted: bool) -> Self {
        if let Some(count) = tally.at(spoken, is_encrypted) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Self { tally: Arc::clone(tally), spoken, is_encrypted }
    }

    /// It turns out to speak something else.
    pub(crate) fn speaks(&mut self, spoken: Spoken) {
        *self = Self::new(&self.tally, spoken, self.is_encrypted);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(count) = self.tally.at(self.spoken, self.is_encrypted) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_counted_as_long_as_they_last() {
        let tally = Arc::<Tally>::default();
        let mut one = Counted::new(&tally, Spoken::Line, false);
        let other = Counted::new(&tally, Spoken::Native, true);
        one.speaks(Spoken::Irc);
        let counts = || tally.sessions().iter().map(|it| (it.plain, it.encrypted)).collect();
        let now: Vec<(u64, u64)> = counts();
        assert_eq!(now, [(0, 1), (0, 0), (1, 0), (0, 0)]);
        drop((one, other));
        let now: Vec<(u64, u64)> = counts();
        assert_eq!(now, [(0, 0); 4]);
    }

    #[test]
    fn limits_that_hit_are_named_and_counted() {
        let tally = Tally::default();
        for (at, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, at);
        }
        tally.refused(&Refusal::Busy);
        tally.refused(&Refusal::Yourself);
        assert_eq!(tally.hit(Limit::MessagesPerSecond), 1);
        assert_eq!(
            tally.hits(),
            [("limits.messages_per_second", 1), ("passwords that wait to be checked", 1)]
        );
    }
}
