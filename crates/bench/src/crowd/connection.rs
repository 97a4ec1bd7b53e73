//! One member's connection: connects, comes in, and then only writes what it is given and counts
//! what it hears. Never parses a message.

use std::io::{self, ErrorKind, Read, Write};

use memchr::memmem::Finder;
use mio::net::TcpStream;

use crate::ear::{Ear, Inlet};
use crate::protocol::{Look, Person, Protocol, Step};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Connecting,
    Waiting(Step),
    In,
    Closed,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) person: Person,
    pub(super) stage: Stage,
    pub(super) ear: Ear,
    pub(super) output: Vec<u8>,
    written: usize,
    /// What came since the step began; nothing any more once it is in.
    pub(super) input: Vec<u8>,
}

/// What came of a read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Received {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) reads: u64,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, person: Person, checks: bool) -> Self {
        Self {
            stream,
            person,
            stage: Stage::Connecting,
            ear: Ear::new(checks),
            output: Vec::new(),
            written: 0,
            input: Vec::new(),
        }
    }

    /// It can be written to: it is connected, or there is room again.
    pub(super) fn writable(&mut self, protocol: &dyn Protocol) -> io::Result<Result<(), String>> {
        if self.stage == Stage::Connecting {
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            match self.stream.peer_addr() {
                Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(Ok(())),
                connected => drop(connected?),
            }
            self.stream.set_nodelay(true)?;
            self.stage = Stage::Waiting(Step::Hello);
            protocol.hello(&self.person, &mut self.output);
            if let Err(words) = self.advance(protocol) {
                return Ok(Err(words));
            }
        }
        self.flush();
        Ok(Ok(()))
    }

    /// Writes as much as the peer takes.
    pub(super) fn flush(&mut self) {
        while let Some(rest) = self.output.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.stage = Stage::Closed,
            }
        }
        self.output.clear();
        self.written = 0;
    }

    /// Bytes that the peer has not taken.
    pub(super) const fn backlog(&self) -> usize {
        self.output.len() - self.written
    }

    /// Takes all that has come. `Err`: the server's words on why it may not come in.
    pub(super) fn readable(
        &mut self,
        protocol: &dyn Protocol,
        inlet: &mut Inlet,
        mark: &Finder<'_>,
        numbers: &mut impl FnMut(u64),
    ) -> Result<Received, String> {
        let mut received = Received::default();
        while self.stage != Stage::Closed {
            let space = inlet.space();
            let room = space.len();
            let length = match self.stream.read(space) {
                Ok(0) => {
                    self.stage = Stage::Closed;
                    break;
                }
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => {
                    self.stage = Stage::Closed;
                    break;
                }
            };
            received.reads += 1;
            received.bytes += length as u64;
            if self.stage == Stage::In {
                received.messages += self.ear.hear(inlet, length, mark, numbers);
            } else {
                self.input.extend_from_slice(inlet.read(length));
                self.advance(protocol)?;
            }
            // Less than there was room for: nothing is left, and epoll tells of what comes.
            if length < room {
                break;
            }
        }
        Ok(received)
    }

    /// Goes on with coming in as far as what was received allows.
    fn advance(&mut self, protocol: &dyn Protocol) -> Result<(), String> {
        while let Stage::Waiting(step) = self.stage {
            match protocol.look(step, &self.person, &self.input) {
                Look::Wait => break,
                Look::Refused(words) => return Err(words),
                Look::Answer { used, reply } => {
                    self.input.drain(..used);
                    self.output.extend_from_slice(&reply);
                }
                Look::Done => match step {
                    Step::Hello => {
                        self.input.clear();
                        protocol.join(&self.person, &mut self.output);
                        self.stage = Stage::Waiting(Step::Join);
                    }
                    Step::Join => {
                        self.input = Vec::new();
                        self.stage = Stage::In;
                    }
                },
            }
        }
        self.flush();
        Ok(())
    }
}
