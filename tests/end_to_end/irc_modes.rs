//! Who may what over IRC: masks, modes, KICK, OPER and KILL, on real processes.

use samovar_tests::{Server, Signal};

use crate::irc::Irc;

/// Somebody in #ops, all of the entry read.
fn in_ops(server: &Server, nick: &str) -> Irc {
    let mut irc = Irc::greeted(server.address(), nick);
    irc.send("JOIN #ops");
    irc.until(&format!(" 366 {nick} #ops :End of /NAMES list"));
    irc
}

#[test]
fn a_mask_keeps_out_who_has_not_come_yet_and_holds_over_a_restart() {
    let server = Server::start("");
    let mut ana = in_ops(&server, "ana");
    ana.send("PRIVMSG NickServ :REGISTER correct-horse");
    ana.until(" :You are now logged in as ana");
    ana.send("MODE #ops +b Bo*!*@*");
    ana.expect(":ana!ana@samovar MODE #ops +b bo*!*@*");
    ana.send("MODE #ops +b bo*"); // it is so
    ana.send("MODE #ops +b *!*@192.0.2.*");
    let refused = ana.line();
    assert!(
        refused.starts_with(":irc.samovar 696 ana #ops b *!*@192.0.2.* :Everybody is at samovar")
    );
    ana.send("MODE #ops +b");
    let listed = ana.line();
    assert!(listed.starts_with(":irc.samovar 367 ana #ops bo*!*@* ana!ana@samovar "), "{listed}");
    ana.expect(":irc.samovar 368 ana #ops :End of channel ban list");
    let mut bob = Irc::greeted(server.address(), "bob");
    bob.send("JOIN #ops");
    bob.expect(":irc.samovar 474 bob #ops :You are banned from ops.");
    bob.send("MODE #ops -b bo*");
    assert!(bob.line().starts_with(":irc.samovar 442 bob #ops "));
    let server = server.restart(Signal::TERM);
    let mut bob = Irc::greeted(server.address(), "bob");
    bob.send("JOIN #ops");
    bob.expect(":irc.samovar 474 bob #ops :You are banned from ops.");
    // Whom it excepts may enter.
    let mut ana = Irc::greeted(server.address(), "other");
    ana.send("PRIVMSG NickServ :IDENTIFY ana correct-horse");
    ana.until(" :You are now logged in as ana");
    ana.send("JOIN #ops");
    ana.send("MODE #ops +e bob!*@*");
    ana.until("MODE #ops +e bob!*@*");
    bob.send("JOIN #ops");
    bob.expect(":bob!bob@samovar JOIN #ops");
}

