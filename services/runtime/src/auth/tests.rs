//! Which tokens are accepted, and whom a rule admits.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;

const NOW_S: i64 = 1_795_000_000;
const TTL: SignedDuration = SignedDuration::from_secs(600);

fn now() -> airside_kernel::Timestamp {
    airside_kernel::Timestamp::from_second(NOW_S).unwrap()
}

/// Makes the key pair of a secret; PKCS#8 as RFC 8410 section 7 has it.
fn key_of(id: &str, secret: u8) -> TokenKey {
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let private_der = [prefix.as_slice(), &[secret; 32]].concat();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(
        &jsonwebtoken::EncodingKey::from_ed_der(&private_der),
        jsonwebtoken::Algorithm::EdDSA,
    );
    let jsonwebtoken::jwk::AlgorithmParameters::OctetKeyPair(pair) = jwk.unwrap().algorithm else {
        panic!("an Ed25519 key is an octet key pair");
    };
    let public = jsonwebtoken::DecodingKey::from_ed_components(&pair.x).unwrap();
    TokenKey { id: id.to_owned(), private_der, public: public.try_get_as_bytes().unwrap().to_vec() }
}

fn key() -> TokenKey {
    key_of("dev-1", 1)
}

fn tokens() -> Tokens {
    Tokens::new(Environment::Develop, &key()).unwrap()
}

fn passenger() -> Caller {
    Caller::Passenger(PersonId(Uuid::from_u128(7)))
}

fn callers() -> [Caller; 4] {
    [
        passenger(),
        Caller::Partner { id: "partner-zh".to_owned() },
        Caller::Staff { id: "staff-1".to_owned(), roles: vec![StaffRole::Viewer, StaffRole::Operator] },
        Caller::Staff { id: "staff-2".to_owned(), roles: Vec::new() },
    ]
}

/// Signs any header and claims with a key, as an attacker who has a key could.
fn forge(key: &TokenKey, claims: &Value) -> String {
    let signing = jsonwebtoken::EncodingKey::from_ed_der(&key.private_der);
    let header = jsonwebtoken::Header {
        kid: Some(key.id.clone()),
        ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA)
    };
    jsonwebtoken::encode(&header, claims, &signing).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "airside/develop", "aud": "partner", "sub": "partner-zh", "sid": Uuid::nil(),
        "exp": NOW_S + 600, "nbf": NOW_S, "iat": NOW_S,
    })
}

#[test]
fn a_token_speaks_for_the_caller_it_was_made_for() {
    let tokens = tokens();
    for caller in callers() {
        let token = tokens.mint(&caller, TTL, now()).unwrap();
        assert_eq!(tokens.verify(&token, now()), Ok(caller));
    }
    assert_eq!(tokens.mint(&Caller::Anonymous, TTL, now()), Err(TokenError::Anonymous));
}

#[test]
fn a_token_ends_with_thirty_seconds_of_leeway() {
    let tokens = tokens();
    let token = tokens.mint(&passenger(), TTL, now()).unwrap();
    let at = |seconds| tokens.verify(&token, now() + SignedDuration::from_secs(seconds));
    assert_eq!(at(629), Ok(passenger()));
    assert_eq!(at(630), Err(TokenError::Expired));
    assert_eq!(at(-30), Ok(passenger()));
    assert_eq!(at(-31), Err(TokenError::NotYetValid));
}

#[test]
fn a_token_of_another_environment_is_refused_even_under_the_same_key() {
    let key = key();
    let trial = Tokens::new(Environment::Trial, &key).unwrap();
    let release = Tokens::new(Environment::Release, &key).unwrap();
    let token = trial.mint(&passenger(), TTL, now()).unwrap();
    assert_eq!(
        release.verify(&token, now()),
        Err(TokenError::OtherEnvironment { env: Environment::Release })
    );
}

#[test]
fn a_token_of_another_key_or_key_id_is_refused() {
    let ours = key();
    let tokens = Tokens::new(Environment::Develop, &ours).unwrap();
    let theirs = key_of(&ours.id, 2);
    assert_eq!(tokens.verify(&forge(&theirs, &claims()), now()), Err(TokenError::NotSigned));
    let renamed = key_of("dev-2", 1);
    assert_eq!(tokens.verify(&forge(&renamed, &claims()), now()), Err(TokenError::NotSigned));
    assert!(tokens.verify(&forge(&ours, &claims()), now()).is_ok());
}

#[test]
fn the_header_of_a_token_chooses_no_algorithm() {
    let ours = key();
    let tokens = Tokens::new(Environment::Develop, &ours).unwrap();
    let token = tokens.mint(&passenger(), TTL, now()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    // {"alg":"none","typ":"JWT"} and {"alg":"None","typ":"JWT"}
    for none in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb25lIiwidHlwIjoiSldUIn0"] {
        for signature in ["", parts[2]] {
            assert!(tokens.verify(&format!("{none}.{}.{signature}", parts[1]), now()).is_err());
        }
    }
    let header = jsonwebtoken::Header { kid: Some(ours.id.clone()), ..Default::default() };
    for secret in [&ours.public, &ours.private_der, &Vec::new()] {
        let secret = jsonwebtoken::EncodingKey::from_secret(secret);
        let forged = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
        assert_eq!(tokens.verify(&forged, now()), Err(TokenError::NotSigned));
    }
}

