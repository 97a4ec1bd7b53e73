//! From the places where configuration stands to one [`Config`]: the file, then environment
//! variables, then flags. Owns the order and what an unknown key is told; never knows what a key
//! means.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::environment::{Environment, config_files};
use super::keys::{KEYS, Key, VARIABLE_PREFIX};
use super::listen::ListenUrl;
use super::problem::{ConfigError, Problem, shown};
use super::read::{LISTENERS_MAX, Refused, Value, Why};
use super::{Config, reload_difference};
use chat_protocol::nearest::nearest;

/// A configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1_024 * 1_024;
/// What is told about one file: who reads more of it at once?
const PROBLEMS_MAX: usize = 20;
/// Variables that are flags: the command line reads them.
const FLAG_VARIABLES: [&str; 2] = ["CHAT_SERVER_CONFIG", "CHAT_SERVER_DATA"];

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// `--config`: this file and no other. A pipe works.
    pub(crate) config: Option<PathBuf>,
    /// `--listen`: these instead of the configured ones, if there are any.
    pub(crate) listen: Vec<ListenUrl>,
}

/// A configuration, and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// The configuration.
    pub(crate) config: Config,
    /// The file, if there was one.
    pub(crate) source: Option<PathBuf>,
}

/// Reads the configuration: from `--config`, else from the first file of `./chat-server.toml`,
/// `$XDG_CONFIG_HOME/chat-server/chat-server.toml`, `/etc/chat-server/chat-server.toml` that is
/// there; then `CHAT_SERVER_…` variables; then flags. Relative paths start at `cwd`.
///
/// # Errors
/// [`ConfigError`] says everything that is wrong, where, and what would be right.
pub(crate) fn load(
    flags: &Flags,
    environment: &Environment,
    cwd: &Path,
) -> Result<Loaded, ConfigError> {
    let mut config = Config::default();
    let mut problems = Vec::new();
    let file = match &flags.config {
        Some(path) => Some(read_file(&cwd.join(path))?),
        None => first_file(&config_files(environment, cwd))?,
    };
    let source = file.map(|(path, bytes)| {
        from_file(&mut config, &path, &bytes, &mut problems);
        path
    });
    from_environment(&mut config, environment, &mut problems);
    from_flags(&mut config, flags, &mut problems);
    if problems.is_empty() {
        Ok(Loaded { config, source })
    } else {
        Err(ConfigError::Refused(problems))
    }
}

/// Why a daemon goes on with the configuration that it has.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReloadError {
    /// The new one is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to read again.
    #[error("{}: was read from a pipe and cannot be read again; restart the daemon", .0.display())]
    Pipe(PathBuf),
    /// The new one is right, but not for a running daemon.
    #[error("{}", .0.join("; "))]
    NeedsRestart(Vec<String>),
}

/// [`load`] again for a daemon that runs with `running`: all of it, or nothing.
///
/// # Errors
/// [`ReloadError`] says what is in the way.
pub(crate) fn reload(
    running: &Config,
    flags: &Flags,
    environment: &Environment,
    cwd: &Path,
) -> Result<Loaded, ReloadError> {
    if let Some(path) = flags.config.as_ref().map(|path| cwd.join(path)) {
        // Opening a pipe that nobody writes to would wait for ever; /dev/null never does.
        let again = |metadata: fs::Metadata| metadata.is_file() || path == Path::new("/dev/null");
        if fs::metadata(&path).is_ok_and(|metadata| !again(metadata)) {
            return Err(ReloadError::Pipe(path));
        }
    }
    let loaded = load(flags, environment, cwd)?;
    reload_difference(running, &loaded.config).map_err(ReloadError::NeedsRestart)?;
    Ok(loaded)
}

