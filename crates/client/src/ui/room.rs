//! A room as this client knows it: a window on its history, who is there, what is new. Pure; never
//! asks the server (it says what is missing, its caller asks).

mod read;
mod stored;
mod typing;
mod window;

use std::collections::BTreeSet;

use chat_protocol::{Event, LineText, RoomAddress, Sequence, Timestamp, UserName};

use super::input::InputBox;
use super::limits::{ROWS_KEPT_MAX, ROWS_KEPT_UNSEEN_MAX};
use super::row::{Body, Delivery, Presence, Row, RowId, Ticket};

pub(crate) use self::read::Marker;
use self::typing::Typist;
pub(crate) use self::window::{Edge, Window};

/// Where the screen is in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scroll {
    /// At the newest.
    #[default]
    Bottom,
    /// This row is the last one that is seen, but for so many of its lines.
    At {
        /// Which.
        row: RowId,
        /// Lines of it that are below the screen.
        below: usize,
    },
}

/// A room.
#[derive(Debug)]
pub(crate) struct Room {
    /// None: the place where one is without a room.
    pub(crate) address: Option<RoomAddress>,
    pub(crate) topic: Option<LineText>,
    /// Who is there, as far as it was told.
    pub(crate) members: BTreeSet<UserName>,
    pub(crate) members_total: u64,
    /// Away, as far as it was told.
    pub(crate) away: BTreeSet<UserName>,
    /// Who spoke here, the last one last: completion begins with them.
    pub(crate) speakers: Vec<UserName>,
    /// Who types now.
    typists: Vec<Typist>,
    pub(crate) window: Window,
    pub(crate) scroll: Scroll,
    /// The row that a search found.
    pub(crate) found: Option<Sequence>,
    /// The message that will be answered by what is said next.
    pub(crate) answering: Option<Sequence>,
    pub(crate) input: InputBox,
    pub(crate) muted: bool,
    /// Messages that are not read, and those of them that name us.
    pub(crate) unread: usize,
    pub(crate) mentions: usize,
    pub(crate) marker: Option<Marker>,
    /// The newest stored event that is read, the newest heard of, and up to where the server was
    /// told that it is read.
    read: Sequence,
    newest: Sequence,
    marked: Sequence,
    /// Nothing was known of how far it was read in an earlier run.
    first_time: bool,
    next_row: u64,
}

/// What came of an event that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing that anybody has to look at.
    None,
    /// Somebody said something.
    Message,
    /// Somebody named us, or spoke to us alone.
    Mention,
}

const SPEAKERS_MAX: usize = 50;

impl Room {
    pub(crate) fn new(address: Option<RoomAddress>) -> Self {
        Self {
            address,
            topic: None,
            members: BTreeSet::new(),
            members_total: 0,
            away: BTreeSet::new(),
            speakers: Vec::new(),
            typists: Vec::new(),
            window: Window::default(),
            scroll: Scroll::Bottom,
            found: None,
            answering: None,
            input: InputBox::default(),
            muted: false,
            unread: 0,
            mentions: 0,
            marker: None,
            read: Sequence::default(),
            newest: Sequence::default(),
            marked: Sequence::default(),
            first_time: true,
            next_row: 1,
        }
    }

    /// `#ops`, `@maya`; nothing where one is without a room.
    pub(crate) fn title(&self) -> String {
        match &self.address {
            Some(RoomAddress::Named(name)) => format!("#{name}"),
            Some(RoomAddress::Direct(name)) => format!("@{name}"),
            None => String::new(),
        }
    }

