//! A message of several lines (<https://ircv3.net/specs/extensions/multiline>): gathered from the batch
//! that a client sends, and cut into lines again. Never says anything itself.

use bytes::BytesMut;
use chat_protocol::limits::{MESSAGE_TEXT_BYTES_MAX, MESSAGE_TEXT_LINES_MAX};
use chat_protocol::{MessageText, RoomAddress, SayKind, Sequence};

use super::capability::Capability;
use super::label::Labelled;
use super::message::{Message, Tags};
use super::reply::word;
use super::{IrcFrontend, say};

/// What such a batch is called.
pub(super) const BATCH: &str = "draft/multiline";
/// What says that a line belongs to the one before it.
pub(super) const CONCAT: &str = "draft/multiline-concat";
/// A batch's reference, in bytes.
const REFERENCE_BYTES_MAX: usize = 64;

/// As CAP LS says it.
pub(super) fn limits() -> String {
    format!("max-bytes={MESSAGE_TEXT_BYTES_MAX},max-lines={MESSAGE_TEXT_LINES_MAX}")
}

/// What was said until now.
#[derive(Debug)]
pub(super) struct Multiline {
    reference: String,
    /// To whom, as it was written.
    to: String,
    room: RoomAddress,
    reply_to: Option<Sequence>,
    labelled: Option<Labelled>,
    is_notice: Option<bool>,
    text: String,
    seams: Vec<u16>,
    lines: usize,
    /// It was said that it cannot be: what still comes is passed over.
    has_failed: bool,
}

/// A text as lines, and whether each belongs to the one before it: cut where its author's client did,
/// and where a line would be too long.
pub(super) fn pieces<'a>(
    text: &'a MessageText,
    cut: impl Fn(&'a str) -> Vec<&'a str>,
) -> Vec<(bool, &'a str)> {
    let mut pieces = Vec::new();
    let mut seams = text.seams().iter().map(|seam| usize::from(*seam)).peekable();
    let mut begin = 0;
    for line in text.as_str().split('\n') {
        let (mut rest, mut at, mut joins) = (line, begin, false);
        begin += line.len() + 1;
        while let Some(seam) = seams.next_if(|seam| *seam < begin) {
            // Neither in front of a line nor at its end: a piece has something in it.
            if let Some((piece, behind)) =
                seam.checked_sub(at).and_then(|at| rest.split_at_checked(at))
                && !piece.is_empty()
                && !behind.is_empty()
            {
                for piece in cut(piece) {
                    pieces.push((std::mem::replace(&mut joins, true), piece));
                }
                (rest, at) = (behind, seam);
            }
        }
        for piece in cut(rest) {
            pieces.push((std::mem::replace(&mut joins, true), piece));
        }
    }
    pieces
}

/// `BATCH +1 draft/multiline #ops`, `BATCH -1`
pub(super) fn batch(
    session: &mut IrcFrontend,
    parameters: &[&str],
    tags: Tags<'_>,
    out: &mut BytesMut,
) {
    let (Some(reference), rest) = (parameters.first(), parameters.get(1..).unwrap_or_default())
    else {
        return session.too_few("BATCH", out);
    };
    match (reference.strip_prefix('+'), reference.strip_prefix('-')) {
        (Some(reference), _) => begin(session, reference, rest, tags, out),
        (_, Some(reference)) => end(session, reference, out),
        (None, None) => refuse(session, "A batch begins with + or ends with -", out),
    }
}

fn begin(
    session: &mut IrcFrontend,
    reference: &str,
    rest: &[&str],
    tags: Tags<'_>,
    out: &mut BytesMut,
) {
    let has = |capability| session.capabilities.has(capability);
    let is_known =
        rest.first() == Some(&BATCH) && has(Capability::Multiline) && has(Capability::Batch);
    if !is_known {
        let context = [rest.first().copied().unwrap_or("*")];
        let why = "There is no such batch; draft/multiline has to be asked for by CAP";
        return session.fail("BATCH", "UNKNOWN_TYPE", &context, why, out);
    }
    if session.multiline.is_some() {
        return refuse(session, "A message is not ended yet: one after the other", out);
    }
    if reference.is_empty() || reference.len() > REFERENCE_BYTES_MAX {
        return refuse(session, "A reference has up to 64 bytes", out);
    }
    let Some(to) = rest.get(1) else {
        return refuse(session, "A message needs somebody to whom it is said", out);
    };
    let Some(room) = say::somewhere(to) else {
        return session.numeric(401, out).word(word(to)).text("No such nick/channel");
    };
    let reply_to = say::reply_to(session, &room, tags);
    let labelled = session.labelled;
    if let Some(labelled) = labelled {
        session.labels.asked(labelled); // answered when it is ended
    }
    session.multiline = Some(Box::new(Multiline {
        reference: reference.to_owned(),
        to: (*to).to_owned(),
        room,
        reply_to,
        labelled,
        is_notice: None,
        text: String::new(),
        seams: Vec::new(),
        lines: 0,
        has_failed: false,
    }));
}

