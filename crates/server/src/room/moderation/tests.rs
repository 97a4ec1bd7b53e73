use std::collections::{BTreeMap, HashMap, VecDeque};

use chat_protocol::{ByIdentity, Sequence};
use uuid::Uuid;

use super::super::handle::Person;
use super::super::members::{Crowd, Held, Member};
use super::*;
use crate::journal::{Admission, RoomId};
use crate::policy::Rules;

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn who(number: usize) -> Identity {
    Identity(Uuid::from_u128(u128::try_from(number).unwrap()))
}

/// ops, with nobody in it but ana, its owner.
fn ops() -> Open {
    let ana = Arc::new(Seat::new(who(0), user("ana")));
    let (name, away, is_followed, since) = (user("ana"), None, true, Sequence(0));
    let member = Member { seat: ana, name, away, entry: 1, is_followed, since };
    let mut open = Open {
        id: RoomId(1),
        address: RoomAddress::parse("ops").ok(),
        topic: None,
        topic_set: None,
        since: Timestamp(0),
        first: Sequence(1),
        last: Sequence(0),
        recent: VecDeque::new(),
        members: [(who(0), member)].into_iter().collect(),
        order: BTreeMap::from([(1, who(0))]),
        entries: 1,
        presence: 0,
        told: None,
        held: Held::default(),
        crowd: Crowd::default(),
        leaving: Vec::new(),
        rules: Rules::default(),
        remembered: ByIdentity::default(),
        banned_names: HashMap::new(),
        founder: None,
        spoke: ByIdentity::default(),
    };
    open.founded_by(who(0), user("ana"));
    open
}

fn asks(open: &Open, ask: Ask) -> Result<Change, Refusal> {
    let room = &RoomAddress::parse("ops").unwrap();
    let who = Asker { identity: who(0), power: Power::Own };
    Asking { open, who, room, now: Timestamp(1_000) }.decide(ask)
}

fn stranger(number: usize) -> Target {
    let name = user(&format!("guest{number}"));
    let seat = Some(Arc::new(Seat::new(who(number), name.clone())));
    Target { name, seat, account: None, is_kept: false }
}

fn ban(number: usize, for_ms: Option<u64>) -> Ask {
    Ask::Ban { target: stranger(number), for_ms, reason: None }
}

#[test]
fn a_room_remembers_so_many_and_forgets_first_what_is_over() {
    let mut open = ops();
    for number in 1..ROOM_USERS_MAX {
        let for_ms = (number == 7).then_some(1_000);
        let change = asks(&open, ban(number, for_ms)).unwrap();
        let seq = Sequence(u64::try_from(number).unwrap());
        assert!(open.apply_change(&change, seq).is_none());
    }
    assert_eq!(open.remembered.len(), ROOM_USERS_MAX);
    let limit = u64::try_from(ROOM_USERS_MAX).unwrap();
    let room = RoomAddress::parse("ops").unwrap();
    let full = Err(Refusal::TooManyRemembered { room, limit });
    assert_eq!(asks(&open, ban(ROOM_USERS_MAX, None)).map(|_| ()), full);
    assert!(asks(&open, ban(3, None)).is_ok(), "one that is remembered already");
    // The ban of the seventh is over in a while: it makes place.
    assert_eq!(open.forgettable(Timestamp(1_999)), None);
    assert_eq!(open.forgettable(Timestamp(2_000)), Some(who(7)));
    open.forget(&[who(7)]);
    assert!(asks(&open, ban(ROOM_USERS_MAX, None)).is_ok());
    // Who knocks at the closed room's door meanwhile is let in, and not remembered.
    open.rules.settings.set(&Setting::parse("hidden", "on").unwrap());
    let seat = Seat::new(who(9_999), user("late"));
    assert!(open.to_admit(&seat).is_some());
    let change = asks(&open, ban(ROOM_USERS_MAX, None)).unwrap();
    open.apply_change(&change, Sequence(5_000));
    assert!(open.to_admit(&seat).is_none());
}

#[test]
fn a_ban_of_a_name_holds_for_whoever_has_it_until_it_is_lifted() {
    let mut open = ops();
    let change = asks(&open, ban(5, Some(500))).unwrap();
    open.apply_change(&change, Sequence(1));
    let now = Timestamp(1_000);
    let holds = |open: &Open, number, name, is_guest: bool, now| {
        let name = user(name);
        let account = (!is_guest).then(|| name.clone());
        let person = Person { identity: who(number), name, account, login: None };
        open.ban_of(&person, now).is_some()
    };
    assert!(holds(&open, 77, "GUEST5", true, now));
    assert!(holds(&open, 5, "another", true, now));
    assert!(!holds(&open, 77, "guest5", true, Timestamp(1_500)));
    // An account of this name is somebody else, and one that was banned itself is not.
    assert!(!holds(&open, 77, "guest5", false, now));
    assert!(holds(&open, 5, "guest5", false, now));
    // Its guest is gone: its name is enough.
    let gone = Target { name: user("guest5"), seat: None, account: None, is_kept: false };
    let change = asks(&open, Ask::Unban(gone)).unwrap();
    assert_eq!(change.target, Some(who(5)));
    open.apply_change(&change, Sequence(2));
    assert!(!holds(&open, 77, "guest5", true, now));
    assert!(!holds(&open, 5, "guest5", true, now));
}

#[test]
fn a_room_has_so_many_masks_and_each_once() {
    let mut open = ops();
    let mask = |typed: &str| Ask::Set { set: Setting::parse("mask", typed).unwrap(), secret: None };
    for number in 0..ROOM_MASKS_MAX {
        let change = asks(&open, mask(&format!("ban n{number}"))).unwrap();
        open.apply_change(&change, Sequence(1));
    }
    let held = open.rules.settings.masks.last().unwrap();
    assert_eq!((held.by.clone(), held.time_ms), (Some(user("ana")), Some(Timestamp(1_000))));
    let limit = u64::try_from(ROOM_MASKS_MAX).unwrap();
    let room = RoomAddress::parse("ops").unwrap();
    let full = Refusal::TooManyMasks { room, limit };
    assert_eq!(asks(&open, mask("mute one")).unwrap_err(), full);
    let again = asks(&open, mask("ban N7")).unwrap_err();
    assert!(matches!(again, Refusal::AlreadySo { .. }), "{again:?}");
    assert!(matches!(asks(&open, mask("-mute n7")), Err(Refusal::AlreadySo { .. })));
    let change = asks(&open, mask("-ban N7")).unwrap();
    open.apply_change(&change, Sequence(2));
    assert!(asks(&open, mask("mute one")).is_ok());
}

#[test]
fn who_was_expected_by_a_mask_needs_an_invitation_once_it_is_gone() {
    let mut open = ops();
    let set = |open: &mut Open, name: &str, value: &str| {
        let set = Setting::parse(name, value).unwrap();
        let change = asks(open, Ask::Set { set, secret: None }).unwrap();
        open.apply_change(&change, Sequence(1));
    };
    set(&mut open, "mask", "invite g*");
    for name in ["gus", "eve"] {
        let seat = Seat::new(who(name.len() + usize::from(name == "gus")), user(name));
        let behind = Sequence(0);
        open.admitted(Admission { identity: seat.identity, name: user(name), behind });
    }
    set(&mut open, "mask", "-invite g*");
    assert!(!open.standing(who(4)).unwrap().is_admitted, "gus");
    assert!(open.standing(who(3)).unwrap().is_admitted, "eve");
}
