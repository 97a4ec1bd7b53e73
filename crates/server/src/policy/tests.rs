use chat_protocol::{LineText, RoomChange, RoomName, RoomSecret, Sequence};

use super::*;

/// The table once more, cell by cell: outside, member, voice, operator, owner, administrator.
const CELLS: [(Act, &str); 21] = [
    (Act::Read, "yyyyyy"),
    (Act::ReadPrivate, "-yyyyy"),
    (Act::Speak, "-yyyyy"),
    (Act::Topic, "-yyyyy"),
    (Act::DeleteOwn, "-yyyyy"),
    (Act::Invite, "-yyyyy"),
    (Act::SpeakModerated, "--yyyy"),
    (Act::EnterClosed, "---yyy"),
    (Act::SpeakAnnouncing, "---yyy"),
    (Act::SpeakFast, "---yyy"),
    (Act::TopicByOperators, "---yyy"),
    (Act::DeleteOthers, "---yyy"),
    (Act::InviteToClosed, "---yyy"),
    (Act::Kick, "---yyy"),
    (Act::Restrict, "---yyy"),
    (Act::Voice, "---yyy"),
    (Act::SetTalk, "---yyy"),
    (Act::SetMetadata, "---yyy"),
    (Act::Operator, "----yy"),
    (Act::SetRoom, "----yy"),
    (Act::Transfer, "----yy"),
];

const RANKS: [(Rank, &str); 6] = [
    (Rank::Outsider, "outside"),
    (Rank::Member, "member"),
    (Rank::Voice, "voice"),
    (Rank::Operator, "operator"),
    (Rank::Owner, "owner"),
    (Rank::Administrator, "administrator"),
];

fn ops() -> RoomAddress {
    RoomAddress::parse("ops").unwrap()
}

#[test]
fn every_cell_of_the_table_is_as_it_is_meant() {
    for (act, cells) in CELLS {
        for ((rank, name), cell) in RANKS.into_iter().zip(cells.chars()) {
            assert_eq!(may(act, rank, &ops()).is_ok(), cell == 'y', "{act:?} {name}");
        }
    }
}

/// As the README shows it.
fn table() -> String {
    let names = RANKS.map(|(_, name)| name).join(" | ");
    let rule = RANKS.map(|_| "---").join(" | ");
    let mut table = format!("| to … | {names} |\n| --- | {rule} |\n");
    for (act, _) in CELLS {
        let cells = RANKS.map(|(rank, _)| if rank >= act.needs() { "yes" } else { "" });
        table += &format!("| {} | {} |\n", act.row().0, cells.join(" | "));
    }
    table
}

#[test]
fn the_readme_shows_the_table() {
    let readme = include_str!("../../../../README.md");
    assert!(readme.contains(&table()), "README.md should have:\n{}", table());
}

#[test]
fn who_may_not_is_told_who_may() {
    let not_in = Refusal::NotInRoom { room: ops() };
    assert_eq!(may(Act::Speak, Rank::Outsider, &ops()), Err(not_in));
    for (act, rank, needs) in [
        (Act::SpeakModerated, Rank::Member, Role::Voice),
        (Act::Restrict, Rank::Voice, Role::Operator),
        (Act::Transfer, Rank::Operator, Role::Owner),
    ] {
        assert_eq!(may(act, rank, &ops()), Err(Refusal::NotAllowed { room: ops(), needs }));
    }
}

#[test]
fn who_is_as_much_is_not_put_in_its_place() {
    let bob = UserName::parse("bob").unwrap();
    let all = RANKS.map(|(rank, _)| rank);
    for rank in all.into_iter().filter(|rank| *rank >= Rank::Operator) {
        for target in all {
            let is_below = target < rank || rank == Rank::Administrator;
            let answer = may_restrict(&ops(), rank, (&bob, target));
            assert_eq!(answer.is_ok(), is_below, "{rank:?} to {target:?}");
        }
    }
}

