//! The limits of the machine, measured in the same run.

use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// How long a limit is measured.
const FOR: Duration = Duration::from_secs(1);

/// Returns how many writes of 4 KiB to a growing file can be made durable in a second.
pub(crate) fn fdatasyncs_per_s(folder: &Path) -> anyhow::Result<f64> {
    let mut file = File::create(folder.join("fdatasync"))?;
    let block = [7u8; 4096];
    let start = Instant::now();
    let mut count = 0u32;
    while start.elapsed() < FOR {
        file.write_all(&block)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}
