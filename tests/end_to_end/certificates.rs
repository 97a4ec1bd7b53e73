//! Logging in by a TLS certificate: who has its key is the account that has added it, and nobody else.

mod client;
mod hostile;
mod irc;
mod rules;

use chat_protocol::{Command, Event, Fingerprint, Hello, Password, Refusal, UserName};
use samovar_tests::{
    Certificate, Encrypted, Home, NativeClient, Server, Setup, TlsManner, Version,
};

use crate::irc::Irc;

const HORSE: &str = "correct-horse";
const CHEAP: &str = "[accounts]\npassword_hash = { m = 8, t = 1, p = 1 }\n";

/// A daemon at one port for all, and what it is believed by.
struct Daemon {
    server: Server,
    believed: Certificate,
}

impl Daemon {
    fn start(listeners: &[&str], config: &str) -> Self {
        let home = Home::new();
        let believed = Certificate::new(&home, "tls");
        let setup = Setup::new(&format!("{config}{CHEAP}{}", believed.config()));
        let setup = listeners.iter().fold(setup, |setup, url| setup.listen(*url));
        Self { server: setup.start_in(home), believed }
    }

    /// A certificate of somebody's own.
    fn certificate(&self, folder: &str) -> Certificate {
        Certificate::new(self.server.home(), folder)
    }

    /// How somebody comes who shows this one.
    fn showing(&self, own: &Certificate, version: Version) -> TlsManner {
        TlsManner::showing(&self.believed.cert, version, &[own.der()], own)
    }

    #[track_caller]
    fn with(&self, own: &Certificate) -> Encrypted {
        self.showing(own, Version::Tls13).connect(self.server.address()).unwrap()
    }

    #[track_caller]
    fn without(&self) -> Encrypted {
        Encrypted::connect(self.server.address(), &self.believed)
    }

    /// A native client that says this first.
    #[track_caller]
    fn says(&self, own: &Certificate, hello: &Hello) -> (NativeClient, Event) {
        let mut client = NativeClient::over(self.with(own).client);
        client.send_frame(serde_json::to_vec(hello).unwrap());
        let answer = client.event();
        (client, answer)
    }

    /// Ana, registered in lines without TLS, and her certificate, added by its fingerprint.
    fn ana(&self) -> Certificate {
        let own = self.certificate("ana");
        let mut ana = self.server.native("ana");
        let password = Password::parse(HORSE).unwrap();
        assert!(matches!(ana.ask(Command::Register { password }), Event::Identified { .. }));
        let fingerprint = Some(fingerprint(&own));
        let added = ana.ask(Command::AddCertificate { fingerprint });
        assert!(matches!(added, Event::Done { .. }), "{added:?}");
        ana.send(Command::Quit { reason: None });
        ana.expect_closed();
        own
    }
}

fn fingerprint(own: &Certificate) -> Fingerprint {
    Fingerprint::parse(&own.fingerprint).unwrap()
}

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

fn by_certificate(name: Option<&str>) -> Hello {
    Hello { v: 1, name: name.map(str::to_owned), certificate: true, ..Hello::default() }
}

#[track_caller]
fn refusal(answer: Event) -> Refusal {
    match answer {
        Event::Refused { refusal, .. } => refusal,
        other => panic!("{other:?}"),
    }
}

/// Has asked for SASL, and chosen EXTERNAL.
#[track_caller]
fn external(encrypted: Encrypted) -> Irc {
    let mut irc = Irc(encrypted.client);
    irc.send("CAP REQ sasl\r\nAUTHENTICATE EXTERNAL");
    irc.expect(":irc.samovar CAP * ACK :sasl");
    irc.expect("AUTHENTICATE +");
    irc
}

/// What SASL comes to: the number, and the words.
#[track_caller]
fn outcome(irc: &mut Irc) -> (u16, String) {
    let line = irc.line();
    let line = line.strip_prefix(":irc.samovar ").unwrap_or_else(|| panic!("{line}"));
    let number = line.split(' ').next().unwrap().parse().unwrap();
    (number, line.split_once(" :").map_or("", |(_, text)| text).to_owned())
}

/// It is let in, as this account.
#[track_caller]
fn is_let_in(encrypted: Encrypted, who: &str) -> Irc {
    let mut irc = external(encrypted);
    irc.send("AUTHENTICATE +");
    irc.expect(&format!(
        ":irc.samovar 900 * {who}!{who}@samovar {who} :You are now logged in as {who}"
    ));
    irc.expect(":irc.samovar 903 * :SASL authentication successful");
    irc
}
