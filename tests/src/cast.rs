//! The script language: who types what, and what each is shown, for all front ends.
//!
//! ```text
//! ana connects                    over TCP, to the first listener
//! bob connects with nc            a real `nc HOST PORT`; `nc -N` tells the server of its EOF
//! eve connects natively           frames of JSON
//! ana> /join ops                  types a line (LF)
//! ana>> half a line\r\n           types these bytes
//! ana< * you are in ops           is shown exactly this line, with the line end of the style
//! ana<< Please enter your name:\s is shown exactly these bytes
//! eve> {"type":"ping","id":1}     sends a frame
//! eve< {"type":"pong","id":1}     the next frame has at least these fields
//! ana ends                        sends no more (EOF), and goes on receiving
//! ana is closed                   by the server; nothing more was shown
//! ana hangs up                    is gone
//! # a remark
//! ```
//!
//! What is expected is the next thing that the actor was sent, so a script leaves nothing out. Of
//! what lies behind the last line of an actor, [`Cast::finish`] says that it is nothing but the
//! farewell. In texts, `\s` is a blank at the end of a line; `\r`, `\n`, `\t`, `\e`, `\0`, `\xFF` and
//! `\\` are bytes. Expected lines are patterns (`[hh:mm:ss]`, `$name`; see `pattern.rs`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::Client;
use crate::incoming::Shown;
use crate::native::NativeClient;
use crate::pattern::{self, Names};
use crate::server::{Server, Signal};

/// What a line front end looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The default.
    Samovar,
    /// Twelve-hour times, `!` commands.
    Grillo,
    /// CR LF, bare words.
    Talker,
    /// A name, and chat.
    Netcat,
}

impl Style {
    /// As the configuration calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Samovar => "samovar",
            Self::Grillo => "grillo",
            Self::Talker => "talker",
            Self::Netcat => "netcat",
        }
    }

    const fn line_end(self) -> &'static str {
        match self {
            Self::Talker => "\r\n",
            Self::Samovar | Self::Grillo | Self::Netcat => "\n",
        }
    }

    /// What everybody is shown last when the daemon stops without delay.
    const fn farewell(self) -> Option<&'static str> {
        match self {
            Self::Samovar => Some("* the server is shutting down"),
            Self::Grillo => Some("[hh:mm:ss]  shutting down in 0 seconds"),
            Self::Talker | Self::Netcat => None,
        }
    }
}

/// Plays a script on a daemon of this style with nothing else configured, to its end.
#[track_caller]
pub fn check(style: Style, script: &str) {
    let config = format!("[line]\nstyle = \"{}\"\n", style.name());
    let server = crate::Setup::new(&config).listen("line://127.0.0.1:0").start();
    let mut cast = Cast::new(style);
    cast.play(&server, script);
    cast.finish(server);
}

/// The actors of a script.
#[derive(Debug)]
pub struct Cast {
    style: Style,
    actors: BTreeMap<String, Actor>,
    names: Names,
}

#[derive(Debug)]
enum Actor {
    Line(Client),
    Native(NativeClient),
    /// Closed by the server, or gone.
    Gone,
}

impl Cast {
    /// Nobody yet.
    #[must_use]
    pub const fn new(style: Style) -> Self {
        Self { style, actors: BTreeMap::new(), names: Names::new() }
    }

    /// Plays a script. Who is on stage stays there for the next one.
    #[track_caller]
    pub fn play(&mut self, server: &Server, script: &str) {
        for (number, step) in script.lines().map(str::trim_start).enumerate() {
            if step.trim().is_empty() || step.starts_with('#') {
                continue;
            }
            let outcome = self.step(server, step);
            if let Err(why) = outcome {
                panic!("line {} of the script: {step}\n{why}", number + 1);
            }
        }
    }

    /// The line client of an actor, for what no script can say.
    #[track_caller]
    pub fn client(&mut self, actor: &str) -> &mut Client {
        match self.actors.get_mut(actor) {
            Some(Actor::Line(client)) => client,
            other => panic!("{actor} is no line client: {other:?}"),
        }
    }

    /// The name that the server chose for `$called`.
    #[track_caller]
    #[must_use]
    pub fn name(&self, called: &str) -> String {
        self.names.get(called).cloned().expect("the script has met it")
    }

    /// Stops the daemon, and sees that everybody who is left was sent the farewell and not one byte
    /// more.
    #[track_caller]
    pub fn finish(mut self, mut server: Server) {
        server.signal(Signal::TERM);
        for (name, actor) in std::mem::take(&mut self.actors) {
            if let Actor::Line(mut client) = actor {
                client.let_go();
                let rest = String::from_utf8_lossy(&client.rest()).into_owned();
                let farewell = self.style.farewell();
                let line = rest.strip_suffix(self.style.line_end());
                let is_right = match (farewell, line) {
                    (Some(farewell), Some(line)) => {
                        pattern::matches(farewell, line, &mut self.names)
                    }
                    (Some(_), None) => false,
                    (None, _) => rest.is_empty(),
                };
                assert!(is_right, "{name}, at the end of the script, was sent {rest:?}");
            }
        }
        assert_eq!(server.finish().code(), Some(0));
    }

