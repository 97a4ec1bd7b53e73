//! Who may do what: pure functions, and the one table they stand on. Never touches a room, a journal
//! or the clock.

mod standing;

use chat_protocol::{
    Access, MaskList, Masked, Refusal, Role, RoomAddress, RoomSettings, Setting, Timestamp,
    UserName,
};

pub(crate) use standing::{Extent, Restriction, Rules, Secret, Standing, Visibility};

/// Who somebody is to a room; each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Not in it.
    Outsider,
    /// In it.
    Member,
    /// Speaks when the room is moderated.
    Voice,
    /// Keeps order.
    Operator,
    /// The room is its.
    Owner,
    /// Of the whole server.
    Administrator,
}

impl From<Role> for Rank {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Voice => Self::Voice,
            Role::Operator => Self::Operator,
            Role::Owner => Self::Owner,
        }
    }
}

/// What can be done in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Read,
    ReadPrivate,
    EnterClosed,
    Speak,
    SpeakModerated,
    SpeakAnnouncing,
    SpeakFast,
    Topic,
    TopicByOperators,
    DeleteOwn,
    DeleteOthers,
    Invite,
    InviteToClosed,
    Kick,
    Restrict,
    Voice,
    SetTalk,
    SetMetadata,
    Operator,
    SetRoom,
    Transfer,
}

impl Act {
    /// The table: what it is, and the first rank that may.
    const fn row(self) -> (&'static str, Rank) {
        match self {
            Self::Read => ("enter an open room, read what was said there", Rank::Outsider),
            Self::ReadPrivate => (
                "know of a room that is hidden, by invitation or with a key, read there",
                Rank::Member,
            ),
            Self::Speak => ("speak", Rank::Member),
            Self::Topic => ("change the topic", Rank::Member),
            Self::DeleteOwn => ("delete a message of one's own", Rank::Member),
            Self::Invite => ("invite to an open room", Rank::Member),
            Self::SpeakModerated => ("speak in a moderated room", Rank::Voice),
            Self::EnterClosed => {
                ("enter without invitation or key, or a full room", Rank::Operator)
            }
            Self::SpeakAnnouncing => ("speak in a room for announcements", Rank::Operator),
            Self::SpeakFast => ("speak without a pause in slow mode", Rank::Operator),
            Self::TopicByOperators => {
                ("change the topic where it is the operators'", Rank::Operator)
            }
            Self::DeleteOthers => ("delete anybody's message", Rank::Operator),
            Self::InviteToClosed => {
                ("invite to a room with a key or by invitation", Rank::Operator)
            }
            Self::Kick => ("kick (whoever keeps its role)", Rank::Operator),
            Self::Restrict => ("ban, mute, and take that back (whoever is below)", Rank::Operator),
            Self::Voice => ("give and take voice", Rank::Operator),
            Self::SetTalk => {
                ("set moderated, announcement, slow, topic, external, mask", Rank::Operator)
            }
            Self::SetMetadata => ("set the room's metadata", Rank::Operator),
            Self::Operator => ("give and take operator", Rank::Owner),
            Self::SetRoom => ("set access, key, hidden, members, keep, history", Rank::Owner),
            Self::Transfer => ("give the room away", Rank::Owner),
        }
    }

    /// The first rank that may.
    const fn needs(self) -> Rank {
        self.row().1
    }

    /// What it takes to set this.
    const fn of(set: &Setting) -> Self {
        match set {
            Setting::Moderated { .. }
            | Setting::Announcement { .. }
            | Setting::Slow { .. }
            | Setting::Topic { .. }
            | Setting::External { .. }
            | Setting::Mask { .. } => Self::SetTalk,
            Setting::Access { .. }
            | Setting::Hidden { .. }
            | Setting::Members { .. }
            | Setting::Keep { .. }
            | Setting::History { .. }
            | Setting::Unknown => Self::SetRoom,
        }
    }
}

/// May somebody of this rank do that? `room` is what it calls the room.
pub(crate) fn may(act: Act, rank: Rank, room: &RoomAddress) -> Result<(), Refusal> {
    if rank >= act.needs() {
        return Ok(());
    }
    let room = room.clone();
    let needs = match act.needs() {
        Rank::Outsider | Rank::Member => Role::Member,
        Rank::Voice => Role::Voice,
        Rank::Operator => Role::Operator,
        Rank::Owner | Rank::Administrator => Role::Owner,
    };
    match rank {
        Rank::Outsider => Err(Refusal::NotInRoom { room }),
        Rank::Member | Rank::Voice | Rank::Operator | Rank::Owner | Rank::Administrator => {
            Err(Refusal::NotAllowed { room, needs })
        }
    }
}

/// May somebody know that the room is there? `role`: who it is in it.
pub(crate) fn may_know(visibility: Visibility, role: Option<Role>) -> bool {
    let act = if visibility.is_private() { Act::ReadPrivate } else { Act::Read };
    role.map_or(Rank::Outsider, Rank::from) >= act.needs()
}