    /// `ops`, `@maya`: as it is typed.
    pub(crate) fn name(&self) -> String {
        self.address.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    pub(crate) fn is_direct(&self) -> bool {
        matches!(self.address, Some(RoomAddress::Direct(_)))
    }

    /// The newest stored event that was heard of.
    pub(crate) const fn newest(&self) -> Sequence {
        self.newest
    }

    /// A row that is not stored: put behind all that is.
    pub(crate) fn push(&mut self, time: Option<Timestamp>, body: Body) {
        let row = Row { id: self.next_id(), seq: None, time, body };
        self.window.push(row);
        self.trim(ROWS_KEPT_MAX);
    }

    /// Somebody came, went, or has another name.
    pub(crate) fn presence(&mut self, time: Timestamp, change: impl FnOnce(&mut Presence)) {
        if let Some(Row { body: Body::Presence(presence), .. }) = self.window.last_mut() {
            change(presence);
            if presence.is_empty() {
                self.window.pop();
            }
            return;
        }
        let mut presence = Presence::default();
        change(&mut presence);
        self.push(Some(time), Body::Presence(presence));
    }

    /// A stored event came live. `in_view`: it is seen at once.
    pub(crate) fn live(&mut self, event: &Event, me: Option<&UserName>, in_view: bool) -> News {
        let Some(row) = self.stored_row(event, me) else {
            return News::None;
        };
        let seq = row.seq.unwrap_or_default();
        let news = self.news(&row, me);
        let gap_before = self.newest;
        self.newest = self.newest.max(seq);
        if self.window.is_live() {
            self.window.insert(row);
        }
        if news == News::None {
            if in_view {
                self.read = self.newest;
            }
        } else {
            self.count(news, in_view, gap_before);
        }
        self.trim(if in_view { ROWS_KEPT_MAX } else { ROWS_KEPT_UNSEEN_MAX });
        news
    }

    fn news(&self, row: &Row, me: Option<&UserName>) -> News {
        match &row.body {
            Body::Said { from, .. } if Some(from) == me => News::None,
            Body::Said { .. } if self.is_direct() => News::Mention,
            Body::Said { mention: true, .. } => News::Mention,
            Body::Said { .. } => News::Message,
            Body::Deleted { .. }
            | Body::Deletion
            | Body::Topic { .. }
            | Body::Presence(_)
            | Body::Gap(_)
            | Body::Talk(_)
            | Body::Warning(_) => News::None,
        }
    }

    /// A page of history, as the window's edge asked for it, or the last messages on entering.
    pub(crate) fn page(&mut self, events: &[Event], side: Side, more: bool, me: Option<&UserName>) {
        for event in events {
            if let Event::Gap { from, to, why, .. } = event {
                let text = super::words::gap(Some((*from, *to)), why);
                let row =
                    Row { id: self.next_id(), seq: Some(*to), time: None, body: Body::Gap(text) };
                self.window.insert(row);
            } else if let Some(row) = self.stored_row(event, me) {
                self.newest = self.newest.max(row.seq.unwrap_or_default());
                self.window.insert(row);
            }
        }
        let edge = if more { Edge::More } else { Edge::End };
        match side {
            Side::Older => self.window.older = edge,
            Side::Newer => self.window.newer = edge,
            Side::Newest => {
                self.window.older = edge;
                self.window.newer = Edge::End;
            }
            Side::Around => {
                self.window.older = Edge::More;
                let has_newest = self.window.last_seq() >= Some(self.newest);
                self.window.newer = if has_newest { Edge::End } else { Edge::More };
            }
        }
        let at_bottom = self.scroll == Scroll::Bottom;
        self.window.trim(ROWS_KEPT_MAX, at_bottom);
    }

    /// What we said ourselves.
    pub(crate) fn say(&mut self, time: Timestamp, body: Body) {
        self.scroll = Scroll::Bottom;
        self.found = None;
        self.push(Some(time), body);
    }

    /// Our message is stored.
    pub(crate) fn stored(&mut self, ticket: Ticket, seq: Sequence, time: Timestamp) {
        if let Some(mut row) = self.window.take_sending(ticket) {
            row.seq = Some(seq);
            row.time = Some(time);
            if let Body::Said { delivery, .. } = &mut row.body {
                *delivery = Delivery::Stored;
            }
            if self.window.is_live() {
                self.window.insert(row);
            }
        }
        // What others said before it may be unread; without such, one has read one's own.
        self.newest = self.newest.max(seq);
        if self.unread == 0 {
            self.read = self.newest;
        }
    }

    /// Our message is not stored, or nobody knows.
    pub(crate) fn not_stored(&mut self, ticket: Ticket, outcome: Delivery) {
        if let Some(Body::Said { delivery, .. }) = self.window.sending_mut(ticket) {
            *delivery = outcome;
        }
    }

    /// Sequences begin anew: what is here is of another history.
    pub(crate) fn another_history(&mut self, why: String) {
        self.window.freeze();
        self.newest = Sequence::default();
        self.read = Sequence::default();
        self.marked = Sequence::default();
        self.marker = None;
        self.push(None, Body::Gap(why));
    }

    /// A part of the history is missing; it belongs behind what was told last.
    pub(crate) fn gap(&mut self, to: Sequence, text: String) {
        self.newest = self.newest.max(to);
        if self.window.is_live() {
            let row = Row { id: self.next_id(), seq: Some(to), time: None, body: Body::Gap(text) };
            self.window.insert(row);
        }
    }

    /// The window is to be loaded anew: at its end, or around a place.
    pub(crate) fn forget_window(&mut self) {
        self.window.forget();
    }

    pub(crate) fn entered(&mut self, topic: Option<LineText>, members: &[UserName], total: u64) {
        self.topic = topic;
        self.roster(members, total);
    }

    pub(crate) fn roster(&mut self, members: &[UserName], total: u64) {
        self.members = members.iter().cloned().collect();
        self.members_total = total;
    }

    /// Some have come and gone, and it is not told who.
    pub(crate) const fn crowd(&mut self, total: u64) {
        self.members_total = total;
    }

    pub(crate) fn member_came(&mut self, name: &UserName) {
        if self.members.insert(name.clone()) {
            self.members_total += 1;
        }
    }

    /// False: it was not known to be here.
    pub(crate) fn member_went(&mut self, name: &UserName) -> bool {
        self.types_no_more(name);
        self.away.remove(name);
        let was_here = self.members.remove(name);
        if was_here {
            self.members_total = self.members_total.saturating_sub(1);
        }
        was_here
    }

    /// Keeps less of a room that is not shown.
    pub(crate) fn hidden(&mut self) {
        if self.window.is_live() && self.scroll == Scroll::Bottom {
            self.trim(ROWS_KEPT_UNSEEN_MAX);
        }
    }

    fn trim(&mut self, rows_max: usize) {
        match self.scroll {
            Scroll::Bottom => self.window.trim(rows_max, true),
            Scroll::At { .. } => self.window.trim(ROWS_KEPT_MAX, false),
        }
    }

    fn next_id(&mut self) -> RowId {
        self.next_row += 1;
        RowId(self.next_row)
    }
}

/// Which part of the history a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Older,
    Newer,
    Newest,
    Around,
}

#[cfg(test)]
mod tests;
