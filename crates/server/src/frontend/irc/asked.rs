//! What a session has asked for and is not answered yet: which answer is to what, and to which labelled
//! command. Never knows how an answer looks.

use std::collections::VecDeque;

use chat_protocol::{Event, MessageKey, RequestId, RoomAddress, Sequence, UserName};

use super::label::Labelled;
use super::mode::Change;
use super::people::Who;
use super::rooms::Filter;
use super::{chathistory, metadata, monitor, redact};

/// What was asked for, for the answer.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// To enter.
    Join(String),
    /// To leave, and why.
    Part {
        room: String,
        reason: String,
    },
    /// To say something.
    Say(String),
    /// The same, and nothing is answered to it.
    Notice,
    /// To signal something.
    Signal(String),
    /// Whether who was spoken to is away.
    IsAway,
    /// The topic.
    Topic(String),
    /// Another topic.
    SetTopic(String),
    /// To put somebody out.
    Kick {
        room: String,
        nick: String,
    },
    /// To let somebody in.
    Invite {
        room: String,
        nick: String,
    },
    /// A room's modes.
    Modes(String),
    /// What a room is like, and who is there, before its modes are changed.
    ModeBegins(String),
    ModeMembers,
    /// Whether somebody is anywhere who is not in the room.
    ModeAbsent {
        room: String,
        nick: String,
    },
    /// One change of them.
    Mode(Change),
    /// A list of masks, by its letter; `B`: who is banned by name.
    Masks {
        room: String,
        letter: char,
    },
    /// Who is there, as names.
    Names {
        room: String,
        /// What was asked for all together, if this is the last of it.
        end: Option<String>,
    },
    /// What was said there.
    History(chathistory::Wanted),
    /// What was said, by its words.
    Search,
    /// Where something was said.
    Conversations,
    /// How far it has read something.
    Read(String),
    /// Who of those that it watches is there.
    Watched(monitor::Wanted),
    /// What is known, to say it, or to be told.
    Metadata(metadata::Wanted),
    /// That something is deleted.
    Redact(redact::Wanted),
    /// Who is there, a line each.
    Who(Box<Who>),
    /// Who somebody is, or was.
    Whois(String),
    Whowas {
        nick: String,
        count: Option<usize>,
    },
    /// Whether somebody is there.
    IsHere {
        is_userhost: bool,
    },
    /// The rooms.
    List(Filter),
    /// Another name.
    Nick(String),
    /// To be away, or back.
    Away,
    /// To be an account, or to have one, by the words of services or by REGISTER.
    Service,
    Register,
    /// How many there are.
    Census,
    /// The time of day.
    Time,
    /// To be called otherwise.
    Profile,
    /// Other modes of one's own.
    UserMode {
        bot: Option<bool>,
        invisible: Option<bool>,
    },
    /// To administer, and no longer.
    Oper,
    Deoper,
    /// That somebody goes.
    Kill(String),
    /// To be heard by those who want to.
    Wallops,
}

/// When it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Awaits {
    /// With the answer.
    Answer,
    /// It is stored; when that is told to everybody, to this session too.
    Event(RoomAddress, Sequence),
    /// It is done; when the room is left.
    Exit(RoomAddress),
    /// It is told; when it is told to this session too.
    Signal(MessageKey),
}

/// Something that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    id: RequestId,
    /// What.
    pub(super) asked: Asked,
    /// By which labelled command.
    pub(super) labelled: Option<Labelled>,
    awaits: Awaits,
}

/// All of that, oldest first. There are at most as many as one line asks for beyond
/// [`crate::limits::IRC_PENDING_MAX`].
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    last_id: u64,
    /// The newest of its own events that it was told.
    seen: Option<(RoomAddress, Sequence)>,
}

/// What a session is told of its own doing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// What it says.
    pub(super) messages: bool,
    /// What it deletes.
    pub(super) deletions: bool,
}

