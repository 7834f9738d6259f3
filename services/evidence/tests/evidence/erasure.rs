//! Erasing a person breaks no proof: leaves are made of sealed bytes.

use std::sync::Arc;

use airside_evidence::{CheckOptions, Notary, check, prove_event};
use airside_kernel::{
    Append, Category, EventId, EventStore, Expected, Keyring, ManualClock, NewEvent, Opened, Revision,
    SealContext, StreamId, SubjectId, Timestamp,
};
use airside_privacy::{Vault, evidence_key::is_signed_by};
use airside_store::MemoryStore;
use bytes::Bytes;
use tokio::sync::watch;
use uuid::Uuid;

use crate::paper::{options, signer};

#[tokio::test]
async fn erasing_a_person_changes_no_leaf_and_no_proof() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap()));
    let vault = Vault::open(folder.path(), clock.clone()).unwrap();
    let store = MemoryStore::new(clock);
    let (subject, stream) = (SubjectId::new("p-1"), "bag-0479123456".parse::<StreamId>().unwrap());
    vault.ensure(&[(subject.clone(), Category::Travel)]).await.unwrap();
    let (event_type, field, schema_version) = ("baggage.BagAccepted", 3, 1);
    let context =
        SealContext { stream: stream.to_string(), event_type: event_type.into(), field, schema_version };
    let sealed = vault.seal(&subject, Category::Travel, context, "ZHANG/WEI".as_bytes()).unwrap().unwrap();
    let event = NewEvent {
        id: EventId(Uuid::from_u128(1)),
        event_type: event_type.into(),
        schema_version,
        occurred_at: Timestamp::UNIX_EPOCH,
        metadata: Bytes::new(),
        payload: sealed.ciphertext.clone(),
    };
    let (expected, fold_from) = (Expected::NoStream, Revision::FIRST);
    store.append(Append { stream, expected, fold_from, events: vec![event] }).await.unwrap();
    let notary = Notary::open(Arc::new(store.clone()), options(folder.path())).unwrap();
    let (health, (stop, stopped)) = (notary.health(), watch::channel(false));
    let running = tokio::spawn(notary.run(stopped));
    health.until(|figures| figures.size == 1).await.unwrap();
    stop.send_replace(true);
    running.await.unwrap();

    let (evidence, keys) = (folder.path().join("evidence"), [signer("airport", 7).key().clone()]);
    let position = store.head().await.unwrap().unwrap();
    let before = prove_event(&store, &evidence, position).await.unwrap();
    assert!(vault.open(&sealed).is_ok_and(|opened| opened != Opened::Erased));
    vault.erase(&subject).await.unwrap();
    assert!(vault.open(&sealed).is_ok_and(|opened| opened == Opened::Erased));
    let (verify, restored) = (is_signed_by, None);
    let options = CheckOptions { evidence: &evidence, keys: &keys, verify, restored, progress: &|_, _| {} };
    let checked = check(&store, options).await.unwrap();
    assert!(checked.is_sound() && checked.proven == 1, "{:?}", checked.findings);
    assert_eq!(prove_event(&store, &evidence, position).await.unwrap(), before);
}
