//! "Nothing lost": what the clients of a run have seen, held against the history that is there in
//! the end. Pure; every test of a fault uses it.

use std::collections::{BTreeMap, BTreeSet};

/// What a message is known by: whoever sends it, chooses it, and never chooses it again.
pub type Key = u64;

/// The history of each room in the end: sequence and key, in the order in which it was given.
pub type Finals = BTreeMap<String, Vec<(u64, Key)>>;

/// How something was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// As it happened.
    Live,
    /// On a page of history, in whatever order.
    History,
    /// Behind the last one that the session had.
    Resume,
}

/// What a client did, or was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is about to be sent; again, if it was sent before.
    Send {
        /// Of the message.
        key: Key,
    },
    /// It is stored, so the server said.
    Ack {
        /// Of the message.
        key: Key,
        /// Where.
        room: String,
        /// Its number there.
        seq: u64,
    },
    /// It is not stored, and never will be, so the server said.
    Refused {
        /// Of the message.
        key: Key,
    },
    /// No answer came. A later answer to the same key is the one that counts.
    Unknown {
        /// Of the message.
        key: Key,
    },
    /// It was shown.
    Received {
        /// To whom.
        session: String,
        /// Where.
        room: String,
        /// Its number there.
        seq: u64,
        /// Of the message.
        key: Key,
        /// How.
        via: Via,
    },
    /// The server said that these cannot be given.
    Gap {
        /// To whom.
        session: String,
        /// Where.
        room: String,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// What is given from now on is to start behind this one.
    ResumedBehind {
        /// Who resumed.
        session: String,
        /// Where.
        room: String,
        /// The last one that it needs no more.
        seq: u64,
    },
    /// Thrown out, or banned: nothing behind this is for this session's eyes, until it is let in.
    ThrownOut {
        /// Who.
        session: String,
        /// From where.
        room: String,
        /// Where in the room's order that stands.
        seq: u64,
    },
    /// Let in again: all is for its eyes.
    LetIn {
        /// Who.
        session: String,
        /// Where.
        room: String,
    },
    /// The fault is over, and so is the time that all had to catch up: whoever reads this room is
    /// through here.
    Healed {
        /// Where.
        room: String,
        /// Up to there.
        seq: u64,
    },
}

/// What was seen, in order: a send stands before the bytes leave, all else behind the bytes that
/// came. So what stands before something here happened before it.
#[derive(Clone, Debug, Default)]
pub struct Log(Vec<Seen>);

impl Log {
    /// Adds what was just seen.
    pub fn push(&mut self, seen: Seen) {
        self.0.push(seen);
    }

    /// All of it.
    #[must_use]
    pub fn all(&self) -> &[Seen] {
        &self.0
    }
}

/// Everything that is wrong, a line each; nothing: nothing was lost.
#[must_use]
pub fn check(log: &Log, finals: &Finals) -> Vec<String> {
    let mut checker = Checker::default();
    checker.read_finals(finals);
    for seen in log.all() {
        checker.see(seen);
    }
    checker.compare();
    checker.wrong
}

/// A room and a sequence in it.
type Place = (String, u64);
/// A session, and a room that it reads.
type Reader = (String, String);

#[derive(Debug, Default)]
struct Checker {
    /// What is there in the end.
    finals: BTreeMap<String, BTreeMap<u64, Key>>,
    times_final: BTreeMap<Key, usize>,
    /// What was told first about a sequence, and of a key.
    keys: BTreeMap<Place, Key>,
    places: BTreeMap<Key, Place>,
    /// The newest sequence of each room that was known when a key was sent first.
    sent: BTreeMap<Key, BTreeMap<String, u64>>,
    known: BTreeMap<String, u64>,
    acknowledged: BTreeMap<Key, Place>,
    refused: BTreeSet<Key>,
    unknown: BTreeSet<Key>,
    /// The last sequence that each session got, or needs no more; and whether it just resumed.
    cursors: BTreeMap<Reader, (u64, bool)>,
    /// The newest that each session was shown since it was let in; and where it was thrown out.
    shown: BTreeMap<Reader, u64>,
    thrown_out: BTreeMap<Reader, u64>,
    wrong: Vec<String>,
}

