//! Signed notes and the keys that sign them, in the form of
//! c2sp.org/signed-note: a text, an empty line, a line for each signature.
//!
//! What is parsed prints as the same bytes; anything that would not is refused.

use std::{fmt, str::FromStr, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// What a signature line begins with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// Ed25519, as the key hash and the verifier key name it.
const ED25519: u8 = 1;

/// The most signatures of a note that are read.
const SIGNATURES_MAX: usize = 16;

/// Checks an Ed25519 signature: public key, message, signature.
pub type Verify = fn(&[u8; 32], &[u8], &[u8]) -> bool;

/// A text that is no note, no checkpoint or no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} is malformed: {problem}")]
pub struct Malformed {
    /// What it should have been.
    pub what: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

impl Malformed {
    pub(crate) fn new(what: &'static str, problem: impl Into<String>) -> Self {
        Self { what, problem: problem.into() }
    }
}

/// The public half of a key, under its name. It prints as what an outsider
/// keeps: `name+hash+base64(0x01 || public key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

impl VerifierKey {
    /// Names a public key.
    ///
    /// # Errors
    /// When the name is empty or holds a space or a plus.
    pub fn new(name: impl Into<String>, public: [u8; 32]) -> Result<Self, Malformed> {
        let name = name.into();
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
            let problem = format!("the name {name:?} is empty or holds a space or a plus");
            return Err(Malformed::new("key of the log", problem));
        }
        Ok(Self { name, public })
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the public key.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Returns the hash that tells keys of one name apart.
    pub fn hash(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.public)
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], &self.public[..]].concat();
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.hash()), STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = |problem: &str| Malformed::new("key of the log", problem);
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed("it has the form name+hash+key"));
        };
        let key = STANDARD.decode(key).map_err(|_| malformed("its third part is not base64"))?;
        let public = match key.split_first() {
            Some((&ED25519, public)) => public.try_into().ok(),
            _ => None,
        };
        let public = public.ok_or_else(|| malformed("its third part is no Ed25519 key"))?;
        let key = Self::new(name, public)?;
        if format!("{:08x}", u32::from_be_bytes(key.hash())) != hash {
            return Err(malformed("its hash does not belong to its name and key"));
        }
        Ok(key)
    }
}

/// Signs a message.
type Sign = dyn Fn(&[u8]) -> [u8; 64] + Send + Sync;

/// Who signs: a key and what signs with it. Clones share the key.
#[derive(Clone)]
pub struct Signer {
    key: VerifierKey,
    sign: Arc<Sign>,
}

impl Signer {
    /// Makes a signer of a named key pair.
    ///
    /// # Errors
    /// When the name is empty or holds a space or a plus.
    pub fn new(
        name: impl Into<String>,
        public: [u8; 32],
        sign: impl Fn(&[u8]) -> [u8; 64] + Send + Sync + 'static,
    ) -> Result<Self, Malformed> {
        Ok(Self { key: VerifierKey::new(name, public)?, sign: Arc::new(sign) })
    }

    /// Returns the public half.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Signs a text, which ends in a line feed, and returns the note.
    pub fn sign(&self, text: String) -> Note {
        let bytes = [&self.key.hash()[..], &(self.sign)(text.as_bytes())[..]].concat();
        Note { signatures: vec![Signature { name: self.key.name.clone(), bytes }], text }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key", &self.key).finish_non_exhaustive()
    }
}

/// How a signature of a note was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// It was made with a key that is known: its name.
    By(String),
    /// It names a key that is known, and was not made with it.
    Forged(String),
    /// No key that is known is named: the names there are.
    Unknown(Vec<String>),
}

/// A text with signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    /// The key's hash, then the signature.
    bytes: Vec<u8>,
}

impl Note {
    /// Returns what is signed: lines, each with its line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Says who signed it, as far as the keys tell; others' signatures are left aside.
    pub fn signed(&self, keys: &[VerifierKey], verify: Verify) -> Signed {
        let mut forged = None;
        for signature in &self.signatures {
            let (hash, bytes) = signature.bytes.split_at(4);
            let known = keys.iter().find(|key| key.name == signature.name && key.hash() == hash);
            match known {
                Some(key) if verify(&key.public, self.text.as_bytes(), bytes) => {
                    return Signed::By(key.name.clone());
                }
                Some(key) => forged = Some(key.name.clone()),
                None => {}
            }
        }
        let names = || self.signatures.iter().map(|signature| signature.name.clone()).collect();
        forged.map_or_else(|| Signed::Unknown(names()), Signed::Forged)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            writeln!(f, "{SIGNATURE_MARK}{} {}", signature.name, STANDARD.encode(&signature.bytes))?;
        }
        Ok(())
    }
}

impl FromStr for Note {
    type Err = Malformed;

    fn from_str(note: &str) -> Result<Self, Malformed> {
        let malformed = |problem: &str| Malformed::new("signed note", problem);
        if note.contains(|c: char| c.is_ascii_control() && c != '\n') {
            return Err(malformed("it holds a control character"));
        }
        let at = note.rfind("\n\n").ok_or_else(|| malformed("it has no empty line"))?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        let lines = signatures.strip_suffix('\n').ok_or_else(|| malformed("its last line has no end"))?;
        let signatures: Vec<Signature> = lines.split('\n').map(parse_signature).collect::<Result<_, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(malformed("it has more than 16 signatures"));
        }
        Ok(Self { text: text.into(), signatures })
    }
}

fn parse_signature(line: &str) -> Result<Signature, Malformed> {
    let malformed = || Malformed::new("signed note", format!("{line:?} is no signature line"));
    let (name, bytes) =
        line.strip_prefix(SIGNATURE_MARK).and_then(|rest| rest.split_once(' ')).ok_or_else(malformed)?;
    let bytes = STANDARD.decode(bytes).map_err(|_| malformed())?;
    if name.is_empty() || name.contains('+') || bytes.len() < 5 {
        return Err(malformed());
    }
    Ok(Signature { name: name.into(), bytes })
}