/// Only members write. `room` is what the author calls it.
pub(crate) fn not_in(room: Option<&RoomAddress>) -> Refusal {
    room.map_or(Refusal::NotNamed, |room| Refusal::NotInRoom { room: room.clone() })
}

/// One may be in so many rooms.
pub(crate) const fn may_be_in_another(rooms: u64, rooms_max: u64) -> Result<(), Refusal> {
    if rooms < rooms_max { Ok(()) } else { Err(Refusal::TooManyJoined { limit: rooms_max }) }
}

/// Somebody at a room's door.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtTheDoor<'a> {
    /// What the room remembers of it.
    pub(crate) standing: Option<&'a Standing>,
    /// A ban of it, or of its name.
    pub(crate) ban: Option<&'a Restriction>,
    /// A mask means it that bans, and one that invites.
    pub(crate) is_masked: bool,
    pub(crate) is_expected: bool,
    /// The key that it gave.
    pub(crate) secret: Option<&'a Secret>,
    /// An administrator of the server.
    pub(crate) is_administrator: bool,
    /// How many are in.
    pub(crate) members: u64,
    /// The time.
    pub(crate) now: Timestamp,
}

/// Does a mask of this list mean it, and none that excepts it?
pub(crate) fn is_masked(settings: &RoomSettings, list: MaskList, who: &Masked<'_>) -> bool {
    let is_excepted = || match list {
        MaskList::Ban => settings.means(MaskList::Except, who),
        MaskList::Mute => {
            settings.means(MaskList::Except, who) || settings.means(MaskList::Speak, who)
        }
        MaskList::Except | MaskList::Speak | MaskList::Invite => false,
    };
    settings.means(list, who) && !is_excepted()
}

/// By a mask, without an end or a reason.
const MASKED: Restriction = Restriction { until_ms: None, reason: None };

/// May it enter? A hidden room does not say why not: it is not there.
pub(crate) fn may_enter(
    room: &RoomAddress,
    rules: &Rules,
    who: &AtTheDoor<'_>,
) -> Result<(), Refusal> {
    let settings = &rules.settings;
    let no = |refusal: Refusal| match settings.hidden {
        true => Err(Refusal::NoSuchRoom { room: room.clone() }),
        false => Err(refusal),
    };
    if who.is_administrator {
        return Ok(());
    }
    if let Some(ban) = who.ban.filter(|ban| ban.holds(who.now)) {
        return no(ban.as_ban(room, who.now));
    }
    let rank = who.standing.map_or(Rank::Outsider, |standing| standing.role.into());
    if rank >= Act::EnterClosed.needs() {
        return Ok(());
    }
    let is_invited = who.standing.is_some_and(|standing| standing.is_invited);
    if who.is_masked && !is_invited {
        return no(MASKED.as_ban(room, who.now));
    }
    let is_admitted = who.standing.is_some_and(|standing| standing.is_admitted);
    let room = room.clone();
    match settings.access {
        Access::Open => {}
        Access::Invite | Access::Key if is_admitted => {}
        Access::Invite if who.is_expected => {}
        Access::Invite => return no(Refusal::InviteOnly { room }),
        Access::Key if who.secret.is_some() && who.secret == rules.secret.as_ref() => {}
        Access::Key => return no(Refusal::KeyNeeded { room }),
    }
    match settings.members_max {
        Some(limit) if who.members >= limit && !is_invited => {
            Err(Refusal::RoomFull { room, limit })
        }
        Some(_) | None => Ok(()),
    }
}

/// May somebody who is not in the room follow it?
pub(crate) fn may_watch(
    room: &RoomAddress,
    rules: &Rules,
    who: &AtTheDoor<'_>,
) -> Result<(), Refusal> {
    let room = room.clone();
    if rules.settings.is_private() {
        return Err(Refusal::NoSuchRoom { room });
    }
    if let Some(ban) = who.ban.filter(|ban| ban.holds(who.now)) {
        return Err(ban.as_ban(&room, who.now));
    }
    if who.is_masked {
        return Err(MASKED.as_ban(&room, who.now));
    }
    match who.standing.and_then(|standing| standing.cut) {
        Some(_) => Err(Refusal::NotInRoom { room }),
        None => Ok(()),
    }
}

/// Somebody who is about to speak.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker<'a> {
    /// Who it is there.
    pub(crate) rank: Rank,
    /// It may not, if this still holds.
    pub(crate) mute: Option<&'a Restriction>,
    /// A mask means it that mutes.
    pub(crate) is_masked: bool,
    /// When it spoke last.
    pub(crate) spoke: Option<Timestamp>,
    /// The time.
    pub(crate) now: Timestamp,
}

