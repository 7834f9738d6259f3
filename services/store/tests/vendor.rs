//! The vendor's KurrentDB client, with its older tonic, builds in our tree.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use eventstore::ClientSettings;

#[test]
fn the_vendors_client_builds_beside_ours() {
    let settings: ClientSettings = "esdb://reader:secret@node.example:2113?tls=false".parse().unwrap();
    assert!(!settings.is_secure_mode_enabled());
    assert_eq!(
        settings.hosts().first().map(|host| (host.host.as_str(), host.port)),
        Some(("node.example", 2113))
    );
}
