//! With what the client logs in: a certificate, a token from a file, a command or the state folder, and
//! how one gets there (`register`, `login`, `logout`). Owns `$XDG_STATE_HOME/chat-client/credentials.toml`,
//! which nobody else can read; never shows a password or a token.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use chat_client::{Link, Naming, OwnCertificate, ServerAddress, Timing};
use chat_protocol::limits::TOKEN_BYTES_MAX;
use chat_protocol::{Command, Event, Password, Token, TokenName, UserName};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cli::CliOptions;
use crate::exit::{Exit, Failure};

/// What is read of a token's file, a command's output or a typed line, in bytes.
const SECRET_BYTES_MAX: u64 = 1_024;

/// The file.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Credentials {
    #[serde(default)]
    servers: BTreeMap<String, Credential>,
}

#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
struct Credential {
    name: UserName,
    /// What the token is called over there.
    called: TokenName,
    token: Token,
}

/// The token to come with, if there is one: of a file, a variable, a command, or of an earlier
/// log-in. A name that was asked for and is another one's goes without.
pub(crate) fn token(
    options: &CliOptions,
    server: &ServerAddress,
    command: Option<&str>,
) -> anyhow::Result<Option<Token>> {
    let named = |path: &Path| -> anyhow::Result<String> {
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        first_line(file).with_context(|| path.display().to_string())
    };
    let text = if let Some(path) = &options.token_file {
        named(path)?
    } else if let Some(text) = std::env::var_os("CHAT_TOKEN") {
        text.to_string_lossy().into_owned()
    } else if let Some(command) = command {
        told_by(command)?
    } else {
        let kept = default_path().map(|path| read(&path)).transpose()?.unwrap_or_default();
        let kept = kept.servers.get(&server.to_string());
        let is_it = |kept: &&Credential| {
            options.name.as_ref().is_none_or(|name| kept.name.as_str().eq_ignore_ascii_case(name))
        };
        return Ok(kept.filter(is_it).map(|kept| kept.token.clone()));
    };
    let token = Token::parse(text.trim()).map_err(|error| usage(&error))?;
    Ok(Some(token))
}

fn usage(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, format!("not a token: {error}"))
}

/// What a command prints, such as `pass show chat`.
fn told_by(command: &str) -> anyhow::Result<String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = std::process::Command::new(shell)
        .args([flag, command])
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("token_command {command}"))?;
    if !output.status.success() {
        let sentence = format!("token_command {command}: {}", output.status);
        return Err(Failure::new(Exit::Usage, sentence).into());
    }
    Ok(first_line(&*output.stdout)?)
}

