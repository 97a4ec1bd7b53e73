//! A connection that may be lost at any moment, and says so instead of failing the test.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use bytes::BytesMut;
use chat_protocol::event::Welcome;
use chat_protocol::{Command, Event, Hello, Refusal, Request, RequestId, frame};
use samovar_tests::DEADLINE;

/// A native connection that may be lost at any moment.
pub(super) struct Wire {
    stream: BufReader<TcpStream>,
    requests: u64,
}

impl Wire {
    pub(super) fn connect(address: &str) -> io::Result<Self> {
        Ok(Self { stream: BufReader::new(connect(address)?), requests: 0 })
    }

    /// Asks for a name until it can be had: that of a guest who is forgotten is about to be free.
    pub(super) fn hello(&mut self, hello: &Hello) -> io::Result<Welcome> {
        let mut bytes = BytesMut::new();
        frame::encode_hello(hello, &mut bytes);
        let deadline = Instant::now() + DEADLINE;
        loop {
            self.stream.get_mut().write_all(&bytes)?;
            match self.event()? {
                Event::Welcome(welcome) => return Ok(*welcome),
                Event::Refused { refusal: Refusal::NameTaken { .. }, .. }
                    if Instant::now() < deadline => {}
                other => panic!("expected a welcome, but came {other:?}"),
            }
        }
    }

    /// Asks. Whether the daemon still takes it, the next event tells, or its absence: what it wrote
    /// before its end is still to be read.
    pub(super) fn send(&mut self, command: Command) -> RequestId {
        self.requests += 1;
        let id = RequestId(self.requests);
        let mut bytes = BytesMut::new();
        frame::encode_request(&Request { id: Some(id), command }, &mut bytes);
        if let Err(error) = self.stream.get_mut().write_all(&bytes) {
            assert!(is_lost(&error), "not in time, or worse: {error}");
        }
        id
    }

    pub(super) fn event(&mut self) -> io::Result<Event> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut payload = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        self.stream.read_exact(&mut payload)?;
        Ok(frame::decode_event(&payload).expect("the server sends events"))
    }
}

pub(super) fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    Ok(stream)
}

/// Whether it came to its end; if not, the daemon is gone. All else is a failure.
#[track_caller]
pub(super) fn came_to_its_end(result: io::Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) => {
            assert!(is_lost(&error), "not in time, or worse: {error}");
            false
        }
    }
}

fn is_lost(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected
    )
}
