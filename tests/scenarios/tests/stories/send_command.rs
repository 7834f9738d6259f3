//! `airside baggage send`: what it prints, and what its exit code says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use airside_api::baggage::v1::{RawMessage, SubmitMessagesRequest, raw_message::Content};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::harness::{
    calls::bag_of,
    eventually,
    link::{
        ACK, ACK_DATA, Authority, DATA, DATA_OFF, DATA_ON, LOGIN_ACCEPT, LOGIN_REQUEST, Peer, link_file,
        secret,
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

    let output = send(&["--link", &link, "--app", "BHS_SZX", "--password-file", &wrong, "-"], &bsm(1)).await;
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "what did not work has no summary");
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

/// Returns a message that asks what became of it.
fn asking(number: usize) -> String {
    bsm(number).replacen(".V/1LSZX", &format!(".V/1LSZX//R{number}/A"), 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_of_messages_that_ask_is_printed_and_a_nak_is_1() {
    let desk = Desk::open("").await;
    let output = desk.send(&["-"], &(asking(1) + &bsm(2) + &asking(3))).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[..2], ["R1 BSM ACK", "R3 BSM ACK"]);
    assert_eq!(lines[3], "2 told what became of them, 0 of them NAK");

    let cut = asking(5).replace("ENDBSM", "");
    let output = desk.send(&["--json", "--window", "4", "-"], &(asking(4) + &cut)).await;
    check(&output, 1, [2, 2, 0]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((summary["answered"].as_u64(), summary["refused_in_content"].as_u64()), (Some(2), Some(1)));
    let output = desk.send(&["-"], &cut).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with("R5 BSM NAK: TRUNCATED "), "{said}");
}

/// The other end is played by the test: it closes with a message unanswered, and then with an answer owed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_breaks_is_had_again_and_what_was_not_acknowledged_keeps_its_id() {
    let files = tempfile::TempDir::new().unwrap();
    let password = text(&secret(&files.path().join("password"), "SECRET"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = listener.local_addr().unwrap().to_string();
    let to =
        ["--link", &link, "--app", "BHS_SZX", "--password-file", &password, "--window", "2", "--json", "-"];
    let plays = async {
        let taken = async || {
            let (stream, _) = within("a call", listener.accept()).await.unwrap();
            let mut peer = Peer(Box::new(stream));
            assert_eq!(peer.hear().await.unwrap().0, LOGIN_REQUEST);
            peer.say(LOGIN_ACCEPT, 0, b"").await;
            peer
        };
        let mut peer = taken().await;
        let (first, second) = (peer.hear().await.unwrap(), peer.hear().await.unwrap());
        assert_eq!(((first.0, first.1), (second.0, second.1)), ((ACK_DATA, 1), (ACK_DATA, 2)));
        peer.say(ACK, 2, b"").await;
        drop(peer);
        let mut peer = taken().await;
        assert_eq!(peer.hear().await.unwrap(), first, "what was acknowledged does not go again");
        assert_eq!(peer.hear().await.unwrap().1, 3);
        peer.say(ACK, 1, b"").await;
        peer.say(ACK, 3, b"").await;
        // It wants to hear of both, and hears of one before the line is gone.
        peer.say(ACK_DATA, 9, b"BCM\nBAM\n.V/1LSZX\n.A/R1/BSM/ACK\nENDBCM\n").await;
        assert_eq!(peer.hear().await, Some((ACK, 9, Vec::new())));
        peer.say(DATA, 0, b"BCM\nFOM\n.V/1LSZX\n.F/ZH9101/20NOV\nENDBCM\n").await;
    };
    let input = asking(1) + &asking(2) + &asking(3);
    let (output, ()) = tokio::join!(send(&to, &input), plays);
    check(&output, 0, [3, 3, 0]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("calling again in 0.5 s") && said.contains("1 answers did not come"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_and_comes_back_in_the_middle_costs_nothing() {
    const MESSAGES: usize = 400;
    let Desk { yard, server } = Desk::open("").await;
    let (link, password) = (server.link().to_string(), text(&yard.beside("password")));
    let input: String = (1..=MESSAGES).map(bsm).collect();
    let sending = tokio::spawn(async move {
        let to = ["--link", &link, "--app", "BHS_SZX", "--password-file", &password, "--json", "-"];
        send(&[&to[..], &["--attempts", "9"]].concat(), &input).await
    });
    let partner = server.callers().await.partner();
    eventually("the first are known", async || bag_of(&partner, &plate(5)).await.ok()).await;
    let port = server.link();
    server.kill();
    assert!(!sending.is_finished(), "it was to be in the middle");
    let config = link_file(&yard.folder(), &format!("[link]\nlisten = \"{port}\""));
    let mut command = yard.server();
    command.arg("--config").arg(config);
    let desk = Desk { server: yard.start(command).await, yard };
    let output = within("all is sent", sending).await.unwrap();
    check(&output, 0, [MESSAGES as u64, MESSAGES as u64, 0]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("calling again"));
    desk.knows(&plate(MESSAGES)).await;
    let partner = desk.server.callers().await.partner();
    for number in 1..=MESSAGES {
        assert_eq!(bag_of(&partner, &plate(number)).await.unwrap().timeline.len(), 1, "{number}");
    }
}

/// Passes one call on and loses its answer, then passes on all there is.
async fn lose_one_answer(
    listener: TcpListener,
    server: std::net::SocketAddr,
    is_stored: impl Future<Output = ()>,
) {
    const ASKED_BYTES: usize = 2_000;
    let (mut client, _) = within("a call", listener.accept()).await.unwrap();
    let mut to = TcpStream::connect(server).await.unwrap();
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.split(), to.split());
    let (asks, mut asked) = watch::channel(false);
    let up = async {
        let (mut chunk, mut passed) = (vec![0; 16 * 1024], 0);
        loop {
            let count = from_client.read(&mut chunk).await.unwrap();
            passed += count;
            asks.send_replace(passed > ASKED_BYTES);
            to_server.write_all(&chunk[..count]).await.unwrap();
        }
    };
    let down = async {
        tokio::select! {
            biased;
            _ = asked.wait_for(|asked| *asked) => {}
            _ = copy(&mut from_server, &mut to_client) => {}
        }
        std::future::pending::<()>().await;
    };
    tokio::select! { () = up => {}, () = down => {}, () = is_stored => {} }
    drop((client, to));
    let (mut client, _) = within("a second call", listener.accept()).await.unwrap();
    let mut to = TcpStream::connect(server).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut to).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_answer_is_lost_is_made_again_and_stored_once() {
    const MESSAGES: u64 = 40;
    let desk = Desk::open("").await;
    let token = run(airside(["token", "--role", "partner", "--data", &text(&desk.yard.data())]), "").await;
    let token = text(&secret(&desk.yard.beside("token"), &String::from_utf8(token.stdout).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = format!("http://{}", listener.local_addr().unwrap());
    let partner = desk.server.callers().await.partner();
    let is_stored = async {
        eventually("it is stored", async || bag_of(&partner, &plate(40)).await.ok()).await;
    };
    let losing = lose_one_answer(listener, desk.server.public(), is_stored);
    let many: String = (1..=40).map(bsm).collect();
    let to = ["--server", &relay, "--source", "bhs.t3", "--json", "-", "--token-file", &token];
    let (output, ()) = tokio::join!(send(&to, &many), losing);
    check(&output, 0, [MESSAGES, MESSAGES, 0]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("calling again"));
    let raw = RawMessage { content: Some(Content::Raw(bsm(41).into())) };
    let request =
        SubmitMessagesRequest { source: "bhs.t3".to_owned(), messages: vec![raw], ..Default::default() };
    let receipts = partner.baggage.clone().submit_messages(request).await.unwrap().into_inner().receipts;
    assert_eq!(receipts[0].number, MESSAGES + 1);
}
