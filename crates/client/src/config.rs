//! Flags, environment and file become one set of settings. Reads the configuration file; never
//! one from the current directory, which could send a name or a text to another server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chat_client::{Naming, ServerAddress};
use chat_protocol::{Refusal, RoomAddress, UserName};
use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::cli::CliOptions;
use crate::exit::{Exit, Failure};
use crate::ui::{self, KeyMap, NameFrom};

/// The configuration file; `config/chat-client.toml` documents it.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, deserialize_with = "address")]
    server: Option<ServerAddress>,
    name: Option<UserName>,
    room: Option<RoomAddress>,
    /// `/set` changes the same ones while the program runs.
    #[serde(default)]
    screen: BTreeMap<String, String>,
    /// An action, and the keys that do it.
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
}

/// What holds, wherever it was said: flags before environment before file.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) server: ServerAddress,
    pub(crate) naming: Naming,
    pub(crate) rooms: Vec<RoomAddress>,
    pub(crate) name_from: NameFrom,
    pub(crate) screen: ui::Settings,
    pub(crate) keys: KeyMap,
}

impl Settings {
    pub(crate) fn resolve(options: &CliOptions) -> anyhow::Result<Self> {
        let file = match (&options.config, default_path()) {
            (Some(path), _) => read(path)?,
            (None, Some(path)) if path.exists() => read(&path)?,
            (None, _) => File::default(),
        };
        let (screen, keys) = file.screen_and_keys()?;
        let name_from = match (&options.name, &file.name) {
            (None, None) => NameFrom::Login,
            (Some(_), _) | (None, Some(_)) => NameFrom::Chosen,
        };
        let naming = match (&options.name, file.name) {
            (Some(name), _) => Naming::Exact(UserName::parse(name).map_err(|error| {
                let refusal = Refusal::name_invalid(&error);
                Failure::new(Exit::Refused, format!("{refusal} Take another: --name NAME"))
            })?),
            (None, Some(name)) => Naming::Numbered(name.as_str().to_owned()),
            (None, None) => Naming::Numbered(login_name()),
        };
        let rooms = if options.room.is_empty() {
            file.room.into_iter().collect()
        } else {
            options.room.clone()
        };
        Ok(Self {
            server: options.server.clone().or(file.server).unwrap_or_default(),
            naming,
            rooms,
            name_from,
            screen,
            keys,
        })
    }
}

impl File {
    /// What `[screen]` and `[keys]` say; NO_COLOR is stronger than a theme of the file.
    fn screen_and_keys(&self) -> anyhow::Result<(ui::Settings, KeyMap)> {
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::new(Exit::Usage, format!("configuration: {error}"))
        };
        let mut screen = ui::Settings::default();
        for (name, value) in &self.screen {
            screen.set(name, value).map_err(|error| wrong(&error))?;
        }
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            screen.theme = ui::Theme::Mono;
        }
        let mut map = KeyMap::default();
        for (action, keys) in &self.keys {
            map.rebind(action, keys).map_err(|error| wrong(&error))?;
        }
        Ok((screen, map))
    }
}

fn default_path() -> Option<PathBuf> {
    let folders = etcetera::base_strategy::choose_native_strategy().ok()?;
    Some(folders.config_dir().join("chat-client").join("config.toml"))
}

fn login_name() -> String {
    let variable = if cfg!(windows) { "USERNAME" } else { "USER" };
    std::env::var(variable).unwrap_or_default()
}

fn read(path: &Path) -> anyhow::Result<File> {
    let said = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, format!("{}: {error}", path.display()))
    };
    let text = std::fs::read_to_string(path).map_err(|error| said(&error))?;
    Ok(toml::from_str(&text).map_err(|error| said(&error))?)
}

fn address<'de, D>(deserializer: D) -> Result<Option<ServerAddress>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_has_every_key_and_is_the_default() {
        let documented = include_str!("../../../config/chat-client.toml");
        assert_eq!(toml::from_str::<File>(documented).unwrap(), File::default());
        let keys = documented.replace("#server", "server").replace("#name", "name");
        let file: File = toml::from_str(&keys.replace("#room", "room")).unwrap();
        assert_eq!(file.server, Some(ServerAddress::default()));
        assert!(file.name.is_some() && file.room.is_some());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        for (text, said) in [
            ("\nport = 1\n", "line 2, column 1"),
            ("server = \"host:x\"", "line 1, column 10"),
            ("name = \"a b\"", "has a space (position 2)"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("config.toml: ") && error.contains(said), "{error}");
        }
    }
}
