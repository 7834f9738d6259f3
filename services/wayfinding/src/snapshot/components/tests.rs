//! Who reaches whom, by the matrix and by the joints.

use super::*;

fn rows_of(nodes: usize, mut edges: Vec<(u32, u32)>, test: impl FnOnce(&Rows<'_>)) {
    edges.sort_unstable();
    let mut first = vec![0_u32; nodes + 1];
    for (from, _) in &edges {
        first[*from as usize + 1] += 1;
    }
    for node in 0..nodes {
        first[node + 1] += first[node];
    }
    let (tail, head): (Vec<_>, Vec<_>) = edges.into_iter().unzip();
    test(&Rows { first: &first, tail: &tail, head: &head });
}

#[test]
fn one_way_doors_are_passed_one_way() {
    // 0 <-> 1 -> 2 <-> 3, and 4 alone.
    rows_of(5, vec![(0, 1), (1, 0), (1, 2), (2, 3), (3, 2)], |rows| {
        let parts = Components::of(rows, |_| true);
        assert_eq!(parts.count(), 3);
        assert!(parts.reaches(0, 3) && parts.reaches(1, 0) && parts.reaches(4, 4));
        assert!(!parts.reaches(3, 0) && !parts.reaches(0, 4) && !parts.reaches(4, 0));
        let cut = Components::of(rows, |edge| (rows.tail[edge], rows.head[edge]) != (1, 2));
        assert!(!cut.reaches(0, 3));
    });
}

#[test]
fn more_components_than_the_matrix_holds_are_answered_alike() {
    // A street of one-way doors, with a side street that leads nowhere else.
    let nodes = u32::try_from(MATRIX_MAX).unwrap() + 100;
    let street = (0..nodes - 2).map(|node| (node, node + 1)).chain([(5, nodes - 1)]).collect();
    rows_of(nodes as usize, street, |rows| {
        let parts = Components::of(rows, |_| true);
        assert_eq!((parts.count(), parts.words), (nodes as usize, 0));
        for (from, to, reached) in
            [(0, nodes - 2, true), (7, 6, false), (5, nodes - 1, true), (6, nodes - 1, false)]
        {
            assert_eq!(parts.reaches(from, to), reached, "{from} to {to}");
        }
    });
}
