//! Certificates of nodes, made as `deploy/roles` says, for tests.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};

/// An authority that signs what nodes show to one another.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// Where the papers of one node lie.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The authority, as PEM.
    pub ca: PathBuf,
    /// The node's certificate, as PEM.
    pub certificate: PathBuf,
    /// The key of it, as PEM.
    pub key: PathBuf,
}

impl Authority {
    /// Makes one.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new(name: &str) -> Result<Self, Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// Makes the papers of a node that is called by these names, in a folder.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn papers(&self, folder: &Path, names: &[String]) -> io::Result<Papers> {
        self.made(folder, names, |_| ())
    }

    /// Makes papers that were over long ago.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn expired(&self, folder: &Path, names: &[String]) -> io::Result<Papers> {
        self.made(folder, names, |params| {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        })
    }

    /// Puts this authority in the place of the one that a node believes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn believed_by(&self, papers: &Papers) -> io::Result<()> {
        fs::write(&papers.ca, self.issuer.pem())
    }

    fn made(
        &self,
        folder: &Path,
        names: &[String],
        alter: impl FnOnce(&mut CertificateParams),
    ) -> io::Result<Papers> {
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        alter(&mut params);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let in_folder = |name: &str| folder.join(name);
        let papers = Papers {
            ca: in_folder("ca.pem"),
            certificate: in_folder("node.pem"),
            key: in_folder("node.key"),
        };
        fs::write(&papers.ca, self.issuer.pem())?;
        fs::write(&papers.certificate, certificate.pem())?;
        fs::write(&papers.key, key.serialize_pem())?;
        fs::set_permissions(&papers.key, Permissions::from_mode(0o600))?;
        Ok(papers)
    }
}
