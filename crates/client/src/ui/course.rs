//! The loop: keys, the connection, time and signals meet in one `select!`. Owns nothing but the
//! order of things; what they mean is the state's, how it looks the view's.

use std::collections::{HashMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use chat_client::{Connection, Handle, Update};
use chat_protocol::{Command, RequestId, Timestamp};
use crossterm::event::{Event as TerminalEvent, EventStream, MouseEventKind};
use futures::{FutureExt, StreamExt};
use ratatui::layout::Size;
use tokio::time::{Instant, sleep_until};

use super::app::{Action, App, Effect, Mode, Start};
use super::editor;
use super::limits::{FRAME, SLEEP_NOTICED_AFTER, UPDATES_AT_ONCE};
use super::memory::Memory;
use super::row::Ticket;
use super::screen::Screen;
use super::view;
use crate::exit::{Exit, Failure};
use crate::signals::{Jobs, Shell};

/// Lines that a turn of the wheel scrolls.
const WHEEL_LINES: i16 = 3;

/// Runs the full screen until the user leaves. `memory` is what is to be remembered, also if this
/// is dropped before its end.
pub(crate) async fn run(
    connection: &mut Connection,
    start: Start,
    memory: &mut Option<Memory>,
) -> anyhow::Result<Exit> {
    let screen = Screen::take(start.settings.mouse)
        .context("cannot use this terminal; --plain needs less of it")?;
    let size = screen.size().unwrap_or(Size::new(80, 24));
    let app = App::new(start, size, now());
    let course = Course {
        app,
        screen,
        handle: connection.handle(),
        keys: EventStream::new(),
        jobs: Jobs::new(),
        outbox: VecDeque::new(),
        tickets: HashMap::new(),
        todo: VecDeque::new(),
        dirty: true,
        drawn_at: None,
        plain: None,
        clock: Clock::new(),
        memory,
    };
    course.run(connection).await
}

struct Course<'a> {
    app: App,
    screen: Screen,
    handle: Handle,
    keys: EventStream,
    jobs: Jobs,
    /// Commands that wait for a place in the connection's queue. Bounded by the app.
    outbox: VecDeque<(Ticket, Command)>,
    /// Who waits for which answer.
    tickets: HashMap<RequestId, Ticket>,
    /// Effects that are not done yet.
    todo: VecDeque<Effect>,
    dirty: bool,
    drawn_at: Option<Instant>,
    /// How far back the plain view is that stands on the screen.
    plain: Option<usize>,
    clock: Clock,
    memory: &'a mut Option<Memory>,
}

/// What one turn of the loop waits for.
enum Turn {
    Terminal(Option<std::io::Result<TerminalEvent>>),
    Told(Option<Update>),
    Sent(RequestId, Ticket),
    Time,
    Suspend,
    Continued,
}

impl Drop for Course<'_> {
    fn drop(&mut self) {
        *self.memory = Some(self.app.memory());
    }
}