fn first_file(paths: &[PathBuf]) -> Result<Option<(PathBuf, Vec<u8>)>, ConfigError> {
    for path in paths {
        match read_file(path) {
            Ok(read) => return Ok(Some(read)),
            Err(ConfigError::Read { source, .. }) if is_absent(&source) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// There is no such file, as opposed to one that cannot be read: that one is an error, or else a
/// daemon would quietly run with defaults.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn read_file(path: &Path) -> Result<(PathBuf, Vec<u8>), ConfigError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ConfigError::TooLarge { path: path.to_owned(), bytes_max: FILE_BYTES_MAX });
    }
    Ok((path.to_owned(), bytes))
}

fn from_file(config: &mut Config, path: &Path, bytes: &[u8], problems: &mut Vec<Problem>) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        let message = "this is not UTF-8; save the file in UTF-8".to_owned();
        return problems.push(Problem::in_file(path, &text, &(at..at + 1), message));
    }
    let table = match DeTable::parse(&text) {
        Ok(table) => table,
        Err(error) => {
            let span = error.span().unwrap_or_default();
            let message = format!("this is not TOML: {}", error.message());
            return problems.push(Problem::in_file(path, &text, &span, message));
        }
    };
    let mut found = Vec::new();
    from_table(config, "", table.get_ref(), &mut |span, message| {
        found.push((span, message));
    });
    found.sort_by_key(|(span, _)| span.start);
    let more = found.len().saturating_sub(PROBLEMS_MAX);
    found.truncate(PROBLEMS_MAX);
    if let Some((_, last)) = found.last_mut().filter(|_| more > 0) {
        last.push_str(&format!(" (and {more} more)"));
    }
    problems.extend(
        found.into_iter().map(|(span, message)| Problem::in_file(path, &text, &span, message)),
    );
}

/// Takes the keys of a section, `""` before the first one.
fn from_table(
    config: &mut Config,
    section: &str,
    table: &DeTable<'_>,
    refuse: &mut dyn FnMut(std::ops::Range<usize>, String),
) {
    for (name, value) in table {
        let key =
            KEYS.iter().find(|key| key.section_and_name() == (section, name.get_ref().as_ref()));
        if let Some(key) = key {
            if let Err(refused) = (key.set)(config, value) {
                refuse(refused.span.clone(), told(key, &refused));
            }
        } else if section.is_empty() && sections().any(|known| known == name.get_ref()) {
            match value.get_ref() {
                DeValue::Table(inner) => from_table(config, name.get_ref(), inner, refuse),
                DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_) => {
                    let name = name.get_ref();
                    let message = format!("`{name}` is a section; write [{name}], its keys below");
                    refuse(value.span(), message);
                }
            }
        } else {
            refuse(name.span(), unknown(section, name, value));
        }
    }
}

/// What a key says to a wrong value.
fn told(key: &Key, refused: &Refused) -> String {
    let (path, takes) = (key.path, key.takes);
    match &refused.why {
        Why::Type(found) | Why::Value(found) => format!("`{path}` takes {takes}; this is {found}"),
        Why::Reason(reason) => format!("`{path}`: {reason}; it takes {takes}"),
    }
}

/// What an unknown key or section is told: where it belongs, what it resembles, what there is.
fn unknown(section: &str, name: &Spanned<DeString<'_>>, value: &Value<'_>) -> String {
    let name = name.get_ref().as_ref();
    let place = if section.is_empty() {
        "before the first [section]".to_owned()
    } else {
        format!("in [{section}]")
    };
    let elsewhere: Vec<String> = KEYS
        .iter()
        .map(Key::section_and_name)
        .filter(|(_, leaf)| *leaf == name)
        .map(|(section, _)| match section {
            "" => "before the first [section]".to_owned(),
            section => format!("in [{section}]"),
        })
        .collect();
    if !elsewhere.is_empty() {
        let elsewhere = elsewhere.join(" or ");
        return format!("unknown key `{name}` {place}; it belongs {elsewhere}");
    }
    if section.is_empty() && matches!(value.get_ref(), DeValue::Table(_)) {
        let right = match nearest(name, sections()) {
            Some(near) => format!("did you mean [{near}]?"),
            None => format!("there are {}", in_brackets(sections())),
        };
        return format!("unknown section [{}]; {right}", shown(name));
    }
    let here = || {
        KEYS.iter()
            .map(Key::section_and_name)
            .filter(|(of, _)| *of == section)
            .map(|(_, leaf)| leaf)
    };
    let right = match nearest(name, here()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let here: Vec<String> = here().map(|leaf| format!("`{leaf}`")).collect();
            format!("there are {}", here.join(", "))
        }
    };
    format!("unknown key `{}` {place}; {right}", shown(name))
}

