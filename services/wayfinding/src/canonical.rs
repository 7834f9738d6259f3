//! The canonical form of a map's files: equal for the same features in any order.
//!
//! Only files that a format may want are kept, by their bare names, in the order of names. In GeoJSON the
//! space between tokens goes, and features stand in the order of their text; in tables rows stand in the
//! order of their text, behind the header. Numbers, names and whatever is not read yet stay as they were
//! written, so that a later reader finds what an earlier one passed over. A file that cannot be read stays
//! as it is, for the checks to say so.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::gtfs;
use crate::source::{Source, bare};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Returns the canonical form of a map's files, each a name and the bytes; folders in names are ignored.
pub fn canonical<N: AsRef<str>, B: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (N, B)>,
) -> Vec<(String, Vec<u8>)> {
    let one = |(name, bytes): (N, B)| {
        let (name, bytes) = (bare(name.as_ref()), bytes.as_ref());
        let plain = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let canonical = if gtfs::is_table(&name) { table(plain) } else { json(plain) };
        (name, canonical.unwrap_or_else(|| bytes.to_vec()))
    };
    let wanted = files.into_iter().filter(|(name, _)| Source::wants(name.as_ref()));
    let mut files: Vec<_> = wanted.map(one).collect();
    files.sort_unstable();
    files
}

/// Returns an object with its members in order, and its features, where it has a list of them.
fn json(bytes: &[u8]) -> Option<Vec<u8>> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(bytes).ok()?;
    let mut text = Vec::with_capacity(bytes.len());
    for (name, value) in members {
        text.push(if text.is_empty() { b'{' } else { b',' });
        text.extend(serde_json::to_vec(&name).ok()?);
        text.push(b':');
        match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
            Ok(features) if name == "features" => {
                let mut features: Vec<_> = features.iter().map(|feature| dense(feature.get())).collect();
                features.sort_unstable();
                text.push(b'[');
                text.extend(features.join(&b','));
                text.push(b']');
            }
            _ => text.extend(dense(value.get())),
        }
    }
    if text.is_empty() {
        text.push(b'{');
    }
    text.push(b'}');
    Some(text)
}

/// Returns JSON without the space between its tokens.
fn dense(json: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        if in_string || !byte.is_ascii_whitespace() {
            text.push(byte);
        }
        match byte {
            b'"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && byte == b'\\' && !escaped;
    }
    text
}

/// Returns a table with its rows in order behind the header.
fn table(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut rows = Vec::new();
    let (mut from, mut quoted) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            // A line that ends between quotes belongs to a field.
            b'\n' if !quoted => {
                rows.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if quoted {
        return None;
    }
    rows.push(&text[from..]);
    let mut rows: Vec<_> =
        rows.into_iter().map(|row| row.trim_end_matches('\r')).filter(|row| !row.is_empty()).collect();
    rows.get_mut(1..)?.sort_unstable();
    Some((rows.join("\n") + "\n").into_bytes())
}

#[cfg(test)]
mod tests;
