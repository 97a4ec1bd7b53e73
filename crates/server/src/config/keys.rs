//! ONE table of keys: the file, the environment variables, the reload and the test of
//! config/chat-server.toml are made from it. Never reads a file.

use super::Config;
use super::read::{self, Refused, Value};

/// A key of the configuration.
pub(super) struct Key {
    /// `section.key`, or `key` before the first section.
    pub(super) path: &'static str,
    /// When a change of it takes effect.
    pub(super) applies: Applies,
    /// What it takes, to be read after "takes".
    pub(super) takes: &'static str,
    /// Puts a value into the configuration.
    pub(super) set: fn(&mut Config, &Value<'_>) -> Result<(), Refused>,
    /// Whether two configurations agree on it.
    pub(super) same: fn(&Config, &Config) -> bool,
}

/// When a change of a key takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    /// When the daemon starts.
    AtStart,
    /// Also on SIGHUP.
    AtReload,
}

impl Key {
    /// The section, `""` before the first one, and the key in it.
    pub(super) fn section_and_name(&self) -> (&'static str, &'static str) {
        self.path.split_once('.').unwrap_or(("", self.path))
    }

    /// The environment variable that sets it.
    pub(super) fn variable(&self) -> String {
        let path = self.path.replace('.', "_").to_ascii_uppercase();
        format!("{VARIABLE_PREFIX}{path}")
    }
}

/// What all our environment variables start with.
pub(super) const VARIABLE_PREFIX: &str = "CHAT_SERVER_";

/// `key!(path, field, when, reader, takes)`; an override of a style is read as `Some(reader)`.
macro_rules! key {
    ($path:literal, $($field:ident).+, $applies:ident, Some($read:ident), $takes:literal) => {
        key!(@ $path, $($field).+, $applies, |value| read::$read(value).map(Some), $takes)
    };
    ($path:literal, $($field:ident).+, $applies:ident, $read:ident, $takes:literal) => {
        key!(@ $path, $($field).+, $applies, read::$read, $takes)
    };
    (@ $path:literal, $($field:ident).+, $applies:ident, $read:expr, $takes:literal) => {
        Key {
            path: $path,
            applies: Applies::$applies,
            takes: $takes,
            set: |config, value| take(value, $read, &mut config.$($field).+),
            same: |a, b| a.$($field).+ == b.$($field).+,
        }
    };
}

