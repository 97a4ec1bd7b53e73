//! Rooms as IRC clients look for them and are let in: LIST and its filters, INVITE, on real processes.

use samovar_tests::{Clock, Home, Signal};

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
