//! All members of all rooms on one thread: connections, one epoll, one buffer to read into. Owns
//! what was sent and heard; never decides when to say something.

mod connection;
mod opening;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use memchr::memmem::Finder;
use mio::{Events, Poll};

use crate::ear::Inlet;
use crate::error::Error;
use crate::marker::{Run, Template};
use crate::protocol::Wire;
use connection::{Connection, Stage};

pub(crate) use opening::gather;

/// What is read from a connection at once, in bytes: large, and shared by all.
const READ_BYTES: usize = 256 * 1_024;
/// Events taken from the kernel at once.
const TURN_EVENTS: usize = 1_024;
/// What a writer may have in its buffer before it is given more to say, in bytes.
const BACKLOG_BYTES_MAX: usize = 256 * 1_024;
/// How often members show that they are there; servers ask every minute or two.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Who is to come where.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) server: SocketAddr,
    pub(crate) wire: Wire,
    pub(crate) rooms: usize,
    /// In each room, the writer among them.
    pub(crate) members: usize,
    pub(crate) payload_bytes: usize,
    /// Connections that come in at the same time.
    pub(crate) at_once: usize,
    /// How long nothing may happen.
    pub(crate) patience: Duration,
    /// Every member reads every number, not only the first reader of each room.
    pub(crate) everybody_checks: bool,
    pub(crate) run: Run,
}

/// All members of all rooms.
#[derive(Debug)]
pub(crate) struct Crowd {
    setting: Setting,
    poll: Poll,
    events: Events,
    inlet: Inlet,
    mark: Finder<'static>,
    /// Room after room; the first of each is its writer, the second is checked fully.
    connections: Vec<Connection>,
    rooms: Vec<Room>,
    /// Members that are in.
    joined: usize,
    /// When members have last shown that they are there.
    alive: Instant,
    /// Bytes and reads so far, of all members.
    pub(crate) traffic: Traffic,
}

/// What came from the server so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) deliveries: u64,
    pub(crate) bytes: u64,
    pub(crate) reads: u64,
}

#[derive(Debug)]
struct Room {
    message: Template,
    /// Who hears a message: all, or all but its writer.
    hearers: u64,
    sent: u64,
    delivered: u64,
}

/// What went wrong: all zero, or the server has a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Deliveries that never came.
    pub(crate) lost: u64,
    /// Deliveries of what nobody, or not so often, has said.
    pub(crate) surplus: u64,
    /// Messages that were not the next, at the members that check.
    pub(crate) out_of_order: u64,
    /// Connections that the server closed.
    pub(crate) closed: u64,
}

impl Verdict {
    /// Nothing went wrong.
    pub(crate) fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

impl Crowd {
    /// How many rooms there are.
    pub(crate) const fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// How many members there are, in all rooms.
    pub(crate) const fn members(&self) -> usize {
        self.connections.len()
    }

    /// Messages said so far, in all rooms.
    pub(crate) fn sent(&self) -> u64 {
        self.rooms.iter().map(|room| room.sent).sum()
    }

    /// Messages said in a room so far.
    pub(crate) fn sent_in(&self, room: usize) -> u64 {
        self.rooms.get(room).map_or(0, |room| room.sent)
    }

    /// Deliveries that are still to come.
    pub(crate) fn outstanding(&self) -> u64 {
        let of = |room: &Room| (room.sent * room.hearers).saturating_sub(room.delivered);
        self.rooms.iter().map(of).sum()
    }

    /// So many messages may be said in a room until `in_flight` of them are on their way. A message
    /// is on its way until all have it.
    pub(crate) fn free(&self, room: usize, in_flight: u64) -> u64 {
        let first = room * self.setting.members;
        let members = self.connections.get(first..first + self.setting.members);
        let (Some(room), Some([writer, others @ ..])) = (self.rooms.get(room), members) else {
            return 0;
        };
        // Fewer than by the sum of what all have heard it cannot be: mostly that is enough to know.
        let at_least = room.sent.saturating_sub(room.delivered / room.hearers);
        if at_least >= in_flight || writer.backlog() >= BACKLOG_BYTES_MAX {
            return 0;
        }
        let heard = others.iter().map(|member| member.ear.heard).min().unwrap_or(room.sent);
        in_flight.saturating_sub(room.sent.saturating_sub(heard))
    }

