//! What is read and what is new in a room. Pure. THE place where a read position moves: one that the
//! server keeps would be told from, and set in, [`Room::seen`].

use chat_protocol::{Sequence, Timestamp};

use super::{News, Room};

/// The line above what was new when one came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    /// The last one that was read before.
    pub(crate) after: Sequence,
    /// How many are new.
    pub(crate) count: usize,
    /// Since when.
    pub(crate) since: Option<Timestamp>,
}

impl Room {
    /// Counts a message, or reads it at once.
    pub(super) fn count(&mut self, news: News, in_view: bool, before: Sequence) {
        if in_view {
            self.read = self.newest();
            return;
        }
        if self.unread == 0 {
            let since =
                self.window.rows().rev().find(|row| row.seq <= Some(before) && row.seq.is_some());
            self.marker =
                Some(Marker { after: before, count: 0, since: since.and_then(|row| row.time) });
        }
        self.unread += 1;
        self.mentions += usize::from(news == News::Mention);
        if let Some(marker) = &mut self.marker {
            marker.count += 1;
        }
    }

    /// The room is shown, at the bottom, and somebody looks. True: that was news.
    pub(crate) fn seen(&mut self) -> bool {
        let moved = self.read < self.newest() || self.unread > 0;
        self.read = self.newest();
        self.unread = 0;
        self.mentions = 0;
        moved
    }

    /// One goes to another room: what was new here is old when one comes back.
    pub(crate) fn left_behind(&mut self) {
        if self.unread == 0 {
            self.marker = None;
        }
        self.found = None;
        self.hidden();
    }
}
