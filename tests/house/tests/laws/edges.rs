//! Who may depend on whom: laws 1, 2 and 5 of DESIGN section 2, and how crates
//! are named.

use crate::{
    manifest::{CRATES, Kind, Manifest},
    report::{Finding, check_lines, hold},
};

const DOMAINS: [&str; 8] =
    ["baggage", "concierge", "content", "flights", "identity", "navigation", "notifications", "trips"];

/// The edges that may be: a crate's folder and the folders it may know.
/// `server` and the crates below `tests` know all; a new edge is a decision,
/// made here and in the design at once.
const EDGES: [(&str, &[&str]); 17] = [
    ("api", &[]),
    ("kernel", &[]),
    ("wayfinding", &[]),
    ("evidence", &["kernel"]),
    ("privacy", &["kernel"]),
    ("store", &["kernel"]),
    ("runtime", &["api", "kernel"]),
    ("gateway", &["api", "kernel", "runtime"]),
    ("simulator", &["api"]),
    ("baggage", &["api", "kernel", "runtime"]),
    ("concierge", &["api", "kernel", "runtime"]),
    ("content", &["api", "kernel", "runtime"]),
    ("flights", &["api", "kernel", "runtime"]),
    ("identity", &["api", "kernel", "runtime"]),
    ("navigation", &["api", "kernel", "runtime", "wayfinding"]),
    ("notifications", &["api", "kernel", "runtime"]),
    ("trips", &["api", "kernel", "runtime"]),
];

/// A library that only some crates may name, and why.
struct Fence {
    packages: &'static [&'static str],
    only: &'static [&'static str],
    why: &'static str,
}

const FENCES: [Fence; 6] = [
    Fence {
        packages: &["kurrentdb", "eventstore", "umadb-client"],
        only: &["store"],
        why: "an event database is named in store alone; use kernel::EventStore",
    },
    Fence {
        packages: &["redb", "rusqlite", "sqlx", "sled", "fjall", "rocksdb", "heed"],
        only: &["store", "privacy"],
        why: "files with an index belong to store (events) and privacy (keys); use their ports",
    },
    Fence {
        packages: &[
            "aws-lc-rs",
            "aws-lc-sys",
            "ring",
            "openssl",
            "aes",
            "aes-gcm",
            "aes-gcm-siv",
            "chacha20poly1305",
            "ed25519-dalek",
            "x25519-dalek",
            "rsa",
            "hkdf",
            "hmac",
            "argon2",
            "orion",
        ],
        only: &["privacy"],
        why: "a cipher is named in privacy alone; use kernel::Keyring or privacy's signing key",
    },
    Fence {
        packages: &[
            "axum",
            "hyper",
            "hyper-util",
            "http-body-util",
            "tower",
            "tower-http",
            "reqwest",
            "warp",
            "actix-web",
            "tungstenite",
            "tokio-tungstenite",
        ],
        only: &["gateway", "runtime"],
        why: "an HTTP stack is named in gateway and runtime alone; serve through runtime's part",
    },
    Fence {
        packages: &["rustls", "tokio-rustls", "native-tls"],
        only: &["gateway", "runtime", "store"],
        why: "a TLS stack is named in gateway and runtime, and in store for the cluster's nodes; use runtime's tls",
    },
    Fence {
        packages: &["tonic", "tokio-tungstenite"],
        only: &[
            "api",
            "baggage",
            "concierge",
            "content",
            "flights",
            "gateway",
            "identity",
            "navigation",
            "notifications",
            "runtime",
            "server",
            "simulator",
            "store",
            "trips",
        ],
        why: "words, keys and paths know nothing of gRPC; map at the service",
    },
];

/// What wayfinding, being pure, may not even link.
const IMPURE: [&str; 8] =
    ["tokio", "futures", "tonic", "prost", "rand", "getrandom", "async-trait", "async-std"];

fn domain_edges(one: &Manifest) -> Vec<Finding> {
    let is_domain = |folder: &str| DOMAINS.contains(&folder);
    let shipped = one.dependencies.iter().filter(|edge| edge.kind != Kind::Dev);
    let edges = shipped.filter_map(|edge| Some((edge, edge.package.strip_prefix("airside-")?)));
    let wrong = edges.filter(|(_, to)| is_domain(&one.folder) && is_domain(to));
    wrong
        .map(|(edge, to)| {
            let problem = format!("domain {} depends on domain {to}", one.folder);
            let remedy = "meet in the log: react to its published events, or call it through api";
            Finding::new(&one.path, edge.line, problem, remedy)
        })
        .collect()
}

fn edge_directions(one: &Manifest) -> Vec<Finding> {
    if one.is_test() || one.folder == "server" {
        return Vec::new();
    }
    let Some((_, allowed)) = EDGES.iter().find(|(folder, _)| *folder == one.folder) else {
        let problem = format!("crate {} has no row in the table of edges", one.folder);
        return vec![Finding::new(
            &one.path,
            1,
            problem,
            "add its row to EDGES in tests/house/tests/laws/edges.rs",
        )];
    };
    let shipped = one.dependencies.iter().filter(|edge| edge.kind != Kind::Dev);
    let edges = shipped.filter_map(|edge| Some((edge, edge.package.strip_prefix("airside-")?)));
    edges
        .filter(|(_, to)| !allowed.contains(to))
        .map(|(edge, to)| {
            let problem = format!("{} depends on {to}; it may know {allowed:?}", one.folder);
            let remedy = "turn the edge round with a port in kernel, or move the code to who may know both";
            Finding::new(&one.path, edge.line, problem, remedy)
        })
        .collect()
}

