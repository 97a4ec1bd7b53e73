//! The part of a room's history that is in memory: rows in order, and what lies beyond. Pure.

use std::collections::VecDeque;

use chat_protocol::Sequence;

use crate::ui::reactions::Reactions;
use crate::ui::row::{Body, Delivery, Row, RowId, Ticket};

/// What lies beyond an end of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Nothing: it is the end of the history.
    End,
    /// The server has more.
    More,
    /// It was asked for.
    Asked,
}

/// Rows in order: stored ones by their number, messages that are on their way behind them.
#[derive(Debug)]
pub(crate) struct Window {
    rows: VecDeque<Row>,
    pub(crate) older: Edge,
    /// [`Edge::End`]: what is said now belongs into the window.
    pub(crate) newer: Edge,
    /// How often it was begun anew: a page that was asked for before does not belong here.
    pub(crate) generation: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { rows: VecDeque::new(), older: Edge::End, newer: Edge::End, generation: 0 }
    }
}

impl Window {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn row(&self, index: usize) -> Option<&Row> {
        self.rows.get(index)
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter()
    }

    pub(crate) fn last_mut(&mut self) -> Option<&mut Row> {
        self.rows.back_mut()
    }

    pub(crate) fn pop(&mut self) {
        self.rows.pop_back();
    }

    /// Where a row is.
    pub(crate) fn index_of(&self, id: RowId) -> Option<usize> {
        self.rows.iter().rposition(|row| row.id == id)
    }

    /// Where a stored event is, or the first one behind it.
    pub(crate) fn index_of_seq(&self, seq: Sequence) -> Option<usize> {
        self.rows.iter().position(|row| row.seq >= Some(seq))
    }

    /// Does what is said now belong here?
    pub(crate) fn is_live(&self) -> bool {
        self.newer == Edge::End
    }

    pub(crate) fn first_seq(&self) -> Option<Sequence> {
        self.rows.iter().find_map(|row| row.seq)
    }

    pub(crate) fn last_seq(&self) -> Option<Sequence> {
        self.rows.iter().rev().find_map(|row| row.seq)
    }

    /// A stored event; the newest are looked at first.
    pub(crate) fn of(&self, seq: Sequence) -> Option<&Row> {
        self.rows.iter().rev().find(|row| row.seq == Some(seq))
    }

    /// What was thought of a message, if it is here.
    pub(crate) fn reactions_mut(&mut self, seq: Sequence) -> Option<&mut Reactions> {
        let row = self.rows.iter_mut().rev().find(|row| row.seq == Some(seq))?;
        match &mut row.body {
            Body::Said { reactions, .. } => Some(reactions),
            Body::Deleted { .. }
            | Body::Deletion
            | Body::Topic { .. }
            | Body::Presence(_)
            | Body::Gap(_)
            | Body::Talk(_)
            | Body::Warning(_) => None,
        }
    }

    /// Behind all others.
    pub(crate) fn push(&mut self, row: Row) {
        self.rows.push_back(row);
    }

    /// A stored row in its place; one that is there already is not put twice.
    pub(crate) fn insert(&mut self, row: Row) {
        if let Some(place) = self.place_of(row.seq) {
            self.rows.insert(place, row);
        }
    }

    /// Where a stored event belongs; none: it is there. Rows without a number stay behind the one
    /// that they were put behind, messages on their way stay last.
    fn place_of(&self, seq: Option<Sequence>) -> Option<usize> {
        let mut place = self.rows.iter().rposition(|row| !row.is_sending()).map_or(0, |at| at + 1);
        let mut at = place;
        while let Some(before) = at.checked_sub(1).and_then(|before| self.rows.get(before)) {
            at -= 1;
            match before.seq {
                None => {}
                same if same == seq => return None,
                later if later > seq => place = at,
                Some(_) => break,
            }
        }
        Some(place)
    }

    /// Takes a message out that is on its way.
    pub(crate) fn take_sending(&mut self, ticket: Ticket) -> Option<Row> {
        let at = self.rows.iter().rposition(|row| is_of(row, ticket))?;
        self.rows.remove(at)
    }

    pub(crate) fn sending_mut(&mut self, ticket: Ticket) -> Option<&mut Body> {
        self.rows.iter_mut().rev().find(|row| is_of(row, ticket)).map(|row| &mut row.body)
    }

    /// Takes the newest message out that was refused.
    pub(crate) fn take_refused(&mut self) -> Option<Row> {
        let refused =
            |row: &Row| matches!(&row.body, Body::Said { delivery: Delivery::Refused(_), .. });
        let at = self.rows.iter().rposition(refused)?;
        self.rows.remove(at)
    }

    /// A message is deleted: it keeps its place and loses its text.
    pub(crate) fn bury(&mut self, target: Sequence) {
        let row = self.rows.iter_mut().rev().find(|row| row.seq == Some(target));
        if let Some(row) = row
            && let Body::Said { from, .. } = &row.body
        {
            row.body = Body::Deleted { from: from.clone() };
        }
    }

    /// Throws away what is beyond `rows_max`: the oldest if `at_bottom`, else the newest.
    pub(crate) fn trim(&mut self, rows_max: usize, at_bottom: bool) {
        if at_bottom {
            while self.rows.len() > rows_max {
                let Some(row) = self.rows.pop_front() else { return };
                if row.seq.is_some() {
                    self.older = Edge::More;
                }
            }
            return;
        }
        while self.rows.len() > rows_max {
            let Some(at) = self.rows.iter().rposition(|row| !row.is_sending()) else { return };
            let row = self.rows.remove(at);
            if row.is_some_and(|row| row.seq.is_some()) {
                self.newer = Edge::More;
            }
        }
    }

    /// All stored rows go; what is on its way, or was refused, stays.
    pub(crate) fn forget(&mut self) {
        self.rows.retain(|row| row.seq.is_none() && matches!(row.body, Body::Said { .. }));
        self.generation += 1;
        self.older = Edge::Asked;
        self.newer = Edge::Asked;
    }

    /// What is here has no number any more, and nothing older can be had.
    pub(crate) fn freeze(&mut self) {
        for row in &mut self.rows {
            row.seq = None;
        }
        self.generation += 1;
        self.older = Edge::End;
        self.newer = Edge::End;
    }
}

fn is_of(row: &Row, ticket: Ticket) -> bool {
    matches!(&row.body, Body::Said { delivery: Delivery::Sending(of), .. } if *of == ticket)
}
