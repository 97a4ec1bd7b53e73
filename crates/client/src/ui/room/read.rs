//! What is read and what is new in a room. Pure. THE place where a read position moves: what is told
//! to the server comes from here, and what another client has read goes in here.

use chat_protocol::{Sequence, Timestamp, UserName};

use super::{News, Room};
use crate::ui::row::{Body, Row};

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

    /// So far it was read in an earlier run.
    pub(crate) fn begin_behind(&mut self, seq: Sequence) {
        self.read = seq;
    }

    pub(crate) const fn read_up_to(&self) -> Sequence {
        self.read
    }

    /// The last messages are here, on entering: what of them is new since the earlier run? Who is
    /// here for the first time has nothing to catch up with.
    pub(crate) fn catch_up(&mut self, me: Option<&UserName>) {
        let newest = self.newest();
        let after = std::mem::replace(&mut self.read, newest);
        self.first_time = after == Sequence(0);
        if after == Sequence(0) || after >= newest {
            return;
        }
        let new = |row: &&Row| row.seq > Some(after);
        let by_others =
            |row: &&Row| matches!(&row.body, Body::Said { from, .. } if Some(from) != me);
        let seen = self.window.rows().filter(new).filter(by_others);
        // What lies before the window was not counted: sequences are dense.
        let first = self.window.first_seq().unwrap_or_default();
        let before = usize::try_from(first.0.saturating_sub(after.0 + 1)).unwrap_or(usize::MAX);
        let count = seen.count().saturating_add(before);
        if count == 0 {
            return;
        }
        let named = |row: &&Row| matches!(row.body, Body::Said { mention: true, .. });
        let mentions = self.window.rows().filter(new).filter(named).count();
        let last = self.window.rows().find(|row| row.seq == Some(after));
        let since = last.and_then(|row| row.time);
        self.read = after;
        self.unread = count;
        self.mentions = mentions;
        self.marker = Some(Marker { after, count, since });
    }

    /// The server knows how far one has read, here or elsewhere. Never goes back, but from what
    /// was only assumed.
    pub(crate) fn read_elsewhere(&mut self, seq: Sequence, me: Option<&UserName>) {
        if seq > self.read || (self.first_time && seq < self.read) {
            (self.read, self.unread, self.mentions, self.marker) = (seq, 0, 0, None);
            self.catch_up(me);
        }
        self.marked = self.marked.max(seq);
    }

    /// Up to where the server is to be told that one has read; nothing new: none.
    pub(crate) fn take_mark(&mut self) -> Option<Sequence> {
        let is_news = self.is_unmarked();
        self.marked = self.marked.max(self.read);
        is_news.then_some(self.read)
    }

    /// Is there something that the server does not know?
    pub(crate) fn is_unmarked(&self) -> bool {
        self.read > self.marked
    }

    /// The room is shown, at the bottom, and somebody looks.
    pub(crate) fn seen(&mut self) {
        // Before the last messages are here, nothing newer than in the earlier run is known.
        self.read = self.read.max(self.newest());
        self.unread = 0;
        self.mentions = 0;
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