/// Does this line claim to be part of a batch?
pub(super) fn is_part(session: &IrcFrontend, message: &Message<'_>) -> bool {
    session.capabilities.has(Capability::Multiline) && message.tags.get("batch").is_some()
}

/// `@batch=1 PRIVMSG #ops :a line`
pub(super) fn part(
    session: &mut IrcFrontend,
    is_notice: bool,
    (to, line): (&str, &str),
    tags: Tags<'_>,
    out: &mut BytesMut,
) {
    let Some(mut multiline) = session.multiline.take() else {
        return refuse(session, "There is no such batch", out);
    };
    if !multiline.has_failed {
        let is_its = tags.get("batch").is_some_and(|batch| *batch == multiline.reference);
        let joins = tags.get(CONCAT).is_some();
        let taken = if is_its {
            multiline.take(is_notice, to, line, joins)
        } else {
            Err(Failure::Invalid("That line is of no batch that has begun"))
        };
        if let Err(failure) = taken {
            multiline.has_failed = true;
            fail(session, &multiline, to, failure, out);
        }
    }
    session.multiline = Some(multiline);
}

fn end(session: &mut IrcFrontend, reference: &str, out: &mut BytesMut) {
    let Some(multiline) = session.multiline.take_if(|open| open.reference == reference) else {
        return refuse(session, "There is no such batch", out);
    };
    let labelled = multiline.labelled;
    if !multiline.has_failed {
        session.labelled = labelled;
        session.within(labelled, out, |session, out| multiline.say(session, out));
        session.labelled = None;
    }
    session.settle(labelled, out);
}

/// Why a line is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Bytes,
    Lines,
    Target,
    Invalid(&'static str),
}

impl Multiline {
    fn take(&mut self, is_notice: bool, to: &str, line: &str, joins: bool) -> Result<(), Failure> {
        if !to.eq_ignore_ascii_case(&self.to) {
            return Err(Failure::Target);
        }
        if *self.is_notice.get_or_insert(is_notice) != is_notice {
            return Err(Failure::Invalid("A message is all PRIVMSG, or all NOTICE"));
        }
        if joins && (line.is_empty() || self.lines == 0) {
            return Err(Failure::Invalid("What belongs to the line before it has one, and a text"));
        }
        if self.lines >= MESSAGE_TEXT_LINES_MAX {
            return Err(Failure::Lines);
        }
        let breaks = self.lines > 0 && !joins;
        if self.text.len() + usize::from(breaks) + line.len() > MESSAGE_TEXT_BYTES_MAX {
            return Err(Failure::Bytes);
        }
        if joins {
            self.seams.extend(u16::try_from(self.text.len()));
        } else if breaks {
            self.text.push('\n');
        }
        self.lines += 1;
        self.text.push_str(line);
        Ok(())
    }

    fn say(&self, session: &mut IrcFrontend, out: &mut BytesMut) {
        if self.text.trim_matches('\n').is_empty() {
            return fail(session, self, "", Failure::Invalid("There is nothing in it"), out);
        }
        let text = match MessageText::parse(&self.text) {
            Ok(text) => text.with_seams(&self.seams),
            Err(error) => return refuse(session, &error.to_string(), out),
        };
        let is_notice = self.is_notice.unwrap_or_default();
        let kind = if is_notice { SayKind::Notice } else { SayKind::Text };
        say::submit(session, (&self.to, self.room.clone()), (text, kind, self.reply_to));
    }
}

fn fail(
    session: &mut IrcFrontend,
    multiline: &Multiline,
    to: &str,
    failure: Failure,
    out: &mut BytesMut,
) {
    let (bytes, lines) = (MESSAGE_TEXT_BYTES_MAX.to_string(), MESSAGE_TEXT_LINES_MAX.to_string());
    let (code, context, why) = match failure {
        Failure::Bytes => ("MULTILINE_MAX_BYTES", vec![bytes.as_str()], "That is too long"),
        Failure::Lines => ("MULTILINE_MAX_LINES", vec![lines.as_str()], "Too many lines"),
        Failure::Target => (
            "MULTILINE_INVALID_TARGET",
            vec![multiline.to.as_str(), to],
            "All of a message is said to one",
        ),
        Failure::Invalid(why) => ("MULTILINE_INVALID", Vec::new(), why),
    };
    session.fail("BATCH", code, &context, why, out);
}

fn refuse(session: &IrcFrontend, why: &str, out: &mut BytesMut) {
    session.fail("BATCH", "MULTILINE_INVALID", &[], why, out);
}