    #[track_caller]
    fn step(&mut self, server: &Server, step: &str) -> Result<(), String> {
        let end = step.find(|c: char| !c.is_alphanumeric()).ok_or("who does what?")?;
        let (actor, action) = step.split_at(end);
        let text = |sign: &str| {
            let text = action.strip_prefix(sign)?;
            Some(text.strip_prefix(' ').unwrap_or(text))
        };
        if let Some(bytes) = text(">>") {
            let bytes = unescaped(&pattern::filled(bytes, &self.names))?;
            self.raw(actor)?.send(bytes);
        } else if let Some(typed) = text(">") {
            self.types(actor, &pattern::filled(typed, &self.names))?;
        } else if let Some(bytes) = text("<<") {
            let bytes = unescaped(&pattern::filled(bytes, &self.names))?;
            self.raw(actor)?.try_expect(&bytes)?;
        } else if let Some(shown) = text("<") {
            self.is_shown(actor, shown)?;
        } else {
            self.moves(server, actor, action.trim())?;
        }
        Ok(())
    }

    #[track_caller]
    fn types(&mut self, actor: &str, typed: &str) -> Result<(), String> {
        match self.actor(actor)? {
            Actor::Line(client) => client.send([unescaped(typed)?, b"\n".to_vec()].concat()),
            Actor::Native(client) => client.send_frame(typed),
            Actor::Gone => return Err(format!("{actor} is gone")),
        }
        Ok(())
    }

    #[track_caller]
    fn is_shown(&mut self, actor: &str, expected: &str) -> Result<(), String> {
        let line_end = self.style.line_end().as_bytes();
        let names = self.names.clone();
        match self.actor(actor)? {
            Actor::Line(client) => {
                let line = client.try_line()?;
                let text = line
                    .strip_suffix(line_end)
                    .filter(|text| text.last() != Some(&b'\r'))
                    .ok_or_else(|| format!("another line end: {}", Shown(&line)))?;
                let expected = String::from_utf8_lossy(&unescaped(expected)?).into_owned();
                let is_right = std::str::from_utf8(text)
                    .is_ok_and(|text| pattern::matches(&expected, text, &mut self.names));
                is_right.then_some(()).ok_or_else(|| format!("but came: {}", Shown(&line)))
            }
            Actor::Native(client) => {
                let expected: Value = serde_json::from_str(&pattern::filled(expected, &names))
                    .map_err(|error| format!("the script's JSON: {error}"))?;
                let json = client.json();
                let is_right = pattern::has(&json, &expected);
                is_right.then_some(()).ok_or_else(|| format!("but came: {json}"))
            }
            Actor::Gone => Err(format!("{actor} is gone")),
        }
    }

    #[track_caller]
    fn moves(&mut self, server: &Server, actor: &str, action: &str) -> Result<(), String> {
        let connected = match action {
            "connects" => Actor::Line(server.connect()),
            "connects with nc" => Actor::Line(Client::netcat(server.address(), &[])),
            "connects with nc -N" => Actor::Line(Client::netcat(server.address(), &["-N"])),
            "connects natively" => Actor::Native(NativeClient::connect(server.address())),
            "ends" => {
                self.raw(actor)?.end();
                return Ok(());
            }
            "is closed" => {
                self.raw(actor)?.try_closed()?;
                Actor::Gone
            }
            "hangs up" => Actor::Gone,
            other => return Err(format!("what is \"{other}\"?")),
        };
        self.actors.insert(actor.to_owned(), connected);
        Ok(())
    }

    fn actor(&mut self, name: &str) -> Result<&mut Actor, String> {
        self.actors.get_mut(name).ok_or_else(|| format!("{name} has not connected"))
    }

    fn raw(&mut self, name: &str) -> Result<&mut Client, String> {
        match self.actor(name)? {
            Actor::Line(client) => Ok(client),
            Actor::Native(client) => Ok(client.raw()),
            Actor::Gone => Err(format!("{name} is gone")),
        }
    }
}

/// The bytes of a script's text.
fn unescaped(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut left = text.chars();
    while let Some(c) = left.next() {
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        bytes.push(match left.next() {
            Some('s') => b' ',
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('e') => 0x1b,
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('x') => {
                let digits: String = left.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).map_err(|_| format!("\\x{digits} is no byte"))?
            }
            other => return Err(format!("\\{other:?} is no escape")),
        });
    }
    Ok(bytes)
}