impl Course<'_> {
    async fn run(mut self, connection: &mut Connection) -> anyhow::Result<Exit> {
        loop {
            self.draw_if_due()?;
            let turn = self.turn(connection).await?;
            if self.clock.slept() {
                // What the server said meanwhile waits there; the old connection may be dead.
                self.handle.reconnect();
            }
            match turn {
                Turn::Terminal(Some(Ok(event))) => self.on_terminal(event),
                // The terminal is gone.
                Turn::Terminal(Some(Err(_)) | None) => return Ok(Exit::Terminated),
                Turn::Told(Some(update)) => self.on_updates(update, connection),
                Turn::Told(None) => {
                    return Err(Failure::new(Exit::Internal, "the connection ended").into());
                }
                Turn::Sent(id, ticket) => {
                    self.tickets.insert(id, ticket);
                }
                Turn::Time => self.act(Action::Tick),
                Turn::Suspend => self.suspend().await?,
                Turn::Continued => self.enter()?,
            }
            while let Some(effect) = self.todo.pop_front() {
                if effect == Effect::Quit {
                    return Ok(Exit::Ok);
                }
                self.effect(effect, connection).await?;
            }
        }
    }

    /// Waits for one thing.
    async fn turn(&mut self, connection: &mut Connection) -> anyhow::Result<Turn> {
        let frame_due = self.drawn_at.map_or_else(Instant::now, |at| at + FRAME);
        let tick = self.app.next_tick().map(|at| self.clock.instant(at));
        let dirty = self.dirty && self.plain.is_none();
        Ok(tokio::select! {
            event = self.keys.next() => Turn::Terminal(event),
            update = connection.next() => Turn::Told(update),
            slot = self.handle.reserve(), if !self.outbox.is_empty() => {
                let slot = slot?;
                match self.outbox.pop_front() {
                    Some((ticket, command)) => Turn::Sent(slot.send(command), ticket),
                    None => Turn::Time,
                }
            }
            () = sleep_until(frame_due), if dirty => Turn::Time,
            () = sleep_until(tick.unwrap_or(frame_due)), if tick.is_some() => Turn::Time,
            shell = self.jobs.next() => match shell {
                Shell::Stop => Turn::Suspend,
                Shell::Continue => Turn::Continued,
            },
        })
    }

    fn draw_if_due(&mut self) -> anyhow::Result<()> {
        let lost = "cannot draw on this terminal";
        if let Mode::Plain { back } = self.app.mode {
            // Drawn once, so that a selection stays.
            if self.plain != Some(back) {
                self.plain = Some(back);
                let lines = view::plain_text(&self.app, back);
                self.screen.show_plain(&lines).context(lost)?;
            }
            return Ok(());
        }
        self.plain = None;
        let due = self.drawn_at.is_none_or(|at| at.elapsed() >= FRAME);
        if self.dirty && due {
            let size = self.screen.size().context(lost)?;
            if size != self.app.size {
                self.act(Action::Resized(size));
            }
            self.screen.draw(&self.app).context(lost)?;
            self.dirty = false;
            self.drawn_at = Some(Instant::now());
        }
        Ok(())
    }

    fn act(&mut self, action: Action) {
        let effects = self.app.update(now(), action);
        self.todo.extend(effects);
        self.dirty = true;
    }

    fn on_terminal(&mut self, event: TerminalEvent) {
        match event {
            TerminalEvent::Key(key) => self.act(Action::Key(key)),
            TerminalEvent::Paste(text) => self.act(Action::Paste(text)),
            TerminalEvent::Resize(width, height) => {
                self.plain = None;
                self.act(Action::Resized(Size::new(width, height)));
            }
            TerminalEvent::FocusGained => self.act(Action::Focus(true)),
            TerminalEvent::FocusLost => self.act(Action::Focus(false)),
            TerminalEvent::Mouse(mouse) => {
                if mouse.kind == MouseEventKind::ScrollUp {
                    self.act(Action::Wheel(WHEEL_LINES));
                } else if mouse.kind == MouseEventKind::ScrollDown {
                    self.act(Action::Wheel(-WHEEL_LINES));
                }
            }
        }
    }

    /// An update, and what else is there, up to a bound: keys are looked at in between.
    fn on_updates(&mut self, first: Update, connection: &mut Connection) {
        self.on_update(first);
        for _ in 1..UPDATES_AT_ONCE {
            match connection.next().now_or_never() {
                Some(Some(update)) => self.on_update(update),
                Some(None) | None => return,
            }
        }
    }

    fn on_update(&mut self, update: Update) {
        match update {
            Update::Answered { id, answer } => {
                if let Some(ticket) = self.tickets.remove(&id) {
                    self.act(Action::Answered(ticket, answer));
                }
            }
            update @ (Update::Connected(_)
            | Update::Event(_)
            | Update::Gap(_)
            | Update::Disconnected { .. }) => self.act(Action::Told(Box::new(update))),
        }
    }

    async fn effect(&mut self, effect: Effect, connection: &mut Connection) -> anyhow::Result<()> {
        match effect {
            Effect::Send(ticket, command) => self.outbox.push_back((ticket, command)),
            Effect::Reconnect => self.handle.reconnect(),
            Effect::AskForName(name) => self.handle.ask_for_name(name),
            Effect::ComeAs(naming) => self.handle.come_as(naming),
            Effect::Notify(text) => self.screen.notify(&text, self.app.settings.notify)?,
            Effect::Mouse(mouse) => self.screen.set_mouse(mouse)?,
            Effect::Edit(text) => self.edit(&text, connection).await?,
            Effect::Suspend => self.suspend().await?,
            Effect::Redraw => {
                self.plain = None;
                self.screen.redraw()?;
            }
            Effect::Quit => {}
            #[cfg(debug_assertions)]
            #[expect(clippy::panic, reason = "a test sees that the terminal comes back")]
            Effect::Crash => panic!("asked to"),
        }
        Ok(())
    }

    /// Back to the shell, until it calls.
    async fn suspend(&mut self) -> anyhow::Result<()> {
        if !self.jobs.has_shell() {
            self.act(Action::Failed("there is no shell to go back to".to_owned()));
            return Ok(());
        }
        self.screen.leave();
        let stopped = self.jobs.stop().await;
        self.clock = Clock::new();
        self.enter()?;
        stopped.context("cannot stop for the shell")
    }

    /// Takes the terminal again, whatever was drawn on it meanwhile.
    fn enter(&mut self) -> anyhow::Result<()> {
        self.screen.enter().context("cannot take the terminal again")?;
        self.plain = None;
        self.dirty = true;
        Ok(())
    }

    /// Lets an editor have the terminal; what the server tells meanwhile is taken.
    async fn edit(&mut self, text: &str, connection: &mut Connection) -> anyhow::Result<()> {
        self.screen.leave();
        // The old one's thread would read what is typed into the editor.
        self.keys = EventStream::new();
        let action = match editor::start(text) {
            Err(error) => Action::Failed(error.to_string()),
            Ok(mut edited) => loop {
                tokio::select! {
                    outcome = edited.finish() => break match outcome {
                        Ok(text) => Action::Edited(text),
                        Err(error) => Action::Failed(format!("the editor: {error}")),
                    },
                    update = connection.next() => match update {
                        Some(update) => self.on_update(update),
                        None => break Action::Edited(None),
                    },
                }
            },
        };
        self.act(action);
        self.enter()
    }
}

/// Compares the clock with the steady time: a machine that slept has lost the difference.
#[derive(Debug)]
struct Clock {
    steady: Instant,
    time: Timestamp,
}

impl Clock {
    fn new() -> Self {
        Self { steady: Instant::now(), time: now() }
    }

    /// Has the machine slept since the last time this was asked?
    fn slept(&mut self) -> bool {
        let before = std::mem::replace(self, Self::new());
        let steady_ms = self.steady.duration_since(before.steady).as_millis();
        let clock_ms = u128::from(self.time.0.saturating_sub(before.time.0));
        clock_ms.saturating_sub(steady_ms) > SLEEP_NOTICED_AFTER.as_millis()
    }

    /// When the clock will show this time.
    fn instant(&self, at: Timestamp) -> Instant {
        let ms = at.0.saturating_sub(now().0);
        Instant::now() + std::time::Duration::from_millis(ms)
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_slept_is_noticed_once() {
        let mut clock = Clock::new();
        assert!(!clock.slept());
        clock.time = Timestamp(clock.time.0 - 60_000);
        assert!(clock.slept(), "the clock went on, the steady time did not");
        assert!(!clock.slept());
    }
}
