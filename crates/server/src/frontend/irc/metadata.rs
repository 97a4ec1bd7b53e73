//! What programs know of users and rooms (<https://ircv3.net/specs/extensions/metadata>): asked for, said
//! and told. The third draft tells it in numerics, the second in METADATA. Nothing is kept here.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::BytesMut;
use chat_protocol::limits::{METADATA_KEYS_MAX, METADATA_VALUE_BYTES_MAX, METADATA_WATCHED_MAX};
use chat_protocol::{Command, MetadataKey, MetadataValue, Refusal, RoomAddress, UserName};

use super::asked::Asked;
use super::capability::Capability;
use super::message::Line;
use super::reply::{room_of, target, word};
use super::{IrcFrontend, label};

const COMMAND: &str = "METADATA";

/// What the capability says of its limits.
pub(super) fn limits() -> String {
    format!(
        "max-subs={METADATA_WATCHED_MAX},max-keys={METADATA_KEYS_MAX},\
         max-value-bytes={METADATA_VALUE_BYTES_MAX}"
    )
}

/// What was asked for, for the answer.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Of which.
    of: RoomAddress,
    /// How the client calls it.
    called: String,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// These, in order; what is no key is a text.
    Get(Vec<Result<MetadataKey, String>>),
    /// All.
    List,
    /// All, told as if they were news.
    Sync,
    Set(MetadataKey, Option<MetadataValue>),
    Clear,
    /// To be told of these too.
    Sub(Vec<MetadataKey>),
    /// Of these no more.
    Unsub(Vec<MetadataKey>),
    /// Of what is it told?
    Subs,
}

/// `METADATA * SET display-name :Ana`
pub(super) fn command(session: &mut IrcFrontend, parameters: &[&str], out: &mut BytesMut) {
    let [called, subcommand, rest @ ..] = parameters else {
        return session.too_few(COMMAND, out);
    };
    let Some((of, called)) = who(session, called) else {
        return fail(session, "INVALID_TARGET", &[called], "There is no such target", out);
    };
    let wanted = |what| Wanted { of: of.clone(), called: called.clone(), what };
    let subcommand = subcommand.to_ascii_uppercase();
    let (command, what) = match (subcommand.as_str(), rest) {
        ("GET", [_, ..]) => {
            let keys: Vec<Result<MetadataKey, String>> =
                rest.iter().map(|key| MetadataKey::parse(key).map_err(|_| word(key))).collect();
            let valid: Vec<MetadataKey> =
                keys.iter().filter_map(|key| key.as_ref().ok().cloned()).collect();
            if valid.is_empty() {
                return answer(session, &wanted(What::Get(keys)), &BTreeMap::new(), out);
            }
            (Command::GetMetadata { of: of.clone(), keys: valid }, What::Get(keys))
        }
        ("LIST", _) => (Command::GetMetadata { of: of.clone(), keys: Vec::new() }, What::List),
        ("SYNC", _) => (Command::GetMetadata { of: of.clone(), keys: Vec::new() }, What::Sync),
        ("CLEAR", _) => (Command::ClearMetadata { of: of.clone() }, What::Clear),
        ("SET", [key, value @ ..]) => {
            let Some((key, value)) = parse(session, key, value.first().copied(), out) else {
                return;
            };
            let set = What::Set(key.clone(), value.clone());
            (Command::SetMetadata { of: of.clone(), key, value }, set)
        }
        ("SUB", [_, ..]) => {
            let more = keys(session, rest, out);
            if more.is_empty() {
                return;
            }
            (Command::WatchMetadata { more: more.clone(), fewer: Vec::new() }, What::Sub(more))
        }
        ("UNSUB", [_, ..]) => {
            let fewer = keys(session, rest, out);
            if fewer.is_empty() {
                return;
            }
            (Command::WatchMetadata { more: Vec::new(), fewer: fewer.clone() }, What::Unsub(fewer))
        }
        ("SUBS", _) => (Command::WatchMetadata { more: Vec::new(), fewer: Vec::new() }, What::Subs),
        ("GET" | "SET" | "SUB" | "UNSUB", []) => return session.too_few(COMMAND, out),
        (other, _) => {
            let why = "There are GET, LIST, SET, CLEAR, SUB, UNSUB, SUBS and SYNC";
            return fail(session, "SUBCOMMAND_INVALID", &[other], why, out);
        }
    };
    session.ask(command, Asked::Metadata(wanted(what)));
}

