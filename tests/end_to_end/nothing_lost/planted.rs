//! A real run, made wrong in one place: the checker says so, and by which rule.

use samovar_tests::checker::{Key, Log, Seen, Via, check};

use super::crowd::Whole;
use super::log::LOBBY;

/// What is made wrong, the rule that says so, and how it is done.
type Bug = (&'static str, &'static str, fn(&mut Whole));

const BUGS: [Bug; 16] = [
    ("an acknowledged message is dropped", "rule 1", drop_stored),
    ("something is acknowledged that was never stored", "rule 1", acknowledge_nothing),
    ("a message is stored twice", "rule 1", store_twice),
    ("an unknown message is stored twice", "rule 2", store_unknown_twice),
    ("something refused is there", "rule 2", refuse_stored),
    ("something is there that nobody sent", "rule 3", store_unsent),
    ("something is delivered that nobody sent", "rule 3", deliver_unsent),
    ("what was shown is gone", "rule 4", show_and_lose),
    ("two messages are stored in each other's place", "rules 4, 8", swap_stored),
    ("two sessions see two messages in one place", "rules 4, 8", show_another),
    ("what was answered first is stored behind", "rule 5", swap_everywhere),
    ("a message is left out and no gap is told", "rule 6", leave_out),
    ("a message is delivered twice", "rule 8", deliver_twice),
    ("a sequence is used again", "rules 4, 8", reuse),
    ("a session resumes behind the next one", "rule 7", resume_late),
    ("a session does not catch up", "rule 10", never_catch_up),
];

/// Each bug, planted in this run, is found.
pub(super) fn turns_red(whole: &Whole) {
    for (bug, rule, plant) in BUGS {
        let mut planted = whole.clone();
        plant(&mut planted);
        let wrong = check(&planted.log, &planted.finals);
        let is_found = wrong.iter().any(|line| line.starts_with(&format!("{rule}:")));
        assert!(is_found, "{bug}: {rule} is not in {wrong:#?}");
    }
}

impl Whole {
    fn change(&mut self, change: impl FnOnce(&mut Vec<Seen>)) {
        let mut all = self.log.all().to_vec();
        change(&mut all);
        self.log = Log::default();
        all.into_iter().for_each(|seen| self.log.push(seen));
    }

    fn stored_mut(&mut self) -> &mut Vec<(u64, Key)> {
        self.finals.get_mut(LOBBY).unwrap()
    }

    /// An acknowledgement in the middle of the run: its key and its sequence.
    fn acknowledged(&self) -> (Key, u64) {
        let acks: Vec<(Key, u64)> = self
            .log
            .all()
            .iter()
            .filter_map(|seen| match seen {
                Seen::Ack { key, seq, .. } => Some((*key, *seq)),
                _ => None,
            })
            .collect();
        acks[acks.len() / 2]
    }

    /// A key that was never sent, and the sequence behind the last.
    fn one_more(&self) -> (Key, u64) {
        (1, self.stored().last().unwrap().0 + 1)
    }
}

/// Somebody is shown this.
fn shown(seq: u64, key: Key) -> Seen {
    let (session, room) = ("eve".to_owned(), LOBBY.to_owned());
    Seen::Received { session, room, seq, key, via: Via::History }
}

/// Where a session got a message live, with another right before and behind it.
fn live_in_a_row(all: &[Seen]) -> usize {
    let of = |seen: &Seen| match seen {
        Seen::Received { session, seq, via: Via::Live, .. } => Some((session.clone(), *seq)),
        _ => None,
    };
    let next = |at: usize, step: u64| {
        let (session, seq) = of(&all[at])?;
        let found =
            all[at + 1..].iter().position(|seen| of(seen).is_some_and(|it| it.0 == session));
        let found = at + 1 + found?;
        (of(&all[found]) == Some((session, seq + step))).then_some(found)
    };
    let first = (0..all.len()).find_map(|at| {
        let middle = next(at, 1)?;
        next(middle, 1).map(|_| middle)
    });
    first.expect("somebody got three in a row")
}

fn drop_stored(whole: &mut Whole) {
    let (_, seq) = whole.acknowledged();
    whole.stored_mut().retain(|(stored, _)| *stored != seq);
}

