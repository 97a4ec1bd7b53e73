//! Who may add and take back what, what ends with it, and what administrators see.

use chat_protocol::limits::CERTIFICATES_MAX;
use chat_protocol::{LineText, TokenName};
use samovar_tests::{Finished, Signal, chat_server, run};

use super::*;

#[track_caller]
fn by_hand(daemon: &Daemon, arguments: &[&str], input: &str) -> Finished {
    let home = daemon.server.home();
    let command = &mut home.command(chat_server());
    let done = run(command.arg("--data").arg(home.data()).args(arguments), input);
    assert_eq!(done.code, Some(0), "{done:?}");
    done
}

fn with_password(name: &str) -> Hello {
    let password = Some(Password::parse(HORSE).unwrap());
    Hello { v: 1, name: Some(name.to_owned()), password, ..Hello::default() }
}

#[track_caller]
fn logged_in(daemon: &Daemon, hello: &Hello) -> NativeClient {
    let mut client = NativeClient::over(daemon.server.connect());
    client.send_frame(serde_json::to_vec(hello).unwrap());
    let welcome = client.event();
    assert!(matches!(welcome, Event::Welcome(_)), "{welcome:?}");
    client
}

fn add(number: u8) -> Command {
    Command::AddCertificate { fingerprint: Some(Fingerprint([number; 32])) }
}

#[test]
fn an_account_has_so_many_and_each_is_one_accounts() {
    let daemon = Daemon::start(&[], "");
    let own = daemon.ana();
    let mut ana = logged_in(&daemon, &with_password("ana"));
    assert_eq!(ana.refused(Command::AddCertificate { fingerprint: None }), Refusal::NoCertificate);
    let most = u8::try_from(CERTIFICATES_MAX).unwrap();
    for number in 1..most {
        assert!(matches!(ana.ask(add(number)), Event::Done { .. }));
    }
    assert!(matches!(ana.refused(add(most)), Refusal::TooMany { limit: 8, .. }));
    let Event::CertificateList { certificates, .. } = ana.ask(Command::Certificates) else {
        panic!("no list")
    };
    assert_eq!(certificates.len(), CERTIFICATES_MAX);
    assert!(certificates.iter().any(|one| one.fingerprint == fingerprint(&own)));
    let mut bob = daemon.server.native("bob");
    assert_eq!(bob.refused(add(100)), Refusal::NotLoggedIn);
    bob.ask(Command::Register { password: Password::parse(HORSE).unwrap() });
    let fingerprint = Fingerprint([1; 32]);
    assert_eq!(bob.refused(add(1)), Refusal::CertificateTaken { fingerprint });
    let remove = Command::RemoveCertificate { fingerprint };
    assert_eq!(bob.refused(remove.clone()), Refusal::NoSuchCertificate { fingerprint });
    assert!(matches!(ana.ask(remove), Event::Done { .. }));
    assert!(matches!(bob.ask(add(1)), Event::Done { .. }));
    // In lines.
    let mut line = daemon.server.connect();
    line.send(format!(
        "/login bob {HORSE}\n/cert\n/cert add x\n/cert remove {fingerprint}\n/cert\n"
    ));
    line.lines_until("* your certificates (1):");
    let listed = String::from_utf8(line.line()).unwrap();
    assert!(listed.starts_with(&format!("  {fingerprint}  added ")), "{listed}");
    let told = line.lines_until("* you log in by no certificate");
    assert!(told[0].contains("64 hexadecimal digits"), "{told:?}");
    assert_eq!(told[1], "* nobody logs in by that certificate");
}

#[test]
fn who_came_by_a_token_adds_none_and_who_came_by_a_certificate_may() {
    let daemon = Daemon::start(&[], "");
    let own = daemon.ana();
    let mut ana = logged_in(&daemon, &with_password("ana"));
    let mut token = |read_only| {
        let name = TokenName::parse(if read_only { "ro" } else { "all" }).unwrap();
        match ana.ask(Command::MakeToken { name, rooms: Vec::new(), read_only }) {
            Event::TokenMade { token, .. } => Some(token),
            other => panic!("{other:?}"),
        }
    };
    let by_token = |token| Hello { v: 1, token, ..Hello::default() };
    let resumable = |token| Hello { resumable: true, ..by_token(token) };
    let (all, read_only) = (token(false), token(true));
    let mut whole = logged_in(&daemon, &by_token(all.clone()));
    assert_eq!(whole.refused(add(1)), Refusal::CameByToken);
    assert!(matches!(whole.ask(Command::Certificates), Event::CertificateList { .. }));
    let mut limited = logged_in(&daemon, &by_token(read_only));
    for command in [add(1), Command::Certificates] {
        assert_eq!(limited.refused(command), Refusal::OutOfScope);
    }
    // Nor when it comes back.
    let mut client = NativeClient::over(daemon.server.connect());
    client.send_frame(serde_json::to_vec(&resumable(all)).unwrap());
    let Event::Welcome(welcome) = client.event() else { panic!("not let in") };
    drop(client);
    let back = Hello { v: 1, resumable: true, resume: welcome.token, ..Hello::default() };
    assert_eq!(logged_in(&daemon, &back).refused(add(1)), Refusal::CameByToken);
    let (mut client, welcome) = daemon.says(&own, &by_certificate(None));
    assert!(matches!(welcome, Event::Welcome(_)), "{welcome:?}");
    assert!(matches!(client.ask(add(1)), Event::Done { .. }));
}

