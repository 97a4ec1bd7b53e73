//! What was said last: so an answer and a reaction can be told with what they are about. Pure.

use std::collections::VecDeque;

use chat_protocol::{Event, MessageText, RoomAddress, Sequence, Signal, UserName};

/// Messages that are remembered, of all rooms together.
const MESSAGES_MAX: usize = 500;
/// Characters of a message that are said again.
const QUOTED_CHARS_MAX: usize = 60;

/// The last messages that a person was shown.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Said>);

#[derive(Debug)]
struct Said {
    room: RoomAddress,
    seq: Sequence,
    from: UserName,
    text: String,
}

impl Recent {
    /// Remembers a message, or those of a page.
    pub(super) fn remember(&mut self, event: &Event) {
        if let Event::History { events, .. } = event {
            events.iter().for_each(|event| self.remember(event));
        }
        if let Event::Message { room, seq, from, text, .. } = event {
            self.push(room, *seq, from, text);
        }
    }

    /// The same, of one's own, when it has a number.
    pub(super) fn push(
        &mut self,
        room: &RoomAddress,
        seq: Sequence,
        from: &UserName,
        text: &MessageText,
    ) {
        if self.0.len() >= MESSAGES_MAX {
            self.0.pop_front();
        }
        let (room, from) = (room.clone(), from.clone());
        let line = text.plain_lines().next().unwrap_or_default();
        let mut text: String = line.chars().take(QUOTED_CHARS_MAX).collect();
        if text.len() < line.len() {
            text.push('…');
        }
        self.0.push_back(Said { room, seq, from, text });
    }

    /// The last message of a room that somebody else said.
    pub(super) fn last_of_others(
        &self,
        room: &RoomAddress,
        me: Option<&UserName>,
    ) -> Option<Sequence> {
        let of_others = |said: &&Said| said.room == *room && Some(&said.from) != me;
        self.0.iter().rev().find(of_others).map(|said| said.seq)
    }

    /// What is said of an answer, before it, and of a reaction.
    pub(super) fn told(&self, event: &Event) -> Option<String> {
        if let Event::Message { room, from, reply_to: Some(seq), .. } = event {
            return Some(format!("* {from} answers {}", self.quoted(room, *seq)));
        }
        let Event::Signal { room, from, signal: Signal::React { seq, text, undo }, .. } = event
        else {
            return None;
        };
        let quoted = self.quoted(room, *seq);
        Some(if *undo {
            format!("* {from} takes {text} back, of {quoted}")
        } else {
            format!("* {from} reacts with {text} to {quoted}")
        })
    }

    /// `maya: keeping the canary off`, as far as it is remembered.
    fn quoted(&self, room: &RoomAddress, seq: Sequence) -> String {
        let said = self.0.iter().rev().find(|said| said.room == *room && said.seq == seq);
        match said {
            Some(Said { from, text, .. }) => format!("{from}: {}", crate::sanitise::line(text)),
            None => format!("message #{seq} of {room}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(wire: &str) -> Event {
        serde_json::from_str(wire).unwrap()
    }

    fn said(seq: u64, from: &str, text: &str) -> Event {
        event(&format!(
            r#"{{"type":"message","room":"ops","seq":{seq},"time_ms":0,"from":"{from}","text":"{text}"}}"#
        ))
    }

    #[test]
    fn an_answer_and_a_reaction_say_what_they_are_about() {
        let mut recent = Recent::default();
        recent.remember(&said(1, "maya", &"long ".repeat(50)));
        recent.remember(&said(2, "ana", "mine"));
        let answer = event(
            r#"{"type":"message","room":"ops","seq":3,"time_ms":0,"from":"tomas","text":"yes","reply_to":1}"#,
        );
        let told = recent.told(&answer).unwrap();
        assert!(told.starts_with("* tomas answers maya: long long"), "{told}");
        assert!(told.ends_with('…') && told.chars().count() < 90, "{told}");
        let react = |seq: u64, undo: bool| {
            recent.told(&event(&format!(
                r#"{{"type":"signal","room":"ops","time_ms":0,"from":"eve","signal":"react","seq":{seq},"text":"👍","undo":{undo}}}"#
            )))
        };
        assert_eq!(react(2, false).unwrap(), "* eve reacts with 👍 to ana: mine");
        assert_eq!(react(2, true).unwrap(), "* eve takes 👍 back, of ana: mine");
        assert_eq!(react(9, false).unwrap(), "* eve reacts with 👍 to message #9 of ops");
        assert_eq!(recent.told(&said(4, "maya", "no answer")), None);
        let (ops, me) = (RoomAddress::parse("ops").unwrap(), UserName::parse("ana").ok());
        assert_eq!(recent.last_of_others(&ops, me.as_ref()), Some(Sequence(1)));
    }

    #[test]
    fn no_more_is_remembered_than_the_bound_says() {
        let mut recent = Recent::default();
        for seq in 1..=1_000 {
            recent.remember(&said(seq, "maya", "x"));
        }
        assert_eq!(recent.0.len(), MESSAGES_MAX);
        assert_eq!(recent.quoted(&RoomAddress::parse("ops").unwrap(), Sequence(1_000)), "maya: x");
    }
}
