//! TLS: from the files of `[tls]` to what handshakes are done with, and the handshake itself.
//! Never chooses who is served, never logs.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use chat_protocol::Fingerprint;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::rustls::{
    CertificateError, Error as RustlsError, RootCertStore, ServerConfig as RustlsConfig,
};

use super::begun::Begun;
use super::client_certificate::{AnyCertificate, fingerprint, is_browser};
use crate::config::{Config, ListenUrl, TlsConfig};
use crate::limits::{CERTIFICATE_ENDS_SOON, TLS_BUFFER_BYTES_MAX, TLS_FILE_BYTES_MAX};

/// Both ways, whatever is below.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An encrypted connection. On the heap: what is not encrypted pays nothing for it.
pub(super) type Encrypted = Box<dyn Duplex>;

/// A certificate with its key. Handshakes that begin with one end with it.
#[derive(Clone)]
pub(crate) struct Tls {
    /// Asks clients for one of theirs.
    asking: Arc<RustlsConfig>,
    /// Does not.
    silent: Arc<RustlsConfig>,
    validity: Validity,
}

/// Whether clients will believe a certificate, as far as its dates tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// For a while.
    Fine,
    /// Not any more.
    Ended,
    /// For so many days.
    EndsSoon { days: u64 },
    /// It will be later.
    NotYet,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A listener that needs a certificate.
    #[error(
        "{url} needs a certificate: set `tls.cert` and `tls.key`, or make one: chat-server cert"
    )]
    Needed {
        /// Which.
        url: ListenUrl,
    },
    /// Clients would be sent where nobody has TLS.
    #[error("`irc.sts_port` needs a certificate: set `tls.cert` and `tls.key`, or take it out")]
    NeededBySts,
    /// One without the other.
    #[error("`{set}` is set and `{missing}` is not; there are both or none")]
    Half {
        /// The key that is there.
        set: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
    /// A file that cannot be had.
    #[error("`{key}`: cannot read {}: {source}", .path.display())]
    Read {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file with something else in it.
    #[error("`{key}`: {} has {why}", .path.display())]
    Content {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong, to be read behind "has".
        why: String,
    },
    /// Each is right, and they are not one pair.
    #[error(
        "`tls.key`: the key in {} does not belong to the certificate in {}",
        .key.display(), .cert.display()
    )]
    Mismatch {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
}

impl Tls {
    /// What a configuration asks for; none: no TLS. `now` is since 1970.
    ///
    /// # Errors
    /// [`TlsError`] names the file and what is wrong with it.
    pub(crate) fn load(config: &Config, now: Duration) -> Result<Option<Self>, TlsError> {
        let (cert, key) = match &config.tls {
            TlsConfig { cert: Some(cert), key: Some(key) } => (cert, key),
            TlsConfig { cert: Some(_), key: None } => {
                return Err(TlsError::Half { set: CERT, missing: KEY });
            }
            TlsConfig { cert: None, key: Some(_) } => {
                return Err(TlsError::Half { set: KEY, missing: CERT });
            }
            TlsConfig { cert: None, key: None } => {
                return match config.listen.iter().find(|url| url.tls) {
                    Some(url) => Err(TlsError::Needed { url: url.clone() }),
                    None if config.irc.sts_port.is_some() => Err(TlsError::NeededBySts),
                    None => Ok(None),
                };
            }
        };
        let chain = certificates(cert)?;
        let private = private_key(key)?;
        let provider = Arc::new(ring::default_provider());
        let validity = chain.first().map_or(Validity::Fine, |leaf| validity(leaf, &provider, now));
        let builder = || {
            let builder = RustlsConfig::builder_with_provider(Arc::clone(&provider));
            builder.with_safe_default_protocol_versions()
        };
        let silent = builder()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
        let both = silent.and_then(|silent| {
            let verifier = Arc::new(AnyCertificate::new(Arc::clone(&provider)));
            let asking = builder()?
                .with_client_cert_verifier(verifier)
                .with_cert_resolver(Arc::clone(&silent.cert_resolver));
            Ok((asking, silent))
        });
        let (asking, silent) = both.map_err(|error| {
            if matches!(error, RustlsError::InconsistentKeys(_)) {
                TlsError::Mismatch { cert: cert.clone(), key: key.clone() }
            } else if let RustlsError::InvalidCertificate(why) = error {
                content(CERT, cert, format!("a certificate that cannot be used: {why:?}"))
            } else {
                // What else can be wrong is the kind of the key.
                content(KEY, key, format!("a key that cannot be used: {error}"))
            }
        })?;
        Ok(Some(Self { asking: Arc::new(asking), silent: Arc::new(silent), validity }))
    }

