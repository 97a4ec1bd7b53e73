//! Lines out of bytes, as telnet (RFC 854) and plain sockets send them: LF, CR LF and CR NUL end a
//! line, commands behind IAC are understood, answered, and never become text. Bounded whatever
//! comes: a line too long is skipped, an option is answered once.

use bytes::{Buf, BufMut, BytesMut};

use crate::limits::{LINE_BYTES_MAX, TELNET_SUBNEGOTIATION_BYTES_MAX};

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// No whole line yet.
    Incomplete,
    /// A line, without its end.
    Line(Vec<u8>),
    /// A line over the limit; it was skipped.
    TooLong,
    /// A sub-negotiation that does not end.
    Flood,
}

/// One connection's decoder.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    state: State,
    is_too_long: bool,
    last_was_cr: bool,
    has_begun: bool,
    /// Options that were refused already: each is answered once, or two programs could answer each
    /// other for ever. The peer's (WILL), and ours (DO); a peer that is no telnet has none.
    answered: Option<Box<[[u64; 4]; 2]>>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Text,
    Command,
    Option(u8),
    Subnegotiation {
        bytes: usize,
        after_iac: bool,
    },
}

impl Lines {
    /// Takes bytes off `input` up to the end of a line. Answers to telnet go to `out`.
    pub(super) fn next(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Step {
        while input.has_remaining() {
            self.plain(input);
            if input.is_empty() {
                break;
            }
            let byte = input.get_u8();
            self.has_begun = true;
            match self.state {
                State::Text if byte == IAC => self.state = State::Command,
                State::Text => {
                    if let Some(step) = self.text(byte) {
                        return step;
                    }
                }
                State::Command => self.command(byte),
                State::Option(verb) => {
                    self.refuse(verb, byte, out);
                    self.state = State::Text;
                }
                State::Subnegotiation { bytes, .. } if bytes >= TELNET_SUBNEGOTIATION_BYTES_MAX => {
                    return Step::Flood;
                }
                State::Subnegotiation { after_iac: true, .. } if byte == SE => {
                    self.state = State::Text;
                }
                State::Subnegotiation { bytes, after_iac } => {
                    let after_iac = byte == IAC && !after_iac;
                    self.state = State::Subnegotiation { bytes: bytes + 1, after_iac };
                }
            }
        }
        Step::Incomplete
    }

    /// Takes what is nothing but text, as far as it goes.
    fn plain(&mut self, input: &mut BytesMut) {
        if !matches!(self.state, State::Text) || self.last_was_cr {
            return;
        }
        let run = memchr::memchr3(b'\n', b'\r', IAC, input).unwrap_or(input.len());
        let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
        self.line.extend_from_slice(input.get(..run.min(room)).unwrap_or_default());
        self.is_too_long |= run > room;
        self.has_begun |= run > 0;
        input.advance(run);
    }

    /// A byte was taken.
    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The peer has finished: what it typed without an end is a line too.
    pub(super) fn finish(&mut self) -> Step {
        if self.line.is_empty() && !self.is_too_long { Step::Incomplete } else { self.end() }
    }

    fn text(&mut self, byte: u8) -> Option<Step> {
        let after_cr = std::mem::replace(&mut self.last_was_cr, byte == b'\r');
        match byte {
            b'\n' => return Some(self.end()),
            0 if after_cr => return Some(self.end()),
            _ if self.line.len() < LINE_BYTES_MAX => self.line.push(byte),
            _ => self.is_too_long = true,
        }
        None
    }

    fn end(&mut self) -> Step {
        let mut line = std::mem::take(&mut self.line);
        self.last_was_cr = false;
        if std::mem::take(&mut self.is_too_long) {
            return Step::TooLong;
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Step::Line(line)
    }

    fn command(&mut self, byte: u8) {
        self.state = match byte {
            IAC => {
                // A doubled IAC is the byte itself, which no UTF-8 text has: the line is refused.
                if self.line.len() < LINE_BYTES_MAX {
                    self.line.push(IAC);
                }
                State::Text
            }
            WILL | WONT | DO | DONT => State::Option(byte),
            SB => State::Subnegotiation { bytes: 0, after_iac: false },
            _ => State::Text, // NOP, interrupt, are you there: nothing to do
        };
    }

    /// We use no options: WILL is answered DONT, DO is answered WONT, the rest is agreement.
    fn refuse(&mut self, verb: u8, option: u8, out: &mut BytesMut) {
        let [peers, ours] = &mut **self.answered.get_or_insert_default();
        let (answered, answer) = match verb {
            WILL => (peers, DONT),
            DO => (ours, WONT),
            _ => return,
        };
        let Some(word) = answered.get_mut(usize::from(option / 64)) else {
            return;
        };
        let bit = 1 << (option % 64);
        if *word & bit == 0 {
            *word |= bit;
            out.put_slice(&[IAC, answer, option]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps(bytes: &[u8], chunk: usize) -> (Vec<Step>, Vec<u8>) {
        let (mut lines, mut steps, mut out) = (Lines::default(), Vec::new(), BytesMut::new());
        for chunk in bytes.chunks(chunk.max(1)) {
            let mut input = BytesMut::from(chunk);
            loop {
                match lines.next(&mut input, &mut out) {
                    Step::Incomplete => break,
                    step @ (Step::Line(_) | Step::TooLong | Step::Flood) => steps.push(step),
                }
            }
        }
        steps.push(lines.finish());
        (steps, out.to_vec())
    }

    fn check(bytes: &[u8], lines: &[&str], answers: &[u8]) {
        let mut expected: Vec<Step> =
            lines.iter().map(|line| Step::Line(line.as_bytes().to_vec())).collect();
        let (found, out) = steps(bytes, usize::MAX);
        if found.last() == Some(&Step::Incomplete) {
            expected.push(Step::Incomplete);
        }
        assert_eq!(found, expected);
        assert_eq!(out, answers);
    }

    #[test]
    fn every_line_end_ends_a_line() {
        check(b"a\nb\r\nc\r\0d", &["a", "b", "c", "d"], b"");
        check(b"\n\r\n", &["", ""], b"");
        check(b"lone\rcr\n", &["lone\rcr"], b"");
    }

    #[test]
    fn negotiation_is_answered_once_and_never_becomes_text() {
        let bytes = [b"h", &[IAC, WILL, 31, IAC, DO, 1, IAC, WILL, 31][..], b"i\n"].concat();
        check(&bytes, &["hi"], &[IAC, DONT, 31, IAC, WONT, 1]);
        let bytes =
            [b"h", &[IAC, SB, 31, 0, 80, IAC, IAC, 0, 24, IAC, SE, IAC, 241][..], b"i\n"].concat();
        check(&bytes, &["hi"], b"");
        check(&[&[IAC, WONT, 3, IAC, DONT, 3][..], b"x\n"].concat(), &["x"], b"");
    }

    #[test]
    fn floods_are_bounded() {
        let endless = [&[IAC, SB][..], &[7; 2 * TELNET_SUBNEGOTIATION_BYTES_MAX]].concat();
        assert_eq!(steps(&endless, usize::MAX).0.first(), Some(&Step::Flood));
        let long = [&[b'x'; 3 * LINE_BYTES_MAX][..], b"\nnext\n"].concat();
        let (found, _) = steps(&long, 1_000);
        assert_eq!(found, [Step::TooLong, Step::Line(b"next".to_vec()), Step::Incomplete]);
        let storm: Vec<u8> = (0..10_000_u32).flat_map(|n| [IAC, DO, n.to_le_bytes()[0]]).collect();
        assert_eq!(steps(&storm, usize::MAX).1.len(), 3 * 256);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines(bytes in proptest::collection::vec(prop_oneof![
            4 => any::<u8>(), 2 => Just(IAC), 1 => Just(b'\r'), 1 => Just(b'\n'), 1 => Just(0), 1 => 239..=254_u8,
        ], 0..400), chunk in 1..20_usize) {
            prop_assert_eq!(steps(&bytes, chunk), steps(&bytes, usize::MAX));
        }
    }
}
