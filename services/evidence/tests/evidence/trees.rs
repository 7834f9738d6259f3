//! Roots and proofs, against the vectors of certificate transparency and
//! against the recursive words of RFC 6962.

use std::io;

use airside_evidence::{
    proof::{is_consistent, is_included},
    tree::{Edge, Hash, Hashes, consistency, empty_root, inclusion, node, root_at},
};
use sha2::{Digest, Sha256};

/// The leaves of certificate transparency's own tests, and the root over each beginning of them.
const VECTORS: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
];

const SIZES: usize = 600;

/// Kept hashes in memory, entry by entry.
#[derive(Default)]
struct Kept(Vec<Vec<Hash>>);

impl Hashes for Kept {
    fn entries(&self, level: u32, from: u64, count: u64) -> io::Result<Vec<Hash>> {
        let row = self.0.get(level as usize).map_or(&[][..], Vec::as_slice);
        let span = from as usize..(from + count) as usize;
        row.get(span).map(<[Hash]>::to_vec).ok_or_else(|| io::Error::other("not kept"))
    }
}

fn grow(leaves: &[Hash]) -> (Edge, Kept) {
    let (mut edge, mut kept) = (Edge::default(), Kept::default());
    for leaf in leaves {
        edge.push(*leaf, |level, hash| {
            kept.0.resize_with(kept.0.len().max(level as usize + 1), Vec::new);
            kept.0[level as usize].push(*hash);
        });
    }
    (edge, kept)
}

fn leaf(data: &[u8]) -> Hash {
    Sha256::digest([&[0], data].concat()).into()
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|index| leaf(&index.to_be_bytes())).collect()
}

fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

/// MTH of RFC 6962, 2.1, word by word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962, 2.1.1.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, other) = match index.checked_sub(left.len()) {
        None => (naive_path(index, left), right),
        Some(index) => (naive_path(index, right), left),
    };
    path.push(naive_root(other));
    path
}

/// SUBPROOF of RFC 6962, 2.1.2.
fn naive_consistency(old: usize, leaves: &[Hash], is_whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if is_whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, other) = match old <= left.len() {
        true => (naive_consistency(old, left, is_whole), right),
        false => (naive_consistency(old - left.len(), right, false), left),
    };
    path.push(naive_root(other));
    path
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[test]
fn the_vectors_of_certificate_transparency_hold() {
    let leaves: Vec<Hash> = VECTORS.iter().map(|(data, _)| leaf(&unhex(data))).collect();
    for (size, (_, root)) in (1..).zip(VECTORS) {
        let (edge, kept) = grow(&leaves[..size]);
        assert_eq!(hex(&edge.root()), root);
        assert_eq!(hex(&root_at(&kept, size as u64).unwrap()), root);
    }
    assert_eq!(
        hex(&Edge::default().root()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    let path: Vec<String> = inclusion(&grow(&leaves).1, 0, 8).unwrap().iter().map(|one| hex(one)).collect();
    assert_eq!(
        path,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
}

#[test]
fn every_root_is_that_of_the_recursive_words_also_in_hindsight_and_after_a_restart() {
    let leaves = leaves(SIZES);
    let (_, kept) = grow(&leaves);
    let mut edge = Edge::default();
    for size in 0..=SIZES {
        let root = naive_root(&leaves[..size]);
        assert_eq!(edge.root(), root, "{size}");
        assert_eq!(root_at(&kept, size as u64).unwrap(), root, "{size} in hindsight");
        let mut resumed = Edge::recover(&kept, size as u64).unwrap();
        assert_eq!((resumed.size(), resumed.root()), (size as u64, root), "{size} taken up");
        if let Some(next) = leaves.get(size) {
            edge.push(*next, |_, _| {});
            resumed.push(*next, |_, _| {});
            assert_eq!(resumed.root(), edge.root(), "{size} taken up and grown");
        }
    }
}

#[test]
fn every_proof_is_that_of_the_recursive_words_and_holds() {
    let leaves = leaves(SIZES);
    let (_, kept) = grow(&leaves);
    for size in (1..=40).chain([255, 256, 257, 511, 512, 513, 599, 600]) {
        let root = naive_root(&leaves[..size]);
        let step = if size <= 40 { 1 } else { 37 };
        for index in (0..size).step_by(step).chain([size - 1]) {
            let path = inclusion(&kept, index as u64, size as u64).unwrap();
            assert_eq!(path, naive_path(index, &leaves[..size]), "{index} of {size}");
            assert!(is_included(&leaves[index], index as u64, size as u64, &path, &root));
        }
        for old in (1..=size).step_by(step) {
            let path = consistency(&kept, old as u64, size as u64).unwrap();
            assert_eq!(path, naive_consistency(old, &leaves[..size], true), "{old} in {size}");
            let old_root = naive_root(&leaves[..old]);
            assert!(is_consistent(old as u64, &old_root, size as u64, &root, &path), "{old} in {size}");
        }
    }
}

#[test]
fn a_proof_fails_when_anything_of_it_changes() {
    let leaves = leaves(21);
    let (edge, kept) = grow(&leaves);
    let (root, old_root) = (edge.root(), naive_root(&leaves[..11]));
    let (path, old_path) = (inclusion(&kept, 13, 21).unwrap(), consistency(&kept, 11, 21).unwrap());
    for byte in 0..32 {
        let flip = |hash: &Hash| {
            let mut hash = *hash;
            hash[byte] ^= 1;
            hash
        };
        assert!(!is_included(&flip(&leaves[13]), 13, 21, &path, &root));
        assert!(!is_included(&leaves[13], 13, 21, &path, &flip(&root)));
        assert!(!is_consistent(11, &flip(&old_root), 21, &root, &old_path));
        assert!(!is_consistent(11, &old_root, 21, &flip(&root), &old_path));
        for at in 0..path.len() {
            let mut path = path.clone();
            path[at] = flip(&path[at]);
            assert!(!is_included(&leaves[13], 13, 21, &path, &root));
        }
        for at in 0..old_path.len() {
            let mut path = old_path.clone();
            path[at] = flip(&path[at]);
            assert!(!is_consistent(11, &old_root, 21, &root, &path));
        }
    }
    // The size is bound by the checkpoint; a path only tells sizes of another shape apart.
    for (index, size) in [(12, 21), (14, 21), (13, 13), (13, 14), (13, 33), (21, 21)] {
        assert!(!is_included(&leaves[13], index, size, &path, &root), "{index} of {size}");
    }
    assert!(!is_included(&leaves[13], 13, 21, &path[1..], &root));
    assert!(!is_included(&leaves[13], 13, 21, &[path, vec![root]].concat(), &root));
    assert!(!is_consistent(11, &old_root, 21, &root, &old_path[1..]));
    assert!(!is_consistent(11, &old_root, 21, &root, &[old_path.clone(), vec![root]].concat()));
    assert!(!is_consistent(22, &old_root, 21, &root, &old_path));
}

#[test]
fn a_leaf_beyond_the_tree_has_no_proof() {
    let (_, kept) = grow(&leaves(5));
    assert!(inclusion(&kept, 5, 5).is_err());
    assert!(consistency(&kept, 6, 5).is_err());
    assert!(inclusion(&kept, 0, 6).is_err(), "the sixth leaf is not kept");
}
