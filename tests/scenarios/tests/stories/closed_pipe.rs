//! Commands whose reader has left: they end, and say nothing of it.

use std::{io::pipe, path::PathBuf, process::Stdio};

use crate::harness::process::{Yard, airside, run_as_it_is};

#[tokio::test]
async fn a_command_ends_quietly_when_nobody_reads() {
    let (yard, town) = (Yard::new(), PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville"));
    yard.serve().await.kill();
    let (data, town) = (yard.data().display().to_string(), town.display().to_string());
    let message = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/rp1745/syn_bsm_transfer_3legs.txt");
    let message = message.display().to_string();
    for arguments in [
        &["map", "route", &town, "--from", "Metro", "--to", "A3", "--json"][..],
        &["map", "route", &town, "--from", "Metro", "--to", "A3"],
        &["map", "check", &town, "--json"],
        &["map", "stats", &town],
        &["baggage", "parse", &message],
        &["token", "--role", "staff", "--data", &data],
        &["demo", "--for", "1s"],
        &["log", "show", "--data", &data],
        &["log", "stats", "--data", &data],
        &["log", "verify", "--data", &data],
        &["projections", "list", "--data", &data],
        &["help", "log"],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = airside(arguments);
        command.stdout(writer).stderr(Stdio::piped()).stdin(Stdio::null());
        let output = run_as_it_is(command).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("pipe"), "{arguments:?}: {said}");
    }
}
