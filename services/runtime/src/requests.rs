//! What many calls have in common: batches, sources, pages, instants of the past.

use airside_kernel::Timestamp;
use tonic::Status;

use crate::{status::invalid, stored};

/// The most items in one batch.
pub const MAX_BATCH_ITEMS: usize = 500;
/// The longest id that a source gives to a scan, report or message.
pub const MAX_ITEM_ID_CHARS: usize = 64;
const MAX_SOURCE_CHARS: usize = 48;
const DEFAULT_PAGE_SIZE: u32 = 50;
const MAX_PAGE_SIZE: u32 = 200;

/// Checks the name of a sending system.
///
/// # Errors
/// INVALID_ARGUMENT naming the field and what is allowed.
pub fn source(name: &str) -> Result<&str, Status> {
    let is_valid = (1..=MAX_SOURCE_CHARS).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
    if is_valid { Ok(name) } else { Err(invalid("source", "use 1 to 48 of a-z 0-9 _ . such as `bhs.t3`")) }
}

/// Checks the size of a batch.
///
/// # Errors
/// INVALID_ARGUMENT naming the field and the limit.
pub fn batch<'a, T>(field: &str, items: &'a [T]) -> Result<&'a [T], Status> {
    match items.len() {
        0 => Err(invalid(field, "the batch is empty; send 1 to 500 items")),
        n if n > MAX_BATCH_ITEMS => {
            Err(invalid(field, format_args!("{n} items are too many; send at most 500 a call")))
        }
        _ => Ok(items),
    }
}

/// Returns what is wrong with an id that a source gives to an item, if anything.
pub fn item_id_problem(id: &str) -> Option<&'static str> {
    let is_valid = (1..=MAX_ITEM_ID_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    (!is_valid).then_some("use 1 to 64 visible ASCII characters")
}

/// Returns the size of a page: 50 unless asked otherwise, at most 200.
///
/// # Errors
/// INVALID_ARGUMENT when more is asked for.
pub fn page_size(asked: u32) -> Result<usize, Status> {
    match asked {
        0 => Ok(DEFAULT_PAGE_SIZE as usize),
        1..=MAX_PAGE_SIZE => Ok(asked as usize),
        _ => Err(invalid("page_size", format_args!("{asked} is too many; ask for 1 to 200"))),
    }
}

/// Reads the instant that a call asks about; `None` when it asks for now. An
/// instant that has not come yet is refused, because what will be recorded until
/// then is not known.
///
/// # Errors
/// INVALID_ARGUMENT naming the field and the remedy.
pub fn as_of(
    asked: Option<&prost_types::Timestamp>,
    at_least_position: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, Status> {
    let Some(asked) = asked else { return Ok(None) };
    if !at_least_position.is_empty() {
        let problem = "it cannot stand beside as_of, which needs no position: leave one of them out";
        return Err(invalid("at_least_position", problem));
    }
    match stored::timestamp(asked) {
        None => Err(invalid("as_of", "it is no instant of the calendar: send a time that has passed")),
        Some(at) if at > now => {
            Err(invalid("as_of", format_args!("{at} has not come yet: leave it out to ask for now")))
        }
        at => Ok(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_of_the_past_is_read_and_one_to_come_is_refused() {
        let now = Timestamp::from_second(1_795_132_800).unwrap();
        let at = |second, nanos| prost_types::Timestamp { seconds: now.as_second() + second, nanos };
        assert_eq!(as_of(None, "7", now).unwrap(), None);
        assert_eq!(as_of(Some(&at(0, 0)), "", now).unwrap(), Some(now));
        assert_eq!(as_of(Some(&at(-60, 0)), "", now).unwrap().unwrap().as_second(), now.as_second() - 60);
        for (asked, position, words) in [
            (at(0, 1), "", "as_of: 2026-11-20T00:00:00.000000001Z has not come yet"),
            (at(i64::MAX / 2, 0), "", "as_of: it is no instant"),
            (at(-60, 0), "7", "at_least_position: it cannot stand beside as_of"),
        ] {
            let refusal = as_of(Some(&asked), position, now).unwrap_err();
            assert_eq!(refusal.code(), tonic::Code::InvalidArgument);
            assert!(refusal.message().starts_with(words), "{refusal}");
        }
    }

    #[test]
    fn a_source_is_a_short_plain_name() {
        for name in ["bhs.t3", "a", "dcs_9", &"a".repeat(48)] {
            assert_eq!(source(name).unwrap(), name);
        }
        for name in ["", "BHS", "bhs-t3", "bhs t3", "行李", &"a".repeat(49)] {
            let refusal = source(name).unwrap_err();
            assert_eq!(refusal.code(), tonic::Code::InvalidArgument);
            assert!(refusal.message().starts_with("source: "), "{refusal}");
        }
    }

    #[test]
    fn a_batch_is_not_empty_and_says_its_limit() {
        assert_eq!(batch("scans", &[1; MAX_BATCH_ITEMS]).unwrap().len(), MAX_BATCH_ITEMS);
        assert!(batch::<u8>("scans", &[]).unwrap_err().message().contains("the batch is empty"));
        let refusal = batch("scans", &[1; MAX_BATCH_ITEMS + 1]).unwrap_err();
        assert_eq!(refusal.message(), "scans: 501 items are too many; send at most 500 a call");
    }

    #[test]
    fn an_item_id_is_visible_ascii() {
        for id in ["1", "scan:2026-11-20/7", &"9".repeat(MAX_ITEM_ID_CHARS)] {
            assert_eq!(item_id_problem(id), None);
        }
        for id in ["", "a b", "a\n", "扫描", &"9".repeat(MAX_ITEM_ID_CHARS + 1)] {
            assert!(item_id_problem(id).is_some(), "{id:?}");
        }
    }

    #[test]
    fn a_page_has_fifty_items_unless_asked_and_two_hundred_at_most() {
        assert_eq!((page_size(0).unwrap(), page_size(1).unwrap(), page_size(200).unwrap()), (50, 1, 200));
        assert!(page_size(201).unwrap_err().message().starts_with("page_size: 201 is too many"));
    }
}
