//! One batch of a room's events as it travels on the feed, with the encodings that all sessions of
//! a dialect share. Never knows what a dialect looks like.

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use chat_protocol::{Event, Identity, RoomAddress, Sequence};

use super::ChangeId;
use crate::journal::{Body, Change, Entry};
use crate::limits::{DIALECTS_MAX, ENVELOPE_TEXT_BYTES_MAX};

/// An event of a room, and what a session has to know to decide whether it is for it.
#[derive(Clone, Debug)]
pub(crate) struct RoomEvent {
    /// Whose doing it is.
    pub(crate) author: Identity,
    /// Something that belongs to a user and not to the room: told once by a session that shares
    /// several rooms with that user.
    pub(crate) change: Option<ChangeId>,
    /// The room's presence version behind this event, if it changed the roster.
    pub(crate) presence: Option<u64>,
    /// Who may read nothing behind this: it was put out.
    pub(crate) puts_out: Option<Identity>,
    /// What happened.
    pub(crate) event: Event,
}

impl RoomEvent {
    /// An event of the roster, which is not stored.
    pub(super) const fn of(
        author: Identity,
        change: Option<ChangeId>,
        presence: Option<u64>,
        event: Event,
    ) -> Self {
        Self { author, change, presence, puts_out: None, event }
    }

    /// A stored event. `address` is what the room is called; a direct room is called by its author
    /// until a session gives it the name it has there.
    pub(crate) fn stored(entry: Entry, address: Option<&RoomAddress>) -> Self {
        let Entry {
            sequence: seq,
            time: time_ms,
            author,
            name: from,
            is_account,
            account_name,
            is_bot,
            body,
            key,
        } = entry;
        let room = address.cloned().unwrap_or_else(|| RoomAddress::Direct(from.clone()));
        let mut puts_out = None;
        let event = match body {
            Body::Message { text, kind, reply_to } => Event::Message {
                room,
                seq,
                time_ms,
                from,
                text,
                kind,
                key,
                reply_to,
                account: is_account,
                account_name,
                bot: is_bot,
            },
            Body::Topic(topic) => Event::TopicChanged { room, seq, time_ms, from, topic },
            Body::Deletion { target, original, reason, .. } => {
                Event::Deleted { room, seq, time_ms, from, target, original, reason }
            }
            Body::Change(changed) => {
                let Change { target, change, .. } = *changed;
                puts_out = change.puts_out().and(target);
                Event::RoomChanged { room, seq, time_ms, from, change }
            }
            Body::Tombstone => Event::Tombstone { room, seq, time_ms, from, key },
        };
        Self { author, change: None, presence: None, puts_out, event }
    }

    /// This one hides what stands before it, or changes who may read: nothing comes behind it in
    /// its envelope.
    const fn is_last(&self) -> bool {
        matches!(self.event, Event::Deleted { .. } | Event::RoomChanged { .. })
    }

    /// Who only watches may read nothing behind this.
    const fn closes(&self) -> bool {
        matches!(&self.event, Event::RoomChanged { change, .. } if change.closes())
    }

    /// Its author is not told: it knows that it types.
    pub(crate) fn is_for_others(&self) -> bool {
        matches!(&self.event, Event::Signal { signal, .. } if signal.is_typing())
    }

    /// The message is deleted: what is left of it.
    pub(super) fn bury(&mut self) {
        if let Event::Message { room, seq, time_ms, from, key, .. } = &self.event {
            let (room, from) = (room.clone(), from.clone());
            let (seq, time_ms, key) = (*seq, *time_ms, *key);
            self.event = Event::Tombstone { room, seq, time_ms, from, key };
        }
    }

    /// What it weighs on an envelope, about.
    fn text_bytes(&self) -> usize {
        let text = if let Event::Message { text, .. } = &self.event {
            text.as_str().len()
        } else if let Event::Signal { signal, .. } = &self.event {
            signal.text_bytes()
        } else {
            0
        };
        text + 64
    }
}

/// One batch of events. What it holds is committed; the room publishes nothing else.
#[derive(Debug)]
pub(crate) struct Envelope {
    events: Box<[RoomEvent]>,
    sequences: Option<RangeInclusive<Sequence>>,
    presence: Option<RangeInclusive<u64>>,
    has_changes: bool,
    is_for_others: bool,
    authors: u64,
    /// By the numbers of their dialects, in the order in which they were needed.
    encodings: [OnceLock<(u32, Encoding)>; DIALECTS_MAX],
}

/// An envelope on a wire.
#[derive(Debug)]
struct Encoding {
    bytes: Bytes,
    /// Where each event begins, if somebody may have been told of the first already.
    starts: Box<[u32]>,
}

