use super::*;

fn send(key: Key) -> Seen {
    Seen::Send { key }
}

fn ack(key: Key, seq: u64) -> Seen {
    Seen::Ack { key, room: "lobby".to_owned(), seq }
}

fn received(seq: u64, key: Key, via: Via) -> Seen {
    Seen::Received { session: "bob".to_owned(), room: "lobby".to_owned(), seq, key, via }
}

fn live(seq: u64, key: Key) -> Seen {
    received(seq, key, Via::Live)
}

fn resumed_behind(seq: u64) -> Seen {
    Seen::ResumedBehind { session: "bob".to_owned(), room: "lobby".to_owned(), seq }
}

fn gap(from: u64, to: u64) -> Seen {
    Seen::Gap { session: "bob".to_owned(), room: "lobby".to_owned(), from, to }
}

fn checked(log: &[Seen], finals: &[(u64, Key)]) -> Vec<String> {
    let finals = Finals::from([("lobby".to_owned(), finals.to_vec())]);
    check(&Log(log.to_vec()), &finals)
}

#[track_caller]
fn clean(log: &[Seen], finals: &[(u64, Key)]) {
    assert_eq!(checked(log, finals), Vec::<String>::new());
}

/// Something is wrong, and by this rule.
#[track_caller]
fn found(rule: &str, log: &[Seen], finals: &[(u64, Key)]) {
    let wrong = checked(log, finals);
    assert!(wrong.iter().any(|line| line.starts_with(rule)), "{rule} not in {wrong:#?}");
}

/// Sent and acknowledged, one after the other.
fn three() -> Vec<Seen> {
    vec![send(11), ack(11, 1), send(12), ack(12, 2), send(13), ack(13, 3)]
}

const THREE: [(u64, Key); 3] = [(1, 11), (2, 12), (3, 13)];

/// The three, and then this.
fn three_and(more: &[Seen]) -> Vec<Seen> {
    [three(), more.to_vec()].concat()
}

#[test]
fn a_clean_log_passes() {
    clean(&[], &[]);
    clean(&three_and(&[live(1, 11), live(2, 12), live(3, 13)]), &THREE);
    // A retry; one that never arrived; one that did; one that was refused.
    let log = [
        send(11),
        Seen::Unknown { key: 11 },
        send(12),
        Seen::Unknown { key: 12 },
        send(13),
        Seen::Unknown { key: 13 },
        send(14),
        Seen::Refused { key: 14 },
        send(11),
        ack(11, 1),
        live(1, 11),
        resumed_behind(1),
        received(2, 13, Via::Resume),
        received(1, 11, Via::History),
    ];
    clean(&log, &[(1, 11), (2, 13)]);
    // A gap that is told; a topic at 2.
    clean(&three_and(&[live(1, 11), gap(2, 2), live(3, 13)]), &THREE);
    let log = [send(11), send(13), ack(11, 1), ack(13, 3), live(1, 11), live(3, 13)];
    clean(&log, &[(1, 11), (3, 13)]);
    // Again from further back; two in flight change places.
    let again = [live(1, 11), live(2, 12), resumed_behind(1), received(2, 12, Via::Resume)];
    clean(&three_and(&again), &THREE);
    clean(&[send(11), send(12), ack(12, 1), ack(11, 2)], &[(1, 12), (2, 11)]);
}

#[test]
fn a_drop_is_found() {
    found("rule 1", &three(), &[(1, 11), (3, 13)]);
    found("rule 6", &three_and(&[live(1, 11), live(3, 13)]), &THREE);
    found("rule 6", &three_and(&[live(1, 11), resumed_behind(3)]), &THREE);
    found("rule 6", &three_and(&[live(1, 11), gap(3, 3)]), &THREE);
    // Shown, and gone after the crash.
    found("rule 4", &[send(11), Seen::Unknown { key: 11 }, live(1, 11)], &[]);
}

#[test]
fn a_duplicate_is_found() {
    found("rule 1", &three(), &[(1, 11), (2, 12), (3, 13), (4, 12)]);
    found("rule 8", &three_and(&[live(1, 11), live(1, 11)]), &THREE);
    found("rules 2, 4", &[send(11), ack(11, 1), send(11), ack(11, 2)], &[(1, 11)]);
}

