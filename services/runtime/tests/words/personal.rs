//! Personal data on its way into the log.

use std::sync::Arc;

use airside_kernel::{
    Category, Code, KeyError, Keyring, Opened, Personal, SealContext, Sealed, StoredEvent, SubjectId,
};
use airside_runtime::executor::{ExecuteError, Executor, seal_event};
use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    counter::{Command, Counter, Fact},
    house::{House, order, stream},
};

const CANARY: &str = "ZHANG/SAN-CANARY";

fn note(subject: &str) -> Command {
    Command::Note(SubjectId::new(subject), CANARY.to_owned())
}

fn contains(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

#[tokio::test]
async fn nothing_in_clear_is_appended_and_the_state_is_the_same_after_a_restart() {
    for house in House::each() {
        let executor = house.executor::<Counter>();
        let done = executor.execute(order("counter-1", note("someone"))).await.unwrap();
        assert!(matches!(&done.events[..], [Fact::Noted { note: Personal::Sealed(_), .. }]));
        for event in house.log().await {
            assert!(!contains(event.payload()) && !contains(event.metadata_bytes()));
        }
        let before = executor.load(&stream("counter-1")).await.unwrap().state.clone();
        assert_eq!(before, house.state("counter-1").await);
        assert_eq!(before.notes[0].open(house.vault.as_ref()), Ok(Personal::Known(CANARY.to_owned())));
    }
}

#[tokio::test]
async fn a_later_order_of_the_same_call_sees_the_sealed_form_as_a_later_call_does() {
    let house = House::in_memory();
    let executor = house.executor::<Counter>();
    for name in ["counter-1", "counter-2"] {
        // The counter compares with a clear note, so only a clear state would hide the second.
        let orders = vec![order(name, note("someone")), order(name, note("someone"))];
        executor.execute_each(orders).await.into_iter().for_each(|answer| drop(answer.unwrap()));
        assert_eq!(house.state(name).await.notes.len(), 2);
    }
}

#[tokio::test]
async fn the_keys_of_a_call_share_a_commit() {
    let house = House::in_memory();
    let before = house.vault.commits();
    let orders = (0..100).map(|n| order("counter-1", note(&format!("someone-{n}")))).collect();
    let answers = house.executor::<Counter>().execute_each(orders).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((house.vault.commits() - before, house.store.appends()), (1, vec![1]));
}

#[tokio::test]
async fn what_is_said_of_an_erased_subject_is_stored_as_erased() {
    let house = House::in_memory();
    house.vault.erase(&SubjectId::new("someone")).await.unwrap();
    house.executor::<Counter>().execute(order("counter-1", note("someone"))).await.unwrap();
    assert_eq!(house.state("counter-1").await.notes, [Personal::Erased]);
}

#[tokio::test]
async fn without_keys_an_order_with_personal_data_fails_and_appends_nothing() {
    let house = House::in_memory();
    let keys = Arc::new(LostKeys);
    let executor = Executor::<Counter>::new(house.store.clone(), keys.clone(), 10);
    let orders = vec![
        order("counter-1", Command::Add(1)),
        order("counter-1", note("someone")),
        order("counter-2", Command::Add(1)),
    ];
    let answers = executor.execute_each(orders).await;
    assert!(matches!(answers[0], Err(ExecuteError::Seal(_))), "it shares the append of the next");
    assert!(matches!(answers[1], Err(ExecuteError::Seal(_))));
    assert_eq!(airside_kernel::Classified::code(answers[1].as_ref().unwrap_err()), Code::Unavailable);
    assert!(answers[2].is_ok(), "a stream without personal data needs no keys");
    assert_eq!(house.log().await.len(), 1);

    let mut fact =
        Fact::Noted { subject: SubjectId::new("someone"), note: Personal::Known(CANARY.to_owned()) };
    assert!(matches!(
        seal_event(keys.as_ref(), &stream("counter-1"), &mut fact),
        Err(KeyError::Missing { .. })
    ));
    assert!(!contains(&fact.encode()), "a value that could not be sealed is never encoded");
}

/// A key store that has no keys and can make none.
struct LostKeys;

#[async_trait]
impl Keyring for LostKeys {
    async fn ensure(&self, _: &[(SubjectId, Category)]) -> Result<(), KeyError> {
        Err(KeyError::Unavailable { reason: "the vault is gone".to_owned() })
    }

    fn seal(
        &self,
        subject: &SubjectId,
        category: Category,
        _: SealContext,
        _: &[u8],
    ) -> Result<Option<Sealed>, KeyError> {
        Err(KeyError::Missing { subject: subject.clone(), category })
    }

    fn open(&self, _: &Sealed) -> Result<Opened, KeyError> {
        Ok(Opened::Erased)
    }

    fn fingerprint(&self, _: &SubjectId, _: Category, _: &[u8]) -> Result<Option<Bytes>, KeyError> {
        Ok(None)
    }

    async fn erase(&self, _: &SubjectId) -> Result<(), KeyError> {
        Ok(())
    }
}
