//! A property: how orders are put into calls changes nothing.

use airside_kernel::StoredEvent;
use proptest::prelude::*;

use crate::{
    counter::{Command, Counter, FULL, Fact, State},
    house::{House, order},
};

fn commands() -> impl Strategy<Value = Vec<(u8, Command)>> {
    let command = prop_oneof![
        3 => (0u64..4).prop_map(Command::Add),
        1 => Just(Command::Add(FULL - 2)),
        1 => Just(Command::Empty),
        1 => "[ab]".prop_map(|note| Command::Note(airside_kernel::SubjectId::new("someone"), note)),
    ];
    proptest::collection::vec((0u8..3, command), 0..40)
}

/// What each of three streams says and amounts to, without what sealing makes unique.
async fn outcome(house: &House) -> Vec<(Vec<&'static str>, u64, usize)> {
    let mut all = Vec::new();
    for name in ["counter-0", "counter-1", "counter-2"] {
        let events = house.events(name).await;
        let types = events.iter().map(|event| Fact::decode(event).unwrap()[0].event_type()).collect();
        let State { total, notes, .. } = house.state(name).await;
        all.push((types, total, notes.len()));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn how_orders_are_put_into_calls_changes_nothing(commands in commands(), size in 1usize..12) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (one_by_one, together) = runtime.block_on(async {
            let mut outcomes = Vec::new();
            for size in [1, size] {
                let house = House::in_memory();
                let executor = house.executor::<Counter>();
                let mut answers = Vec::new();
                for call in commands.chunks(size) {
                    let orders = call.iter().map(|(n, c)| order(&format!("counter-{n}"), c.clone()));
                    let given = executor.execute_each(orders.collect()).await;
                    answers.extend(given.iter().map(|answer| answer.as_ref().map(|done| done.events.len()).ok()));
                }
                outcomes.push((answers, outcome(&house).await));
            }
            let together = outcomes.pop();
            (outcomes.pop(), together)
        });
        prop_assert_eq!(one_by_one, together);
    }
}
