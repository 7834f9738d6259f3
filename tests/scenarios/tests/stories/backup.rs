//! A backup of a running server, and what is there after a restore.

use std::{fs, path::Path};

use airside_api::baggage::v1::{ScanResult, TrackingPoint};
use airside_kernel::SubjectId;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    crash::{Oracle, PER_CALL},
    harness::{
        House,
        calls::{announce, bag_of, follow, record},
        eventually,
        folders::{copy, files},
        http::get,
        luggage::{Luggage, scan},
        operator::{Second, answer, refuses, verify},
        process::{Server, Yard, refusal},
        session::Session,
    },
};

/// Brings the keys that sign to where a backup will be restored.
fn bring_keys(from: &Path, to: &Path) {
    copy(&from.join("keys"), &to.join("keys"));
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

async fn serve_with_second(yard: &Yard, second: &Second) -> Server {
    let environment = second.environment();
    let environment: Vec<_> = environment.iter().map(|(key, value)| (*key, value.as_str())).collect();
    yard.serve_with(&environment).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_restored_as_a_new_generation() {
    let (yard, oracle, person) = (Yard::new(), Oracle::default(), Uuid::new_v4());
    let second = Second::beside(&yard);
    let bag = Luggage::new("3479003101");
    let server = serve_with_second(&yard, &second).await;
    let callers = server.callers().await;
    announce(&callers.partner(), &bag).await;
    follow(&callers.passenger(person), &bag).await;
    let session = Session::open(&callers.passenger(person)).await;
    let writer = oracle.keep_writing(&server, PER_CALL).await;
    eventually("the writer is at work", async || (oracle.len() >= 100).then_some(())).await;

    let acknowledged = oracle.first(oracle.len());
    let (to, keys_to) = (path(&yard.beside("backup")), path(&yard.beside("keys-backup")));
    let backup = answer(&yard.data(), &["log", "backup", "--to", &to, "--vault-to", &keys_to]).await;
    let position = backup["log"]["position"].as_u64().unwrap();
    assert!(position > acknowledged.len() as u64, "{backup}");
    assert!(backup["vault"]["position"].as_u64() >= Some(position), "{backup}");
    eventually("the backup is measured", async || {
        let metrics = get(server.admin(), "/metrics").await.body;
        metrics.contains(&format!("airside_last_backup_position {position}\n")).then_some(())
    })
    .await;
    // What comes after the backup will be lost, and was signed.
    let lost = Luggage::new("3479003102").scan("lost", TrackingPoint::CheckIn);
    assert_eq!(record(&callers.partner(), lost.clone()).await, ScanResult::Recorded);
    server.terminate();
    assert!(server.ended().await.success());
    writer.await.unwrap();

    let other = Yard::new();
    bring_keys(&yard.data(), &other.data());
    let (erased, root) = (path(&second.0.join("erased")), path(&yard.data().join("vault/root.key")));
    let arguments = ["--from", &to, "--vault-from", &keys_to, "--erased", &erased, "--root-key", &root];
    let restored = answer(&other.data(), &[&["log", "restore"], &arguments[..]].concat()).await;
    assert_eq!(restored["position"], position);
    assert!(restored["generation"].as_u64() > Some(0), "{restored}");
    assert_eq!(verify(&other.data(), &[]).await.0, 0);

    let server = other.serve().await;
    let callers = server.callers().await;
    assert_eq!(server.ready["log_id"], restored["log_id"]);
    acknowledged.verify(&callers.partner()).await;
    assert_eq!(bag_of(&callers.partner(), &bag.plate).await.unwrap().passenger, "Z*** S***");
    assert_eq!(record(&callers.partner(), lost).await, ScanResult::Recorded);
    let resumed = Session::resume(&callers.passenger(person), session.token()).await;
    assert_ne!(resumed.hello.epoch, session.hello.epoch);
    assert!(!resumed.hello.recovered, "what was told after the backup is not known here: a snapshot follows");
    // Who stops signs everything before the end.
    server.terminate();
    assert!(server.ended().await.success());

    let (code, own) = verify(&other.data(), &[]).await;
    assert_eq!((code, &own["generation"]), (0, &restored["generation"]), "{own}");
    let (_, report) = verify(&other.data(), &["--from", &second.as_text()]).await;
    let notes = report["notes"].to_string();
    assert!(notes.contains("a restore gave up") && notes.contains(&(position + 1).to_string()), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_backup_of_a_server_that_signs_all_the_time_is_restored_and_starts() {
    let (yard, oracle) = (Yard::new(), Oracle::default());
    let server = yard.serve_with(&[("AIRSIDE_EVIDENCE__EVERY", "50ms")]).await;
    let partner = server.callers().await.partner();
    let writer = oracle.keep_writing(&server, PER_CALL).await;
    let mut backups = Vec::new();
    for number in 0..4 {
        let plate = format!("347900360{number}");
        announce(&partner, &Luggage::new(&plate)).await;
        let to = path(&yard.beside(&format!("backup-{number}")));
        // New subjects are what changes a vault.
        let announcing = async {
            for more in 0..10 {
                announce(&partner, &Luggage::new(&format!("34790037{number}{more}"))).await;
            }
        };
        let (data, arguments) = (yard.data(), ["log", "backup", "--to", &to]);
        let (backup, ()) = tokio::join!(answer(&data, &arguments), announcing);
        assert!(backup["evidence"]["size"].as_u64() <= backup["log"]["position"].as_u64(), "{backup}");
        backups.push((to, plate));
    }
    server.terminate();
    assert!(server.ended().await.success());
    writer.await.unwrap();
    let root = path(&yard.data().join("vault/root.key"));
    for (from, plate) in backups {
        let other = Yard::new();
        bring_keys(&yard.data(), &other.data());
        let arguments = ["log", "restore", "--from", &from, "--erased", "none", "--root-key", &root];
        let restored = answer(&other.data(), &arguments).await;
        assert_eq!(restored["signed_and_lost"], 0, "{restored}");
        let server = other.serve().await;
        assert_eq!(bag_of(&server.callers().await.partner(), &plate).await.unwrap().passenger, "Z*** S***");
        server.terminate();
        assert!(server.ended().await.success());
        drop(other.serve().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_server_that_ends_before_it_signed_starts_again() {
    let yard = Yard::new();
    let first = Second::beside(&yard);
    let server = serve_with_second(&yard, &first).await;
    let partner = server.callers().await.partner();
    announce(&partner, &Luggage::new("3479003801")).await;
    let to = path(&yard.beside("backup"));
    answer(&yard.data(), &["log", "backup", "--to", &to]).await;
    // The second place will know of more events, and of more changes of the vault.
    announce(&partner, &Luggage::new("3479003802")).await;
    server.terminate();
    assert!(server.ended().await.success());

    for is_killed in [true, false] {
        let other = Yard::new();
        let second = Second::beside(&other);
        copy(&first.0, &second.0);
        bring_keys(&yard.data(), &other.data());
        let root = path(&yard.data().join("vault/root.key"));
        let arguments = ["log", "restore", "--from", &to, "--erased", "none", "--root-key", &root];
        answer(&other.data(), &arguments).await;
        // What a start that got no further than the second place leaves.
        for entry in fs::read_dir(&second.0).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap();
            if name != "erased" {
                fs::copy(&entry, other.data().join("evidence").join(name)).unwrap();
            }
        }
        let server = serve_with_second(&other, &second).await;
        match is_killed {
            true => server.kill(),
            false => {
                server.terminate();
                assert!(server.ended().await.success());
            }
        }
        let server = serve_with_second(&other, &second).await;
        let partner = server.callers().await.partner();
        assert_eq!(bag_of(&partner, "3479003801").await.unwrap().passenger, "Z*** S***");
        assert_eq!(
            record(&partner, scan("s1", "3479003803", TrackingPoint::CheckIn)).await,
            ScanResult::Recorded
        );
        server.terminate();
        assert!(server.ended().await.success());
        assert_eq!(verify(&other.data(), &[]).await.0, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_log_with_its_own_evidence_is_refused_by_the_second_place() {
    let yard = Yard::new();
    let second = Second::beside(&yard);
    let older = yard.beside("older");
    for id in ["s1", "s2"] {
        let server = serve_with_second(&yard, &second).await;
        let partner = server.callers().await.partner();
        assert_eq!(
            record(&partner, scan(id, "3479003901", TrackingPoint::CheckIn)).await,
            ScanResult::Recorded
        );
        server.terminate();
        assert!(server.ended().await.success());
        if id == "s1" {
            copy(&yard.data(), &older);
        }
    }
    for part in ["log", "evidence"] {
        copy(&older.join(part), &yard.data().join(part));
    }
    fs::copy(older.join("index.redb"), yard.data().join("index.redb")).unwrap();
    let kept = || {
        let mut files = files(&yard.data());
        // To see where a log ends it is opened, and its files say so.
        files.retain(|path, _| !path.starts_with(yard.data().join("log")) && !path.ends_with("index.redb"));
        (files, crate::harness::folders::files(&second.0))
    };
    let before = kept();
    let mut command = yard.server();
    command.envs(second.environment());
    let said = refusal(command).await;
    for word in ["signed, says the second place", "airside log restore", "evidence.second"] {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert!(kept() == before, "something was changed");

    // A second place that is away does not hold up the start.
    fs::rename(&second.0, yard.beside("away")).unwrap();
    drop(serve_with_second(&yard, &second).await);
    assert!(yard.logs().contains("second place does not tell what was signed"), "{}", yard.logs());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_erased_after_the_backup_stays_erased() {
    let (yard, person) = (Yard::new(), Uuid::new_v4());
    let second = Second::beside(&yard);
    let house = House::with_second(&second.0).await;
    let bag = Luggage::new("3479003201");
    let journey = announce(&house.callers.partner(), &bag).await.journey_id;
    follow(&house.callers.passenger(person), &bag).await;
    let to = path(&yard.beside("backup"));
    answer(house.folder(), &["log", "backup", "--to", &to]).await;
    house.node.vault.erase(&SubjectId::new(&journey)).await.unwrap();
    let (erased, root) = (path(&second.0.join("erased")), path(&house.folder().join("vault/root.key")));

    for (register, passenger) in [(erased.as_str(), "erased"), ("none", "Z*** S***")] {
        let other = Yard::new();
        bring_keys(house.folder(), &other.data());
        let arguments = ["log", "restore", "--from", &to, "--erased", register, "--root-key", &root];
        answer(&other.data(), &arguments).await;
        let server = other.serve().await;
        let partner = server.callers().await.partner();
        // Without the register the name would be back: that is why it must be said.
        assert_eq!(bag_of(&partner, &bag.plate).await.unwrap().passenger, passenger, "{register}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_from_an_older_copy_erases_again_whom_the_register_names() {
    let (yard, other) = (Yard::new(), Yard::new());
    let second = Second::beside(&yard);
    let house = House::with_second(&second.0).await;
    let bag = Luggage::new("3479003301");
    let journey = announce(&house.callers.partner(), &bag).await.journey_id;
    let before = house.callers.partner();
    assert_eq!(bag_of(&before, &bag.plate).await.unwrap().passenger, "Z*** S***");
    // No checkpoint has seen the vault's last change, so nothing but the register tells.
    let older = other.beside("vault");
    copy(&house.folder().join("vault"), &older);
    house.node.vault.erase(&SubjectId::new(&journey)).await.unwrap();
    copy(house.folder(), &other.data());
    copy(&older, &other.data().join("vault"));
    fs::remove_file(other.data().join("control.sock")).ok();
    let server = other.serve().await;
    let known = bag_of(&server.callers().await.partner(), &bag.plate).await.unwrap();
    assert_eq!(known.passenger, "erased");
}

/// Two backups of one server, the second with more in log and vault.
async fn two_backups(yard: &Yard) -> [String; 2] {
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    let [first, later] = ["first", "later"].map(|name| path(&yard.beside(name)));
    announce(&partner, &Luggage::new("3479003401")).await;
    answer(&yard.data(), &["log", "backup", "--to", &first]).await;
    announce(&partner, &Luggage::new("3479003402")).await;
    answer(&yard.data(), &["log", "backup", "--to", &later]).await;
    server.terminate();
    assert!(server.ended().await.success());
    [first, later]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_cannot_be_restored_is_refused_and_nothing_is_changed() {
    let (yard, stranger, target) = (Yard::new(), Yard::new(), Yard::new());
    let [first, later] = two_backups(&yard).await;
    let [foreign, _] = two_backups(&stranger).await;
    bring_keys(&yard.data(), &target.data());
    let root = path(&yard.data().join("vault/root.key"));
    let before = files(&target.data());
    let restore = async |from: &str, more: &[&str], words: &[&str]| {
        let arguments = ["log", "restore", "--from", from, "--root-key", &root];
        refuses(&target.data(), &[&arguments[..], more].concat(), words).await;
        assert!(files(&target.data()) == before, "the target was changed");
    };
    let none = ["--erased", "none"];
    restore(&first, &[], &["--erased FILE", "--erased none"]).await;
    restore(&first, &["--erased", "/nowhere"], &["/nowhere", "--erased none"]).await;
    restore(&path(&yard.beside("nowhere")), &none, &["manifest"]).await;
    let older = path(&Path::new(&first).join("vault"));
    restore(&later, &["--erased", "none", "--vault-from", &older], &["the vault is older than the log"])
        .await;
    let others = path(&Path::new(&foreign).join("vault"));
    restore(&first, &["--erased", "none", "--vault-from", &others], &["vault part belongs to log"]).await;
    let others = path(&Path::new(&foreign).join("evidence/erased"));
    restore(&first, &["--erased", &others], &["belongs to log"]).await;
    // Everything is signed by now, so these checkpoints saw changes that the first vault lacks.
    let last = path(&yard.beside("last"));
    answer(&yard.data(), &["log", "backup", "--to", &last]).await;
    let unlike = yard.beside("unlike");
    copy(Path::new(&first), &unlike);
    copy(&Path::new(&last).join("evidence"), &unlike.join("evidence"));
    restore(&path(&unlike), &none, &["the vault is older than what was signed", "nothing was changed"]).await;
    let without = ["log", "restore", "--from", &first, "--erased", "none"];
    let said = refuses(&target.data(), &without, &["--root-key FILE", "vault/root.key"]).await;
    assert!(!said.contains("restore.new") && files(&target.data()) == before, "{said}");
    for (part, words) in [("log", "manifest"), ("vault", "cut short"), ("evidence", "cut short")] {
        let cut = yard.beside(&format!("cut-{part}"));
        copy(Path::new(&first), &cut);
        fs::remove_file(cut.join(part).join("manifest.json")).unwrap();
        restore(&path(&cut), &none, &[words]).await;
    }
    for (part, file) in [("vault", "vault.redb"), ("evidence", "erased")] {
        let altered = yard.beside(&format!("altered-{part}"));
        copy(Path::new(&first), &altered);
        let file = altered.join(part).join(file);
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).unwrap();
        restore(&path(&altered), &none, &[part]).await;
    }
    let newer = yard.beside("newer");
    copy(Path::new(&first), &newer);
    let manifest = newer.join("vault/manifest.json");
    let mut json: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    json["format"] = 99.into();
    fs::write(&manifest, json.to_string()).unwrap();
    restore(&path(&newer), &none, &["format 99", "newer"]).await;

    let full = files(&yard.data());
    let arguments = ["log", "restore", "--from", &first, "--erased", "none"];
    refuses(&yard.data(), &arguments, &["restore into an empty or absent folder", "nothing was changed"])
        .await;
    assert!(files(&yard.data()) == full, "a folder in use was changed");
    refuses(&yard.data(), &["log", "backup", "--to", &first], &["is not empty"]).await;
    let inside = path(&yard.data().join("backup"));
    refuses(&yard.data(), &["log", "backup", "--to", &inside], &["lies in the data folder"]).await;
    let to = yard.beside("one-place");
    for vault_to in [to.clone(), to.join("log"), to.join("evidence/keys")] {
        let arguments = ["log", "backup", "--to", &path(&to), "--vault-to", &path(&vault_to)];
        refuses(&yard.data(), &arguments, &["in the way of the other parts"]).await;
        assert!(!to.exists(), "{} was begun", vault_to.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_was_cut_short_is_no_start_and_can_be_made_again() {
    let (yard, target) = (Yard::new(), Yard::new());
    let [_, later] = two_backups(&yard).await;
    bring_keys(&yard.data(), &target.data());
    let root = path(&yard.data().join("vault/root.key"));
    let arguments = ["log", "restore", "--from", &later, "--erased", "none", "--root-key", &root];
    let restored = answer(&target.data(), &arguments).await;
    // As if the power had failed before the last step.
    fs::create_dir_all(target.data().join("restore.new/log-part")).unwrap();
    fs::rename(target.data().join("log"), target.data().join("restore.new/log-part/log")).unwrap();
    let serve = ["serve", "--json", "--listen", "127.0.0.1:0"];
    refuses(&target.data(), &serve, &["was cut short", "airside log restore"]).await;
    let again = answer(&target.data(), &arguments).await;
    assert_eq!((&again["log_id"], &again["position"]), (&restored["log_id"], &restored["position"]));
    assert!(again["generation"].as_u64() >= restored["generation"].as_u64(), "{again}");
    assert!(!target.data().join("restore.new").exists());
    let server = target.serve().await;
    let partner = server.callers().await.partner();
    assert_eq!(bag_of(&partner, "3479003402").await.unwrap().passenger, "Z*** S***");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_put_together_from_different_copies_does_not_start() {
    let (yard, stranger) = (Yard::new(), Yard::new());
    for yard in [&yard, &stranger] {
        let server = yard.serve().await;
        announce(&server.callers().await.partner(), &Luggage::new("3479003501")).await;
        server.terminate();
        assert!(server.ended().await.success());
    }
    let earlier = yard.beside("earlier");
    copy(&yard.data(), &earlier);
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    announce(&partner, &Luggage::new("3479003502")).await;
    record(&partner, scan("s1", "3479003503", TrackingPoint::CheckIn)).await;
    server.terminate();
    assert!(server.ended().await.success());

    let foreign = stranger.data();
    for (what, parts, words) in [
        ("another vault", vec![foreign.join("vault")], "belongs to log"),
        ("an older vault", vec![earlier.join("vault")], "changes and the newest checkpoint"),
        ("an older log", vec![earlier.join("log"), earlier.join("index.redb")], "older copy of the log"),
        ("another log", vec![foreign.join("log"), foreign.join("index.redb")], "holds checkpoints of log"),
    ] {
        let mixed = Yard::new();
        copy(&yard.data(), &mixed.data());
        for part in parts {
            let target = mixed.data().join(part.file_name().unwrap());
            if part.is_dir() { copy(&part, &target) } else { fs::copy(&part, &target).map(drop).unwrap() }
        }
        let before = files(&mixed.data());
        if what != "an older log" {
            refuses(&mixed.data(), &["log", "stats"], &[words]).await;
            assert!(files(&mixed.data()) == before, "an order on {what} changed something");
        }
        let said = refuses(&mixed.data(), &["serve", "--json", "--listen", "127.0.0.1:0"], &[words]).await;
        let after = files(&mixed.data());
        let changed = after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes));
        let mut changed: Vec<_> = changed.map(|(path, _)| path).collect();
        if what == "an older log" {
            // To see where a log ends it is opened, and its files say so; its events are what they were.
            let log = mixed.data().join("log");
            changed.retain(|path| !path.starts_with(&log) && !path.ends_with("index.redb"));
        }
        assert!(changed.is_empty(), "{what}: {changed:?} were changed: {said}");
        if what == "another log" {
            let (code, report) = verify(&mixed.data(), &[]).await;
            assert!(code == 1 && report["findings"].to_string().contains("checkpoints of log"), "{report}");
        }
    }
    // With nothing newer to bring, an operator may go on and say so.
    let mixed = Yard::new();
    copy(&yard.data(), &mixed.data());
    copy(&earlier.join("vault"), &mixed.data().join("vault"));
    let mut command = mixed.server();
    command.arg("--accept-older-vault").env("AIRSIDE_EVIDENCE__EVERY", "50ms");
    let server = mixed.start(command).await;
    assert!(get(server.admin(), "/readyz").await.body.contains("is accepted although"));
    let partner = server.callers().await.partner();
    record(&partner, scan("s2", "3479003503", TrackingPoint::CheckIn)).await;
    eventually("it is signed", async || {
        (!get(server.admin(), "/readyz").await.body.contains("is accepted although")).then_some(())
    })
    .await;
    server.kill();
    drop(mixed.serve().await);

    fs::remove_dir_all(yard.data().join("vault")).unwrap();
    refuses(&yard.data(), &["serve", "--json", "--listen", "127.0.0.1:0"], &["vault", "is absent"]).await;
    assert!(!yard.data().join("vault").exists());
}