    /// The room's writer says the next messages, in one write if the server takes them.
    pub(crate) fn say(&mut self, room: usize, messages: u64) {
        let writer = self.connections.get_mut(room * self.setting.members);
        let (Some(room), Some(writer)) = (self.rooms.get_mut(room), writer) else {
            return;
        };
        for _ in 0..messages {
            room.message.append(room.sent, &mut writer.output);
            room.sent += 1;
        }
        writer.flush();
    }

    /// Waits for something to come, up to `wait`, and takes it. `numbers` is told the number of
    /// each message that a member who checks hears. Gives the number of events.
    pub(crate) fn turn(
        &mut self,
        wait: Duration,
        numbers: &mut impl FnMut(u64),
    ) -> Result<usize, Error> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(0),
            polled => polled?,
        }
        self.keep_alive();
        let protocol = self.setting.wire.protocol();
        let mut count = 0;
        for event in &self.events {
            count += 1;
            let index = event.token().0;
            let Some(connection) = self.connections.get_mut(index) else {
                continue;
            };
            let was_in = connection.stage == Stage::In;
            let was_closed = connection.stage == Stage::Closed;
            if event.is_writable() && (!was_in || connection.backlog() > 0) {
                let server = self.setting.server;
                let unreachable = |source| Error::Unreachable { server, source };
                let greeted = connection.writable(protocol).map_err(unreachable)?;
                greeted.map_err(|words| refused(&connection.person.name, words, &self.setting))?;
            }
            if event.is_readable() {
                let received = connection
                    .readable(protocol, &mut self.inlet, &self.mark, numbers)
                    .map_err(|words| refused(&connection.person.name, words, &self.setting))?;
                self.traffic.deliveries += received.messages;
                self.traffic.bytes += received.bytes;
                self.traffic.reads += received.reads;
                if let Some(room) = self.rooms.get_mut(index / self.setting.members) {
                    room.delivered += received.messages;
                }
            }
            match connection.stage {
                Stage::In if !was_in => self.joined += 1,
                Stage::Closed if !was_in && !was_closed => return Err(hung_up(connection)),
                Stage::Connecting | Stage::Waiting(_) | Stage::In | Stage::Closed => {}
            }
        }
        Ok(count)
    }

    fn keep_alive(&mut self) {
        let words = self.setting.wire.protocol().keep_alive();
        if words.is_empty() || self.alive.elapsed() < KEEP_ALIVE {
            return;
        }
        self.alive = Instant::now();
        for member in self.connections.iter_mut().filter(|member| member.stage == Stage::In) {
            member.output.extend_from_slice(words);
            member.flush();
        }
    }

    /// Takes what comes until nothing has come for so long.
    pub(crate) fn quiet(&mut self, silence: Duration) -> Result<(), Error> {
        let mut last = Instant::now();
        while last.elapsed() < silence {
            if self.turn(Duration::from_millis(5), &mut |_| {})? > 0 {
                last = Instant::now();
            }
        }
        Ok(())
    }

    /// What went wrong so far. What is still on its way counts as lost.
    pub(crate) fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        for (room, members) in self.rooms.iter().zip(self.connections.chunks(self.setting.members))
        {
            let writer_hears = self.setting.wire.protocol().writer_hears_itself();
            for member in members {
                let hears = !member.person.is_writer || writer_hears;
                let expected = if hears { room.sent } else { 0 };
                verdict.lost += expected.saturating_sub(member.ear.heard);
                verdict.surplus += member.ear.heard.saturating_sub(expected);
                verdict.out_of_order += member.ear.out_of_order;
                verdict.closed += u64::from(member.stage == Stage::Closed);
            }
        }
        verdict
    }
}

fn hung_up(connection: &Connection) -> Error {
    let (who, words) = (connection.person.name.clone(), opening::last_words(connection));
    Error::HungUp { who, words }
}

fn refused(who: &str, words: String, setting: &Setting) -> Error {
    Error::Refused { who: who.to_owned(), words, wire: setting.wire.name() }
}
