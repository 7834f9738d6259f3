//! The border of redb: on a damaged file it may panic where it should answer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::StorageError;

/// Does something with a redb and makes an error of a panic.
pub(super) fn contained<T, E: From<StorageError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // What redb leaves behind when it unwinds is its own and refuses further work by itself.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(StorageError::Corrupted(format!("the database gave up: {said}")).into())
    })
}
