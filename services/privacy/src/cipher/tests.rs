//! What the cipher promises: bound, fresh, and never a panic on foreign bytes.

use proptest::prelude::*;

use super::*;

fn name(subject: &str) -> KeyName {
    KeyName { subject: SubjectId::new(subject), category: Category::Travel, version: 1 }
}

fn root(byte: u8) -> RootKey {
    RootKey::new(&Zeroizing::new([byte; KEY_LEN])).unwrap()
}

fn place() -> SealContext {
    SealContext {
        stream: "bag-0479123456".into(),
        event_type: "baggage.BagAccepted".into(),
        field: 3,
        schema_version: 1,
    }
}

#[test]
fn wrapped_key_opens_under_its_own_name_and_root_only() {
    let (_, wrapped) = root(1).make_data_key(&name("a")).unwrap();
    assert!(root(1).unwrap_secret(&name("a"), &wrapped).is_some());
    assert!(root(2).unwrap_secret(&name("a"), &wrapped).is_none());
    assert!(root(1).unwrap_secret(&name("b"), &wrapped).is_none());
    assert!(root(1).unwrap_secret(&KeyName { category: Category::Raw, ..name("a") }, &wrapped).is_none());
    assert!(root(1).unwrap_secret(&KeyName { version: 2, ..name("a") }, &wrapped).is_none());
}

#[test]
fn wrapped_key_of_another_form_or_epoch_is_refused() {
    let (_, wrapped) = root(1).make_data_key(&name("a")).unwrap();
    for at in 0..wrapped.len() {
        let mut other = wrapped.clone();
        other[at] ^= 1;
        assert!(root(1).unwrap_secret(&name("a"), &other).is_none(), "byte {at}");
        assert!(root(1).unwrap_secret(&name("a"), &wrapped[..at]).is_none(), "cut at {at}");
    }
}

#[test]
fn root_keys_tell_themselves_apart() {
    assert_eq!(root(1).check_value(), root(1).check_value());
    assert_ne!(root(1).check_value(), root(2).check_value());
}

/// A fixed root key, data key and nonce, and what each form of `FORMAT.md` makes of them.
fn golden() -> [(&'static str, Vec<u8>, &'static str); 6] {
    let (root, secret, name) = (root(5), Zeroizing::new([7; KEY_LEN]), name("journey-1"));
    let (key, nonce) = (DataKey::new(&secret).unwrap(), [9; NONCE_LEN]);
    let sealed = key.seal_with(nonce, &name, &place(), b"Wang").unwrap();
    let wrapped = root.wrap_secret(&name, &secret, nonce).unwrap();
    [
        ("sealed-v1", sealed, include_str!("../../tests/golden/sealed-v1.hex")),
        (
            "bound-value-v1",
            value_binding(&name, &place()),
            include_str!("../../tests/golden/bound-value-v1.hex"),
        ),
        ("wrapped-v1", wrapped, include_str!("../../tests/golden/wrapped-v1.hex")),
        ("bound-key-v1", wrap_binding(&name), include_str!("../../tests/golden/bound-key-v1.hex")),
        ("fingerprint-v1", key.fingerprint(b"Wang"), include_str!("../../tests/golden/fingerprint-v1.hex")),
        ("root-check-v1", root.check_value(), include_str!("../../tests/golden/root-check-v1.hex")),
    ]
}

fn unhex(text: &str) -> Vec<u8> {
    let text = text.trim();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// `tests/golden/witness.py` computes the same bytes with another implementation of the standards.
#[test]
fn every_form_is_written_as_its_golden_bytes_for_ever() {
    for (form, written, golden) in golden() {
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            let path = format!("{}/tests/golden/{form}.hex", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(path, format!("{}\n", hex(&written))).unwrap();
        } else {
            assert_eq!(hex(&written), golden.trim(), "{form} is written in other bytes than before");
        }
    }
}

#[test]
fn golden_bytes_open_for_ever() {
    let [sealed, _, wrapped, ..] = golden().map(|(_, _, golden)| unhex(golden));
    let secret = root(5).unwrap_secret(&name("journey-1"), &wrapped).unwrap();
    assert_eq!(*secret, [7; KEY_LEN]);
    let key = DataKey::new(&secret).unwrap();
    assert_eq!(key.open(&name("journey-1"), &place(), &sealed).unwrap(), b"Wang");
}

proptest! {
    #[test]
    fn sealed_values_open_to_what_was_sealed(clear in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (key, _) = root(1).make_data_key(&name("a")).unwrap();
        let sealed = key.seal(&name("a"), &place(), &clear).unwrap();
        prop_assert_eq!(sealed.len(), clear.len() + 28);
        prop_assert_eq!(key.open(&name("a"), &place(), &sealed), Some(clear.clone()));
        prop_assert_ne!(key.seal(&name("a"), &place(), &clear).unwrap(), sealed, "nonces are fresh");
    }

    #[test]
    fn foreign_bytes_never_open_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let (key, _) = root(1).make_data_key(&name("a")).unwrap();
        prop_assert_eq!(key.open(&name("a"), &place(), &bytes), None);
        prop_assert!(root(1).unwrap_secret(&name("a"), &bytes).is_none());
    }

    #[test]
    fn bindings_of_different_parts_differ(
        a in proptest::collection::vec(".{0,4}", 0..4),
        b in proptest::collection::vec(".{0,4}", 0..4),
    ) {
        let bytes = |parts: &[String]| binding(&parts.iter().map(String::as_bytes).collect::<Vec<_>>());
        prop_assert_eq!(bytes(&a) == bytes(&b), a == b);
    }
}
