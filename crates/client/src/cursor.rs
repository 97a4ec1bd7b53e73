//! How far a room was told to the consumer: puts its stored events in order, finds what is
//! missing and says which page to ask for. Pure; never sends, never waits.

use std::collections::BTreeMap;

use chat_protocol::{Event, Sequence};

/// So many events that came too early are kept while the gap before them is filled; what comes
/// beyond is asked for again.
const AHEAD_EVENTS_MAX: usize = 1_000;

/// Why a page has a hole.
const NOT_KEPT: &str = "the server does not keep them any more";

/// What the consumer is told of a room's history, in order.
#[derive(Debug, PartialEq)]
pub(crate) enum Told {
    /// A stored event, once.
    Event(Event),
    /// These cannot be had any more.
    Missing { from: Sequence, to: Sequence, why: String },
}

/// An event that came before its turn.
#[derive(Debug)]
enum Ahead {
    Event(Box<Event>),
    /// Said by ourselves: its answer has told it already.
    Own,
}

/// One room's place. Next: tell. Older: drop. Ahead: keep, and ask for what lies between.
#[derive(Debug, Default)]
pub(crate) struct RoomCursor {
    /// The last one told; none until the room was entered.
    last: Option<Sequence>,
    /// The newest one heard of.
    newest: Sequence,
    ahead: BTreeMap<Sequence, Ahead>,
    /// The newest one heard of when the page under way was asked for.
    asked: Option<Sequence>,
}

impl RoomCursor {
    /// A cursor behind `last`; without it, the room is told from where it is entered.
    pub(crate) fn new(last: Option<Sequence>) -> Self {
        Self { last, ..Self::default() }
    }

    /// The room was entered, and its newest stored event is this one.
    pub(crate) fn entered(&mut self, newest: Sequence) {
        self.last.get_or_insert(newest);
        self.newest = self.newest.max(newest);
    }

    /// The connection is gone, and with it the page under way.
    pub(crate) fn disconnected(&mut self) {
        self.asked = None;
    }

    /// A stored event came live. `own`: said by ourselves, so not told again.
    pub(crate) fn live(&mut self, event: Event, own: bool, out: &mut Vec<Told>) {
        if let Some(seq) = event.sequence() {
            let event = if own { Ahead::Own } else { Ahead::Event(Box::new(event)) };
            self.arrived(seq, event, out);
        }
    }

    /// Our own message was stored as this one.
    pub(crate) fn own(&mut self, seq: Sequence, out: &mut Vec<Told>) {
        self.arrived(seq, Ahead::Own, out);
    }

    /// The server says that these are gone.
    pub(crate) fn gap(&mut self, from: Sequence, to: Sequence, why: &str, out: &mut Vec<Told>) {
        let last = self.last.unwrap_or(Sequence(from.0.saturating_sub(1)));
        self.last = Some(last);
        self.newest = self.newest.max(to);
        if from <= last.next() {
            self.skip_to(to, Some(why), out);
        }
    }

    /// Behind which sequence a page is wanted now. The caller asks for it.
    pub(crate) fn next_page(&mut self) -> Option<Sequence> {
        let last = self.last?;
        if self.asked.is_some() || self.newest <= last {
            return None;
        }
        self.asked = Some(self.newest);
        Some(last)
    }

    /// The page that was asked for. `own` knows what we said ourselves.
    pub(crate) fn page(
        &mut self,
        events: Vec<Event>,
        more: bool,
        own: impl Fn(&Event) -> bool,
        out: &mut Vec<Told>,
    ) {
        let before = self.last;
        let asked = self.asked.take().unwrap_or_default();
        // A hole beside an event that only a newer client can read is no loss.
        let mut hole = Some(NOT_KEPT);
        for event in events {
            if let Event::Gap { from, to, why, .. } = &event {
                self.gap(*from, *to, why, out);
            } else if let Some(seq) = event.sequence() {
                self.skip_to(Sequence(seq.0.saturating_sub(1)), hole, out);
                let own = own(&event);
                self.live(event, own, out);
                hole = Some(NOT_KEPT);
            } else {
                hole = None;
            }
        }
        if !more || self.last == before {
            self.skip_to(asked, hole, out);
        }
    }

    /// The page that was asked for was refused.
    pub(crate) fn refused(&mut self, why: &str, out: &mut Vec<Told>) {
        let asked = self.asked.take().unwrap_or_default();
        self.skip_to(asked, Some(why), out);
    }

    fn arrived(&mut self, seq: Sequence, event: Ahead, out: &mut Vec<Told>) {
        let last = *self.last.get_or_insert(Sequence(seq.0.saturating_sub(1)));
        self.newest = self.newest.max(seq);
        if seq <= last {
            return;
        }
        if seq == last.next() || self.ahead.len() < AHEAD_EVENTS_MAX {
            // What is known to be our own stays so.
            self.ahead.entry(seq).or_insert(event);
        }
        self.tell_in_turn(out);
    }

    /// Tells what is kept up to `to`, and what is missing between.
    fn skip_to(&mut self, to: Sequence, why: Option<&str>, out: &mut Vec<Told>) {
        while let Some(last) = self.last.filter(|last| *last < to) {
            let kept = self.ahead.first_key_value().map(|(seq, _)| *seq);
            let end = kept.map_or(to, |seq| to.min(Sequence(seq.0.saturating_sub(1))));
            if end > last
                && let Some(why) = why
            {
                out.push(Told::Missing { from: last.next(), to: end, why: why.to_owned() });
            }
            self.last = Some(end.max(last));
            self.tell_in_turn(out);
        }
    }

