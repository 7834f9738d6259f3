//! What many calls have in common: batches, sources, pages.

use tonic::Status;

use crate::status::invalid;

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

#[cfg(test)]
mod tests {
    use super::*;

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
