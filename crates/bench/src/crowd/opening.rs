//! How a crowd comes in: some connections at a time, each through its protocol's steps.

use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::connection::{Connection, Stage};
use super::{Crowd, READ_BYTES, Room, Setting, TURN_EVENTS, Traffic};
use crate::ear::Inlet;
use crate::error::Error;
use crate::marker::{Template, key};
use crate::progress::Progress;
use crate::protocol::Person;

/// Descriptors beside the connections: standard streams, epoll, /proc.
const OTHER_DESCRIPTORS: usize = 16;
/// What is shown of a server's words, in bytes.
const WORDS_BYTES_MAX: usize = 200;

/// Connects everybody and waits until all are in. Gives the crowd, and how long it took.
pub(crate) fn gather(
    setting: Setting,
    progress: &mut Progress,
) -> Result<(Crowd, Duration), Error> {
    let total = setting.rooms * setting.members;
    allow_open_files(total + OTHER_DESCRIPTORS)?;
    let mut crowd = empty(setting)?;
    let began = Instant::now();
    let (mut progressed, mut joined) = (began, 0);
    while crowd.joined < total {
        while crowd.connections.len() < total
            && crowd.connections.len() - crowd.joined < crowd.setting.at_once
        {
            crowd.open()?;
        }
        crowd.turn(Duration::from_millis(50), &mut |_| {})?;
        if crowd.joined > joined {
            (progressed, joined) = (Instant::now(), crowd.joined);
        } else if progressed.elapsed() > crowd.setting.patience {
            return Err(crowd.not_in());
        }
        progress.tell(|| format!("{joined} of {total} members are in"));
    }
    Ok((crowd, began.elapsed()))
}

fn empty(setting: Setting) -> Result<Crowd, Error> {
    Ok(Crowd {
        poll: Poll::new()?,
        events: Events::with_capacity(TURN_EVENTS),
        inlet: Inlet::new(READ_BYTES),
        mark: setting.run.finder(),
        connections: Vec::with_capacity(setting.rooms * setting.members),
        rooms: (0..setting.rooms).map(|room| Room::new(&setting, room)).collect(),
        joined: 0,
        alive: Instant::now(),
        traffic: Traffic::default(),
        setting,
    })
}

impl Room {
    fn new(setting: &Setting, room: usize) -> Self {
        let protocol = setting.wire.protocol();
        let mut message = Vec::new();
        let payload = setting.run.payload(setting.payload_bytes);
        let key = key(room, &setting.run);
        protocol.say(&person(setting, room * setting.members), &payload, &key, &mut message);
        let hearers = setting.members - usize::from(!protocol.writer_hears_itself());
        Self { message: Template::new(message), hearers: hearers as u64, sent: 0, delivered: 0 }
    }
}

impl Crowd {
    /// Begins the next connection.
    fn open(&mut self) -> Result<(), Error> {
        let (index, server) = (self.connections.len(), self.setting.server);
        let unreachable = |source| Error::Unreachable { server, source };
        let mut stream = TcpStream::connect(server).map_err(unreachable)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(index), interest)?;
        let checks = self.setting.everybody_checks || index % self.setting.members == 1;
        self.connections.push(Connection::new(stream, person(&self.setting, index), checks));
        Ok(())
    }

    fn not_in(&self) -> Error {
        let waiting = self.connections.iter().find(|connection| connection.stage != Stage::In);
        Error::NotIn {
            who: waiting.map(|waiting| waiting.person.name.clone()).unwrap_or_default(),
            words: waiting.map(last_words).unwrap_or_default(),
            wire: self.setting.wire.name(),
            patience: self.setting.patience,
        }
    }
}

fn person(setting: &Setting, index: usize) -> Person {
    Person {
        name: setting.run.name(index),
        room: setting.run.room(index / setting.members),
        is_writer: index.is_multiple_of(setting.members),
    }
}

pub(super) fn last_words(connection: &Connection) -> String {
    let start = connection.input.len().saturating_sub(WORDS_BYTES_MAX);
    connection.input.get(start..).unwrap_or_default().escape_ascii().to_string()
}

/// Raises the soft limit as far as the hard one goes.
fn allow_open_files(needed: usize) -> Result<(), Error> {
    let needed = needed as u64;
    let limit = rlimit::increase_nofile_limit(needed)?;
    if limit < needed { Err(Error::OpenFiles { needed, limit }) } else { Ok(()) }
}
