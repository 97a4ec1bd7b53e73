//! IRC clients in the same rooms as all others.

use chat_protocol::Event;
use samovar_tests::{Client, NativeClient, Server, Setup};

/// An IRC client, and what it is sent, line by line.
pub(crate) struct Irc(pub(crate) Client);

impl Irc {
    /// Registered by this name, all of the welcome read.
    pub(crate) fn greeted(address: &str, nick: &str) -> Self {
        let mut irc = Self(Client::connect(address));
        irc.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}"));
        irc.until(&format!(" 422 {nick} :There is no message of the day"));
        irc
    }

    pub(crate) fn send(&mut self, line: &str) {
        self.0.send(format!("{line}\r\n"));
    }

    pub(crate) fn line(&mut self) -> String {
        let line = String::from_utf8(self.0.line()).unwrap();
        line.strip_suffix("\r\n").expect("lines of IRC end in CR LF").to_owned()
    }

    /// The next line that ends so; those before it.
    pub(crate) fn until(&mut self, end: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            if line.ends_with(end) {
                return lines;
            }
            lines.push(line);
        }
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, line: &str) {
        assert_eq!(self.line(), line);
    }
}

#[test]
fn irc_line_and_native_meet_in_one_room_at_one_port() {
    let server = Server::start("[server]\nname = \"chat.example\"\n");
    let mut eve = server.native("eve");
    eve.join("lobby");
    eve.say("lobby", "before");
    let mut ana = Irc::greeted(server.address(), "ana");
    ana.send("JOIN #lobby");
    ana.expect(":ana!ana@samovar JOIN #lobby");
    ana.expect(":chat.example 353 ana = #lobby :eve ana"); // the lobby is nobody's
    ana.expect(":chat.example 366 ana #lobby :End of /NAMES list");
    let replayed = ana.line();
    assert!(replayed.starts_with(":eve!eve@samovar PRIVMSG #lobby :["), "{replayed}");
    assert!(replayed.ends_with("] before"), "{replayed}");
    assert_eq!(eve.message().2, "before");
    ana.send("JOIN #lobby"); // again is nothing
    // Both ways, an action and several lines too.
    ana.send("PRIVMSG #lobby :hi there");
    assert_eq!(eve.message(), (2, "ana".to_owned(), "hi there".to_owned()));
    ana.send("PRIVMSG #lobby :\u{1}ACTION waves\u{1}");
    assert_eq!(eve.message().2, "waves");
    eve.say("lobby", "one\ntwo");
    ana.expect(":eve!eve@samovar PRIVMSG #lobby :one");
    ana.expect(":eve!eve@samovar PRIVMSG #lobby :two");
    let mut nc = server.connect();
    nc.send("hello from nc\n");
    let joined = ana.line();
    assert!(joined.ends_with(" JOIN #lobby"), "{joined}");
    let said = ana.line();
    assert!(said.ends_with(" PRIVMSG #lobby :hello from nc"), "{said}");
    // A direct message, by the name.
    ana.send("PRIVMSG eve :psst");
    while eve.message().2 != "psst" {}
    eve.say("@ana", "what?");
    ana.expect(":eve!eve@samovar PRIVMSG ana :what?");
    ana.send("PING 42");
    ana.expect(":chat.example PONG chat.example :42");
    ana.send("QUIT :bye");
    ana.expect("ERROR :Goodbye");
    ana.0.expect_closed();
}

