//! Erasing a person: the name is gone, wherever it is asked for and however it comes back.

use airside_kernel::SubjectId;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, bag_of, follow, submit, try_follow},
    eventually,
    luggage::Luggage,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_a_subject_turns_its_name_to_erased_everywhere() {
    let house = House::open().await;
    let (bag, person) = (Luggage::new("3479000601"), Uuid::new_v4());
    let journey = announce(&house.callers.partner(), &bag).await.journey_id;
    follow(&house.callers.passenger(person), &bag).await;
    let mine = bag_of(&house.callers.passenger(person), &bag.plate).await.unwrap();
    assert_eq!(mine.passenger, "ZHANG/SAN");

    house.node.vault.erase(&SubjectId::new(&journey)).await.unwrap();
    all_is_erased(&house, &bag, person).await;

    let house = house.reopen().await;
    all_is_erased(&house, &bag, person).await;

    let partner = house.callers.partner();
    // Another message with the same words: the same bytes, so soon, would not be read.
    submit(&partner, &format!("{}\n", bag.announcement())).await;
    let again = eventually("the message is read again", async || {
        bag_of(&partner, &bag.plate).await.ok().filter(|known| known.timeline.len() == 2)
    })
    .await;
    assert_eq!(again.journey_id, journey);
    all_is_erased(&house, &bag, person).await;

    let house = house.reopen().await;
    all_is_erased(&house, &bag, person).await;
}

async fn all_is_erased(house: &House, bag: &Luggage, person: Uuid) {
    for caller in [house.callers.partner(), house.callers.staff(), house.callers.passenger(person)] {
        assert_eq!(bag_of(&caller, &bag.plate).await.unwrap().passenger, "erased");
    }
    let newcomer = house.callers.passenger(Uuid::new_v4());
    let refused = try_follow(&newcomer, &bag.plate, bag.surname).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}
