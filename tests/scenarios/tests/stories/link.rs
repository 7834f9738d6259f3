//! The host link: what is acknowledged is on disk, whatever the line and the peer do.

use std::time::Duration;

use airside_api::baggage::v1::{Bag, ListBagsRequest, ListQuarantineRequest};
use airside_runtime::tls::{Connector, Identity};
use airside_server::{
    Config,
    config::{LinkConfig, LinkTls},
};
use airside_simulator::connect::Clients;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::harness::{
    House, PATIENCE,
    calls::bag_of,
    eventually,
    http::get,
    link::{
        ACK, ACK_DATA, Authority, DATA, DATA_OFF, DATA_ON, LOG_OFF, LOGIN_ACCEPT, LOGIN_REJECT,
        LOGIN_REQUEST, Peer, STATUS, frame, link, link_file, secret,
    },
    luggage::Luggage,
    process::{Yard, refusal},
};

/// A node with a host link, and the files beside it.
struct Linked {
    house: House,
    partner: Clients,
    files: TempDir,
}

impl Linked {
    async fn open() -> Self {
        Self::with(|link, _| link).await
    }

    async fn with(change: impl FnOnce(LinkConfig, &TempDir) -> LinkConfig) -> Self {
        let files = TempDir::new().unwrap();
        let link = change(link(files.path()), &files);
        let house = House::with(Config { link, ..Config::default() }).await;
        let partner = house.callers.partner();
        Self { house, partner, files }
    }

    fn address(&self) -> std::net::SocketAddr {
        self.house.node.link.unwrap()
    }

    async fn peer(&self) -> Peer {
        Peer::logged_in(self.address()).await
    }

    /// Waits until a bag is announced.
    async fn bag(&self, plate: &str) -> Bag {
        known(&self.partner, plate).await
    }

    async fn bags(&self) -> usize {
        let request = ListBagsRequest { page_size: 200, ..ListBagsRequest::default() };
        self.partner.baggage.clone().list_bags(request).await.unwrap().into_inner().bags.len()
    }
}

async fn known(partner: &Clients, plate: &str) -> Bag {
    eventually("the bag is announced", async || {
        bag_of(partner, plate).await.ok().filter(|known| !known.provisional)
    })
    .await
}

fn plate(number: usize) -> String {
    format!("3479{:06}", 2_000 + number)
}