#[test]
fn names_topics_lists_and_what_is_refused_are_numerics() {
    let server =
        Setup::default().listen("irc://127.0.0.1:0").listen("native://127.0.0.1:0").start();
    let mut eve = NativeClient::connect(server.address_of(1)).greeted("eve");
    eve.join("ops");
    let mut ana = Irc(Client::connect(server.address()));
    ana.send("NICK eve\r\nUSER a 0 * :a");
    ana.expect(":irc.samovar 433 * eve :The name \"eve\" is taken.");
    ana.send("NICK 1st");
    let refused = ana.line();
    assert!(refused.starts_with(":irc.samovar 432 * 1st :"), "{refused}");
    ana.send("NICK ana");
    ana.until(" 422 ana :There is no message of the day");
    ana.send("PRIVMSG #ops :hi");
    ana.expect(":irc.samovar 404 ana #ops :You are not in ops. /join ops");
    ana.send("PART #ops");
    ana.expect(":irc.samovar 442 ana #ops :You are not in ops. /join ops");
    ana.send("PRIVMSG nobody2 :hi");
    ana.expect(":irc.samovar 401 ana nobody2 :There is no nobody2 here. /who lists who is.");
    ana.send("JOIN #ops");
    ana.until(" 366 ana #ops :End of /NAMES list");
    ana.send("TOPIC #ops :big plans");
    ana.expect(":ana!ana@samovar TOPIC #ops :big plans");
    ana.send("TOPIC #ops");
    ana.expect(":irc.samovar 332 ana #ops :big plans");
    assert!(ana.line().starts_with(":irc.samovar 333 ana #ops ana!ana@samovar "));
    ana.send("LIST");
    ana.expect(":irc.samovar 321 ana Channel :Users  Name");
    ana.expect(":irc.samovar 322 ana #ops 2 :big plans");
    ana.expect(":irc.samovar 323 ana :End of /LIST");
    ana.send("WHO #ops");
    ana.expect(":irc.samovar 352 ana #ops eve samovar irc.samovar eve H@ :0 eve");
    ana.expect(":irc.samovar 352 ana #ops a samovar irc.samovar ana H :0 a");
    ana.expect(":irc.samovar 315 ana #ops :End of WHO list");
    ana.send("WHOIS eve");
    ana.expect(":irc.samovar 311 ana eve eve samovar * :eve");
    ana.until(" 318 ana eve :End of /WHOIS list");
    ana.send("NICK ada");
    ana.expect(":ana!ana@samovar NICK :ada");
    ana.send("ISON eve bob");
    ana.expect(":irc.samovar 303 ada :eve");
    ana.send("PRIVMSG #ops :\u{7}bell");
    ana.send("PING x");
    ana.until(" PONG irc.samovar :x");
    ana.0.send(b"PRIVMSG #ops :\xff\r\n");
    ana.expect(":irc.samovar FAIL PRIVMSG INVALID_UTF8 :That is not UTF-8 text, and was not taken");
}

#[test]
fn an_account_is_made_and_come_back_to_by_the_words_of_irc() {
    let server = Server::start("");
    let mut ana = Irc::greeted(server.address(), "ana");
    ana.send("PRIVMSG NickServ :REGISTER correct-horse");
    ana.expect(":irc.samovar NOTICE ana :You are logged in");
    ana.expect(":irc.samovar 900 ana ana!ana@samovar ana :You are now logged in as ana");
    ana.send("PRIVMSG NickServ :help");
    ana.expect(":irc.samovar NOTICE ana :IDENTIFY [NAME] PASSWORD, REGISTER PASSWORD, LOGOUT, CERT ADD|DEL|LIST");
    // A second client, as the same one, while it registers; a third behind that.
    let mut again = Irc(Client::connect(server.address()));
    again.send("PASS ana:correct-horse\r\nNICK other\r\nUSER a 0 * :a");
    again.until(" 422 ana :There is no message of the day");
    let mut third = Irc::greeted(server.address(), "third");
    third.send("PRIVMSG NickServ :IDENTIFY ana wrong-horse");
    let refused = third.line();
    assert!(refused.starts_with(":irc.samovar NOTICE third :"), "{refused}");
    third.send("PRIVMSG NickServ :IDENTIFY ana correct-horse");
    third.expect(":third!third@samovar NICK :ana");
    third.expect(":irc.samovar NOTICE ana :You are logged in");
    third.expect(":irc.samovar 900 ana ana!ana@samovar ana :You are now logged in as ana");
    // Who is no account does not get its name.
    let mut eve = Irc(Client::connect(server.address()));
    eve.send("NICK ana\r\nUSER a 0 * :a");
    let refused = eve.line();
    assert!(refused.starts_with(":irc.samovar 433 * ana :"), "{refused}");
}