/// May it speak?
pub(crate) fn may_speak(
    room: &RoomAddress,
    settings: &RoomSettings,
    who: &Speaker<'_>,
) -> Result<(), Refusal> {
    may(Act::Speak, who.rank, room)?;
    may_be_heard(room, who)?;
    if settings.moderated {
        may(Act::SpeakModerated, who.rank, room)?;
    }
    if settings.announcement {
        may(Act::SpeakAnnouncing, who.rank, room)?;
    }
    let again = |spoke: Timestamp| spoke.0.saturating_add(settings.slow_s.saturating_mul(1_000));
    match who.spoke.map(again) {
        Some(again) if again > who.now.0 && who.rank < Act::SpeakFast.needs() => {
            Err(Refusal::SlowMode { room: room.clone(), left_ms: again - who.now.0 })
        }
        Some(_) | None => Ok(()),
    }
}

/// May somebody speak who is not in the room?
pub(crate) fn may_speak_outside(
    room: &RoomAddress,
    settings: &RoomSettings,
    ban: Option<&Restriction>,
    who: &Speaker<'_>,
) -> Result<(), Refusal> {
    if !settings.external || settings.is_private() {
        return may(Act::Speak, who.rank, room);
    }
    match ban.filter(|ban| ban.holds(who.now)) {
        Some(ban) => Err(ban.as_ban(room, who.now)),
        None => may_speak(room, settings, &Speaker { rank: Rank::Member, ..*who }),
    }
}

/// May it change the topic?
pub(crate) fn may_set_topic(
    room: &RoomAddress,
    settings: &RoomSettings,
    who: &Speaker<'_>,
) -> Result<(), Refusal> {
    let act = if settings.topic_by_operators { Act::TopicByOperators } else { Act::Topic };
    may(act, who.rank, room)?;
    may_be_heard(room, who)
}

/// Is it muted, by itself or by a mask?
fn may_be_heard(room: &RoomAddress, who: &Speaker<'_>) -> Result<(), Refusal> {
    let is_masked = who.is_masked && who.rank < Act::SpeakModerated.needs();
    let mute = who.mute.filter(|mute| mute.holds(who.now)).or(is_masked.then_some(&MASKED));
    mute.map_or(Ok(()), |mute| Err(mute.as_mute(room, who.now)))
}

/// May it invite?
pub(crate) fn may_invite(
    room: &RoomAddress,
    settings: &RoomSettings,
    rank: Rank,
) -> Result<(), Refusal> {
    let is_open = settings.access == Access::Open && !settings.hidden;
    may(if is_open { Act::Invite } else { Act::InviteToClosed }, rank, room)
}

/// May it kick this one? Also its like, and the owner: who is kicked keeps its role, and may come back.
pub(crate) fn may_kick(
    room: &RoomAddress,
    rank: Rank,
    target: (&UserName, Rank),
) -> Result<(), Refusal> {
    may(Act::Kick, rank, room)?;
    if target.1 < Rank::Administrator || rank == Rank::Administrator {
        return Ok(());
    }
    Err(Refusal::Outranked { room: room.clone(), user: target.0.clone() })
}

/// May it ban or mute this one?
pub(crate) fn may_restrict(
    room: &RoomAddress,
    rank: Rank,
    target: (&UserName, Rank),
) -> Result<(), Refusal> {
    may(Act::Restrict, rank, room)?;
    if rank > target.1 || rank == Rank::Administrator {
        return Ok(());
    }
    Err(Refusal::Outranked { room: room.clone(), user: target.0.clone() })
}

/// May it make an operator or a voice, or one less? Who is something may cease to be it by itself.
pub(crate) fn may_give(
    room: &RoomAddress,
    rank: Rank,
    role: Role,
    gives_up: bool,
) -> Result<(), Refusal> {
    if gives_up && rank == role.into() {
        return Ok(());
    }
    match role {
        Role::Member | Role::Voice => may(Act::Voice, rank, room),
        Role::Operator | Role::Owner => may(Act::Operator, rank, room),
    }
}

/// Does somebody of this name need an invitation anew, when this is set?
pub(crate) fn sends_away(set: &Setting, name: &UserName) -> bool {
    match set {
        Setting::Access { .. } => true,
        Setting::Mask { list: MaskList::Invite, mask, on: false, .. } => mask.may_mean(name),
        Setting::Mask { .. }
        | Setting::Hidden { .. }
        | Setting::Moderated { .. }
        | Setting::Announcement { .. }
        | Setting::Slow { .. }
        | Setting::Members { .. }
        | Setting::Keep { .. }
        | Setting::History { .. }
        | Setting::Topic { .. }
        | Setting::External { .. }
        | Setting::Unknown => false,
    }
}

/// May it set this?
pub(crate) fn may_set(room: &RoomAddress, rank: Rank, set: &Setting) -> Result<(), Refusal> {
    may(Act::of(set), rank, room)
}

#[cfg(test)]
mod tests;