    /// As the certificate was when it was read.
    pub(crate) const fn validity(&self) -> Validity {
        self.validity
    }

    /// Does the handshake; `head` was read already. Gives the client's certificate, if it `asks` for one
    /// and there is one.
    ///
    /// # Errors
    /// The peer is gone, or does not speak TLS, or not ours.
    ///
    /// # Cancel safety
    /// The connection is closed.
    pub(super) async fn accept<S>(
        &self,
        stream: S,
        head: BytesMut,
        asks: bool,
    ) -> io::Result<(Encrypted, Option<Fingerprint>)>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let bounded = |session: &mut tokio_rustls::rustls::ServerConnection| {
            session.set_buffer_limit(Some(TLS_BUFFER_BYTES_MAX));
        };
        let stream = Begun::new(head, stream);
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let asks = asks && !is_browser(&begun.client_hello());
        let config = if asks { &self.asking } else { &self.silent };
        let stream = begun.into_stream_with(Arc::clone(config), bounded).await?;
        let certificate = fingerprint(stream.get_ref().1);
        Ok((Box::new(stream), certificate))
    }
}

const CERT: &str = "tls.cert";
const KEY: &str = "tls.key";

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(CERT, path)?;
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(content(
            CERT,
            path,
            "no certificate in it (-----BEGIN CERTIFICATE-----)".to_owned(),
        )),
        Ok(chain) => Ok(chain),
        Err(error) => Err(content(CERT, path, format!("broken PEM: {error}"))),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read(KEY, path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| {
        let why = if has(&pem, b"ENCRYPTED PRIVATE KEY") {
            "a key with a passphrase; the daemon cannot ask for it, so store it without: \
             openssl pkey -in OLD -out NEW"
                .to_owned()
        } else if matches!(error, pem::Error::NoItemsFound) {
            "no key in it (-----BEGIN PRIVATE KEY-----)".to_owned()
        } else {
            format!("broken PEM: {error}")
        };
        content(KEY, path, why)
    })
}

fn has(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}

fn content(key: &'static str, path: &Path, why: String) -> TlsError {
    TlsError::Content { key, path: path.to_owned(), why }
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let read = || {
        let about = std::fs::metadata(path)?;
        // Reading a pipe that nobody writes to would wait for ever.
        if !about.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is no file"));
        }
        if about.len() > TLS_FILE_BYTES_MAX {
            let why = format!("it has {} bytes, more than {TLS_FILE_BYTES_MAX}", about.len());
            return Err(io::Error::new(ErrorKind::FileTooLarge, why));
        }
        std::fs::read(path)
    };
    read().map_err(|source| TlsError::Read { key, path: path.to_owned(), source })
}

/// Asks the verifier that clients have, with the certificate itself as the only one it believes:
/// it looks at the dates before it looks at who vouches for whom.
fn validity(leaf: &CertificateDer<'_>, provider: &Arc<CryptoProvider>, now: Duration) -> Validity {
    let problem_at = |time: Duration| {
        let mut roots = RootCertStore::empty();
        roots.add(leaf.clone().into_owned()).ok()?;
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let name = ServerName::try_from("localhost").ok()?;
        let time = UnixTime::since_unix_epoch(time);
        let verified = verifier.build().ok()?.verify_server_cert(leaf, &[], &name, &[], time);
        match verified {
            Err(RustlsError::InvalidCertificate(problem)) => Some(problem),
            Ok(_) | Err(_) => None,
        }
    };
    use CertificateError as Problem;
    match (problem_at(now), problem_at(now + CERTIFICATE_ENDS_SOON)) {
        (Some(Problem::Expired | Problem::ExpiredContext { .. }), _) => Validity::Ended,
        (Some(Problem::NotValidYet | Problem::NotValidYetContext { .. }), _) => Validity::NotYet,
        (_, Some(Problem::ExpiredContext { not_after, .. })) => {
            let left = not_after.as_secs().saturating_sub(now.as_secs());
            Validity::EndsSoon { days: left / (24 * 60 * 60) }
        }
        (_, _) => Validity::Fine,
    }
}