fn first_line(text: impl Read) -> io::Result<String> {
    let mut line = String::new();
    io::BufReader::new(text.take(SECRET_BYTES_MAX)).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Makes an account of a name, and keeps a token of it.
pub(crate) async fn register(
    options: &CliOptions,
    server: &ServerAddress,
    name: UserName,
) -> anyhow::Result<Exit> {
    let password = ask_password(options, &format!("A password for {name}: ")).await?;
    if io::stdin().is_terminal() && ask_password(options, "Again: ").await? != password {
        return Err(Failure::new(Exit::Usage, "these are two passwords; nothing was done").into());
    }
    let mut link = Link::open(server, &Naming::Exact(name), &Timing::default()).await?;
    link.ask(Command::Register { password }).await?;
    keep(&mut link, server).await
}

/// Logs in, and keeps a token of the account.
pub(crate) async fn login(
    options: &CliOptions,
    server: &ServerAddress,
    name: UserName,
) -> anyhow::Result<Exit> {
    let password = ask_password(options, &format!("The password of {name}: ")).await?;
    let naming = Naming::Account(name, password);
    let mut link = Link::open(server, &naming, &Timing::default()).await?;
    keep(&mut link, server).await
}

/// By what one comes from now on: one's certificate, or else a token.
async fn keep(link: &mut Link, server: &ServerAddress) -> anyhow::Result<Exit> {
    match server.own_certificate() {
        Some(own) => add_certificate(link, server, own).await,
        None => keep_token(link, server).await,
    }
}

/// The account has this certificate from now on; a token that was kept goes.
async fn add_certificate(
    link: &mut Link,
    server: &ServerAddress,
    own: &OwnCertificate,
) -> anyhow::Result<Exit> {
    let fingerprint = own.fingerprint()?;
    let is_there = |list: &Event| {
        let Event::CertificateList { certificates, .. } = list else { return false };
        certificates.iter().any(|certificate| certificate.fingerprint == fingerprint)
    };
    if !is_there(&link.ask(Command::Certificates).await?) {
        link.ask(Command::AddCertificate { fingerprint: Some(fingerprint) }).await?;
    }
    if let Some(path) = default_path() {
        let mut all = read(&path)?;
        if let Some(kept) = all.servers.remove(&server.to_string()) {
            write(&path, &all)?;
            link.ask(Command::RevokeToken { name: kept.called }).await.ok(); // it may be another's
        }
    }
    let name = link.welcome().name.as_ref().map_or("", UserName::as_str);
    writeln!(
        io::stderr(),
        "Logged in at {server} as {name}. Who shows the certificate {fingerprint} is {name} there from \
         now on; chat-client logout ends it."
    )
    .ok();
    Ok(Exit::Ok)
}

async fn keep_token(link: &mut Link, server: &ServerAddress) -> anyhow::Result<Exit> {
    let Some(name) = link.welcome().name.clone() else {
        anyhow::bail!("the server gave no name");
    };
    let random = Uuid::now_v7().simple().to_string();
    let called =
        TokenName::parse(&format!("chat-client-{}", random.get(20..).unwrap_or_default()))?;
    let make = Command::MakeToken { name: called.clone(), rooms: Vec::new(), read_only: false };
    let Event::TokenMade { token, .. } = link.ask(make).await? else {
        anyhow::bail!("the server made no token");
    };
    let path = default_path().context("there is no folder for the state of programs")?;
    let mut all = read(&path)?;
    let before =
        all.servers.insert(server.to_string(), Credential { name: name.clone(), called, token });
    write(&path, &all)?;
    // The one of an earlier log-in is of no use any more.
    if let Some(before) = before.filter(|before| before.name == name) {
        link.ask(Command::RevokeToken { name: before.called }).await.ok();
    }
    writeln!(
        io::stderr(),
        "Logged in at {server} as {name}. chat-client is {name} there from now on; \
         chat-client logout ends it."
    )
    .ok();
    Ok(Exit::Ok)
}

/// Takes the kept token back.
pub(crate) async fn logout(server: &ServerAddress) -> anyhow::Result<Exit> {
    let path = default_path().context("there is no folder for the state of programs")?;
    let mut all = read(&path)?;
    let Some(kept) = all.servers.remove(&server.to_string()) else {
        if let Some(own) = server.own_certificate() {
            let naming = Naming::Certificate(None);
            let mut link = Link::open(server, &naming, &Timing::default()).await?;
            let fingerprint = own.fingerprint()?;
            link.ask(Command::RemoveCertificate { fingerprint }).await?;
            writeln!(io::stderr(), "Logged out at {server}.").ok();
            return Ok(Exit::Ok);
        }
        writeln!(io::stderr(), "Not logged in at {server}.").ok();
        return Ok(Exit::NothingFound);
    };
    write(&path, &all)?;
    // Over there it may be revoked already.
    if let Ok(mut link) = Link::open(server, &Naming::Token(kept.token), &Timing::default()).await {
        link.ask(Command::RevokeToken { name: kept.called }).await.ok();
    }
    writeln!(io::stderr(), "Logged out at {server}.").ok();
    Ok(Exit::Ok)
}

/// From a terminal, unseen, or the first line of stdin.
async fn ask_password(options: &CliOptions, question: &str) -> anyhow::Result<Password> {
    let is_asked = io::stdin().is_terminal();
    if is_asked && options.no_input {
        let sentence = "a password is needed; give it on stdin, or leave --no-input away";
        return Err(Failure::new(Exit::LoginNeeded, sentence).into());
    }
    // Dropped also when a signal ends the program meanwhile: the terminal shows again what is typed.
    let unseen = Unseen::begin(is_asked);
    if is_asked {
        write!(io::stderr(), "{question}").ok();
    }
    let line = tokio::task::spawn_blocking(|| {
        // Not more than the line: what stands behind it is not ours.
        let mut line = Vec::new();
        let stdin = io::stdin().lock();
        stdin.take(SECRET_BYTES_MAX).read_until(b'\n', &mut line).map(|_| line)
    });
    let line = line.await??;
    drop(unseen);
    if is_asked {
        writeln!(io::stderr()).ok();
    }
    let text = String::from_utf8(line).context("a password is text")?;
    Password::parse(text.trim_end_matches(['\n', '\r']))
        .map_err(|error| Failure::new(Exit::Usage, error.to_string()).into())
}

/// What is typed is not shown, as long as this is held.
struct Unseen {
    #[cfg(unix)]
    found: Option<rustix::termios::Termios>,
}

impl Unseen {
    #[cfg(unix)]
    fn begin(is_terminal: bool) -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let found = is_terminal.then(|| tcgetattr(io::stdin()).ok()).flatten();
        if let Some(mut mode) = found.clone() {
            mode.local_modes.remove(LocalModes::ECHO);
            tcsetattr(io::stdin(), OptionalActions::Drain, &mode).ok();
        }
        Self { found }
    }

    #[cfg(not(unix))]
    fn begin(_: bool) -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(found) = &self.found {
            use rustix::termios::{OptionalActions, tcsetattr};
            tcsetattr(io::stdin(), OptionalActions::Drain, found).ok();
        }
    }
}

