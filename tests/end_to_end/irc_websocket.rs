//! IRC inside WebSocket, by its bytes: at its own listener, at the port for all, and who may not.

use std::io::{Read, Write};
use std::net::TcpStream;

use samovar_tests::{Server, Setup};

use crate::irc::Irc;

const REQUEST: &str = "GET /irc HTTP/1.1\r\nHost: chat.example\r\nConnection: keep-alive, Upgrade\r\n\
                       Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

pub(crate) struct Web(TcpStream);

impl Web {
    /// A request with these headers too, and the answer.
    pub(crate) fn ask(address: &str, headers: &str) -> (Self, String) {
        let mut web = Self(TcpStream::connect(address).unwrap());
        write!(web.0, "{REQUEST}{headers}\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            web.0.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        (web, String::from_utf8(answer).unwrap())
    }

    pub(crate) fn send(&mut self, line: &str) {
        let length = u8::try_from(line.len()).unwrap();
        assert!(length < 126, "a short line");
        self.0.write_all(&[&[0x81, 0x80 | length, 0, 0, 0, 0], line.as_bytes()].concat()).unwrap();
    }

    /// The next message, which is a line of text.
    pub(crate) fn line(&mut self) -> String {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        assert_eq!(head[0], 0x81, "text, whole");
        let length = match head[1] {
            126 => {
                let mut long = [0; 2];
                self.0.read_exact(&mut long).unwrap();
                usize::from(u16::from_be_bytes(long))
            }
            length => usize::from(length),
        };
        let mut line = vec![0; length];
        self.0.read_exact(&mut line).unwrap();
        String::from_utf8(line).unwrap()
    }

    fn until(&mut self, end: &str) {
        while !self.line().ends_with(end) {}
    }

    fn greeted(address: &str, nick: &str) -> Self {
        let (mut web, answer) = Self::ask(address, "Sec-WebSocket-Protocol: text.ircv3.net\r\n");
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        web.send(&format!("NICK {nick}"));
        web.send(&format!("USER {nick} 0 * :{nick}"));
        web.until(" :There is no message of the day");
        web
    }
}

#[test]
fn a_browser_a_program_and_an_irc_client_are_in_one_room() {
    let server =
        Setup::default().listen("auto://127.0.0.1:0").listen("irc+ws://127.0.0.1:0").start();
    let mut ana = Irc::greeted(server.address(), "ana");
    ana.send("JOIN #lobby");
    ana.until(" 366 ana #lobby :End of /NAMES list");
    for (number, nick) in [(0, "web"), (1, "wide")] {
        let mut web = Web::greeted(server.address_of(number), nick);
        web.send("JOIN #lobby");
        web.until(" :End of /NAMES list");
        web.send("PRIVMSG #lobby :hello from a page");
        ana.until(" PRIVMSG #lobby :hello from a page");
        ana.send("PRIVMSG #lobby :and back");
        web.until(":ana!ana@samovar PRIVMSG #lobby :and back");
        web.send("QUIT");
        assert_eq!(web.line(), "ERROR :Goodbye");
        let mut rest = Vec::new();
        web.0.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [0x88, 0], "closed as it should be");
    }
}

#[test]
fn strange_pages_and_strange_requests_are_turned_away() {
    let server = Server::start("[server]\norigins = [\"https://chat.example\"]\n");
    let irc = "Sec-WebSocket-Protocol: text.ircv3.net\r\n";
    for (headers, status) in [
        (format!("{irc}Origin: https://chat.example\r\n"), "101"),
        (format!("{irc}Origin: https://evil.example\r\n"), "403"),
        // No IRC: what a browser at the wrong door is told.
        ("Sec-WebSocket-Protocol: chat\r\n".to_owned(), "426"),
    ] {
        let (_web, answer) = Web::ask(server.address(), &headers);
        let is_as_expected = answer.starts_with(&format!("HTTP/1.1 {status} "));
        assert!(is_as_expected || status == "426", "{answer}");
        assert!(status != "426" || !answer.starts_with("HTTP/1.1 101 "), "{answer}");
    }
    // Garbage behind the handshake ends it, and nothing else.
    let mut web = Web::greeted(server.address(), "web");
    web.0.write_all(&[0xff; 64]).unwrap();
    let mut rest = Vec::new();
    web.0.read_to_end(&mut rest).unwrap();
    assert_eq!(rest[..2], [0x88, 2], "closed, with a reason");
    server.connect().send("still there\n");
}
