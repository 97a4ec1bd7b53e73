//! What a client and the server agree on beyond the RFCs: the one table of what is offered, and CAP
//! (<https://ircv3.net/specs/extensions/capability-negotiation>).

use bytes::BytesMut;

use super::message::Line;
use super::sasl;
use super::{IrcFrontend, IrcSettings, Phase, Reach, Sts, metadata, multiline};

/// Something that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Capability {
    AccountNotify,
    AccountRegistration,
    AccountTag,
    AwayNotify,
    Batch,
    CapNotify,
    ChangedHost,
    ChatHistory,
    EchoMessage,
    EventPlayback,
    ExtendedJoin,
    ExtendedMonitor,
    InviteNotify,
    LabeledResponse,
    MessageRedaction,
    MessageTags,
    /// As its third draft has it.
    Metadata,
    /// As its second draft has it.
    OldMetadata,
    MultiPrefix,
    Multiline,
    NoImplicitNames,
    PreAway,
    ReadMarker,
    Sasl,
    Search,
    ServerTime,
    Setname,
    StandardReplies,
    UserhostInNames,
}

/// A row of the table.
struct Offer {
    capability: Capability,
    name: &'static str,
    /// What CAP LS 302 says behind `=`; empty: nothing.
    value: fn(&IrcSettings) -> String,
    /// Not offered by every configuration.
    is_offered: fn(&IrcSettings) -> bool,
}

const fn offer(capability: Capability, name: &'static str) -> Offer {
    Offer { capability, name, value: |_| String::new(), is_offered: |_| true }
}

/// What is offered, by name.
const OFFERED: &[Offer] = &[
    offer(Capability::AccountNotify, "account-notify"),
    offer(Capability::AccountTag, "account-tag"),
    offer(Capability::AwayNotify, "away-notify"),
    offer(Capability::Batch, "batch"),
    offer(Capability::CapNotify, "cap-notify"),
    offer(Capability::ChangedHost, "chghost"),
    Offer {
        value: |settings| if settings.registers_before { "before-connect" } else { "" }.to_owned(),
        is_offered: |settings| settings.registers,
        ..offer(Capability::AccountRegistration, "draft/account-registration")
    },
    offer(Capability::ChatHistory, "draft/chathistory"),
    offer(Capability::EventPlayback, "draft/event-playback"),
    offer(Capability::MessageRedaction, "draft/message-redaction"),
    Offer { value: |_| metadata::limits(), ..offer(Capability::OldMetadata, "draft/metadata-2") },
    Offer { value: |_| metadata::limits(), ..offer(Capability::Metadata, "draft/metadata-3") },
    Offer { value: |_| multiline::limits(), ..offer(Capability::Multiline, "draft/multiline") },
    offer(Capability::NoImplicitNames, "draft/no-implicit-names"),
    offer(Capability::PreAway, "draft/pre-away"),
    offer(Capability::ReadMarker, "draft/read-marker"),
    offer(Capability::EchoMessage, "echo-message"),
    offer(Capability::ExtendedJoin, "extended-join"),
    offer(Capability::ExtendedMonitor, "extended-monitor"),
    offer(Capability::InviteNotify, "invite-notify"),
    offer(Capability::LabeledResponse, "labeled-response"),
    offer(Capability::MessageTags, "message-tags"),
    offer(Capability::MultiPrefix, "multi-prefix"),
    offer(Capability::Sasl, "sasl"), // by connection: sasl::mechanisms
    offer(Capability::ServerTime, "server-time"),
    offer(Capability::Setname, "setname"),
    offer(Capability::Search, "soju.im/search"),
    offer(Capability::StandardReplies, "standard-replies"),
    offer(Capability::UserhostInNames, "userhost-in-names"),
];

/// What is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Capabilities(u64);

impl Capabilities {
    /// Is this one?
    pub(super) const fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u8) != 0
    }

    const fn set(&mut self, capability: Capability, on: bool) {
        let bit = 1 << capability as u8;
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}

fn find(settings: &IrcSettings, name: &str) -> Option<Capability> {
    let offer = OFFERED.iter().find(|offer| offer.name == name)?;
    (offer.is_offered)(settings).then_some(offer.capability)
}

