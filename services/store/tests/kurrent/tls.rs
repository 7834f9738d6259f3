//! A log behind TLS: who fits is let in, and what does not fit is named by its part of the store address.

use std::{fs, path::PathBuf, sync::Arc};

use airside_contract::{
    double::{Double, Tls},
    papers::{Authority, Papers},
};
use airside_kernel::{EventStore, SystemClock};
use airside_store::kurrent::KurrentStore;
use tempfile::TempDir;
use tokio::time::timeout;

use super::doors::{PATIENCE, refused};

/// Where everybody finds the nodes.
const HERE: &str = "127.0.0.1";

/// An authority, and the papers that it made.
struct Office {
    authority: Authority,
    folder: TempDir,
}

impl Office {
    fn new(name: &str) -> Self {
        Self { authority: Authority::new(name).unwrap(), folder: TempDir::new().unwrap() }
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn papers(&self, name: &str) -> Papers {
        self.authority.papers(&self.folder(name), &[name.to_owned()]).unwrap()
    }

    fn expired(&self, name: &str) -> Papers {
        self.authority.expired(&self.folder("expired"), &[name.to_owned()]).unwrap()
    }
}

fn open_to_all(nodes: usize, papers: Papers) -> Double {
    Double::start_with_tls(nodes, Arc::new(SystemClock), Tls { papers, callers: None }).unwrap()
}

/// Returns the address of a double with other keys than those that fit.
fn with(double: &Double, keys: &str) -> String {
    format!("kurrentdb://{}?{keys}", double.address(0))
}

async fn let_in(url: &str) {
    let store = KurrentStore::connect(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    assert_eq!(store.head().await.unwrap(), None, "what was refused has changed nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_with_certificates_of_the_named_authority_is_used() {
    let office = Office::new("airport");
    for nodes in [1, 3] {
        let double = open_to_all(nodes, office.papers(HERE));
        let_in(&double.url()).await;
        double.admit_only("ops", "s3cret");
        let_in(&double.url()).await;
        refused(&double.url().replace("s3cret", "wrong"), &["password", "store address"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_another_authority_is_refused_by_tls_ca_file() {
    let office = Office::new("airport");
    let says = ["not signed by the authority in tlsCaFile", "name the file"];
    // Also one of the same name, as a tool makes them.
    for other in ["airport", "elsewhere"].map(Office::new) {
        let wrong = other.papers(HERE).ca.display().to_string();
        let (one, three) = (open_to_all(1, office.papers(HERE)), open_to_all(3, office.papers(HERE)));
        let all = format!("{}?tlsCaFile={wrong}", three.url().split('?').next().unwrap());
        let found = format!("kurrentdb+discover://{}?tlsCaFile={wrong}", three.address(0));
        let single = with(&one, &format!("tlsCaFile={wrong}"));
        tokio::join!(refused(&all, &says), refused(&found, &says), refused(&single, &says));
        let_in(&with(&one, "tlsVerifyCert=false")).await;
        let_in(&three.url()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_another_name_or_of_the_past_is_refused_with_what_to_do() {
    let office = Office::new("airport");
    let double = open_to_all(1, office.papers("elsewhere.example"));
    refused(&double.url(), &["another name", "elsewhere.example", "write a host that it names"]).await;
    let_in(&with(&double, "tlsVerifyCert=false")).await;
    let double = open_to_all(1, office.expired(HERE));
    refused(&double.url(), &["certificate of the node is expired", "renew it"]).await;
    let_in(&with(&double, "tlsVerifyCert=false")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_whose_certificate_does_not_fit_is_passed_over() {
    let office = Office::new("airport");
    let papers = office.papers(HERE);
    let double = open_to_all(3, papers.clone());
    double.kill(2);
    let old = office.expired(HERE);
    fs::copy(old.certificate, &papers.certificate).unwrap();
    fs::copy(old.key, &papers.key).unwrap();
    // Its port is free as soon as all that it served has ended.
    let back = async {
        while double.revive(2).is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, back).await.expect("it comes back");
    let_in(&double.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_must_show_a_certificate_and_does_not_or_a_wrong_one_is_told_which_key_to_give() {
    let (office, other) = (Office::new("airport"), Office::new("airport"));
    let papers = office.papers(HERE);
    let callers = Some(papers.ca.clone());
    for nodes in [1, 3] {
        let tls = Tls { papers: papers.clone(), callers: callers.clone() };
        let double = Double::start_with_tls(nodes, Arc::new(SystemClock), tls).unwrap();
        let shown = |certificate: &PathBuf, key: &PathBuf| {
            format!("{}&userCertFile={}&userKeyFile={}", double.url(), certificate.display(), key.display())
        };
        let (own, strange, old) = (office.papers("node"), other.papers("node"), office.expired("node"));
        let url = double.url();
        let (wrong, past) = (shown(&strange.certificate, &strange.key), shown(&old.certificate, &old.key));
        tokio::join!(
            refused(&url, &["wants a certificate", "userCertFile and userKeyFile"]),
            refused(&wrong, &["userCertFile is not signed by", "give one that is"]),
            refused(&past, &["userCertFile is expired", "renew it"]),
        );
        let mixed = shown(&own.certificate, &strange.key);
        refused(&mixed, &["userKeyFile", "not the key of userCertFile", "belong together"]).await;
        let_in(&shown(&own.certificate, &own.key)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_in_clear_to_tls_and_under_tls_to_none_is_told_by_the_key_tls() {
    let office = Office::new("airport");
    for nodes in [1, 3] {
        let double = open_to_all(nodes, office.papers(HERE));
        let clear = Double::start(nodes, Arc::new(SystemClock)).unwrap();
        let (in_clear, under_tls) =
            (with(&double, "tls=false"), clear.url().replace("tls=false", "tls=true"));
        let (unchecked, says) = (with(&clear, "tlsVerifyCert=false"), ["speaks no TLS", "write tls=false"]);
        tokio::join!(
            refused(&in_clear, &["the node speaks TLS", "write tls=true"]),
            refused(&under_tls, &says),
            refused(&unchecked, &says),
        );
        let_in(&clear.url()).await;
    }
}
