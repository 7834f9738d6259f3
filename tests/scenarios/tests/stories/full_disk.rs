//! A disk without room: the server stays up, reads on, refuses by name, and with
//! room again has everything that it acknowledged.
//!
//! A limit on the length of files stands for the full disk: writes beyond it fail
//! as they do there, and nobody needs rights to set one.

use std::process::Command;

use airside_api::baggage::v1::{ScanResult, TrackingPoint};
use tonic::Code;

use crate::{
    crash::Oracle,
    harness::{
        calls::{bag_of, record, scans},
        eventually,
        http::get,
        luggage::scan,
        process::{Server, Yard},
    },
};

/// The longest file, in the blocks of 512 bytes that the shell counts in: 6 MiB.
const LIMIT_BLOCKS: u32 = 12 * 1024;

/// Lets a command run where no file may grow beyond the limit.
fn where_files_are_short(command: &Command) -> Command {
    // The signal is ignored, so that the write fails instead.
    let script = format!("trap '' XFSZ; ulimit -f {LIMIT_BLOCKS}; exec \"$0\" \"$@\"");
    let mut limited = Command::new("sh");
    limited.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// Writes until the log takes no more.
async fn fill(server: &Server, oracle: &Oracle) {
    oracle.keep_writing(server, 250).await.await.unwrap();
    assert!(oracle.len() > 1_000, "it was full after {} scans", oracle.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_ends_writing_and_nothing_else() {
    let (yard, oracle) = (Yard::new(), Oracle::default());
    let server = yard.start(where_files_are_short(&yard.server())).await;
    let partner = server.callers().await.partner();
    let known = scan("known", "3479001301", TrackingPoint::CheckIn);
    assert_eq!(record(&partner, known.clone()).await, ScanResult::Recorded);
    assert_eq!(get(server.admin(), "/readyz").await.status, 200);
    fill(&server, &oracle).await;

    for plate in ["3479001301", "3479001302"] {
        let one = scan("more", plate, TrackingPoint::CheckIn);
        let refused = partner.baggage.clone().record_scans(scans([one])).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{refused}");
        assert!(!refused.message().is_empty(), "{refused:?}");
    }
    let bag = bag_of(&partner, "3479001301").await.unwrap();
    assert_eq!(bag.timeline.len(), 1, "{bag:?}");
    assert_eq!(get(server.admin(), "/healthz").await.status, 200, "it is alive");
    let ready = eventually("it is not ready", async || {
        let answer = get(server.admin(), "/readyz").await;
        (answer.status == 503).then_some(answer)
    })
    .await;
    for words in ["log", "a commit failed", "File too large", "restart"] {
        assert!(ready.body.contains(words), "{words:?} is not in {}", ready.body);
    }
    let logs = yard.logs();
    assert!(!logs.contains("panicked"), "{logs}");

    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0), "{}", yard.logs());
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    oracle.verify(&partner).await;
    assert_eq!(record(&partner, known).await, ScanResult::Duplicate);
    let more = scan("more", "3479001301", TrackingPoint::CheckIn);
    assert_eq!(record(&partner, more).await, ScanResult::Recorded, "it goes on");
    assert_eq!(get(server.admin(), "/readyz").await.status, 200);
}
