//! `airside token`.

use airside_kernel::PersonId;
use airside_runtime::auth::{Caller, StaffRole};
use jiff::Timestamp;
use uuid::Uuid;

use crate::harness::process::{Yard, airside, refused, run, tokens};

#[tokio::test]
async fn a_minted_token_speaks_for_whom_it_was_asked() {
    let yard = Yard::new();
    let (data, person) = (yard.data().display().to_string(), Uuid::new_v4());
    for (role, id, caller) in [
        ("passenger", person.to_string(), Caller::Passenger(PersonId(person))),
        ("partner", "zh".to_owned(), Caller::Partner { id: "zh".to_owned() }),
        (
            "staff",
            "desk7".to_owned(),
            Caller::Staff { id: "desk7".to_owned(), roles: StaffRole::ALL.to_vec() },
        ),
    ] {
        let output = run(airside(["token", "--role", role, "--person", &id, "--data", &data]), "").await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let token = String::from_utf8(output.stdout).unwrap();
        assert_eq!(token.lines().count(), 1);
        assert_eq!(tokens(&yard.data()).verify(token.trim(), Timestamp::now()), Ok(caller));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let yard = Yard::new();
    drop(yard.serve().await);
    for file in ["keys/token.pk8", "vault/root.key", "vault/vault.redb"] {
        let mode = std::fs::metadata(yard.data().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_passenger_is_named_by_a_uuid() {
    let yard = Yard::new();
    let data = yard.data().display().to_string();
    let said = refused(["token", "--role", "passenger", "--person", "wang", "--data", &data]).await;
    assert!(said.contains("--person") && said.contains("UUID"), "{said}");
}
