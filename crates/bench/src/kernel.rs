//! A server that does nothing but read and write: what any server on this machine pays at least. One
//! thread, rooms of plain lines. Either one write for each message and member, or one for each
//! member with all that is ready.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::options::Kernel;

const LISTENER: Token = Token(usize::MAX);
const READ_BYTES: usize = 256 * 1_024;
const TURN_EVENTS: usize = 1_024;

/// Serves until it is killed.
pub(crate) fn serve(options: &Kernel) -> io::Result<Infallible> {
    rlimit::increase_nofile_limit(1 << 20)?;
    let mut listener = TcpListener::bind(options.listen)?;
    writeln!(io::stdout(), "listening url=kernel://{}", listener.local_addr()?)?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut server = Server {
        poll,
        listener,
        coalesce: options.coalesce,
        members: Vec::new(),
        rooms: Vec::new(),
        names: HashMap::new(),
    };
    let mut events = Events::with_capacity(TURN_EVENTS);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match server.poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept()?,
                Token(index) => {
                    if event.is_writable() {
                        server.write_on(index);
                    }
                    if event.is_readable() {
                        server.read(index, &mut buffer);
                    }
                }
            }
        }
        server.publish();
    }
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    coalesce: bool,
    /// By token; never reused, since a run is short.
    members: Vec<Option<Member>>,
    rooms: Vec<Room>,
    names: HashMap<Vec<u8>, usize>,
}

struct Member {
    stream: TcpStream,
    room: Option<usize>,
    /// What has come of a line that is not whole.
    begun: Vec<u8>,
    /// What the peer did not take.
    unwritten: Vec<u8>,
}

#[derive(Default)]
struct Room {
    members: Vec<usize>,
    /// Whole lines that nobody has got yet, and who said them.
    ready: Vec<u8>,
    author: usize,
}

impl Server {
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let token = Token(self.members.len());
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, token, interest)?;
            let (begun, unwritten) = (Vec::new(), Vec::new());
            self.members.push(Some(Member { stream, room: None, begun, unwritten }));
        }
    }

    fn read(&mut self, index: usize, buffer: &mut [u8]) {
        while let Some(member) = self.members.get_mut(index).and_then(Option::as_mut) {
            match member.stream.read(buffer) {
                Ok(length) if length > 0 => {
                    self.take(index, buffer.get(..length).unwrap_or_default());
                    if length < buffer.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return self.leave(index),
            }
        }
    }

    /// Whole lines go to the room, the rest waits.
    fn take(&mut self, index: usize, bytes: &[u8]) {
        let Some(member) = self.members.get_mut(index).and_then(Option::as_mut) else {
            return;
        };
        member.begun.extend_from_slice(bytes);
        let Some(mut end) = memchr::memrchr(b'\n', &member.begun).map(|end| end + 1) else {
            return;
        };
        let room = match member.room {
            Some(room) => room,
            None => {
                let first = memchr::memchr(b'\n', &member.begun).unwrap_or_default();
                let name: Vec<u8> = member.begun.drain(..=first).collect();
                end -= name.len();
                let room = *self.names.entry(name).or_insert(self.rooms.len());
                if room == self.rooms.len() {
                    self.rooms.push(Room::default());
                }
                member.room = Some(room);
                member.send(b"+\n");
                if let Some(room) = self.rooms.get_mut(room) {
                    room.members.push(index);
                }
                room
            }
        };
        if let Some(room) = self.rooms.get_mut(room) {
            room.ready.extend(member.begun.drain(..end));
            room.author = index;
        }
    }

    fn publish(&mut self) {
        for room in self.rooms.iter_mut().filter(|room| !room.ready.is_empty()) {
            let ready = std::mem::take(&mut room.ready);
            let mut rest = ready.as_slice();
            while let Some(piece) = next_piece(&mut rest, self.coalesce) {
                for index in room.members.iter().filter(|index| **index != room.author) {
                    if let Some(member) = self.members.get_mut(*index).and_then(Option::as_mut) {
                        member.send(piece);
                    }
                }
            }
            room.ready = ready;
            room.ready.clear();
        }
    }

    fn write_on(&mut self, index: usize) {
        if let Some(member) = self.members.get_mut(index).and_then(Option::as_mut)
            && !member.unwritten.is_empty()
        {
            let waiting = std::mem::take(&mut member.unwritten);
            member.send(&waiting);
        }
    }

    fn leave(&mut self, index: usize) {
        let gone = self.members.get_mut(index).and_then(Option::take);
        let room = gone.and_then(|member| member.room);
        if let Some(room) = room.and_then(|room| self.rooms.get_mut(room)) {
            room.members.retain(|member| *member != index);
        }
    }
}

impl Member {
    /// Writes at once; what the peer does not take waits. An error shows when it is read next.
    fn send(&mut self, mut bytes: &[u8]) {
        while self.unwritten.is_empty() && !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return,
            }
        }
        self.unwritten.extend_from_slice(bytes);
    }
}

/// All that is left, or its first line.
fn next_piece<'a>(rest: &mut &'a [u8], coalesce: bool) -> Option<&'a [u8]> {
    let line = memchr::memchr(b'\n', rest).filter(|_| !coalesce);
    let end = line.map_or(rest.len(), |end| end + 1);
    let (piece, behind) = rest.split_at(end);
    *rest = behind;
    (!piece.is_empty()).then_some(piece)
}

#[cfg(test)]
mod tests {
    use super::next_piece;

    #[test]
    fn what_is_ready_goes_out_at_once_or_line_by_line() {
        for (coalesce, pieces) in [(true, vec!["a\nb\n"]), (false, vec!["a\n", "b\n"])] {
            let mut rest = b"a\nb\n".as_slice();
            let mut found = Vec::new();
            while let Some(piece) = next_piece(&mut rest, coalesce) {
                found.push(std::str::from_utf8(piece).unwrap());
            }
            assert_eq!(found, pieces);
        }
    }
}
