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

/// The digests were computed by another implementation of the same three standards.
#[test]
fn known_answer_of_the_stored_form_never_changes() {
    let key = DataKey::new(&Zeroizing::new([7; KEY_LEN])).unwrap();
    let mut sealed = Vec::new();
    let nonce = [9; NONCE_LEN];
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(b"Wang");
    let tag = key
        .field
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(value_binding(&name("journey-1"), &place())),
            &mut sealed[NONCE_LEN..],
        )
        .unwrap();
    sealed.extend_from_slice(tag.as_ref());
    assert_eq!(short_digest(&sealed), "502a5684a7c83e3c");
    assert_eq!(short_digest(&key.fingerprint(b"Wang")), "a643091da618d5f3");
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
