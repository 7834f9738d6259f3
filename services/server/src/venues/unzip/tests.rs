//! A map in one zip is the map in its folder; a zip from a stranger is bounded.

use std::{
    io::{Cursor, Write},
    path::Path,
};

use airside_wayfinding::{Graph, Source, check};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{super::source, unpack};

fn read(name: &str, bytes: &[u8]) -> Source {
    source(unpack(name, bytes, Source::wants))
}

fn packed<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn refused(bytes: &[u8], rule: &str) {
    let findings = check(&read("map.zip", bytes));
    assert!(findings.iter().any(|finding| finding.rule == rule), "no {rule} in {findings:?}");
}

#[test]
fn a_zip_and_its_folder_give_equal_bytes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville");
    let folder = Graph::build(&super::super::read(&path).unwrap()).unwrap();
    let files = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap());
    let files: Vec<_> = files
        .map(|file| (format!("venue/{}", file.file_name().display()), std::fs::read(file.path()).unwrap()))
        .collect();
    let mut entries: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    entries.push(("__MACOSX/venue/._unit.geojson", b"\0\0"));
    let zip = Graph::build(&read("testville.zip", &packed(entries))).unwrap();
    assert_eq!(format!("{:?}", folder.model()), format!("{:?}", zip.model()));
    assert_eq!(folder.places(), zip.places());
}

#[test]
fn a_zip_that_is_none_is_refused() {
    refused(b"", "zip-bad");
    refused(b"PK\x03\x04 and no more", "zip-bad");
    let whole = packed([("unit.geojson", b"{}".as_slice())]);
    refused(&whole[..whole.len() / 2], "zip-bad");
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_unpacked() {
    let zeros = vec![b' '; 40 * 1024 * 1024];
    let bomb = packed([("unit.geojson", zeros.as_slice())]);
    assert!(bomb.len() < 64 * 1024);
    refused(&bomb, "zip-too-large");
    let many: Vec<_> = (0..5_000).map(|number| format!("{number}.json")).collect();
    refused(&packed(many.iter().map(|name| (name.as_str(), b"".as_slice()))), "zip-too-large");
}

#[test]
fn a_name_that_climbs_out_is_refused() {
    refused(&packed([("../../unit.geojson", b"{}".as_slice())]), "zip-name-bad");
}

#[test]
fn an_encrypted_entry_is_refused() {
    let mut bytes = packed([("unit.geojson", b"{}".as_slice())]);
    // The flag of encryption in the local header and in the directory.
    bytes[6] |= 1;
    let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[directory + 8] |= 1;
    refused(&bytes, "zip-encrypted");
}
