//! The full screen. `app.rs` is the state and what an action makes of it, `view/` what it looks
//! like, both pure; `screen.rs` owns the terminal, `course.rs` is the loop in which keys, the
//! connection and time meet.

mod app;
mod course;
mod editor;
mod graphemes;
mod input;
mod keys;
mod limits;
mod links;
mod memory;
mod reactions;
mod room;
mod row;
mod screen;
mod secret;
mod settings;
mod theme;
mod view;
mod words;

pub(crate) use self::app::{NameFrom, Start};
pub(crate) use self::course::run;
pub(crate) use self::keys::KeyMap;
#[cfg(test)]
pub(crate) use self::keys::action_names;
pub(crate) use self::memory::Memory;
pub(crate) use self::settings::Settings;
pub(crate) use self::theme::Theme;

#[cfg(test)]
mod tests;