#[test]
fn a_kick_is_a_kick_and_doors_say_why_they_are_closed() {
    let server = Server::start("");
    let mut eve = server.native("eve");
    eve.join("ops");
    let mut change = |json: &str| {
        let answer = eve.ask(serde_json::from_str(json).unwrap());
        assert!(matches!(answer, Event::Stored { .. }), "{answer:?}");
    };
    change(
        r#"{"type":"set","room":"ops","set":{"setting":"access","access":"key","key":"sesame"}}"#,
    );
    let mut ana = Irc::greeted(server.address(), "ana");
    ana.send("JOIN #ops");
    assert!(ana.line().contains(" 475 ana #ops :"));
    ana.send("JOIN #ops sesame");
    ana.expect(":ana!ana@samovar JOIN #ops");
    ana.until(" #ops :End of /NAMES list");
    change(r#"{"type":"set","room":"ops","set":{"setting":"moderated","on":true}}"#);
    ana.expect(":eve!eve@samovar MODE #ops +m");
    ana.send("PRIVMSG #ops :may I?");
    assert!(ana.line().contains(" 404 ana #ops :Only who has voice"));
    change(r#"{"type":"ban","room":"ops","user":"ana","reason":"spam"}"#);
    ana.expect(":eve!eve@samovar KICK #ops ana :banned ana: spam");
    ana.send("JOIN #ops sesame");
    assert!(ana.line().contains(" 474 ana #ops :"), "and no PART behind the kick");
    change(r#"{"type":"unban","room":"ops","user":"ana"}"#);
    change(r#"{"type":"invite","room":"ops","user":"ana"}"#);
    ana.expect(":eve!eve@samovar INVITE ana #ops");
    ana.send("JOIN #ops");
    ana.expect(":ana!ana@samovar JOIN #ops");
}

#[test]
fn a_flood_of_names_before_one_is_in_ends_and_leaves_others_alone() {
    let server = Server::start("");
    let mut eve = Irc::greeted(server.address(), "eve");
    let mut flood = Irc(Client::connect(server.address()));
    flood.send("CAP LS 302\r\nUSER x 0 * :x\r\nCAP END");
    // The server may close before all of it is sent.
    drop(flood.0.try_send("NICK eve\r\n".repeat(2_000)));
    eve.send("PING x");
    eve.expect(":irc.samovar PONG irc.samovar :x");
    let told = String::from_utf8(flood.0.until_lost()).unwrap();
    let refused = told.lines().filter(|line| line.contains(" 433 * eve :")).count();
    assert!((1..100).contains(&refused), "{refused} refusals");
    // Those who never say a name cost nobody anything either.
    let mut idle: Vec<Irc> = (0..50).map(|_| Irc(Client::connect(server.address()))).collect();
    for one in &mut idle {
        one.send(&"CAP REQ batch\r\n".repeat(50));
    }
    let mut ana = Irc::greeted(server.address(), "ana");
    ana.send("PRIVMSG eve :hi");
    eve.expect(":ana!ana@samovar PRIVMSG eve :hi");
}

#[test]
fn who_has_a_name_is_reachable_at_once() {
    let server = Server::start("");
    let mut eve = Irc::greeted(server.address(), "eve");
    for number in 0..20 {
        let mut one = Irc(Client::connect(server.address()));
        one.send(&format!("NICK n{number}\r\nUSER n 0 * :n"));
        while !one.line().contains(" 001 ") {}
        eve.send(&format!("PRIVMSG n{number} :hi"));
        one.until(&format!(":eve!eve@samovar PRIVMSG n{number} :hi"));
    }
}

#[test]
fn several_lines_are_one_message_for_all_and_names_of_several_rooms_have_one_end() {
    let server = Server::start("");
    let mut eve = server.native("eve");
    eve.join("ops");
    let mut ana = Irc(Client::connect(server.address()));
    ana.send("CAP REQ :batch draft/multiline echo-message\r\nNICK ana\r\nUSER a 0 * :a\r\nCAP END");
    ana.until(" 422 ana :There is no message of the day");
    ana.send("JOIN #ops,#dev");
    ana.until(" 366 ana #dev :End of /NAMES list");
    let mut bob = Irc::greeted(server.address(), "bob");
    bob.send("JOIN #ops");
    bob.until(" 366 bob #ops :End of /NAMES list");
    ana.until(" JOIN #ops");
    ana.send("BATCH +1 draft/multiline #ops\r\n@batch=1 PRIVMSG #ops :how is ");
    ana.send("@batch=1;draft/multiline-concat PRIVMSG #ops :everyone?");
    ana.send("@batch=1 PRIVMSG #ops :well?\r\nBATCH -1");
    assert_eq!(eve.message().2, "how is everyone?\nwell?");
    ana.expect(":ana!ana@samovar BATCH +m1 draft/multiline #ops");
    ana.expect("@batch=m1 :ana!ana@samovar PRIVMSG #ops :how is ");
    ana.expect("@batch=m1;draft/multiline-concat :ana!ana@samovar PRIVMSG #ops :everyone?");
    ana.expect("@batch=m1 :ana!ana@samovar PRIVMSG #ops :well?");
    ana.expect(":ana!ana@samovar BATCH -m1");
    bob.expect(":ana!ana@samovar PRIVMSG #ops :how is ");
    bob.expect(":ana!ana@samovar PRIVMSG #ops :everyone?");
    bob.expect(":ana!ana@samovar PRIVMSG #ops :well?");
    // What a native client says in lines is a batch too.
    eve.say("ops", "one\ntwo");
    ana.expect(":eve!eve@samovar BATCH +m2 draft/multiline #ops");
    ana.until(":eve!eve@samovar BATCH -m2");
    ana.send("NAMES #ops,#dev");
    ana.expect(":irc.samovar 353 ana = #ops :@eve ana bob");
    ana.expect(":irc.samovar 353 ana = #dev :@ana");
    ana.expect(":irc.samovar 366 ana #ops,#dev :End of /NAMES list");
}

#[test]
fn clients_ask_each_other_and_nothing_of_it_is_kept() {
    let server = Server::start("");
    let (mut ana, mut bob) =
        (Irc::greeted(server.address(), "ana"), Irc::greeted(server.address(), "bob"));
    for irc in [&mut ana, &mut bob] {
        irc.send("JOIN #ops");
        irc.until(" #ops :End of /NAMES list");
    }
    bob.send("PRIVMSG #ops :\u{1}VERSION\u{1}");
    ana.until(":bob!bob@samovar PRIVMSG #ops :\u{1}VERSION\u{1}");
    ana.send("NOTICE #ops :\u{1}VERSION mine\u{1}");
    bob.until(":ana!ana@samovar NOTICE #ops :\u{1}VERSION mine\u{1}");
    bob.send("PRIVMSG #ops :that is all");
    ana.until(":bob!bob@samovar PRIVMSG #ops :that is all");
    let mut eve = Irc::greeted(server.address(), "eve");
    ana.send("INVITE eve #ops");
    eve.until(" INVITE eve #ops");
    eve.send("INVITE");
    eve.expect(":irc.samovar 336 eve #ops");
    eve.expect(":irc.samovar 337 eve :End of /INVITE list");
    eve.send("JOIN #ops");
    eve.until(" 366 eve #ops :End of /NAMES list");
    let replayed = eve.line();
    assert!(replayed.ends_with("that is all"), "only what is kept: {replayed}");
    eve.send("INVITE");
    eve.expect(":irc.samovar 337 eve :End of /INVITE list");
}
