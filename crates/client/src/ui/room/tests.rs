use chat_protocol::{MessageText, SayKind};

use super::*;
use crate::ui::reactions::Reactions;

fn said(seq: u64, from: &str, text: &str) -> Event {
    Event::Message {
        room: RoomAddress::parse("ops").unwrap(),
        seq: Sequence(seq),
        time_ms: Timestamp(1_000 * seq),
        from: UserName::parse(from).unwrap(),
        text: MessageText::parse(text).unwrap(),
        kind: SayKind::Text,
        key: None,
        reply_to: None,
        account: false,
        bot: false,
    }
}

fn ours(ticket: u64, text: &str) -> Body {
    Body::Said {
        from: UserName::parse("ana").unwrap(),
        kind: SayKind::Text,
        text: MessageText::parse(text).unwrap(),
        delivery: Delivery::Sending(Ticket(ticket)),
        mention: false,
        reply_to: None,
        reactions: Reactions::default(),
    }
}

fn room() -> Room {
    Room::new(RoomAddress::parse("ops").ok())
}

fn seqs(room: &Room) -> Vec<u64> {
    room.window.rows().map(|row| row.seq.map_or(0, |seq| seq.0)).collect()
}

#[test]
fn what_is_stored_is_in_order_and_what_is_on_its_way_is_last() {
    let mut room = room();
    room.live(&said(1, "maya", "one"), None, true);
    room.say(Timestamp(0), ours(7, "mine"));
    room.live(&said(2, "maya", "two"), None, true);
    assert_eq!(seqs(&room), [1, 2, 0]);
    room.live(&said(4, "maya", "four"), None, true);
    room.stored(Ticket(7), Sequence(3), Timestamp(3_000));
    assert_eq!(seqs(&room), [1, 2, 3, 4]);
    room.page(&[said(3, "ana", "mine")], Side::Newer, false, None);
    assert_eq!(seqs(&room), [1, 2, 3, 4], "nothing twice");
}

#[test]
fn older_pages_come_before_and_rows_of_the_program_stay_where_they_were_said() {
    let mut room = room();
    room.page(&[said(5, "maya", "a"), said(6, "maya", "b")], Side::Newest, true, None);
    room.push(None, Body::Talk("list".to_owned()));
    room.live(&said(7, "maya", "c"), None, true);
    room.page(&[said(3, "maya", "x"), said(4, "maya", "y")], Side::Older, false, None);
    assert_eq!(seqs(&room), [3, 4, 5, 6, 0, 7]);
    assert_eq!(room.window.older, Edge::End);
}

#[test]
fn a_room_keeps_a_bounded_window_and_knows_that_there_is_more() {
    let mut room = room();
    for seq in 1..=u64::try_from(ROWS_KEPT_MAX).unwrap() + 50 {
        room.live(&said(seq, "maya", "x"), None, true);
    }
    assert_eq!(room.window.len(), ROWS_KEPT_MAX);
    assert_eq!(room.window.older, Edge::More);
    // Scrolled up, the newest go instead, and what is said now waits on the server.
    let row = room.window.row(0).unwrap().id;
    room.scroll = Scroll::At { row, below: 0 };
    room.page(&[said(49, "maya", "old"), said(50, "maya", "old")], Side::Older, true, None);
    assert_eq!(room.window.len(), ROWS_KEPT_MAX);
    assert!(!room.window.is_live());
    room.live(&said(9_000, "maya", "now"), None, false);
    assert!(room.window.last_seq() < Some(Sequence(9_000)));
    assert_eq!(room.newest(), Sequence(9_000));
}

#[test]
fn what_is_not_seen_is_counted_and_marked_from_the_last_one_read() {
    let me = UserName::parse("ana").unwrap();
    let mut room = room();
    room.live(&said(1, "maya", "seen"), Some(&me), true);
    assert_eq!(room.live(&said(2, "maya", "new"), Some(&me), false), News::Message);
    assert_eq!(room.live(&said(3, "lee", "@ana look"), Some(&me), false), News::Mention);
    assert_eq!((room.unread, room.mentions), (2, 1));
    let marker = room.marker.unwrap();
    assert_eq!((marker.after, marker.count), (Sequence(1), 2));
    assert_eq!(marker.since, Some(Timestamp(1_000)));
    room.seen();
    assert_eq!((room.unread, room.marker), (0, Some(marker)), "the line stays until one goes");
    room.left_behind();
    assert_eq!(room.marker, None);
}

#[test]
fn another_history_begins_anew() {
    let mut room = room();
    room.live(&said(8, "maya", "old"), None, true);
    room.another_history("restored".to_owned());
    room.page(&[said(1, "maya", "new")], Side::Newest, false, None);
    assert_eq!(seqs(&room), [0, 0, 1]);
    assert_eq!(room.window.older, Edge::End);
}

#[test]
fn comings_are_one_row_until_somebody_speaks() {
    let name = |text| UserName::parse(text).unwrap();
    let mut room = room();
    room.presence(Timestamp(0), |presence| presence.joined(&name("kai")));
    room.presence(Timestamp(0), |presence| presence.joined(&name("noor")));
    assert_eq!(room.window.len(), 1);
    room.presence(Timestamp(0), |presence| presence.left(&name("noor")));
    room.presence(Timestamp(0), |presence| presence.left(&name("kai")));
    assert_eq!(room.window.len(), 0, "as if nobody had come");
}
