//! How a room's events look to a session, as far as its capabilities change that: sessions with the
//! same looks share encodings.

use std::fmt::Display;

use chat_protocol::event::account_of;
use chat_protocol::{Event, Timestamp, UserName};

use bytes::BytesMut;

use super::capability::{Capabilities, Capability};
use super::identifier::MessageId;
use super::message::Line;
use super::reply::mask;

/// A set of those capabilities that change a shared line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looks(u16);

/// What they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Look {
    /// `server-time`: when it was.
    Time,
    /// `message-tags`: ids, and what clients tell each other.
    Tags,
    /// `account-tag`: which account said it.
    Account,
    /// `away-notify`: who enters and is away.
    Away,
    /// `extended-join`: the account and the real name of who enters.
    ExtendedJoin,
    /// `invite-notify`: who is let in.
    Invite,
    /// `draft/message-redaction`: what is deleted.
    Redaction,
    /// `draft/multiline`, in batches: which lines are one message.
    Multiline,
    /// `chghost`: what else of a mask changes with a name.
    ChangedHost,
}

/// Which capability makes which look.
const LOOKS: &[(Capability, Look)] = &[
    (Capability::ServerTime, Look::Time),
    (Capability::MessageTags, Look::Tags),
    (Capability::AccountTag, Look::Account),
    (Capability::AwayNotify, Look::Away),
    (Capability::ExtendedJoin, Look::ExtendedJoin),
    (Capability::InviteNotify, Look::Invite),
    (Capability::MessageRedaction, Look::Redaction),
    (Capability::Multiline, Look::Multiline),
    (Capability::ChangedHost, Look::ChangedHost),
];

impl Looks {
    /// To who has agreed on these.
    pub(super) fn of(capabilities: Capabilities) -> Self {
        let has = |(capability, _): &&(Capability, Look)| capabilities.has(*capability);
        let looks =
            Self(LOOKS.iter().filter(has).fold(0, |bits, (_, look)| bits | 1 << *look as u16));
        if capabilities.has(Capability::Batch) { looks } else { looks.without(Look::Multiline) }
    }

    /// Is this one of them?
    pub(super) const fn has(self, look: Look) -> bool {
        self.0 & (1 << look as u16) != 0
    }

    const fn without(self, look: Look) -> Self {
        Self(self.0 & !(1 << look as u16))
    }

    /// A number that no other set has.
    pub(crate) const fn bits(self) -> u16 {
        self.0
    }
}

/// How a line of an event is framed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frame<'a> {
    /// For whom.
    pub(super) looks: Looks,
    /// The batch that it is in.
    pub(super) batch: Option<&'a str>,
}

/// What a line's tags say about it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a> {
    /// When it was.
    pub(super) time: Option<Timestamp>,
    /// Which message it is.
    pub(super) id: Option<MessageId>,
    /// The account whose it is.
    pub(super) account: Option<&'a UserName>,
    /// The message that it answers.
    pub(super) reply_to: Option<MessageId>,
    /// Its author says of itself that it is a program.
    pub(super) is_bot: bool,
    /// What clients tell each other.
    pub(super) tags: &'a str,
}

impl<'a> About<'a> {
    /// A stored event.
    pub(super) fn event(event: &'a Event) -> Self {
        let mut about = Self { id: MessageId::of_event(event), ..Self::default() };
        if let Event::Message {
            room, time_ms, from, account, account_name, bot, reply_to, ..
        } = event
        {
            about.time = Some(*time_ms);
            about.account = account_of(*account, account_name.as_ref(), from);
            about.is_bot = *bot;
            about.reply_to = reply_to.map(|seq| MessageId::of(room, seq, from));
        }
        if let Event::Joined { user, account, account_name, .. } = event {
            about.account = account_of(*account, account_name.as_ref(), user);
        }
        if let Event::TopicChanged { time_ms, .. }
        | Event::Deleted { time_ms, .. }
        | Event::RoomChanged { time_ms, .. }
        | Event::Tombstone { time_ms, .. }
        | Event::Signal { time_ms, .. }
        | Event::Joined { time_ms, .. }
        | Event::Left { time_ms, .. }
        | Event::Gone { time_ms, .. } = event
        {
            about.time = Some(*time_ms);
        }
        about
    }
}

impl Frame<'_> {
    /// A line with its tags, from a user.
    pub(super) fn line<'a>(
        self,
        about: About<'_>,
        from: &UserName,
        out: &'a mut BytesMut,
    ) -> Line<'a> {
        self.tags(about, out).source(mask(from))
    }

    /// The tags alone.
    pub(super) fn tags<'a>(self, about: About<'_>, out: &'a mut BytesMut) -> Line<'a> {
        let mut line = Line::new(out);
        if let Some(batch) = self.batch {
            line = line.tag("batch", batch);
        }
        if let Some(at) = about.time.filter(|_| self.looks.has(Look::Time)) {
            line = line.written_tag(format_args!("time={}", time(at)));
        }
        if let Some(account) = about.account.filter(|_| self.looks.has(Look::Account)) {
            line = line.tag("account", account.as_str());
        }
        if self.looks.has(Look::Tags) {
            if let Some(id) = about.id {
                line = line.written_tag(format_args!("msgid={id}"));
            }
            if let Some(id) = about.reply_to {
                line = line.written_tag(format_args!("+draft/reply={id}"));
            }
            if about.is_bot {
                line = line.written_tag("bot");
            }
            if !about.tags.is_empty() {
                line = line.written_tag(about.tags);
            }
        }
        line
    }
}

/// A time as all of IRC writes it: `2026-11-21T18:00:00.000Z`.
pub(super) fn time(time: Timestamp) -> impl Display {
    let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    std::fmt::from_fn(move |f| write!(f, "{time:.3}"))
}
