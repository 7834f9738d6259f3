//! Compiles what nodes say to one another with protox, so that no `protoc` has to be installed.

use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let set = protox::compile(["vault.proto"], [&root])?;
    tonic_prost_build::configure().compile_fds(set)?;
    Ok(())
}