fn take<T>(
    value: &Value<'_>,
    read: impl Fn(&Value<'_>) -> Result<T, Refused>,
    field: &mut T,
) -> Result<(), Refused> {
    *field = read(value)?;
    Ok(())
}

/// Every key, in the order of config/chat-server.toml.
#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    key!("listen", listen, AtStart, listeners,
        "a list of URLs, such as [\"auto://127.0.0.1:5005\"]"),

    key!("operator", operators, AtReload, operators,
        "sections [[operator]] with name = \"ana\" and, if you like, password = \"…\""),

    key!("server.name", server.name, AtStart, server_name,
        "one line of 1 to 64 bytes, such as \"Samovar\""),
    key!("server.motd", server.motd, AtReload, motd,
        "a text of up to 64 lines and 4096 bytes, or \"\" for none"),
    key!("server.default_room", server.default_room, AtStart, room_or_none,
        "a room's name, such as \"lobby\", or \"\" for none"),
    key!("server.shutdown_delay", server.shutdown_delay, AtStart, time,
        "a time up to a year, such as \"0s\", \"5s\" or \"1m30s\""),
    key!("server.resume_grace", server.resume_grace, AtStart, time,
        "a time up to a year, such as \"0s\", \"1m\" or \"1h30m\""),
    key!("server.origins", server.origins, AtReload, origins,
        "a list of web origins, such as [\"https://chat.example\"], or [\"*\"] for all"),

    key!("tls.cert", tls.cert, AtReload, Some(file),
        "a file's path, such as \"server.crt\""),
    key!("tls.key", tls.key, AtReload, Some(file),
        "a file's path, such as \"server.key\""),

    key!("line.style", line.style, AtStart, one_of,
        "\"samovar\", \"grillo\", \"talker\" or \"netcat\""),
    key!("line.identify", line.overrides.identify, AtStart, Some(one_of),
        "\"random\", \"ask\" or \"login\""),
    key!("line.commands", line.overrides.commands, AtStart, Some(one_of),
        "\"prefixed\", \"bare\" or \"mixed\""),
    key!("line.prefixes", line.overrides.prefixes, AtStart, Some(prefixes),
        "1 to 8 punctuation marks, such as \"/\""),
    key!("line.words", line.overrides.words, AtStart, Some(words),
        "\"all\", or a list of commands, such as [\"who\", \"quit\"]"),
    key!("line.replay", line.overrides.replay, AtStart, Some(replay),
        "a whole number from 0 to 100, such as 20"),

    key!("rooms.max", rooms.max, AtStart, count,
        "a whole number from 1 to 1000000, such as 10000"),
    key!("rooms.per_user_max", rooms.per_user_max, AtStart, count,
        "a whole number from 1 to 1000000, such as 1000"),
    key!("rooms.quiet_presence", rooms.quiet_presence, AtStart, count_or_off,
        "a whole number from 1 to 1000000, such as 500, or \"off\""),

    key!("accounts.registration", accounts.registration, AtStart, one_of,
        "\"open\", \"guests\" or \"closed\""),
    key!("accounts.max", accounts.max, AtStart, count,
        "a whole number from 1 to 1000000, such as 100000"),
    key!("accounts.password_hash", accounts.password_hash, AtStart, hash_cost,
        "the cost of argon2id, such as { m = 19456, t = 2, p = 1 } (KiB, passes, lanes)"),

    key!("accounts.password_length", accounts.password_length, AtStart, password_length,
        "a whole number from 1 to 64, such as 8"),

    key!("irc.password", irc.password, AtStart, irc_password,
        "a word of up to 256 bytes, or \"\" for none"),
    key!("irc.sts_port", irc.sts_port, AtReload, port_or_off,
        "a port from 1 to 65535, such as 6697, or \"off\""),
    key!("irc.sts_duration", irc.sts_duration, AtReload, time,
        "a time up to a year, such as \"5m\" or \"720h\""),

    key!("history.sync", history.sync, AtStart, one_of,
        "\"always\" or \"os\""),
    key!("history.replay", history.replay, AtStart, replay,
        "a whole number from 0 to 100, such as 20"),
    key!("history.max_age", history.keep.age, AtStart, age_or_off,
        "an age, such as \"30d\", \"12h\" or \"2w\", or \"off\""),
    key!("history.max_events", history.keep.events, AtStart, events_or_off,
        "a whole number from 1 to 1000000000, such as 100000, or \"off\""),
    key!("history.rooms", history.rooms, AtStart, rooms_kept,
        "a list of rooms with what is kept of each, such as [\"ops 7d\", \"build 2d 5000\", \"wiki off\"]"),
    key!("history.key_days", history.key_days, AtStart, days,
        "a whole number from 0 to 3650, such as 30"),

    key!("limits.enabled", limits.enabled, AtReload, truth,
        "true or false"),
    key!("limits.connections", limits.connections, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 20000, or \"off\""),
    key!("limits.connections_per_address", limits.connections_per_address, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 256, or \"off\""),
    key!("limits.handshakes_per_address", limits.handshakes_per_address, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 32, or \"off\""),
    key!("limits.messages_per_second", limits.messages_per_second, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 20, or \"off\""),
    key!("limits.messages_per_second_per_address", limits.messages_per_second_per_address, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 200, or \"off\""),
    key!("limits.commands_per_second", limits.commands_per_second, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 50, or \"off\""),
    key!("limits.commands_per_second_per_address", limits.commands_per_second_per_address, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 500, or \"off\""),
    key!("limits.queries_per_second", limits.queries_per_second, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 10, or \"off\""),
    key!("limits.queries_per_second_per_address", limits.queries_per_second_per_address, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 100, or \"off\""),
    key!("limits.rooms_per_hour", limits.rooms_per_hour, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 60, or \"off\""),
    key!("limits.rooms_per_hour_per_address", limits.rooms_per_hour_per_address, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 600, or \"off\""),
    key!("limits.login_attempts", limits.login_attempts, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 5, or \"off\""),
    key!("limits.login_attempts_per_address", limits.login_attempts_per_address, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 10, or \"off\""),
    key!("limits.registrations_per_address", limits.registrations_per_address, AtReload, count_or_off,
        "a whole number from 1 to 1000000, such as 10, or \"off\""),
    key!("limits.flood_refused", limits.flood_refused, AtReload, time_or_off,
        "a time longer than 0, such as \"10s\", or \"off\""),
    key!("limits.flood_closed", limits.flood_closed, AtReload, time_or_off,
        "a time longer than 0, such as \"30s\", or \"off\""),
    key!("limits.exempt", limits.exempt, AtReload, exempt,
        "a list of \"loopback\" and \"unix\", or []"),
    key!("limits.handshake", limits.handshake, AtReload, time_or_off,
        "a time longer than 0, such as \"10s\", or \"off\""),
    key!("limits.login", limits.login, AtReload, time_or_off,
        "a time longer than 0, such as \"2m\", or \"off\""),
    key!("limits.write_stall", limits.write_stall, AtReload, time_or_off,
        "a time longer than 0, such as \"5m\", or \"off\""),

    key!("log.level", log.level, AtReload, log_level,
        "a level (error, warn, info, debug, trace, off), or a filter such as \"info,chat_server::room=debug\""),
];

#[cfg(test)]
mod tests {
    use super::super::reload_difference;
    use super::*;

    #[test]
    fn on_reload_limits_motd_tls_and_log_level_change_and_all_else_needs_a_restart() {
        let old = Config::default();
        let mut new = old.clone();
        new.limits.login = None;
        new.server.motd = Some("closed on Friday".to_owned());
        new.log.level = "debug".to_owned();
        assert_eq!(reload_difference(&old, &new), Ok(()));

        new.rooms.max = 5;
        new.listen.clear();
        new.line.overrides.replay = Some(3);
        assert_eq!(
            reload_difference(&old, &new).unwrap_err(),
            ["listen", "line.replay", "rooms.max"].map(|key| format!("`{key}` needs a restart"))
        );
        let reloadable: Vec<&str> = KEYS
            .iter()
            .filter(|key| key.applies == Applies::AtReload)
            .map(|key| key.path)
            .collect();
        assert_eq!(
            reloadable,
            [
                "operator",
                "server.motd",
                "server.origins",
                "tls.cert",
                "tls.key",
                "irc.sts_port",
                "irc.sts_duration",
                "limits.enabled",
                "limits.connections",
                "limits.connections_per_address",
                "limits.handshakes_per_address",
                "limits.messages_per_second",
                "limits.messages_per_second_per_address",
                "limits.commands_per_second",
                "limits.commands_per_second_per_address",
                "limits.queries_per_second",
                "limits.queries_per_second_per_address",
                "limits.rooms_per_hour",
                "limits.rooms_per_hour_per_address",
                "limits.login_attempts",
                "limits.login_attempts_per_address",
                "limits.registrations_per_address",
                "limits.flood_refused",
                "limits.flood_closed",
                "limits.exempt",
                "limits.handshake",
                "limits.login",
                "limits.write_stall",
                "log.level",
            ]
        );
    }
}
