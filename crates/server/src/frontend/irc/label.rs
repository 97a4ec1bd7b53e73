//! Which lines answer which labelled command
//! (<https://ircv3.net/specs/extensions/labeled-response>). What is said to it comes in any number of
//! pieces, at once and later; the first line is kept back until it is known whether it is the only
//! one. Never knows what the lines say.

use std::collections::VecDeque;

use bytes::{BufMut, BytesMut};

use super::message::{Escaped, Line};

/// A label, in bytes.
pub(super) const LABEL_BYTES_MAX: usize = 64;

/// A labelled command that is not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Labelled(u64);

/// All of a session's, oldest first. There are at most as many as it may have asked for.
#[derive(Debug, Default)]
pub(super) struct Labels {
    open: VecDeque<Answer>,
    last: u64,
}

#[derive(Debug)]
struct Answer {
    number: u64,
    label: Box<str>,
    /// So much was asked for it, and is not answered yet.
    asked: usize,
    said: Said,
}

/// What was said to it until now.
#[derive(Debug)]
enum Said {
    Nothing,
    /// This line; it has the label if no other comes.
    One(Vec<u8>),
    /// Several, in a batch of this reference.
    Several(String),
    /// A batch that is all of the answer.
    Batch,
}

impl Labels {
    /// A labelled command has come.
    pub(super) fn begin(&mut self, label: &str) -> Labelled {
        self.last += 1;
        let (number, label) = (self.last, label.into());
        self.open.push_back(Answer { number, label, asked: 0, said: Said::Nothing });
        Labelled(number)
    }

    /// More was asked for it.
    pub(super) fn asked(&mut self, labelled: Labelled) {
        if let Some(answer) = self.find(labelled) {
            answer.asked += 1;
        }
    }

    /// Something of that is answered.
    pub(super) fn answered(&mut self, labelled: Labelled) {
        if let Some(answer) = self.find(labelled) {
            answer.asked = answer.asked.saturating_sub(1);
        }
    }

    /// These lines are said to it.
    pub(super) fn say(
        &mut self,
        labelled: Labelled,
        server: &str,
        lines: &[u8],
        out: &mut BytesMut,
    ) {
        let Some(answer) = self.find(labelled) else { return };
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            answer.line(server, line, out);
        }
    }

    /// If nothing is open any more, that was the answer.
    pub(super) fn settle(&mut self, labelled: Labelled, server: &str, out: &mut BytesMut) {
        let Some(at) = self.open.iter().position(|answer| answer.number == labelled.0) else {
            return;
        };
        if self.open.get(at).is_some_and(|answer| answer.asked > 0) {
            return;
        }
        let Some(Answer { label, said, .. }) = self.open.remove(at) else { return };
        if self.open.is_empty() {
            self.open = VecDeque::new();
        }
        match said {
            Said::Nothing => {
                Line::new(out).tag("label", &label).source(server).command("ACK").end();
            }
            Said::One(line) => tagged("label", &label, &line, out),
            Said::Several(reference) => end(server, &reference, out),
            Said::Batch => {}
        }
    }

    fn find(&mut self, Labelled(number): Labelled) -> Option<&mut Answer> {
        self.open.iter_mut().find(|answer| answer.number == number)
    }
}

impl Answer {
    fn line(&mut self, server: &str, line: &[u8], out: &mut BytesMut) {
        match std::mem::replace(&mut self.said, Said::Batch) {
            Said::Nothing if begins_batch(line) => tagged("label", &self.label, line, out),
            Said::Nothing => self.said = Said::One(line.to_vec()),
            Said::One(first) => {
                let reference = format!("l{}", self.number);
                let begin = Line::new(out).tag("label", &self.label).source(server);
                begin
                    .command("BATCH")
                    .word(format_args!("+{reference}"))
                    .word("labeled-response")
                    .end();
                within(&reference, &first, out);
                within(&reference, line, out);
                self.said = Said::Several(reference);
            }
            Said::Several(reference) => {
                within(&reference, line, out);
                self.said = Said::Several(reference);
            }
            Said::Batch => out.put_slice(line),
        }
    }
}

/// Begins a batch (<https://ircv3.net/specs/extensions/batch>) of this kind. Its lines have the tag
/// `batch` with the reference: [`super::looks::Frame`].
pub(super) fn begin<'a>(
    server: &str,
    reference: &str,
    kind: &str,
    out: &'a mut BytesMut,
) -> Line<'a> {
    let line = Line::new(out).source(server).command("BATCH");
    line.word(format_args!("+{reference}")).word(kind)
}

