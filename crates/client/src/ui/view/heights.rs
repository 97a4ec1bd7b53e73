//! How high rows are, and so where a screen begins and ends when one scrolls. Pure.

use crate::ui::app::App;
use crate::ui::room::{Room, Scroll, Window};

use super::chat_area;
use super::rows::{Look, ScreenLine};

/// Measures the rows of the room that is shown.
#[derive(Debug)]
pub(crate) struct Heights<'a> {
    look: Look<'a>,
    room: &'a Room,
    screen: usize,
}

impl<'a> Heights<'a> {
    pub(crate) fn of(app: &'a App) -> Self {
        let area = chat_area(app);
        let look = Look { app, columns: usize::from(area.width) };
        Self { look, room: app.room(), screen: usize::from(area.height) }
    }

    pub(crate) fn lines(&self, window: &Window, index: usize) -> Vec<ScreenLine> {
        self.look.lines(self.room, window, index)
    }

    /// How many lines a row takes.
    pub(crate) fn height(&self, window: &Window, index: usize) -> usize {
        self.lines(window, index).len()
    }

    /// The last row that is seen, and how much of it is not.
    fn place(window: &Window, scroll: Scroll) -> (usize, usize) {
        let last = window.len().saturating_sub(1);
        match scroll {
            Scroll::Bottom => (last, 0),
            Scroll::At { row, below } => {
                window.index_of(row).map_or((last, 0), |index| (index, below))
            }
        }
    }

    /// So many lines up (positive) or down. Stops where the first line is at the top, and is at
    /// the bottom where the last line is.
    pub(crate) fn moved(&self, window: &Window, scroll: Scroll, lines: isize) -> Scroll {
        if window.len() == 0 {
            return Scroll::Bottom;
        }
        let (index, below) = Self::place(window, scroll);
        let steps = lines.unsigned_abs();
        if lines >= 0 {
            self.up(window, index, below + steps)
        } else {
            self.down(window, index, below, steps)
        }
    }

    fn up(&self, window: &Window, mut index: usize, mut below: usize) -> Scroll {
        loop {
            let height = self.height(window, index);
            if below < height {
                break;
            }
            if index == 0 {
                return self.top(window);
            }
            below -= height;
            index -= 1;
        }
        // Is the screen still full?
        let mut above = self.height(window, index) - below;
        let mut before = index;
        while above < self.screen {
            if before == 0 {
                return self.top(window);
            }
            before -= 1;
            above += self.height(window, before);
        }
        Self::at(window, index, below)
    }

    fn down(&self, window: &Window, mut index: usize, mut below: usize, steps: usize) -> Scroll {
        let mut left = steps;
        while left > below {
            left -= below;
            index += 1;
            if index >= window.len() {
                return Self::at(window, window.len() - 1, 0);
            }
            below = self.height(window, index);
        }
        Self::at(window, index, below - left)
    }

    /// The first line is at the top of the screen.
    fn top(&self, window: &Window) -> Scroll {
        let mut seen = 0;
        for index in 0..window.len() {
            seen += self.height(window, index);
            if seen >= self.screen {
                return Self::at(window, index, seen - self.screen);
            }
        }
        Self::at(window, window.len() - 1, 0)
    }

    fn at(window: &Window, index: usize, below: usize) -> Scroll {
        let at_end = index + 1 == window.len() && below == 0;
        match window.row(index) {
            Some(_) if at_end && window.is_live() => Scroll::Bottom,
            Some(row) => Scroll::At { row: row.id, below },
            None => Scroll::Bottom,
        }
    }

    /// Lines above the screen's last one, and lines below it; counted no further than needed to
    /// know whether more has to be loaded.
    pub(crate) fn around(&self, window: &Window, scroll: Scroll) -> (usize, usize) {
        let enough = 3 * self.screen;
        let (index, hidden) = Self::place(window, scroll);
        let mut above = 0;
        let mut at = index + 1;
        while at > 0 && above < enough {
            at -= 1;
            above += self.height(window, at);
        }
        let mut below = hidden;
        let mut at = index + 1;
        while at < window.len() && below < enough {
            below += self.height(window, at);
            at += 1;
        }
        (above.saturating_sub(hidden), below)
    }
}
