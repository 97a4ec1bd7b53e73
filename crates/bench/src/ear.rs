//! What one member has heard: how many messages, and, if it checks, in which order. Owns the bytes
//! of a mark that straddles two reads; never a whole message.

#![expect(
    clippy::indexing_slicing,
    reason = "places in a buffer of our own, for every byte of every member; tests try all chunkings"
)]

use memchr::memmem::Finder;

use crate::marker::{MARK_BYTES, UNIT_BYTES, sequence};

/// What is kept of one read for the next.
const CARRIED_BYTES_MAX: usize = UNIT_BYTES - 1;

/// The buffer into which every connection reads, with room in front for what one carries over.
#[derive(Debug)]
pub(crate) struct Inlet(Box<[u8]>);

impl Inlet {
    /// For reads of so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(vec![0; CARRIED_BYTES_MAX + bytes].into_boxed_slice())
    }

    /// Where to read to.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        &mut self.0[CARRIED_BYTES_MAX..]
    }

    /// What was read.
    pub(crate) fn read(&self, length: usize) -> &[u8] {
        &self.0[CARRIED_BYTES_MAX..CARRIED_BYTES_MAX + length]
    }

    /// The same, behind what is carried over.
    fn behind(&mut self, carried: &[u8], length: usize) -> &[u8] {
        let start = CARRIED_BYTES_MAX - carried.len();
        self.0[start..CARRIED_BYTES_MAX].copy_from_slice(carried);
        &self.0[start..CARRIED_BYTES_MAX + length]
    }
}

/// One member's ear.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    /// Messages so far.
    pub(crate) heard: u64,
    /// Messages that were not the next one; counted only if it checks.
    pub(crate) out_of_order: u64,
    /// Reads each message's number. Costs the generator more than counting does.
    checks: bool,
    /// The number that is next.
    next: u64,
    carried: [u8; CARRIED_BYTES_MAX],
    carried_bytes: usize,
}

impl Ear {
    /// One that only counts, or one that checks.
    pub(crate) fn new(checks: bool) -> Self {
        Self { checks, ..Self::default() }
    }

    /// Counts what is new in a read of `length` bytes, and tells each number, if it checks.
    pub(crate) fn hear(
        &mut self,
        inlet: &mut Inlet,
        length: usize,
        mark: &Finder<'_>,
        numbers: &mut impl FnMut(u64),
    ) -> u64 {
        let carried = self.carried;
        let bytes = inlet.behind(&carried[..self.carried_bytes], length);
        let unit = if self.checks { UNIT_BYTES } else { MARK_BYTES };
        let (mut new, mut from) = (0, 0);
        let rest = loop {
            match mark.find(&bytes[from..]).map(|found| from + found) {
                Some(at) if at + unit <= bytes.len() => {
                    if self.checks {
                        self.check(&bytes[at..at + unit], numbers);
                    }
                    new += 1;
                    from = at + unit;
                }
                Some(begun) => break begun,
                None => break from.max((bytes.len() + 1).saturating_sub(MARK_BYTES)),
            }
        };
        let rest = &bytes[rest..];
        self.carried_bytes = rest.len();
        self.carried[..rest.len()].copy_from_slice(rest);
        self.heard += new;
        new
    }

    fn check(&mut self, unit: &[u8], numbers: &mut impl FnMut(u64)) {
        match sequence(unit) {
            Some(number) => {
                self.out_of_order += u64::from(number != self.next);
                self.next = number + 1;
                numbers(number);
            }
            None => self.out_of_order += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marker::{Run, Template};

    /// Messages with these numbers, as a server would send them.
    fn stream(run: &Run, numbers: &[u64]) -> Vec<u8> {
        let line = format!(":b~abc!~b@host PRIVMSG #room :{}\r\n", run.payload(64));
        let template = Template::new(line.into_bytes());
        let mut bytes = Vec::new();
        for number in numbers {
            template.append(*number, &mut bytes);
        }
        bytes
    }

    fn heard(bytes: &[u8], chunk: usize, checks: bool) -> (Ear, Vec<u64>) {
        let mark = Run::new(5).finder();
        let mut inlet = Inlet::new(4096);
        let mut ear = Ear::new(checks);
        let mut numbers = Vec::new();
        for read in bytes.chunks(chunk) {
            inlet.space()[..read.len()].copy_from_slice(read);
            assert_eq!(inlet.read(read.len()), read);
            ear.hear(&mut inlet, read.len(), &mark, &mut |number| numbers.push(number));
        }
        (ear, numbers)
    }

    #[test]
    fn any_chunking_counts_the_same() {
        let numbers: Vec<u64> = (0..20).collect();
        let bytes = stream(&Run::new(5), &numbers);
        for chunk in (1..200).chain([4096]) {
            for checks in [false, true] {
                let (ear, told) = heard(&bytes, chunk, checks);
                assert_eq!(ear.heard, 20, "in chunks of {chunk}");
                assert_eq!(ear.out_of_order, 0, "in chunks of {chunk}");
                assert_eq!(told, if checks { numbers.clone() } else { vec![] });
            }
        }
    }

    #[test]
    fn marks_side_by_side_are_all_counted() {
        let run = Run::new(5);
        let bytes = run.mark().repeat(9).into_bytes();
        for chunk in 1..80 {
            assert_eq!(heard(&bytes, chunk, false).0.heard, 9, "in chunks of {chunk}");
        }
    }

    #[test]
    fn what_is_missing_repeated_or_swapped_is_out_of_order() {
        let run = Run::new(5);
        for (numbers, wrong) in
            [(&[0, 1, 2][..], 0), (&[0, 2, 3], 1), (&[0, 1, 1, 2], 1), (&[0, 2, 1, 3], 3)]
        {
            let bytes = stream(&run, numbers);
            assert_eq!(heard(&bytes, 50, true).0.out_of_order, wrong, "{numbers:?}");
        }
    }

    #[test]
    fn another_runs_messages_are_not_heard() {
        let bytes = stream(&Run::new(6), &[0, 1, 2]);
        assert_eq!(heard(&bytes, 4096, false).0.heard, 0);
    }
}
