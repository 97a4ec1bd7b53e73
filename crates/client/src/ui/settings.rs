//! What `/option` changes: one table of names, values and words. Pure.

use super::theme::{THEMES, Theme};

/// How joins and leaves are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Joins {
    /// In one row until somebody speaks.
    #[default]
    Folded,
    /// Not at all.
    Hidden,
}

/// How a mention is told when nobody looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Notify {
    /// By the bell and a desktop notification, which cross ssh.
    #[default]
    Desktop,
    /// By the bell alone.
    Bell,
    Off,
}

/// What can be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) theme: Theme,
    /// The wheel scrolls, and the terminal does not select by itself.
    pub(crate) mouse: bool,
    pub(crate) notify: Notify,
    pub(crate) joins: Joins,
    /// Others are not told that one types.
    pub(crate) types_unseen: bool,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [&'static str],
    pub(crate) help: &'static str,
    get: fn(&Settings) -> &'static str,
    set: fn(&mut Settings, &str),
}

/// Every setting.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "theme",
        values: &["default", "vivid", "mono"],
        help: "colours; NO_COLOR in the environment means mono",
        get: |settings| settings.theme.name(),
        set: |settings, value| {
            let theme = THEMES.iter().find(|(name, _)| *name == value);
            settings.theme = theme.map_or(Theme::Default, |(_, theme)| *theme);
        },
    },
    Setting {
        name: "notify",
        values: &["desktop", "bell", "off"],
        help: "how a mention is told while you are elsewhere",
        get: |settings| match settings.notify {
            Notify::Desktop => "desktop",
            Notify::Bell => "bell",
            Notify::Off => "off",
        },
        set: |settings, value| {
            settings.notify = match value {
                "bell" => Notify::Bell,
                "off" => Notify::Off,
                _ => Notify::Desktop,
            };
        },
    },
    Setting {
        name: "joins",
        values: &["folded", "hidden"],
        help: "who comes and goes: in one row, or not at all",
        get: |settings| match settings.joins {
            Joins::Folded => "folded",
            Joins::Hidden => "hidden",
        },
        set: |settings, value| {
            settings.joins = if value == "hidden" { Joins::Hidden } else { Joins::Folded };
        },
    },
    Setting {
        name: "typing",
        values: &["on", "off"],
        help: "off: others are not told that you type",
        get: |settings| if settings.types_unseen { "off" } else { "on" },
        set: |settings, value| settings.types_unseen = value == "off",
    },
    Setting {
        name: "mouse",
        values: &["off", "on"],
        help: "on: the wheel scrolls; off: the terminal selects text as everywhere",
        get: |settings| if settings.mouse { "on" } else { "off" },
        set: |settings, value| settings.mouse = value == "on",
    },
];

/// Why something was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SetError {
    /// No such setting.
    #[error("There is no setting \"{}\". There are: {}", .0.escape_debug(), names())]
    Name(String),
    /// No such value.
    #[error("{name} cannot be \"{}\". It can be: {}", .value.escape_debug(), .values.join(", "))]
    Value {
        /// Of which setting.
        name: &'static str,
        /// What was wanted.
        value: String,
        /// What it can be.
        values: &'static [&'static str],
    },
}

fn names() -> String {
    SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ")
}

impl Settings {
    /// Sets one.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), SetError> {
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        let setting = setting.ok_or_else(|| SetError::Name(name.to_owned()))?;
        if !setting.values.contains(&value) {
            let (name, values) = (setting.name, setting.values);
            return Err(SetError::Value { name, value: value.to_owned(), values });
        }
        (setting.set)(self, value);
        Ok(())
    }

    /// `theme = default   (default, vivid, mono)  colours; …`
    pub(crate) fn lines(&self) -> Vec<String> {
        SETTINGS
            .iter()
            .map(|setting| {
                let values = setting.values.join(" | ");
                format!("{} = {}   ({values})  {}", setting.name, (setting.get)(self), setting.help)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_takes_each_of_its_values_and_no_other() {
        for setting in SETTINGS {
            for value in setting.values {
                let mut settings = Settings::default();
                settings.set(setting.name, value).unwrap();
                assert_eq!((setting.get)(&settings), *value);
            }
            assert_eq!((setting.get)(&Settings::default()), setting.values[0], "the default");
            assert!(Settings::default().set(setting.name, "purple").is_err());
        }
        let error = Settings::default().set("colour", "red").unwrap_err().to_string();
        assert!(error.contains("theme, notify, joins, typing, mouse"), "{error}");
    }
}
