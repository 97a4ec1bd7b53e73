//! Flags, environment and file become one set of settings. Reads the configuration file; never
//! one from the current directory, which could send a name or a text to another server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chat_client::{AddressError, Naming, OwnCertificate, ServerAddress, Trust};
use chat_protocol::{Refusal, RoomAddress, UserName};
use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::cli::CliOptions;
use crate::credential;
use crate::exit::{Exit, Failure};
use crate::state;
use crate::ui::{self, KeyMap, NameFrom};

/// The configuration file; `config/chat-client.toml` documents it.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, deserialize_with = "wanted")]
    server: Option<WantedServer>,
    name: Option<UserName>,
    room: Option<RoomAddress>,
    /// Prints the token to come with.
    token_command: Option<String>,
    #[serde(default)]
    servers: BTreeMap<String, NamedServer>,
    /// `/option` changes the same ones while the program runs.
    #[serde(default)]
    screen: BTreeMap<String, String>,
    /// An action, and the keys that do it.
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
}

/// A server that has a name of its own in the configuration.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct NamedServer {
    #[serde(deserialize_with = "address")]
    address: ServerAddress,
    name: Option<UserName>,
    room: Option<RoomAddress>,
    tls: Option<TlsWish>,
    tls_ca: Option<PathBuf>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
}

/// `tls = true`, `tls = "pin"`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(untagged, expecting = "true, false or \"pin\"")]
enum TlsWish {
    Plainly(bool),
    By(TlsManner),
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum TlsManner {
    Pin,
}

/// A server as it was asked for: by the name that the configuration gives it, or by its address.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WantedServer {
    text: String,
    address: ServerAddress,
}

impl WantedServer {
    /// Its address, if the configuration knows no such name.
    pub(crate) fn address(&self) -> ServerAddress {
        self.address.clone()
    }
}

impl FromStr for WantedServer {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Ok(Self { text: text.to_owned(), address: text.parse()? })
    }
}

/// What holds, wherever it was said: flags before environment before file.
#[derive(Clone, Debug)]
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
        let path = options.config.clone().or_else(|| default_path().filter(|path| path.exists()));
        let mut file = path.as_deref().map(read).transpose()?.unwrap_or_default();
        let (screen, keys) = file.screen_and_keys().map_err(|error| {
            let path = path.as_deref().unwrap_or(Path::new(""));
            Failure::new(Exit::Usage, format!("{}: {error}", path.display()))
        })?;
        let wanted = options.server.clone().or_else(|| file.server.take()).unwrap_or_default();
        let named = file.servers.remove(&wanted.text);
        let (server, name, room) = match named {
            Some(NamedServer { address, name, room, tls, tls_ca, tls_cert, tls_key }) => {
                let folder = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
                let ca = tls_ca.map(|file| folder.join(file));
                let (on, pin) = match tls {
                    None | Some(TlsWish::Plainly(false)) => (false, false),
                    Some(TlsWish::Plainly(true)) => (true, false),
                    Some(TlsWish::By(TlsManner::Pin)) => (false, true),
                };
                let [cert, key] = [tls_cert, tls_key].map(|file| file.map(|it| folder.join(it)));
                let server = encrypted(address, on || cert.is_some(), ca, pin)?;
                (showing(server, cert, key)?, name, room)
            }
            None => (wanted.address, None, None),
        };
        let (cert, key) = (options.tls_cert.clone(), options.tls_key.clone());
        let is_encrypted = options.tls || cert.is_some();
        let server = encrypted(server, is_encrypted, options.tls_ca.clone(), options.tls_pin)?;
        let server = showing(server, cert, key)?;
        let name = name.or(file.name);
        let name_from = match (&options.name, &name) {
            (None, None) => NameFrom::Login,
            (Some(_), _) | (None, Some(_)) => NameFrom::Chosen,
        };
        let naming = match (&options.name, name) {
            (Some(name), _) => Naming::Exact(UserName::parse(name).map_err(|error| {
                let refusal = Refusal::name_invalid(&error);
                Failure::new(Exit::Refused, format!("{refusal} Take another: --name NAME"))
            })?),
            (None, Some(name)) => Naming::Numbered(name.as_str().to_owned()),
            (None, None) => Naming::Numbered(login_name()),
        };
        let command = file.token_command.take();
        let token = credential::token(options, &server, command.as_deref())?;
        let (naming, name_from) = match token {
            Some(token) => (Naming::Token(token), NameFrom::Chosen),
            None if server.own_certificate().is_some() => {
                let wanted = options.name.as_ref().and_then(|name| UserName::parse(name).ok());
                (Naming::Certificate(wanted), NameFrom::Chosen)
            }
            None => (naming, name_from),
        };
        let rooms = if options.room.is_empty() {
            room.or(file.room).into_iter().collect()
        } else {
            options.room.clone()
        };
        Ok(Self { server, naming, rooms, name_from, screen, keys })
    }
}

