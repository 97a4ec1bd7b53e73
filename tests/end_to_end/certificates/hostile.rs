//! Certificates that are none, of others, ended, too large; and sessions of TLS that are resumed.

use std::fs;

use samovar_tests::run;

use super::*;

const BOTH: [Version; 2] = [Version::Tls12, Version::Tls13];

/// The handshake fails, or the server ends the connection as soon as it has seen what was shown. (In
/// TLS 1.3 a client is done before that.)
#[track_caller]
fn is_refused(daemon: &Daemon, manner: &TlsManner, logged: usize) {
    if let Ok(mut encrypted) = manner.connect(daemon.server.address()) {
        encrypted.client.until_lost();
    }
    daemon.server.wait_for_logs("no TLS handshake", logged);
}

#[test]
fn only_who_has_the_key_shows_a_certificate() {
    let daemon = Daemon::start(&["auto+tls://127.0.0.1:0"], "");
    let (ana, eve) = (daemon.certificate("ana"), daemon.certificate("eve"));
    let believed = &daemon.believed.cert;
    for (number, version) in BOTH.into_iter().enumerate() {
        let stolen = TlsManner::showing(believed, version, &[ana.der()], &eve);
        is_refused(&daemon, &stolen, number + 1);
        // What stands behind the leaf is nobody's proof.
        let behind = TlsManner::showing(believed, version, &[eve.der(), ana.der()], &eve);
        let mut irc = external(behind.connect(daemon.server.address()).unwrap());
        irc.send("AUTHENTICATE +");
        assert_eq!(outcome(&mut irc).0, 904);
    }
}

#[test]
fn garbage_ends_the_handshake_and_harms_nobody() {
    let daemon = Daemon::start(&["auto+tls://127.0.0.1:0"], "");
    let own = daemon.certificate("own");
    let der = own.der();
    let mut damaged = der.clone();
    damaged[4] ^= 0xff;
    let mut logged = 0;
    for version in BOTH {
        for garbage in [
            b"not a certificate".to_vec(),
            vec![0x30; 500],
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            der[..der.len() / 2].to_vec(),
            [der.clone(), vec![0]].concat(),
            damaged.clone(),
        ] {
            logged += 1;
            let believed = &daemon.believed.cert;
            let manner = TlsManner::showing(believed, version, &[garbage], &own);
            is_refused(&daemon, &manner, logged);
        }
    }
    let mut client = NativeClient::over(daemon.without().client).greeted("ana");
    client.join("lobby");
}

#[test]
fn a_chain_has_a_bound() {
    let daemon = Daemon::start(&["auto+tls://127.0.0.1:0"], "");
    let own = daemon.certificate("own");
    let chain = |bytes: usize| {
        let der = own.der();
        let more = (bytes - der.len()) / 1_000;
        let rest = bytes - der.len() - more * 1_000;
        let filled = std::iter::repeat_n(vec![0; 1_000], more).chain([vec![0; rest]]);
        std::iter::once(der).chain(filled).collect::<Vec<_>>()
    };
    let believed = &daemon.believed.cert;
    let mut logged = 0;
    for version in BOTH {
        let most = TlsManner::showing(believed, version, &chain(16 * 1_024), &own);
        let come = most.connect(daemon.server.address()).unwrap();
        NativeClient::over(come.client).greeted("ana").send(Command::Quit { reason: None });
        for bytes in [16 * 1_024 + 1, 60_000] {
            logged += 1;
            let manner = TlsManner::showing(believed, version, &chain(bytes), &own);
            is_refused(&daemon, &manner, logged);
        }
    }
    assert!(daemon.server.logs().contains("the client's certificates have 16385 bytes"));
}