fn fenced_libraries(one: &Manifest) -> Vec<Finding> {
    if one.is_test() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for edge in &one.dependencies {
        for fence in &FENCES {
            if fence.packages.contains(&&*edge.package) && !fence.only.contains(&&*one.folder) {
                let problem = format!("{} names {}", one.folder, edge.package);
                findings.push(Finding::new(&one.path, edge.line, problem, fence.why));
            }
        }
        if edge.package == "kurrentdb" && one.folder == "store" && edge.kind != Kind::Dev {
            let problem = "the vendor's client ships with store";
            let remedy = "keep it a dev-dependency: it is the witness of the tests, not the adapter";
            findings.push(Finding::new(&one.path, edge.line, problem, remedy));
        }
        if one.folder == "wayfinding" && edge.kind != Kind::Dev && IMPURE.contains(&&*edge.package) {
            let problem = format!("wayfinding, which is pure, links {}", edge.package);
            findings.push(Finding::new(&one.path, edge.line, problem, "take the input as an argument"));
        }
    }
    findings
}

fn crate_manners(one: &Manifest) -> Vec<Finding> {
    let mut findings = Vec::new();
    let expected = format!("airside-{}", one.folder);
    let name =
        one.table.get("package").and_then(|package| package.get("name")).and_then(|name| name.as_str());
    if name != Some(&expected) {
        let problem = format!("crate is named {name:?}");
        findings.push(Finding::new(&one.path, 2, problem, format!("name it {expected}, after its folder")));
    }
    let lints = one.table.get("lints").and_then(|lints| lints.get("workspace"));
    if lints.and_then(toml::Value::as_bool) != Some(true) {
        let remedy = "add [lints] workspace = true";
        findings.push(Finding::new(&one.path, 1, "crate does not take the lints of the house", remedy));
    }
    findings
}

#[test]
fn no_domain_depends_on_a_domain() {
    hold("no domain crate depends on a domain crate", CRATES.iter().flat_map(domain_edges));
}

#[test]
fn crates_depend_one_way() {
    assert!(CRATES.len() >= 15, "the walk found only {} crates", CRATES.len());
    hold("dependencies between crates point one way", CRATES.iter().flat_map(edge_directions));
}

#[test]
fn heavy_libraries_stay_behind_their_fence() {
    hold(
        "event database, cipher and HTTP stack each have one home",
        CRATES.iter().flat_map(fenced_libraries),
    );
}

#[test]
fn crates_are_named_after_their_folder_and_take_the_lints() {
    hold(
        "every crate is airside-<folder> with the lints of the house",
        CRATES.iter().flat_map(crate_manners),
    );
}

fn sample(folder: &str, text: &str) -> Manifest {
    Manifest::new(folder, &format!("services/{folder}/Cargo.toml"), text, "")
}

#[test]
fn wrong_edge_is_found_and_a_dev_dependency_is_free() {
    let text = "[dependencies]\nairside-trips = \"1\"\n[dev-dependencies]\nairside-flights = \"1\"\n";
    check_lines(&domain_edges(&sample("baggage", text)), &[2]);
    check_lines(&edge_directions(&sample("baggage", text)), &[2]);
    check_lines(&edge_directions(&sample("simulator", "[dependencies]\nairside-kernel = \"1\"\n")), &[2]);
    check_lines(&edge_directions(&sample("newcomer", "")), &[1]);
    check_lines(&edge_directions(&sample("server", text)), &[]);
}

#[test]
fn library_outside_its_fence_is_found() {
    for (folder, library, lines) in [
        ("baggage", "redb", &[2][..]),
        ("privacy", "redb", &[]),
        ("baggage", "aws-lc-rs", &[2]),
        ("trips", "axum", &[2]),
        ("baggage", "tokio-rustls", &[2]),
        ("runtime", "tokio-rustls", &[]),
        ("trips", "tonic", &[]),
        ("kernel", "tonic", &[2]),
        ("runtime", "kurrentdb", &[2]),
        ("store", "kurrentdb", &[2]),
        ("wayfinding", "tokio", &[2]),
    ] {
        let text = format!("[dependencies]\n{library} = \"1\"\n");
        check_lines(&fenced_libraries(&sample(folder, &text)), lines);
    }
    check_lines(&fenced_libraries(&sample("store", "[dev-dependencies]\nkurrentdb = \"1\"\n")), &[]);
    check_lines(&fenced_libraries(&sample("trips", "[dev-dependencies]\nkurrentdb = \"1\"\n")), &[2]);
}

#[test]
fn stranger_among_the_crates_is_found() {
    check_lines(&crate_manners(&sample("x", "[package]\nname = \"airside-y\"\n")), &[2, 1]);
    check_lines(
        &crate_manners(&sample("x", "[package]\nname = \"airside-x\"\n[lints]\nworkspace = true\n")),
        &[],
    );
}
