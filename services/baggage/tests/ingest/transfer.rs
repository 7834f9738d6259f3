//! What a transfer message says of each of its bags.

use super::{RECEIPT, said::told};

const BTM: &str = "BTM\n.V/1TSZX\n.I/CZ3502/20NOV/SHA/Y\n.F/ZH9009/20NOV/SIN/Y\n.N/0784000501002\n.W/K/2/41\n\
                   .P/LI/SI\n.F/ZH9101/20NOV/PEK/Y\n.N/0784000511001\n.P/WANG/WU\n.E/PRIO\nENDBTM\n";

#[test]
fn each_bag_is_announced_where_it_changes_with_the_flight_it_came_on_and_the_one_it_leaves_on() {
    assert_eq!(
        told(BTM, RECEIPT),
        [
            "0784000501 SZX 2026-11-20T09:20:00Z New Unspecified Inbound:CZ3502-20261120:SHA Outbound:ZH9009-20261120:SIN named",
            "0784000502 SZX 2026-11-20T09:20:00Z New Unspecified Inbound:CZ3502-20261120:SHA Outbound:ZH9009-20261120:SIN named",
            "0784000511 SZX 2026-11-20T09:20:00Z New Unspecified Inbound:CZ3502-20261120:SHA Outbound:ZH9101-20261120:PEK named +PRIO",
        ]
    );
}

#[test]
fn a_transfer_may_be_changed_and_taken_back() {
    for (line, change) in [("CHG", "Changed"), ("DEL", "Deleted")] {
        let said = told(&BTM.replacen("BTM\n", &format!("BTM\n{line}\n"), 1), RECEIPT);
        assert_eq!(said.len(), 3);
        assert!(said.iter().all(|line| line.split(' ').nth(3) == Some(change)), "{said:?}");
    }
}

#[test]
fn a_transfer_goes_on_by_later_flights_and_may_lack_the_one_that_brings_it() {
    let text = "BTM\n.V/1TSZX\n.F/ZH9009/20NOV/SIN\n.N/0784000501001\n.O/SQ211/20NOV/SYD\n.P/LI\nENDBTM\n";
    assert_eq!(
        told(text, RECEIPT),
        [
            "0784000501 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9009-20261120:SIN Onward:SQ211-20261120:SYD named"
        ]
    );
}
