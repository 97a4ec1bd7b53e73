//! Says which certificate is believed from now on, when a server is seen for the first time. Changes
//! nothing: the library has kept it by then.

use std::io::{self, Write};
use std::path::PathBuf;

use chat_client::{ServerAddress, Trust, find_pin};

/// A server that is not known yet, if it is one, and the file that will know it.
#[derive(Debug)]
#[must_use]
pub(crate) struct FirstSight(Option<(String, PathBuf)>);

impl FirstSight {
    /// Before connecting.
    pub(crate) fn before(server: &ServerAddress) -> Self {
        let ServerAddress::Tls { host, port, trust: Trust::FirstSeen(file), .. } = server else {
            return Self(None);
        };
        let place = ServerAddress::Tcp { host: host.clone(), port: *port }.to_string();
        let is_known = !matches!(find_pin(file, &place), Ok(None));
        Self((!is_known).then(|| (place, file.clone())))
    }

    /// After connecting.
    pub(crate) fn tell(&self) {
        let Some((place, file)) = &self.0 else { return };
        let Ok(Some(pin)) = find_pin(file, place) else { return };
        let sentence = format!(
            "{place} is seen for the first time. Its certificate's SHA-256 fingerprint:\n  {}\n\
             Compare it with what `chat-server cert` has printed. It is kept in {}, line {}; from now \
             on no other is believed.",
            pin.fingerprint,
            file.display(),
            pin.line
        );
        // Nobody is left to tell that nobody listens.
        writeln!(io::stderr(), "{sentence}").ok();
    }
}