fn in_brackets<'a>(sections: impl Iterator<Item = &'a str>) -> String {
    let sections: Vec<String> = sections.map(|section| format!("[{section}]")).collect();
    sections.join(", ")
}

/// Every section once, in the table's order.
fn sections() -> impl Iterator<Item = &'static str> {
    let section = |key: &Key| key.section_and_name().0;
    let mut last = "";
    KEYS.iter()
        .map(section)
        .filter(move |section| std::mem::replace(&mut last, section) != *section)
}

fn from_environment(config: &mut Config, environment: &Environment, problems: &mut Vec<Problem>) {
    for (name, value) in environment.starting_with(VARIABLE_PREFIX) {
        if FLAG_VARIABLES.contains(&name) {
            continue;
        }
        let taken = match KEYS.iter().find(|key| key.variable() == name) {
            Some(key) => from_variable(config, key, value),
            None => Err(unknown_variable(name)),
        };
        if let Err(message) = taken {
            problems.push(Problem::in_variable(name, message));
        }
    }
}

/// A variable's value is TOML, or a text as it is, or a list with commas: the first of these that
/// has the type of the key.
fn from_variable(config: &mut Config, key: &Key, value: &OsStr) -> Result<(), String> {
    let Some(text) = value.to_str() else {
        return Err("this is not UTF-8".to_owned());
    };
    let plain = |text| Spanned::new(0..0, DeValue::String(DeString::Borrowed(text)));
    let mut list = DeArray::new();
    text.split(',')
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .for_each(|element| list.push(plain(element)));
    let readings = [
        DeValue::parse(text).ok(),
        Some(plain(text)),
        Some(Spanned::new(0..0, DeValue::Array(list))),
    ];
    let mut refused_type = None;
    for reading in readings.iter().flatten() {
        match (key.set)(config, reading) {
            Ok(()) => return Ok(()),
            Err(refused) => match refused.why {
                Why::Type(_) => {
                    refused_type.get_or_insert(refused);
                }
                Why::Value(_) | Why::Reason(_) => return Err(told(key, &refused)),
            },
        }
    }
    refused_type.map_or(Ok(()), |refused| Err(told(key, &refused)))
}

fn unknown_variable(name: &str) -> String {
    let variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
    let typed = name.strip_prefix(VARIABLE_PREFIX).unwrap_or(name);
    let known = variables.iter().filter_map(|variable| variable.strip_prefix(VARIABLE_PREFIX));
    match nearest(typed, known) {
        Some(near) => format!("unknown variable; did you mean {VARIABLE_PREFIX}{near}?"),
        None => format!(
            "unknown variable; a key's variable is {VARIABLE_PREFIX}SECTION_KEY, such as \
             {VARIABLE_PREFIX}HISTORY_REPLAY"
        ),
    }
}

fn from_flags(config: &mut Config, flags: &Flags, problems: &mut Vec<Problem>) {
    if flags.listen.is_empty() {
        return;
    }
    if flags.listen.len() > LISTENERS_MAX {
        let message = format!(
            "given {} times; there are up to {LISTENERS_MAX} listeners",
            flags.listen.len()
        );
        problems.push(Problem::in_flag("--listen", message));
    }
    for (index, url) in flags.listen.iter().enumerate() {
        let mut earlier = flags.listen.iter().take(index);
        if let Some(other) = earlier.find(|other| other.collides_with(url)) {
            let message = format!("{url} is where {other} is already; leave one of them away");
            problems.push(Problem::in_flag("--listen", message));
        }
    }
    config.listen.clone_from(&flags.listen);
}