fn acknowledge_nothing(whole: &mut Whole) {
    let (key, seq) = whole.one_more();
    whole.change(|all| {
        all.push(Seen::Send { key });
        all.push(Seen::Ack { key, room: LOBBY.to_owned(), seq });
    });
}

fn store_twice(whole: &mut Whole) {
    let ((key, _), (_, seq)) = (whole.acknowledged(), whole.one_more());
    whole.stored_mut().push((seq, key));
}

fn store_unknown_twice(whole: &mut Whole) {
    let (key, seq) = whole.one_more();
    whole.stored_mut().extend([(seq, key), (seq + 1, key)]);
    whole.change(|all| all.extend([Seen::Send { key }, Seen::Unknown { key }]));
}

fn refuse_stored(whole: &mut Whole) {
    let (key, _) = whole.acknowledged();
    whole.change(|all| {
        for seen in all {
            if matches!(seen, Seen::Ack { key: of, .. } if *of == key) {
                *seen = Seen::Refused { key };
            }
        }
    });
}

fn store_unsent(whole: &mut Whole) {
    let (key, seq) = whole.one_more();
    whole.stored_mut().push((seq, key));
}

fn deliver_unsent(whole: &mut Whole) {
    let (key, seq) = whole.one_more();
    whole.change(|all| all.push(shown(seq, key)));
}

fn show_and_lose(whole: &mut Whole) {
    let (key, seq) = whole.one_more();
    whole.change(|all| all.extend([Seen::Send { key }, Seen::Unknown { key }, shown(seq, key)]));
}

fn swap_stored(whole: &mut Whole) {
    let (_, seq) = whole.acknowledged();
    let at = whole.stored().iter().position(|(stored, _)| *stored == seq).unwrap();
    let stored = whole.stored_mut();
    (stored[at].1, stored[at + 1].1) = (stored[at + 1].1, stored[at].1);
}

fn show_another(whole: &mut Whole) {
    let ((key, _), (seq, _)) = (whole.acknowledged(), whole.stored()[0]);
    whole.change(|all| all.push(shown(seq, key)));
}

/// So that all agree, and only what was known when it was sent tells.
fn swap_everywhere(whole: &mut Whole) {
    let (first, second) = (whole.stored()[0].1, whole.stored().last().unwrap().1);
    let swap = |key: &mut Key| {
        if *key == first {
            *key = second;
        } else if *key == second {
            *key = first;
        }
    };
    whole.stored_mut().iter_mut().for_each(|(_, key)| swap(key));
    whole.change(|all| {
        for seen in all {
            if let Seen::Ack { key, .. } | Seen::Received { key, .. } = seen {
                swap(key);
            }
        }
    });
}

fn leave_out(whole: &mut Whole) {
    whole.change(|all| drop(all.remove(live_in_a_row(all))));
}

fn deliver_twice(whole: &mut Whole) {
    whole.change(|all| {
        let at = live_in_a_row(all);
        all.insert(at, all[at].clone());
    });
}

/// As if the daemon had forgotten its newest message in a crash, and given its number away.
fn reuse(whole: &mut Whole) {
    let ((key, _), (seq, _)) = (whole.one_more(), *whole.stored().last().unwrap());
    whole.change(|all| {
        all.push(Seen::Send { key });
        all.push(Seen::Ack { key, room: LOBBY.to_owned(), seq });
    });
    whole.stored_mut().last_mut().unwrap().1 = key;
}

fn resume_late(whole: &mut Whole) {
    whole.change(|all| {
        let first =
            all.iter().position(|seen| matches!(seen, Seen::Received { via: Via::Resume, .. }));
        all.remove(first.expect("somebody came back and had missed something"));
    });
}

fn never_catch_up(whole: &mut Whole) {
    whole.change(|all| {
        let healed = all.iter().rposition(|seen| matches!(seen, Seen::Healed { .. }));
        let last = all[..healed.expect("the run was finished")]
            .iter()
            .rposition(|seen| matches!(seen, Seen::Received { via: Via::Live, .. }));
        all.remove(last.expect("somebody read to the end"));
    });
}
