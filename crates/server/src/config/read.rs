//! TOML values to the types of the configuration. Owns what is a possible value of each kind of
//! key; never knows which key it reads.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use chat_protocol::limits::{MESSAGE_TEXT_BYTES_MAX, PAGE_EVENTS_MAX};
use chat_protocol::{LineText, MessageText, Moment, Password, RoomName, UserName, slash};
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};
use toml::Spanned;
use toml::de::{DeArray, DeValue};

use super::listen::ListenUrl;
use super::problem::shown;
use super::{Exempt, Keep, Operator};
use crate::account::HashCost;
use crate::frontend::line::style::{All, Words};
use chat_protocol::nearest::nearest;

/// A value, and where it stands.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// Listeners of one daemon.
pub(super) const LISTENERS_MAX: usize = 64;
/// What counts as a count: rooms, connections. (A room's number in the journal has 23 bits.)
pub(super) const COUNT_MAX: u64 = 1_000_000;
/// What is kept of a room, in events.
const EVENTS_MAX: u64 = 1_000_000_000;
/// What a hash may cost: memory in KiB, passes, lanes.
const MEMORY_KIB_MAX: u32 = 1_024 * 1_024;
const PASSES_MAX: u32 = 100;
const LANES_MAX: u32 = 16;
/// Operators in the configuration.
const OPERATORS_MAX: usize = 100;
/// How long keys are known, in days.
const DAYS_MAX: u64 = 3_650;
/// Rooms with a rule of their own.
const ROOMS_KEPT_MAX: usize = 1_000;
/// A server's name, in bytes: it stands in one line with other things.
/// What fits a line of IRC with room to spare.
const IRC_PASSWORD_BYTES_MAX: usize = 256;
const SERVER_NAME_BYTES_MAX: usize = 64;
/// The longest time that can be configured.
const TIME_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Characters that can stand before a command.
const PREFIXES_CHARACTERS_MAX: usize = 8;
/// Web pages from which browsers may connect.
const ORIGINS_MAX: usize = 100;
/// Commands that a line style can offer.
const WORDS_MAX: usize = 64;
/// What line styles offer besides the words of every front end.
const WORDS_OF_STYLES: [&str; 3] = ["login", "logout", "say"];

/// Why a value was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// What is wrong with it.
    pub(super) why: Why,
    /// Where it stands.
    pub(super) span: Range<usize>,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It is of another type; this is what was found.
    Type(String),
    /// The type is right, but there is no such value; this is what was found.
    Value(String),
    /// What a parser said.
    Reason(String),
}

impl Refused {
    fn type_of(value: &Value<'_>) -> Self {
        Self { why: Why::Type(found(value.get_ref())), span: value.span() }
    }

    fn value(value: &Value<'_>) -> Self {
        Self { why: Why::Value(found(value.get_ref())), span: value.span() }
    }

    fn reason(value: &Value<'_>, reason: impl fmt::Display) -> Self {
        Self { why: Why::Reason(reason.to_string()), span: value.span() }
    }
}

/// A list of listeners: at least one, no two that collide.
pub(super) fn listeners(value: &Value<'_>) -> Result<Vec<ListenUrl>, Refused> {
    let list = list(value)?;
    if list.is_empty() || list.len() > LISTENERS_MAX {
        let reason = format!("{} listeners; there are 1 to {LISTENERS_MAX}", list.len());
        return Err(Refused::reason(value, reason));
    }
    let mut listeners: Vec<ListenUrl> = Vec::new();
    for element in list.iter() {
        let url = ListenUrl::parse(text(element)?).map_err(|e| Refused::reason(element, e))?;
        if let Some(other) = listeners.iter().find(|other| other.collides_with(&url)) {
            let reason = format!("{url} is where {other} is already");
            return Err(Refused::reason(element, reason));
        }
        listeners.push(url);
    }
    Ok(listeners)
}

/// Where a file is.
pub(super) fn file(value: &Value<'_>) -> Result<PathBuf, Refused> {
    match text(value)? {
        "" => Err(Refused::value(value)),
        path if path.contains('\0') => Err(Refused::value(value)),
        path => Ok(path.into()),
    }
}

/// A server's name.
pub(super) fn server_name(value: &Value<'_>) -> Result<String, Refused> {
    let name = LineText::parse(text(value)?).map_err(|e| Refused::reason(value, e))?;
    match name.as_str().trim() {
        "" => Err(Refused::value(value)),
        name if name.len() > SERVER_NAME_BYTES_MAX => Err(Refused::value(value)),
        name => Ok(name.to_owned()),
    }
}