/// `CAP LS 302`, `CAP REQ :server-time -echo-message`, `CAP LIST`, `CAP END`.
pub(super) fn negotiate(session: &mut IrcFrontend, parameters: &[&str], out: &mut BytesMut) {
    let Some(subcommand) = parameters.first().map(|word| word.to_ascii_uppercase()) else {
        return session.too_few("CAP", out);
    };
    let is_registered = session.phase == Phase::Registered;
    match subcommand.as_str() {
        "LS" => {
            session.registering.negotiates = !is_registered;
            let version = parameters.get(1).and_then(|version| version.parse::<u32>().ok());
            let knows_values = version.is_some_and(|version| version >= 302);
            if knows_values {
                session.capabilities.set(Capability::CapNotify, true);
                session.knows_values = true;
            }
            list(session, knows_values, out);
        }
        "LIST" => {
            let now = session.capabilities;
            let on = OFFERED.iter().filter(|offer| now.has(offer.capability));
            let words: Vec<String> = on.map(|offer| offer.name.to_owned()).collect();
            answer_list(session, "LIST", &words, session.knows_values, out);
        }
        "REQ" => {
            session.registering.negotiates |= !is_registered;
            let wanted = parameters.get(1).copied().unwrap_or_default();
            request(session, wanted, out);
        }
        "END" => session.registering.negotiates = false,
        other => {
            let other = super::one_line(other);
            session.numeric(410, out).word(other).text("Invalid CAP subcommand");
        }
    }
}

/// All of it, or nothing.
fn request(session: &mut IrcFrontend, wanted: &str, out: &mut BytesMut) {
    let mut changed = session.capabilities;
    let is_known = wanted.split_whitespace().all(|word| {
        let (name, on) = word.strip_prefix('-').map_or((word, true), |name| (name, false));
        find(&session.settings, name).map(|capability| changed.set(capability, on)).is_some()
    });
    // Who speaks version 302 is told of changes, whatever it says.
    changed.0 |= if session.knows_values { 1 << Capability::CapNotify as u8 } else { 0 };
    if is_known {
        session.capabilities = changed;
    }
    answer(session, if is_known { "ACK" } else { "NAK" }, wanted, out);
}

/// What is told of TLS to who may act by it; nobody asks for it
/// (<https://ircv3.net/specs/extensions/sts>).
fn sts(session: &IrcFrontend) -> Option<String> {
    let Sts { port, duration_s } = session.settings.sts?;
    match session.reach {
        Reach::Plain => Some(format!("sts=port={port}")),
        Reach::Encrypted => Some(format!("sts=duration={duration_s}")),
        Reach::Otherwise => None,
    }
}

/// What is offered, in lines that are not too long.
fn list(session: &IrcFrontend, knows_values: bool, out: &mut BytesMut) {
    let settings = &session.settings;
    let offered = OFFERED.iter().filter(|offer| (offer.is_offered)(settings));
    let value = |offer: &Offer| {
        let is_sasl = offer.capability == Capability::Sasl;
        if is_sasl { sasl::mechanisms(session).to_owned() } else { (offer.value)(settings) }
    };
    let words = offered.map(|offer| match value(offer) {
        value if knows_values && !value.is_empty() => format!("{}={value}", offer.name),
        _ => offer.name.to_owned(),
    });
    let mut words: Vec<String> = words.collect();
    words.extend(sts(session).filter(|_| knows_values));
    answer_list(session, "LS", &words, knows_values, out);
}

/// A list; who does not know of several lines is told all in one.
fn answer_list(
    session: &IrcFrontend,
    subcommand: &str,
    words: &[String],
    has_several: bool,
    out: &mut BytesMut,
) {
    const WORDS_BYTES_MAX: usize = 380;
    let mut line = String::new();
    for word in words {
        if has_several && line.len() + word.len() > WORDS_BYTES_MAX {
            let server = &session.settings.server;
            let more = Line::new(out).source(server).command("CAP").word(session.me());
            more.word(subcommand).word("*").text(&line);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    answer(session, subcommand, &line, out);
}

fn answer(session: &IrcFrontend, subcommand: &str, text: &str, out: &mut BytesMut) {
    let server = &session.settings.server;
    Line::new(out).source(server).command("CAP").word(session.me()).word(subcommand).text(text);
}
