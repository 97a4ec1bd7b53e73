//! From room to room, and up and down in one. Pure.

use chat_protocol::command::HistoryRange;
use chat_protocol::limits::PAGE_EVENTS_MAX;
use chat_protocol::{Command, RoomAddress, Sequence};

use super::{App, Asked, Hint};
use crate::ui::room::{Edge, Scroll, Side};
use crate::ui::view::{self, Heights};

impl App {
    /// Shows a room.
    pub(crate) fn go_to(&mut self, index: usize) {
        if index == self.current || index >= self.rooms.len() {
            return;
        }
        if let Some(room) = self.rooms.get_mut(self.current) {
            room.left_behind();
        }
        self.current = index;
    }

    pub(super) fn go_by(&mut self, forward: bool) {
        let count = self.rooms.len();
        if count > 1 {
            let step = if forward { 1 } else { count - 1 };
            self.go_to((self.current + step) % count);
        }
    }

    pub(super) fn go_to_number(&mut self, number: usize) {
        if number == 0 || number > self.rooms.len() {
            self.hint = Some(Hint::Word(format!("there is no room {number} in the list")));
        } else {
            self.go_to(number - 1);
        }
    }

    /// Mentions first, then what is unread, each in the order of the list from here on.
    pub(crate) fn next_unread(&self) -> Option<usize> {
        let count = self.rooms.len();
        let from_here = || (1..=count).map(|step| (self.current + step) % count);
        let is = |index: &usize, wanted: fn(&crate::ui::room::Room) -> bool| {
            self.rooms.get(*index).is_some_and(wanted)
        };
        from_here()
            .find(|index| is(index, |room| room.mentions > 0))
            .or_else(|| from_here().find(|index| is(index, |room| room.unread > 0 && !room.muted)))
            .filter(|index| *index != self.current)
    }

    pub(super) fn go_to_unread(&mut self) {
        match self.next_unread() {
            Some(index) => self.go_to(index),
            None if self.room().unread > 0 => self.go_to_bottom(),
            None => self.hint = Some(Hint::Word("nothing new elsewhere".to_owned())),
        }
    }

    /// A screen's worth, with some lines left to go on reading from. The same wherever one is: so a page up
    /// and a page down lead back.
    pub(super) fn page_lines(&self) -> isize {
        let lines = usize::from(view::chat_rows(self));
        isize::try_from(lines.saturating_sub(3).max(1)).unwrap_or(1)
    }

    pub(super) fn go_to_bottom(&mut self) {
        let index = self.current;
        let room = self.room_mut();
        room.scroll = Scroll::Bottom;
        room.found = None;
        // An empty window that was asked for is on its way already.
        let on_its_way = room.window.newer == Edge::Asked && room.window.first_seq().is_none();
        if !room.window.is_live() && !on_its_way {
            self.load(index, Side::Newest);
        }
    }

    /// Up is positive.
    pub(super) fn scroll_by(&mut self, lines: isize) {
        let heights = Heights::of(self);
        let room = self.room();
        let scroll = heights.moved(&room.window, room.scroll, lines);
        let (above, below) = heights.around(&room.window, scroll);
        let index = self.current;
        let screen = usize::from(view::chat_area(self).height);
        let room = self.room_mut();
        room.scroll = scroll;
        if scroll == Scroll::Bottom {
            room.found = None;
        }
        if above < 2 * screen && room.window.older == Edge::More {
            self.load(index, Side::Older);
        }
        if below < screen && self.room().window.newer == Edge::More {
            self.load(index, Side::Newer);
        }
    }

    /// Asks for a part of a room's history that is not in its window.
    pub(super) fn load(&mut self, index: usize, side: Side) {
        let Some(room) = self.rooms.get_mut(index) else { return };
        let Some(address) = room.address.clone() else { return };
        let all = HistoryRange::default();
        let range = match side {
            Side::Older => {
                room.window.older = Edge::Asked;
                HistoryRange { before: room.window.first_seq(), ..all }
            }
            Side::Newer => {
                room.window.newer = Edge::Asked;
                HistoryRange { after: room.window.last_seq(), ..all }
            }
            Side::Newest => {
                room.forget_window();
                all
            }
            Side::Around => {
                let around = room.found;
                room.forget_window();
                HistoryRange { around, ..all }
            }
        };
        let generation = room.window.generation;
        let command = Command::History { room: address.clone(), range, limit: PAGE_EVENTS_MAX };
        self.ask(command, Asked::Page { room: address, side, generation });
    }

    /// Shows a message that a search found.
    pub(super) fn jump(&mut self, address: &RoomAddress, seq: Sequence) {
        let Some(index) = self.index_of(address) else { return };
        self.go_to(index);
        let room = self.room_mut();
        room.found = Some(seq);
        let stored = room.window.rows().any(|row| row.seq == Some(seq));
        if stored {
            self.show_found();
        } else {
            self.load(index, Side::Around);
        }
    }

    /// Puts what was found into the middle of the screen, or as much of it as there is room for.
    pub(super) fn show_found(&mut self) {
        let room = self.room();
        let Some(index) = room.found.and_then(|seq| room.window.index_of_seq(seq)) else { return };
        let Some(row) = room.window.row(index) else { return };
        let anchor = Scroll::At { row: row.id, below: 0 };
        let heights = Heights::of(self);
        let screen = usize::from(view::chat_area(self).height);
        let below = (screen / 2).min(screen.saturating_sub(heights.height(&room.window, index)));
        let lines = isize::try_from(below).unwrap_or_default();
        let scroll = heights.moved(&room.window, anchor, -lines);
        self.room_mut().scroll = scroll;
    }
}
