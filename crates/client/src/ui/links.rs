//! Links: where they are in a text, and how a terminal is told (OSC 8). Knows no room.

use std::cell::RefCell;
use std::io::{self, Write};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use linkify::{LinkFinder, LinkKind};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use ratatui::layout::{Position, Rect, Size};

/// A link in a line, by cells from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkCells {
    pub(crate) cells: Range<usize>,
    pub(crate) target: Arc<str>,
}

/// A link on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkPlace {
    area: Rect,
    target: Arc<str>,
}

impl LinkCells {
    /// On the screen, in a line that is there.
    pub(crate) fn placed(&self, line: Rect) -> LinkPlace {
        let cell = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).min(line.width);
        let (start, end) = (cell(self.cells.start), cell(self.cells.end));
        let area = Rect { x: line.x + start, width: end - start, ..line };
        LinkPlace { area, target: Arc::clone(&self.target) }
    }
}

/// The addresses in a text, in bytes.
pub(crate) fn links(text: &str) -> Vec<(Range<usize>, Arc<str>)> {
    if !text.contains("://") {
        return Vec::new();
    }
    let mut finder = LinkFinder::new();
    finder.url_must_have_scheme(true).kinds(&[LinkKind::Url]);
    let links = finder.links(text);
    links.map(|link| (link.start()..link.end(), Arc::from(link.as_str()))).collect()
}

/// Where the links of the next frame are: written by the screen, read by [`LinkBackend`].
pub(crate) type SharedPlaces = Rc<RefCell<Vec<LinkPlace>>>;

/// Cells of links are written again when the links are others: a cell that looks the same may lead
/// elsewhere.
pub(crate) fn refresh(buffer: &mut Buffer, places: &[LinkPlace]) {
    for place in places {
        let (mut x, y) = (place.area.left(), place.area.y);
        while let Some(cell) = buffer.cell_mut(Position { x, y }).filter(|_| x < place.area.right())
        {
            cell.set_diff_option(CellDiffOption::AlwaysUpdate);
            // What a wide character covers is not written for itself.
            x += cell.symbol().cell_width().max(1);
        }
    }
}

/// Writes cells as crossterm does, with every run of a link's cells between the two sequences that
/// make it one.
#[derive(Debug)]
pub(crate) struct LinkBackend<W: Write> {
    inner: CrosstermBackend<W>,
    places: SharedPlaces,
}

impl<W: Write> LinkBackend<W> {
    pub(crate) const fn new(writer: W, places: SharedPlaces) -> Self {
        Self { inner: CrosstermBackend::new(writer), places }
    }
}

impl<W: Write> Write for LinkBackend<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

impl<W: Write> Backend for LinkBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let places = self.places.borrow();
        let link = |(x, y, _): &(u16, u16, &Cell)| {
            places.iter().position(|place| place.area.contains(Position { x: *x, y: *y }))
        };
        let mut content = content.peekable();
        while let Some(first) = content.next() {
            let of = link(&first);
            let mut run = vec![first];
            while let Some(next) = content.next_if(|next| link(next) == of) {
                run.push(next);
            }
            let target = of.and_then(|of| places.get(of)).map(|place| &place.target);
            if let Some(target) = target {
                // A link on several lines is shown as one by its id.
                let id =
                    target.bytes().fold(0_u32, |id, byte| id.wrapping_mul(31) ^ u32::from(byte));
                write!(self.inner, "\x1b]8;id={id:x};{target}\x1b\\")?;
            }
            self.inner.draw(run.into_iter())?;
            if target.is_some() {
                write!(self.inner, "\x1b]8;;\x1b\\")?;
            }
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_where_a_reader_would_end_it() {
        let found = |text| -> Vec<String> {
            links(text).into_iter().map(|(_, target)| target.to_string()).collect()
        };
        assert_eq!(found("see (https://a.example/x_(y)), ok"), ["https://a.example/x_(y)"]);
        assert_eq!(found("no link: example.org"), [""; 0]);
        assert_eq!(
            found("http://a.example. https://b.example/?q=1"),
            ["http://a.example", "https://b.example/?q=1"]
        );
    }

    #[test]
    fn the_cells_of_a_link_are_one_link_and_no_others_are() {
        let buffer = Buffer::with_lines(["a http://x 日"]);
        let link = LinkCells { cells: 2..10, target: Arc::from("http://x") };
        let places = Rc::new(RefCell::new(vec![link.placed(Rect::new(0, 0, 13, 1))]));
        let mut written = Vec::new();
        let mut backend = LinkBackend::new(&mut written, places);
        let blank = Buffer::empty(buffer.area);
        backend.draw(blank.diff_iter(&buffer)).unwrap();
        let written = String::from_utf8(written).unwrap();
        let (before, rest) = written.split_once("\x1b]8;id=").unwrap();
        let (target, rest) = rest.split_once("\x1b\\").unwrap();
        let (linked, behind) = rest.split_once("\x1b]8;;\x1b\\").unwrap();
        assert!(before.contains('a') && target.ends_with(";http://x"), "{written:?}");
        assert!(linked.contains("http://x") && behind.contains('日'), "{written:?}");
        assert!(!behind.contains("]8;"), "{written:?}");
    }
}