/// A message of the day; line ends at its end do not count.
pub(super) fn motd(value: &Value<'_>) -> Result<Option<String>, Refused> {
    let motd = text(value)?.trim_end_matches(['\n', '\r']);
    let motd = motd.replace("\r\n", "\n");
    let checked = MessageText::parse(&motd).map_err(|e| Refused::reason(value, e))?;
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    match checked.as_str().chars().find(|c| control(*c)) {
        Some(c) => {
            let reason = format!("the text has the control character U+{:04X}", u32::from(c));
            Err(Refused::reason(value, reason))
        }
        None => Ok((!motd.is_empty()).then_some(motd)),
    }
}

/// A room's name, or `""`.
pub(super) fn room_or_none(value: &Value<'_>) -> Result<Option<RoomName>, Refused> {
    match text(value)? {
        "" => Ok(None),
        name => RoomName::parse(name).map(Some).map_err(|e| Refused::reason(value, e)),
    }
}

/// `"0s"`, `"300ms"`, `"1h30m"`: not negative, up to a year.
pub(super) fn time(value: &Value<'_>) -> Result<Duration, Refused> {
    let parsed: Result<SignedDuration, _> = text(value)?.parse();
    parsed
        .ok()
        .and_then(|signed| Duration::try_from(signed).ok())
        .filter(|time| *time <= TIME_MAX)
        .ok_or_else(|| Refused::value(value))
}

/// A time longer than 0, or `"off"`.
pub(super) fn time_or_off(value: &Value<'_>) -> Result<Option<Duration>, Refused> {
    if is_off(value) {
        return Ok(None);
    }
    match time(value)? {
        Duration::ZERO => Err(Refused::value(value)),
        time => Ok(Some(time)),
    }
}

/// How long something is kept: `"90s"`, `"30d"`, `"2w"`; or `"off"`: for ever.
pub(super) fn age_or_off(value: &Value<'_>) -> Result<Option<Duration>, Refused> {
    if is_off(value) {
        return Ok(None);
    }
    age(text(value)?).map(Some).ok_or_else(|| Refused::value(value))
}

fn age(text: &str) -> Option<Duration> {
    match Moment::parse_age(text)? {
        Moment::Ago { ms } => Some(Duration::from_millis(ms)),
        Moment::At(_) => None,
    }
}

/// 1 to [`EVENTS_MAX`], or `"off"`.
pub(super) fn events_or_off(value: &Value<'_>) -> Result<Option<u64>, Refused> {
    if is_off(value) {
        return Ok(None);
    }
    whole(value, 1, EVENTS_MAX).map(Some)
}

/// 0 to ten years.
pub(super) fn days(value: &Value<'_>) -> Result<u64, Refused> {
    whole(value, 0, DAYS_MAX)
}

/// Rooms, each with what is kept of it: an age, a number of events, both, or `off`.
pub(super) fn rooms_kept(value: &Value<'_>) -> Result<Vec<(RoomName, Keep)>, Refused> {
    let list = list(value)?;
    if list.len() > ROOMS_KEPT_MAX {
        let reason = format!("{} rooms; there are up to {ROOMS_KEPT_MAX}", list.len());
        return Err(Refused::reason(value, reason));
    }
    let mut rooms: Vec<(RoomName, Keep)> = Vec::new();
    for element in list.iter() {
        let (room, keep) = room_kept(text(element)?).map_err(|e| Refused::reason(element, e))?;
        if rooms.iter().any(|(other, _)| *other == room) {
            return Err(Refused::reason(element, format!("{room} is in the list twice")));
        }
        rooms.push((room, keep));
    }
    Ok(rooms)
}

fn room_kept(text: &str) -> Result<(RoomName, Keep), String> {
    let mut words = text.split_whitespace();
    let room = RoomName::parse(words.next().unwrap_or_default()).map_err(|e| e.to_string())?;
    let mut keep = Keep::default();
    let mut is_empty = true;
    for word in words {
        is_empty = false;
        let events = word.parse().ok().filter(|events| (1..=EVENTS_MAX).contains(events));
        match (word, events, age(word)) {
            ("off", ..) => {}
            (_, Some(events), _) => keep.events = Some(events),
            (_, None, Some(age)) => keep.age = Some(age),
            (_, None, None) => {
                return Err(format!(
                    "\"{}\" is neither an age (7d), nor a number of events (5000), nor off",
                    shown(word)
                ));
            }
        }
    }
    if is_empty {
        return Err(format!("it is not said what is kept of {room}"));
    }
    Ok((room, keep))
}

/// Yes or no.
pub(super) fn truth(value: &Value<'_>) -> Result<bool, Refused> {
    value.get_ref().as_bool().ok_or_else(|| Refused::type_of(value))
}

