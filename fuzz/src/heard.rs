//! Front ends as a session feeds them: bytes in, in any pieces, what is asked and answered out.

use std::sync::Arc;

use bytes::BytesMut;
use chat_protocol::event::Welcome;
use chat_protocol::limits::CLIENT_FRAME_BYTES_MAX;
use chat_protocol::{
    Command, Event, JournalId, Refusal, Request, RequestId, RoomAddress, Sequence, Timestamp,
    UserName, frame,
};
use jiff::tz::TimeZone;
use tokio_util::codec::Decoder;
use uuid::Uuid;

use crate::frontend::irc::IrcSettings;
use crate::frontend::line::LineSettings;
use crate::frontend::line::style::{Overrides, Style, StyleName};
use crate::frontend::{Decoded, Frontend, Frontends, Proof, Reach, Way, Wire};
use crate::told;

/// What one step may answer by itself.
const STEP_BYTES_MAX: usize = 64 * 1_024;
/// What a front end may leave in its input until there is more.
const KEPT_BYTES_MAX: usize = CLIENT_FRAME_BYTES_MAX + 64;

/// What became of the bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    asked: Vec<String>,
    answered: Vec<u8>,
}

/// Native frames. What is asked is encoded and read again; all answers are frames of events.
pub fn native(data: &[u8]) {
    let heard = hear(Wire::Native, StyleName::Samovar, data);
    let (mut codec, mut bytes) = (frame::server_frames(), BytesMut::from(&heard.answered[..]));
    while let Some(frame) = codec.decode(&mut bytes).expect("a frame") {
        frame::decode_event(&frame).expect("an event");
    }
    assert!(bytes.is_empty(), "half a frame");
}

/// Lines of text, with telnet, in each style.
pub fn line(data: &[u8]) {
    let style = match data.len() % 4 {
        0 => StyleName::Grillo,
        1 => StyleName::Talker,
        2 => StyleName::Netcat,
        _ => StyleName::Samovar,
    };
    let heard = hear(Wire::Line, style, data);
    let said = without_telnet(&heard.answered);
    let said = std::str::from_utf8(&said).expect("UTF-8");
    let drives =
        |c: &char| chat_protocol::text::is_dangerous(*c) && !matches!(c, '\n' | '\r' | '\t');
    assert_eq!(said.chars().find(drives), None, "{said:?}");
}

/// IRC, from the first word on. All answers are lines of it.
pub fn irc(data: &[u8]) {
    let heard = hear(Wire::Irc, StyleName::Samovar, data);
    let said = std::str::from_utf8(&heard.answered).expect("UTF-8");
    assert!(said.is_empty() || said.ends_with("\r\n"), "{said:?}");
    for line in said.split_terminator("\r\n") {
        assert!(!line.contains(['\0', '\r', '\n']), "{line:?}");
        assert!(!line.is_empty(), "{said:?}");
        crate::irc_lines::is_a_line(line);
    }
}

/// Feeds it whole and in pieces, and sees that it is the same.
fn hear(wire: Wire, style: StyleName, data: &[u8]) -> Heard {
    let whole = feed(wire, style, &[data]);
    let step = 1 + data.iter().fold(data.len(), |sum, byte| sum * 31 % 61 + usize::from(*byte) % 7);
    let pieces: Vec<&[u8]> = data.chunks(step).collect();
    assert_eq!(feed(wire, style, &pieces), whole, "in pieces of {step}");
    whole
}

fn feed(wire: Wire, style: StyleName, pieces: &[&[u8]]) -> Heard {
    let has_certificate = pieces.iter().map(|piece| piece.len()).sum::<usize>() % 2 == 1;
    let mut session =
        frontends(style).make(wire, false, Way { reach: Reach::Plain, has_certificate });
    let (mut heard, mut input, mut out) = (Heard::default(), BytesMut::new(), BytesMut::new());
    session.open(&mut out);
    let mut steps_left = 1_000 + 8 * pieces.iter().map(|piece| piece.len()).sum::<usize>();
    let ends = [(&b""[..], true)];
    for (piece, end) in pieces.iter().map(|piece| (*piece, false)).chain(ends) {
        input.extend_from_slice(piece);
        loop {
            steps_left = steps_left.checked_sub(1).expect("it comes to an end");
            let before = out.len();
            let decoded = session.decode(&mut input, end, &mut out);
            assert!(out.len() - before <= STEP_BYTES_MAX, "{} bytes", out.len() - before);
            if let Decoded::Incomplete = decoded {
                assert!(input.len() <= KEPT_BYTES_MAX, "{} bytes are kept", input.len());
                break;
            }
            if !deal(session.as_mut(), wire, decoded, &mut heard.asked, &mut out) {
                heard.answered = out.to_vec();
                return heard;
            }
        }
    }
    heard.answered = out.to_vec();
    heard
}