#[test]
fn a_role_may_be_given_up_and_not_taken() {
    let may = |rank, role, gives_up| may_give(&ops(), rank, role, gives_up).is_ok();
    assert!(may(Rank::Operator, Role::Operator, true));
    assert!(!may(Rank::Operator, Role::Operator, false));
    assert!(may(Rank::Voice, Role::Voice, true));
    assert!(!may(Rank::Member, Role::Voice, true));
    assert!(may(Rank::Operator, Role::Voice, false));
}

fn rules(set: &[&str]) -> Rules {
    let mut rules = Rules::default();
    for typed in set {
        let (name, value) = typed.split_once(' ').unwrap();
        rules.settings.set(&Setting::parse(name, value).unwrap());
    }
    rules
}

fn ban(until: Option<u64>) -> Restriction {
    Restriction { until_ms: until.map(Timestamp), reason: None }
}

#[test]
fn a_door_opens_for_whom_it_is_meant() {
    let key = |word: &str| {
        let key = RoomSecret::new(LineText::parse(word).unwrap());
        Secret::of(&RoomName::parse("ops").unwrap(), &key)
    };
    let (right, wrong) = (key("sesame"), key("barley"));
    let (admitted, called, operator) = (
        Standing { is_admitted: true, ..Standing::default() },
        Standing { is_admitted: true, is_invited: true, ..Standing::default() },
        Standing { role: Role::Operator, ..Standing::default() },
    );
    let nobody = AtTheDoor {
        standing: None,
        ban: None,
        is_masked: false,
        is_expected: false,
        secret: None,
        is_administrator: false,
        members: 3,
        now: Timestamp(1_000),
    };
    let knows = AtTheDoor { secret: Some(&right), ..nobody };
    let guesses = AtTheDoor { secret: Some(&wrong), ..nobody };
    let invited = AtTheDoor { standing: Some(&admitted), ..nobody };
    let called = AtTheDoor { standing: Some(&called), ..nobody };
    let masked = AtTheDoor { is_masked: true, ..invited };
    let masked_and_called = AtTheDoor { is_masked: true, ..called };
    let keeper = AtTheDoor { standing: Some(&operator), ..nobody };
    let (still, over) = (ban(Some(1_001)), ban(Some(1_000)));
    let banned_and_called = AtTheDoor { ban: Some(&still), ..called };
    let banned = AtTheDoor { ban: Some(&still), ..invited };
    let was_banned = AtTheDoor { ban: Some(&over), ..invited };
    let root = AtTheDoor { is_administrator: true, ..banned };
    let enters = |set: &[&str], who: &AtTheDoor<'_>| {
        let rules = Rules { secret: Some(right), ..rules(set) };
        may_enter(&ops(), &rules, who).err()
    };
    let room = ops();
    let no_room = Some(Refusal::NoSuchRoom { room: room.clone() });
    let invite_only = Some(Refusal::InviteOnly { room: room.clone() });
    let key_needed = Some(Refusal::KeyNeeded { room: room.clone() });
    let by_mask = Some(MASKED.as_ban(&room, Timestamp(1_000)));
    let by_name = Some(still.as_ban(&room, Timestamp(1_000)));
    let full = Some(Refusal::RoomFull { room, limit: 3 });
    for (set, who, expected) in [
        (&[][..], &nobody, None),
        (&["hidden on"], &nobody, None),
        (&["access invite"], &nobody, invite_only),
        (&["access invite", "hidden on"], &nobody, no_room.clone()),
        (&["access invite", "hidden on"], &invited, None),
        (&["access invite", "hidden on"], &keeper, None),
        (&["key sesame"], &nobody, key_needed.clone()),
        (&["key sesame"], &guesses, key_needed),
        (&["key sesame"], &knows, None),
        (&["key sesame"], &invited, None),
        (&["key sesame", "hidden on"], &guesses, no_room.clone()),
        (&["key sesame", "hidden on"], &knows, None),
        (&["members 3"], &nobody, full.clone()),
        (&["members 3"], &invited, full),
        (&["members 3"], &called, None),
        (&["members 3", "access invite"], &called, None),
        (&[], &masked, by_mask),
        (&[], &masked_and_called, None),
        (&[], &banned_and_called, by_name), // that is lifted by who wants it in
        (&["members 3"], &keeper, None),
        (&["members 4"], &nobody, None),
        (&["hidden on"], &banned, no_room),
        (&["access invite"], &was_banned, None),
        (&["access invite", "hidden on", "members 1"], &root, None),
    ] {
        assert_eq!(enters(set, who), expected, "{set:?} {who:?}");
    }
    // Masks: not against who keeps order, and one is no invitation to who is banned by another.
    let masked = AtTheDoor { is_masked: true, ..nobody };
    let by_mask = Some(Refusal::Banned { room: ops(), left_ms: None, reason: None });
    assert_eq!(enters(&[], &masked), by_mask);
    assert_eq!(enters(&[], &AtTheDoor { is_masked: true, ..keeper }), None);
    let expected = AtTheDoor { is_expected: true, ..nobody };
    assert_eq!(enters(&["access invite"], &expected), None);
    assert_eq!(enters(&["access invite"], &AtTheDoor { is_masked: true, ..expected }), by_mask);
    assert!(enters(&["key sesame"], &expected).is_some(), "it still needs the key");
    let left = enters(&[], &banned);
    assert_eq!(left, Some(Refusal::Banned { room: ops(), left_ms: Some(1), reason: None }));
}