/// What an event is to a session that waits.
#[derive(Debug)]
pub(super) enum Concerns {
    /// Nothing that it asked for.
    Nothing,
    /// Something that it asked for, and more will come.
    Part(Waiting),
    /// The end of something that it asked for; with it, of others too.
    End(Waiting),
    /// It is told nothing yet.
    Later,
}

impl Queue {
    /// This was asked for.
    pub(super) fn push(&mut self, asked: Asked, labelled: Option<Labelled>) -> RequestId {
        self.last_id += 1;
        let id = RequestId(self.last_id);
        self.waiting.push_back(Waiting { id, asked, labelled, awaits: Awaits::Answer });
        id
    }

    #[cfg(test)]
    pub(super) const fn last_id(&self) -> RequestId {
        RequestId(self.last_id)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Is something like this asked for?
    pub(super) fn any(&self, is_it: impl Fn(&Asked) -> bool) -> bool {
        self.waiting.iter().any(|waiting| is_it(&waiting.asked))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Does it wait to see its own doing?
    pub(super) fn awaits_own(&self) -> bool {
        let is_own = |asked: &Asked| asked.is_stored() || matches!(asked, Asked::Signal(_));
        self.waiting.iter().any(|waiting| is_own(&waiting.asked))
    }

    /// Its peer sends no more: what is stored is done.
    pub(super) fn forget_stored(&mut self) {
        self.waiting.retain(|waiting| matches!(waiting.awaits, Awaits::Answer));
    }

    /// What an event is to it. `me`: who it is.
    pub(super) fn concerns(
        &mut self,
        event: &Event,
        me: Option<&UserName>,
        shown: Shown,
    ) -> Concerns {
        if let Some(id) = event.request_id() {
            return self.answered(id, event, shown);
        }
        if let Event::Exited { room } = event {
            let awaited = self.position(|waiting| waiting.awaits == Awaits::Exit(room.clone()));
            return self.end(awaited);
        }
        if let Event::Renamed { from, to } = event {
            self.readdress(from, to);
            let is_own = me == Some(from);
            return self.part(|asked| is_own && matches!(asked, Asked::Nick(_)));
        }
        if let Event::ProfileChanged { user, .. } = event {
            let is_own = me == Some(user);
            return self
                .part(|asked| is_own && matches!(asked, Asked::Profile | Asked::UserMode { .. }));
        }
        if let Event::Signal { key: Some(key), .. } = event {
            let awaited = self.position(|waiting| waiting.awaits == Awaits::Signal(*key));
            return self.end(awaited);
        }
        if let Event::AwayChanged { user, .. } = event {
            let is_own = me == Some(user);
            return self.part(|asked| is_own && matches!(asked, Asked::Away));
        }
        let Some((room, seq, from)) = stored(event) else { return Concerns::Nothing };
        if me == Some(from) {
            self.seen = Some((room.clone(), seq));
        }
        let awaited = Awaits::Event(room.clone(), seq);
        let awaited = self.position(|waiting| waiting.awaits == awaited);
        self.end(awaited)
    }

    /// What will not be told any more, now that this was.
    pub(super) fn passed(&mut self, event: &Event) -> Option<Waiting> {
        let is_over = |awaits: &Awaits| match (awaits, event) {
            (Awaits::Event(room, _), Event::Exited { room: left }) => room == left,
            (Awaits::Event(room, seq), Event::Gap { room: gone, to, .. }) => {
                room == gone && seq <= to
            }
            (Awaits::Event(room, seq), event) => {
                stored(event).is_some_and(|(of, newer, _)| of == room && newer > *seq)
            }
            (Awaits::Answer | Awaits::Exit(_) | Awaits::Signal(_), _) => false,
        };
        let at = self.position(|waiting| is_over(&waiting.awaits))?;
        self.waiting.remove(at)
    }

    fn answered(&mut self, id: RequestId, event: &Event, shown: Shown) -> Concerns {
        let Some(at) = self.position(|waiting| waiting.id == id) else { return Concerns::Nothing };
        let Some(waiting) = self.waiting.get_mut(at) else { return Concerns::Nothing };
        if let Event::Stored { room, seq, duplicate: false, .. } = event {
            let seen = |seen: &(RoomAddress, Sequence)| seen.0 == *room && seen.1 >= *seq;
            let is_hidden =
                !shown.messages || (matches!(waiting.asked, Asked::Redact(_)) && !shown.deletions);
            if !is_hidden && !self.seen.as_ref().is_some_and(seen) {
                waiting.awaits = Awaits::Event(room.clone(), *seq);
                return Concerns::Later;
            }
        }
        if let (Event::Signalled { key, .. }, true) = (event, shown.messages) {
            waiting.awaits = Awaits::Signal(*key);
            return Concerns::Later;
        }
        if let (Event::Done { .. }, Asked::Part { room, .. }) = (event, &waiting.asked)
            && let Some(room) = room.strip_prefix('#')
            && let Ok(room) = RoomAddress::parse(room)
        {
            waiting.awaits = Awaits::Exit(room);
            return Concerns::Later;
        }
        self.end(Some(at))
    }

    fn end(&mut self, at: Option<usize>) -> Concerns {
        let ended = at.and_then(|at| self.waiting.remove(at));
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new(); // most sessions ask for nothing, most of the time
        }
        ended.map_or(Concerns::Nothing, Concerns::End)
    }

    fn part(&self, is_it: impl Fn(&Asked) -> bool) -> Concerns {
        let waiting = self.waiting.iter().find(|waiting| is_it(&waiting.asked));
        waiting.cloned().map_or(Concerns::Nothing, Concerns::Part)
    }

    fn position(&self, is_it: impl Fn(&Waiting) -> bool) -> Option<usize> {
        self.waiting.iter().position(is_it)
    }

    /// The other user of a direct room has another name.
    fn readdress(&mut self, from: &UserName, to: &UserName) {
        for waiting in &mut self.waiting {
            if let Awaits::Event(RoomAddress::Direct(user), _) = &mut waiting.awaits
                && user == from
            {
                user.clone_from(to);
            }
        }
    }
}

impl Asked {
    /// Is its answer that it is stored?
    const fn is_stored(&self) -> bool {
        match self {
            Self::Say(_)
            | Self::Notice
            | Self::SetTopic(_)
            | Self::Kick { .. }
            | Self::Invite { .. }
            | Self::Redact(_)
            | Self::Mode(_) => true,
            Self::Join(_)
            | Self::Part { .. }
            | Self::Signal(_)
            | Self::IsAway
            | Self::Topic(_)
            | Self::Modes(_)
            | Self::ModeBegins(_)
            | Self::ModeMembers
            | Self::ModeAbsent { .. }
            | Self::Masks { .. }
            | Self::Names { .. }
            | Self::Who(_)
            | Self::History(_)
            | Self::Search
            | Self::Conversations
            | Self::Read(_)
            | Self::Watched(_)
            | Self::Metadata(_)
            | Self::Whois(_)
            | Self::Whowas { .. }
            | Self::IsHere { .. }
            | Self::List(_)
            | Self::Nick(_)
            | Self::Away
            | Self::Service
            | Self::Register
            | Self::Census
            | Self::Time
            | Self::Profile
            | Self::UserMode { .. }
            | Self::Oper
            | Self::Deoper
            | Self::Kill(_)
            | Self::Wallops => false,
        }
    }
}

/// Where a stored event is, its number, and who did it; `hidden` is nobody's.
const fn stored(event: &Event) -> Option<(&RoomAddress, Sequence, &UserName)> {
    if let Event::Message { room, seq, from, .. }
    | Event::TopicChanged { room, seq, from, .. }
    | Event::Deleted { room, seq, from, .. }
    | Event::RoomChanged { room, seq, from, .. }
    | Event::Tombstone { room, seq, from, .. } = event
    {
        Some((room, *seq, from))
    } else {
        None
    }
}
