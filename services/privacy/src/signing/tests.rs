//! Which token keys are made, loaded and refused.

use std::fs;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

use super::*;

fn develop(folder: &Path) -> SigningKey {
    SigningKey::load_or_create(folder, KeyMaker::Develop).unwrap()
}

fn refusal(folder: &Path, maker: KeyMaker) -> String {
    SigningKey::load_or_create(folder, maker).unwrap_err().to_string()
}

#[test]
fn develop_makes_a_key_once_and_marks_it() {
    let folder = tempfile::tempdir().unwrap();
    let made = develop(folder.path());
    let loaded = develop(folder.path());
    assert!(made.key_id.starts_with("dev-"), "{}", made.key_id);
    assert_eq!(
        (&made.key_id, &made.private_der, &made.public),
        (&loaded.key_id, &loaded.private_der, &loaded.public)
    );
    let signature = Ed25519KeyPair::from_pkcs8(&loaded.private_der).unwrap().sign(b"token");
    UnparsedPublicKey::new(&ED25519, &made.public).verify(b"token", signature.as_ref()).unwrap();
}

#[test]
fn develop_key_signs_for_no_other_environment() {
    let folder = tempfile::tempdir().unwrap();
    let id = develop(folder.path()).key_id;
    let text = refusal(folder.path(), KeyMaker::Operator);
    assert!(text.contains(&id) && text.contains("token.pk8"), "{text}");
}

#[test]
fn other_environments_make_no_key_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let text = refusal(folder.path(), KeyMaker::Operator);
    assert!(text.contains("token.pk8") && text.contains("openssl genpkey"), "{text}");
    assert!(!folder.path().join("keys/token.pk8").exists());
}

#[test]
fn operators_key_is_named_by_its_digest_or_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let made = develop(folder.path());
    fs::remove_file(folder.path().join("keys/token.kid")).unwrap();
    let key = SigningKey::load_or_create(folder.path(), KeyMaker::Operator).unwrap();
    assert_eq!(key.key_id, short_digest(&made.public));
    write_secret(&folder.path().join("keys/token.kid"), b"airport-2026\n").unwrap();
    let key = SigningKey::load_or_create(folder.path(), KeyMaker::Operator).unwrap();
    assert_eq!(key.key_id, "airport-2026");
    write_secret(&folder.path().join("keys/token.kid"), b"no spaces please").unwrap();
    assert!(refusal(folder.path(), KeyMaker::Operator).contains("token.kid"));
}

#[test]
fn something_else_in_place_of_the_key_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    develop(folder.path());
    write_secret(&folder.path().join("keys/token.pk8"), b"-----BEGIN PRIVATE KEY-----").unwrap();
    assert!(refusal(folder.path(), KeyMaker::Develop).contains("token.pk8 is not an Ed25519"));
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    develop(folder.path());
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("keys"), mode("keys/token.pk8"), mode("keys/token.kid")), (0o700, 0o600, 0o600));
    let path = folder.path().join("keys/token.pk8");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let text = refusal(folder.path(), KeyMaker::Develop);
    assert!(text.contains("mode 640") && text.contains("chmod 600"), "{text}");
}

#[test]
fn debug_shows_the_id_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let key = develop(folder.path());
    assert_eq!(format!("{key:?}"), format!("SigningKey {{ key_id: \"{}\", .. }}", key.key_id));
}