#[test]
fn masks_are_the_same_in_every_front_end() {
    let server = Server::start("");
    let mut eve = server.native("eve");
    eve.join("ops");
    let mut ana = in_ops(&server, "ana");
    let mut change = |json: &str| {
        let answer = eve.ask(serde_json::from_str(json).unwrap());
        assert!(matches!(answer, chat_protocol::Event::Stored { .. }), "{answer:?}");
    };
    change(
        r#"{"type":"set","room":"ops","set":{"setting":"mask","list":"mute","mask":"ana","on":true}}"#,
    );
    ana.expect(":eve!eve@samovar MODE #ops +b m:ana!*@*");
    ana.send("PRIVMSG #ops :hm");
    ana.expect(":irc.samovar 404 ana #ops :You are muted in ops.");
    change(r#"{"type":"give_role","room":"ops","user":"ana","role":"voice"}"#);
    ana.expect(":eve!eve@samovar MODE #ops +v ana");
    ana.send("PRIVMSG #ops :ah");
    while eve.message().2 != "ah" {}
    // A ban of a user is in the list, and MODE lifts it.
    let mut change = |json: &str| {
        let answer = eve.ask(serde_json::from_str(json).unwrap());
        assert!(matches!(answer, chat_protocol::Event::Stored { .. }), "{answer:?}");
    };
    let mut bob = Irc::greeted(server.address(), "bob");
    change(r#"{"type":"ban","room":"ops","user":"bob"}"#);
    change(r#"{"type":"give_role","room":"ops","user":"ana","role":"operator"}"#);
    ana.until(" MODE #ops +o ana");
    ana.send("MODE #ops b");
    ana.expect(":irc.samovar 367 ana #ops bob!*@*");
    assert!(ana.line().starts_with(":irc.samovar 367 ana #ops m:ana!*@* eve!eve@samovar "));
    ana.expect(":irc.samovar 368 ana #ops :End of channel ban list");
    ana.send("MODE #ops -b+I bob!*@* a:bob");
    ana.expect(":ana!ana@samovar MODE #ops -b+I bob!*@* a:bob");
    ana.send("MODE #ops I");
    assert!(ana.line().starts_with(":irc.samovar 346 ana #ops a:bob ana!ana@samovar "));
    ana.expect(":irc.samovar 347 ana #ops :End of channel invite exception list");
    bob.send("JOIN #ops");
    bob.expect(":bob!bob@samovar JOIN #ops");
}

#[test]
fn modes_are_changed_in_one_line_and_a_kick_is_told_to_all() {
    let server = Server::start("");
    let (mut ana, mut bob) = (in_ops(&server, "ana"), in_ops(&server, "bob"));
    ana.expect(":bob!bob@samovar JOIN #ops");
    ana.send("MODE #ops +mk-l+v sesame bob");
    ana.expect(":ana!ana@samovar MODE #ops +mkv sesame bob");
    bob.until(" MODE #ops +v bob");
    bob.send("MODE #ops -m");
    assert!(bob.line().starts_with(":irc.samovar 482 bob #ops :"));
    bob.send("KICK #ops ana :no");
    assert!(bob.line().starts_with(":irc.samovar 482 bob #ops :"));
    ana.send("MODE #ops");
    assert!(ana.line().starts_with(":irc.samovar 324 ana #ops +kmn *"));
    assert!(ana.line().starts_with(":irc.samovar 329 ana #ops "));
    ana.send("KICK #ops bob :enough");
    ana.expect(":ana!ana@samovar KICK #ops bob :enough");
    bob.expect(":ana!ana@samovar KICK #ops bob :enough");
    ana.send("KICK #ops bob");
    ana.expect(":irc.samovar 441 ana bob #ops :They aren't on that channel");
    bob.send("JOIN #ops");
    assert!(bob.line().starts_with(":irc.samovar 475 bob #ops :"));
    bob.send("JOIN #ops sesame");
    bob.expect(":bob!bob@samovar JOIN #ops");
}

#[test]
fn whox_says_what_it_is_asked() {
    let server = Server::start("");
    let mut ana = in_ops(&server, "ana");
    ana.send("WHO #ops %tcuhnfar,42");
    ana.expect(":irc.samovar 354 ana 42 #ops ana samovar ana H@ 0 :ana");
    ana.expect(":irc.samovar 315 ana #ops :End of WHO list");
    ana.send("WHO ana %na");
    ana.expect(":irc.samovar 354 ana ana 0");
    ana.expect(":irc.samovar 315 ana ana :End of WHO list");
}

#[test]
fn an_operator_by_name_and_password_disconnects_others() {
    let config = "[[operator]]\nname = \"root\"\npassword = \"correct-horse\"\n";
    let server = Server::start(config);
    let (mut ana, mut bob) =
        (Irc::greeted(server.address(), "ana"), Irc::greeted(server.address(), "bob"));
    ana.send("KILL bob :spam");
    assert!(ana.line().starts_with(":irc.samovar 481 ana :"));
    for wrong in ["OPER root wrong", "OPER nobody correct-horse"] {
        ana.send(wrong);
        assert!(ana.line().starts_with(":irc.samovar 464 ana :"), "{wrong}");
    }
    ana.send("OPER root correct-horse");
    assert!(ana.line().starts_with(":irc.samovar 381 ana :"));
    ana.expect(":ana!ana@samovar MODE ana +o");
    // To those who want to hear it, and nobody else.
    bob.send("MODE bob +w");
    bob.expect(":bob!bob@samovar MODE bob +w");
    bob.send("WALLOPS :me too");
    assert!(bob.line().starts_with(":irc.samovar 481 bob :"));
    ana.send("WALLOPS :back at ten");
    bob.expect(":ana!ana@samovar WALLOPS :back at ten");
    bob.send("MODE bob -w");
    bob.expect(":bob!bob@samovar MODE bob -w");
    ana.send("WALLOPS :back at nine");
    ana.send("PRIVMSG bob :hi");
    bob.expect(":ana!ana@samovar PRIVMSG bob :hi");
    ana.send("KILL nobody2 :spam");
    ana.expect(":irc.samovar 401 ana nobody2 :No such nick/channel");
    ana.send("KILL bob :spam");
    ana.send("PING x");
    ana.expect(":irc.samovar PONG irc.samovar :x");
    let closing = bob.line();
    assert!(closing.starts_with("ERROR :Closing link: "), "{closing}");
    assert!(closing.contains("spam"), "{closing}");
    bob.0.expect_closed();
    ana.send("MODE ana -o");
    ana.expect(":ana!ana@samovar MODE ana -o");
    ana.send("KILL ana :spam");
    assert!(ana.line().starts_with(":irc.samovar 481 ana :"));
}