/// Who made it says how long it is valid, and nobody vouches for it: its dates mean nothing.
#[test]
fn a_certificate_that_has_ended_is_one_still() {
    let daemon = Daemon::start(&[], "");
    let home = daemon.server.home();
    let folder = home.path().join("old");
    let mut make = home.command(std::path::Path::new("faketime"));
    make.arg("2020-01-01").arg(samovar_tests::chat_server()).args(["cert", "--days", "3", "--out"]);
    let made = run(make.arg(&folder), "");
    assert_eq!(made.code, Some(0), "{made:?}");
    let printed = made.stdout.lines().find_map(|line| line.strip_prefix("SHA-256 fingerprint: "));
    let old = Certificate {
        cert: folder.join("server.crt"),
        key: folder.join("server.key"),
        fingerprint: printed.unwrap().to_owned(),
    };
    assert!(made.stdout.contains("2020-01-0"), "{}", made.stdout);
    let mut client = NativeClient::over(daemon.with(&old).client).greeted("ana");
    let password = Password::parse(HORSE).unwrap();
    client.ask(Command::Register { password });
    let added = client.ask(Command::AddCertificate { fingerprint: None });
    assert!(matches!(added, Event::Done { .. }), "{added:?}");
    is_let_in(daemon.with(&old), "ana");
}

/// As people make their own, by the line that the README gives and others.
#[test]
fn what_openssl_makes_is_taken() {
    let daemon = Daemon::start(&[], "");
    for (kind, options) in [
        ("rsa", &["-newkey", "rsa:2048"][..]),
        ("p256", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]),
        ("ed25519", &["-newkey", "ed25519"]),
    ] {
        let pem = daemon.server.home().path().join(format!("{kind}.pem"));
        let mut openssl = daemon.server.home().command(std::path::Path::new("openssl"));
        openssl.args(["req", "-x509", "-nodes", "-days", "3650", "-subj", "/CN=me"]).args(options);
        let made = run(openssl.arg("-keyout").arg(&pem).arg("-out").arg(&pem), "");
        // Both in one file, or the other way round, is how clients of IRC have it.
        if made.code == Some(0) && !fs::read_to_string(&pem).unwrap().contains("PRIVATE KEY") {
            let key = pem.with_extension("key");
            let mut again = daemon.server.home().command(std::path::Path::new("openssl"));
            again.args(["req", "-x509", "-nodes", "-days", "3650", "-subj", "/CN=me"]);
            let made = run(again.args(options).arg("-keyout").arg(&key).arg("-out").arg(&pem), "");
            assert_eq!(made.code, Some(0), "{made:?}");
            let both = fs::read_to_string(&key).unwrap() + &fs::read_to_string(&pem).unwrap();
            fs::write(&pem, both).unwrap();
        }
        assert_eq!(made.code, Some(0), "{made:?}");
        let own = Certificate { cert: pem.clone(), key: pem, fingerprint: String::new() };
        for version in BOTH {
            let come = daemon.showing(&own, version).connect(daemon.server.address()).unwrap();
            let mut irc = external(come);
            irc.send("AUTHENTICATE +");
            let (number, text) = outcome(&mut irc);
            assert!(number == 904 && text.contains("No account has"), "{kind}: {text}");
        }
    }
}

#[test]
fn a_resumed_session_has_the_certificate_with_which_it_began_and_no_other() {
    let daemon = Daemon::start(&["auto+tls://127.0.0.1:0", "auto://127.0.0.1:0"], "");
    let own = daemon.certificate("own");
    let mut ana = NativeClient::connect(daemon.server.address_of(1)).greeted("ana");
    ana.ask(Command::Register { password: Password::parse(HORSE).unwrap() });
    ana.ask(Command::AddCertificate { fingerprint: Some(fingerprint(&own)) });
    for version in BOTH {
        let with = daemon.showing(&own, version);
        let without = TlsManner::new(&daemon.believed.cert, version);
        for round in 0..3 {
            let come = with.connect(daemon.server.address()).unwrap();
            assert_eq!(come.is_resumed, round > 0, "{version:?} {round}");
            is_let_in(come, "ana");
            let come = without.connect(daemon.server.address()).unwrap();
            assert_eq!(come.is_resumed, round > 0, "{version:?} {round}");
            let mut irc = Irc(come.client);
            irc.send("CAP REQ sasl\r\nAUTHENTICATE EXTERNAL");
            irc.until(" :SASL authentication failed: there is no such mechanism");
        }
        // What was taken back is worth nothing, also in a session that began before.
        ana.ask(Command::RemoveCertificate { fingerprint: fingerprint(&own) });
        let come = with.connect(daemon.server.address()).unwrap();
        assert!(come.is_resumed);
        let mut irc = external(come);
        irc.send("AUTHENTICATE +");
        assert_eq!(outcome(&mut irc).0, 904);
        ana.ask(Command::AddCertificate { fingerprint: Some(fingerprint(&own)) });
    }
}
