//! Messages of several lines: as they are sent, as they look to who knows of them, and to who does not.

use chat_protocol::limits::{MESSAGE_TEXT_BYTES_MAX, MESSAGE_TEXT_LINES_MAX};

use super::super::multiline::pieces;
use super::*;

const CAPABILITIES: &str = "batch labeled-response draft/multiline message-tags echo-message";

/// What ana says to #a, cut as her client did.
fn message(text: &str, seams: &[u16]) -> Event {
    let Event::Message { room, seq, time_ms, from, text, kind, key, reply_to, .. } =
        said("a", 7, "ana", text)
    else {
        panic!("it is one");
    };
    let (text, account, bot) = (text.with_seams(seams), false, false);
    Event::Message { room, seq, time_ms, from, text, kind, key, reply_to, account, bot }
}

#[test]
fn a_batch_is_one_message_and_is_answered_as_one() {
    let mut session = in_a(CAPABILITIES);
    let lines = "@label=x BATCH +1 draft/multiline #a\r\n@batch=1 PRIVMSG #a :\r\n\
                 @batch=1 PRIVMSG #a :how is \r\n@batch=1;draft/multiline-concat PRIVMSG #a every\r\n\
                 @batch=1;draft/multiline-concat PRIVMSG #a one?\r\nBATCH -1\r\n";
    let (asked, answer) = feed(&mut session, lines);
    assert_eq!(asked, [r#"{"room":"a","text":"\nhow is everyone?","type":"say"}"#]);
    assert_eq!(answer, "");
    let id = session.asked.last_id().0;
    assert_eq!(told(&mut session, &stored(id, "a", 7)), "");
    let id = identifier::MessageId::of_event(&message("x", &[])).unwrap();
    assert_eq!(
        told(&mut session, &message("\nhow is everyone?", &[8, 13])),
        format!(
            "@label=x;msgid={id} :ana!ana@samovar BATCH +m7 draft/multiline #a\r\n\
             @batch=m7 :ana!ana@samovar PRIVMSG #a :\r\n\
             @batch=m7 :ana!ana@samovar PRIVMSG #a :how is \r\n\
             @batch=m7;draft/multiline-concat :ana!ana@samovar PRIVMSG #a :every\r\n\
             @batch=m7;draft/multiline-concat :ana!ana@samovar PRIVMSG #a :one?\r\n\
             :ana!ana@samovar BATCH -m7\r\n"
        )
    );
    // One line is no batch.
    let one = told(&mut session, &message("one", &[]));
    assert_eq!(one, format!("@msgid={id} :ana!ana@samovar PRIVMSG #a :one\r\n"));
}

#[test]
fn who_does_not_know_of_lines_gets_those_that_say_something() {
    let mut session = in_a("message-tags echo-message");
    let id = identifier::MessageId::of_event(&message("x", &[])).unwrap();
    assert_eq!(
        told(&mut session, &message("\nhow is everyone?", &[8])),
        format!(
            "@msgid={id} :ana!ana@samovar PRIVMSG #a :how is \r\n\
             :ana!ana@samovar PRIVMSG #a :everyone?\r\n"
        )
    );
    assert_eq!(told(&mut session, &message("\n", &[])).lines().count(), 2, "nothing but blanks");
}

#[test]
fn pieces_together_are_the_text_wherever_it_was_cut() {
    let text = "abc\n\ndefg\nh";
    let whole = |seams: &[u16]| {
        let text = MessageText::parse(text).unwrap().with_seams(seams);
        let pieces = pieces(&text, |line| {
            let (one, other) = line.split_at(line.len().min(3));
            if other.is_empty() { vec![one] } else { vec![one, other] }
        });
        let mut whole = String::new();
        for (number, (joins, piece)) in pieces.into_iter().enumerate() {
            whole.push_str(if joins || number == 0 { "" } else { "\n" });
            whole.push_str(piece);
        }
        whole
    };
    for seams in [&[][..], &[0], &[1, 2], &[3], &[4], &[5, 6, 9, 10], &[11], &[1, 1, 1, 7, 11]] {
        assert_eq!(whole(seams), text, "{seams:?}");
    }
    let all: Vec<u16> = (0..=11).collect();
    assert_eq!(whole(&all), text);
}

#[test]
fn what_is_no_message_is_said_once_and_the_rest_of_it_is_passed_over() {
    let begin = "BATCH +1 draft/multiline #a\r\n";
    let line = |text: &str| format!("@batch=1 PRIVMSG #a :{text}\r\n");
    for (lines, code) in [
        (format!("{begin}@batch=2 PRIVMSG #a :hi\r\n"), "MULTILINE_INVALID"),
        (format!("{begin}{}@batch=1 NOTICE #a :hi\r\n", line("hi")), "MULTILINE_INVALID"),
        (
            format!("{begin}{}@batch=1;draft/multiline-concat PRIVMSG #a :\r\n", line("hi")),
            "MULTILINE_INVALID",
        ),
        (format!("{begin}@batch=1;draft/multiline-concat PRIVMSG #a :hi\r\n"), "MULTILINE_INVALID"),
        (format!("{begin}@batch=1 PRIVMSG #b :hi\r\n"), "MULTILINE_INVALID_TARGET #a #b"),
        (begin.to_owned() + &line("x").repeat(65), "MULTILINE_MAX_LINES 64"),
        (begin.to_owned() + &line(&"x".repeat(400)).repeat(11), "MULTILINE_MAX_BYTES 4096"),
        (begin.to_owned() + &line(""), "MULTILINE_INVALID"),
        (begin.to_owned() + &line("\u{7}"), "MULTILINE_INVALID"),
    ] {
        let mut session = in_a(CAPABILITIES);
        let (asked, answer) = feed(&mut session, &format!("{lines}{}BATCH -1\r\n", line("")));
        assert!(asked.is_empty(), "{lines}: {asked:?}");
        assert!(answer.starts_with(&format!(":chat.example FAIL BATCH {code} :")), "{answer}");
        assert_eq!(answer.lines().count(), 1, "{answer}");
        // The next one is taken.
        let (asked, answer) = feed(&mut session, &format!("{begin}{}BATCH -1\r\n", line("hi")));
        assert_eq!((asked.len(), answer.as_str()), (1, ""));
    }
    let mut session = in_a(CAPABILITIES);
    for (line, code) in [
        ("BATCH -1", "MULTILINE_INVALID"),
        ("BATCH 1", "MULTILINE_INVALID"),
        ("BATCH +1", "UNKNOWN_TYPE"),
        ("BATCH +1 netsplit a b", "UNKNOWN_TYPE"),
        ("BATCH +1 draft/multiline", "MULTILINE_INVALID"),
        ("BATCH + draft/multiline #a", "MULTILINE_INVALID"),
        ("@batch=1 PRIVMSG #a :hi", "MULTILINE_INVALID"),
    ] {
        let (asked, answer) = feed(&mut session, &format!("{line}\r\n"));
        assert!(asked.is_empty() && answer.contains(&format!(" FAIL BATCH {code} ")), "{answer}");
    }
    let (_, answer) = feed(&mut session, &begin.repeat(2));
    assert!(answer.contains(" FAIL BATCH MULTILINE_INVALID "), "{answer}");
    let without = feed(&mut in_a("batch message-tags"), begin).1;
    assert!(without.contains(" FAIL BATCH UNKNOWN_TYPE draft/multiline "), "{without}");
}

#[test]
fn as_much_as_a_message_holds_is_taken_and_a_label_is_answered_if_it_fails() {
    let mut session = in_a(CAPABILITIES);
    let line = |bytes: usize| format!("@batch=1 PRIVMSG #a :{}\r\n", "x".repeat(bytes));
    let begin = "@label=x BATCH +1 draft/multiline #a\r\n";
    let full = MESSAGE_TEXT_BYTES_MAX - 10 * 401;
    let lines = format!("{begin}{}{}BATCH -1\r\n", line(400).repeat(10), line(full));
    assert_eq!(feed(&mut session, &lines).0.len(), 1);
    let mut session = in_a(CAPABILITIES);
    let lines = format!("{begin}{}BATCH -1\r\n", line(1).repeat(MESSAGE_TEXT_LINES_MAX));
    assert_eq!(feed(&mut session, &lines).0.len(), 1);
    let mut session = in_a(CAPABILITIES);
    let (asked, answer) = feed(&mut session, &format!("{begin}{}BATCH -1\r\n", line(0)));
    assert!(asked.is_empty());
    assert!(answer.starts_with("@label=x :chat.example FAIL BATCH MULTILINE_INVALID "), "{answer}");
}

#[test]
fn a_batch_in_a_page_of_history_is_within_it() {
    let mut session = in_a("batch draft/multiline draft/chathistory message-tags");
    let history = Event::History {
        id: None,
        room: RoomAddress::parse("a").unwrap(),
        events: vec![message("one\ntwo", &[])],
        more: false,
    };
    let lines = told(&mut session, &history);
    let id = identifier::MessageId::of_event(&message("x", &[])).unwrap();
    let begin = format!("@batch=1;msgid={id} :ana!ana@samovar BATCH +m7 draft/multiline #a\r\n");
    assert!(lines.contains(&begin), "{lines}");
    assert!(lines.contains("@batch=m7 :ana!ana@samovar PRIVMSG #a :"), "{lines}");
    assert!(lines.ends_with("BATCH -m7\r\n:chat.example BATCH -1\r\n"), "{lines}");
}
