//! Who knows a bag, who does not, and that both cost the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use airside_kernel::{Opened, Sealed};
use async_trait::async_trait;
use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::tests::{House, house};

/// The real vault, with a count of what was opened.
struct Counting(Arc<airside_privacy::Vault>, AtomicUsize);

#[async_trait]
impl Keyring for Counting {
    async fn ensure(&self, subjects: &[(SubjectId, Category)]) -> Result<(), KeyError> {
        self.0.ensure(subjects).await
    }

    fn seal(
        &self,
        subject: &SubjectId,
        category: Category,
        context: SealContext,
        clear: &[u8],
    ) -> Result<Option<Sealed>, KeyError> {
        self.0.seal(subject, category, context, clear)
    }

    fn open(&self, sealed: &Sealed) -> Result<Opened, KeyError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.open(sealed)
    }

    fn fingerprint(
        &self,
        subject: &SubjectId,
        category: Category,
        bytes: &[u8],
    ) -> Result<Option<Bytes>, KeyError> {
        self.0.fingerprint(subject, category, bytes)
    }

    async fn erase(&self, subject: &SubjectId) -> Result<(), KeyError> {
        self.0.erase(subject).await
    }
}

async fn tag(house: &House, n: u128, name: &str, locator: &str) -> Tag {
    let subject = Uuid::from_u128(n).to_string();
    Tag {
        journey: JourneyId(Uuid::from_u128(n)),
        passenger_name: Some(Personal::Sealed(house.seal("bag-1", 4, &subject, name).await)),
        record_locator: Some(Personal::Sealed(house.seal("bag-1", 5, &subject, locator).await)),
    }
}

fn surname(text: &str) -> Proof {
    Proof::Surname(text.parse().unwrap())
}

fn locator(text: &str) -> Proof {
    Proof::RecordLocator(text.parse().unwrap())
}

#[tokio::test]
async fn the_newest_journey_that_fits_is_proven() {
    let house = house().await;
    let prover = Prover::new(house.vault.clone());
    let tags = [
        tag(&house, 3, "1LI/SI", "LISI01").await,
        tag(&house, 2, "2ZHANG/SAN", "ABC123").await,
        tag(&house, 1, "ZHANG/SANMR", "ABC123").await,
    ];
    let proven =
        async |proof: Proof| prover.proven(&tags, &proof).await.unwrap().map(|journey| journey.0.as_u128());
    assert_eq!(proven(surname("Zhang")).await, Some(2));
    assert_eq!(proven(locator("abc123")).await, Some(2));
    assert_eq!(proven(surname("li")).await, Some(3));
    assert_eq!(proven(surname("Zhan")).await, None);
    assert_eq!(proven(locator("ABC12")).await, None);
    let nameless = [Tag { passenger_name: None, ..tags[0].clone() }];
    let decoyed = prover.proven(&nameless, &surname("NOBODY")).await.unwrap();
    assert_eq!(decoyed, None, "a decoy proves nothing");
}

#[tokio::test]
async fn of_several_passengers_on_one_tag_each_can_prove_it() {
    let house = house().await;
    let prover = Prover::new(house.vault.clone());
    let tags = [tag(&house, 1, "1ZHANG/SAN\n2PAGE/L/B", "ABC123").await];
    for (name, proves) in [("Zhang", true), ("Page", true), ("Zhang Page", false), ("San", false)] {
        assert_eq!(prover.proven(&tags, &surname(name)).await.unwrap().is_some(), proves, "{name}");
    }
}

#[tokio::test]
async fn every_attempt_opens_as_much_as_every_other() {
    let house = house().await;
    let keys = Arc::new(Counting(house.vault.clone(), AtomicUsize::new(0)));
    let prover = Prover::new(keys.clone());
    let known = [tag(&house, 1, "ZHANG/SAN", "ABC123").await];
    let nameless = [Tag { passenger_name: None, record_locator: None, ..known[0].clone() }];
    for (tags, proof) in [
        (&known[..], surname("Zhang")),
        (&known, surname("Li")),
        (&known, locator("ABC123")),
        (&known, locator("XYZ789")),
        (&nameless, surname("Zhang")),
        (&[], surname("Zhang")),
        (&[], locator("ABC123")),
    ] {
        let before = keys.1.load(Ordering::Relaxed);
        prover.proven(tags, &proof).await.unwrap();
        assert_eq!(keys.1.load(Ordering::Relaxed) - before, MAX_JOURNEYS_PER_PLATE);
    }
}

#[tokio::test]
async fn an_erased_or_a_moved_value_proves_nothing() {
    let house = house().await;
    let prover = Prover::new(house.vault.clone());
    let mut tags = [tag(&house, 1, "ZHANG/SAN", "ABC123").await];
    let Some(Personal::Sealed(sealed)) = &mut tags[0].record_locator else { unreachable!() };
    sealed.context.stream = "bag-2".to_owned();
    assert_eq!(prover.proven(&tags, &locator("ABC123")).await.unwrap(), None);
    house.vault.erase(&SubjectId::new(Uuid::from_u128(1))).await.unwrap();
    assert_eq!(prover.proven(&tags, &surname("Zhang")).await.unwrap(), None);
}

#[test]
fn nothing_is_not_the_same_as_nothing() {
    assert!(!is_same("", ""));
    assert!(is_same("A", "A") && !is_same("A", "B") && !is_same("A", "AA"));
}

proptest! {
    #[test]
    fn texts_are_the_same_when_they_are_equal(left in "[AB]{1,70}", right in "[AB]{1,70}") {
        prop_assert_eq!(is_same(&left, &right), left == right);
        prop_assert!(is_same(&left, &left));
    }
}
