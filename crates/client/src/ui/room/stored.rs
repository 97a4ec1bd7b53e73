//! What a stored event is to a room: its row, its topic, who spoke. Pure.

use chat_protocol::{Event, Sequence, UserName};

use super::{Room, SPEAKERS_MAX};
use crate::ui::reactions::Reactions;
use crate::ui::row::{Body, Delivery, Row};

impl Room {
    /// The row of a stored event, and what else the room has of it; none: it is no stored event.
    pub(super) fn stored_row(&mut self, event: &Event, me: Option<&UserName>) -> Option<Row> {
        let id = self.next_id();
        if let Event::Message { seq, time_ms, from, text, kind, reply_to, .. } = event {
            let own = Some(from) == me;
            self.spoke(from);
            let names_us = me.is_some_and(|me| me.is_mentioned_in(text.as_str()));
            let answers_us = reply_to.is_some_and(|seq| self.is_of(seq, me));
            let body = Body::Said {
                from: from.clone(),
                kind: *kind,
                text: text.clone(),
                delivery: if own { Delivery::Stored } else { Delivery::Theirs },
                mention: !own && (names_us || answers_us),
                reply_to: *reply_to,
                reactions: Reactions::default(),
            };
            return Some(Row { id, seq: Some(*seq), time: Some(*time_ms), body });
        }
        if let Event::TopicChanged { seq, time_ms, from, topic, .. } = event {
            if *seq > self.newest {
                self.topic = (!topic.as_str().is_empty()).then(|| topic.clone());
            }
            let body = Body::Topic { from: from.clone(), topic: topic.clone() };
            return Some(Row { id, seq: Some(*seq), time: Some(*time_ms), body });
        }
        if let Event::RoomChanged { seq, time_ms, from, change, .. } = event {
            if let Some(user) = change.puts_out().filter(|_| *seq > self.newest) {
                self.member_went(user);
            }
            let what = crate::sanitise::line(&change.in_words(*time_ms));
            let body = Body::Talk(format!("{from} {what}"));
            return Some(Row { id, seq: Some(*seq), time: Some(*time_ms), body });
        }
        if let Event::Tombstone { seq, time_ms, from, .. } = event {
            let body = Body::Deleted { from: from.clone() };
            return Some(Row { id, seq: Some(*seq), time: Some(*time_ms), body });
        }
        // Of somebody whom one ignores: its number is there, and nothing to see.
        if let Event::Hidden { seq, time_ms, .. } = event {
            return Some(Row { id, seq: Some(*seq), time: Some(*time_ms), body: Body::Deletion });
        }
        if let Event::Deleted { seq, time_ms, target, .. } = event {
            self.window.bury(*target);
            return Some(Row { id, seq: Some(*seq), time: Some(*time_ms), body: Body::Deletion });
        }
        None
    }

    /// Is that message ours, as far as it is here?
    fn is_of(&self, seq: Sequence, me: Option<&UserName>) -> bool {
        let body = self.window.of(seq).map(|row| &row.body);
        matches!(body, Some(Body::Said { from, .. }) if Some(from) == me)
    }

    fn spoke(&mut self, name: &UserName) {
        self.types_no_more(name);
        self.speakers.retain(|known| known != name);
        if self.speakers.len() >= SPEAKERS_MAX {
            self.speakers.remove(0);
        }
        self.speakers.push(name.clone());
    }
}
