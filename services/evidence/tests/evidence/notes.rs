//! Notes, checkpoints and keys parse to what they print, and nothing else does.

use airside_evidence::{Checkpoint, Note, Signed, VerifierKey};
use airside_kernel::LogId;
use airside_privacy::evidence_key::is_signed_by;
use proptest::prelude::*;
use uuid::Uuid;

use crate::paper::signer;

fn checkpoint() -> Checkpoint {
    Checkpoint {
        log: LogId(Uuid::from_u128(0x0192_6c2f_5f3c_7d7e_9a3b_1f1e_2d3c_4b5a)),
        size: 12_345,
        root: [0xa5; 32],
        generation: 2,
        vault: 678,
        recorded: "2026-11-20T10:08:17.25Z".parse().unwrap(),
        restored: 9_000,
    }
}

/// Frozen: outsiders hold notes and keys of exactly this form.
#[test]
fn a_signed_checkpoint_and_its_key_are_the_bytes_that_they_were() {
    let signer = signer("airport", 7);
    let note = signer.sign(checkpoint().to_string()).to_string();
    let expected = include_str!("../golden/checkpoint-v1.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/checkpoint-v1.txt");
        std::fs::write(path, format!("{}\n\n{note}", signer.key())).unwrap();
        return;
    }
    assert_eq!(format!("{}\n\n{note}", signer.key()), expected);
}

#[test]
fn a_signature_counts_for_the_key_that_made_it() {
    let (one, other) = (signer("airport", 7), signer("airport", 8));
    let note = one.sign(checkpoint().to_string());
    let signed = |keys: &[VerifierKey]| note.signed(keys, is_signed_by);
    assert_eq!(signed(&[other.key().clone(), one.key().clone()]), Signed::By("airport".into()));
    assert_eq!(signed(&[other.key().clone()]), Signed::Unknown(vec!["airport".into()]));
    let text = note.to_string().replacen("12345", "12346", 1);
    let forged: Note = text.parse().unwrap();
    assert_eq!(forged.signed(&[one.key().clone()], is_signed_by), Signed::Forged("airport".into()));
}

#[test]
fn a_witness_may_sign_too() {
    let (log, witness) = (signer("airport", 7), signer("witness.example", 9));
    let text = checkpoint().to_string();
    let line = witness.sign(text.clone()).to_string().lines().last().unwrap().to_owned();
    let note: Note = format!("{}{line}\n", log.sign(text)).parse().unwrap();
    assert_eq!(note.signed(&[log.key().clone()], is_signed_by), Signed::By("airport".into()));
    assert_eq!(note.signed(&[witness.key().clone()], is_signed_by), Signed::By("witness.example".into()));
}

#[test]
fn what_is_no_note_is_refused() {
    let good = signer("airport", 7).sign(checkpoint().to_string()).to_string();
    assert_eq!(good.parse::<Note>().unwrap().to_string(), good);
    for bad in [
        String::new(),
        good.trim_end().to_owned(),
        good.replace("\u{2014} ", "- "),
        good.replace("\n\n", "\n"),
        good.replace("airport ", "airport"),
        good.replace("generation", "gene\tration"),
        good.replace("airport", "air+port"),
    ] {
        assert!(bad.parse::<Note>().is_err(), "{bad}");
    }
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let good = checkpoint().to_string();
    for (from, to) in [
        ("airside.log/", "other.log/"),
        ("12345", "012345"),
        ("12345", "-1"),
        ("pa", "p"),
        ("generation 2", "generation 0"),
        ("vault 678", "vault"),
        ("recorded 2026", "recorded the 2026"),
        ("17.25Z", "17.250Z"),
        ("restored 9000\n", ""),
        ("restored 9000\n", "restored 9000\nmore 1\n"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(bad.parse::<Checkpoint>().is_err(), "{bad}");
    }
}

#[test]
fn what_is_no_key_is_refused() {
    let good = signer("airport", 7).key().to_string();
    assert_eq!(good.parse::<VerifierKey>().unwrap().to_string(), good);
    for bad in [
        good.replacen("airport", "seaport", 1),
        good.replacen('+', "-", 1),
        good[..good.len() - 4].to_owned(),
        String::new(),
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
    }
    assert!(VerifierKey::new("a b", [0; 32]).is_err() && VerifierKey::new("", [0; 32]).is_err());
}

proptest! {
    #[test]
    fn a_checkpoint_parses_to_what_was_printed(
        (id, size, root, generation) in any::<(u128, u64, [u8; 32], u64)>(),
        (vault, micros, restored) in (any::<u64>(), 0..4_000_000_000_000_000_i64, any::<u64>()),
    ) {
        let recorded = jiff::Timestamp::from_microsecond(micros).unwrap();
        let restored = if generation > 0 { restored } else { 0 };
        let one = Checkpoint { log: LogId(Uuid::from_u128(id)), size, root, generation, vault, recorded, restored };
        prop_assert_eq!(one.to_string().parse::<Checkpoint>().unwrap(), one);
    }

    #[test]
    fn what_parses_as_a_note_prints_as_it_was(text in "[a-z \n\u{2014}+=A-Z]{0,80}") {
        if let Ok(note) = text.parse::<Note>() {
            prop_assert_eq!(note.to_string(), text);
        }
    }
}
