//! TLS: on every listener, beside plain clients on one port, with bad peers and bad certificates.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use samovar_tests::{
    Certificate, Client, Encrypted, Finished, Home, NativeClient, Server, Setup, Signal, Version,
    chat_client, chat_server, run,
};

/// A daemon with a certificate, on these listeners.
fn server(listeners: &[&str], config: &str) -> (Server, Certificate) {
    let home = Home::new();
    let certificate = Certificate::new(&home, "tls");
    let setup = Setup::new(&(config.to_owned() + &certificate.config()));
    let setup = listeners.iter().fold(setup, |setup, url| setup.listen(*url));
    (setup.start_in(home), certificate)
}

fn native(address: &str, certificate: &Certificate) -> NativeClient {
    NativeClient::over(Encrypted::connect(address, certificate).client)
}

#[test]
fn lines_and_frames_are_spoken_inside_tls_of_either_version() {
    let (server, certificate) = server(
        &["line+tls://127.0.0.1:0?style=talker", "native+tls://127.0.0.1:0", "auto+tls://[::1]:0"],
        "",
    );
    let mut ana = native(server.address_of(1), &certificate).greeted("ana");
    ana.join("lobby");
    for (version, name) in [(Version::Tls12, "tom"), (Version::Tls13, "tim")] {
        let line = Encrypted::try_connect(server.address_of(0), &certificate.cert, version);
        let mut line = line.unwrap();
        line.client.expect("Welcome to Samovar\r\n");
        line.client.send(format!("login {name}\nsay hello from {name}\n"));
        assert_eq!(ana.message().2, format!("hello from {name}"));
        ana.say("lobby", "hello back");
        assert_eq!(ana.message().2, "hello back");
        line.client.lines_until("ana: hello back");
        line.client.send("logout\n");
        line.expect_clean_end();
    }
    // Inside auto+tls it is found out who speaks, as everywhere.
    let mut bob = native(server.address_of(2), &certificate).greeted("bob");
    bob.join("lobby");
    let mut person = Encrypted::connect(server.address_of(2), &certificate).client;
    person.send("a person\n");
    assert_eq!(bob.message().2, "a person");
    // And nothing but TLS comes in.
    let mut plain = server.connect();
    plain.send("hello?\n");
    plain.until_lost();
    server.wait_for_log("no TLS handshake");
    bob.say("lobby", "still here");
}

#[test]
fn one_auto_port_takes_tls_and_plain() {
    let (server, certificate) = server(&[], "");
    let mut plain = server.native("plain");
    plain.join("lobby");
    let mut hidden = native(server.address(), &certificate).greeted("hidden");
    hidden.join("lobby");
    let mut line = Encrypted::connect(server.address(), &certificate).client;
    line.send("one\n");
    let mut nc = server.connect();
    nc.send("two\n");
    hidden.say("lobby", "three");
    let mut heard: Vec<String> = (0..3).map(|_| plain.message().2).collect();
    heard.sort();
    assert_eq!(heard, ["one", "three", "two"]);
}

#[test]
fn a_large_answer_comes_whole_to_a_slow_reader() {
    let (server, certificate) = server(&[], "");
    let mut ana = server.native("ana");
    ana.join("lobby");
    let text = "x".repeat(4_000);
    let mut slow = native(server.address(), &certificate).greeted("slow");
    slow.join("lobby");
    // More than all buffers on the way; nothing of it is read before all is said.
    const MESSAGES: usize = 2_000;
    for _ in 0..MESSAGES / 100 {
        let asked: Vec<_> =
            (0..100).map(|_| ana.send(samovar_tests::say("lobby", &text))).collect();
        for id in asked {
            ana.answer(id);
        }
    }
    ana.say("lobby", "the last");
    for _ in 0..MESSAGES {
        assert_eq!(slow.message().2.len(), text.len());
    }
    assert_eq!(slow.message().2, "the last");
}

