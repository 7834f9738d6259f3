//! `airside baggage send`: what it prints, and what its exit code says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;
use tokio::net::TcpListener;

use crate::harness::{
    calls::bag_of,
    eventually,
    link::{
        ACK, ACK_DATA, Authority, DATA_OFF, DATA_ON, LOGIN_ACCEPT, LOGIN_REQUEST, Peer, link_file, secret,
    },
    luggage::Luggage,
    process::{Server, Yard, airside, run},
    within,
};

/// A server with a host link, and files to send.
struct Desk {
    yard: Yard,
    server: Server,
}

impl Desk {
    async fn open(more: &str) -> Self {
        let yard = Yard::new();
        let config = link_file(&yard.folder(), more);
        let mut command = yard.server();
        command.arg("--config").arg(config);
        let server = yard.start(command).await;
        Self { yard, server }
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.yard.beside(name);
        fs::write(&path, content).unwrap();
        text(&path)
    }

    /// Sends over the link.
    async fn send(&self, arguments: &[&str], input: &str) -> Output {
        let (link, password) = (self.server.link().to_string(), text(&self.yard.beside("password")));
        let to = ["--link", &link, "--app", "BHS_SZX", "--password-file", &password];
        send(&[&to, arguments].concat(), input).await
    }

    async fn knows(&self, plate: &str) {
        let partner = self.server.callers().await.partner();
        eventually("the bag is known", async || bag_of(&partner, plate).await.ok()).await;
    }
}

async fn send(arguments: &[&str], input: &str) -> Output {
    run(airside([&["baggage", "send"], arguments].concat()), input).await
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn bsm(number: usize) -> String {
    Luggage::new(&plate(number)).announcement()
}

fn plate(number: usize) -> String {
    format!("3479{:06}", 4_000 + number)
}

#[track_caller]
fn check(output: &Output, code: i32, counts: [u64; 3]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let found = ["sent", "acknowledged", "refused"].map(|name| summary[name].as_u64().unwrap());
    assert_eq!(found, counts, "{said}");
    assert!(summary["seconds"].as_f64().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_standard_input_go_over_the_link_one_by_one_or_in_a_window() {
    let desk = Desk::open("").await;
    let one = desk.file("one.txt", &(bsm(1) + &bsm(2)));
    let output = desk.send(&["--json", &one, "-"], &bsm(3)).await;
    check(&output, 0, [3, 3, 0]);
    let many: String = (10..60).map(bsm).collect();
    check(&desk.send(&["--json", "--window", "16", "-"], &many).await, 0, [50, 50, 0]);
    for number in [1, 2, 3, 10, 59] {
        desk.knows(&plate(number)).await;
    }
    let output = desk.send(&["-"], &bsm(4)).await;
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("1 sent, 1 safe, 0 refused"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_go_over_the_link_under_tls_to_who_is_trusted() {
    let files = tempfile::TempDir::new().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let (certificate, key) = authority.sign(files.path(), "link");
    let tls = format!("[link.tls]\ncertificate = {:?}\nkey = {:?}", text(&certificate), text(&key));
    let desk = Desk::open(&tls).await;
    let good = text(&authority.file(files.path(), "ca.pem"));
    let wrong = text(&stranger.file(files.path(), "wrong.pem"));
    check(&desk.send(&["--json", "--tls", "--ca", &good, "-"], &bsm(1)).await, 0, [1, 1, 0]);
    desk.knows(&plate(1)).await;
    let output = desk.send(&["--json", "--tls", "--ca", &wrong, "-"], &bsm(2)).await;
    check(&output, 1, [0, 0, 0]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("did not come about"));
    check(&desk.send(&["--json", "-"], &bsm(2)).await, 1, [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_go_by_calls_with_a_token() {
    let desk = Desk::open("").await;
    let token = run(airside(["token", "--role", "partner", "--data", &text(&desk.yard.data())]), "").await;
    let token_file = secret(&desk.yard.beside("token"), &String::from_utf8(token.stdout).unwrap());
    let server = format!("http://{}", desk.server.public());
    let to = ["--server", &server, "--source", "bhs.t3", "--json", "-", "--token-file"];
    let many: String = (1..=600).map(bsm).collect();
    check(&send(&[&to[..], &[&text(&token_file)]].concat(), &many).await, 0, [600, 600, 0]);
    desk.knows(&plate(600)).await;
    let nobody = secret(&desk.yard.beside("nobody"), "nonsense");
    let output = send(&[&to[..], &[&text(&nobody)]].concat(), &bsm(1)).await;
    check(&output, 1, [1, 0, 0]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("refused the call"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_1_and_what_cannot_be_read_or_wrong_usage_2() {
    let desk = Desk::open("").await;
    let wrong = text(&secret(&desk.yard.beside("wrong"), "WRONG"));
    let link = desk.server.link().to_string();
    let to = ["--link", &link, "--app", "BHS_SZX", "--json", "--password-file"];
    let output = send(&[&to[..], &[&wrong, "-"]].concat(), &bsm(1)).await;
    check(&output, 1, [0, 0, 0]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("check application id and password"));

    let empty = desk.file("empty.txt", "nothing to send\n");
    for (arguments, words) in [
        (vec![empty.as_str()], "no message of RP 1745"),
        (vec!["/nowhere/at/all"], "cannot be read"),
        (vec!["--window", "17", "-"], "17"),
        (vec!["--tls", "-"], "--ca"),
    ] {
        let output = desk.send(&arguments, "").await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words), "{said}");
    }
    let output = send(&["-"], "").await;
    assert_eq!(output.status.code(), Some(2), "it must be said where to");
}

/// The other end is played by the test: it asks for a pause, and loses the first answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_honours_a_pause_and_sends_again_under_the_same_id() {
    let files = tempfile::TempDir::new().unwrap();
    let password: PathBuf = secret(&files.path().join("password"), "SECRET");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = listener.local_addr().unwrap().to_string();
    let password = text(&password);
    let to = ["--link", &link, "--app", "BHS_SZX", "--password-file", &password, "--json", "-"];
    let input = bsm(1) + &bsm(2);
    let plays = async {
        let (stream, _) = within("a call", listener.accept()).await.unwrap();
        let mut peer = Peer(Box::new(stream));
        assert_eq!(peer.hear().await, Some((LOGIN_REQUEST, 0, b"SECRET".to_vec())));
        peer.say(LOGIN_ACCEPT, 0, b"").await;
        let first = peer.hear().await.unwrap();
        assert_eq!((first.0, first.1), (ACK_DATA, 1));
        // Nothing is answered: it comes again as it was.
        assert_eq!(peer.hear().await.unwrap(), first);
        peer.say(DATA_OFF, 0, b"").await;
        peer.say(ACK, 1, b"").await;
        let sooner = tokio::time::timeout(std::time::Duration::from_millis(300), peer.hear()).await;
        assert!(sooner.is_err(), "nothing is sent in a pause: {sooner:?}");
        peer.say(DATA_ON, 0, b"").await;
        let second = peer.hear().await.unwrap();
        assert_eq!((second.0, second.1), (ACK_DATA, 2));
        peer.say(ACK, 2, b"").await;
        while peer.hear().await.is_some() {}
    };
    let (output, ()) = tokio::join!(send(&to, &input), plays);
    check(&output, 0, [2, 2, 0]);
}