/// 1 to [`COUNT_MAX`].
pub(super) fn count(value: &Value<'_>) -> Result<u64, Refused> {
    whole(value, 1, COUNT_MAX)
}

/// How many characters a new password has at least.
pub(super) fn password_length(value: &Value<'_>) -> Result<u64, Refused> {
    whole(value, 1, 64)
}

/// What IRC clients give with PASS: a word, or `""`.
pub(super) fn irc_password(value: &Value<'_>) -> Result<Option<String>, Refused> {
    let word = text(value)?;
    let is_word = |c: char| !c.is_whitespace() && !c.is_control();
    if word.len() > IRC_PASSWORD_BYTES_MAX || !word.chars().all(is_word) {
        return Err(Refused::value(value));
    }
    Ok((!word.is_empty()).then(|| word.to_owned()))
}

/// 1 to [`COUNT_MAX`], or `"off"`.
pub(super) fn count_or_off(value: &Value<'_>) -> Result<Option<u64>, Refused> {
    if is_off(value) {
        return Ok(None);
    }
    count(value).map(Some)
}

/// A port, or `"off"`.
pub(super) fn port_or_off(value: &Value<'_>) -> Result<Option<u16>, Refused> {
    if is_off(value) {
        return Ok(None);
    }
    let port = u16::try_from(whole(value, 1, u64::from(u16::MAX))?);
    port.map(Some).map_err(|_| Refused::value(value))
}

/// How many stored messages are shown on joining: 0 to one page.
pub(super) fn replay(value: &Value<'_>) -> Result<u32, Refused> {
    let messages = whole(value, 0, u64::from(PAGE_EVENTS_MAX))?;
    u32::try_from(messages).map_err(|_| Refused::value(value))
}

/// One of the words of an enum.
pub(super) fn one_of<T: for<'de> Deserialize<'de>>(value: &Value<'_>) -> Result<T, Refused> {
    let word: StrDeserializer<'_, WordError> = text(value)?.into_deserializer();
    T::deserialize(word).map_err(|_| Refused::value(value))
}

/// What stands before a command: punctuation.
pub(super) fn prefixes(value: &Value<'_>) -> Result<String, Refused> {
    let prefixes = text(value)?;
    let punctuation = prefixes.chars().all(|c| c.is_ascii_punctuation());
    if prefixes.is_empty() || prefixes.len() > PREFIXES_CHARACTERS_MAX || !punctuation {
        return Err(Refused::value(value));
    }
    Ok(prefixes.to_owned())
}

/// Where web pages come from: scheme, host and port, as browsers write them.
pub(super) fn origins(value: &Value<'_>) -> Result<Vec<String>, Refused> {
    let list = list(value)?;
    if list.len() > ORIGINS_MAX {
        let reason = format!("{} origins; there are up to {ORIGINS_MAX}", list.len());
        return Err(Refused::reason(value, reason));
    }
    let origin = |element| {
        let origin = text(element)?;
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_host = |host: &str| {
            let fits = |c: char| c.is_ascii_graphic() && !c.is_ascii_uppercase() && c != '/';
            !host.is_empty() && host.chars().all(fits)
        };
        if origin == "*" || host.is_some_and(is_host) {
            Ok(origin.to_owned())
        } else {
            Err(Refused::value(element))
        }
    };
    list.iter().map(origin).collect()
}

/// The commands that a line style offers.
pub(super) fn words(value: &Value<'_>) -> Result<Words, Refused> {
    if value.get_ref().as_str() == Some("all") {
        return Ok(Words::All(All::All));
    }
    let list = list(value)?;
    if list.len() > WORDS_MAX {
        let reason = format!("{} words; there are up to {WORDS_MAX}", list.len());
        return Err(Refused::reason(value, reason));
    }
    let word = |element| {
        let word = text(element)?;
        if known_words().any(|known| known == word) {
            return Ok(word.to_owned());
        }
        let mut reason = format!("\"{}\" is no command", shown(word));
        if let Some(near) = nearest(word, known_words()) {
            reason = format!("{reason} (did you mean \"{near}\"?)");
        }
        Err(Refused::reason(element, reason))
    };
    list.iter().map(word).collect::<Result<_, _>>().map(Words::These)
}

