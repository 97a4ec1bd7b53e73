//! The closed loop: each room's writer has a number of messages on their way, and says the next
//! when one has reached everybody.

use std::time::{Duration, Instant};

use crate::crowd::Crowd;
use crate::error::Error;

/// How much a room may have on its way, and how much it says in all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) in_flight: u64,
    /// In each room; none: until the caller has enough.
    pub(super) messages: Option<u64>,
}

/// How a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Done,
    /// Nothing was delivered for too long: what is outstanding is lost.
    Stalled,
}

impl Window {
    /// Says what may be said, and hears what comes, until `done`.
    pub(super) fn drive(
        self,
        crowd: &mut Crowd,
        patience: Duration,
        mut done: impl FnMut(&Crowd) -> bool,
    ) -> Result<Ended, Error> {
        let mut last = (crowd.traffic.deliveries, Instant::now());
        loop {
            self.fill(crowd);
            if done(crowd) {
                return Ok(Ended::Done);
            }
            let events = crowd.turn(Duration::from_millis(100), &mut |_| {})?;
            if crowd.traffic.deliveries > last.0 {
                last = (crowd.traffic.deliveries, Instant::now());
            } else if events == 0 && last.1.elapsed() > patience {
                return Ok(Ended::Stalled);
            }
        }
    }

    fn fill(self, crowd: &mut Crowd) {
        for room in 0..crowd.rooms() {
            let left = self.messages.map_or(u64::MAX, |all| all - crowd.sent_in(room));
            let free = crowd.free(room, self.in_flight).min(left);
            if free > 0 {
                crowd.say(room, free);
            }
        }
    }
}

/// Hears what is on its way, and says nothing more.
pub(super) fn drain(crowd: &mut Crowd, patience: Duration) -> Result<Ended, Error> {
    let nothing = Window { in_flight: 0, messages: None };
    nothing.drive(crowd, patience, |crowd| crowd.outstanding() == 0)
}
