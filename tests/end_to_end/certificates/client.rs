//! A certificate in the hello of the native protocol, and `chat-client` with one.

use std::path::Path;

use samovar_tests::{Finished, Signal, chat_client, run};

use super::*;

#[test]
fn a_hello_logs_in_by_the_certificate_of_its_connection() {
    let daemon = Daemon::start(&[], "");
    let own = daemon.ana();
    for wanted in [None, Some("ana"), Some("ANA")] {
        let (_client, answer) = daemon.says(&own, &by_certificate(wanted));
        let Event::Welcome(welcome) = answer else { panic!("{answer:?}") };
        assert!(welcome.account && welcome.name == Some(name("ana")), "{welcome:?}");
    }
    let (_, answer) = daemon.says(&own, &by_certificate(Some("bob")));
    assert_eq!(refusal(answer), Refusal::LoginFailed);
    let other = daemon.certificate("eve");
    let (mut eve, answer) = daemon.says(&other, &by_certificate(None));
    assert_eq!(refusal(answer), Refusal::CertificateUnknown);
    // It may come otherwise then.
    assert_eq!(eve.hello(Some("eve")).name, Some(name("eve")));
    for client in [daemon.without().client, daemon.server.connect()] {
        let mut client = NativeClient::over(client);
        client.send_frame(serde_json::to_vec(&by_certificate(None)).unwrap());
        assert_eq!(refusal(client.event()), Refusal::NoCertificate);
    }
}

/// `chat-client` at this daemon, at home somewhere, with this certificate.
fn chat(daemon: &Daemon, home: &Home, own: &Certificate, arguments: &[&str]) -> Finished {
    let (_, port) = daemon.server.address().rsplit_once(':').unwrap();
    let mut command = home.command(chat_client());
    command.args(["--server", &format!("tls://localhost:{port}"), "--timeout", "20s"]);
    command.arg("--tls-ca").arg(&daemon.believed.cert);
    command.arg("--tls-cert").arg(&own.cert).arg("--tls-key").arg(&own.key);
    run(command.args(["--room", "lobby"]).args(arguments), &format!("{HORSE}\n"))
}

#[test]
fn the_client_logs_in_once_by_password_and_then_by_its_certificate() {
    let mut daemon = Daemon::start(&[], "");
    let (own, other, home) = (daemon.certificate("own"), daemon.certificate("other"), Home::new());
    let unknown = chat(&daemon, &home, &own, &["send", "hello"]);
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
    assert!(unknown.stderr.contains("Add it: chat-client login NAME"), "{}", unknown.stderr);
    let made = chat(&daemon, &home, &own, &["register", "ana"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stderr.contains(&fingerprint(&own).to_string()), "{}", made.stderr);
    assert!(!home.path().join("state/chat-client/credentials.toml").exists(), "no token is kept");
    for text in ["one", "two"] {
        let sent = chat(&daemon, &home, &own, &["send", text]);
        assert_eq!((sent.code, sent.stderr.as_str()), (Some(0), ""), "{sent:?}");
        daemon.server = daemon.server.restart(Signal::TERM);
    }
    let mut bob = daemon.server.native("bob");
    assert_eq!(bob.stored("lobby"), ["one", "two"]);
    let status = chat(&daemon, &home, &own, &["status"]);
    assert!(status.code == Some(0) && status.stdout.contains("ana"), "{status:?}");
    // Again is nothing new; another one is added beside it.
    for certificate in [&own, &other] {
        let again = chat(&daemon, &home, certificate, &["login", "ana"]);
        assert_eq!(again.code, Some(0), "{again:?}");
        assert_eq!(chat(&daemon, &home, certificate, &["send", "three"]).code, Some(0));
    }
    let wrong = chat(&daemon, &home, &own, &["--name", "bob", "send", "hello"]);
    assert_eq!(wrong.code, Some(4), "{wrong:?}");
    let out = chat(&daemon, &home, &own, &["logout"]);
    assert_eq!(out.code, Some(0), "{out:?}");
    assert_eq!(chat(&daemon, &home, &own, &["send", "hello"]).code, Some(4));
    assert_eq!(chat(&daemon, &home, &other, &["send", "four"]).code, Some(0));
    let said = chat(&daemon, &home, &other, &["history"]);
    assert_eq!(said.stdout.lines().count(), 5, "{said:?}");
    assert!(said.stdout.lines().all(|line| line.contains("ana: ")), "{said:?}");
}

#[test]
fn a_certificate_that_cannot_be_shown_is_told_with_its_file() {
    let daemon = Daemon::start(&[], "");
    let (own, other, home) = (daemon.certificate("own"), daemon.certificate("other"), Home::new());
    let nothing = home.write("nothing.pem", "");
    let with = |cert: &Path, key: &Path| Certificate {
        cert: cert.to_owned(),
        key: key.to_owned(),
        fingerprint: String::new(),
    };
    for (wrong, said) in [
        (with(&nothing, &own.key), "nothing.pem: no certificate in it"),
        (with(&own.cert, &nothing), "nothing.pem: no key in it"),
        (with(Path::new("/nowhere.pem"), &own.key), "/nowhere.pem: No such file"),
        (with(&own.cert, &other.key), "it is not the key of the certificate"),
    ] {
        let refused = chat(&daemon, &home, &wrong, &["send", "hello"]);
        assert_eq!(refused.code, Some(3), "{refused:?}");
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    let alone = run(home.command(chat_client()).args(["--tls-key", "x", "rooms"]), "");
    assert_eq!(alone.code, Some(2), "{alone:?}");
}