#[test]
fn a_token_changed_anywhere_is_refused() {
    let tokens = tokens();
    let token = tokens.mint(&passenger(), TTL, now()).unwrap();
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(tokens.verify(&changed, now()).is_err(), "byte {at}");
    }
}

#[test]
fn every_claim_is_required() {
    let key = key();
    let tokens = Tokens::new(Environment::Develop, &key).unwrap();
    for claim in ["iss", "aud", "sub", "exp", "nbf", "iat", "sid"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim);
        let answer = tokens.verify(&forge(&key, &claims), now());
        assert!(matches!(answer, Err(TokenError::Malformed { .. })), "{claim}: {answer:?}");
    }
}

#[test]
fn a_claim_of_the_wrong_shape_is_refused() {
    let key = key();
    let tokens = Tokens::new(Environment::Develop, &key).unwrap();
    for (claim, value) in [
        ("aud", json!("admin")),
        ("aud", json!(["partner", "staff"])),
        ("sub", json!("")),
        ("exp", json!("never")),
        ("exp", json!(null)),
        ("nbf", json!("soon")),
        ("sid", json!("me")),
    ] {
        let mut claims = claims();
        claims[claim] = value.clone();
        let answer = tokens.verify(&forge(&key, &claims), now());
        assert!(matches!(answer, Err(TokenError::Malformed { .. })), "{claim}={value}: {answer:?}");
    }
    let mut extreme = claims();
    extreme["exp"] = json!(i64::MAX);
    assert!(tokens.verify(&forge(&key, &extreme), now()).is_ok());
    let mut root = claims();
    (root["aud"], root["roles"]) = (json!("staff"), json!(["root"]));
    assert!(tokens.verify(&forge(&key, &root), now()).is_err());
}

#[test]
fn a_key_that_cannot_sign_and_verify_is_refused_with_its_name() {
    let swapped = TokenKey { public: key_of("x", 2).public, ..key() };
    let mut keys = vec![swapped, TokenKey { public: Vec::new(), ..key() }];
    keys.extend(
        [&b""[..], b"short", &[0; 48], &[7; 48], &[0; 83]]
            .map(|bytes| TokenKey { private_der: bytes.to_vec(), ..key() }),
    );
    for key in keys {
        let problem = Tokens::new(Environment::Release, &key).unwrap_err();
        assert_eq!(problem, BadTokenKey { id: "dev-1".to_owned() });
    }
}

#[test]
fn a_key_never_prints_its_secret() {
    assert_eq!(format!("{:?}", key()), r#"TokenKey { id: "dev-1", .. }"#);
}

#[test]
fn a_rule_admits_whom_it_names_and_nobody_else() {
    let staff = |roles: &[StaffRole]| Caller::Staff { id: "s".to_owned(), roles: roles.to_vec() };
    let partner = Caller::Partner { id: "p".to_owned() };
    let rule = Rule { partner: true, staff: vec![StaffRole::Agent], ..Rule::default() };
    assert!(rule.admits(&partner).is_ok());
    assert!(rule.admits(&staff(&[StaffRole::Viewer, StaffRole::Agent])).is_ok());
    for caller in [passenger(), staff(&[]), staff(&[StaffRole::Viewer, StaffRole::Operator])] {
        assert!(matches!(rule.admits(&caller), Err(Denial::PermissionDenied { .. })), "{caller:?}");
    }
    assert!(matches!(rule.admits(&Caller::Anonymous), Err(Denial::Unauthenticated { .. })));
    assert_eq!(rule.to_string(), "a partner, or staff as agent");

    let public = Rule { public: true, ..Rule::default() };
    assert!(callers().iter().chain([&Caller::Anonymous]).all(|caller| public.admits(caller).is_ok()));
    assert!(callers().iter().all(|caller| Rule::default().admits(caller).is_err()));
}

#[test]
fn a_role_that_is_unspecified_or_unknown_grants_nothing() {
    let rule = Rule::from(proto::Rule { staff: vec![0, 99], ..proto::Rule::default() });
    assert_eq!(rule, Rule::default());
}

#[test]
fn a_request_without_a_caller_is_anonymous() {
    let mut request = tonic::Request::new(());
    assert_eq!(Caller::of(&request), Caller::Anonymous);
    request.extensions_mut().insert(passenger());
    assert_eq!(Caller::of(&request), passenger());
}

#[test]
fn only_a_passenger_is_a_person() {
    assert!(passenger().person().is_ok());
    assert_eq!(Caller::Anonymous.person().unwrap_err().code(), tonic::Code::Unauthenticated);
    let partner = Caller::Partner { id: "p".to_owned() };
    assert_eq!(partner.person().unwrap_err().code(), tonic::Code::PermissionDenied);
}
