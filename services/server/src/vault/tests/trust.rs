//! Two nodes that do not fit: each refusal names the part and the remedy, and nothing is handed out.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use super::*;

async fn refusal(host: &Host, papers: &Papers, log: LogId) -> MeetError {
    within(meet(&host.line(papers), log, Environment::Develop, true)).await.err().expect("it does not fit")
}

#[track_caller]
fn says(error: &MeetError, words: &[&str]) {
    let said = error.to_string();
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_from_both_ends() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let host = Host::start(&ours).await;
    let stranger = theirs.papers(&[Role::Gateway]);
    says(&refusal(&host, &stranger, log()).await, &["is not signed by the authority in `vault.ca`"]);
    let stranger = stranger.believing(&ours);
    says(&refusal(&host, &stranger, log()).await, &["our certificate", "vault.certificate", "vault.ca"]);
}

#[tokio::test]
async fn an_expired_certificate_is_refused_from_both_ends() {
    let authority = Authority::new("nodes");
    let host = Host::start(&authority).await;
    let error = refusal(&host, &authority.expired(&[Role::Gateway]), log()).await;
    says(&error, &["our certificate is expired", "vault.certificate"]);
    let host = Host::showing(authority.expired(&[Role::Vault]), log()).await;
    let error = refusal(&host, &authority.papers(&[Role::Gateway]), log()).await;
    says(&error, &["its certificate is expired", "renew it on the node with the vault"]);
}

#[tokio::test]
async fn a_certificate_opens_only_what_its_role_needs() {
    let authority = Authority::new("nodes");
    let host = Host::start(&authority).await;
    let error = refusal(&host, &authority.papers(&[Role::Projector]), log()).await;
    says(&error, &["vault.certificate", "DNS:gateway.airside.internal", "subject alternative names"]);
    let line = host.line(&authority.papers(&[Role::Projector]));
    within(meet(&line, log(), Environment::Develop, false)).await.unwrap();
    let error = refusal(&host, &authority.papers(&[]), log()).await;
    says(&error, &["names no role"]);
    let signs = host.line(&authority.papers(&[Role::Gateway]));
    let met = within(meet(&signs, log(), Environment::Develop, true)).await.unwrap();
    assert!(met.token.is_some());
}

#[tokio::test]
async fn a_node_that_is_no_vault_is_not_taken_for_one() {
    let authority = Authority::new("nodes");
    let host = Host::showing(authority.papers(&[Role::Gateway]), log()).await;
    let error = refusal(&host, &authority.papers(&[Role::Gateway]), log()).await;
    says(&error, &["does not say that it is a vault", "DNS:vault.airside.internal", "vault.address"]);
}

#[tokio::test]
async fn the_vault_of_another_log_or_environment_is_refused_by_name() {
    let authority = Authority::new("nodes");
    let host = Host::start(&authority).await;
    let papers = authority.papers(&[Role::Gateway]);
    let other = LogId(Uuid::from_u128(8));
    says(&refusal(&host, &papers, other).await, &[&other.to_string(), &log().to_string(), "vault.address"]);
    let error = within(meet(&host.line(&papers), log(), Environment::Trial, true)).await.err().unwrap();
    says(&error, &["env is develop", "trial"]);
}

#[tokio::test]
async fn a_vault_that_nobody_runs_is_told_with_its_field() {
    let authority = Authority::new("nodes");
    let mut host = Host::start(&authority).await;
    host.end().await;
    let error = refusal(&host, &authority.papers(&[Role::Gateway]), log()).await;
    says(&error, &["vault.address", &host.address.to_string(), "--role vault"]);
}

#[test]
fn a_file_that_cannot_be_used_is_told_by_its_field() {
    let papers = Authority::new("nodes").papers(&[Role::Gateway]);
    let whole = papers.config();
    let wrong = |config: &VaultConfig| peers(config).err().expect("it is wrong").to_string();
    let (text, gone) = (papers.folder.path().join("text.pem"), papers.folder.path().join("gone"));
    fs::write(&text, "no certificate").unwrap();
    fs::set_permissions(&text, Permissions::from_mode(0o600)).unwrap();
    let other = Authority::new("nodes").papers(&[Role::Gateway]);
    for (config, field) in [
        (VaultConfig { ca: None, ..whole.clone() }, "vault.ca"),
        (VaultConfig { certificate: None, ..whole.clone() }, "vault.certificate"),
        (VaultConfig { key: None, ..whole.clone() }, "vault.key"),
        (VaultConfig { ca: Some(text.clone()), ..whole.clone() }, "vault.ca"),
        (VaultConfig { certificate: Some(text.clone()), ..whole.clone() }, "vault.certificate"),
        (VaultConfig { key: Some(text), ..whole.clone() }, "vault.key"),
        (VaultConfig { key: Some(gone.clone()), ..whole.clone() }, "vault.key"),
        (VaultConfig { key: Some(other.files.key), ..whole.clone() }, "vault.certificate"),
        (VaultConfig { ca: Some(gone), ..whole.clone() }, "vault.ca"),
    ] {
        let said = wrong(&config);
        assert!(said.contains(field), "{field} is not in {said}");
    }
    fs::set_permissions(&papers.files.key, Permissions::from_mode(0o644)).unwrap();
    assert!(wrong(&whole).contains("vault.key"));
    assert_eq!(name_of(Role::Vault), "vault.airside.internal");
}
