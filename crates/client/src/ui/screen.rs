//! The terminal: taken over, and given back whole, however the program ends. Owns raw mode, the
//! alternate screen and everything else that is switched on; never decides what is shown.

use std::io::{self, BufWriter, Stdout, Write};
use std::rc::Rc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue, style};
use ratatui::Terminal;
use ratatui::layout::Size;

use super::app::App;
use super::links::{self, LinkBackend, SharedPlaces};
use super::settings::Notify;
use super::view;

/// Is the terminal ours now?
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, taken over until this is dropped.
pub(crate) struct Screen {
    terminal: Terminal<LinkBackend<BufWriter<Stdout>>>,
    links: SharedPlaces,
    mouse: bool,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("mouse", &self.mouse).finish_non_exhaustive()
    }
}

impl Screen {
    /// Takes the terminal over.
    pub(crate) fn take(mouse: bool) -> io::Result<Self> {
        give_back_on_panic();
        // NO_COLOR is a theme of ours: crossterm's own way would take bold and reverse away too.
        style::force_color_output(true);
        let links = SharedPlaces::default();
        let mut screen = Self { terminal: blank(&links)?, links, mouse };
        screen.enter()?;
        Ok(screen)
    }

    /// Takes it over again.
    pub(crate) fn enter(&mut self) -> io::Result<()> {
        // Set first: what was switched on by half is switched off too.
        TAKEN.store(true, Ordering::Release);
        enable_raw_mode()?;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            Clear(ClearType::All)
        )?;
        self.set_mouse(self.mouse)?;
        self.redraw()
    }

    /// Gives the terminal back, to take it again later.
    pub(crate) fn leave(&mut self) {
        give_back();
    }

    /// The next frame draws every cell.
    pub(crate) fn redraw(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal where its cursor is, and the reader of keys
        // would take the answer.
        execute!(io::stdout(), Clear(ClearType::All))?;
        self.terminal = blank(&self.links)?;
        Ok(())
    }

    pub(crate) fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Draws the state; only what changed is written.
    pub(crate) fn draw(&mut self, app: &App) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let links = &self.links;
        self.terminal.draw(|frame| {
            let places = view::draw(app, frame);
            if *links.borrow() != places {
                links::refresh(frame.buffer_mut(), &places);
                links.replace(places);
            }
        })?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Shows lines as the terminal itself wraps them, to be selected and copied.
    pub(crate) fn show_plain(&mut self, lines: &[String]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        queue!(stdout, Clear(ClearType::All), cursor::MoveTo(0, 0), cursor::Hide)?;
        for line in lines {
            write!(stdout, "{line}\r\n")?;
        }
        write!(stdout, "-- select and copy; PgUp older; any other key returns --")?;
        stdout.flush()
    }

    /// Gives the wheel to us, or leaves it to the terminal, which then selects.
    pub(crate) fn set_mouse(&mut self, mouse: bool) -> io::Result<()> {
        self.mouse = mouse;
        if mouse {
            execute!(io::stdout(), EnableMouseCapture)
        } else {
            execute!(io::stdout(), DisableMouseCapture)
        }
    }

    /// Rings, and tells the desktop: both cross ssh. `text` is harmless.
    pub(crate) fn notify(&mut self, text: &str, how: Notify) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match how {
            Notify::Off => return Ok(()),
            Notify::Bell => write!(stdout, "\x07")?,
            Notify::Desktop => write!(stdout, "\x07{}", desktop(text))?,
        }
        stdout.flush()
    }
}

fn blank(links: &SharedPlaces) -> io::Result<Terminal<LinkBackend<BufWriter<Stdout>>>> {
    Terminal::new(LinkBackend::new(BufWriter::new(io::stdout()), Rc::clone(links)))
}

/// OSC 9 (iTerm2, kitty, WezTerm, Ghostty, Windows Terminal), or 777 where that is what is known.
fn desktop(text: &str) -> String {
    let term = std::env::var("TERM").unwrap_or_default();
    if term == "linux" {
        String::new() // the console writes what it does not know
    } else if term.starts_with("rxvt") || term.starts_with("foot") {
        format!("\x1b]777;notify;Samovar;{}\x1b\\", text.replace(';', ","))
    } else {
        format!("\x1b]9;{text}\x1b\\")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Switches off what was switched on. The terminal may be gone; then there is nothing to restore.
fn give_back() {
    if !TAKEN.swap(false, Ordering::AcqRel) {
        return;
    }
    let mut stdout = io::stdout();
    execute!(
        stdout,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        style::ResetColor,
        LeaveAlternateScreen,
        cursor::Show
    )
    .ok();
    disable_raw_mode().ok();
}

/// A panic is told on a terminal that is whole.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            told(panic);
        }));
    });
}
