//! WeeChat and irssi themselves, in a terminal: they log in by SASL inside TLS, talk with a line
//! client, and have what was said on their screens once, also after a restart of the daemon.

use chat_protocol::{Command, Password};
use samovar_tests::{Certificate, Client, Home, Pane, Server, Setup, Signal};
use sha2::{Digest, Sha256};

/// A daemon with a certificate where the account maya is in ops, and so is a person at `nc`.
fn server() -> (Server, Certificate, Client) {
    let home = Home::new();
    let certificate = Certificate::new(&home, "tls");
    let server = Setup::new(&certificate.config()).start_in(home);
    let mut maya = server.native("maya");
    maya.ask(Command::Register { password: Password::parse("correct-horse").unwrap() });
    maya.join("ops");
    drop(maya);
    let mut nora = person(&server);
    says(&server, &mut nora, "before maya came");
    (server, certificate, nora)
}

/// Somebody at `nc`, in ops.
fn person(server: &Server) -> Client {
    let mut nora = server.connect();
    nora.send("/nick nora\n/join ops\n");
    nora
}

/// Says it, and another one hears it, so it is stored: whoever comes next is told it as history.
fn says(server: &Server, nora: &mut Client, text: &str) {
    let mut other = server.native("other");
    other.join("ops");
    nora.send(format!("{text}\n"));
    while other.message().2 != text {}
}

/// The port of a daemon.
fn port(server: &Server) -> &str {
    server.address().rsplit(':').next().unwrap()
}

/// They talk, the daemon is stopped and started, `connect` makes the client come to it again: it has
/// each thing that was said on its screen once.
fn talks_and_comes_back(
    (server, mut nora): (Server, Client),
    pane: &Pane,
    connect: impl Fn(&Server),
) {
    pane.wait_for("before maya came");
    nora.send("hello from nc\n");
    pane.wait_for("hello from nc");
    pane.enter("hello from irc");
    while !String::from_utf8(nora.line()).unwrap().contains("maya: hello from irc") {}
    let server = server.restart(Signal::TERM);
    let mut nora = person(&server);
    says(&server, &mut nora, "while maya was away");
    connect(&server);
    pane.wait_for("while maya was away");
    nora.send("live again\n");
    let screen = pane.wait_for("live again");
    for text in
        ["before maya came", "hello from nc", "hello from irc", "while maya was away", "live again"]
    {
        assert_eq!(screen.matches(text).count(), 1, "{text}:\n{screen}");
    }
    pane.enter("/me waves");
    while !String::from_utf8(nora.line()).unwrap().contains("* maya waves") {}
    pane.enter("/quit");
}

#[test]
fn weechat_logs_in_talks_and_has_everything_once_after_a_restart() {
    let (server, certificate, nora) = server();
    let fingerprint = Sha256::digest(certificate.der());
    let fingerprint: String = fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
    let pane = Pane::open(100, 40, &[]);
    // What is `tls` since 4.0 was `ssl` before; it passes over what it does not know.
    let mut commands = vec!["/set weechat.bar.buflist.hidden on".to_owned()];
    for word in ["ssl", "tls"] {
        commands.push(format!("/set irc.server_default.{word} on"));
        commands.push(format!("/set irc.server_default.{word}_fingerprint {fingerprint}"));
    }
    commands.extend([
        "/set irc.server_default.sasl_username maya".to_owned(),
        "/set irc.server_default.sasl_password correct-horse".to_owned(),
        "/set irc.server_default.anti_flood_prio_high 0".to_owned(),
        format!("/server add sam 127.0.0.1/{}", port(&server)),
        "/connect sam -nicks=maya".to_owned(),
    ]);
    let commands: Vec<String> = commands.iter().map(|command| format!("-r '{command}'")).collect();
    pane.enter(&format!("clear; weechat -d weechat {}", commands.join(" ")));
    pane.wait_for("has joined #ops");
    talks_and_comes_back((server, nora), &pane, |server| {
        pane.enter(&format!("/set irc.server.sam.addresses 127.0.0.1/{}", port(server)));
        pane.enter("/reconnect sam");
    });
}

#[test]
fn irssi_logs_in_talks_and_has_everything_once_after_a_restart() {
    let (server, certificate, nora) = server();
    let pane = Pane::open(100, 40, &[]);
    let connect = |server: &Server| {
        let cert = certificate.cert.display();
        pane.enter(&format!(
            "/connect -tls -tls_cafile {cert} -network sam localhost {}",
            port(server)
        ));
    };
    pane.enter("clear; irssi --home=irssi");
    pane.wait_for("[(status)]");
    pane.enter(
        "/network add -nick maya -sasl_mechanism PLAIN -sasl_username maya \
         -sasl_password correct-horse sam",
    );
    connect(&server);
    pane.wait_for("Act: 2");
    pane.enter("/window goto 2");
    talks_and_comes_back((server, nora), &pane, |server| {
        pane.enter("/disconnect");
        connect(server);
    });
}
