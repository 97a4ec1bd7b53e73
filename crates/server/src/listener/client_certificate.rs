//! What a TLS client shows of itself: any certificate, if the client has its key. Nobody vouches for it
//! and nothing in it is believed, its dates neither: an account knows it by its fingerprint. Never looks
//! for the account.

use std::sync::Arc;

use chat_protocol::Fingerprint;
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::ClientHello;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConnection, SignatureScheme,
};

use crate::limits::CLIENT_CHAIN_BYTES_MAX;

/// Asks for a certificate, and takes any or none.
#[derive(Debug)]
pub(super) struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl AnyCertificate {
    pub(super) const fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider }
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// Nobody: a client shows what it has.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    /// It is kept as long as the connection, and as long as the session can be resumed: a chain has a
    /// bound.
    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let bytes = leaf.len() + others.iter().map(|other| other.len()).sum::<usize>();
        if bytes > CLIENT_CHAIN_BYTES_MAX {
            let limit = CLIENT_CHAIN_BYTES_MAX;
            return Err(Error::General(format!(
                "the client's certificates have {bytes} bytes, more than {limit}"
            )));
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Is it a browser? Asked for a certificate, some ask the person which one, and some give up.
pub(super) fn is_browser(hello: &ClientHello<'_>) -> bool {
    let speaks_http = |name: &[u8]| name == b"h2" || name == b"http/1.1";
    hello.alpn().is_some_and(|mut names| names.any(speaks_http))
}

/// Of the certificate whose key the client has shown to have; of a resumed session, the one with which
/// that began.
pub(super) fn fingerprint(session: &ServerConnection) -> Option<Fingerprint> {
    let leaf = session.peer_certificates()?.first()?;
    Some(Fingerprint(Sha256::digest(leaf).into()))
}
