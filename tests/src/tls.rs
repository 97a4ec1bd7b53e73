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
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
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

/// A client behind a tunnel.
#[derive(Debug)]
pub struct Encrypted {
    /// It speaks as every other one.
    pub client: Client,
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

    /// The section of a configuration that names it.
    #[must_use]
    pub fn config(&self) -> String {
        format!("[tls]\ncert = {:?}\nkey = {:?}\n", self.cert, self.key)
    }
}

impl Encrypted {
    /// Connects to `ADDR:PORT`, and believes this certificate alone.
    ///
    /// # Errors
    /// There is no handshake.
    pub fn try_connect(address: &str, cert: &Path, version: Version) -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        let config = config(cert, version);
        let address = address.to_owned();
        let (ready, is_ready) = sync_channel(1);
        let (ended, end) = sync_channel(1);
        thread::spawn(move || {
            let tunnel = async {
                let stream = match handshake(&address, config, version).await {
                    Ok(stream) => stream,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                drop(ready.send(Ok(())));
                drop(ended.send(carry(far, stream).await));
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(tunnel);
        });
        is_ready.recv_timeout(DEADLINE).map_err(io::Error::other)??;
        Ok(Self { client: Client::over(near), end })
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
    config: ClientConfig,
    version: Version,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let socket = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("it is a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
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

fn config(cert: &Path, version: Version) -> ClientConfig {
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
        .with_no_client_auth()
}
