//! Tokens: JWTs signed with Ed25519.
//!
//! One format, one algorithm, one key. The library checks the signature; every
//! claim is checked here, with a time that is passed in, so that a test, a
//! simulation and a server agree on what "expired" means. The header's `alg`
//! chooses nothing: only EdDSA is accepted, and the key comes from us alone.

use std::{fmt, str::FromStr};

use airside_kernel::{Classified, Code, Timestamp};
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::{Caller, StaffRole};

/// How far two clocks may differ.
const LEEWAY_S: i64 = 30;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 4096;

/// Where a system runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// On a developer's machine: loopback, keys of its own.
    Develop,
    /// On trial, with partners.
    Trial,
    /// For passengers.
    Release,
}

impl Environment {
    /// Every environment.
    pub const ALL: [Self; 3] = [Self::Develop, Self::Trial, Self::Release];

    /// Returns the name in tokens and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Develop => "develop",
            Self::Trial => "trial",
            Self::Release => "release",
        }
    }

    fn issuer(self) -> String {
        format!("airside/{}", self.as_str())
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|env| env.as_str() == name)
            .ok_or_else(|| format!("environment {name:?} is unknown: use develop, trial or release"))
    }
}

/// The Ed25519 key pair that signs tokens; the secret is never printed.
#[derive(Clone)]
pub struct TokenKey {
    /// Its id, which every token names.
    pub id: String,
    /// The secret, PKCS#8 DER.
    pub private_der: Vec<u8>,
    /// The public key, 32 bytes.
    pub public: Vec<u8>,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A key pair that cannot sign and verify.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("token key {id} is not an Ed25519 key pair: restore it, or delete it in develop")]
pub struct BadTokenKey {
    /// The key.
    pub id: String,
}

/// A token that is not accepted, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It is not a token, or lacks what a token has.
    #[error("token is malformed: {problem}")]
    Malformed {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It is not signed by our key with Ed25519.
    #[error("token is not signed by this system: ask it for a new one")]
    NotSigned,
    /// It is of another environment.
    #[error("token is for another environment than {env}: ask this one for a token")]
    OtherEnvironment {
        /// Where it was used.
        env: Environment,
    },
    /// It is over.
    #[error("token is expired: ask for a new one")]
    Expired,
    /// It has not begun.
    #[error("token is not valid yet: check the clock of its issuer")]
    NotYetValid,
    /// Nobody needs no token.
    #[error("an anonymous caller has no token: name a passenger, a partner or staff")]
    Anonymous,
}

impl Classified for TokenError {
    fn code(&self) -> Code {
        match self {
            Self::Anonymous => Code::InvalidArgument,
            _ => Code::Unauthenticated,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    sid: Uuid,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
}

/// Makes and verifies tokens of one environment.
pub struct Tokens {
    env: Environment,
    header: Header,
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// Makes the tokens of an environment; a key that cannot do it is found here.
    ///
    /// # Errors
    /// When the key is malformed, or its two parts are not a pair.
    pub fn new(env: Environment, key: &TokenKey) -> Result<Self, BadTokenKey> {
        let bad = || BadTokenKey { id: key.id.clone() };
        let signing = EncodingKey::from_ed_der(&key.private_der);
        let verifying = DecodingKey::from_ed_der(&key.public);
        let probe = jsonwebtoken::crypto::sign(b"probe", &signing, Algorithm::EdDSA).map_err(|_| bad())?;
        match jsonwebtoken::crypto::verify(&probe, b"probe", &verifying, Algorithm::EdDSA) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(bad()),
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims = ["iss", "aud", "sub", "exp", "nbf"].map(str::to_owned).into();
        (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(Self { env, header, signing, verifying, validation })
    }

    /// Returns the environment.
    pub fn environment(&self) -> Environment {
        self.env
    }

    /// Makes a token for a caller that is valid from `now` for `ttl`.
    ///
    /// # Errors
    /// When the caller is anonymous.
    pub fn mint(&self, caller: &Caller, ttl: SignedDuration, now: Timestamp) -> Result<String, TokenError> {
        let (sub, roles) = match caller {
            Caller::Anonymous => return Err(TokenError::Anonymous),
            Caller::Passenger(person) => (person.to_string(), Vec::new()),
            Caller::Partner { id } => (id.clone(), Vec::new()),
            Caller::Staff { id, roles } => (id.clone(), roles.iter().map(ToString::to_string).collect()),
        };
        let now_s = now.as_second();
        let claims = Claims {
            iss: self.env.issuer(),
            aud: caller.kind().to_owned(),
            sub,
            exp: now_s.saturating_add(ttl.as_secs()),
            nbf: now_s,
            iat: now_s,
            sid: Uuid::new_v4(),
            roles,
        };
        Ok(jsonwebtoken::encode(&self.header, &claims, &self.signing)
            .expect("`new` has signed with this key"))
    }

    /// Returns whom a token speaks for at `now`.
    ///
    /// # Errors
    /// When the token is malformed, not signed by us, of another environment,
    /// not valid yet, or expired.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
        self.verify_until(token, now).map(|(caller, _)| caller)
    }

    /// Returns whom a token speaks for at `now`, and until when, for what goes on after its call.
    ///
    /// # Errors
    /// As [`Tokens::verify`].
    pub fn verify_until(&self, token: &str, now: Timestamp) -> Result<(Caller, Timestamp), TokenError> {
        let malformed = |problem| TokenError::Malformed { problem };
        if token.len() > MAX_TOKEN_BYTES {
            return Err(malformed("it is longer than 4096 bytes"));
        }
        let data = jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.validation)
            .map_err(|error| problem(error.kind()))?;
        let Claims { iss, aud, sub, exp, nbf, roles, .. } = data.claims;
        if iss != self.env.issuer() {
            return Err(TokenError::OtherEnvironment { env: self.env });
        }
        if data.header.kid != self.header.kid {
            return Err(TokenError::NotSigned);
        }
        let now_s = now.as_second();
        if exp.saturating_add(LEEWAY_S) <= now_s {
            return Err(TokenError::Expired);
        }
        if nbf.saturating_sub(LEEWAY_S) > now_s {
            return Err(TokenError::NotYetValid);
        }
        if sub.is_empty() {
            return Err(malformed("its subject is empty"));
        }
        let caller = match aud.as_str() {
            "passenger" => {
                let person = sub.parse().map_err(|_| malformed("its subject is not a person's id"))?;
                Caller::Passenger(person)
            }
            "partner" => Caller::Partner { id: sub },
            "staff" => {
                let roles: Result<Vec<StaffRole>, _> = roles.iter().map(|role| role.parse()).collect();
                let roles = roles.map_err(|_| malformed("it names a role that is unknown"))?;
                Caller::Staff { id: sub, roles }
            }
            _ => return Err(malformed("its audience is not passenger, partner or staff")),
        };
        Ok((caller, Timestamp::from_second(exp).unwrap_or(Timestamp::MAX)))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("env", &self.env)
            .field("key", &self.header.kid)
            .finish_non_exhaustive()
    }
}

fn problem(kind: &jsonwebtoken::errors::ErrorKind) -> TokenError {
    use jsonwebtoken::errors::ErrorKind;
    match kind {
        ErrorKind::InvalidSignature
        | ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm => TokenError::NotSigned,
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => {
            TokenError::Malformed { problem: "a claim is missing: iss, aud, sub, exp and nbf are required" }
        }
        _ => TokenError::Malformed { problem: "it is not a JSON web token" },
    }
}