impl Checker {
    fn read_finals(&mut self, finals: &Finals) {
        for (room, history) in finals {
            let mut last = 0;
            for (seq, key) in history {
                if *seq <= last {
                    self.wrong.push(format!("rule 8: {room}: {seq} stands behind {last}"));
                }
                last = *seq;
                *self.times_final.entry(*key).or_default() += 1;
                self.stands_at("the final history", *key, room, *seq);
                self.finals.entry(room.clone()).or_default().insert(*seq, *key);
            }
        }
    }

    fn see(&mut self, seen: &Seen) {
        match seen {
            Seen::Send { key } => {
                self.sent.entry(*key).or_insert_with(|| self.known.clone());
            }
            Seen::Ack { key, room, seq } => {
                self.is_sent("acknowledged", *key);
                self.stands_at("an acknowledgement", *key, room, *seq);
                self.acknowledged.entry(*key).or_insert_with(|| (room.clone(), *seq));
                self.unknown.remove(key);
                self.knows(room, *seq);
            }
            Seen::Refused { key } => {
                self.is_sent("refused", *key);
                self.refused.insert(*key);
                self.unknown.remove(key);
            }
            Seen::Unknown { key } => {
                self.is_sent("unknown", *key);
                self.unknown.insert(*key);
            }
            Seen::Received { session, room, seq, key, via } => {
                self.is_sent("received", *key);
                self.stands_at(session, *key, room, *seq);
                self.knows(room, *seq);
                self.is_shown(session, room, *seq);
                if *via != Via::History {
                    self.goes_on(session, room, *seq);
                }
            }
            Seen::Gap { session, room, from, to } => {
                self.misses(session, room, *from);
                self.cursors.insert((session.clone(), room.clone()), (*to, false));
            }
            Seen::ResumedBehind { session, room, seq } => {
                self.misses(session, room, seq.saturating_add(1));
                self.cursors.insert((session.clone(), room.clone()), (*seq, true));
            }
            Seen::ThrownOut { session, room, seq } => self.throw_out(session, room, *seq),
            Seen::LetIn { session, room } => {
                let of = (session.clone(), room.clone());
                self.shown.remove(&of);
                self.thrown_out.remove(&of);
            }
            Seen::Healed { room, seq } => self.has_healed(room, *seq),
        }
    }

    /// Rules 1, 2, and 5, once everything is known.
    fn compare(&mut self) {
        for (key, (room, seq)) in &self.acknowledged {
            let found = self.finals.get(room).and_then(|history| history.get(seq));
            if found != Some(key) {
                let there = found.map_or("nothing".to_owned(), Key::to_string);
                self.wrong.push(format!(
                    "rule 1: {key} was acknowledged at {room} {seq}, and there is {there}"
                ));
            }
        }
        for (key, times) in &self.times_final {
            if *times > 1 {
                let rule = if self.unknown.contains(key) { 2 } else { 1 };
                self.wrong.push(format!("rule {rule}: {key} is there {times} times"));
            }
            if !self.sent.contains_key(key) {
                self.wrong.push(format!("rule 3: {key} is there, and was never sent"));
            }
        }
        for key in &self.refused {
            if let Some((room, seq)) = self.places.get(key) {
                self.wrong.push(format!("rule 2: {key} was refused, and is at {room} {seq}"));
            }
        }
        for (key, (room, seq)) in &self.places {
            let known = self.sent.get(key).and_then(|known| known.get(room));
            if let Some(known) = known.filter(|known| seq <= *known) {
                self.wrong.push(format!(
                    "rule 5: {key} is at {room} {seq}, but {known} was known before it was sent"
                ));
            }
        }
        // Shown, and not there any more.
        for ((room, seq), key) in &self.keys {
            if self.finals.get(room).and_then(|history| history.get(seq)).is_none() {
                self.wrong.push(format!("rule 4: {key} was at {room} {seq}, and is gone"));
            }
        }
    }