impl Envelope {
    fn new(events: Vec<RoomEvent>) -> Self {
        let sequences = span(events.iter().filter_map(|event| event.event.sequence()));
        let presence = span(events.iter().filter_map(|event| event.presence));
        let authors = events.iter().fold(0, |mask, event| mask | author_bit(event.author));
        let has_changes = events.iter().any(|event| event.change.is_some());
        let is_for_others = events.iter().any(RoomEvent::is_for_others);
        Self {
            events: events.into_boxed_slice(),
            sequences,
            presence,
            has_changes,
            is_for_others,
            authors,
            encodings: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    /// Cuts a batch into envelopes of bounded size, in order.
    pub(crate) fn cut(events: Vec<RoomEvent>) -> impl Iterator<Item = Arc<Self>> {
        let mut rest = events.into_iter().peekable();
        std::iter::from_fn(move || {
            let mut some = Vec::with_capacity(rest.len());
            some.push(rest.next()?);
            let mut bytes = some.iter().map(RoomEvent::text_bytes).sum::<usize>();
            while !some.last().is_some_and(RoomEvent::is_last)
                && let Some(event) =
                    rest.next_if(|event| bytes + event.text_bytes() <= ENVELOPE_TEXT_BYTES_MAX)
            {
                bytes += event.text_bytes();
                some.push(event);
            }
            Some(Arc::new(Self::new(some)))
        })
    }

    /// What it weighs, about.
    pub(super) fn text_bytes(&self) -> usize {
        self.events.iter().map(RoomEvent::text_bytes).sum()
    }

    /// What it holds.
    pub(crate) const fn events(&self) -> &[RoomEvent] {
        &self.events
    }

    /// The first and last stored event in it. They are dense.
    pub(crate) const fn sequences(&self) -> Option<&RangeInclusive<Sequence>> {
        self.sequences.as_ref()
    }

    /// The event behind which this one may read nothing. `is_member`: it is in the room, and does
    /// not only watch it.
    pub(crate) fn ends_for(&self, who: Option<Identity>, is_member: bool) -> Option<Sequence> {
        let last = self.events.last()?;
        let is_out = last.puts_out.is_some() && last.puts_out == who;
        if is_out || (!is_member && last.closes()) { last.event.sequence() } else { None }
    }

    /// The first and last change of the roster in it.
    pub(crate) const fn presence(&self) -> Option<&RangeInclusive<u64>> {
        self.presence.as_ref()
    }

    /// It holds something that a session tells once, whatever room it comes from.
    pub(crate) const fn has_changes(&self) -> bool {
        self.has_changes
    }

    /// It holds something that its author is not told.
    pub(crate) const fn is_for_others(&self) -> bool {
        self.is_for_others
    }

    /// May hold something of this author. Never says no wrongly.
    pub(crate) fn may_be_by(&self, author: Identity) -> bool {
        self.authors & author_bit(author) != 0
    }

    /// May hold something of one of these authors, by their bits. Never says no wrongly.
    pub(crate) const fn may_be_by_any(&self, bits: u64) -> bool {
        self.authors & bits != 0
    }

    /// From which event on all is new to a session that has been told of the roster's changes up to
    /// this one; none: what is new and what is not stand mixed.
    pub(crate) fn new_from(&self, presence: u64) -> Option<usize> {
        if self.presence.as_ref().is_none_or(|range| *range.start() > presence) {
            return Some(0);
        }
        let is_new = |event: &RoomEvent| event.presence.is_none_or(|version| version > presence);
        let from = self.events.iter().position(is_new).unwrap_or(self.events.len());
        self.events.get(from..)?.iter().all(is_new).then_some(from)
    }

    /// Is one of the events from this one on by this author?
    pub(crate) fn is_by(&self, author: Identity, from: usize) -> bool {
        self.may_be_by(author) && self.events.iter().skip(from).any(|it| it.author == author)
    }

    /// The envelope on a wire, from this event on: made by the first session of the dialect that needs
    /// it, shared by all others. A dialect beyond the table is encoded each time.
    pub(crate) fn encoded(
        &self,
        dialect: u32,
        from: usize,
        encode: impl Fn(&Event, &mut BytesMut),
    ) -> Bytes {
        let encode = || Encoding::of(&self.events, self.presence.is_some(), &encode);
        for place in &self.encodings {
            let (of, encoding) = place.get_or_init(|| (dialect, encode()));
            if *of == dialect {
                return encoding.from(from);
            }
        }
        encode().from(from)
    }
}

impl Encoding {
    fn of(events: &[RoomEvent], has_starts: bool, encode: impl Fn(&Event, &mut BytesMut)) -> Self {
        let mut out = BytesMut::new();
        let mut starts = Vec::new();
        for event in events {
            if has_starts {
                starts.push(u32::try_from(out.len()).unwrap_or(u32::MAX));
            }
            encode(&event.event, &mut out);
        }
        Self { bytes: out.freeze(), starts: starts.into_boxed_slice() }
    }

    fn from(&self, event: usize) -> Bytes {
        if event == 0 {
            return self.bytes.clone();
        }
        let start = self.starts.get(event).and_then(|start| usize::try_from(*start).ok());
        self.bytes.slice(start.map_or(self.bytes.len(), |start| start.min(self.bytes.len()))..)
    }
}

/// The first and the last.
fn span<T: Copy>(mut numbers: impl DoubleEndedIterator<Item = T>) -> Option<RangeInclusive<T>> {
    let first = numbers.next()?;
    Some(first..=numbers.next_back().unwrap_or(first))
}

/// One of 64: enough to send nearly all sessions the fast way.
pub(crate) fn author_bit(author: Identity) -> u64 {
    1 << (author.0.as_u128() & 63)
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;
    use chat_protocol::{MessageText, SayKind, Timestamp, UserName};
    use uuid::Uuid;

    use super::*;

    fn said(sequence: u64, text: &str) -> RoomEvent {
        let entry = Entry {
            sequence: Sequence(sequence),
            time: Timestamp(0),
            author: Identity(Uuid::from_u128(7)),
            name: UserName::parse("ana").unwrap(),
            is_account: false,
            account_name: None,
            is_bot: false,
            body: Body::Message {
                text: MessageText::parse(text).unwrap(),
                kind: SayKind::Text,
                reply_to: None,
            },
            key: None,
        };
        RoomEvent::stored(entry, None)
    }

    #[test]
    fn a_large_batch_is_cut_in_order_and_nothing_is_missing() {
        let long = "x".repeat(4_000);
        let batch: Vec<RoomEvent> = (1..=100).map(|sequence| said(sequence, &long)).collect();
        let envelopes: Vec<Arc<Envelope>> = Envelope::cut(batch).collect();
        assert!(envelopes.len() > 1);
        let mut next = 1;
        for envelope in &envelopes {
            let bytes: usize = envelope.events().iter().map(RoomEvent::text_bytes).sum();
            assert!(bytes <= ENVELOPE_TEXT_BYTES_MAX);
            let range = envelope.sequences().unwrap();
            assert_eq!(range.start().0, next);
            next = range.end().0 + 1;
        }
        assert_eq!(next, 101);
    }

    #[test]
    fn a_dialect_is_encoded_once() {
        let envelope = Envelope::cut(vec![said(1, "hi")]).next().unwrap();
        let number = |dialect: u32| move |_: &Event, out: &mut BytesMut| out.put_u32(dialect);
        let written = |dialect: u32| Bytes::copy_from_slice(&dialect.to_be_bytes());
        for dialect in 0..u32::try_from(DIALECTS_MAX).unwrap() {
            let dialect = 70_000 + dialect;
            assert_eq!(envelope.encoded(dialect, 0, number(dialect)), written(dialect));
            let again = envelope.encoded(dialect, 0, |_, _| panic!("encoded twice"));
            assert_eq!(again, written(dialect));
        }
        assert_eq!(envelope.encoded(1, 0, number(1)), written(1));
        assert_eq!(envelope.encoded(1, 0, number(2)), written(2));
        assert!(envelope.may_be_by(Identity(Uuid::from_u128(7))));
        assert!(!envelope.may_be_by(Identity(Uuid::from_u128(8))));
    }
    #[test]
    fn who_was_told_of_the_first_changes_takes_the_rest_of_the_shared_encoding() {
        let moved = |version: u64| RoomEvent { presence: Some(version), ..said(1, "x") };
        let envelope = Envelope::cut((5..9).map(moved).collect()).next().unwrap();
        let letter =
            |_: &Event, out: &mut BytesMut| out.put_u8(b'a' + u8::try_from(out.len()).unwrap());
        for (told, from, rest) in
            [(4, 0, "abcd"), (5, 1, "bcd"), (7, 3, "d"), (8, 4, ""), (9, 4, "")]
        {
            assert_eq!(envelope.new_from(told), Some(from));
            assert_eq!(envelope.encoded(1, from, letter), rest);
        }
        let author = Identity(Uuid::from_u128(7));
        assert!(envelope.is_by(author, 3) && !envelope.is_by(author, 4));
        let mixed = Envelope::cut(vec![moved(5), said(1, "x"), moved(6)]).next().unwrap();
        assert_eq!(mixed.new_from(5), Some(1));
        let between = Envelope::cut(vec![said(1, "x"), moved(6), moved(7)]).next().unwrap();
        assert_eq!(between.new_from(5), Some(0));
        assert_eq!(between.new_from(6), None);
    }
}
