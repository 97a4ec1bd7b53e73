//! STS over IRC: who comes without TLS is told where it is, on real processes.

use samovar_tests::{Certificate, Client, Encrypted, Home, Setup, Signal};

use crate::irc_websocket::Web;

/// What CAP LS says of TLS.
fn sts(lines: &str) -> Option<&str> {
    lines.split([' ', ':', '\r']).find_map(|word| word.strip_prefix("sts="))
}

/// All that is said to this.
#[track_caller]
fn told(client: &mut Client, asked: &str) -> String {
    client.send(format!("CAP {asked}\r\nCAP END-OF-IT\r\n"));
    let mut lines = String::new();
    while !lines.contains(" 410 ") {
        lines.push_str(&String::from_utf8(client.line()).unwrap());
    }
    lines
}

#[test]
fn who_has_no_tls_is_told_where_it_is_and_who_has_it_for_how_long() {
    let home = Home::new();
    let certificate = Certificate::new(&home, "tls");
    let with = |irc: &str| format!("[irc]\n{irc}\n{}", certificate.config());
    let setup = Setup::new(&with("sts_port = 6697\nsts_duration = \"1h\""));
    let listeners = ["irc://127.0.0.1:0", "irc+tls://127.0.0.1:0", "irc+ws://127.0.0.1:0"];
    let setup = listeners.iter().fold(setup, |setup, url| setup.listen(*url));
    let server = setup.start_in(home);
    let plain = || Client::connect(server.address());
    let encrypted = || Encrypted::connect(server.address_of(1), &certificate).client;
    assert_eq!(sts(&told(&mut plain(), "LS 302")), Some("port=6697"));
    assert_eq!(sts(&told(&mut encrypted(), "LS 302")), Some("duration=3600"));
    // Who does not know of values is told nothing, and nobody asks for it or has it.
    assert!(!told(&mut plain(), "LS").contains("sts"));
    let refused = told(&mut plain(), "REQ sts");
    assert!(refused.contains(" NAK :sts"), "{refused}");
    assert!(!told(&mut plain(), "LIST").contains("sts"));
    // A web page comes in its own way.
    let protocol = "Sec-WebSocket-Protocol: text.ircv3.net\r\n";
    let (mut web, _) = Web::ask(server.address_of(2), protocol);
    web.send("CAP LS 302");
    let (first, second) = (web.line(), web.line());
    assert!(second.contains(" userhost-in-names"), "all of it: {first} {second}");
    assert!(!first.contains("sts") && !second.contains("sts"), "{first} {second}");
    // Whoever comes from now on is told that it is over.
    server.write_config(&with("sts_port = 6697\nsts_duration = \"0s\""));
    server.signal(Signal::HUP);
    server.wait_for_log("daemon: reloaded");
    assert_eq!(sts(&told(&mut encrypted(), "LS 302")), Some("duration=0"));
    server.write_config(&with(""));
    server.signal(Signal::HUP);
    server.wait_for_logs("daemon: reloaded", 2);
    assert!(!told(&mut plain(), "LS 302").contains("sts"));
}

#[test]
fn nobody_is_sent_to_tls_where_there_is_none() {
    let setup = Setup::new("[irc]\nsts_port = 6697\n").listen("irc://127.0.0.1:0");
    let refused = setup.run(&Home::new(), &["check"]);
    assert!(refused.stderr.contains("`irc.sts_port` needs a certificate"), "{refused:?}");
}
