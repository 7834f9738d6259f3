//! Compiles the protocol of the cluster with protox, so that no `protoc` has to be installed.

use std::{error::Error, path::Path};

/// The files, which import one another by name.
const FILES: [&str; 4] = ["shared.proto", "streams.proto", "gossip.proto", "serverfeatures.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/kurrent");
    println!("cargo::rerun-if-changed={}", root.display());
    let set = protox::compile(FILES, [&root])?;
    tonic_prost_build::configure().bytes(".").btree_map(".").compile_fds(set)?;
    Ok(())
}
