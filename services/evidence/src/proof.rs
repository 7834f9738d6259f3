//! Checks of proofs, by the words of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
//! Pure: they know a few hashes and no tree.

use crate::tree::{Hash, node};

/// Returns true when a path proves a leaf to be in the tree of a root.
pub fn is_included(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Returns true when a path proves a tree of `new` leaves to begin with one of `old` leaves.
pub fn is_consistent(old: u64, old_root: &Hash, new: u64, new_root: &Hash, path: &[Hash]) -> bool {
    match (old, path) {
        _ if old > new => false,
        (_, path) if old == new => path.is_empty() && old_root == new_root,
        (0, path) => path.is_empty() && *old_root == crate::tree::empty_root(),
        (_, path) => {
            let first = old.is_power_of_two().then_some(old_root);
            let mut path = first.into_iter().chain(path);
            path.next().is_some_and(|first| walk(old, old_root, new, new_root, first, path))
        }
    }
}

fn walk<'a>(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    first: &Hash,
    path: impl Iterator<Item = &'a Hash>,
) -> bool {
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut then, mut now) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (then, now) = (node(sibling, &then), node(sibling, &now));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            now = node(&now, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && then == *old_root && now == *new_root
}