/// What is known of oneself, as it is told at the beginning.
pub(super) fn greet(session: &mut IrcFrontend) {
    let has = |capability| session.capabilities.has(capability);
    let Some(me) = session.me.clone() else { return };
    if has(Capability::Metadata) || has(Capability::OldMetadata) {
        let of = RoomAddress::Direct(me.clone());
        let wanted = Wanted { of: of.clone(), called: me.to_string(), what: What::Sync };
        let command = Command::GetMetadata { of, keys: Vec::new() };
        session.ask(command, Asked::Metadata(wanted));
    }
}

/// `*` is oneself; how it is called in answers.
fn who(session: &IrcFrontend, called: &str) -> Option<(RoomAddress, String)> {
    if called == "*" {
        let me = session.me.clone()?;
        let called = me.to_string();
        return Some((RoomAddress::Direct(me), called));
    }
    let of = room_of(called).or_else(|| UserName::parse(called).ok().map(RoomAddress::Direct))?;
    Some((of, called.to_owned()))
}

/// A key and its value; none: it was told why not.
fn parse(
    session: &IrcFrontend,
    key: &str,
    value: Option<&str>,
    out: &mut BytesMut,
) -> Option<(MetadataKey, Option<MetadataValue>)> {
    let Ok(parsed) = MetadataKey::parse(key) else {
        fail(session, "KEY_INVALID", &[key], "That is no key", out);
        return None;
    };
    match value.map(MetadataValue::parse).transpose() {
        Ok(value) => Some((parsed, value)),
        Err(error) if session.capabilities.has(Capability::OldMetadata) => {
            fail(session, "VALUE_INVALID", &[], &error.to_string(), out);
            None
        }
        Err(error) => {
            fail(session, "INVALID_VALUE", &[key], &error.to_string(), out);
            None
        }
    }
}

/// Keys; what is none is told.
fn keys(session: &IrcFrontend, texts: &[&str], out: &mut BytesMut) -> Vec<MetadataKey> {
    let mut keys = Vec::new();
    for text in texts {
        match MetadataKey::parse(text) {
            Ok(key) => keys.push(key),
            Err(_) => fail(session, "KEY_INVALID", &[text], "That is no key", out),
        }
    }
    keys
}

fn fail(session: &IrcFrontend, code: &str, context: &[&str], why: &str, out: &mut BytesMut) {
    session.fail(COMMAND, code, context, why, out);
}

/// What is known, or was.
pub(super) fn answer(
    session: &mut IrcFrontend,
    wanted: &Wanted,
    values: &BTreeMap<MetadataKey, MetadataValue>,
    out: &mut BytesMut,
) {
    let settings = Arc::clone(&session.settings);
    let batch = session.capabilities.has(Capability::Batch).then(|| session.next_batch());
    if let Some(batch) = &batch {
        label::begin(&settings.server, batch, "metadata", out).word(&wanted.called).end();
    }
    let (batch, called) = (batch.as_deref(), wanted.called.as_str());
    match &wanted.what {
        What::Get(keys) => {
            for key in keys {
                match key {
                    Ok(key) => known(session, batch, (called, key, values.get(key)), out),
                    Err(text) => {
                        let line = line(batch, out).source(&settings.server).command("FAIL");
                        let line = line.word(COMMAND).word("KEY_INVALID").word(text);
                        line.text("That is no key");
                    }
                }
            }
        }
        What::Clear => {
            for key in values.keys() {
                known(session, batch, (called, key, None), out);
            }
        }
        What::Sync => {
            for (key, value) in values {
                told(session, batch, (called, key, Some(value)), out);
            }
        }
        What::List | What::Set(..) | What::Sub(_) | What::Unsub(_) | What::Subs => {
            for (key, value) in values {
                known(session, batch, (called, key, Some(value)), out);
            }
        }
    }
    if let Some(batch) = batch {
        label::end(&settings.server, batch, out);
    }
}

type Known<'a> = (&'a str, &'a MetadataKey, Option<&'a MetadataValue>);

fn line<'a>(batch: Option<&str>, out: &'a mut BytesMut) -> Line<'a> {
    let line = Line::new(out);
    match batch {
        Some(batch) => line.tag("batch", batch),
        None => line,
    }
}

