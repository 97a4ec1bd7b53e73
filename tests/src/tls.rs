//! TLS as a client sees it: certificates made by `chat-server cert`, and a tunnel through which every
//! other client of the tests can speak.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::{ResolvesClientCert, WantsClientCert};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{
    ClientConfig, ConfigBuilder, HandshakeKind, ProtocolVersion, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio_rustls::rustls::{version::TLS12, version::TLS13};

use crate::{Client, DEADLINE, Home, chat_server, run};

/// A certificate for `localhost`, in files.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The file of the certificate.
    pub cert: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
    /// As `chat-server cert` has printed it.
    pub fingerprint: String,
}

/// TLS 1.2 or 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.2
    Tls12,
    /// 1.3
    Tls13,
}

/// What a client of TLS believes, and shows of itself; with the sessions that it may resume.
#[derive(Clone, Debug)]
pub struct TlsManner {
    config: Arc<ClientConfig>,
    version: Version,
}

/// A certificate and a key that a client shows, whether they belong together or not.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

/// A client behind a tunnel.
#[derive(Debug)]
pub struct Encrypted {
    /// It speaks as every other one.
    pub client: Client,
    /// It went on with an earlier session.
    pub is_resumed: bool,
    /// Whether the server's end was clean (with a close_notify), once it has come.
    end: Receiver<io::Result<()>>,
}

impl Certificate {
    /// Makes one in this folder of a home.
    #[track_caller]
    #[must_use]
    pub fn new(home: &Home, folder: &str) -> Self {
        let out = home.path().join(folder);
        let made = run(home.command(chat_server()).args(["cert", "--out"]).arg(&out), "");
        assert_eq!(made.code, Some(0), "{made:?}");
        let fingerprint = made
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("SHA-256 fingerprint: "))
            .expect("it is printed")
            .to_owned();
        Self { cert: out.join("server.crt"), key: out.join("server.key"), fingerprint }
    }

    /// It, in DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let pem = fs::read(&self.cert).expect("the certificate is there");
        CertificateDer::from_pem_slice(&pem).expect("it is PEM").to_vec()
    }

    /// The section of a configuration that names it.
    #[must_use]
    pub fn config(&self) -> String {
        format!("[tls]\ncert = {:?}\nkey = {:?}\n", self.cert, self.key)
    }
}

impl TlsManner {
    /// Believes this certificate alone, and shows none.
    #[must_use]
    pub fn new(server: &Path, version: Version) -> Self {
        Self { config: Arc::new(believing(server, version).with_no_client_auth()), version }
    }

    /// Believes the first, and shows these (DER), the leaf first, with the key of `own`.
    #[must_use]
    pub fn showing(server: &Path, version: Version, chain: &[Vec<u8>], own: &Certificate) -> Self {
        let key = PrivateKeyDer::from_pem_file(&own.key).expect("it is a key");
        let key = ring::sign::any_supported_type(&key).expect("it is one that can sign");
        let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let shown = Shown(Arc::new(CertifiedKey::new(chain, key)));
        let config = believing(server, version).with_client_cert_resolver(Arc::new(shown));
        Self { config: Arc::new(config), version }
    }

    /// The same, and says by ALPN that it speaks this.
    #[must_use]
    pub fn speaking(mut self, name: &[u8]) -> Self {
        Arc::make_mut(&mut self.config).alpn_protocols = vec![name.to_vec()];
        self
    }

    /// Connects to `ADDR:PORT`.
    ///
    /// # Errors
    /// There is no handshake.
    pub fn connect(&self, address: &str) -> io::Result<Encrypted> {
        Encrypted::connect_as(address, self)
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl Encrypted {
    /// Connects to `ADDR:PORT`, and believes this certificate alone.
    ///
    /// # Errors
    /// There is no handshake.
    pub fn try_connect(address: &str, cert: &Path, version: Version) -> io::Result<Self> {
        Self::connect_as(address, &TlsManner::new(cert, version))
    }

    fn connect_as(address: &str, manner: &TlsManner) -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        let manner = manner.clone();
        let address = address.to_owned();
        let (ready, is_ready) = sync_channel(1);
        let (ended, end) = sync_channel(1);
        thread::spawn(move || {
            let tunnel = async {
                let stream = match handshake(&address, manner).await {
                    Ok(stream) => stream,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                let kind = stream.get_ref().1.handshake_kind();
                drop(ready.send(Ok(kind == Some(HandshakeKind::Resumed))));
                drop(ended.send(carry(far, stream).await));
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(tunnel);
        });
        let is_resumed = is_ready.recv_timeout(DEADLINE).map_err(io::Error::other)??;
        Ok(Self { client: Client::over(near), is_resumed, end })
    }

    /// The same, by TLS 1.3, and it succeeds.
    #[track_caller]
    #[must_use]
    pub fn connect(address: &str, cert: &Certificate) -> Self {
        match Self::try_connect(address, &cert.cert, Version::Tls13) {
            Ok(client) => client,
            Err(error) => panic!("{address}: {error}"),
        }
    }

    /// The server has closed, and has said so inside TLS.
    #[track_caller]
    pub fn expect_clean_end(&mut self) {
        self.client.rest();
        self.client.end();
        match self.end.recv_timeout(DEADLINE) {
            Ok(Ok(())) => {}
            other => panic!("not a clean end: {other:?}"),
        }
    }
}

async fn handshake(
    address: &str,
    TlsManner { config, version }: TlsManner,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("it is a name");
    let stream = TlsConnector::from(config).connect(name, socket).await?;
    let spoken = match version {
        Version::Tls12 => ProtocolVersion::TLSv1_2,
        Version::Tls13 => ProtocolVersion::TLSv1_3,
    };
    assert_eq!(stream.get_ref().1.protocol_version(), Some(spoken));
    Ok(stream)
}

async fn carry(
    far: UnixStream,
    mut stream: tokio_rustls::client::TlsStream<TcpStream>,
) -> io::Result<()> {
    far.set_nonblocking(true)?;
    let mut far = tokio::net::UnixStream::from_std(far)?;
    copy_bidirectional(&mut far, &mut stream).await.map(drop)
}

fn believing(cert: &Path, version: Version) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let versions: &[&SupportedProtocolVersion] = match version {
        Version::Tls12 => &[&TLS12],
        Version::Tls13 => &[&TLS13],
    };
    let mut roots = RootCertStore::empty();
    let pem = fs::read(cert).expect("the certificate is there");
    let cert = CertificateDer::from_pem_slice(&pem).expect("it is PEM");
    roots.add(cert).expect("it is a certificate");
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("they are supported")
        .with_root_certificates(roots)
}
