//! Rooms as IRC clients look for them and are let in: LIST and its filters, INVITE, on real processes.

use samovar_tests::{Clock, Home, Server, Signal};

use crate::irc::Irc;

/// The rooms that LIST shows with this filter.
fn listed(irc: &mut Irc, filter: &str) -> Vec<String> {
    irc.send(&format!("LIST {filter}"));
    let lines = irc.until(" :End of /LIST");
    let room = |line: &String| {
        line.split(' ').nth(3).map(str::to_owned).filter(|_| line.contains(" 322 "))
    };
    let mut rooms: Vec<String> = lines.iter().filter_map(room).collect();
    rooms.sort();
    rooms
}

/// Comes in, and knows who set the topic.
fn topic_was_set_by(irc: &mut Irc, room: &str) -> String {
    irc.send(&format!("JOIN {room}"));
    let lines = irc.until(&format!(" {room} :End of /NAMES list"));
    let set = lines.iter().find(|line| line.contains(" 333 ")).expect("it is told");
    set.split(' ').nth(4).unwrap().to_owned()
}

#[test]
fn a_list_is_narrowed_by_when_rooms_and_topics_were_made_also_behind_a_restart() {
    let home = Home::new();
    let (clock, setup) = Clock::in_home(&home);
    let server = setup.start_in(home);
    clock.set("-3h");
    let mut ana = Irc::greeted(server.address(), "ana");
    ana.send("JOIN #old,#late");
    ana.send("TOPIC #old :of old");
    ana.until(" TOPIC #old :of old");
    ana.send("PRIVMSG #late :it is there");
    ana.send("PING stored");
    ana.until(" :stored");
    clock.set("+0");
    ana.send("TOPIC #late :of late");
    ana.until(" TOPIC #late :of late");
    ana.send("JOIN #new");
    let lists = [
        ("C>60", &["#late", "#old"][..]),
        ("C<60", &["#new"]),
        ("C>600", &[]),
        ("c<600", &["#late", "#new", "#old"]),
        ("T>60", &["#old"]),
        ("T<60", &["#late"]), // and not one that has none
        ("T<0", &[]),
        ("C>60,T<60", &["#late"]),
        ("C>60,#o*", &["#old"]),
        ("C>60,>1", &[]),
    ];
    for (filter, expected) in lists {
        assert_eq!(listed(&mut ana, filter), expected, "{filter}");
    }
    // What the first thing was that was said in #new is what is remembered of it.
    ana.send("PRIVMSG #new :first");
    for number in 0..300 {
        ana.send(&format!("PRIVMSG #old :{number}")); // its topic is not among its last events
    }
    ana.send("PING all");
    ana.until(" :all");
    let server = server.restart(Signal::TERM);
    let mut bob = Irc::greeted(server.address(), "bob");
    assert_eq!(topic_was_set_by(&mut bob, "#old"), "ana!ana@samovar");
    bob.send("JOIN #late,#new");
    bob.until(" #new :End of /NAMES list");
    bob.until("] first");
    for (filter, expected) in lists {
        assert_eq!(listed(&mut bob, filter), expected, "{filter}");
    }
}

/// Asks to come in, and is refused by this number.
#[track_caller]
fn is_kept_out(irc: &mut Irc, nick: &str, number: u16) {
    irc.send("JOIN #ops");
    let refused = irc.line();
    assert!(refused.starts_with(&format!(":irc.samovar {number} {nick} #ops :")), "{refused}");
}

#[track_caller]
fn comes_in(irc: &mut Irc, nick: &str) {
    irc.send("JOIN #ops");
    let before = irc.until(&format!(" 366 {nick} #ops :End of /NAMES list"));
    assert_eq!(before.first(), Some(&format!(":{nick}!{nick}@samovar JOIN #ops")));
}

#[test]
fn an_invitation_by_who_keeps_order_opens_every_door_once() {
    let server = Server::start("");
    let [mut ana, mut bob, mut eve] =
        ["ana", "bob", "eve"].map(|nick| Irc::greeted(server.address(), nick));
    for (irc, nick) in [(&mut ana, "ana"), (&mut bob, "bob")] {
        comes_in(irc, nick);
    }
    let locks = [
        ("MODE #ops +l 2", 471, "MODE #ops -l"),
        ("MODE #ops +k sesame", 475, "MODE #ops -k sesame"),
        ("MODE #ops +i", 473, "MODE #ops -i"),
        ("MODE #ops +b e*!*@*", 474, "MODE #ops -b e*!*@*"),
    ];
    for (lock, number, unlock) in locks {
        ana.send(lock);
        ana.until(lock);
        is_kept_out(&mut eve, "eve", number);
        if number == 471 {
            // Of an open room everybody may tell, and a full one stays full.
            bob.send("INVITE eve #ops");
            bob.until(" 341 bob eve #ops");
            eve.expect(":bob!bob@samovar INVITE eve #ops");
            is_kept_out(&mut eve, "eve", number);
        }
        ana.send("INVITE eve #ops");
        ana.until(" 341 ana eve #ops");
        eve.expect(":ana!ana@samovar INVITE eve #ops");
        comes_in(&mut eve, "eve");
        eve.send("PART #ops");
        eve.expect(":eve!eve@samovar PART #ops");
        if number == 471 || number == 474 {
            is_kept_out(&mut eve, "eve", number); // it was for once
        }
        ana.send(unlock);
        ana.until(unlock);
        ana.send("KICK #ops eve"); // nothing: it is not there
    }
}

#[test]
fn an_operator_kicks_an_owner_who_comes_back_as_owner() {
    let server = Server::start("");
    let mut owner = server.native("owner");
    owner.join("ops");
    owner.say("ops", "mine");
    let mut ana = Irc::greeted(server.address(), "ana");
    comes_in(&mut ana, "ana");
    let mut asks = |json: &str| owner.ask(serde_json::from_str(json).unwrap());
    asks(r#"{"type":"give_role","room":"ops","user":"ana","role":"operator"}"#);
    asks(r#"{"type":"set","room":"ops","set":{"setting":"access","access":"invite"}}"#);
    ana.until(" MODE #ops +i");
    ana.send("MODE #ops +b owner"); // a mask, which holds nobody back who keeps order
    ana.expect(":ana!ana@samovar MODE #ops +b owner!*@*");
    ana.send("KICK #ops owner :out");
    ana.expect(":ana!ana@samovar KICK #ops owner :out");
    ana.send("MODE #ops -i"); // and nothing was gained
    assert!(ana.line().starts_with(":irc.samovar 482 ana #ops :"));
    owner.join("ops");
    let settings =
        owner.ask(serde_json::from_str(r#"{"type":"get_settings","room":"ops"}"#).unwrap());
    let settings = serde_json::to_value(settings).unwrap();
    assert_eq!(settings["role"], "owner", "{settings}");
    ana.until(":owner!owner@samovar JOIN #ops");
    ana.expect(":samovar MODE #ops +o owner"); // it has that of old
    ana.send("NAMES #ops");
    ana.expect(":irc.samovar 353 ana @ #ops :@ana @owner");
}