#[test]
fn tls_without_a_certificate_is_closed_and_said_in_the_log() {
    let server = Server::start("");
    let mut hello = server.connect();
    hello.send(b"\x16\x03\x01\x00\xa0");
    hello.until_lost();
    server.wait_for_log("there is no certificate");
    server.native("ana").join("lobby");
}

#[test]
fn a_slow_or_wrong_handshake_ends_and_harms_nobody() {
    let (server, certificate) =
        server(&["auto://127.0.0.1:0", "line+tls://127.0.0.1:0"], "[limits]\nhandshake = \"1s\"\n");
    let mut silent: Vec<Client> = (0..50).map(|_| Client::connect(server.address_of(1))).collect();
    let mut begun: Vec<Client> = (0..50).map(|_| server.connect()).collect();
    for client in &mut begun {
        client.send(b"\x16\x03\x01\x02\x00\x01\x00");
    }
    // Meanwhile others come in, by TLS and without.
    let mut ana = native(server.address(), &certificate).greeted("ana");
    ana.join("lobby");
    server.native("bob").join("lobby");
    for client in silent.iter_mut().chain(&mut begun) {
        client.until_lost();
    }
    assert_eq!(server.wait_for_logs("not done in time", 100).len(), 100);
    for garbage in [
        b"\x16garbage, and more of it than any header has\n".to_vec(),
        b"\x16\x03\x01\xff\xff".to_vec(),
        [b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc".to_vec(), vec![b'x'; 0x4000]].concat(),
        vec![0x16; 100_000],
    ] {
        let mut wrong = server.connect();
        drop(wrong.try_send(&garbage));
        wrong.until_lost();
    }
    ana.say("lobby", "unharmed");
}

#[test]
fn a_reload_takes_a_new_certificate_and_drops_nobody() {
    let (server, old) = server(&["auto+tls://127.0.0.1:0"], "");
    let mut ana = native(server.address(), &old).greeted("ana");
    ana.join("lobby");
    let new = Certificate::new(server.home(), "new");
    // The same names with other things in them, as certificate authorities' tools do it.
    fs::copy(&new.cert, &old.cert).unwrap();
    fs::copy(&new.key, &old.key).unwrap();
    server.signal(Signal::HUP);
    server.wait_for_log("daemon: reloaded");
    ana.say("lobby", "still here");
    let mut bob = native(server.address(), &new).greeted("bob");
    bob.join("lobby");
    bob.say("lobby", "with the new one");
    assert_eq!(ana.message().2, "still here");
    assert_eq!(ana.message().2, "with the new one");
}

#[test]
fn a_bad_certificate_at_a_reload_keeps_the_old_one_and_all_else() {
    let (server, good) = server(&["auto+tls://127.0.0.1:0"], "[server]\nmotd = \"old\"\n");
    let other = Certificate::new(server.home(), "other");
    let nothing = server.home().write("empty.crt", "");
    let gone = server.home().path().join("gone.crt");
    for (number, (cert, key, said)) in [
        (&gone, &good.key, "gone.crt: No such file"),
        (&nothing, &good.key, "empty.crt has no certificate in it"),
        (&good.cert, &other.key, "does not belong to the certificate in"),
        (&good.cert, &good.cert, "server.crt has no key in it"),
    ]
    .into_iter()
    .enumerate()
    {
        let tls = format!("[tls]\ncert = {cert:?}\nkey = {key:?}\n");
        server.write_config(&format!("[server]\nmotd = \"new\"\n{tls}"));
        server.signal(Signal::HUP);
        let refused = server.wait_for_logs("not reloaded; the old configuration stays", number + 1);
        assert!(refused[number].contains(said), "{said}: {refused:?}");
        let welcome = native(server.address(), &good).hello(None);
        assert_eq!(welcome.motd.as_deref(), Some("old"));
    }
    // A listener that needs one keeps it.
    server.write_config("[server]\nmotd = \"new\"\n");
    server.signal(Signal::HUP);
    server.wait_for_log("needs a certificate");
    native(server.address(), &good).greeted("ana").join("lobby");
}

#[test]
fn a_wrong_certificate_is_told_by_check_and_at_the_start() {
    let home = Home::new();
    let good = Certificate::new(&home, "tls");
    let locked = home.write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    for (config, said) in [
        (format!("[tls]\ncert = {:?}\n", good.cert), "`tls.cert` is set and `tls.key` is not"),
        (format!("[tls]\nkey = {:?}\n", good.key), "`tls.key` is set and `tls.cert` is not"),
        (format!("[tls]\ncert = {:?}\nkey = {locked:?}\n", good.cert), "passphrase"),
        (format!("[tls]\ncert = {:?}\nkey = {:?}\n", home.path(), good.key), "it is no file"),
        ("listen = [\"line+tls://127.0.0.1:0\"]\n".to_owned(), "chat-server cert"),
    ] {
        let file = home.write("test.toml", &config);
        let command = &mut home.command(chat_server());
        let checked = run(command.arg("--config").arg(&file).arg("check"), "");
        assert_eq!(checked.code, Some(2), "{config}: {checked:?}");
        assert!(checked.stderr.contains(said), "{said}: {}", checked.stderr);
    }
    let failed = Setup::default().listen("line+tls://127.0.0.1:0").run(&Home::new(), &[]);
    assert_eq!(failed.code, Some(2), "{failed:?}");
    assert!(failed.stderr.contains("needs a certificate"), "{}", failed.stderr);
}

#[test]
fn a_certificate_is_made_for_its_owner_and_never_replaced_unasked() {
    let home = Home::new();
    let made = Certificate::new(&home, "tls");
    let mode = fs::metadata(&made.key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    let before = fs::read(&made.key).unwrap();
    let cert = |arguments: &[&str]| {
        let command = &mut home.command(chat_server());
        run(command.args(["cert", "--out", "tls", "--name", "chat.lan"]).args(arguments), "")
    };
    let refused = cert(&[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(fs::read(&made.key).unwrap(), before);
    let replaced = cert(&["--force", "--days", "3"]);
    assert_eq!(replaced.code, Some(0), "{replaced:?}");
    assert!(replaced.stdout.contains("for chat.lan, localhost, "), "{}", replaced.stdout);
    assert_ne!(fs::read(&made.key).unwrap(), before);
    let mode = fs::metadata(&made.key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    // What it says to add is what a configuration takes; and a certificate's end is warned of.
    let section: String = replaced
        .stdout
        .lines()
        .skip_while(|line| *line != "[tls]")
        .take(3)
        .collect::<Vec<_>>()
        .join("\n");
    let server = Setup::new(&section).listen("auto+tls://127.0.0.1:0").start();
    server.wait_for_log("the certificate ends soon");
}

/// `chat-client --server tls://localhost:PORT send hello`, as somebody at home here.
fn send(home: &Home, server: &Server, arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    let (_, port) = server.address().rsplit_once(':').unwrap();
    let command = &mut home.command(chat_client());
    command.args(["--server", &format!("tls://localhost:{port}")]).args(arguments);
    command.args(["--room", "lobby", "--timeout", "20s", "send", "hello"]);
    run(command.envs(variables.iter().copied()), "")
}

#[test]
fn the_client_believes_whom_it_is_told_to_and_nobody_else() {
    let (server, certificate) = server(&["auto+tls://0.0.0.0:0"], "");
    let home = Home::new();
    let cert = certificate.cert.to_str().unwrap();
    // The system's authorities, as OpenSSL names them; and a file of one's own.
    for (arguments, variables) in
        [(&[][..], &[("SSL_CERT_FILE", cert)][..]), (&["--tls-ca", cert], &[])]
    {
        let sent = send(&home, &server, arguments, variables);
        assert_eq!((sent.code, sent.stderr.as_str()), (Some(0), ""), "{sent:?}");
    }
    let other = Certificate::new(&home, "other");
    let other = other.cert.to_str().unwrap();
    let nothing = home.write("nothing.crt", "");
    for (arguments, variables, said) in [
        (&[][..], &[("SSL_CERT_FILE", other)][..], "nobody who is believed here vouches"),
        (&["--tls-ca", other], &[], "nobody who is believed here vouches"),
        (&["--tls-ca", nothing.to_str().unwrap()], &[], "no certificate in it"),
        (&["--tls-ca", "/nowhere.crt"], &[], "/nowhere.crt: No such file"),
    ] {
        let refused = send(&home, &server, arguments, variables);
        assert_eq!(refused.code, Some(3), "{refused:?}");
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    // A certificate that nobody made for the name by which one comes.
    let command = &mut home.command(chat_client());
    let elsewhere = server.address().replace("0.0.0.0", "127.0.0.2");
    let refused = run(command.args(["--server", &elsewhere, "--tls-ca", cert, "rooms"]), "");
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("is for another name"), "{}", refused.stderr);
}

#[test]
fn a_pinned_certificate_is_told_once_then_silent_and_refused_when_it_changes() {
    let (server, old) = server(&["auto+tls://127.0.0.1:0"], "");
    let home = Home::new();
    let first = send(&home, &server, &["--tls-pin"], &[]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stderr.contains("seen for the first time"), "{}", first.stderr);
    assert!(first.stderr.contains(&old.fingerprint), "{}", first.stderr);
    let again = send(&home, &server, &["--tls-pin"], &[]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""));
    let file = home.path().join("state/chat-client/known_servers");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");

    let new = Certificate::new(server.home(), "new");
    server.write_config(&new.config());
    server.signal(Signal::HUP);
    server.wait_for_log("daemon: reloaded");
    let refused = send(&home, &server, &["--tls-pin"], &[]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    for said in
        ["HAS CHANGED", &old.fingerprint, &new.fingerprint, "remove line 1 of ", "known_servers"]
    {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    fs::write(&file, "").unwrap();
    assert_eq!(send(&home, &server, &["--tls-pin"], &[]).code, Some(0));
    // Who relies on the system's authorities does not rely on a pin.
    let none = send(&home, &server, &[], &[("SSL_CERT_FILE", old.cert.to_str().unwrap())]);
    assert_eq!(none.code, Some(3), "{none:?}");
}

#[test]
fn a_client_with_tls_at_a_plain_port_and_without_at_an_encrypted_one_is_told() {
    let plain = Server::start("");
    let home = Home::new();
    let refused = send(&home, &plain, &["--tls-pin"], &[]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("no TLS handshake"), "{}", refused.stderr);
    let (encrypted, _) = server(&["native+tls://127.0.0.1:0"], "");
    let command = &mut home.command(chat_client());
    let refused = run(command.args(["--server", encrypted.address(), "rooms"]), "");
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("it wants TLS: tls://HOST:PORT"), "{}", refused.stderr);
}

#[test]
fn a_long_pipe_through_the_client_is_delivered_whole() {
    const LINES: usize = 2_000;
    let (server, certificate) = server(&["auto+tls://127.0.0.1:0"], "");
    let home = Home::new();
    let text = "x".repeat(3_000);
    let input: String = (0..LINES).map(|n| format!("{n} {text}\n")).collect();
    let address = server.address().replace("127.0.0.1", "tls://localhost");
    let command = &mut home.command(chat_client());
    command.args(["--room", "lobby", "--server", &address, "--tls-ca"]).arg(&certificate.cert);
    let sent = run(command.args(["--drain", "60s"]), &input);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    let mut ana = native(server.address(), &certificate).greeted("ana");
    let said = ana.stored("lobby");
    assert_eq!(said.len(), LINES);
    assert!(said.iter().enumerate().all(|(n, said)| said.starts_with(&format!("{n} x"))));
}

#[test]
fn an_address_has_its_share_of_connections_and_of_handshakes() {
    let limits = "log.level = \"debug\"\n[limits]\nexempt = []\nconnections_per_address = 3\nhandshakes_per_address = 1\n";
    let (server, certificate) = server(&["auto://127.0.0.1:0", "line+tls://127.0.0.1:0"], limits);
    let first = server.native("ana");
    let silent = Client::connect(server.address_of(1));
    server.wait_for_logs("chat_server::listener: accepted", 2);
    let encrypted = |address| Encrypted::try_connect(address, &certificate.cert, Version::Tls13);
    assert!(encrypted(server.address_of(1)).is_err());
    server.wait_for_log("turned away: TLS handshakes of its address refusals=1");
    let third = server.native("bob");
    let mut fourth = server.connect();
    fourth.expect("Your address has 3 connections here, and that is the limit.\r\n");
    fourth.until_lost();
    drop((first, silent, third));
    server.wait_for_logs("session ended", 2);
    server.wait_for_log("no TLS handshake");
    encrypted(server.address_of(1)).unwrap();
    // Who comes from this machine is exempt, if nobody says otherwise.
    server.write_config(&(limits.replace("exempt = []\n", "") + &certificate.config()));
    server.signal(Signal::HUP);
    server.wait_for_log("daemon: reloaded");
    let _many: Vec<NativeClient> = (0..9).map(|n| server.native(&format!("eve{n}"))).collect();
}

/// `openssl` as a client: what comes is on its stdout.
#[test]
fn openssl_speaks_to_every_kind_of_listener() {
    let (server, certificate) = server(
        &[
            "native+tls://127.0.0.1:0",
            "line+tls://127.0.0.1:0",
            "irc+tls://127.0.0.1:0",
            "auto+tls://127.0.0.1:0",
            "auto://127.0.0.1:0",
        ],
        "",
    );
    let mut ana = NativeClient::connect(server.address_of(4)).greeted("ana");
    ana.join("lobby");
    let native = |name: &str| {
        let frames = [
            format!(r#"{{"type":"hello","v":1,"name":"{name}"}}"#),
            r#"{"id":1,"type":"join","room":"lobby"}"#.to_owned(),
            r#"{"id":2,"type":"say","room":"lobby","text":"a frame"}"#.to_owned(),
            r#"{"id":3,"type":"quit"}"#.to_owned(),
        ];
        let frames = frames.iter().flat_map(|frame| samovar_tests::framed(frame.as_bytes()));
        String::from_utf8(frames.collect()).unwrap()
    };
    let irc =
        "NICK eve\r\nUSER eve 0 * :eve\r\nJOIN #lobby\r\nPRIVMSG #lobby :from irc\r\nQUIT\r\n";
    for (listener, input, heard, told) in [
        (0, native("bob"), "a frame", r#""type":"stored""#),
        (1, "a line\n/quit\n".to_owned(), "a line", "Welcome "),
        (2, irc.to_owned(), "from irc", " 001 eve :"),
        (3, native("carl"), "a frame", r#""type":"stored""#),
        (4, "behind the same port\n/quit\n".to_owned(), "behind the same port", "Welcome "),
    ] {
        // A frame's length is no text.
        let mut openssl = std::process::Command::new("sh");
        openssl.args(["-c", "openssl \"$@\" | LC_ALL=C tr -d '\\200-\\377'", "sh"]);
        openssl.args(["s_client", "-quiet", "-verify_return_error", "-CAfile"]);
        openssl.arg(&certificate.cert).args(["-connect", server.address_of(listener)]);
        let spoken = run(&mut openssl, &input);
        assert!(spoken.stdout.contains(told), "{listener}: {spoken:?}");
        assert_eq!(ana.message().2, heard, "{listener}");
    }
}
