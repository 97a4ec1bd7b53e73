//! The process' environment as a value, and the places it names: where configuration is looked
//! for, where the data is. Owns the order of these places; never opens one.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What the folders of this daemon are called, wherever they are.
const FOLDER: &str = "chat-server";
/// What its configuration file is called.
const FILE: &str = "chat-server.toml";

/// Environment variables, taken once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// This process' variables.
    pub(crate) fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
                .collect(),
        )
    }

    /// A variable that is set to something.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.get(name)?;
        (!value.is_empty()).then_some(value)
    }

    /// All variables whose name starts with `prefix`, also empty ones, in the order of names.
    pub(super) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &OsStr)> {
        self.0
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_os_str()))
    }

    /// The folder that an XDG variable names, else the one below the home folder. A relative
    /// path counts as none, as the XDG base directory specification wants it.
    fn folder(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let absolute =
            |name| -> Option<&Path> { self.get(name).map(Path::new).filter(|p| p.is_absolute()) };
        absolute(variable)
            .map(Path::to_owned)
            .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name, value.into())).collect())
    }
}

/// Where a configuration file is looked for when no flag names one, in this order.
pub(super) fn config_files(environment: &Environment, cwd: &Path) -> Vec<PathBuf> {
    let personal = environment
        .folder("XDG_CONFIG_HOME", ".config")
        .map(|folder| folder.join(FOLDER).join(FILE));
    [cwd.join(FILE)]
        .into_iter()
        .chain(personal)
        .chain([Path::new("/etc").join(FOLDER).join(FILE)])
        .collect()
}

/// Why it is not known where the data is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DataDirError {
    /// An empty flag: most likely a shell variable that is not set.
    #[error("--data is empty; give it a directory, such as --data ./data")]
    Empty,
    /// Nothing says where it is.
    #[error(
        "no data directory: neither $STATE_DIRECTORY, $XDG_STATE_HOME nor $HOME is set; \
         pass --data DIR"
    )]
    Unknown,
}

/// Where the journal is: the flag, `$STATE_DIRECTORY` (systemd; the first of several),
/// `$XDG_STATE_HOME/chat-server`, `~/.local/state/chat-server`.
///
/// # Errors
/// [`DataDirError`] says which flag to pass.
pub(crate) fn data_dir(
    flag: Option<&Path>,
    environment: &Environment,
) -> Result<PathBuf, DataDirError> {
    if let Some(flag) = flag {
        return if flag.as_os_str().is_empty() {
            Err(DataDirError::Empty)
        } else {
            Ok(flag.to_owned())
        };
    }
    let by_systemd = environment
        .get("STATE_DIRECTORY")
        .and_then(|list| std::env::split_paths(list).next())
        .filter(|first| !first.as_os_str().is_empty());
    by_systemd
        .or_else(|| {
            environment.folder("XDG_STATE_HOME", ".local/state").map(|folder| folder.join(FOLDER))
        })
        .ok_or(DataDirError::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_data_directory_is_the_first_that_somebody_names() {
        let variables = [
            ("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"),
            ("XDG_STATE_HOME", "/state"),
            ("HOME", "/home/ana"),
        ];
        let at = |skipped: usize| data_dir(None, &environment(&variables[skipped..]));
        assert_eq!(data_dir(Some(Path::new("here")), &environment(&variables)), Ok("here".into()));
        assert_eq!(at(0), Ok("/var/lib/a".into()));
        assert_eq!(at(1), Ok("/state/chat-server".into()));
        assert_eq!(at(2), Ok("/home/ana/.local/state/chat-server".into()));
        let error = at(3).unwrap_err();
        assert!(error.to_string().contains("--data"), "{error}");
        assert_eq!(
            data_dir(Some(Path::new("")), &environment(&variables)),
            Err(DataDirError::Empty)
        );
    }

    #[test]
    fn a_relative_or_empty_xdg_folder_counts_as_none() {
        let files = |variables: &[(&str, &str)]| {
            config_files(&environment(variables), Path::new("/here"))
                .into_iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
        };
        let home = [
            "/here/chat-server.toml",
            "/home/ana/.config/chat-server/chat-server.toml",
            "/etc/chat-server/chat-server.toml",
        ];
        assert_eq!(files(&[("HOME", "/home/ana"), ("XDG_CONFIG_HOME", "x")]), home);
        assert_eq!(files(&[("HOME", "/home/ana"), ("XDG_CONFIG_HOME", "")]), home);
        assert_eq!(
            files(&[("HOME", "/home/ana"), ("XDG_CONFIG_HOME", "/cfg")])[1],
            "/cfg/chat-server/chat-server.toml"
        );
        assert_eq!(files(&[]), [home[0], home[2]]);
    }
}