fn bsm(number: usize) -> String {
    Luggage::new(&plate(number)).announcement()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_sent_byte_by_byte_is_acknowledged_and_becomes_a_bag() {
    let linked = Linked::open().await;
    let mut peer = linked.peer().await;
    for byte in frame(ACK_DATA, 1, bsm(1).as_bytes()) {
        peer.0.write_all(&[byte]).await.unwrap();
        peer.0.flush().await.unwrap();
    }
    peer.acknowledged(1).await;
    assert_eq!(linked.bag(&plate(1)).await.plate, plate(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_sent_again_after_a_lost_acknowledgement_applies_once() {
    let linked = Linked::open().await;
    let mut peer = linked.peer().await;
    peer.say(ACK_DATA, 7, bsm(1).as_bytes()).await;
    linked.bag(&plate(1)).await;
    // The line is gone and with it the answer, which nobody has read.
    drop(peer);
    let mut peer = linked.peer().await;
    peer.send(7, &bsm(1)).await;
    peer.send(7, &bsm(1)).await;
    peer.send(8, &bsm(2)).await;
    linked.bag(&plate(2)).await;
    assert_eq!(linked.bags().await, 2);
    assert_eq!(linked.bag(&plate(1)).await.timeline.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_began_again_bring_new_messages() {
    let linked = Linked::open().await;
    let mut peer = linked.peer().await;
    for (number, id) in [65_533, 65_534, 1, 65_534].into_iter().enumerate() {
        peer.send(id, &bsm(number)).await;
    }
    linked.bag(&plate(3)).await;
    assert_eq!(linked.bags().await, 4);
}

/// The message is on disk and its sender never heard so, because the server died.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_disk_and_acknowledgement_costs_a_resend_and_applies_once() {
    let yard = Yard::new();
    let config = link_file(&yard.folder(), "");
    let start = || {
        let mut command = yard.server();
        command.arg("--config").arg(&config);
        command
    };
    let server = yard.start(start()).await;
    let mut peer = Peer::logged_in(server.link()).await;
    peer.send(1, &bsm(1)).await;
    peer.say(ACK_DATA, 2, bsm(2).as_bytes()).await;
    known(&server.callers().await.partner(), &plate(2)).await;
    server.kill();

    let server = yard.start(start()).await;
    let mut peer = Peer::logged_in(server.link()).await;
    peer.send(2, &bsm(2)).await;
    peer.send(3, &bsm(3)).await;
    let partner = server.callers().await.partner();
    known(&partner, &plate(3)).await;
    for number in 1..=3 {
        assert_eq!(known(&partner, &plate(number)).await.timeline.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_wrong_logins_close_the_line() {
    let linked = Linked::open().await;
    let mut peer = Peer::call(linked.address()).await;
    for _ in 0..3 {
        peer.say(LOGIN_REQUEST, 1, b"WRONG").await;
        assert_eq!(peer.hear().await.unwrap().0, LOGIN_REJECT);
    }
    assert_eq!(peer.hear().await, None);
    linked.peer().await.send(1, &bsm(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_before_the_login_is_refused_and_not_stored() {
    let linked = Linked::open().await;
    let mut peer = Peer::call(linked.address()).await;
    peer.say(ACK_DATA, 1, bsm(1).as_bytes()).await;
    assert_eq!(peer.hear().await.unwrap().0, LOGIN_REJECT);
    assert_eq!(peer.hear().await, None);
    linked.peer().await.send(1, &bsm(2)).await;
    linked.bag(&plate(2)).await;
    assert_eq!(linked.bags().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_far_ahead_of_the_disk_is_told_to_pause_and_to_go_on_and_gets_every_answer() {
    const MESSAGES: u16 = 150;
    let linked = Linked::open().await;
    let mut peer = linked.peer().await;
    let all: Vec<u8> =
        (1..=MESSAGES).flat_map(|id| frame(ACK_DATA, id, bsm(usize::from(id)).as_bytes())).collect();
    peer.0.write_all(&all).await.unwrap();
    let (mut pauses, mut answered) = (Vec::new(), Vec::new());
    while answered.len() < usize::from(MESSAGES) || pauses.len() % 2 == 1 {
        match peer.hear_but(&[STATUS]).await.unwrap() {
            (ACK, id, _) => answered.push(id),
            (kind, ..) => pauses.push(kind),
        }
    }
    assert_eq!(answered, (1..=MESSAGES).collect::<Vec<_>>());
    assert!(pauses.len() >= 2, "{pauses:?}");
    assert!(pauses.chunks(2).all(|pair| pair == [DATA_OFF, DATA_ON]), "{pauses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_falls_silent_is_hung_up_on_and_the_next_is_taken() {
    let short = Duration::from_millis(200);
    let linked =
        Linked::with(|link, _| LinkConfig { lines: 1, login_within: short, silence: short, ..link }).await;
    // There is one place: whoever is in it and says nothing makes room.
    let mut mute = Peer::call(linked.address()).await;
    assert_eq!(mute.hear().await, None);
    let mut slow = Peer::call(linked.address()).await;
    slow.0.write_all(&frame(LOGIN_REQUEST, 0, b"SECRET")[..10]).await.unwrap();
    assert_eq!(slow.hear().await, None);
    let mut silent = linked.peer().await;
    assert_eq!(silent.hear_but(&[STATUS]).await.unwrap().0, LOG_OFF);
    assert_eq!(silent.hear().await, None);
    linked.peer().await.send(1, &bsm(1)).await;
}

/// More callers than a port hears at once from one address.
const CROWD: usize = 80;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_say_nothing_keep_no_peer_out_and_the_oldest_of_them_are_closed() {
    let linked = Linked::with(|link, _| LinkConfig { lines: 1, login_within: PATIENCE * 2, ..link }).await;
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(Peer::call(linked.address()).await);
    }
    assert_eq!(crowd[0].hear().await, None);
    let mut peer = linked.peer().await;
    peer.send(1, &bsm(1)).await;
    assert_eq!(crowd[1].hear().await, None);
    peer.send(2, &bsm(2)).await;
    let page = get(linked.house.node.admin, "/metrics").await.body;
    assert!(page.contains("airside_link_strangers_closed_total 17"), "{page}");
    let ready = get(linked.house.node.admin, "/readyz").await.body;
    assert!(
        ready.contains("1 lines open, and no more are taken") && ready.contains("crowd the port"),
        "{ready}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_logs_in_where_all_lines_are_taken_is_answered_when_one_is_free() {
    let linked = Linked::with(|link, _| LinkConfig { lines: 1, ..link }).await;
    let mut first = linked.peer().await;
    let mut second = Peer::call(linked.address()).await;
    second.say(LOGIN_REQUEST, 0, b"SECRET").await;
    second.say(ACK_DATA, 2, bsm(2).as_bytes()).await;
    first.send(1, &bsm(1)).await;
    first.say(LOG_OFF, 0, b"").await;
    assert_eq!(second.hear().await.unwrap().0, LOGIN_ACCEPT);
    second.acknowledged(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_links_of_one_source_bring_interleaved_copies_and_each_bag_once() {
    const BAGS: usize = 20;
    let linked = Linked::open().await;
    let (mut one, mut two) = (linked.peer().await, linked.peer().await);
    for number in 0..BAGS {
        let id = u16::try_from(number).unwrap() + 1;
        let (forwards, backwards) = (bsm(number), bsm(BAGS - 1 - number));
        tokio::join!(one.send(id, &forwards), two.send(id, &backwards));
    }
    for number in 0..BAGS {
        assert_eq!(linked.bag(&plate(number)).await.timeline.len(), 1);
    }
    assert_eq!(linked.bags().await, BAGS);
    let asked = ListQuarantineRequest::default();
    let staff = linked.house.callers.staff();
    let quarantine = staff.baggage.clone().list_quarantine(asked).await.unwrap().into_inner();
    assert!(quarantine.items.is_empty(), "{:?}", quarantine.items);
}

/// Returns a message that asks what became of it.
fn asking(text: &str, reference: &str) -> String {
    text.replacen(".V/1LSZX", &format!(".V/1LSZX//{reference}/A"), 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_is_told_what_became_of_the_message_and_who_does_not_is_told_nothing() {
    let linked = Linked::open().await;
    let mut peer = linked.peer().await;
    // Each answer comes by itself: nothing is sent until it is here.
    peer.send(1, &asking(&bsm(1), "GOOD")).await;
    assert_eq!(peer.told().await, ".A/GOOD/BSM/ACK");
    assert_eq!(bag_of(&linked.partner, &plate(1)).await.unwrap().plate, plate(1), "it was recorded before");
    peer.send(2, &asking(&bsm(2), "CUT").replace("ENDBSM", "")).await;
    let told = peer.told().await;
    assert!(told.starts_with(".A/CUT/BSM/NAK/TRUNCATED ") && told.len() <= 69, "{told}");
    // A code that nobody knows: what the message says of the bag would be a guess.
    let odd =
        format!("BPM\r\n.V/1LSZX\r\n.J/S//S1\r\n.F/ZH9101/20NOV/PEK\r\n.B/ZZZ/{}001\r\nENDBPM\r\n", plate(1));
    peer.say(DATA, 0, asking(&odd, "ODD").as_bytes()).await;
    let told = peer.told().await;
    assert!(told.starts_with(".A/ODD/BPM/NAK/STATUS-UNKNOWN "), "{told}");
    // The next answer is to the next who asks, and not to those between.
    peer.send(3, &bsm(3)).await;
    peer.send(4, &bsm(4).replace("ENDBSM", "")).await;
    peer.send(5, &asking(&bsm(5), "LAST")).await;
    assert_eq!(peer.told().await, ".A/LAST/BSM/ACK");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_again_is_answered_as_before_over_any_line_and_in_order() {
    let linked = Linked::open().await;
    let (good, cut) = (asking(&bsm(1), "GOOD"), asking(&bsm(2), "CUT").replace("ENDBSM", ""));
    let mut told = Vec::new();
    for _ in 0..2 {
        let mut peer = linked.peer().await;
        let both = [frame(ACK_DATA, 1, good.as_bytes()), frame(ACK_DATA, 2, cut.as_bytes())].concat();
        peer.0.write_all(&both).await.unwrap();
        told.push((peer.told().await, peer.told().await));
    }
    assert!(told[0].0.ends_with("/ACK") && told[0].1.contains("/NAK/TRUNCATED"), "{told:?}");
    assert_eq!(told[0], told[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_wait_while_the_peer_asks_for_a_pause_and_acknowledgements_do_not() {
    let linked = Linked::open().await;
    let mut peer = linked.peer().await;
    peer.say(DATA_OFF, 0, b"").await;
    for id in 1..=3 {
        peer.send(id, &asking(&bsm(usize::from(id)), &format!("R{id}"))).await;
    }
    linked.bag(&plate(3)).await;
    peer.send(4, &bsm(4)).await;
    peer.say(DATA_ON, 0, b"").await;
    for id in 1..=3 {
        assert_eq!(peer.told().await, format!(".A/R{id}/BSM/ACK"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_under_tls_carries_messages_and_one_in_clear_or_without_trust_does_not() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let linked = Linked::with(|link, files| {
        let (certificate, key) = authority.sign(files.path(), "link");
        LinkConfig { tls: Some(LinkTls { certificate, key, client_ca: None }), ..link }
    })
    .await;
    let connect = async |pem: &str| {
        let connector = Connector::new(pem.as_bytes(), None).unwrap();
        connector.connect("127.0.0.1", TcpStream::connect(linked.address()).await.unwrap()).await
    };
    assert!(connect(&stranger.pem).await.is_err());
    let mut clear = Peer::call(linked.address()).await;
    clear.0.write_all(&frame(LOGIN_REQUEST, 0, b"SECRET")).await.unwrap();
    // What comes back is TLS's word for what it heard, and the end.
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut clear.0, &mut answer).await;
    assert!(answer.len() < 20, "{answer:?}");

    let mut peer = Peer(connect(&authority.pem).await.unwrap());
    peer.log_in().await;
    peer.send(1, &bsm(1)).await;
    linked.bag(&plate(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_without_the_certificate_that_is_asked_for_brings_nothing() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let linked = Linked::with(|link, files| {
        let (certificate, key) = authority.sign(files.path(), "link");
        let client_ca = Some(clients.file(files.path(), "clients.pem"));
        LinkConfig { tls: Some(LinkTls { certificate, key, client_ca }), ..link }
    })
    .await;
    let connect = async |identity: Option<Identity<'_>>| {
        let connector = Connector::new(authority.pem.as_bytes(), identity).unwrap();
        connector.connect("127.0.0.1", TcpStream::connect(linked.address()).await.unwrap()).await
    };
    // The client's side of the handshake may be done before it hears that it is not let in.
    if let Ok(line) = connect(None).await {
        assert_eq!(Peer(line).hear().await, None);
    }
    let (certificate, key) = clients.sign(linked.files.path(), "bhs");
    let (chain_pem, key_pem) = (std::fs::read(certificate).unwrap(), std::fs::read(key).unwrap());
    let identity = Identity { chain_pem: &chain_pem, key_pem: &key_pem };
    let mut peer = Peer(connect(Some(identity)).await.unwrap());
    peer.log_in().await;
    peer.send(1, &bsm(1)).await;
    linked.bag(&plate(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_server_answers_what_it_has_stored_and_says_good_bye() {
    let yard = Yard::new();
    let config = link_file(&yard.folder(), "");
    let mut command = yard.server();
    command.arg("--config").arg(&config);
    let server = yard.start(command).await;
    let mut peer = Peer::logged_in(server.link()).await;
    for id in 1..=40 {
        peer.say(ACK_DATA, id, bsm(usize::from(id)).as_bytes()).await;
    }
    peer.acknowledged(1).await;
    server.terminate();
    let mut answered = vec![1];
    while let Some((kind, id, _)) = peer.hear_but(&[STATUS, DATA_OFF, DATA_ON]).await {
        match kind {
            ACK => answered.push(id),
            LOG_OFF => break,
            other => panic!("frame of type {other}"),
        }
    }
    assert_eq!(peer.hear().await, None);
    assert_eq!(server.ended().await.code(), Some(0), "{}", yard.logs());

    let server = yard.serve().await;
    assert_eq!(server.ready["link"], Value::Null, "nobody may log in, so there is no link");
    let partner = server.callers().await.partner();
    for id in answered {
        known(&partner, &plate(usize::from(id))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_says_how_many_lines_are_open() {
    let linked = Linked::open().await;
    let detail = async || {
        let report = get(linked.house.node.admin, "/readyz").await.json();
        let checks = report["checks"].as_array().unwrap().clone();
        let link = checks.into_iter().find(|check| check["name"] == "link").unwrap();
        assert_eq!(link["ok"], true);
        link["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(detail().await, "0 lines open");
    let peer = linked.peer().await;
    assert_eq!(detail().await, "1 lines open");
    drop(peer);
    eventually("the line is closed", async || (detail().await == "0 lines open").then_some(())).await;
}

#[tokio::test]
async fn a_link_that_cannot_be_opened_says_field_and_remedy() {
    let yard = Yard::new();
    let folder = yard.folder();
    for (more, words) in [
        ("[link]\nlisten = \"0.0.0.0:0\"", ["link.listen", "develop listens on loopback"]),
        ("[link]\nheartbeat = \"0s\"", ["link.heartbeat", "above zero"]),
        ("[link.tls]\ncertificate = \"absent.pem\"\nkey = \"absent.key\"", ["link.tls.key", "is not there"]),
        ("[link.accounts.NAMETOOLONG]\nsource = \"a\"\npassword_file = \"b\"", ["NAMETOOLONG", "eight"]),
        ("[link.accounts.DCS]\nsource = \"DCS\"\npassword_file = \"b\"", ["DCS.source", "a-z 0-9"]),
    ] {
        let config = link_file(&folder, more);
        let mut command = yard.server();
        command.arg("--config").arg(&config);
        let said = refusal(command).await;
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not in {said:?}");
    }
    let config = link_file(&folder, "");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(folder.join("password"), open).unwrap();
    let mut command = yard.server();
    command.arg("--config").arg(&config);
    let said = refusal(command).await;
    let words = ["link.accounts.BHS_SZX.password_file", "open to others", "chmod 600"];
    assert!(words.iter().all(|word| said.contains(word)), "{said}");
    let key = secret(&folder.join("link.key"), "no key");
    let certificate = secret(&folder.join("link.pem"), "no certificate");
    let tls = format!("[link.tls]\ncertificate = {:?}\nkey = {:?}", certificate.display().to_string(), key);
    let mut command = yard.server();
    command.arg("--config").arg(link_file(&folder, &tls));
    let said = refusal(command).await;
    let words = ["link.tls.certificate", "link.pem", "BEGIN CERTIFICATE"];
    assert!(words.iter().all(|word| said.contains(word)), "{said}");
}
