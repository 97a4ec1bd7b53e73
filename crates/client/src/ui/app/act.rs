//! What keys do. Pure.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::{App, Effect, Hint, Mode};
use crate::ui::input::To;
use crate::ui::keys::{Act, Chord};

impl App {
    pub(super) fn on_key(&mut self, key: &KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let chord = Chord::of(key);
        let act = self.start.keys.act(chord);
        self.hint = None;
        // Who types looks: not every terminal says that it is looked at again.
        self.focused = true;
        if act != Some(Act::Interrupt) && act != Some(Act::EndOfInput) {
            self.leaving = false;
        }
        if !matches!(act, Some(Act::Complete | Act::CompleteBack)) {
            self.completing = None;
        }
        if self.on_key_of_mode(chord, act) {
            return;
        }
        if let Some(number) = chord.room_number() {
            self.go_to_number(number);
        } else if let Some(act) = act {
            self.act(act);
        } else if let Some(c) = chord.typed() {
            self.type_in(c.encode_utf8(&mut [0; 4]));
        }
    }

    pub(super) fn on_paste(&mut self, text: &str) {
        self.hint = None;
        self.leaving = false;
        self.completing = None;
        match &mut self.mode {
            Mode::Talk | Mode::Answer(_) => self.type_in(text),
            Mode::Search(search) => drop_line_ends(text, |line| search.query.insert(line)),
            Mode::Switch(switching) => drop_line_ends(text, |line| switching.query.insert(line)),
            Mode::Recall(recalling) => drop_line_ends(text, |line| recalling.query.insert(line)),
            Mode::Help { .. } | Mode::Plain { .. } => {}
        }
    }

    fn type_in(&mut self, text: &str) {
        if !self.input_mut().insert(text) {
            let limit = crate::ui::limits::INPUT_BYTES_MAX;
            self.hint =
                Some(Hint::Wrong(format!("the input holds {limit} bytes; the rest is cut")));
        }
    }

    pub(super) fn on_focus(&mut self, focused: bool) {
        self.focused = focused;
    }

    /// What a key does while one talks; the modes handle theirs before.
    fn act(&mut self, act: Act) {
        match act {
            Act::Submit => self.submit(),
            Act::Newline => self.type_in("\n"),
            Act::NextRoom => self.go_by(true),
            Act::PreviousRoom => self.go_by(false),
            Act::NextUnread => self.go_to_unread(),
            Act::GoToRoom => self.open_switcher(),
            Act::ScrollUp => self.scroll_by(self.page_lines()),
            Act::ScrollDown => self.scroll_by(-self.page_lines()),
            Act::Bottom => self.go_to_bottom(),
            Act::Search => self.open_search(),
            Act::Recall => self.open_recall(),
            Act::Complete => self.complete(true),
            Act::CompleteBack => self.complete(false),
            Act::Editor => self.effects.push(Effect::Edit(self.input().text().to_owned())),
            Act::Answer => self.open_answering(),
            Act::EditRefused => self.edit_refused(),
            Act::PlainView => self.open_plain(),
            Act::Help => self.mode = Mode::Help { scroll: 0 },
            Act::Interrupt => self.interrupt(),
            Act::EndOfInput if self.input().is_empty() => self.interrupt(),
            Act::EndOfInput => self.input_mut().delete_to(To::Right),
            Act::Suspend => self.effects.push(Effect::Suspend),
            Act::Redraw => self.effects.push(Effect::Redraw),
            Act::Cancel => self.cancel(),
            Act::LineEnd if self.input().is_empty() => self.go_to_bottom(),
            Act::Left
            | Act::Right
            | Act::WordLeft
            | Act::WordRight
            | Act::LineStart
            | Act::LineEnd
            | Act::Up
            | Act::Down
            | Act::Backspace
            | Act::Delete
            | Act::DeleteWord
            | Act::DeleteToStart
            | Act::DeleteToEnd
            | Act::Yank => {
                edit(self.input_mut(), act);
            }
        }
    }

    fn cancel(&mut self) {
        self.welcome = false;
        self.room_mut().found = None;
        self.room_mut().answering = None;
    }

    fn interrupt(&mut self) {
        let answering = self.room_mut().answering.take();
        if !self.input().is_empty() || answering.is_some() {
            self.input_mut().clear();
            self.hint = Some(Hint::Word("cleared; Ctrl-Y brings it back".to_owned()));
        } else if self.leaving {
            self.effects.push(Effect::Quit);
        } else {
            self.leaving = true;
            let unsent = match self.unsent() {
                0 => String::new(),
                1 => "1 message is not sent yet! ".to_owned(),
                count => format!("{count} messages are not sent yet! "),
            };
            let key = self.start.keys.key(Act::Interrupt);
            self.hint = Some(Hint::Word(format!("{unsent}{key} again leaves")));
        }
    }

    fn edit_refused(&mut self) {
        use crate::ui::row::Body;
        let row = self.room_mut().window.take_refused();
        if let Some(Body::Said { text, reply_to, .. }) = row.map(|row| row.body) {
            self.input_mut().set(text.as_str());
            self.room_mut().answering = reply_to;
        } else {
            self.hint = Some(Hint::Word("nothing here was refused".to_owned()));
        }
    }
}

/// Movements and deletions, for every input box.
pub(super) fn edit(input: &mut crate::ui::input::InputBox, act: Act) -> bool {
    match act {
        Act::Left => input.move_to(To::Left),
        Act::Right => input.move_to(To::Right),
        Act::WordLeft => input.move_to(To::WordLeft),
        Act::WordRight => input.move_to(To::WordRight),
        Act::LineStart => input.move_to(To::LineStart),
        Act::LineEnd => input.move_to(To::LineEnd),
        Act::Up => input.up_or_down(false),
        Act::Down => input.up_or_down(true),
        Act::Backspace => input.delete_to(To::Left),
        Act::Delete => input.delete_to(To::Right),
        Act::DeleteWord => input.delete_to(To::WordLeft),
        // A paste of many lines goes at once.
        Act::DeleteToStart if input.text().contains('\n') => input.clear(),
        Act::DeleteToStart => input.delete_to(To::LineStart),
        Act::DeleteToEnd => input.delete_to(To::LineEnd),
        Act::Yank => input.yank(),
        Act::Submit
        | Act::Newline
        | Act::NextRoom
        | Act::PreviousRoom
        | Act::NextUnread
        | Act::GoToRoom
        | Act::ScrollUp
        | Act::ScrollDown
        | Act::Bottom
        | Act::Search
        | Act::Recall
        | Act::Complete
        | Act::CompleteBack
        | Act::Editor
        | Act::Answer
        | Act::EditRefused
        | Act::PlainView
        | Act::Help
        | Act::Interrupt
        | Act::EndOfInput
        | Act::Suspend
        | Act::Redraw
        | Act::Cancel => return false,
    }
    true
}

fn drop_line_ends(text: &str, mut insert: impl FnMut(&str) -> bool) {
    insert(&text.replace(['\n', '\r'], " "));
}