    /// Rule 3, as it happens: even what is there in the end was sent before it came.
    fn is_sent(&mut self, what: &str, key: Key) {
        if !self.sent.contains_key(&key) {
            self.wrong.push(format!("rule 3: {key} is {what}, and was not sent"));
        }
    }

    /// Rules 4 and 8: one key a sequence, one sequence a key.
    fn stands_at(&mut self, who: &str, key: Key, room: &str, seq: u64) {
        let place = (room.to_owned(), seq);
        let first = *self.keys.entry(place.clone()).or_insert(key);
        if first != key {
            self.wrong.push(format!(
                "rules 4, 8: {room} {seq} is {key} for {who}, and {first} for others"
            ));
        }
        let (first_room, first_seq) = self.places.entry(key).or_insert_with(|| place.clone());
        if (first_room.as_str(), *first_seq) != (room, seq) {
            self.wrong.push(format!(
                "rules 2, 4: {key} is at {room} {seq} for {who}, and at {first_room} {first_seq} \
                 for others"
            ));
        }
    }

    /// Rule 9, as something is shown.
    fn is_shown(&mut self, session: &str, room: &str, seq: u64) {
        let of = (session.to_owned(), room.to_owned());
        if let Some(out) = self.thrown_out.get(&of).filter(|out| seq > **out) {
            self.wrong.push(format!("rule 9: {session} got {room} {seq}, and was out at {out}"));
        }
        let shown = self.shown.entry(of).or_default();
        *shown = seq.max(*shown);
    }

    /// Rule 9: what is behind may have been shown already.
    fn throw_out(&mut self, session: &str, room: &str, seq: u64) {
        let of = (session.to_owned(), room.to_owned());
        if let Some(shown) = self.shown.get(&of).filter(|shown| **shown > seq) {
            self.wrong.push(format!("rule 9: {session} got {room} {shown}, and was out at {seq}"));
        }
        self.thrown_out.insert(of, seq);
    }

    /// Rule 10: who may read has read.
    fn has_healed(&mut self, room: &str, seq: u64) {
        for (of, (cursor, _)) in &self.cursors {
            if of.1 == room && *cursor < seq && !self.thrown_out.contains_key(of) {
                self.wrong.push(format!(
                    "rule 10: {} is at {room} {cursor}, and {seq} is there for all",
                    of.0
                ));
            }
        }
    }

    fn knows(&mut self, room: &str, seq: u64) {
        let known = self.known.entry(room.to_owned()).or_default();
        *known = seq.max(*known);
    }

    /// Rules 6, 7, and 8: a session gets one after the other.
    fn goes_on(&mut self, session: &str, room: &str, seq: u64) {
        self.misses(session, room, seq);
        let of = (session.to_owned(), room.to_owned());
        if let Some((cursor, has_resumed)) = self.cursors.get(&of)
            && seq <= *cursor
        {
            let rule = if *has_resumed { 7 } else { 8 };
            self.wrong.push(format!("rule {rule}: {session} got {room} {seq} behind {cursor}"));
        }
        self.cursors.insert(of, (seq, false));
    }

    /// Rules 6 and 7: nothing is left out before this one. What is not in the final history, and
    /// was seen by nobody, is no message: a topic has a sequence too.
    fn misses(&mut self, session: &str, room: &str, before: u64) {
        let of = (session.to_owned(), room.to_owned());
        let Some((cursor, has_resumed)) = self.cursors.get(&of) else {
            return;
        };
        let rule = if *has_resumed { 7 } else { 6 };
        let from = cursor.saturating_add(1);
        if from >= before {
            return;
        }
        for (_, left_out) in
            self.keys.range((room.to_owned(), from)..(room.to_owned(), before)).map(|(at, _)| at)
        {
            self.wrong.push(format!(
                "rule {rule}: {session} got nothing at {room} {left_out}, after {cursor} and \
                 before {before}"
            ));
        }
    }
}

#[cfg(test)]
mod tests;
