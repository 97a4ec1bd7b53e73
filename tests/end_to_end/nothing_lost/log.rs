//! What all the clients of a run have seen, in one log; and how much of what, for whoever waits.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use chat_protocol::{Command, Event, Sequence};
use samovar_tests::checker::{Key, Log, Seen, Via};
use samovar_tests::{DEADLINE, say};

/// Where everybody is.
pub(super) const LOBBY: &str = "lobby";

/// What a message with this key says; a long one is filled up to so many bytes more.
pub(super) fn text_of(key: Key, filling: usize) -> String {
    match filling {
        0 => format!("m{key}"),
        _ => format!("m{key} {}.", "x".repeat(filling)),
    }
}

/// The key of a message, which is whole.
#[track_caller]
pub(super) fn key_of(text: &str) -> Key {
    let (said, filling) = text.split_once(' ').unwrap_or((text, "."));
    let is_whole =
        filling.strip_suffix('.').is_some_and(|filling| filling.bytes().all(|b| b == b'x'));
    let key = said.strip_prefix('m').and_then(|digits| digits.parse().ok());
    key.filter(|_| is_whole).unwrap_or_else(|| panic!("nobody said {text}"))
}

pub(super) fn say_with_key(number: Key, filling: usize) -> Command {
    let mut command = say(LOBBY, &text_of(number, filling));
    if let Command::Say { key, .. } = &mut command {
        let hex = 0x0189_0a5d_ac96_774b_bcce_0000_0000_0000 + u128::from(number);
        *key = Some(serde_json::from_str(&format!("\"{hex:032x}\"")).unwrap());
    }
    command
}

/// What was seen, and how much of it. The figures stand for what came since the last round began.
#[derive(Default)]
struct State {
    log: Log,
    counts: Counts,
}

/// How far a round has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) acknowledged: u64,
    pub(super) refused: u64,
    /// Members that have said all they have to say, and have all the answers.
    pub(super) finished: usize,
}

/// One log for all threads.
#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    more: Condvar,
}

impl Shared {
    pub(super) fn push(&self, seen: Seen) {
        let mut state = self.lock();
        match seen {
            Seen::Ack { .. } => state.counts.acknowledged += 1,
            Seen::Refused { .. } => state.counts.refused += 1,
            _ => {}
        }
        state.log.push(seen);
        drop(state);
        self.more.notify_all();
    }

    pub(super) fn acknowledged(&self, key: Key, seq: Sequence) {
        self.push(Seen::Ack { key, room: LOBBY.to_owned(), seq: seq.0 });
    }

    pub(super) fn received(&self, session: &str, seq: u64, key: Key, via: Via) {
        let (session, room) = (session.to_owned(), LOBBY.to_owned());
        self.push(Seen::Received { session, room, seq, key, via });
    }

    pub(super) fn resumed_behind(&self, session: &str, seq: u64) {
        let (session, room) = (session.to_owned(), LOBBY.to_owned());
        self.push(Seen::ResumedBehind { session, room, seq });
    }

    /// If it is a message, or a gap.
    pub(super) fn event(&self, session: &str, event: &Event, via: Via) {
        match event {
            Event::Message { seq, text, .. } => {
                self.received(session, seq.0, key_of(text.as_str()), via);
            }
            Event::Gap { from, to, .. } => {
                let (session, room) = (session.to_owned(), LOBBY.to_owned());
                self.push(Seen::Gap { session, room, from: from.0, to: to.0 });
            }
            Event::History { events, .. } => {
                for event in events {
                    self.event(session, event, Via::History);
                }
            }
            _ => {}
        }
    }

    /// A member has said all.
    pub(super) fn finished(&self) {
        self.lock().counts.finished += 1;
        self.more.notify_all();
    }

    /// A round begins.
    pub(super) fn count_anew(&self) {
        self.lock().counts = Counts::default();
    }

    pub(super) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Waits until the figures are so.
    #[track_caller]
    pub(super) fn wait_until(&self, what: &str, is_so: impl Fn(Counts) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.lock();
        while !is_so(state.counts) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what}: {:?}", state.counts);
            state = self.more.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits for so many acknowledgements more.
    #[track_caller]
    pub(super) fn wait_for_acknowledgements(&self, more: u64) {
        let wanted = self.counts().acknowledged + more;
        self.wait_until("acknowledgements", |counts| counts.acknowledged >= wanted);
    }

    /// What was seen so far.
    pub(super) fn log(&self) -> Log {
        self.lock().log.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}