#[test]
fn a_swap_is_found() {
    found("rules 4, 8", &three(), &[(1, 11), (2, 13), (3, 12)]);
    found("rule 5", &[send(11), ack(11, 2), send(12), ack(12, 1)], &[(1, 12), (2, 11)]);
    found("rule 8", &three_and(&[live(2, 12), live(1, 11)]), &THREE);
    found("rules 4, 8", &three_and(&[live(1, 12), live(2, 11)]), &THREE);
    found("rule 8", &three(), &[(1, 11), (3, 13), (2, 12)]);
}

#[test]
fn a_sequence_used_again_is_found() {
    let reused = [send(11), ack(11, 1), send(12), ack(12, 1)];
    found("rules 4, 8", &reused, &[(1, 12)]);
    found("rule 1", &reused, &[(1, 12)]);
    found("rule 5", &reused, &[(1, 12)]);
    // Only shown before the crash, never acknowledged.
    let shown = [send(11), live(1, 11), Seen::Unknown { key: 11 }, send(12), ack(12, 1)];
    found("rules 4, 8", &shown, &[(1, 12)]);
    found("rule 8", &three(), &[(1, 11), (2, 12), (3, 13), (3, 13)]);
}

#[test]
fn something_unacknowledged_that_is_there_twice_is_found() {
    let log = [send(11), Seen::Unknown { key: 11 }];
    found("rule 2", &log, &[(1, 11), (2, 11)]);
    let log = [send(11), Seen::Unknown { key: 11 }, live(1, 11), live(2, 11)];
    found("rules 2, 4", &log, &[(1, 11)]);
}

#[test]
fn something_refused_that_is_there_is_found() {
    let log = [send(11), Seen::Refused { key: 11 }];
    clean(&log, &[]);
    found("rule 2", &log, &[(1, 11)]);
    found("rule 2", &[send(11), live(1, 11), Seen::Refused { key: 11 }], &[]);
}

#[test]
fn something_never_sent_is_found() {
    found("rule 3", &three(), &[(1, 11), (2, 12), (3, 13), (4, 14)]);
    found("rule 3", &[live(1, 11), send(11), ack(11, 1)], &[(1, 11)]);
    found("rule 3", &[ack(11, 1), send(11)], &[(1, 11)]);
}

#[test]
fn a_resume_that_starts_elsewhere_is_found() {
    let resumed = |seq, key| three_and(&[resumed_behind(1), received(seq, key, Via::Resume)]);
    clean(&resumed(2, 12), &THREE);
    found("rule 7", &resumed(3, 13), &THREE);
    found("rule 7", &resumed(1, 11), &THREE);
    found("rule 7", &three_and(&[resumed_behind(0), live(2, 12)]), &THREE);
}

#[test]
fn something_shown_to_one_who_was_thrown_out_is_found() {
    let (session, room) = ("bob".to_owned(), "lobby".to_owned());
    let out = Seen::ThrownOut { session: session.clone(), room: room.clone(), seq: 2 };
    let let_in = Seen::LetIn { session, room };
    // What stands before it may come late; and all may come to one who is let in.
    clean(&three_and(&[live(1, 11), out.clone(), live(2, 12)]), &THREE);
    clean(
        &three_and(&[live(1, 11), out.clone(), let_in.clone(), live(2, 12), live(3, 13)]),
        &THREE,
    );
    clean(&three_and(&[live(1, 11), live(2, 12), live(3, 13), let_in, out.clone()]), &THREE);
    found("rule 9", &three_and(&[live(1, 11), live(2, 12), out.clone(), live(3, 13)]), &THREE);
    // Shown before anybody said that it was to be out; and on a page.
    found("rule 9", &three_and(&[live(1, 11), live(2, 12), live(3, 13), out.clone()]), &THREE);
    found("rule 9", &three_and(&[out, received(3, 13, Via::History)]), &THREE);
}

#[test]
fn one_who_does_not_catch_up_is_found() {
    let healed = Seen::Healed { room: "lobby".to_owned(), seq: 3 };
    let out = Seen::ThrownOut { session: "bob".to_owned(), room: "lobby".to_owned(), seq: 1 };
    clean(&three_and(&[live(1, 11), live(2, 12), live(3, 13), healed.clone()]), &THREE);
    clean(&three_and(&[live(1, 11), gap(2, 3), healed.clone()]), &THREE);
    clean(&three_and(&[live(1, 11), out, healed.clone()]), &THREE);
    clean(&three_and(std::slice::from_ref(&healed)), &THREE);
    found("rule 10", &three_and(&[live(1, 11), live(2, 12), healed.clone()]), &THREE);
    found("rule 10", &three_and(&[resumed_behind(1), healed]), &THREE);
}