/// `{ m = 19456, t = 2, p = 1 }`; what is not said is as usual.
pub(super) fn hash_cost(value: &Value<'_>) -> Result<HashCost, Refused> {
    let table = value.get_ref().as_table().ok_or_else(|| Refused::type_of(value))?;
    let mut cost = HashCost::default();
    for (name, part) in table {
        let (field, max) = match name.get_ref().as_ref() {
            "m" => (&mut cost.memory_kib, MEMORY_KIB_MAX),
            "t" => (&mut cost.passes, PASSES_MAX),
            "p" => (&mut cost.lanes, LANES_MAX),
            other => {
                let reason = format!("there is no \"{}\" in it", shown(other));
                return Err(Refused::reason(part, reason));
            }
        };
        let number = whole(part, 1, u64::from(max))?;
        *field = u32::try_from(number).map_err(|_| Refused::value(part))?;
    }
    if cost.memory_kib < 8 * cost.lanes {
        return Err(Refused::reason(value, "m is at least 8 for each lane"));
    }
    Ok(cost)
}

/// `[[operator]]`: names, and passwords.
pub(super) fn operators(value: &Value<'_>) -> Result<Vec<Operator>, Refused> {
    let list = list(value)?;
    if list.len() > OPERATORS_MAX {
        let reason = format!("{} operators; there are up to {OPERATORS_MAX}", list.len());
        return Err(Refused::reason(value, reason));
    }
    let mut operators: Vec<Operator> = Vec::new();
    for element in list.iter() {
        let operator = operator(element)?;
        if operators.iter().any(|other| other.name == operator.name) {
            let reason = format!("{} is an operator already", operator.name);
            return Err(Refused::reason(element, reason));
        }
        operators.push(operator);
    }
    Ok(operators)
}

fn operator(value: &Value<'_>) -> Result<Operator, Refused> {
    let table = value.get_ref().as_table().ok_or_else(|| Refused::type_of(value))?;
    let (mut name, mut password) = (None, None);
    for (key, part) in table {
        match key.get_ref().as_ref() {
            "name" => {
                let parsed = UserName::parse(text(part)?).map_err(|e| Refused::reason(part, e))?;
                name = Some(parsed);
            }
            "password" => {
                let parsed = Password::parse(text(part)?).map_err(|e| Refused::reason(part, e))?;
                password = Some(parsed);
            }
            other => {
                let reason = format!("an operator has no \"{}\"", shown(other));
                return Err(Refused::reason(part, reason));
            }
        }
    }
    let name = name.ok_or_else(|| Refused::reason(value, "an operator has a name"))?;
    Ok(Operator { name, password })
}

/// Who is not limited.
pub(super) fn exempt(value: &Value<'_>) -> Result<Exempt, Refused> {
    let mut exempt = Exempt { loopback: false, unix: false };
    for element in list(value)?.iter() {
        match text(element)? {
            "loopback" => exempt.loopback = true,
            "unix" => exempt.unix = true,
            _ => return Err(Refused::value(element)),
        }
    }
    Ok(exempt)
}

/// A filter of the log.
pub(super) fn log_level(value: &Value<'_>) -> Result<String, Refused> {
    let level = text(value)?;
    crate::telemetry::filter(level).map_err(|e| Refused::reason(value, e))?;
    Ok(level.to_owned())
}

fn known_words() -> impl Iterator<Item = &'static str> {
    let table = slash::WORDS
        .iter()
        .flat_map(|word| std::iter::once(word.name).chain(word.aliases.iter().copied()));
    table.chain(WORDS_OF_STYLES)
}

fn is_off(value: &Value<'_>) -> bool {
    value.get_ref().as_str() == Some("off")
}

fn text<'v>(value: &'v Value<'_>) -> Result<&'v str, Refused> {
    value.get_ref().as_str().ok_or_else(|| Refused::type_of(value))
}

fn list<'v, 'i>(value: &'v Value<'i>) -> Result<&'v DeArray<'i>, Refused> {
    value.get_ref().as_array().ok_or_else(|| Refused::type_of(value))
}

fn whole(value: &Value<'_>, min: u64, max: u64) -> Result<u64, Refused> {
    let integer = value.get_ref().as_integer().ok_or_else(|| Refused::type_of(value))?;
    u64::from_str_radix(integer.as_str(), integer.radix())
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| Refused::value(value))
}

/// What a person wrote, in words.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{}\"", shown(text)),
        DeValue::Integer(number) => format!("the number {}", shown(&number.to_string())),
        DeValue::Float(number) => format!("the number {}", shown(&number.to_string())),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(_) => "a date or time of day".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
    }
}

/// The texts of keys.rs name these bounds.
const _: () = {
    assert!(PAGE_EVENTS_MAX == 100 && MESSAGE_TEXT_BYTES_MAX == 4_096);
    assert!(SERVER_NAME_BYTES_MAX == 64 && COUNT_MAX == 1_000_000);
};