/// `761 ana #lobby url * :https://…`, or 766: nothing.
fn known(
    session: &IrcFrontend,
    batch: Option<&str>,
    (called, key, value): Known<'_>,
    out: &mut BytesMut,
) {
    let line = line(batch, out).source(&session.settings.server);
    let line = line.command(if value.is_some() { 761 } else { 766 });
    let line = line.word(session.me()).word(called).word(key);
    match value {
        Some(value) => line.word("*").text(value),
        None => line.text("That is not known"),
    }
}

/// It is news.
fn told(
    session: &IrcFrontend,
    batch: Option<&str>,
    (called, key, value): Known<'_>,
    out: &mut BytesMut,
) {
    if session.capabilities.has(Capability::Metadata) {
        return known(session, batch, (called, key, value), out);
    }
    if session.capabilities.has(Capability::OldMetadata) {
        let line = line(batch, out).source(&session.settings.server).command(COMMAND);
        let line = line.word(called).word(key).word("*");
        match value {
            Some(value) => line.text(value),
            None => line.end(),
        }
    }
}

/// Something is known otherwise. What a session says itself, it is answered.
pub(super) fn changed(
    session: &IrcFrontend,
    of: &RoomAddress,
    key: &MetadataKey,
    value: Option<&MetadataValue>,
    out: &mut BytesMut,
) {
    let is_own = session.asked.any(|asked| {
        let Asked::Metadata(Wanted { of: own, what: What::Set(set, _), .. }) = asked else {
            return false;
        };
        own == of && set == key
    });
    if !is_own {
        told(session, None, (&target(of).to_string(), key, value), out);
    }
}

/// It is done.
pub(super) fn done(session: &IrcFrontend, wanted: &Wanted, out: &mut BytesMut) {
    if let What::Set(key, value) = &wanted.what {
        known(session, None, (&wanted.called, key, value.as_ref()), out);
    }
}

/// Of what the session is told now.
pub(super) fn watched(
    session: &mut IrcFrontend,
    wanted: &Wanted,
    all: &[MetadataKey],
    out: &mut BytesMut,
) {
    match &wanted.what {
        What::Sub(keys) => {
            for key in keys.iter().filter(|key| all.contains(key)) {
                session.numeric(770, out).word(key).end();
            }
        }
        What::Unsub(keys) => {
            for key in keys {
                session.numeric(771, out).word(key).end();
            }
        }
        What::Get(_) | What::List | What::Sync | What::Set(..) | What::Clear | What::Subs => {
            let settings = Arc::clone(&session.settings);
            let batch = session.capabilities.has(Capability::Batch).then(|| session.next_batch());
            if let Some(batch) = &batch {
                label::begin(&settings.server, batch, "metadata-subs", out).end();
            }
            for key in all {
                let line = line(batch.as_deref(), out).source(&settings.server).command(772);
                line.word(session.me()).word(key).end();
            }
            if let Some(batch) = &batch {
                label::end(&settings.server, batch, out);
            }
        }
    }
}

pub(super) fn refused(
    session: &IrcFrontend,
    wanted: &Wanted,
    refusal: &Refusal,
    text: &str,
    out: &mut BytesMut,
) {
    let called = wanted.called.as_str();
    let key = match &wanted.what {
        What::Set(key, _) => key.as_str(),
        What::Sub(keys) => keys.first().map_or("*", MetadataKey::as_str),
        What::Get(_) | What::List | What::Sync | What::Clear | What::Unsub(_) | What::Subs => "*",
    };
    let writes = matches!(wanted.what, What::Set(..) | What::Clear);
    if matches!(refusal, Refusal::TooMany { .. }) && !writes {
        return fail(session, "TOO_MANY_SUBS", &[key], text, out);
    }
    if matches!(refusal, Refusal::TooMany { .. }) {
        return fail(session, "LIMIT_REACHED", &[called], text, out);
    }
    let is_nobody = matches!(refusal, Refusal::NoSuchUser { .. } | Refusal::NoSuchRoom { .. });
    if writes && !is_nobody {
        return fail(session, "KEY_NO_PERMISSION", &[called, key], text, out);
    }
    fail(session, "INVALID_TARGET", &[called], text, out);
}
