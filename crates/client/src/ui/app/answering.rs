//! Answers and reactions: the message that is meant is chosen on the screen, or named by its number.
//! Pure.

use chat_protocol::{RoomAddress, Sequence, Signal, UserName};

use super::{App, Hint, Mode};
use crate::ui::keys::{Act, Chord};
use crate::ui::row::{Body, Row};

impl App {
    /// Somebody thinks something of a message; what is not here any more is not shown.
    pub(super) fn on_reaction(&mut self, address: &RoomAddress, from: &UserName, signal: &Signal) {
        let Signal::React { seq, text, undo } = signal else { return };
        if self.ignored.contains(from) {
            return;
        }
        let Some(index) = self.index_of(address) else { return };
        let Some(room) = self.rooms.get_mut(index) else { return };
        match (room.window.reactions_mut(*seq), undo) {
            (Some(reactions), false) => reactions.add(from, text),
            (Some(reactions), true) => reactions.take_back(from, text),
            (None, _) => {}
        }
    }

    /// The newest message that somebody else said here.
    pub(super) fn last_of_others(&self) -> Option<Sequence> {
        self.messages().rev().find(|(_, from)| Some(*from) != self.me.as_ref()).map(|(seq, _)| seq)
    }

    /// What can be answered: the stored messages that are here and shown.
    fn messages(&self) -> impl DoubleEndedIterator<Item = (Sequence, &UserName)> {
        self.room().window.rows().filter_map(|row| match row {
            Row { seq: Some(seq), body: Body::Said { from, .. }, .. }
                if !self.ignored.contains(from) =>
            {
                Some((*seq, from))
            }
            Row { .. } => None,
        })
    }

    /// Lets one choose a message, the last one of somebody else first.
    pub(super) fn open_answering(&mut self) {
        let last = || self.messages().next_back().map(|(seq, _)| seq);
        let Some(seq) = self.last_of_others().or_else(last) else {
            self.hint = Some(Hint::Word("there is no message to answer".to_owned()));
            return;
        };
        self.mode = Mode::Answer(seq);
        self.choose(seq);
    }

    fn choose(&mut self, seq: Sequence) {
        self.mode = Mode::Answer(seq);
        self.room_mut().found = Some(seq);
        self.show_found();
        // What is beyond the edge is loaded, as when one scrolls.
        self.scroll_by(0);
        self.room_mut().found = Some(seq);
    }

    pub(super) fn on_key_of_answer(&mut self, chord: Chord, act: Option<Act>) -> bool {
        let Mode::Answer(chosen) = self.mode else { return false };
        let next = |app: &Self, back: bool| {
            let others = app.messages().map(|(seq, _)| seq);
            if back {
                others.rev().find(|seq| *seq < chosen)
            } else {
                others.into_iter().find(|seq| *seq > chosen)
            }
        };
        match act {
            Some(Act::Up | Act::Down) => {
                if let Some(seq) = next(self, act == Some(Act::Up)) {
                    self.choose(seq);
                }
            }
            Some(Act::Submit | Act::Answer) => {
                self.stop_choosing();
                self.room_mut().answering = Some(chosen);
            }
            Some(Act::Redraw | Act::Suspend) => return false,
            None if chord.typed() == Some('+') => {
                self.stop_choosing();
                if self.input().is_empty() {
                    self.input_mut().set(&format!("/react #{chosen} "));
                } else {
                    self.hint = Some(Hint::Wrong(
                        "say first, or clear, what is in the input; then react".to_owned(),
                    ));
                }
            }
            Some(_) | None => {}
        }
        true
    }

    pub(super) fn stop_choosing(&mut self) {
        self.mode = Mode::Talk;
        self.room_mut().found = None;
    }
}
