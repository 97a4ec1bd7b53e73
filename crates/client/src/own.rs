//! A certificate of one's own, and its key: files that are read when a connection is made. Never kept,
//! never shown but by their fingerprint.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use chat_protocol::Fingerprint;
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::TlsError;

/// What a client shows to a server over TLS: by this it can be known there, without a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCertificate {
    /// The file of the certificate (PEM), the leaf first.
    pub cert: PathBuf,
    /// The file of its key (PEM); it may be the same.
    pub key: PathBuf,
}

impl OwnCertificate {
    /// By what a server knows it.
    ///
    /// # Errors
    /// [`TlsError::Own`] names the file and what is wrong with it.
    pub fn fingerprint(&self) -> Result<Fingerprint, TlsError> {
        let chain = self.chain()?;
        let leaf = chain.first().ok_or_else(|| wrong(&self.cert, &NO_CERTIFICATE))?;
        Ok(Fingerprint(Sha256::digest(leaf).into()))
    }

    pub(crate) fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let pem = read(&self.cert)?;
        let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        match chain {
            Ok(chain) if chain.is_empty() => Err(wrong(&self.cert, &NO_CERTIFICATE)),
            Ok(chain) => Ok(chain),
            Err(error) => Err(wrong(&self.cert, &error)),
        }
    }

    pub(crate) fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let pem = read(&self.key)?;
        PrivateKeyDer::from_pem_slice(&pem).map_err(|_| wrong(&self.key, &NO_KEY))
    }
}

const NO_CERTIFICATE: &str = "no certificate in it (-----BEGIN CERTIFICATE-----)";
const NO_KEY: &str = "no key in it that needs no passphrase (-----BEGIN PRIVATE KEY-----)";

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| wrong(path, &error))
}

pub(crate) fn wrong(path: &Path, why: &dyn Display) -> TlsError {
    TlsError::Own { path: path.to_owned(), why: why.to_string() }
}
