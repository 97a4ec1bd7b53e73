//! What every message of a run carries: a mark that no other run has, its number, and padding.
//! Owns the payload's form; never knows what a protocol wraps around it.

use memchr::memmem::Finder;

/// The number of a message in its room, as hexadecimal digits.
pub(crate) const SEQUENCE_DIGITS: usize = 12;
/// `~abcdef:`
pub(crate) const MARK_BYTES: usize = 8;
/// A mark and its number.
pub(crate) const UNIT_BYTES: usize = MARK_BYTES + SEQUENCE_DIGITS;
/// Stands for the number in a [`Template`].
const PLACEHOLDER: &str = "feedfacebeef";
/// Letters that no server takes for one another.
const LETTERS: &str = "abcdefghkpstwxyz";

/// One run of the generator: its names, rooms and marks are nobody else's.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    letters: String,
}

impl Run {
    /// Another one at every time.
    pub(crate) fn different() -> Self {
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let nanos = time.map_or(0, |time| time.subsec_nanos());
        Self::new(u64::from(std::process::id()) << 32 | u64::from(nanos))
    }

    /// From any number, better a different one each time.
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds are to differ in all letters (Fibonacci hashing).
        let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let letter = |byte: &u8| LETTERS.chars().nth(usize::from(byte >> 4));
        Self { letters: mixed.iter().take(6).filter_map(letter).collect() }
    }

    /// What stands before each number.
    pub(crate) fn mark(&self) -> String {
        format!("~{}:", self.letters)
    }

    /// The name of a room.
    pub(crate) fn room(&self, number: usize) -> String {
        format!("bench-{}-{number}", self.letters)
    }

    /// The name of a member: short, since some servers allow 9 bytes only.
    pub(crate) fn name(&self, number: usize) -> String {
        format!("b{}{number}", self.letters.get(..3).unwrap_or_default())
    }

    /// The text of a message of so many bytes, with the placeholder as its number.
    pub(crate) fn payload(&self, bytes: usize) -> String {
        let mut payload = self.mark() + PLACEHOLDER + " ";
        let words = "and as many words as people need to say what they mean ";
        payload.extend(words.chars().cycle().take(bytes.saturating_sub(payload.len())));
        payload.truncate(bytes);
        // No server may cut a blank at the end off.
        if payload.ends_with(' ') {
            payload.pop();
            payload.push('.');
        }
        payload
    }

    /// Finds the marks of this run.
    pub(crate) fn finder(&self) -> Finder<'static> {
        Finder::new(self.mark().as_bytes()).into_owned()
    }
}

/// A unique key whose end is the message's number.
pub(crate) fn key(connection: usize, run: &Run) -> String {
    let run = run.letters.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
    format!("{run:08x}-{:04x}-7000-8000-{PLACEHOLDER}", connection & 0xffff)
}

/// One message as a protocol wants it, encoded once; only its number changes.
#[derive(Debug, Default)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    numbers_at: Vec<usize>,
}

impl Template {
    /// From a message with the placeholder in it.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let numbers_at = memchr::memmem::find_iter(&bytes, PLACEHOLDER).collect();
        Self { bytes, numbers_at }
    }

    /// Appends the message with this number.
    pub(crate) fn append(&self, sequence: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let digits = digits(sequence);
        for at in &self.numbers_at {
            if let Some(place) = out.get_mut(start + at..start + at + SEQUENCE_DIGITS) {
                place.copy_from_slice(&digits);
            }
        }
    }
}

/// The number of a unit that stands in something received.
pub(crate) fn sequence(unit: &[u8]) -> Option<u64> {
    let digits = unit.get(MARK_BYTES..UNIT_BYTES)?;
    digits.iter().try_fold(0, |sum, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(sum << 4 | u64::from(digit))
    })
}

fn digits(sequence: u64) -> [u8; SEQUENCE_DIGITS] {
    let mut left = sequence;
    let mut digits = [b'0'; SEQUENCE_DIGITS];
    for digit in digits.iter_mut().rev() {
        let [.., low] = (left & 15).to_be_bytes();
        *digit = if low < 10 { b'0' + low } else { b'a' + low - 10 };
        left >>= 4;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_its_length_and_its_mark_once() {
        let run = Run::new(7);
        for bytes in [24, 64, 300] {
            let payload = run.payload(bytes);
            assert_eq!(payload.len(), bytes);
            assert!(!payload.ends_with(' '));
            assert_eq!(run.finder().find_iter(payload.as_bytes()).count(), 1);
        }
        assert_eq!(run.mark().len(), MARK_BYTES);
        assert_ne!(run.mark(), Run::new(8).mark());
    }

    #[test]
    fn a_template_changes_its_numbers_and_nothing_else() {
        let run = Run::new(1);
        let message = format!("say {} {}\n", key(3, &run), run.payload(64));
        let template = Template::new(message.clone().into_bytes());
        let mut out = b"before".to_vec();
        template.append(0x1_2345, &mut out);
        let said = String::from_utf8(out).unwrap();
        assert_eq!(said, format!("before{}", message.replace(PLACEHOLDER, "000000012345")));
        let unit = &said[said.find('~').unwrap()..];
        assert_eq!(sequence(unit.as_bytes()), Some(0x1_2345));
    }

    #[test]
    fn what_is_no_number_is_none() {
        assert_eq!(sequence(b"~abcdef:00000000000g"), None);
        assert_eq!(sequence(b"~abcdef:0000"), None);
    }
}