/// The address with what else is said about its encryption; nothing: as it is.
fn encrypted(
    address: ServerAddress,
    tls: bool,
    ca: Option<PathBuf>,
    pin: bool,
) -> anyhow::Result<ServerAddress> {
    let is_encrypted = matches!(address, ServerAddress::Tls { .. });
    let usage = |sentence: String| anyhow::Error::from(Failure::new(Exit::Usage, sentence));
    let trust = match (ca, pin, tls && !is_encrypted) {
        (None, false, false) => return Ok(address),
        (Some(file), ..) => Trust::CaFile(file),
        (None, true, _) => {
            let known = state::known_servers();
            Trust::FirstSeen(known.ok_or_else(|| usage("no folder to keep pins in".to_owned()))?)
        }
        (None, false, true) => Trust::System,
    };
    let shown = address.to_string();
    let why = || usage(format!("{shown}: a Unix socket is not encrypted; leave TLS away"));
    address.encrypted(trust).ok_or_else(why)
}

/// The address with what the server is shown; nothing: as it is.
fn showing(
    address: ServerAddress,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
) -> anyhow::Result<ServerAddress> {
    let Some(cert) = cert else {
        return match key {
            None => Ok(address),
            Some(_) => Err(Failure::new(Exit::Usage, "tls_key is set and tls_cert is not").into()),
        };
    };
    let own = OwnCertificate { key: key.unwrap_or_else(|| cert.clone()), cert };
    let shown = address.to_string();
    let why = || format!("{shown}: without TLS no certificate is shown");
    address.showing(own).ok_or_else(|| Failure::new(Exit::Usage, why()).into())
}

