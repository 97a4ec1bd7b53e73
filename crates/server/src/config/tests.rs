//! The configuration as a whole: file, environment, flags, reload, and the file that is shipped.

use std::path::Path;

use super::load::ReloadError;
use super::*;

const SHIPPED: &str = include_str!("../../../../config/chat-server.toml");

/// Flags that name an empty file: nothing of the machine that tests is read.
fn flags(listen: &[&str]) -> Flags {
    Flags {
        config: Some("/dev/null".into()),
        listen: listen.iter().map(|url| ListenUrl::parse(url).unwrap()).collect(),
    }
}

/// Loads `text` as `chat-server.toml` of the current folder, with these variables.
fn loaded(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("chat-server.toml"), text).unwrap();
    let environment =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&Flags::default(), &environment, folder.path()).map(|loaded| loaded.config).map_err(
        |error| {
            let folder = format!("{}/", folder.path().display());
            error.to_string().replace(&folder, "")
        },
    )
}

fn refused(text: &str) -> String {
    loaded(text, &[]).unwrap_err()
}

#[test]
fn the_shipped_file_says_the_defaults_and_names_every_key_with_a_comment() {
    assert_eq!(loaded(SHIPPED, &[]).unwrap(), Config::default());

    let mut named = Vec::new();
    let mut section = "";
    let mut above = "";
    for line in SHIPPED.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name;
        }
        let assignment = line.strip_prefix("#").unwrap_or(line).split_once(" = ");
        if let Some((name, _)) = assignment.filter(|(name, _)| !name.contains(' ')) {
            assert!(above.starts_with("# "), "{name} has no comment");
            let dot = if section.is_empty() { "" } else { "." };
            named.push(format!("{section}{dot}{name}"));
        }
        above = line;
    }
    let keys: Vec<&str> = keys::KEYS.iter().map(|key| key.path).collect();
    assert_eq!(named, keys);
}

#[test]
fn what_the_shipped_file_only_shows_can_be_switched_on() {
    let switched_on: String = SHIPPED
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(shown) if !shown.starts_with(' ') => format!("{shown}\n"),
            Some(_) | None => format!("{line}\n"),
        })
        .collect();
    let config = loaded(&switched_on, &[]).unwrap();
    let (_, overrides) = config.line.style();
    assert!(overrides.identify.is_some() && overrides.words.is_some());
}

