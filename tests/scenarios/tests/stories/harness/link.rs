//! A peer on the host link that writes its frames by hand, and what lets it in.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use airside_runtime::tls;
use airside_server::config::{LinkAccount, LinkConfig};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::within;

/// The application id of the peer.
pub(crate) const APP: &str = "BHS_SZX";
/// Its password.
pub(crate) const PASSWORD: &str = "SECRET";

pub(crate) const LOGIN_REQUEST: u16 = 1;
pub(crate) const LOGIN_ACCEPT: u16 = 2;
pub(crate) const LOGIN_REJECT: u16 = 3;
pub(crate) const DATA: u16 = 4;
pub(crate) const ACK_DATA: u16 = 5;
pub(crate) const ACK: u16 = 6;
pub(crate) const STATUS: u16 = 8;
pub(crate) const DATA_ON: u16 = 9;
pub(crate) const DATA_OFF: u16 = 10;
pub(crate) const LOG_OFF: u16 = 11;

/// A frame as the peer hears it: type, id, data.
pub(crate) type Heard = (u16, u16, Vec<u8>);

/// Returns a frame's bytes.
pub(crate) fn frame(kind: u16, id: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"BHS_SZX\0\x02\0".to_vec();
    for number in [kind, id, u16::try_from(data.len()).unwrap(), 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(data);
    bytes
}

/// A line to a server, or from a client.
pub(crate) struct Peer(pub(crate) tls::Line);

impl Peer {
    pub(crate) async fn call(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(Box::new(stream))
    }

    /// Calls and logs in.
    pub(crate) async fn logged_in(address: SocketAddr) -> Self {
        let mut peer = Self::call(address).await;
        peer.log_in().await;
        peer
    }

    pub(crate) async fn log_in(&mut self) {
        self.say(LOGIN_REQUEST, 0, PASSWORD.as_bytes()).await;
        assert_eq!(self.hear().await.unwrap().0, LOGIN_ACCEPT);
    }

    pub(crate) async fn say(&mut self, kind: u16, id: u16, data: &[u8]) {
        self.0.write_all(&frame(kind, id, data)).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Sends a message and waits until it is acknowledged.
    pub(crate) async fn send(&mut self, id: u16, message: &str) {
        self.say(ACK_DATA, id, message.as_bytes()).await;
        self.acknowledged(id).await;
    }

    pub(crate) async fn acknowledged(&mut self, id: u16) {
        let (kind, answered, _) = self.hear_but(&[STATUS, DATA_ON, DATA_OFF]).await.unwrap();
        assert_eq!((kind, answered), (ACK, id));
    }

    /// Returns the `.A` of the next answer to a message; frames that acknowledge are passed over.
    pub(crate) async fn told(&mut self) -> String {
        let (kind, id, data) = self.hear_but(&[ACK, STATUS, DATA_ON, DATA_OFF]).await.unwrap();
        assert!(kind == DATA && id > 0, "{kind} {id}");
        let text = String::from_utf8(data).unwrap();
        let lines: Vec<_> = text.split("\r\n").collect();
        let ["BCM", "BAM", ".V/1LSZX", answer, "ENDBCM", ""] = lines[..] else { panic!("{text}") };
        answer.to_owned()
    }

    /// Returns the next frame that is of no kind that is passed over; `None` at the end.
    pub(crate) async fn hear_but(&mut self, passed_over: &[u16]) -> Option<Heard> {
        loop {
            let heard = self.hear().await;
            if heard.as_ref().is_none_or(|(kind, ..)| !passed_over.contains(kind)) {
                return heard;
            }
        }
    }

    /// Returns the next frame; `None` when the other end closed.
    pub(crate) async fn hear(&mut self) -> Option<Heard> {
        within("a frame", async {
            let mut head = [0; 20];
            self.0.read_exact(&mut head).await.ok()?;
            let number = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
            assert_eq!((&head[..8], number(8)), (&b"BHS_SZX\0"[..], 2));
            let mut data = vec![0; usize::from(number(14))];
            self.0.read_exact(&mut data).await.ok()?;
            Some((number(10), number(12), data))
        })
        .await
    }
}

/// Writes a file that its owner alone may read.
pub(crate) fn secret(path: &Path, content: &str) -> PathBuf {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    path.to_owned()
}

/// Returns a link on which the peer may log in as `bhs.t3`, with its password beside.
pub(crate) fn link(folder: &Path) -> LinkConfig {
    let password_file = secret(&folder.join("password"), &format!("{PASSWORD}\n"));
    let account = LinkAccount { source: "bhs.t3".to_owned(), password_file };
    LinkConfig { accounts: BTreeMap::from([(APP.to_owned(), account)]), ..LinkConfig::default() }
}

/// Writes a configuration file in which the peer may log in.
pub(crate) fn link_file(folder: &Path, more: &str) -> PathBuf {
    let password = secret(&folder.join("password"), PASSWORD);
    let text = format!(
        "{more}\n[link.accounts.{APP}]\nsource = \"bhs.t3\"\npassword_file = {:?}\n",
        password.display().to_string()
    );
    let path = folder.join("airside.toml");
    fs::write(&path, text).unwrap();
    path
}

/// An authority that signs certificates, each in files.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, as PEM.
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Writes `NAME.pem` and `NAME.key` of a certificate for this machine.
    pub(crate) fn sign(&self, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let params = CertificateParams::new(names).unwrap();
        let certificate = folder.join(format!("{name}.pem"));
        fs::write(&certificate, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        (certificate, secret(&folder.join(format!("{name}.key")), &key.serialize_pem()))
    }

    /// Writes its own certificate.
    pub(crate) fn file(&self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, &self.pem).unwrap();
        path
    }
}
