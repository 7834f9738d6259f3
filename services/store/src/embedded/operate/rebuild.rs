//! The stream index made anew from the log, without starting the store.

use std::path::Path;

use super::{
    super::{
        OpenError, Options,
        disk::Disk,
        index::Index,
        meta::Meta,
        open::{RESTORING, lock, replay},
        segments::Segments,
    },
    Progress, Step,
};

/// Makes the stream index of a stopped log anew and returns the position up to
/// which it is complete. Interrupted, it is finished at the next start.
///
/// # Errors
/// When the folder is in use, holds no log, or the log is newer or damaged.
pub fn rebuild_index(
    folder: &Path,
    options: &Options,
    progress: &mut Progress<'_>,
) -> Result<u64, OpenError> {
    let log_folder = folder.join("log");
    if folder.join(RESTORING).exists() {
        return Err(OpenError::Unfinished { folder: folder.to_owned() });
    }
    if !log_folder.is_dir() {
        return Err(OpenError::Absent { folder: folder.to_owned() });
    }
    let _lock = lock(folder)?;
    let disk = Disk::default();
    let meta = Meta::read(&disk, &log_folder.join("meta.redb"))?;
    let meta = meta.ok_or_else(|| OpenError::Absent { folder: folder.to_owned() })?;
    let segments = Segments::open(log_folder.clone(), meta.log, disk.clone(), options.log_cache_bytes)?;
    let last = segments.last().map_err(|error| OpenError::read(&log_folder, error))?;
    let head = last.map_or(0, |blob| blob.last());
    let path = folder.join("index.redb");
    let open = || {
        let opened = Index::open(&disk, &path, &meta, options.index_cache_bytes);
        opened.map_err(|error| OpenError::file(&path, error))
    };
    let (old, flushed) = open()?;
    if flushed > head {
        // The old index is the last witness of what the log has lost.
        return Err(OpenError::shorter_than_its_index(log_folder, head, flushed));
    }
    drop(old);
    disk.remove(&path).map_err(OpenError::io(&path))?;
    let (index, flushed) = open()?;
    let mut told = |done| progress(Step { done, total: head, unit: "events" });
    replay(&segments, &index, flushed, head, 0, &mut told)
        .map_err(|error| OpenError::read(&log_folder, error))?;
    Ok(head)
}
