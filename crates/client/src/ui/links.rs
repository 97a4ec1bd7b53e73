//! Links: where they are in a text, and how a terminal is told (OSC 8). Pure.

use std::num::NonZeroU16;
use std::ops::Range;
use std::sync::Arc;

use linkify::{LinkFinder, LinkKind};
use ratatui::buffer::{Buffer, CellDiffOption, CellWidth};
use ratatui::layout::{Position, Rect};

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

/// Marks the cells of links for the terminal: each cell for itself, so that whatever is drawn
/// later, or not at all because it did not change, is right.
pub(crate) fn mark(buffer: &mut Buffer, places: &[LinkPlace]) {
    for place in places {
        // A terminal that draws a link on several lines shows it as one by its id.
        let id =
            place.target.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
        for x in place.area.left()..place.area.right() {
            let Some(cell) = buffer.cell_mut(Position { x, y: place.area.y }) else { continue };
            let Some(width) = NonZeroU16::new(cell.symbol().cell_width()) else { continue };
            let symbol =
                format!("\x1b]8;id={id:x};{}\x1b\\{}\x1b]8;;\x1b\\", place.target, cell.symbol());
            cell.set_symbol(&symbol).set_diff_option(CellDiffOption::ForcedWidth(width));
        }
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
    fn every_cell_of_a_link_is_one_and_keeps_its_width() {
        let mut buffer = Buffer::with_lines(["a http://x 日"]);
        let line = Rect::new(0, 0, 13, 1);
        let link = LinkCells { cells: 2..10, target: Arc::from("http://x") };
        mark(&mut buffer, &[link.placed(line)]);
        let cell = buffer.cell((2, 0)).unwrap();
        assert!(cell.symbol().starts_with("\x1b]8;id=") && cell.symbol().contains("h\x1b]8;;"));
        assert_eq!(cell.cell_width(), 1);
        assert_eq!(buffer.cell((1, 0)).unwrap().symbol(), " ");
        assert_eq!(buffer.cell((10, 0)).unwrap().symbol(), " ");
    }
}
