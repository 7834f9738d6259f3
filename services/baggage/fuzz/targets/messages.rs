//! Any bytes as messages: read, written, read again, judged, translated, and joined as parts.

#![no_main]

use airside_baggage::{
    ingest::{self, BAGS_MAX, Judge, Parsed},
    translate::translate,
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let receipt = Timestamp::constant(1_795_166_400, 0);
    let text = ingest::decode(input);
    let messages: Vec<Parsed<'_>> = ingest::messages(&text, receipt).collect();
    for message in &messages {
        let elements: Vec<_> = message.elements.iter().map(|element| element.text).collect();
        let printed = message.print();
        let again: Vec<Parsed<'_>> = ingest::messages(&printed, receipt).collect();
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].elements.iter().map(|element| element.text).collect::<Vec<_>>(), elements);
        assert!(message.groups.iter().map(|group| group.bags.len()).sum::<usize>() <= BAGS_MAX);
        if let Ok(said) = translate(message, receipt) {
            let is_answer = message.message_type == ingest::MessageType::Bcm;
            assert!((is_answer || !said.is_empty()) && !ingest::is_piece(message));
        }
    }
    if let Some(whole) = ingest::join(&messages) {
        assert_eq!(ingest::messages(&whole, receipt).count(), 1);
    }
    for judge in [Judge::Tolerant, Judge::Strict] {
        assert_eq!(ingest::report("fuzz", input, receipt, judge).len(), messages.len());
    }
});
