//! Lines under TLS: who is trusted, and who is let in.

use std::{io, net::SocketAddr};

use airside_runtime::tls::{Acceptor, Connector, Identity, TlsError};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// An authority that signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, as PEM.
struct Shown {
    chain: String,
    key: String,
}

impl Shown {
    fn identity(&self) -> Identity<'_> {
        Identity { chain_pem: self.chain.as_bytes(), key_pem: self.key.as_bytes() }
    }
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn sign(&self, name: &str) -> Shown {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let chain = params.signed_by(&key, &self.issuer).unwrap().pem();
        Shown { chain, key: key.serialize_pem() }
    }

    fn trust(&self) -> Connector {
        Connector::new(self.pem.as_bytes(), None).unwrap()
    }
}

/// Says a word each way over a line; the outcome of the end that called, then of the other.
async fn talk(acceptor: &Acceptor, connector: &Connector, host: &str) -> (io::Result<()>, io::Result<()>) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let called = async {
        let mut line = acceptor.accept(listener.accept().await?.0).await?;
        let mut word = [0; 4];
        line.read_exact(&mut word).await?;
        line.write_all(&word).await?;
        line.shutdown().await
    };
    let calls = async {
        let mut line = connector.connect(host, TcpStream::connect(address).await?).await?;
        line.write_all(b"bags").await?;
        line.flush().await?;
        let mut word = Vec::new();
        line.read_to_end(&mut word).await?;
        assert_eq!(word, b"bags");
        Ok(())
    };
    tokio::join!(calls, called)
}

#[tokio::test]
async fn a_certificate_of_the_trusted_authority_opens_the_line() {
    let authority = Authority::new();
    for (signed, called) in [("link.example", "link.example"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")] {
        let acceptor = Acceptor::new(authority.sign(signed).identity(), None).unwrap();
        let (one, other) = talk(&acceptor, &authority.trust(), called).await;
        one.unwrap();
        other.unwrap();
    }
}

#[tokio::test]
async fn another_authority_and_another_name_are_refused() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let acceptor = Acceptor::new(authority.sign("link.example").identity(), None).unwrap();
    for (connector, called) in [(stranger.trust(), "link.example"), (authority.trust(), "other.example")] {
        let (one, other) = talk(&acceptor, &connector, called).await;
        assert!(one.is_err() && other.is_err());
    }
}

#[tokio::test]
async fn a_client_without_the_certificate_that_is_asked_for_is_not_let_in() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let acceptor =
        Acceptor::new(authority.sign("link.example").identity(), Some(clients.pem.as_bytes())).unwrap();
    let (known, unknown) = (clients.sign("bhs"), authority.sign("bhs"));
    for (identity, is_let_in) in
        [(Some(known.identity()), true), (Some(unknown.identity()), false), (None, false)]
    {
        let connector = Connector::new(authority.pem.as_bytes(), identity).unwrap();
        let (one, other) = talk(&acceptor, &connector, "link.example").await;
        assert_eq!((one.is_ok(), other.is_ok()), (is_let_in, is_let_in));
    }
}

#[test]
fn what_is_no_certificate_or_key_is_refused_by_its_name() {
    let authority = Authority::new();
    let good = authority.sign("link.example");
    let other = authority.sign("link.example");
    let refused = |chain: &str, key: &str| {
        let identity = Identity { chain_pem: chain.as_bytes(), key_pem: key.as_bytes() };
        Acceptor::new(identity, None).err().unwrap()
    };
    assert!(matches!(refused("", &good.key), TlsError::NoCertificate { .. }));
    assert!(matches!(refused(&good.chain, ""), TlsError::NoKey));
    assert!(matches!(refused(&good.chain, &other.key), TlsError::Identity(_)));
    let error = Connector::new(b"nonsense", None).err().unwrap();
    assert!(error.to_string().contains("BEGIN CERTIFICATE"), "{error}");
}
