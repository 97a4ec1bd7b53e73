//! SASL EXTERNAL, and the words of IRC for certificates.

use chat_protocol::base64;
use samovar_tests::{Client, Signal};

use super::*;

#[test]
fn who_registers_and_adds_its_certificate_comes_back_by_it_alone_also_after_a_restart() {
    let mut daemon = Daemon::start(&[], "");
    let own = daemon.certificate("ana");
    let mut ana = Irc(daemon.with(&own).client);
    ana.send("NICK ana\r\nUSER ana 0 * :ana");
    ana.until(" 422 ana :There is no message of the day");
    let notice = |text: &str| format!(":irc.samovar NOTICE ana :{text}");
    ana.send("PRIVMSG NickServ :CERT ADD");
    ana.until(" NOTICE ana :That needs an account: /login NAME PASSWORD, or /register PASSWORD.");
    ana.send(&format!("PRIVMSG NickServ :REGISTER {HORSE}"));
    ana.until(" :You are now logged in as ana");
    ana.send("PRIVMSG NickServ :CERT LIST");
    ana.expect(&notice("You log in by no certificate. CERT ADD adds this one"));
    ana.send("PRIVMSG NickServ :CERT ADD");
    ana.expect(&notice("Done. CERT LIST shows your certificates"));
    ana.send("NS CERT");
    let listed = ana.line();
    assert!(listed.starts_with(&notice(&fingerprint(&own).to_string())), "{listed}");
    for (wrong, said) in [
        ("CERT ADD 1234", "Not a fingerprint: "),
        ("CERT DEL", "CERT ADD [FINGERPRINT], CERT DEL FINGERPRINT, CERT LIST"),
        ("CERT show", "CERT ADD [FINGERPRINT], CERT DEL FINGERPRINT, CERT LIST"),
        ("CERT ADD", "An account has the certificate "),
    ] {
        ana.send(&format!("PRIVMSG NickServ :{wrong}"));
        let line = ana.line();
        assert!(line.starts_with(&notice(said)), "{line}");
    }
    ana.send("QUIT");
    ana.until("ERROR :Goodbye");
    for version in [Version::Tls12, Version::Tls13] {
        let come = daemon.showing(&own, version).connect(daemon.server.address()).unwrap();
        let mut ana = is_let_in(come, "ana");
        ana.send("NICK ana\r\nUSER ana 0 * :ana\r\nCAP END");
        ana.until(" 422 ana :There is no message of the day");
        ana.send(&format!("NS CERT DEL {}", "00".repeat(32)));
        ana.expect(&notice(&format!(
            "You have no certificate {}. /cert lists them.",
            "00".repeat(32)
        )));
        daemon.server = daemon.server.restart(Signal::TERM);
    }
    // Somebody who is there logs in by it too; and then takes it back, and stays.
    let mut guest = Irc(daemon.with(&own).client);
    guest.send("NICK guest\r\nUSER g 0 * :g");
    guest.until(" 422 guest :There is no message of the day");
    guest.send("AUTHENTICATE EXTERNAL\r\nAUTHENTICATE +");
    guest.expect("AUTHENTICATE +");
    guest.until(" :You are now logged in as ana");
    guest.send(&format!("NS CERT DEL {}", own.fingerprint));
    guest.until(" :Done. CERT LIST shows your certificates");
    guest.send("PING still");
    guest.until(" :still");
    let mut irc = external(daemon.with(&own));
    irc.send("AUTHENTICATE +");
    assert_eq!(outcome(&mut irc).0, 904);
}