/// Ends it.
pub(super) fn end(server: &str, reference: &str, out: &mut BytesMut) {
    Line::new(out).source(server).command("BATCH").word(format_args!("-{reference}")).end();
}

/// A line of a batch. One that is in a batch within it, or ends one, stays as it is.
fn within(reference: &str, line: &[u8], out: &mut BytesMut) {
    if batch_word(line).is_some_and(|word| word.starts_with(b"-")) || is_in_batch(line) {
        out.put_slice(line);
    } else {
        tagged("batch", reference, line, out);
    }
}

/// A line with one more tag, in front of those that it has.
fn tagged(name: &str, value: &str, line: &[u8], out: &mut BytesMut) {
    let tag = format!("@{name}={}", Escaped(value));
    out.put_slice(tag.as_bytes());
    match line.strip_prefix(b"@") {
        Some(rest) => {
            out.put_u8(b';');
            out.put_slice(rest);
        }
        None => {
            out.put_u8(b' ');
            out.put_slice(line);
        }
    }
}

fn begins_batch(line: &[u8]) -> bool {
    batch_word(line).is_some_and(|word| word.starts_with(b"+"))
}

/// `+reference` or `-reference` of a line that begins or ends a batch.
fn batch_word(line: &[u8]) -> Option<&[u8]> {
    let mut words = line.split(|byte| *byte == b' ');
    let mut word = words.next()?;
    if word.starts_with(b"@") {
        word = words.next()?;
    }
    if word.starts_with(b":") {
        word = words.next()?;
    }
    if word == b"BATCH" { words.next() } else { None }
}

fn is_in_batch(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"@") else { return false };
    let tags = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
    tags.split(|byte| *byte == b';').any(|tag| tag.starts_with(b"batch="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&str], expected: &[&str]) {
        let (mut labels, mut out) = (Labels::default(), BytesMut::new());
        let labelled = labels.begin("a b");
        for piece in pieces {
            labels.asked(labelled);
            labels.say(labelled, "s.x", piece.as_bytes(), &mut out);
            labels.answered(labelled);
        }
        labels.settle(labelled, "s.x", &mut out);
        let said = String::from_utf8(out.to_vec()).unwrap();
        assert_eq!(said.split_terminator("\r\n").collect::<Vec<_>>(), expected);
    }

    #[test]
    fn nothing_is_acknowledged_one_line_has_the_label_and_several_are_a_batch() {
        check(&[], &["@label=a\\sb :s.x ACK"]);
        check(&[""], &["@label=a\\sb :s.x ACK"]);
        check(&[":s.x PONG\r\n"], &["@label=a\\sb :s.x PONG"]);
        check(&["@time=1 :s.x PONG\r\n"], &["@label=a\\sb;time=1 :s.x PONG"]);
        check(
            &["@time=1 ONE\r\nTWO\r\n", "THREE\r\n"],
            &[
                "@label=a\\sb :s.x BATCH +l1 labeled-response",
                "@batch=l1;time=1 ONE",
                "@batch=l1 TWO",
                "@batch=l1 THREE",
                ":s.x BATCH -l1",
            ],
        );
    }

    #[test]
    fn a_batch_is_labelled_itself_and_a_batch_within_a_batch_is_tagged_once() {
        let batch = ":s.x BATCH +1 chathistory #a\r\n@batch=1 ONE\r\n:s.x BATCH -1\r\n";
        check(
            &[batch],
            &["@label=a\\sb :s.x BATCH +1 chathistory #a", "@batch=1 ONE", ":s.x BATCH -1"],
        );
        check(
            &["ZERO\r\n", batch],
            &[
                "@label=a\\sb :s.x BATCH +l1 labeled-response",
                "@batch=l1 ZERO",
                "@batch=l1 :s.x BATCH +1 chathistory #a",
                "@batch=1 ONE",
                ":s.x BATCH -1",
                ":s.x BATCH -l1",
            ],
        );
    }

    #[test]
    fn an_answer_waits_for_all_that_was_asked() {
        let (mut labels, mut out) = (Labels::default(), BytesMut::new());
        let (first, second) = (labels.begin("1"), labels.begin("2"));
        labels.asked(first);
        labels.say(first, "s.x", b"ONE\r\n", &mut out);
        labels.settle(first, "s.x", &mut out);
        labels.settle(second, "s.x", &mut out);
        assert_eq!(&out[..], b"@label=2 :s.x ACK\r\n");
        out.clear();
        labels.answered(first);
        labels.settle(first, "s.x", &mut out);
        assert_eq!(&out[..], b"@label=1 ONE\r\n");
    }
}
