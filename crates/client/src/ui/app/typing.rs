//! That one types, and that others do. Pure.

use chat_protocol::{Command, RoomAddress, Signal, Timestamp, TypingState, UserName};

use super::{App, Asked, Net};
use crate::ui::limits::{PAUSE_LASTS, TYPING_LASTS, TYPING_TOLD_EVERY};

impl App {
    /// Somebody else types, or does no more.
    pub(super) fn on_typing(&mut self, address: &RoomAddress, from: &UserName, state: TypingState) {
        if self.me.as_ref() == Some(from) || self.ignored.contains(from) {
            return;
        }
        let now = self.now;
        let Some(index) = self.index_of(address) else { return };
        let Some(room) = self.rooms.get_mut(index) else { return };
        match state {
            TypingState::Active => room.types(from, after(now, TYPING_LASTS)),
            TypingState::Paused => room.types(from, after(now, PAUSE_LASTS)),
            TypingState::Done => room.types_no_more(from),
        }
    }

    /// The input has changed: others are told that one types, now and then, and when it was for
    /// nothing. That one types no more because one has said it, they see.
    pub(super) fn tell_typing(&mut self) {
        let Some(address) = self.room().address.clone() else { return };
        if self.settings.types_unseen || self.net != Net::Up {
            return;
        }
        let text = self.input().text();
        let is_command = text.starts_with('/') && !text.starts_with("//");
        let is_typing = !text.trim().is_empty() && !is_command;
        let told = self.typing_told.as_ref().filter(|(told, _)| *told == address);
        let state = match (told, is_typing) {
            (Some((_, at)), true) if self.now < after(*at, TYPING_TOLD_EVERY) => return,
            (_, true) => TypingState::Active,
            (Some(_), false) => TypingState::Done,
            (None, false) => return,
        };
        self.typing_told = is_typing.then(|| (address.clone(), self.now));
        let signal = Signal::Typing { state };
        self.ask(Command::Signal { room: address, signal, key: None }, Asked::Marked);
    }
}

fn after(time: Timestamp, span: std::time::Duration) -> Timestamp {
    Timestamp(time.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
}