#[test]
fn external_is_offered_where_there_is_a_certificate_and_nowhere_else() {
    let daemon = Daemon::start(&["auto://127.0.0.1:0", "irc+ws+tls://127.0.0.1:0"], "");
    let own = daemon.ana();
    let offered = |mut client: Client| {
        client.send("CAP LS 302\r\n");
        let mut irc = Irc(client);
        let mut all = String::new();
        loop {
            let line = irc.line();
            let more = line.contains(" LS * :");
            all.push_str(line.split_once(" :").unwrap().1);
            all.push(' ');
            if !more {
                break;
            }
        }
        irc.send("CAP REQ sasl\r\nAUTHENTICATE NOTHING");
        irc.until(" ACK :sasl");
        let named = irc.line();
        let named = named.strip_prefix(":irc.samovar 908 * ").unwrap_or_else(|| panic!("{named}"));
        let named = named.split(' ').next().unwrap().to_owned();
        assert_eq!(outcome(&mut irc).0, 904);
        let value = all.split(' ').find_map(|word| word.strip_prefix("sasl=")).unwrap();
        assert_eq!(value, named);
        (irc, named)
    };
    let (_, with) = offered(daemon.with(&own).client);
    assert_eq!(with, "PLAIN,EXTERNAL,SCRAM-SHA-256");
    let plain = daemon.server.connect();
    // A browser is not asked for a certificate, and so it shows none.
    let browser = daemon.showing(&own, Version::Tls13).speaking(b"http/1.1");
    let browser = browser.connect(daemon.server.address()).unwrap();
    for client in [plain, daemon.without().client, browser.client] {
        let (mut irc, without) = offered(client);
        assert_eq!(without, "PLAIN,SCRAM-SHA-256");
        irc.send("AUTHENTICATE EXTERNAL");
        assert_eq!(outcome(&mut irc).0, 908);
        assert_eq!(outcome(&mut irc).0, 904);
        irc.send("AUTHENTICATE +");
        assert_eq!(outcome(&mut irc).0, 908);
    }
}

#[test]
fn what_is_aborted_repeated_or_out_of_order_fails_and_may_be_tried_again() {
    let daemon = Daemon::start(&[], "");
    let own = daemon.ana();
    let mut irc = Irc(daemon.with(&own).client);
    // Without the capability, and an answer before the question.
    irc.send("CAP REQ batch\r\nAUTHENTICATE EXTERNAL");
    irc.expect(":irc.samovar CAP * ACK :batch");
    assert_eq!((outcome(&mut irc).0, outcome(&mut irc).0), (908, 904));
    irc.send("CAP REQ sasl\r\nAUTHENTICATE +");
    irc.expect(":irc.samovar CAP * ACK :sasl");
    assert_eq!((outcome(&mut irc).0, outcome(&mut irc).0), (908, 904));
    for (said, number) in [
        ("*", 906),
        ("EXTERNAL", 904),
        ("!!!!", 904),
        (&base64::encode(b"\xff"), 904),
        (&base64::encode(b"two words"), 904),
        (&base64::encode(b"bob"), 904),
        (&"A".repeat(401), 905),
    ] {
        irc.send("AUTHENTICATE EXTERNAL");
        irc.expect("AUTHENTICATE +");
        irc.send(&format!("AUTHENTICATE {said}"));
        assert_eq!(outcome(&mut irc).0, number, "{said}");
    }
    // Of another mechanism's words nothing is left over.
    irc.send("AUTHENTICATE PLAIN\r\nAUTHENTICATE *\r\nAUTHENTICATE external");
    irc.expect("AUTHENTICATE +");
    assert_eq!(outcome(&mut irc).0, 906);
    irc.expect("AUTHENTICATE +");
    irc.send(&format!("AUTHENTICATE {}", base64::encode(b"ANA")));
    assert_eq!(outcome(&mut irc).0, 900);
    assert_eq!(outcome(&mut irc).0, 903);
    irc.send("AUTHENTICATE EXTERNAL");
    assert_eq!(outcome(&mut irc).0, 907);
    irc.send("NICK ana\r\nUSER a 0 * :a\r\nCAP END");
    irc.until(" 422 ana :There is no message of the day");
}

#[test]
fn tries_that_fail_count_for_the_address() {
    let daemon = Daemon::start(&[], "[limits]\nlogin_attempts_per_address = 3\n");
    daemon.ana();
    let other = daemon.certificate("eve");
    let mut irc = external(daemon.with(&other));
    let mut tries = 0;
    loop {
        irc.send("AUTHENTICATE +");
        let (number, text) = outcome(&mut irc);
        assert_eq!(number, 904);
        if text.contains("Too many tries") {
            break;
        }
        assert!(text.contains("No account has this connection's certificate"), "{text}");
        tries += 1;
        irc.send("AUTHENTICATE EXTERNAL");
        irc.expect("AUTHENTICATE +");
    }
    assert!(tries >= 3, "{tries}");
}
