//! A zip of a map, unpacked in memory within bounds.
//!
//! An archive from a stranger may claim anything: so many entries, such sizes, names that climb out of the
//! folder. Sizes are counted while unpacking, never believed; names are only ever compared, never opened.

use std::io::{Cursor, Read};

use airside_wayfinding::{Finding, Severity, imdf::FILE_BYTES_MAX};
use zip::ZipArchive;

use super::Files;

/// The most entries of an archive; Narita's layers are some hundred and twenty.
pub(super) const ENTRIES_MAX: usize = 4_096;
/// The most bytes that an archive unpacks to.
pub(super) const BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The most bytes that one packed byte may become, above the floor; GeoJSON packs to a tenth.
const RATIO_MAX: u64 = 200;
/// Unpacked bytes that are allowed whatever the ratio.
const RATIO_FLOOR: u64 = 16 * 1024 * 1024;

/// Returns why the files of this folder or archive are no map.
pub(super) fn refuse(name: &str, rule: &'static str, text: String, remedy: &str) -> Finding {
    Finding {
        severity: Severity::Violation,
        rule,
        file: name.chars().filter(|c| !c.is_control()).take(200).collect(),
        feature_id: None,
        text,
        remedy: remedy.to_owned(),
    }
}

/// Unpacks the files that `wants` asks for; an archive that cannot be trusted gives the finding that says why.
pub(super) fn unpack(name: &str, bytes: &[u8], wants: impl Fn(&str) -> bool) -> Files {
    let refuse = |rule, text, remedy| refuse(name, rule, text, remedy);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|cause| {
        refuse("zip-bad", format!("not a readable zip archive: {cause}"), "pack it again")
    })?;
    if archive.len() > ENTRIES_MAX {
        let text = format!("{} entries are more than the {ENTRIES_MAX} that are read", archive.len());
        return Err(refuse("zip-too-large", text, "pack the map's files only"));
    }
    let packed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let most = BYTES_MAX.min(packed.saturating_mul(RATIO_MAX).max(RATIO_FLOOR));
    let mut left = most;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let bad =
            |cause| refuse("zip-bad", format!("entry {index} cannot be read: {cause}"), "pack it again");
        let raw = archive.by_index_raw(index).map_err(bad)?;
        let entry_name = raw.name().map_err(bad)?.into_owned();
        let shown: String = entry_name.chars().filter(|c| !c.is_control()).take(100).collect();
        if raw.enclosed_name().is_none() {
            let text = format!("entry {shown:?} leads out of the archive");
            return Err(refuse("zip-name-bad", text, "pack the files without .. and without absolute paths"));
        }
        if raw.encrypted() {
            let text = format!("entry {shown:?} is encrypted");
            return Err(refuse("zip-encrypted", text, "pack it without a password"));
        }
        let skip = raw.is_dir() || !wants(&entry_name) || is_shadow(&entry_name);
        drop(raw);
        if skip {
            continue;
        }
        let entry = archive.by_index(index).map_err(|cause| {
            refuse("zip-bad", format!("entry {shown:?} cannot be unpacked: {cause}"), "pack it with deflate")
        })?;
        let limit = left.min(u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX));
        let mut unpacked = Vec::new();
        let taken = entry.take(limit + 1).read_to_end(&mut unpacked);
        let taken = taken.map_err(|cause| {
            refuse("zip-bad", format!("entry {shown:?} cannot be unpacked: {cause}"), "pack it again")
        })?;
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        if taken > limit {
            let text = format!("entry {shown:?} unpacks past the {limit} bytes that are left of {most}");
            return Err(refuse("zip-too-large", text, "pack the map's files only, or split the venue"));
        }
        left -= taken;
        files.push((entry_name, unpacked));
    }
    Ok(files)
}

/// Tells whether a name is what a Mac packs beside each file.
fn is_shadow(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.rsplit('/').next().is_some_and(|bare| bare.starts_with("._"))
}

#[cfg(test)]
mod tests;