#[test]
fn what_came_by_a_certificate_ends_with_it_and_all_else_goes_on() {
    let mut daemon = Daemon::start(&[], "");
    let own = daemon.ana();
    let resumable = Hello { resumable: true, ..by_certificate(None) };
    let (mut there, _) = daemon.says(&own, &resumable);
    let (broken, welcome) = daemon.says(&own, &resumable);
    let Event::Welcome(welcome) = welcome else { panic!("{welcome:?}") };
    drop(broken);
    let mut irc = is_let_in(daemon.with(&own), "ana"); // it has no name yet
    let mut ana = logged_in(&daemon, &with_password("ana"));
    let remove = Command::RemoveCertificate { fingerprint: fingerprint(&own) };
    assert!(matches!(ana.ask(remove), Event::Done { .. }));
    let told = there.rest();
    let ended = Event::refused(None, Refusal::LoggedOut);
    assert_eq!(told.last(), Some(&ended), "{told:?}");
    let back = Hello { resume: welcome.token, ..resumable };
    let (_, answer) = daemon.says(&own, &back);
    assert_eq!(refusal(answer), Refusal::CertificateUnknown);
    irc.send("NICK ana\r\nUSER a 0 * :a\r\nCAP END");
    let said = irc.line();
    assert!(said.contains("No account has this connection's certificate"), "{said}");
    assert!(matches!(ana.ask(Command::Ping), Event::Pong { .. }));
    drop(ana);
    daemon.server = daemon.server.restart(Signal::TERM);
    let (_, answer) = daemon.says(&own, &back);
    assert_eq!(refusal(answer), Refusal::CertificateUnknown);
}

#[test]
fn a_suspension_a_new_password_and_a_deletion_count_for_certificates_and_administrators_see_them() {
    let daemon = Daemon::start(&[], "");
    let own = daemon.ana();
    let hex = fingerprint(&own).to_string();
    let listed = by_hand(&daemon, &["account", "list"], "");
    assert_eq!(listed.stdout, format!("ana\n  certificate {hex}\n"));
    by_hand(&daemon, &["account", "suspend", "ana", "--for", "2h", "too loud"], "");
    let mut irc = external(daemon.with(&own));
    irc.send("AUTHENTICATE +");
    let (number, text) = outcome(&mut irc);
    assert!(number == 904 && text.contains("suspended until "), "{text}");
    let (_, answer) = daemon.says(&own, &by_certificate(None));
    let told = refusal(answer);
    assert!(
        matches!(&told, Refusal::Suspended { reason, .. } if *reason == LineText::parse("too loud").unwrap()),
        "{told:?}"
    );
    by_hand(&daemon, &["account", "unsuspend", "ana"], "");
    is_let_in(daemon.with(&own), "ana");
    by_hand(&daemon, &["account", "reset", "ana", "--password-stdin"], HORSE);
    let (_, answer) = daemon.says(&own, &by_certificate(None));
    assert_eq!(refusal(answer), Refusal::CertificateUnknown);
    let mut ana = logged_in(&daemon, &with_password("ana"));
    let again = Command::AddCertificate { fingerprint: Some(fingerprint(&own)) };
    assert!(matches!(ana.ask(again.clone()), Event::Done { .. }));
    by_hand(&daemon, &["account", "delete", "ana"], "");
    let (_, answer) = daemon.says(&own, &by_certificate(None));
    assert_eq!(refusal(answer), Refusal::CertificateUnknown);
    // It is free for another.
    let mut bob = daemon.server.native("bob");
    bob.ask(Command::Register { password: Password::parse(HORSE).unwrap() });
    assert!(matches!(bob.ask(again), Event::Done { .. }));
    is_let_in(daemon.with(&own), "bob");
    by_hand(&daemon, &["verify"], "");
}
