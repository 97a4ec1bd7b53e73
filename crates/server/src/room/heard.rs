//! Signals from user to user, on their way to the sessions of one of the two, by its seat: there need be
//! no direct room, and who follows one may do so from this moment on. Kept until all of those sessions
//! have heard it, and by nobody beyond.

use std::ops::RangeInclusive;
use std::sync::Arc;

use chat_protocol::{Event, Identity};

use super::Seat;
use super::reading::SessionNumber;
use super::seat::Rooms;
use crate::limits::SEAT_SIGNALS_MAX;

/// A signal to a user, or by it to another.
#[derive(Clone, Debug)]
pub(crate) struct DirectSignal {
    /// The first one of a user is 1.
    pub(crate) number: u64,
    /// Whose session it was by: that one knows.
    pub(crate) by: SessionNumber,
    /// Who.
    pub(crate) author: Identity,
    /// What; the room is called as this user calls it.
    pub(crate) event: Arc<Event>,
    /// So many sessions have not heard it.
    left: usize,
}

impl Rooms {
    /// Signals that are on their way; the last few.
    pub(crate) fn signals(&self) -> impl DoubleEndedIterator<Item = &DirectSignal> {
        self.news.iter().flat_map(|news| &news.signals)
    }
}

impl Seat {
    /// Somebody signals something to this user, or this user does to somebody. Who has no session hears
    /// nothing, also not later.
    pub(crate) fn signal(&self, by: SessionNumber, author: Identity, event: Event) {
        let left = self.rooms.followers();
        if left == 0 {
            return;
        }
        self.rooms.change(|rooms| {
            let news = rooms.news();
            news.signals_count += 1;
            if news.signals.len() >= SEAT_SIGNALS_MAX {
                news.signals.pop_front();
            }
            let (number, event) = (news.signals_count, Arc::new(event));
            news.signals.push_back(DirectSignal { number, by, author, event, left });
        });
    }

    /// The last one that was told.
    pub(crate) fn signals_told(&self) -> u64 {
        self.rooms.get().news.as_ref().map_or(0, |news| news.signals_count)
    }

    /// A session has heard these: what all have is let go.
    pub(crate) fn has_heard(&self, heard: RangeInclusive<u64>) {
        let mut rooms = self.rooms.get();
        let Some(news) = &mut rooms.news else { return };
        for signal in news.signals.iter_mut().filter(|signal| heard.contains(&signal.number)) {
            signal.left = signal.left.saturating_sub(1);
        }
        news.signals.retain(|signal| signal.left > 0);
        if news.signals.is_empty() {
            news.signals.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{RoomAddress, Signal, Timestamp, TypingState, UserName};
    use uuid::Uuid;

    use super::*;
    use crate::room::Bell;

    fn seat() -> Seat {
        Seat::new(Identity(Uuid::nil()), UserName::parse("ana").unwrap())
    }

    fn signal(seat: &Seat) {
        let from = UserName::parse("bob").unwrap();
        let event = Event::Signal {
            room: RoomAddress::Direct(from.clone()),
            time_ms: Timestamp(7),
            from,
            signal: Signal::Typing { state: TypingState::Active },
            key: None,
        };
        seat.signal(SessionNumber(7), Identity(Uuid::nil()), event);
    }

    fn numbers(seat: &Seat) -> Vec<u64> {
        seat.rooms.get().signals().map(|signal| signal.number).collect()
    }

    #[test]
    fn a_signal_is_kept_until_all_sessions_have_heard_it() {
        let seat = seat();
        signal(&seat);
        assert_eq!(numbers(&seat), [0; 0], "nobody is there to hear it");
        let (one, other) = (seat.follow(Arc::new(Bell::default())), seat.follow(Arc::default()));
        signal(&seat);
        signal(&seat);
        seat.has_heard(1..=2);
        assert_eq!(numbers(&seat), [1, 2]);
        seat.has_heard(1..=1);
        assert_eq!(numbers(&seat), [2]);
        seat.has_heard(2..=2);
        assert_eq!(numbers(&seat), [0; 0]);
        signal(&seat);
        assert_eq!((numbers(&seat), seat.signals_told()), (vec![3], 3));
        drop((one, other));
    }

    #[test]
    fn signals_that_nobody_takes_are_bounded() {
        let seat = seat();
        let _session = seat.follow(Arc::default());
        for _ in 0..10 * SEAT_SIGNALS_MAX {
            signal(&seat);
        }
        let last = 10 * u64::try_from(SEAT_SIGNALS_MAX).unwrap();
        assert_eq!(numbers(&seat).len(), SEAT_SIGNALS_MAX);
        assert_eq!(numbers(&seat).last(), Some(&last));
    }
}