    fn tell_in_turn(&mut self, out: &mut Vec<Told>) {
        while let Some(next) = self.last.map(Sequence::next)
            && let Some(event) = self.ahead.remove(&next)
        {
            self.last = Some(next);
            match event {
                Ahead::Event(event) => out.push(Told::Event(*event)),
                Ahead::Own => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::limits::PAGE_EVENTS_MAX;
    use chat_protocol::{MessageText, RoomAddress, SayKind, Timestamp, UserName};
    use proptest::prelude::*;

    use super::*;

    fn message(seq: u64) -> Event {
        Event::Message {
            room: RoomAddress::parse("lobby").unwrap(),
            seq: Sequence(seq),
            time_ms: Timestamp(0),
            from: UserName::parse("maya").unwrap(),
            text: MessageText::parse("hi").unwrap(),
            kind: SayKind::Text,
            key: None,
            reply_to: None,
            account: false,
            account_name: None,
            bot: false,
        }
    }

    fn told(out: &[Told]) -> Vec<u64> {
        let seq = |told: &Told| match told {
            Told::Event(event) => event.sequence().unwrap().0,
            Told::Missing { from, to, .. } => panic!("{from} to {to} are missing"),
        };
        out.iter().map(seq).collect()
    }

    const fn not_own(_: &Event) -> bool {
        false
    }

    /// Plays the server: answers pages from a room that has 1 to `stored`.
    fn fill(cursor: &mut RoomCursor, stored: u64, out: &mut Vec<Told>) {
        while let Some(after) = cursor.next_page() {
            let end = stored.min(after.0 + u64::from(PAGE_EVENTS_MAX));
            let page = (after.0 + 1..=end).map(message).collect();
            cursor.page(page, end < stored, not_own, out);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_lost_or_repeated_each_is_told_once_in_order(
            start in 0..50_u64,
            arrivals in proptest::collection::vec((1..2_000_u64, any::<bool>(), any::<bool>()), 1..60),
        ) {
            let mut cursor = RoomCursor::new(Some(Sequence(start)));
            let mut out = Vec::new();
            let mut stored = start;
            let mut ours = Vec::new();
            for (seq, own, fill_now) in arrivals {
                stored = stored.max(seq);
                if own {
                    // Our own is stored as the newest.
                    stored += 1;
                    ours.push(stored);
                    cursor.own(Sequence(stored), &mut out);
                } else {
                    cursor.live(message(seq), false, &mut out);
                }
                if fill_now {
                    fill(&mut cursor, stored, &mut out);
                }
            }
            fill(&mut cursor, stored, &mut out);
            let others: Vec<u64> = (start + 1..=stored).filter(|seq| !ours.contains(seq)).collect();
            prop_assert_eq!(told(&out), others);
        }
    }

    #[test]
    fn what_comes_while_a_page_is_under_way_is_kept_and_told_behind_it() {
        let (mut cursor, mut out) = (RoomCursor::new(Some(Sequence(2))), Vec::new());
        cursor.entered(Sequence(4));
        assert_eq!(cursor.next_page(), Some(Sequence(2)));
        cursor.live(message(5), false, &mut out);
        assert_eq!(cursor.next_page(), None, "one page at a time");
        cursor.page(vec![message(3), message(4)], false, not_own, &mut out);
        assert_eq!(told(&out), [3, 4, 5]);
        assert_eq!(cursor.next_page(), None);
    }

    #[test]
    fn a_flood_ahead_of_a_gap_is_bounded_and_nothing_is_lost() {
        let (mut cursor, mut out) = (RoomCursor::new(Some(Sequence(0))), Vec::new());
        let flood = 3 * u64::try_from(AHEAD_EVENTS_MAX).unwrap();
        for seq in 2..=flood {
            cursor.live(message(seq), false, &mut out);
        }
        assert_eq!(cursor.ahead.len(), AHEAD_EVENTS_MAX);
        fill(&mut cursor, flood, &mut out);
        assert_eq!(told(&out), (1..=flood).collect::<Vec<_>>());
    }

    #[test]
    fn what_retention_took_is_said_once() {
        let (mut cursor, mut out) = (RoomCursor::new(Some(Sequence(10))), Vec::new());
        cursor.entered(Sequence(20));
        cursor.next_page();
        cursor.page(vec![message(15), message(16)], false, not_own, &mut out);
        let spans = out.iter().map(|told| match told {
            Told::Event(event) => (event.sequence().unwrap().0, 0),
            Told::Missing { from, to, .. } => (from.0, to.0),
        });
        let spans: Vec<_> = spans.collect();
        assert_eq!(spans, [(11, 14), (15, 0), (16, 0), (17, 20)]);
        assert_eq!(cursor.next_page(), None);
    }

    #[test]
    fn an_event_of_a_newer_server_is_no_gap() {
        let (mut cursor, mut out) = (RoomCursor::new(Some(Sequence(1))), Vec::new());
        cursor.live(message(3), false, &mut out);
        assert_eq!(cursor.next_page(), Some(Sequence(1)));
        cursor.page(vec![Event::Unknown, message(3)], false, not_own, &mut out);
        assert_eq!(told(&out), [3]);
    }
}
