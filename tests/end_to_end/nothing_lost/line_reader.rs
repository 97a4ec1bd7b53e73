//! A reader with a line client, who may lose its connection at any moment.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};

use samovar_tests::checker::{Key, Via};

use super::log::key_of;
use super::wire::{came_to_its_end, connect};

/// What somebody with a line client saw: no sequences, so these are found later by the keys.
#[derive(Default)]
pub(super) struct LineReader {
    pub(super) seen: Vec<(String, Key, Via)>,
}

impl LineReader {
    /// Until the last message, or until the daemon is dead.
    pub(super) fn run(&mut self, address: &str, round: u64, last: Key) -> bool {
        came_to_its_end(self.read(address, round, last))
    }

    fn read(&mut self, address: &str, round: u64, last: Key) -> io::Result<()> {
        let session = format!("the line reader of round {round}");
        let mut stream = connect(address)?;
        stream.write_all(format!("line{round}\n").as_bytes())?;
        let mut lines = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            lines.read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                return Err(ErrorKind::UnexpectedEof.into()); // half a line is none
            }
            let line = String::from_utf8(line).expect("the server sends UTF-8");
            // `[MM-DD hh:mm] w0: m1000001`, or without the time.
            let (via, said) = match line.split_once("] ") {
                Some((time, said)) if time.starts_with('[') => (Via::History, said),
                _ => (Via::Live, line.as_str()),
            };
            let Some((_, text)) = said.trim_end().split_once(": ") else {
                continue;
            };
            if text.starts_with('m') && text[1..].parse::<Key>().is_ok() {
                let key = key_of(text);
                self.seen.push((session.clone(), key, via));
                if key == last {
                    return Ok(());
                }
            }
        }
    }
}
