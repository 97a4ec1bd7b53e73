//! Members that write and read while something happens to the daemon, round after round; and in the
//! end the checker, over all of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use chat_protocol::command::HistoryRange;
use chat_protocol::{Command, Event, Sequence};
use samovar_tests::checker::{Finals, Key, Log, Seen, Via, check};
use samovar_tests::{NativeClient, Server, Signal, room};

use super::log::{LOBBY, Shared, key_of, text_of};
use super::member::{Member, Run, WINDOW};
use super::wire::Wire;

/// What each says when a fault is over, if nothing else is wanted.
const QUOTA: u64 = 20;
/// The last message of a round has this key and the round's number.
pub(super) const LASTS: Key = 999_000_000;

/// How a round ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All lose their connection.
    Lost,
    /// All say what is left to say, get all answers, and read up to the last message.
    Finished,
}

/// All who talk in a run, and what they have seen.
pub(super) struct Crowd {
    pub(super) log: Shared,
    pub(super) members: Vec<Member>,
    /// Bytes that make each message longer.
    pub(super) filling: usize,
    /// How much each says when a fault is over.
    pub(super) quota: u64,
    rounds: u64,
    since: Instant,
}

impl Crowd {
    /// So many who write and read, and so many who only read.
    pub(super) fn new(writers: u64, readers: u64) -> Self {
        let writers = (0..writers).map(|n| Member::new(format!("w{n}"), n, WINDOW));
        let readers = (0..readers).map(|n| Member::new(format!("r{n}"), 900 + n, 0));
        Self::of(writers.chain(readers).collect())
    }

    pub(super) fn of(members: Vec<Member>) -> Self {
        let log = Shared::default();
        Self { log, members, filling: 0, quota: QUOTA, rounds: 0, since: Instant::now() }
    }

    /// All come, or come back, and write and read while this happens. Gives what it gives.
    pub(super) fn round<T>(
        &mut self,
        server: &Server,
        end: End,
        fault: impl FnOnce(&Shared) -> T,
    ) -> T {
        self.log.count_anew();
        let last = LASTS + self.rounds;
        self.rounds += 1;
        let run = Run {
            log: &self.log,
            is_over: AtomicBool::new(false),
            quota: self.quota,
            last: (end == End::Finished).then_some(last),
            filling: self.filling,
        };
        // Who is told a token keeps it: no fault before that.
        let wires: Vec<Wire> =
            self.members.iter_mut().map(|member| member.hello(server.address())).collect();
        let count = wires.len();
        thread::scope(|scope| {
            let run = &run;
            let talking: Vec<_> = self
                .members
                .iter_mut()
                .zip(wires)
                .map(|(member, wire)| {
                    let name = member.name().to_owned();
                    (name, scope.spawn(move || member.run(wire, run)))
                })
                .collect();
            let given = fault(run.log);
            run.is_over.store(true, Ordering::Relaxed);
            let newest = (end == End::Finished).then(|| {
                run.log.wait_until("end of talk", |counts| counts.finished == count);
                say_last(server, run.log, last)
            });
            for (name, talking) in talking {
                assert_eq!(talking.join().unwrap(), newest.is_some(), "{name} has finished");
            }
            if let Some(seq) = newest {
                run.log.push(Seen::Healed { room: LOBBY.to_owned(), seq: seq.0 });
            }
            given
        })
    }

    /// Asks for the history, kills the daemon once more, asks again, and holds all that was seen
    /// against it.
    #[expect(clippy::print_stdout, reason = "the figures of a run")]
    pub(super) fn finish(&self, server: Server, what: &str) -> Whole {
        for (seq, key) in history(server.address()) {
            self.log.received("the historian", seq, key, Via::History);
        }
        let server = server.restart(Signal::KILL);
        let whole = self.whole(history(server.address()));
        let seconds = self.since.elapsed().as_secs_f32();
        println!("{what}: {} rounds, {whole}, {seconds:.1} s", self.rounds);
        whole.is_clean();
        whole
    }

    /// What was seen so far, and this history.
    pub(super) fn whole(&self, stored: Vec<(u64, Key)>) -> Whole {
        Whole { log: self.log.log(), finals: Finals::from([(LOBBY.to_owned(), stored)]) }
    }
}

/// Everything that was seen in a run, and the history in the end.
#[derive(Clone)]
pub(super) struct Whole {
    pub(super) log: Log,
    pub(super) finals: Finals,
}

impl Whole {
    pub(super) fn stored(&self) -> &[(u64, Key)] {
        &self.finals[LOBBY]
    }

    #[track_caller]
    pub(super) fn is_clean(&self) {
        let wrong = check(&self.log, &self.finals);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    pub(super) fn count(&self, wanted: impl Fn(&Seen) -> bool) -> usize {
        self.log.all().iter().filter(|seen| wanted(seen)).count()
    }

    /// What never got an answer.
    pub(super) fn unknown_for_ever(&self) -> Vec<Key> {
        let mut unknown = BTreeMap::new();
        for seen in self.log.all() {
            match seen {
                Seen::Unknown { key } => drop(unknown.insert(*key, ())),
                Seen::Ack { key, .. } | Seen::Refused { key } => drop(unknown.remove(key)),
                _ => {}
            }
        }
        unknown.into_keys().collect()
    }
}

/// The figures of the run.
impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = self.count(|seen| matches!(seen, Seen::Unknown { .. }));
        let refused = self.count(|seen| matches!(seen, Seen::Refused { .. }));
        let came = |wanted| {
            self.count(|seen| matches!(seen, Seen::Received { via, .. } if *via == wanted))
        };
        write!(
            f,
            "{} stored, {unknown} unknown ({} for ever), {refused} refused, {} resumed, {} live",
            self.stored().len(),
            self.unknown_for_ever().len(),
            came(Via::Resume),
            came(Via::Live)
        )
    }
}

/// Somebody says the last message, when all others have finished.
fn say_last(server: &Server, log: &Shared, key: Key) -> Sequence {
    let mut last = server.native("last");
    last.join(LOBBY);
    log.push(Seen::Send { key });
    let seq = last.say(LOBBY, &text_of(key, 0));
    log.acknowledged(key, seq);
    seq
}

/// All that is stored: each one's sequence, key, and time.
pub(super) fn timed_history(address: &str) -> Vec<(u64, Key, u64)> {
    let mut observer = NativeClient::connect(address);
    observer.hello(None);
    let mut stored: Vec<(u64, Key, u64)> = Vec::new();
    let mut last = Sequence(0);
    loop {
        let range = HistoryRange { after: Some(last), ..HistoryRange::default() };
        let page = observer.ask(Command::History { room: room(LOBBY), range, limit: 100 });
        let Event::History { events, more, .. } = page else {
            panic!("expected a page, but came {page:?}");
        };
        last = events.iter().filter_map(Event::sequence).next_back().unwrap_or(last);
        stored.extend(events.into_iter().filter_map(|event| match event {
            Event::Message { seq, text, time_ms, .. } => {
                Some((seq.0, key_of(text.as_str()), time_ms.0))
            }
            Event::RoomChanged { .. } => None,
            event => panic!("expected a message, but came {event:?}"),
        }));
        if !more {
            return stored;
        }
    }
}

/// All that is stored: each one's sequence and key.
pub(super) fn history(address: &str) -> Vec<(u64, Key)> {
    timed_history(address).into_iter().map(|(seq, key, _)| (seq, key)).collect()
}
