//! A real terminal: a pane of a tmux server of its own, with a shell in it. Keys go in as from a
//! keyboard, what one would see comes out.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::{DEADLINE, Home};

/// How often the screen is looked at while something is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What the shell says when it waits.
const PROMPT: &str = "shell>";

/// A terminal with a shell. Dropped, everything that runs in it is ended.
#[derive(Debug)]
pub struct Pane {
    socket: String,
    home: Home,
}

impl Pane {
    /// A terminal of this size, with these variables beside those of [`Home::command`].
    #[track_caller]
    #[must_use]
    pub fn open(columns: u16, rows: u16, variables: &[(&str, &str)]) -> Self {
        static PANES: AtomicU32 = AtomicU32::new(0);
        let number = PANES.fetch_add(1, Ordering::Relaxed);
        let pane = Self {
            socket: format!("samovar-test-{}-{number}", std::process::id()),
            home: Home::new(),
        };
        let mut command = pane.home.command(Path::new("tmux"));
        command
            .env("PS1", format!("{PROMPT} "))
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm-256color");
        command.env("SHELL", "/bin/sh");
        command.envs(variables.iter().copied());
        command.args(["-L", &pane.socket, "-f", "/dev/null", "new-session", "-d"]);
        command.args(["-x", &columns.to_string(), "-y", &rows.to_string(), "sh", "-i"]);
        let output = command.output().expect("tmux starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        pane.tmux(&["set-option", "-g", "status", "off"]);
        pane.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
        pane.tmux(&["set-option", "-g", "focus-events", "on"]);
        pane.wait_for(PROMPT);
        pane
    }

    /// Its place.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Types a line, and Enter.
    pub fn enter(&self, text: &str) {
        self.type_in(text);
        self.press("Enter");
    }

    /// Types a text as it is.
    pub fn type_in(&self, text: &str) {
        self.tmux(&["send-keys", "-l", "--", text]);
    }

    /// Presses a key, as tmux calls it: `C-c`, `M-a`, `PageUp`, `F1`.
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Pastes a text, in brackets if the program asked for it.
    pub fn paste(&self, text: &str) {
        self.tmux(&["set-buffer", "--", text]);
        self.tmux(&["paste-buffer", "-p", "-r"]);
    }

    /// Writes what comes from the program into a file from now on, as the terminal gets it.
    pub fn record(&self, file: &Path) {
        self.tmux(&["pipe-pane", "-O", &format!("cat >> '{}'", file.display())]);
    }

    /// Another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// What one sees.
    #[must_use]
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// What one sees, with its colours.
    #[must_use]
    pub fn coloured(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    /// What the program has called the terminal.
    #[must_use]
    pub fn title(&self) -> String {
        self.tmux(&["display-message", "-p", "#{pane_title}"])
    }

    /// Has the bell rung?
    #[must_use]
    pub fn has_rung(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{window_bell_flag}"]).trim() == "1"
    }

    /// Waits until the screen has this text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("\"{text}\" is seen"), |screen| screen.contains(text))
    }

    /// Waits until the screen has this text no more.
    #[track_caller]
    pub fn wait_gone(&self, text: &str) -> String {
        self.wait_until(&format!("\"{text}\" is gone"), |screen| !screen.contains(text))
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "not true: {what}\n{screen}");
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    /// The terminal is the shell's again, as it was: it echoes, its own screen is seen, and so is
    /// the cursor.
    #[track_caller]
    pub fn is_given_back(&self) {
        self.wait_for(PROMPT);
        self.enter("stty -a | tr ' ;' '\\n\\n' | grep -cxE 'echo|icanon|isig|opost|icrnl'; echo re''stored");
        let screen = self.wait_until("the shell answers", |screen| {
            screen.lines().any(|line| line == "restored")
        });
        assert!(screen.lines().any(|line| line == "5"), "raw mode is left on:\n{screen}");
        let state = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_cursor_flag}";
        assert_eq!(self.tmux(&["display-message", "-p", state]).trim(), "0 1 0 0");
    }

    /// The process that runs in the shell now.
    #[track_caller]
    #[must_use]
    pub fn program(&self) -> Pid {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let path = format!("/proc/{0}/task/{0}/children", shell.trim());
        let children = std::fs::read_to_string(path).expect("the shell is there");
        let child = children.split_whitespace().next().and_then(|child| child.parse().ok());
        child.and_then(Pid::from_raw).expect("the shell runs something")
    }

    /// Sends the program a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(self.program(), signal).expect("it is there");
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-L", &self.socket])
            .args(arguments)
            .output()
            .expect("tmux starts");
        assert!(
            output.status.success(),
            "tmux {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let tmux = |arguments: &[&str]| {
            Command::new("tmux").args(["-L", &self.socket]).args(arguments).output()
        };
        let pids = tmux(&["display-message", "-p", "#{pane_pid}"]).map(|output| output.stdout);
        let shell = pids.ok().and_then(|pid| String::from_utf8(pid).ok());
        let shell = shell.map(|pid| pid.trim().to_owned()).unwrap_or_default();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
        drop(tmux(&["kill-server"]));
        // Hung up, what ran there ends by itself; if it does not, it is ended.
        let deadline = Instant::now() + Duration::from_secs(2);
        for child in children.unwrap_or_default().split_whitespace() {
            let Some(pid) = child.parse().ok().and_then(Pid::from_raw) else { continue };
            while test_kill_process(pid).is_ok() && Instant::now() < deadline {
                std::thread::park_timeout(LOOK_EVERY);
            }
            kill_process(pid, Signal::KILL).ok();
        }
    }
}
