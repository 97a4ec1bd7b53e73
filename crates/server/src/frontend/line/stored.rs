//! Stored events as a line session is shown them: the replay on entering, pages of `/history`, what
//! `/search` found. Dated; what was asked for has its number too, so that one can page.

use bytes::BytesMut;
use chat_protocol::search::Hit;
use chat_protocol::{Event, RoomAddress, SayKind, SearchCursor, Sequence, Timestamp};

use super::render::why;
use super::style::StyleName;
use super::{LineFrontend, render};

impl LineFrontend {
    /// Stored events: what was before, on entering, or what was asked for.
    pub(super) fn history(
        &self,
        is_replay: bool,
        room: &RoomAddress,
        events: &[Event],
        out: &mut BytesMut,
    ) {
        // Whoever enters is shown what was said, and not how it went away.
        let first = events.iter().find_map(Event::sequence).filter(|first| first.0 > 1);
        let is_shown = |event: &&Event| {
            let is_change = matches!(event, Event::Deleted { .. } | Event::RoomChanged { .. });
            !(matches!(event, Event::Hidden { .. }) || is_replay && is_change)
        };
        let events: Vec<&Event> = events.iter().filter(is_shown).collect();
        if events.is_empty() {
            if !is_replay {
                self.note(&format!("nothing to show of {room}"), out);
            }
            return;
        }
        let count = counted(u64::try_from(events.len()).unwrap_or(u64::MAX), "message");
        let last = if is_replay { "last " } else { "" };
        self.note(&format!("{last}{count} of {room}:"), out);
        for &event in &events {
            self.stored(is_replay, event, out);
        }
        match first.filter(|_| !is_replay) {
            Some(first) => {
                let prefix = self.style().prefix();
                self.note(
                    &format!("end of history; before it: {prefix}history before {first}"),
                    out,
                );
            }
            None => self.note("end of history", out),
        }
    }

    fn stored(&self, is_replay: bool, event: &Event, out: &mut BytesMut) {
        let before = |time: &Timestamp, seq: &Sequence| {
            let date = render::date_and_time(*time, &self.settings.zone);
            if is_replay { format!("[{date}]") } else { format!("[{date}] #{seq}") }
        };
        if let Event::Message { seq, time_ms, from, text, kind, .. } = event {
            let before = before(time_ms, seq);
            let zone = &self.settings.zone;
            for said in render::said(StyleName::Samovar, *time_ms, from, text, *kind, zone) {
                self.show(&format!("{before} {said}"), out);
            }
        } else if let Event::TopicChanged { seq, time_ms, from, topic, .. } = event {
            let before = before(time_ms, seq);
            self.show(&format!("{before} * {from} set the topic: {topic}"), out);
        } else if let Event::Tombstone { seq, time_ms, from, .. } = event {
            let before = before(time_ms, seq);
            self.show(&format!("{before} * a message of {from} was deleted"), out);
        } else if let Event::Deleted { seq, time_ms, from, target, reason, .. } = event {
            let (before, why) = (before(time_ms, seq), why(reason.as_ref()));
            self.show(&format!("{before} * {from} deleted message {target}{why}"), out);
        } else if let Event::RoomChanged { seq, time_ms, from, change, .. } = event {
            let before = before(time_ms, seq);
            self.show(&format!("{before} * {from} {}", change.in_words(*time_ms)), out);
        }
    }

    /// What a search found, and how to go on.
    pub(super) fn found(
        &self,
        hits: &[Hit],
        next: Option<SearchCursor>,
        unsearched: u64,
        out: &mut BytesMut,
    ) {
        match hits.len() {
            0 if next.is_none() => self.note("nothing found", out),
            count => {
                let count = counted(u64::try_from(count).unwrap_or(u64::MAX), "message");
                self.note(&format!("found {count}, newest first:"), out);
            }
        }
        for hit in hits {
            let date = render::date_and_time(hit.time_ms, &self.settings.zone);
            let Hit { room, seq, from, .. } = hit;
            let text = hit.marked("*", "*");
            let said = match hit.kind {
                SayKind::Text | SayKind::Notice => format!("{from}: {text}"),
                SayKind::Action => format!("* {from} {text}"),
            };
            self.show(&format!("[{date}] [{room}] #{seq} {said}"), out);
        }
        if let Some(next) = next {
            self.note(&format!("more: the same search with before:{next}"), out);
        }
        if unsearched > 0 {
            let count = counted(unsearched, "message");
            self.note(&format!("{count} cannot be searched yet; ask again in a moment"), out);
        }
    }
}

pub(super) fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("{count} {thing}") } else { format!("{count} {thing}s") }
}
