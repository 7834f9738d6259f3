//! Folders under test: copied, compared, and forged by who knows the format.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use redb::{Database, ReadableTable, TableDefinition};
use sha2::{Digest, Sha256};

const COMMITS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("log");
/// Where a commit has the hash of the one before, and its length.
const PREVIOUS: std::ops::Range<usize> = 44..76;

/// Returns every file below a folder with its bytes, but for locks and sockets.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() && !path.ends_with("lock") {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

/// Copies a folder, in place of what is there.
pub(crate) fn copy(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for path in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else if path.is_file() {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Replaces bytes in the commits of a stopped log by as many others, and makes
/// every checksum and hash after them right again: nothing inside the log tells.
pub(crate) fn forge(data: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let segments: Vec<_> =
        fs::read_dir(data.join("log")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [segment] = segments.iter().filter(|path| !path.ends_with("meta.redb")).collect::<Vec<_>>()[..]
    else {
        panic!("one segment was expected: {segments:?}")
    };
    let log = Database::open(segment).unwrap();
    let writing = log.begin_write().unwrap();
    {
        let mut table = writing.open_table(COMMITS).unwrap();
        let commits: Vec<(u64, Vec<u8>)> = table
            .iter()
            .unwrap()
            .map(|entry| entry.map(|(key, value)| (key.value(), value.value().to_vec())).unwrap())
            .collect();
        let (mut previous, mut is_forged) = ([0; 32], false);
        for (key, mut commit) in commits {
            let found = commit.windows(from.len()).position(|bytes| bytes == from.as_bytes());
            if let Some(at) = found.filter(|_| !is_forged) {
                commit[at..at + to.len()].copy_from_slice(to.as_bytes());
                is_forged = true;
            }
            commit[PREVIOUS].copy_from_slice(&previous);
            let checksum = crc32fast::hash(&commit[4..]);
            commit[..4].copy_from_slice(&checksum.to_le_bytes());
            previous = Sha256::digest(&commit).into();
            table.insert(key, commit.as_slice()).unwrap();
        }
        assert!(is_forged, "{from} is nowhere in the log");
    }
    writing.commit().unwrap();
}
