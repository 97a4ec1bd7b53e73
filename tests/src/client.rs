//! A client that speaks bytes and lines: over TCP, over a Unix socket, or as a real `nc`.

use std::fmt;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Instant;

use crate::DEADLINE;
use crate::incoming::{End, Incoming, More, Shown};

/// One client, with what it was sent and has not looked at yet.
pub struct Client {
    line: Line,
    incoming: Incoming,
}

/// What it is connected by.
enum Line {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// A process; without its input once that has ended.
    Nc(Child, Option<ChildStdin>),
}

impl Client {
    /// Connects to `ADDR:PORT`, or to `unix:PATH`.
    #[track_caller]
    #[must_use]
    pub fn connect(address: &str) -> Self {
        let connected = match address.strip_prefix("unix:") {
            Some(path) => UnixStream::connect(path).and_then(|stream| {
                let incoming = Incoming::from(stream.try_clone()?);
                Ok((Line::Unix(stream), incoming))
            }),
            None => TcpStream::connect(address).and_then(|stream| {
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(DEADLINE))?;
                let incoming = Incoming::from(stream.try_clone()?);
                Ok((Line::Tcp(stream), incoming))
            }),
        };
        match connected {
            Ok((line, incoming)) => Self { line, incoming },
            Err(error) => panic!("{address}: {error}"),
        }
    }

    /// On a stream that leads to the server.
    #[track_caller]
    #[must_use]
    pub(crate) fn over(stream: UnixStream) -> Self {
        let incoming = Incoming::from(stream.try_clone().expect("it is open"));
        Self { line: Line::Unix(stream), incoming }
    }

    /// A real `nc OPTIONS HOST PORT`. Without `-N`, Debian's does not tell the server of its EOF.
    #[track_caller]
    #[must_use]
    pub fn netcat(address: &str, options: &[&str]) -> Self {
        let (host, port) = address.rsplit_once(':').expect("ADDR:PORT");
        let mut child = Command::new("nc")
            .args(options)
            .args([host, port])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("nc is installed (Debian: netcat-openbsd)");
        let input = child.stdin.take();
        let incoming = Incoming::from(child.stdout.take().expect("it is piped"));
        Self { line: Line::Nc(child, input), incoming }
    }

    /// Where a TCP client comes from, as the server sees it.
    #[track_caller]
    #[must_use]
    pub fn local_address(&self) -> String {
        match &self.line {
            Line::Tcp(stream) => stream.local_addr().expect("it is connected").to_string(),
            Line::Unix(_) | Line::Nc(..) => panic!("no TCP client of ours"),
        }
    }

    /// Sends all of it.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        if let Err(error) = self.try_send(bytes) {
            panic!("cannot send: {error}; received: {}", Shown(&self.incoming.waiting));
        }
    }

    /// Sends to a server that may close meanwhile.
    ///
    /// # Errors
    /// It has.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let bytes = bytes.as_ref();
        match &mut self.line {
            Line::Tcp(stream) => stream.write_all(bytes),
            Line::Unix(stream) => stream.write_all(bytes),
            Line::Nc(_, Some(input)) => input.write_all(bytes).and_then(|()| input.flush()),
            Line::Nc(_, None) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Says that no more will come, and goes on receiving.
    #[track_caller]
    pub fn end(&mut self) {
        let ended = match &mut self.line {
            Line::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Line::Unix(stream) => stream.shutdown(Shutdown::Write),
            Line::Nc(_, input) => {
                drop(input.take());
                Ok(())
            }
        };
        ended.expect("the connection is open");
    }

    /// An `nc` ends when both sides have: lets it, once the server does.
    pub(crate) fn let_go(&mut self) {
        if let Line::Nc(_, input) = &mut self.line {
            drop(input.take());
        }
    }

    /// The next bytes are exactly these.
    #[track_caller]
    pub fn expect(&mut self, expected: impl AsRef<[u8]>) {
        or_panic(self.try_expect(expected.as_ref()));
    }

    /// The next line, with its end.
    #[track_caller]
    pub fn line(&mut self) -> Vec<u8> {
        or_panic(self.try_line())
    }

    /// Everything up to the line that is `last` (without its end), that one included: for what a
    /// test does not look at.
    #[track_caller]
    pub fn lines_until(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = String::from_utf8(self.line()).expect("the server sends UTF-8");
            let line = line.trim_end_matches(['\r', '\n']).to_owned();
            let is_last = line == last;
            lines.push(line);
            if is_last {
                return lines;
            }
        }
    }

    /// The next `count` bytes.
    #[track_caller]
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        or_panic(self.wait_for(&format!("{count} bytes"), |waiting| {
            (waiting.len() >= count).then_some(count)
        }))
    }

    /// The server has closed, cleanly, and has sent nothing more.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        or_panic(self.try_closed());
    }

    /// Everything up to the clean end.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<u8> {
        or_panic(self.try_rest())
    }

    /// Everything up to the end, also one that is not clean.
    #[track_caller]
    pub fn until_lost(&mut self) -> Vec<u8> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.incoming.more(deadline) {
                More::Came => {}
                More::Ended(_) => return self.incoming.take(self.incoming.waiting.len()),
                More::Late => panic!("expected an end: {self:?}"),
            }
        }
    }

    pub(crate) fn try_expect(&mut self, expected: &[u8]) -> Result<(), String> {
        let got = self.wait_for(&Shown(expected).to_string(), |waiting| {
            let common = waiting.len().min(expected.len());
            let is_other = waiting.get(..common) != expected.get(..common);
            (is_other || common == expected.len()).then_some(common)
        })?;
        if got == expected {
            return Ok(());
        }
        let got = [got, self.incoming.waiting.clone()].concat();
        Err(format!("expected {}\nbut came {}", Shown(expected), Shown(&got)))
    }

    pub(crate) fn try_line(&mut self) -> Result<Vec<u8>, String> {
        self.wait_for("a line", |waiting| {
            let end = waiting.iter().position(|byte| *byte == b'\n')?;
            Some(end + 1)
        })
    }

    pub(crate) fn try_closed(&mut self) -> Result<(), String> {
        match self.try_rest()?.as_slice() {
            [] => Ok(()),
            rest => Err(format!("expected the end, but came {}", Shown(rest))),
        }
    }

    fn try_rest(&mut self) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.incoming.more(deadline) {
                More::Came => {}
                More::Ended(End::Closed) => {
                    return Ok(self.incoming.take(self.incoming.waiting.len()));
                }
                other @ (More::Ended(End::Broken(_)) | More::Late) => {
                    return Err(format!("expected a clean end, but {other:?}: {self:?}"));
                }
            }
        }
    }

    /// Takes the first bytes once `found` says how many.
    fn wait_for(
        &mut self,
        what: &str,
        found: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Vec<u8>, String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(count) = found(&self.incoming.waiting) {
                return Ok(self.incoming.take(count));
            }
            match self.incoming.more(deadline) {
                More::Came => {}
                other @ (More::Ended(_) | More::Late) => {
                    return Err(format!("expected {what}, but {other:?}: {self:?}"));
                }
            }
        }
    }
}

#[track_caller]
fn or_panic<T>(result: Result<T, String>) -> T {
    match result {
        Ok(value) => value,
        Err(why) => panic!("{why}"),
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        match &mut self.line {
            Line::Tcp(stream) => drop(stream.shutdown(Shutdown::Both)),
            Line::Unix(stream) => drop(stream.shutdown(Shutdown::Both)),
            Line::Nc(child, _) => {
                drop(child.kill());
                drop(child.wait());
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.incoming.fmt(f)
    }
}
