//! Processes that a test starts: run to their end, or kept and talked to; always with a deadline.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::DEADLINE;
use crate::incoming::{End, Incoming, More};

/// A process that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; none: a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

/// Runs a command to its end, with this input.
#[track_caller]
#[must_use]
pub fn run(command: &mut Command, input: &str) -> Finished {
    let mut process = Process::start(command);
    process.write(input);
    process.end_input();
    process.finish()
}

/// A running process with pipes. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Incoming,
    stderr: Incoming,
}

impl Process {
    /// Starts it.
    #[track_caller]
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => panic!("{}: {error}", command.get_program().display()),
        };
        Self {
            stdin: child.stdin.take(),
            stdout: Incoming::from(child.stdout.take().expect("it is piped")),
            stderr: Incoming::from(child.stderr.take().expect("it is piped")),
            child,
        }
    }

    /// Writes to its input. One that does not read is none of our business: its answer tells.
    pub fn write(&mut self, input: &str) {
        if let Some(stdin) = &mut self.stdin {
            drop(stdin.write_all(input.as_bytes()).and_then(|()| stdin.flush()));
        }
    }

    /// Closes its input.
    pub fn end_input(&mut self) {
        drop(self.stdin.take());
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is our child");
    }

    /// The next line that it prints, without its end.
    #[track_caller]
    pub fn stdout_line(&mut self) -> String {
        let line = line_of(&mut self.stdout);
        line.unwrap_or_else(|why| panic!("no line on stdout: {why}; {self:?}"))
    }

    /// The next line that it says on stderr, without its end.
    #[track_caller]
    pub fn stderr_line(&mut self) -> String {
        let line = line_of(&mut self.stderr);
        line.unwrap_or_else(|why| panic!("no line on stderr: {why}; {self:?}"))
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let [stdout, stderr] = [&mut self.stdout, &mut self.stderr].map(rest_of);
        let (Ok(stdout), Ok(stderr)) = (stdout, stderr) else {
            panic!("it does not end: {self:?}");
        };
        let status = self.child.wait().expect("it is our child");
        Finished { code: status.code(), stdout, stderr }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn line_of(incoming: &mut Incoming) -> Result<String, String> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(end) = incoming.waiting.iter().position(|byte| *byte == b'\n') {
            let line = incoming.take(end + 1);
            let line = String::from_utf8(line).map_err(|error| error.to_string())?;
            return Ok(line.trim_end_matches('\n').to_owned());
        }
        match incoming.more(deadline) {
            More::Came => {}
            other @ (More::Ended(_) | More::Late) => return Err(format!("{other:?}")),
        }
    }
}

fn rest_of(incoming: &mut Incoming) -> Result<String, String> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match incoming.more(deadline) {
            More::Came => {}
            More::Ended(End::Closed) => {
                let rest = incoming.take(incoming.waiting.len());
                return String::from_utf8(rest).map_err(|error| error.to_string());
            }
            other @ (More::Ended(End::Broken(_)) | More::Late) => return Err(format!("{other:?}")),
        }
    }
}