#[test]
fn who_speaks_where_and_how_often() {
    let (mute, over) = (ban(None), ban(Some(500)));
    let speaker =
        |rank| Speaker { rank, mute: None, is_masked: false, spoke: None, now: Timestamp(10_000) };
    let speaks = |set: &[&str], who: Speaker<'_>| may_speak(&ops(), &rules(set).settings, &who);
    for (rank, moderated, announcing) in [
        (Rank::Outsider, false, false),
        (Rank::Member, false, false),
        (Rank::Voice, true, false),
        (Rank::Operator, true, true),
        (Rank::Owner, true, true),
    ] {
        assert_eq!(speaks(&[], speaker(rank)).is_ok(), rank > Rank::Outsider);
        assert_eq!(speaks(&["moderated on"], speaker(rank)).is_ok(), moderated, "{rank:?}");
        assert_eq!(speaks(&["announcement on"], speaker(rank)).is_ok(), announcing, "{rank:?}");
        let muted = Speaker { mute: Some(&mute), ..speaker(rank) };
        assert!(speaks(&[], muted).is_err(), "{rank:?}");
        assert!(may_set_topic(&ops(), &RoomSettings::default(), &muted).is_err(), "{rank:?}");
    }
    assert!(speaks(&[], Speaker { mute: Some(&over), ..speaker(Rank::Member) }).is_ok());
    // A mask mutes who has no voice.
    for (rank, may) in [(Rank::Member, false), (Rank::Voice, true), (Rank::Operator, true)] {
        let masked = Speaker { is_masked: true, ..speaker(rank) };
        assert_eq!(speaks(&[], masked).is_ok(), may, "{rank:?}");
        assert_eq!(may_set_topic(&ops(), &RoomSettings::default(), &masked).is_ok(), may);
    }
    let slow = |spoke| {
        let spoke = Some(Timestamp(spoke));
        speaks(&["slow 5s"], Speaker { spoke, ..speaker(Rank::Voice) })
    };
    assert_eq!(slow(5_001), Err(Refusal::SlowMode { room: ops(), left_ms: 1 }));
    assert_eq!(slow(5_000), Ok(()));
    let spoke = Some(Timestamp(9_999));
    assert!(speaks(&["slow 5s"], Speaker { spoke, ..speaker(Rank::Operator) }).is_ok());
}

