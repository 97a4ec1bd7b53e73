//! The real daemon as a process: started with a place of its own, watched by its log, stopped by
//! its own process id.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use crate::{Client, DEADLINE, Finished, Home, NativeClient, chat_server, run};

/// How a daemon is to be started.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    config: String,
    listen: Vec<String>,
    variables: Vec<(String, String)>,
    data: Option<PathBuf>,
    under: Vec<String>,
}

impl Setup {
    /// With this configuration (TOML).
    #[must_use]
    pub fn new(config: &str) -> Self {
        Self { config: config.to_owned(), ..Self::default() }
    }

    /// Listening here instead of on a free port of `auto://127.0.0.1`; may be repeated.
    #[must_use]
    pub fn listen(mut self, url: impl Into<String>) -> Self {
        self.listen.push(url.into());
        self
    }

    /// With an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        let value = value.as_ref().to_string_lossy().into_owned();
        self.variables.push((name.to_owned(), value));
        self
    }

    /// With the data there.
    #[must_use]
    pub fn data(mut self, data: impl Into<PathBuf>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Run by this program with these arguments, which becomes the daemon (keeps its process id).
    #[must_use]
    pub fn under(mut self, program: &[&str]) -> Self {
        self.under = program.iter().map(|argument| (*argument).to_owned()).collect();
        self
    }

    /// Starts it, and waits until it listens.
    #[track_caller]
    #[must_use]
    pub fn start(self) -> Server {
        self.start_in(Home::new())
    }

    /// Starts it in a place that is there.
    #[track_caller]
    #[must_use]
    pub fn start_in(self, home: Home) -> Server {
        let mut child = self
            .command(&home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the daemon starts");
        let log = Arc::<Log>::default();
        let stderr = child.stderr.take().expect("it is piped");
        thread::spawn({
            let log = Arc::clone(&log);
            move || log.read(stderr)
        });
        let mut server =
            Server { setup: self, home: Some(home), child, log, addresses: Vec::new() };
        server.wait_until_it_listens();
        server
    }

    /// Runs a daemon that is not to start, or that only answers a question (`check`).
    #[track_caller]
    #[must_use]
    pub fn run(&self, home: &Home, arguments: &[&str]) -> Finished {
        run(self.command(home).args(arguments), "")
    }

    fn command(&self, home: &Home) -> Command {
        let config = home.write("test.toml", &self.config);
        let mut words = self.under.iter();
        let mut command = match words.next() {
            Some(program) => home.command(Path::new(program)),
            None => home.command(chat_server()),
        };
        if !self.under.is_empty() {
            command.args(words).arg(chat_server());
        }
        command.arg("--config").arg(config);
        command.arg("--data").arg(self.data.clone().unwrap_or_else(|| home.data()));
        for url in self.urls() {
            command.args(["--listen", &url]);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn urls(&self) -> Vec<String> {
        if self.listen.is_empty() {
            vec!["auto://127.0.0.1:0".to_owned()]
        } else {
            self.listen.clone()
        }
    }
}

/// A running daemon. Dropped, it is killed; its log is shown if the test has failed.
#[derive(Debug)]
pub struct Server {
    setup: Setup,
    /// None: handed on to the next daemon.
    home: Option<Home>,
    child: Child,
    log: Arc<Log>,
    addresses: Vec<String>,
}

impl Server {
    /// Starts one with this configuration (TOML), on a free port of `auto://127.0.0.1`.
    #[track_caller]
    #[must_use]
    pub fn start(config: &str) -> Self {
        Setup::new(config).start()
    }

    /// Where its first listener is: `ADDR:PORT` or `unix:PATH`.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address_of(0)
    }

    /// Where a listener is, in the order of the listen URLs.
    #[must_use]
    pub fn address_of(&self, listener: usize) -> &str {
        self.addresses.get(listener).expect("there is such a listener")
    }

    /// A client that speaks lines.
    #[track_caller]
    #[must_use]
    pub fn connect(&self) -> Client {
        Client::connect(self.address())
    }

    /// A native client that has said hello with this name.
    #[track_caller]
    #[must_use]
    pub fn native(&self, name: &str) -> NativeClient {
        NativeClient::connect(self.address()).greeted(name)
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its place.
    #[must_use]
    pub fn home(&self) -> &Home {
        self.home.as_ref().expect("only a stopped server has none")
    }

    /// Writes another configuration for it, which a reload reads.
    pub fn write_config(&self, config: &str) {
        self.home().write("test.toml", config);
    }

    /// Everything it has logged.
    #[must_use]
    pub fn logs(&self) -> String {
        self.log.lock().lines.join("\n")
    }

    /// Waits until it has logged a line with this text, and gives the line.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) -> String {
        self.wait_for_logs(text, 1).swap_remove(0)
    }

    /// Waits until it has logged so many lines with this text.
    #[track_caller]
    pub fn wait_for_logs(&self, text: &str, count: usize) -> Vec<String> {
        let found = |lines: &[String]| {
            let found: Vec<String> =
                lines.iter().filter(|line| line.contains(text)).cloned().collect();
            (found.len() >= count).then_some(found)
        };
        match self.log.wait(found) {
            Some(lines) => lines,
            None => panic!("\"{text}\" is not logged {count} times:\n{}", self.logs()),
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is our child");
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(&mut self) -> ExitStatus {
        assert!(self.log.wait_closed(), "the daemon does not end:\n{}", self.logs());
        self.child.wait().expect("it is our child")
    }

    /// Sends it a signal and waits for its end.
    #[track_caller]
    pub fn stop(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.finish()
    }

    /// Ends it by a signal, and starts another one in the same place.
    #[track_caller]
    #[must_use]
    pub fn restart(mut self, signal: Signal) -> Self {
        self.stop(signal);
        self.start_again()
    }

    /// Starts another one in the same place, after this one has ended.
    #[track_caller]
    #[must_use]
    pub fn start_again(self) -> Self {
        self.setup.clone().start_in(self.into_home())
    }

    /// The place of one that has ended, for another.
    #[must_use]
    pub fn into_home(mut self) -> Home {
        self.home.take().expect("it is handed on once")
    }

    /// Physical memory that it has, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))
            .expect("a running process has a status");
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .and_then(|kibibytes| kibibytes.parse::<u64>().ok())
            .expect("the status has VmRSS");
        kibibytes * 1_024
    }

    #[track_caller]
    fn wait_until_it_listens(&mut self) {
        const LISTENING: &str = "listening url=";
        let lines = self.wait_for_logs(LISTENING, self.setup.urls().len());
        self.addresses = lines
            .iter()
            .filter_map(|line| line.split_once(LISTENING))
            .map(|(_, url)| match url.split_once("://") {
                Some((_, address)) => address.split('?').next().unwrap_or(address).to_owned(),
                None => url.to_owned(),
            })
            .collect();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the log of daemon {}:\n{}", self.pid(), self.logs());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a daemon has said on stderr.
#[derive(Debug, Default)]
struct Log {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    lines: Vec<String>,
    is_closed: bool,
}

impl Log {
    fn read(&self, stderr: impl Read) {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            self.lock().lines.push(line);
            self.more.notify_all();
        }
        self.lock().is_closed = true;
        self.more.notify_all();
    }

    /// Waits until `found` finds something; gives up at the deadline, or when there is no more.
    fn wait<T>(&self, found: impl Fn(&[String]) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + DEADLINE;
        let mut said = self.lock();
        loop {
            let result = found(&said.lines);
            let left = deadline.saturating_duration_since(Instant::now());
            if result.is_some() || said.is_closed || left.is_zero() {
                return result;
            }
            said = self.more.wait_timeout(said, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn wait_closed(&self) -> bool {
        let never = |_: &[String]| None::<()>;
        self.wait(never);
        self.lock().is_closed
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
