//! Messages by file: cut where they end, stored once, read like any other.

use airside_baggage::{
    drop::{MessageFiles, Uncut, cut, watch},
    ingest::{decode, messages},
    receive::{Bringer, MAX_MESSAGE_BYTES},
    source::MessageReceived,
};
use airside_kernel::{Personal, StoredEvent};
use airside_runtime::folder::{Arrived, Failure, Handler, Options, Round};
use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;

use crate::airport::{Airport, NOW, sample, staff};

fn bsm(serial: usize) -> String {
    format!("BSM\r\n.V/1LSZX\r\n.F/ZH9101/20NOV/PEK/Y\r\n.N/3479{serial:06}001\r\n.P/1LI/SI\r\nENDBSM\r\n")
}

fn arrived(content: impl Into<Bytes>, mark: u128) -> Arrived {
    let (name, mark) = ("bags.txt".to_owned(), format!("{mark:032x}"));
    Arrived { name, written_at: NOW.parse().unwrap(), bytes: content.into(), mark }
}

fn pieces(text: &str) -> Vec<String> {
    let pieces = cut(&Bytes::copy_from_slice(text.as_bytes())).unwrap();
    pieces.iter().map(|piece| String::from_utf8(piece.to_vec()).unwrap()).collect()
}

fn files(airport: &Airport) -> MessageFiles {
    MessageFiles::new(airport.receiving.clone(), "dcs.files".to_owned())
}

/// The messages in the source's stream, opened.
async fn stored(airport: &Airport) -> Vec<String> {
    let log = airport.log().await;
    let events = log.iter().filter(|event| event.stream() == "source-dcs.files");
    let open = |event| {
        let [received] = MessageReceived::decode(event).unwrap();
        assert_eq!(received.transport, "file");
        match received.content.open(airport.vault.as_ref()).unwrap() {
            Personal::Known(content) => String::from_utf8(content.to_vec()).unwrap(),
            _ => panic!("the message does not open"),
        }
    };
    events.map(open).collect()
}

#[tokio::test]
async fn a_file_in_the_folder_becomes_bags_and_goes_to_done() {
    let mut airport = Airport::reading().await;
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("bags.txt"), bsm(1) + &bsm(2)).unwrap();
    std::fs::write(temp.path().join("notes.txt"), "no message at all\n").unwrap();
    let place = temp.path().to_owned();
    let (receiving, clock) = (airport.receiving.clone(), airport.clock.clone());
    let options = Options { settled: std::time::Duration::ZERO, ..Options::default() };
    let mut folder = watch(place, receiving, "dcs.files".to_owned(), clock, options);
    assert_eq!(folder.round().await, Round::Took(0));
    assert_eq!(folder.round().await, Round::Took(2));
    assert!(temp.path().join("done/bags.txt").exists());
    let reason = std::fs::read_to_string(temp.path().join("failed/notes.txt.reason.txt")).unwrap();
    assert!(reason.starts_with("there is no message of RP 1745 in the file"), "{reason}");
    assert_eq!(stored(&airport).await, [bsm(1), bsm(2)]);
    assert_eq!(airport.bag("3479000002", staff()).await.unwrap().plate, "3479000002");
}