#[test]
fn a_mask_holds_unless_another_excepts_it() {
    let (name, other) = (UserName::parse("bob").unwrap(), UserName::parse("bert").unwrap());
    let bob = Masked { name: &name, login: None, account: Some(&name) };
    let bert = Masked { name: &other, login: None, account: None };
    let masked = |set: &[&str], list, who| is_masked(&rules(set).settings, list, who);
    for (set, bob_is_banned, bob_is_muted) in [
        (&["mask ban b*", "mask mute b*"][..], true, true),
        (&["mask ban b*", "mask mute b*", "mask speak a:bob"], true, false),
        (&["mask ban b*", "mask mute b*", "mask except a:bob"], false, false),
        (&["mask ban b*", "mask -ban B*", "mask mute b*"], false, true),
        (&["mask invite b*"], false, false),
    ] {
        assert_eq!(masked(set, MaskList::Ban, &bob), bob_is_banned, "{set:?}");
        assert_eq!(masked(set, MaskList::Mute, &bob), bob_is_muted, "{set:?}");
    }
    assert!(masked(&["mask ban b*", "mask except a:*"], MaskList::Ban, &bert));
}

#[test]
fn what_is_read_begins_where_one_was_let_in_and_ends_where_one_was_put_out() {
    let extent = |set: &[&str], standing: &Standing, since: Option<u64>| {
        let visibility = Visibility::of(&rules(set).settings);
        let extent = visibility.extent(Some(standing), since.map(Sequence), standing.cut);
        extent.map(|extent| (extent.behind.0, extent.through.0))
    };
    let end = Extent::ALL.through.0;
    let nobody = Standing::default();
    assert_eq!(extent(&[], &nobody, None), Some((0, end)));
    assert_eq!(extent(&["history off"], &nobody, None), None);
    assert_eq!(extent(&["history off"], &nobody, Some(7)), Some((7, end)));
    assert_eq!(extent(&["access invite"], &nobody, None), None);
    assert_eq!(extent(&["access invite"], &nobody, Some(7)), Some((7, end)));
    let mut bob = Standing::default();
    let user = UserName::parse("bob").unwrap();
    bob.suffered(&RoomChange::Invited { user: user.clone() }, false, Sequence(5));
    assert_eq!(extent(&["access invite"], &bob, None), None, "not yet in");
    bob.admit(Sequence(9));
    assert_eq!(extent(&["access invite"], &bob, Some(9)), Some((4, end)), "from the invitation on");
    assert_eq!(extent(&["access invite", "history off"], &bob, Some(9)), Some((9, end)));
    let kicked = RoomChange::Kicked { user: user.clone(), reason: None };
    let mut kai = Standing { role: Role::Operator, ..bob.clone() };
    for who in [&mut bob, &mut kai] {
        who.suffered(&kicked, false, Sequence(20));
        assert_eq!(extent(&[], who, None), Some((0, 20)));
        assert_eq!(extent(&["access invite"], who, None), None);
    }
    assert_eq!((bob.role, bob.is_admitted), (Role::Member, false));
    assert_eq!((kai.role, kai.is_admitted), (Role::Operator, true), "and gains nothing by that");
    kai.admit(Sequence(30));
    assert_eq!(extent(&["hidden on"], &kai, Some(30)), Some((4, end)), "and loses nothing");
    bob.admit(Sequence(30));
    assert_eq!(extent(&["hidden on"], &bob, Some(30)), Some((30, end)), "from the new entry on");
    let banned = RoomChange::Banned { user: user.clone(), until_ms: None, reason: None };
    bob.role = Role::Voice;
    bob.suffered(&banned, false, Sequence(40));
    assert_eq!(bob.role, Role::Member);
    bob.suffered(&RoomChange::Unbanned { user }, false, Sequence(41));
    assert_eq!(extent(&[], &bob, None), Some((0, 40)), "until it enters again");
}
