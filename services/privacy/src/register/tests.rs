//! What a copy of the register promises: every entry, in order, or a clear refusal.

use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const HEAD: &str = "airside erased register 1 0192a1b2c3d47e5f8091a2b3c4d5e6f7\n";
const GOLDEN: &str = include_str!("../../tests/golden/register-v1.txt");

fn log() -> LogId {
    LogId(Uuid::from_u128(0x0192_a1b2_c3d4_7e5f_8091_a2b3_c4d5_e6f7))
}

fn entry(ordinal: u64, subject: &str, reason: Reason, ms: i64) -> Erasure {
    let at = Timestamp::from_millisecond(ms).unwrap();
    Erasure { ordinal, subject: SubjectId::new(subject), reason, at }
}

fn golden() -> [Erasure; 3] {
    [
        entry(1, "journey-0193a5c0-0000-7000-8000-000000000001", Reason::Erased, 1_795_000_000_000),
        entry(2, "source-bhs-2026-11-05", Reason::Retired, 1_795_000_123_456),
        entry(3, "an odd one, with\ntwo lines and a \\", Reason::Erased, -1),
    ]
}

fn with(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("erased");
    fs::write(&path, bytes).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    (folder, path)
}

/// Neither reading nor opening takes the bytes, and they stay as they are.
fn refusal(bytes: &[u8]) -> RegisterError {
    let (_folder, path) = with(bytes);
    let read = RegisterFile::read(&path, log()).unwrap_err();
    let opened = RegisterFile::open(&path, log()).unwrap_err();
    assert_eq!(read.to_string(), opened.to_string());
    assert!(read.to_string().contains(path.to_str().unwrap()), "{read}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    read
}

#[test]
fn the_golden_register_is_written_and_read_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("erased");
    let mut file = RegisterFile::open(&path, log()).unwrap();
    file.append(&golden()[..1]).unwrap();
    drop(file);
    let mut file = RegisterFile::open(&path, log()).unwrap();
    file.append(&golden()).unwrap();
    assert_eq!(file.count(), 3, "what it names is not added again");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::copy(&path, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/register-v1.txt")).unwrap();
    } else {
        assert_eq!(fs::read_to_string(&path).unwrap(), GOLDEN);
    }
    assert_eq!(RegisterFile::read(&path, log()).unwrap(), golden());
}

#[test]
fn an_absent_register_is_empty_and_made_when_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("erased");
    assert_eq!(RegisterFile::read(&path, log()).unwrap(), []);
    assert!(!path.exists(), "reading makes nothing");
    assert_eq!(RegisterFile::open(&path, log()).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), HEAD);
}

#[test]
fn a_torn_last_line_is_skipped_by_readers_and_cut_off_by_the_writer() {
    for cut in 0..GOLDEN.len() {
        let (_folder, path) = with(&GOLDEN.as_bytes()[..cut]);
        let whole = GOLDEN[..cut].matches('\n').count().saturating_sub(1);
        assert_eq!(RegisterFile::read(&path, log()).unwrap(), golden()[..whole], "cut at {cut}");
        let mut file = RegisterFile::open(&path, log()).unwrap();
        assert_eq!(file.count(), whole as u64);
        file.append(&golden()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), GOLDEN, "cut at {cut}");
    }
    let zeros = [GOLDEN.as_bytes(), &[0; 100]].concat();
    let (_folder, path) = with(&zeros);
    assert_eq!(RegisterFile::read(&path, log()).unwrap(), golden(), "a tail of zeros is torn too");
}

#[test]
fn no_altered_byte_goes_unnoticed() {
    for at in 0..GOLDEN.len() {
        let mut bytes = GOLDEN.as_bytes().to_vec();
        bytes[at] ^= 1;
        let (_folder, path) = with(&bytes);
        match RegisterFile::read(&path, log()) {
            Err(_) => {}
            // The end of the last line: no other line is torn.
            Ok(entries) => assert_eq!((entries.as_slice(), at), (&golden()[..2], GOLDEN.len() - 1)),
        }
    }
}

#[test]
fn a_dropped_a_doubled_and_an_exchanged_line_are_named() {
    let lines: Vec<&str> = GOLDEN.split_inclusive('\n').collect();
    for (picked, first_bad) in
        [(vec![0, 2, 3], 2), (vec![0, 1, 1, 2], 3), (vec![0, 2, 1], 2), (vec![0, 1, 3], 3)]
    {
        let text: String = picked.iter().map(|line| lines[*line]).collect();
        let refused = refusal(text.as_bytes());
        assert!(matches!(refused, RegisterError::Damaged { line, .. } if line == first_bad), "{refused}");
    }
}

#[test]
fn a_register_of_another_log_or_form_or_something_else_is_refused_unchanged() {
    let of = |text: &str| refusal(text.as_bytes());
    let other = of(&HEAD.replace("0192", "0193"));
    assert!(matches!(other, RegisterError::OtherLog { log: this, .. } if this == log()), "{other}");
    let newer = of(&HEAD.replace("register 1 ", "register 2 "));
    assert!(matches!(newer, RegisterError::Newer { found: 2, .. }), "{newer}");
    for text in ["hello", "hello\n", "airside erased register x\n", "airside erased register 1 nobody\n"] {
        assert!(matches!(of(text), RegisterError::NotOne { .. }), "{text}");
    }
    let long = format!("{GOLDEN}{}", "x".repeat(LINE_LEN_MAX));
    assert!(matches!(of(&long), RegisterError::Damaged { line: 5, .. }), "a line has a bound");
}

#[test]
fn what_a_failed_append_left_is_written_over() {
    let (_folder, path) = with(GOLDEN.as_bytes());
    let mut file = RegisterFile::open(&path, log()).unwrap();
    let next = [entry(4, "d", Reason::Erased, 4)];
    let good = std::mem::replace(&mut file.file, File::open(&path).unwrap());
    file.append(&next).unwrap_err();
    assert_eq!(file.count(), 3);
    fs::write(&path, format!("{GOLDEN}4 erased 1970-01-")).unwrap();
    file.file = good;
    file.append(&next).unwrap();
    assert_eq!(RegisterFile::read(&path, log()).unwrap()[3..], next);
}

proptest! {
    #[test]
    fn every_entry_is_read_as_it_was_written(subjects in proptest::collection::hash_set("\\PC*|[\\\\\n\r ]{1,4}", 0..9), ms in 0_i64..9_000_000_000_000) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("erased");
        let entries: Vec<Erasure> =
            subjects.iter().zip(1..).map(|(subject, ordinal)| entry(ordinal, subject, Reason::Retired, ms)).collect();
        RegisterFile::open(&path, log()).unwrap().append(&entries).unwrap();
        prop_assert_eq!(RegisterFile::read(&path, log()).unwrap(), entries);
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (_folder, path) = with(&[HEAD.as_bytes(), &bytes].concat());
        let _ = RegisterFile::read(&path, log());
        let text = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(parse_line(&text), None);
    }
}