fn default_path() -> Option<PathBuf> {
    let folders = etcetera::base_strategy::choose_native_strategy().ok()?;
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Some(folder.join("chat-client").join("credentials.toml"))
}

/// A file that others can read is not used: whoever read it is us.
fn read(path: &Path) -> anyhow::Result<Credentials> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Credentials::default()),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path)?.permissions().mode();
        if mode & 0o077 != 0 {
            let sentence = format!(
                "{}: others can read it; chat-client logout, log in again, then chmod 600 it",
                path.display()
            );
            return Err(Failure::new(Exit::Usage, sentence).into());
        }
    }
    // What is wrong is not quoted: it may be a token.
    toml::from_str(&text)
        .map_err(|_| Failure::new(Exit::Usage, format!("{}: damaged", path.display())).into())
}

/// Whole or not at all, and nobody else's to read.
fn write(path: &Path, credentials: &Credentials) -> anyhow::Result<()> {
    let text = toml::to_string(credentials)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let new = path.with_extension(format!("new-{}", std::process::id()));
    crate::state::write_private(&new, &text)?;
    std::fs::rename(&new, path).with_context(|| path.display().to_string())
}

const _: () = assert!(TOKEN_BYTES_MAX < 1_024);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_kept_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("credentials.toml");
        assert!(read(&path).unwrap().servers.is_empty());
        let kept = Credential {
            name: UserName::parse("ana").unwrap(),
            called: TokenName::parse("x").unwrap(),
            token: Token::parse("samovar_1").unwrap(),
        };
        let servers = BTreeMap::from([("127.0.0.1:5005".to_owned(), kept.clone())]);
        write(&path, &Credentials { servers }).unwrap();
        assert_eq!(read(&path).unwrap().servers["127.0.0.1:5005"], kept);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode));
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            mode(0o640).unwrap();
            assert!(read(&path).unwrap_err().to_string().contains("others can read it"));
            mode(0o600).unwrap();
        }
        std::fs::write(&path, "samovar_secret").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.ends_with("damaged"), "{error}");
    }
}