/// Answers what is asked, as a session would. Does it go on?
fn deal(
    session: &mut dyn Frontend,
    wire: Wire,
    decoded: Decoded,
    asked: &mut Vec<String>,
    out: &mut BytesMut,
) -> bool {
    match decoded {
        Decoded::Incomplete | Decoded::Handled => {}
        Decoded::Close => return false,
        Decoded::Become(wire) => {
            asked.push(format!("{wire:?}"));
            return false;
        }
        Decoded::Request(request) => {
            asked.push(format!("{request:?}"));
            told::is_harmless(&request.command);
            if wire == Wire::Native {
                comes_back(&request);
            }
            for event in answers(&request) {
                session.tell(&event, out);
            }
        }
        Decoded::Identify(wish) => {
            asked.push(format!("{wish:?}"));
            session.tell(&welcome(), out);
        }
        Decoded::Prove(proof) => {
            asked.push(format!("{proof:?}"));
            match *proof {
                Proof::ScramFirst(_) => session.challenged("r=x,s=eA==,i=4096", out),
                Proof::Password { name, .. } | Proof::Registration { name, .. } => {
                    session.proved(Ok(name), out);
                }
                Proof::Certificate { name: Some(name) } => session.proved(Ok(name), out),
                Proof::Certificate { name: None } | Proof::ScramNext(_) => {
                    session.proved(Err(Refusal::LoginFailed), out);
                }
            }
        }
    }
    true
}

/// A request that is written and read is the same.
fn comes_back(request: &Request) {
    let mut bytes = BytesMut::new();
    frame::encode_request(request, &mut bytes);
    let Ok(Some(written)) = frame::client_frames().decode(&mut bytes) else {
        return; // it may be longer, written anew
    };
    let read = frame::decode_client(&written);
    assert_eq!(read, Ok(frame::ClientFrame::Request(request.clone())));
}

fn answers(request: &Request) -> Vec<Event> {
    let (id, seq, time_ms) = (request.id, Sequence(7), Timestamp(1_795_300_000_000));
    match &request.command {
        Command::Join { room, .. } => vec![Event::Entered {
            id,
            room: room.clone(),
            topic: None,
            topic_set: None,
            members: [ana()].into(),
            members_total: 1,
            roles: Vec::new(),
            private: false,
            seq,
            read_ms: None,
        }],
        Command::Leave { room, .. } => vec![Event::Exited { room: room.clone() }],
        Command::Say { room, text, kind, key, .. } => {
            let said = Event::Message {
                room: room.clone(),
                seq,
                time_ms,
                from: ana(),
                text: text.clone(),
                kind: *kind,
                key: *key,
                reply_to: None,
                account: false,
                account_name: None,
                bot: false,
            };
            let stored =
                Event::Stored { id, room: room.clone(), seq, time_ms, key: *key, duplicate: false };
            vec![said, stored]
        }
        Command::Kick { .. } | Command::Ban { .. } => {
            vec![Event::refused(id, Refusal::LoginFailed)]
        }
        _ => vec![Event::Done { id }],
    }
}

fn ana() -> UserName {
    UserName::parse("ana").expect("a name")
}

fn welcome() -> Event {
    Event::Welcome(Box::new(Welcome {
        v: 1,
        server: "Samovar".to_owned(),
        version: "chat-server 1".to_owned(),
        name: Some(ana()),
        account: false,
        account_name: None,
        default_room: None,
        motd: None,
        journal: JournalId(Uuid::nil()),
        token: None,
        resumed: false,
    }))
}

fn frontends(style: StyleName) -> Frontends {
    let style = Style::new(style, &Overrides::default(), 20);
    let line = LineSettings { style, server_name: "Samovar".to_owned(), zone: TimeZone::UTC };
    let irc = IrcSettings::new("chat.example", 20, TimeZone::UTC);
    Frontends { replay: 20, line: Arc::new(line), irc: Arc::new(irc) }
}

/// What is left without answers to negotiation: IAC, a verb, an option.
fn without_telnet(bytes: &[u8]) -> Vec<u8> {
    let mut left = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        if byte == 0xff {
            let verb = rest.next();
            assert!(verb.is_some_and(|verb| verb >= 0xf0), "{verb:?} behind IAC");
            if verb.is_some_and(|verb| (0xfb..=0xfe).contains(&verb)) {
                rest.next();
            }
        } else {
            left.push(byte);
        }
    }
    left
}
