//! The vendor's clients of the log in Node and Python, driven against the double: what it answers, they understand.

use std::sync::Arc;

use airside_contract::double::Double;
use airside_kernel::SystemClock;
use serde_json::json;

use crate::clients::{node, python, seen};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendors_clients_append_are_refused_read_and_follow() {
    let double = Double::start(1, Arc::new(SystemClock)).unwrap();
    let scripts = [
        (node("kurrentdb.mjs"), "bag-node", "wrong-expected-version"),
        (python("kurrentdb_client.py"), "bag-python", "WrongCurrentVersionError"),
    ];
    for (command, stream, refused) in scripts {
        let Some(command) = command else { continue };
        let story = json!({ "url": double.url(), "stream": stream });
        let saw = &seen(command, &story.to_string()).await[0];
        assert_eq!(saw["refused"], refused, "{saw}");
        assert_eq!(saw["read"], json!(["a", "b"]), "{saw}");
        assert_eq!(saw["followed"], json!(["a", "b", "live"]), "{saw}");
    }
}
