//! One line on a terminal about what goes on; nothing where nobody looks.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often it changes.
const BETWEEN: Duration = Duration::from_millis(200);

/// The line.
#[derive(Debug)]
pub(crate) struct Progress {
    /// When it changed last; none: there is no terminal.
    changed: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// On stderr, if that is a terminal.
    pub(crate) fn on_stderr() -> Self {
        let changed = std::io::stderr().is_terminal().then(Instant::now);
        Self { changed, is_shown: false }
    }

    /// Shows this, if the last change was long enough ago.
    pub(crate) fn tell(&mut self, words: impl FnOnce() -> String) {
        if self.changed.is_some_and(|changed| changed.elapsed() >= BETWEEN) {
            self.changed = Some(Instant::now());
            self.is_shown = true;
            // Back to the start of the line, and what stood there is deleted.
            drop(write!(std::io::stderr(), "\r\x1b[K{}", words()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            drop(write!(std::io::stderr(), "\r\x1b[K"));
        }
    }
}

/// `[#####.....]  5.0 of 10 s`
pub(crate) fn bar(done: f64, total: f64, unit: &str) -> String {
    const WIDTH: usize = 30;
    let share = (done / total).clamp(0.0, 1.0);
    let filled: String =
        (0..WIDTH).map(|at| if (at as f64) < share * WIDTH as f64 { '#' } else { '.' }).collect();
    format!("[{filled}] {done:.0} of {total:.0}{unit}")
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_fills_up() {
        assert_eq!(bar(0.0, 10.0, " s"), format!("[{}] 0 of 10 s", ".".repeat(30)));
        assert_eq!(
            bar(5.0, 10.0, " s"),
            format!("[{}{}] 5 of 10 s", "#".repeat(15), ".".repeat(15))
        );
        assert_eq!(bar(99.0, 10.0, ""), format!("[{}] 99 of 10", "#".repeat(30)));
    }
}
