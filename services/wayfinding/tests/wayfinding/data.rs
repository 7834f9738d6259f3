//! Data that is read from outside the repository, where it is at hand.

use std::{io::Write, path::PathBuf};

/// Returns the files of a folder of the test data, or says aloud that there are none.
pub(crate) fn files(folder: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let data = std::env::var_os("AIRSIDE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        let required = std::env::var("AIRSIDE_DATA_REQUIRED").is_ok_and(|value| value == "1");
        assert!(!required, "AIRSIDE_DATA_REQUIRED=1, but there is no {}", folder.display());
        // Not `println!`: a test's own output is captured, and a skip must be heard.
        let told = writeln!(
            std::io::stderr(),
            "SKIPPED: no {}; set AIRSIDE_DATA to the folder of the test data",
            folder.display()
        );
        assert!(told.is_ok(), "standard error is closed");
        return None;
    };
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    Some(entries.map(read).collect())
}