impl File {
    /// What `[screen]` and `[keys]` say; NO_COLOR is stronger than a theme of the file.
    fn screen_and_keys(&self) -> Result<(ui::Settings, KeyMap), String> {
        let mut screen = ui::Settings::default();
        for (name, value) in &self.screen {
            screen.set(name, value).map_err(|error| format!("[screen]: {error}"))?;
        }
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            screen.theme = ui::Theme::Mono;
        }
        let mut map = KeyMap::default();
        for (action, keys) in &self.keys {
            map.rebind(action, keys).map_err(|error| format!("[keys]: {error}"))?;
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

fn wanted<'de, D>(deserializer: D) -> Result<Option<WantedServer>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn address<'de, D>(deserializer: D) -> Result<ServerAddress, D::Error>
where
    D: serde::Deserializer<'de>,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str = include_str!("../../../config/chat-client.toml");

    #[test]
    fn the_documented_file_has_every_key_and_is_the_default() {
        assert_eq!(toml::from_str::<File>(DOCUMENTED).unwrap(), File::default());
        // A key that is commented out begins with # and no space.
        let keys: Vec<&str> = DOCUMENTED
            .lines()
            .map(|line| line.strip_prefix('#').filter(|key| !key.starts_with(' ')).unwrap_or(line))
            .collect();
        let file: File = toml::from_str(&keys.join("\n")).unwrap();
        assert_eq!(file.server.as_ref().map(WantedServer::address), Some(ServerAddress::default()));
        assert!(file.name.is_some() && file.room.is_some() && !file.servers.is_empty());
        let (screen, map) = file.screen_and_keys().unwrap();
        assert_eq!(screen, ui::Settings::default());
        assert_eq!(file.screen.len(), screen.lines().len());
        assert_eq!(map, KeyMap::default());
        assert_eq!(file.keys.keys().cloned().collect::<Vec<_>>(), ui::action_names());
    }

    #[test]
    fn a_server_has_a_name_of_its_own_with_what_belongs_to_it() {
        use clap::Parser;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let text = "server = \"work\"\nname = \"ana\"\nroom = \"lobby\"\n\
                    [servers.work]\naddress = \"chat.work:7000\"\nname = \"smith\"\nroom = \"ops\"";
        std::fs::write(&path, text).unwrap();
        let resolve = |arguments: &[&str]| {
            let config = ["chat-client", "--config", path.to_str().unwrap()];
            let line = config.iter().chain(arguments);
            let cli = crate::cli::Cli::try_parse_from(line).unwrap();
            let settings = Settings::resolve(&cli.options).unwrap();
            format!("{} {:?} {:?}", settings.server, settings.naming, settings.rooms)
        };
        let work = resolve(&[]);
        assert!(work.starts_with("chat.work:7000") && work.contains("smith"), "{work}");
        assert_eq!(resolve(&["--server", "work"]), work);
        let home = resolve(&["--server", "home"]);
        assert!(home.starts_with("home:5005") && home.contains("ana"), "{home}");
        let told = resolve(&["--name", "lee", "--room", "build"]);
        assert!(told.contains("lee") && told.contains("build"), "{told}");
    }

    #[test]
    fn a_server_is_encrypted_as_file_and_flags_say() {
        use clap::Parser;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let text = "[servers.web]\naddress = \"h\"\ntls = true\n[servers.lan]\naddress = \"h\"\n\
                    tls_ca = \"lan.crt\"\n[servers.own]\naddress = \"h\"\ntls = \"pin\"\n\
                    [servers.mine]\naddress = \"h\"\ntls_cert = \"ana.crt\"\ntls_key = \"ana.key\"\n\
                    [servers.wrong]\naddress = \"h\"\ntls_key = \"ana.key\"\n";
        std::fs::write(&path, text).unwrap();
        let resolve = |arguments: &[&str]| {
            let config = ["chat-client", "--config", path.to_str().unwrap(), "--server"];
            let line = config.iter().chain(arguments);
            let cli = crate::cli::Cli::try_parse_from(line).unwrap();
            Settings::resolve(&cli.options).map(|settings| settings.server)
        };
        let tls = |trust| {
            let (host, port, own) = ("h".to_owned(), 5005, None);
            Some(ServerAddress::Tls { host, port, trust, own })
        };
        let showing = |cert: &str, key: &str| {
            let (cert, key) = (folder.path().join(cert), folder.path().join(key));
            tls(Trust::System).and_then(|server| server.showing(OwnCertificate { cert, key }))
        };
        let pins = state::known_servers().unwrap();
        for (arguments, server) in [
            (&["web"][..], tls(Trust::System)),
            (&["lan"], tls(Trust::CaFile(folder.path().join("lan.crt")))),
            (&["lan", "--tls"], tls(Trust::CaFile(folder.path().join("lan.crt")))),
            (&["own"], tls(Trust::FirstSeen(pins.clone()))),
            (&["own", "--tls-ca", "x"], tls(Trust::CaFile("x".into()))),
            (&["h", "--tls"], tls(Trust::System)),
            (&["tls://h", "--tls-pin"], tls(Trust::FirstSeen(pins))),
            (&["h"], Some(ServerAddress::Tcp { host: "h".to_owned(), port: 5005 })),
            (&["unix:/x", "--tls"], None),
            (&["mine"], showing("ana.crt", "ana.key")),
            (&["mine", "--tls-cert", "/x.pem"], showing("/x.pem", "/x.pem")),
            (&["h", "--tls-cert", "/x", "--tls-key", "/y"], showing("/x", "/y")),
            (&["unix:/x", "--tls-cert", "/x"], None),
            (&["wrong"], None),
        ] {
            assert_eq!(resolve(arguments).ok(), server, "{arguments:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        for (text, said) in [
            ("\nport = 1\n", "line 2, column 1"),
            ("server = \"host:x\"", "line 1, column 10"),
            ("name = \"a b\"", "has a space (position 2)"),
            ("[servers.x]\naddress = \"\"", "line 2, column 11"),
            ("[servers.x]\naddress = \"h\"\ntls = \"yes\"", "true, false or \"pin\""),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("config.toml: ") && error.contains(said), "{error}");
        }
    }
}
