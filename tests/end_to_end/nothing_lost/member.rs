//! One who says messages and reads all that is said, over all the ends of the daemon.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use chat_protocol::command::HistoryRange;
use chat_protocol::{Command, Event, Hello, JournalId, Refusal, Sequence};
use samovar_tests::checker::{Key, Seen, Via};
use samovar_tests::room;

use super::log::{LOBBY, Shared, key_of, say_with_key};
use super::wire::{Wire, came_to_its_end};

/// What a member has in flight.
pub(super) const WINDOW: usize = 8;

/// Says one message after the other, the unanswered ones again when it comes back as the same
/// guest; reads on where it was.
pub(super) struct Member {
    name: String,
    /// It wants to come back as the same guest.
    returns: bool,
    token: Option<String>,
    next: Key,
    unanswered: Vec<Key>,
    /// The last one it has read, of which history.
    cursor: u64,
    journal: Option<JournalId>,
    window: usize,
}

/// What all of a round know.
pub(super) struct Run<'a> {
    pub(super) log: &'a Shared,
    /// The fault is over; until then, everybody writes on and on.
    pub(super) is_over: AtomicBool,
    /// How much each says after that.
    pub(super) quota: u64,
    /// The last message of the round: who has said all and has read this has finished.
    pub(super) last: Option<Key>,
    /// Bytes that make each message longer.
    pub(super) filling: usize,
}

impl Member {
    /// One who comes back, and says this much at a time; nothing: only reads.
    pub(super) const fn new(name: String, number: u64, window: usize) -> Self {
        let next = (number + 1) * 1_000_000;
        Self {
            name,
            returns: true,
            token: None,
            next,
            unanswered: Vec::new(),
            cursor: 0,
            journal: None,
            window,
        }
    }

    /// One who is another guest each time: what was unanswered stays unknown.
    pub(super) fn passing(name: String, number: u64) -> Self {
        Self { returns: false, ..Self::new(name, number, WINDOW) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Has it an answer to all that it said?
    pub(super) const fn is_answered(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Comes, or comes back. Who was forgotten says nothing again, and who finds another history
    /// than before reads all of it.
    pub(super) fn hello(&mut self, address: &str) -> Wire {
        let mut wire = Wire::connect(address).unwrap();
        let hello = Hello {
            v: 1,
            name: Some(self.name.clone()),
            resumable: self.returns,
            resume: self.token.clone(),
            ..Hello::default()
        };
        let welcome = wire.hello(&hello).unwrap();
        assert_eq!(welcome.name.map(String::from), Some(self.name.clone()));
        if !welcome.resumed {
            self.unanswered.clear();
        }
        if welcome.token.is_some() {
            self.token = welcome.token;
        }
        if self.journal.replace(welcome.journal) != Some(welcome.journal) {
            self.cursor = 0;
        }
        wire
    }

    /// Until it has finished, or until the connection is lost.
    pub(super) fn run(&mut self, mut wire: Wire, run: &Run<'_>) -> bool {
        let result = self.enter(&mut wire, run).and_then(|early| self.talk(&mut wire, run, early));
        for key in &self.unanswered {
            run.log.push(Seen::Unknown { key: *key });
        }
        came_to_its_end(result)
    }

    /// Enters, and reads what it missed. Gives what came live meanwhile.
    fn enter(&mut self, wire: &mut Wire, run: &Run<'_>) -> io::Result<VecDeque<Event>> {
        let mut early = VecDeque::new();
        wire.send(Command::Join { room: room(LOBBY), key: None });
        // Who was waited for is there already, and told so before it is answered.
        let newest = loop {
            match wire.event()? {
                Event::Entered { seq, .. } => break seq.0,
                Event::Refused { refusal, .. } => panic!("{}: {refusal:?}", self.name),
                event => early.push_back(event),
            }
        };
        run.log.resumed_behind(&self.name, self.cursor);
        while self.cursor < newest {
            let range =
                HistoryRange { after: Some(Sequence(self.cursor)), ..HistoryRange::default() };
            let asked = wire.send(Command::History { room: room(LOBBY), range, limit: 100 });
            let page = loop {
                match wire.event()? {
                    Event::History { id, events, .. } if id == Some(asked) => break events,
                    Event::Refused { id, refusal, .. } if id == Some(asked) => {
                        panic!("{}: no page: {refusal:?}", self.name)
                    }
                    event => early.push_back(event),
                }
            };
            assert!(!page.is_empty(), "{}: no page behind {}", self.name, self.cursor);
            // What is behind the newest comes live as well.
            for event in page.iter().filter(|event| event.sequence() <= Some(Sequence(newest))) {
                self.take(event, Via::Resume, run);
            }
        }
        Ok(early)
    }

    fn talk(
        &mut self,
        wire: &mut Wire,
        run: &Run<'_>,
        mut early: VecDeque<Event>,
    ) -> io::Result<()> {
        let mut flying = BTreeMap::new();
        let mut again = self.unanswered.clone().into_iter();
        let mut left = run.quota;
        let mut has_finished = false;
        let mut is_last = false;
        loop {
            let is_over = run.is_over.load(Ordering::Relaxed);
            while flying.len() < self.window {
                let key = if let Some(key) = again.next() {
                    key
                } else if left > 0 || !is_over {
                    left -= u64::from(is_over);
                    self.next += 1;
                    self.unanswered.push(self.next);
                    self.next
                } else {
                    break;
                };
                run.log.push(Seen::Send { key });
                flying.insert(wire.send(say_with_key(key, run.filling)), key);
            }
            if flying.is_empty() && !has_finished {
                has_finished = true;
                run.log.finished();
            }
            if has_finished && is_last {
                return Ok(());
            }
            let event = match early.pop_front() {
                Some(event) => event,
                None => wire.event()?,
            };
            match event {
                Event::Stored { id, seq, .. } => {
                    let key = flying.remove(&id.unwrap()).expect("answered once");
                    self.unanswered.retain(|unanswered| *unanswered != key);
                    run.log.acknowledged(key, seq);
                }
                Event::Refused { id, refusal: Refusal::DiskFull, .. } => {
                    let key = flying.remove(&id.unwrap()).expect("answered once");
                    self.unanswered.retain(|unanswered| *unanswered != key);
                    run.log.push(Seen::Refused { key });
                }
                event @ Event::Refused { .. } => panic!("{}: {event:?}", self.name),
                event => is_last |= self.take(&event, Via::Live, run),
            }
        }
    }

    /// Whether it is the last one.
    fn take(&mut self, event: &Event, via: Via, run: &Run<'_>) -> bool {
        run.log.event(&self.name, event, via);
        match event {
            Event::Message { seq, text, .. } => {
                self.cursor = seq.0;
                Some(key_of(text.as_str())) == run.last
            }
            Event::Gap { to, .. } => {
                self.cursor = to.0;
                false
            }
            _ => false,
        }
    }
}