#[test]
fn an_unknown_key_is_told_what_it_resembles_or_where_it_belongs() {
    assert_eq!(
        refused("[history]\n\nsync = \"os\"\nrepaly = 20\n"),
        "chat-server.toml:4:1: unknown key `repaly` in [history]; did you mean `replay`?\n\
         4 | repaly = 20\n\
         \x20 | ^^^^^^"
    );
    for (text, said) in [
        ("[histroy]\nsync = 1", "1:2: unknown section [histroy]; did you mean [history]?"),
        ("[passwords]\n", "1:2: unknown section [passwords]; there are [server], [tls], [line],"),
        (
            "[log]\nlisten = []",
            "2:1: unknown key `listen` in [log]; it belongs before the first [section]",
        ),
        (
            "replay = 20",
            "1:1: unknown key `replay` before the first [section]; it belongs in [line] or in [history]",
        ),
        ("[server]\npassword = 1", "2:1: unknown key `password` in [server]; it belongs in [irc]"),
        ("\"server.name\" = \"x\"", "1:1: unknown key `server.name` before"),
        ("\"\\u001b[31m\" = 1", "unknown key `\\u{1b}[31m`"),
        ("server = \"x\"", "1:10: `server` is a section; write [server], its keys below"),
    ] {
        let error = refused(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

/// A file of one line, and what it is told.
#[rustfmt::skip]
const WRONG_VALUES: &[(&str, &str)] = &[
    ("history.replay = 101", "this is the number 101"),
    ("history.replay = -1", "this is the number -1"),
    ("history.replay = 2.5", "this is the number 2.5"),
    ("history.sync = \"never\"", "`history.sync` takes \"always\" or \"os\"; this is"),
    ("history.sync = true", "\"always\" or \"os\"; this is true"),
    ("rooms.max = 0", "from 1 to 1000000"),
    ("rooms.max = \"off\"", "this is the text \"off\""),
    ("rooms.per_user_max = 99999999999999999999", "this is the number 999"),
    ("limits.login = \"0s\"", "a time longer than 0"),
    ("limits.login = \"-5s\"", "a time longer than 0"),
    ("limits.login = \"366 hours ago\"", "a time longer than 0"),
    ("limits.login = \"8761h\"", "a time longer than 0"),
    ("limits.login = 120", "such as \"2m\", or \"off\"; this is the number 120"),
    ("limits.connections = 0", "or \"off\"; this is the number 0"),
    ("server.shutdown_delay = \"off\"", "such as \"0s\", \"5s\""),
    ("server.name = \" \"", "one line of 1 to 64 bytes"),
    ("server.name = \"a\\nb\"", "the character U+000A"),
    ("server.motd = \"\\u001b[2J\"", "U+001B"),
    ("server.motd = \"\\u0002bold\"", "U+0002"),
    ("server.motd = 1979-05-27", "this is a date"),
    ("server.default_room = \"a b\"", "\"a b\" has a space (position 2); it takes a room's name"),
    ("line.style = \"grilo\"", "\"grillo\", \"talker\" or \"netcat\"; this is the text \"grilo\""),
    ("line.prefixes = \"\"", "punctuation marks"),
    ("line.prefixes = \"x\"", "punctuation marks"),
    ("line.words = [\"who\", \"woh\"]", "1:22: `line.words`: \"woh\" is no command (did you mean \"who\"?); it"),
    ("line.replay = 101", "`line.replay` takes a whole number from 0 to 100"),
    ("listen = \"auto://h:1\"", "`listen` takes a list of URLs"),
    ("listen = []", "0 listeners; there are 1 to 64"),
    ("listen = [\"auto://h:1\", \"gopher://h:2\"]", "1:25: `listen`: listen URL \"gopher://h:2\" has"),
    ("listen = [\"auto://h:1\", \"line://h:1\"]", "line://h:1 is where auto://h:1 is already"),
    ("log.level = \"inof\"", "`log.level`: "),
    ("[server\n", "1:8: this is not TOML: "),
    ("server.name = Samovar", "this is not TOML: string values must be quoted"),
    ("[log]\n[log]\n", "2:2: this is not TOML: duplicate key"),
];

#[test]
fn a_wrong_value_is_told_what_the_key_takes() {
    assert_eq!(
        refused("[history]\nreplay = \"20\"\n"),
        "chat-server.toml:2:10: `history.replay` takes a whole number from 0 to 100, such as 20; \
         this is the text \"20\"\n\
         2 | replay = \"20\"\n\
         \x20 |          ^^^^"
    );
    for (text, said) in WRONG_VALUES {
        let error = refused(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file() {
    let error = loaded("[rooms]\nmax = 0\n[history]\nsync = 1\n", &[("CHAT_SERVER_LOG_LEVEL", "")])
        .unwrap_err();
    let said: Vec<&str> = error
        .lines()
        .filter(|line| !line.contains(" | "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(said, ["chat-server.toml:2:7:", "chat-server.toml:4:8:", "CHAT_SERVER_LOG_LEVEL:"]);
    let endless: String = (0..10_000).map(|n| format!("k{n} = 1\n")).collect();
    let error = refused(&endless);
    assert_eq!(error.lines().count(), 3 * 20);
    assert!(error.contains("chat-server.toml:20:1: unknown key `k19`"), "{error}");
    assert!(error.contains("(and 9980 more)"), "{error}");
}

#[test]
fn times_are_written_with_units_and_limits_can_be_off() {
    let config = loaded(
        "[server]\nshutdown_delay = \"1h30m\"\nmotd = \"\"\"\nhello\r\n\tworld\n\"\"\"\ndefault_room = \"\"\n\
         [limits]\nlogin = \"off\"\nconnections = \"off\"\nhandshake = \"300ms\"\nwrite_stall = \"8760h\"\n",
        &[],
    )
    .unwrap();
    assert_eq!(config.server.shutdown_delay, Duration::from_secs(5_400));
    assert_eq!(config.server.motd.as_deref(), Some("hello\n\tworld"));
    assert_eq!(config.server.default_room, None);
    assert_eq!(config.limits.login, None);
    assert_eq!(config.limits.connections, None);
    assert_eq!(config.limits.handshake, Some(Duration::from_millis(300)));
}

#[test]
fn variables_change_the_file_and_flags_change_both() {
    let variables = [
        ("CHAT_SERVER_HISTORY_REPLAY", "50"),
        ("CHAT_SERVER_SERVER_NAME", "2026"),
        ("CHAT_SERVER_SERVER_DEFAULT_ROOM", ""),
        ("CHAT_SERVER_LINE_WORDS", "who, quit"),
        ("CHAT_SERVER_LIMITS_LOGIN", "90s"),
        ("CHAT_SERVER_LIMITS_HANDSHAKE", "\"off\""),
        ("CHAT_SERVER_LISTEN", "auto://[::1]:1,line://h:2?style=talker"),
        ("CHAT_SERVER_CONFIG", "/not/read/here"),
        ("CHAT_SERVER_DATA", "/nor/this"),
        ("CHAT_CLIENT_NAME", "ana"),
    ];
    let config = loaded("history.replay = 7\nhistory.sync = \"os\"", &variables).unwrap();
    assert_eq!((config.history.replay, config.history.sync), (50, Sync::Os));
    assert_eq!(config.server.name, "2026");
    assert_eq!(config.server.default_room, None);
    assert_eq!(config.limits.login, Some(Duration::from_secs(90)));
    assert_eq!(config.limits.handshake, None);
    assert_eq!(config.listen.len(), 2);
    let (_, overrides) = config.line.style();
    let words = vec!["who".to_owned(), "quit".to_owned()];
    assert_eq!(overrides.words, Some(crate::frontend::line::style::Words::These(words)));

    let flags = flags(&["native://h:3"]);
    let environment = [("CHAT_SERVER_LISTEN".to_owned(), "auto://h:1".to_owned())];
    let loaded = load(&flags, &environment.into_iter().collect(), Path::new("/")).unwrap();
    assert_eq!(loaded.config.listen, flags.listen);
}

#[test]
fn a_wrong_variable_or_flag_is_told_what_would_be_right() {
    for (name, value, said) in [
        (
            "CHAT_SERVER_HISTROY_REPLAY",
            "5",
            "unknown variable; did you mean CHAT_SERVER_HISTORY_REPLAY?",
        ),
        ("CHAT_SERVER_PORT", "5", "a key's variable is CHAT_SERVER_SECTION_KEY"),
        ("CHAT_SERVER_HISTORY_REPLAY", "abc", "this is the text \"abc\""),
        ("CHAT_SERVER_HISTORY_REPLAY", "500", "this is the number 500"),
        ("CHAT_SERVER_LISTEN", "", "0 listeners"),
        ("CHAT_SERVER_LISTEN", "gopher://h:1", "scheme \"gopher\""),
        ("CHAT_SERVER_LINE_STYLE", "x", "this is the text \"x\""),
    ] {
        let error = loaded("", &[(name, value)]).unwrap_err();
        assert!(error.starts_with(&format!("{name}: ")), "{error}");
        assert!(error.contains(said), "{error}");
    }
    let flags = flags(&["auto://h:1", "auto://h:1"]);
    let error = load(&flags, &Environment::default(), Path::new("/")).unwrap_err();
    assert!(error.to_string().starts_with("--listen: auto://h:1 is where"), "{error}");
}

#[test]
fn the_first_file_that_is_there_counts_and_one_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (cwd, xdg) = (folder.path().join("cwd"), folder.path().join("xdg"));
    std::fs::create_dir_all(&cwd).unwrap();
    std::fs::create_dir_all(xdg.join("chat-server")).unwrap();
    let personal = xdg.join("chat-server/chat-server.toml");
    std::fs::write(&personal, "history.replay = 1").unwrap();
    let environment =
        [("XDG_CONFIG_HOME".to_owned(), xdg.display().to_string())].into_iter().collect();
    let at = |flags: &Flags| load(flags, &environment, &cwd);
    let found = at(&Flags::default()).unwrap();
    assert_eq!((found.source, found.config.history.replay), (Some(personal), 1));

    let here = cwd.join("chat-server.toml");
    std::fs::write(&here, "history.replay = 2").unwrap();
    assert_eq!(at(&Flags::default()).unwrap().source, Some(here.clone()));

    let named = |name: &str| Flags { config: Some(name.into()), listen: Vec::new() };
    std::fs::write(cwd.join("mine"), "history.replay = 3").unwrap();
    assert_eq!(at(&named("mine")).unwrap().config.history.replay, 3);
    let missing = at(&named("missing")).unwrap_err().to_string();
    assert!(missing.contains("missing: cannot read"), "{missing}");

    std::fs::remove_file(&here).unwrap();
    std::fs::create_dir(&here).unwrap();
    let unreadable = at(&Flags::default()).unwrap_err().to_string();
    assert!(unreadable.contains("Is a directory"), "{unreadable}");
    std::fs::write(cwd.join("large"), vec![b'#'; 1_024 * 1_024 + 1]).unwrap();
    let large = at(&named("large")).unwrap_err().to_string();
    assert!(large.contains("larger than 1048576 bytes"), "{large}");
    std::fs::write(cwd.join("latin1"), b"# ok\n# \xe9t\xe9\n").unwrap();
    let latin1 = at(&named("latin1")).unwrap_err().to_string();
    assert!(latin1.contains("latin1:2:3: this is not UTF-8"), "{latin1}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_read_once_and_not_again_on_reload() {
    use std::io::Write;
    use std::os::fd::AsRawFd;

    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"history.replay = 9").unwrap();
    drop(writer);
    let flags = Flags {
        config: Some(format!("/proc/self/fd/{}", reader.as_raw_fd()).into()),
        listen: Vec::new(),
    };
    let none = Environment::default();
    let loaded = load(&flags, &none, Path::new("/")).unwrap();
    assert_eq!(loaded.config.history.replay, 9);
    let again = reload(&loaded.config, &flags, &none, Path::new("/"));
    assert!(matches!(again, Err(ReloadError::Pipe(_))), "{again:?}");
}

#[test]
fn a_reload_takes_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chat-server.toml");
    let (flags, none) = (Flags::default(), Environment::default());
    let running = Config::default();
    let again = |text: &str| {
        std::fs::write(&file, text).unwrap();
        reload(&running, &flags, &none, folder.path())
            .map(|loaded| loaded.config.limits.connections)
            .map_err(|error| error.to_string())
    };
    assert_eq!(again("limits.connections = 5"), Ok(Some(5)));
    assert_eq!(
        again("limits.connections = 5\nrooms.max = 5\nhistory.sync = \"os\""),
        Err("`rooms.max` needs a restart; `history.sync` needs a restart".to_owned())
    );
    assert!(again("limits.connections = 0").is_err());
}
