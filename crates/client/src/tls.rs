//! TLS from the client's side: whom a server has to be vouched for by, and the handshake. Never
//! falls back to anything weaker, never prints.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, Error as RustlsError,
    RootCertStore, SignatureScheme,
};

use crate::own::{self, OwnCertificate};
use crate::pins::{self, Fingerprint};
use crate::trouble::ChangedCertificate;

/// Why a server's certificate is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Somebody vouches for it whom this machine believes.
    #[default]
    System,
    /// Somebody vouches for it who is in this file (PEM).
    CaFile(PathBuf),
    /// It is the one that was seen first. This file remembers which one that was.
    FirstSeen(PathBuf),
}

/// Why there is no encrypted connection.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// This machine believes nobody.
    #[error("this machine has no certificate authorities: {0}")]
    NoAuthorities(String),
    /// The file of whom to believe is of no use.
    #[error("{}: {why}", .path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// What one is to show of oneself is of no use.
    #[error("{}: {why}", .path.display())]
    Own {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file of what was seen is of no use.
    #[error("{}: {source}", .path.display())]
    Pins {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// It is another certificate than the one that was seen first.
    #[error(
        "its certificate is not the one that was seen first ({}, line {}): not believed",
        .0.file.display(), .0.pin.line
    )]
    Changed(Box<ChangedCertificate>),
    /// Nobody vouches for it.
    #[error("nobody who is believed here vouches for its certificate")]
    UnknownIssuer,
    /// The certificate is fine, and wrong here.
    #[error("its certificate {0}")]
    Certificate(String),
    /// What answers is no TLS.
    #[error("what answers there does not speak TLS")]
    NotTls,
    /// No server can be certified under this name.
    #[error("\"{0}\" is no name or address that a certificate can have")]
    Name(String),
    /// The handshake ended early.
    #[error("no TLS handshake: {0}")]
    Handshake(io::Error),
}

/// Encrypts a connection to `host`, whose pin stands under `server`.
pub(crate) async fn secure(
    stream: TcpStream,
    host: &str,
    server: &str,
    trust: &Trust,
    own: Option<&OwnCertificate>,
) -> Result<TlsStream<TcpStream>, TlsError> {
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Handshake(io::Error::other(error)))?;
    let file = match trust {
        Trust::System => {
            let config = showing(builder.with_root_certificates(system()?), own)?;
            return handshake(stream, name, config).await;
        }
        Trust::CaFile(path) => {
            let config = showing(builder.with_root_certificates(of_file(path)?), own)?;
            return handshake(stream, name, config).await;
        }
        Trust::FirstSeen(file) => file,
    };
    let of_pins = |source| TlsError::Pins { path: file.clone(), source };
    let pin = pins::find(file, server).map_err(of_pins)?;
    let verifier = Arc::new(FirstSeen {
        known: pin.map(|pin| pin.fingerprint),
        shown: Mutex::default(),
        provider,
    });
    let config =
        builder.dangerous().with_custom_certificate_verifier(Arc::<FirstSeen>::clone(&verifier));
    let config = showing(config, own)?;
    let stream = handshake(stream, name, config).await;
    match (pin, verifier.shown()) {
        (Some(pin), Some(shown)) if pin.fingerprint != shown => {
            let changed = ChangedCertificate { file: file.clone(), pin, shown };
            Err(TlsError::Changed(Box::new(changed)))
        }
        (None, Some(shown)) => {
            let stream = stream?;
            pins::add(file, server, shown).map_err(of_pins)?;
            Ok(stream)
        }
        (Some(_) | None, _) => stream,
    }
}

/// What the server is shown, if it asks.
fn showing(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    own: Option<&OwnCertificate>,
) -> Result<ClientConfig, TlsError> {
    let Some(own) = own else { return Ok(builder.with_no_client_auth()) };
    let made = builder.with_client_auth_cert(own.chain()?, own.private_key()?);
    made.map_err(|error| {
        if let RustlsError::InconsistentKeys(_) = error {
            own::wrong(&own.key, &"it is not the key of the certificate")
        } else {
            own::wrong(&own.cert, &error)
        }
    })
}

fn system() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map_or("none found".to_owned(), ToString::to_string);
        return Err(TlsError::NoAuthorities(why));
    }
    Ok(roots)
}

fn of_file(path: &Path) -> Result<RootCertStore, TlsError> {
    let wrong = |why: String| TlsError::CaFile { path: path.to_owned(), why };
    let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("no certificate in it (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(roots)
}

async fn handshake(
    stream: TcpStream,
    name: ServerName<'static>,
    config: ClientConfig,
) -> Result<TlsStream<TcpStream>, TlsError> {
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    shaken.map_err(|error| {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>());
        match inner {
            Some(RustlsError::InvalidCertificate(problem)) => refused(problem),
            Some(RustlsError::InvalidMessage(_)) => TlsError::NotTls,
            Some(_) | None => TlsError::Handshake(error),
        }
    })
}

fn refused(problem: &CertificateError) -> TlsError {
    // A bad signature: somebody of the same name as who is believed has signed it.
    if matches!(problem, CertificateError::UnknownIssuer | CertificateError::BadSignature) {
        return TlsError::UnknownIssuer;
    }
    TlsError::Certificate(if is_ended(problem) {
        "has ended".to_owned()
    } else if is_early(problem) {
        "is not valid yet".to_owned()
    } else if is_for_others(problem) {
        "is for another name".to_owned()
    } else {
        format!("is refused: {problem}")
    })
}

const fn is_ended(problem: &CertificateError) -> bool {
    matches!(problem, CertificateError::Expired | CertificateError::ExpiredContext { .. })
}

const fn is_early(problem: &CertificateError) -> bool {
    matches!(problem, CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. })
}

const fn is_for_others(problem: &CertificateError) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(problem, NotValidForName | NotValidForNameContext { .. })
}

/// Believes one certificate: the one that is known, or else the first that comes. That the server
/// has its key is proven all the same.
#[derive(Debug)]
struct FirstSeen {
    known: Option<Fingerprint>,
    shown: Mutex<Option<Fingerprint>>,
    provider: Arc<CryptoProvider>,
}

impl FirstSeen {
    fn shown(&self) -> Option<Fingerprint> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerCertVerifier for FirstSeen {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        let shown = Fingerprint::of(certificate);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        if self.known.is_some_and(|known| known != shown) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