#[tokio::test]
async fn a_file_that_is_handled_again_after_a_crash_is_stored_once() {
    let airport = Airport::open();
    let file = arrived(bsm(1) + &bsm(2), 7);
    files(&airport).handle(&file).await.unwrap();
    let restarted = files(&airport);
    for _ in 0..2 {
        restarted.handle(&file).await.unwrap();
    }
    assert_eq!(stored(&airport).await, [bsm(1), bsm(2)]);
    restarted.handle(&arrived(bsm(1), 8)).await.unwrap();
    assert_eq!(stored(&airport).await.len(), 3, "a file that is put there anew is kept");
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_file_stores_the_rest_and_no_more() {
    let airport = Airport::open();
    let texts: Vec<_> = (0..150).map(bsm).collect();
    let first: Vec<_> = texts[..64].iter().cloned().map(Bytes::from).collect();
    let cause = Some(Uuid::from_u128(7));
    let bringer = Bringer { source: "dcs.files", actor: "files/dcs.files", transport: "file", cause };
    airport.receiving.store(bringer, &first).await.unwrap();
    files(&airport).handle(&arrived(texts.concat(), 7)).await.unwrap();
    assert_eq!(stored(&airport).await, texts);
}

#[tokio::test]
async fn a_file_with_a_message_that_is_too_long_stores_nothing() {
    let airport = Airport::open();
    let long = bsm(2).replace(".P/1LI/SI", &format!(".R/{}", "A".repeat(MAX_MESSAGE_BYTES)));
    let Err(Failure::Refused(reason)) = files(&airport).handle(&arrived(bsm(1) + &long, 7)).await else {
        panic!("it must be refused")
    };
    let words = format!("what begins at line 7 has {} bytes without the end of a message", long.len());
    assert!(reason.starts_with(&words), "{reason}");
    assert!(stored(&airport).await.is_empty());
}

#[test]
fn a_file_is_cut_behind_each_end_and_loses_no_byte() {
    for text in [
        bsm(1) + &bsm(2) + &bsm(3),
        (bsm(1) + &bsm(2)).replace("\r\n", "\n"),
        (bsm(1) + &bsm(2)).replace("\r\n", "\r"),
        (bsm(1) + &bsm(2)).replace("\r\n", "\r\r\n"),
        (bsm(1) + &bsm(2)).replace("ENDBSM\r\nBSM", "ENDBSMBSM"),
        bsm(1) + "\r\n\r\nsome garbage\r\n" + &bsm(2).replace("ENDBSM\r\n", "ENDBSM"),
        (bsm(1) + &bsm(2)).to_lowercase(),
    ] {
        let pieces = pieces(&text);
        assert_eq!(pieces.concat(), text);
        assert_eq!(pieces.len(), text.to_uppercase().matches("ENDBSM").count(), "{text:?}");
    }
}

#[test]
fn an_end_inside_free_text_cuts_nothing() {
    let text = bsm(1).replace(".P/1LI/SI", ".R/ENDBSM\r\n.R/SEE ENDBSM");
    assert_eq!(pieces(&text).as_slice(), std::slice::from_ref(&text));
}

#[test]
fn parts_are_messages_of_their_own() {
    let part = |n: u8, end: &str| {
        format!("BMM\r\n.V/1LSZX/PART{n}/REF1\r\n.F/ZH9101/20NOV/PEK\r\n.N/3479000001001\r\n{end}\r\n")
    };
    let (one, two) = (part(1, "ENDPART1"), part(2, "ENDBMM"));
    assert_eq!(pieces(&(one.clone() + &two)), [one, two]);
}

#[test]
fn messages_of_one_envelope_stay_together_and_a_new_one_begins_a_piece() {
    let telex =
        |messages: &str| format!("\u{1}QU SZXKBZH\r\n.PEKRMZH 201430 PDM\r\n\u{2}{messages}\u{3}\r\n");
    let (one, two) = (telex(&(bsm(1) + &bsm(2))), telex(&bsm(3)));
    assert_eq!(pieces(&(one.clone() + &two)), [one, two]);
}

#[test]
fn a_file_without_a_message_is_not_cut() {
    for text in ["", "\r\n\r\n", "hello", "ENDBSM\r\n", "\0\0\0"] {
        assert_eq!(cut(&Bytes::from_static(text.as_bytes())), Err(Uncut::NoMessage), "{text:?}");
    }
}

#[test]
fn a_message_without_an_end_stays_before_the_next() {
    let cut_short = bsm(1).replace("ENDBSM\r\n", "");
    let text = cut_short + &bsm(2) + &bsm(3);
    let pieces = pieces(&text);
    assert_eq!(pieces.len(), 2);
    assert_eq!(pieces.concat(), text);
}

#[test]
fn every_sample_reads_the_same_in_pieces_as_in_one() {
    for name in ["syn_bcm_fom", "syn_bmm_manifest", "syn_bpm_loaded_uld"] {
        let text = [sample(name), sample("syn_bns_not_seen"), sample(name)].concat();
        check_same(&text);
    }
}

/// Compares what is read from the whole with what is read from its pieces.
#[track_caller]
fn check_same(text: &str) {
    let receipt = NOW.parse().unwrap();
    let read = |text: &str| {
        let all = messages(text, receipt);
        let all = all.map(|message| {
            let envelope = format!("{:?}", message.envelope);
            (message.message_type, message.ending, message.elements.len(), envelope)
        });
        all.collect::<Vec<_>>()
    };
    let Ok(pieces) = cut(&Bytes::copy_from_slice(text.as_bytes())) else {
        return assert!(read(text).is_empty(), "{text:?}");
    };
    assert_eq!(pieces.concat(), text.as_bytes());
    let apart: Vec<_> = pieces.iter().flat_map(|piece| read(&decode(piece))).collect();
    assert_eq!(apart, read(text), "{text:?}");
}

proptest! {
    #[test]
    fn any_file_reads_the_same_in_pieces_as_in_one(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "BSM", "BTM", "BSM\n", "\nENDBSM\n", "ENDBSM", "ENDBTM", "ENDPART1", "ENDPARTX", "ENDBSMBTM", "ENDBSM BTM", ".V/1LSZX",
                ".R/ENDBSM", "\r", "\n", "\r\n", "\r\r\n", " ", "\u{1}", "\u{2}", "\u{3}", "QU SZXKBZH\n",
                ".PEKRMZH 201430\n", "\u{1}QU SZXKBZH\r", "END", "张",
            ]),
            0..40,
        ),
    ) {
        check_same(&words.concat());
    }
}
