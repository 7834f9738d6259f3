//! The official clients of others, driven against a running server: what they were made to speak, it speaks.
//!
//! Their scripts are in `tests/clients`. Where Node, Python or their packages are absent the story says
//! so and passes, unless `AIRSIDE_CLIENTS_REQUIRED` is 1.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    calls::{announce, follow, follow_flight},
    luggage::Luggage,
    process::{Server, Yard, run, run_long},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients")
}

/// Returns what runs a script, when it and its packages are there.
fn runner(program: &Path, packages: &str, script: &str) -> Option<Command> {
    let is_there = Command::new(program).arg("--version").output().is_ok_and(|said| said.status.success());
    if is_there && folder().join(packages).exists() {
        let mut command = Command::new(program);
        command.arg(folder().join(script));
        return Some(command);
    }
    passed_over(&format!("{script} was not run: install {} and tests/clients/{packages}", program.display()));
    None
}

/// Says that something is not installed, which is a failure where it must be.
fn passed_over(remedy: &str) {
    assert_ne!(env::var("AIRSIDE_CLIENTS_REQUIRED").as_deref(), Ok("1"), "{remedy}");
    eprintln!("{remedy}");
}

/// Returns what runs a script of Node, when it can be run.
pub(crate) fn node(script: &str) -> Option<Command> {
    runner(Path::new("node"), "node_modules/@bufbuild", script)
}

/// Returns what runs a script of Python, when it can be run.
pub(crate) fn python(script: &str) -> Option<Command> {
    runner(&folder().join("node_modules/.python/bin/python"), "node_modules/.python", script)
}

/// A server with a passenger who follows a bag, and what its clients are told.
async fn story(yard: &Yard) -> (Server, String) {
    let server = yard.serve().await;
    let callers = server.callers().await;
    let (person, bag) = (Uuid::new_v4(), Luggage::new("3479000811"));
    announce(&callers.partner(), &bag).await;
    follow(&callers.passenger(person), &bag).await;
    let told = json!({
        "url": format!("http://{}", server.public()),
        "token": callers.passenger_token(person),
        "plate": bag.plate,
        "stranger": "3479000999",
    });
    (server, told.to_string())
}

/// Runs a script and returns what each of its clients saw, by name.
pub(crate) async fn seen(mut command: Command, story: &str) -> Vec<Value> {
    command.env("AIRSIDE_STORY", story);
    lines(&run(command, "").await)
}

/// Returns what a script reported, one object a line.
fn lines(output: &Output) -> Vec<Value> {
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Holds what every client must see: the bag, the refusal in its own words for the code, and a hello.
fn check(seen: &[Value], code: &str, clients: &[(&str, bool)]) {
    let names: Vec<_> = seen.iter().map(|one| one["client"].as_str().unwrap()).collect();
    assert_eq!(names, clients.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (one, (_, streams)) in seen.iter().zip(clients) {
        let hello = if *streams { json!("hello") } else { Value::Null };
        assert_eq!(
            (&one["plate"], &one["code"], &one["message"], &one["hello"]),
            (&json!("3479000811"), &json!(code), &json!("bag not found"), &hello),
            "{one}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connect_client_is_answered_over_every_transport() {
    let Some(command) = node("connect.mjs") else { return };
    let yard = Yard::new();
    let (_server, story) = story(&yard).await;
    let clients = [
        ("connect-node JSON over HTTP/1.1", false),
        ("connect-node binary over HTTP/2", false),
        ("connect-node gRPC", true),
        ("connect-node gRPC-Web over HTTP/1.1", true),
        ("connect-web JSON", false),
        ("connect-web binary", false),
        ("connect-web gRPC-Web", true),
    ];
    check(&seen(command, &story).await, "NotFound", &clients);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_grpc_web_client_is_answered_in_text_and_in_binary() {
    let Some(command) = node("grpc_web.mjs") else { return };
    let yard = Yard::new();
    let (_server, story) = story(&yard).await;
    let clients = [("grpc-web text", false), ("grpc-web binary", false)];
    check(&seen(command, &story).await, "NOT_FOUND", &clients);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_grpc_clients_of_node_and_python_are_answered() {
    let yard = Yard::new();
    let (_server, story) = story(&yard).await;
    if let Some(command) = node("grpc_js.mjs") {
        check(&seen(command, &story).await, "NOT_FOUND", &[("@grpc/grpc-js", true)]);
    }
    if let Some(command) = python("grpcio_client.py") {
        check(&seen(command, &story).await, "NOT_FOUND", &[("grpcio", true)]);
    }
}

/// What the page must be seen to do, in this order; its script says how each was seen.
const SEEN: [&str; 15] = [
    "a map with the signs of its gates, and a line that is live",
    "a notice that arrives by itself, and the sign of the gate",
    "the way to the gate, drawn and in words",
    "that one is told when to leave, if one asks",
    "the way drawn anew after a closure, and as before when it is lifted",
    "the bag on its way, by the airport's clock",
    "the same in Chinese, live as before",
    "nothing beyond the edge of a telephone",
    "map, levels and search at the keys of a keyboard",
    "nothing lost and nothing twice over a line that broke",
    "a newer token taken into the open session",
    "that there are too many sessions, and another try",
    "the map and how to get a token, without one",
    "the other venues that there are, and a way that is asked for when somebody looks",
    "that a wrong token is refused, and what to do",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_in_a_browser_what_happens_while_one_looks() {
    let browser = Path::new("/usr/bin/chromium");
    if !browser.exists() {
        return passed_over("page.mjs was not run: install chromium from Debian");
    }
    let Some(mut command) = runner(Path::new("node"), "node_modules/playwright-core", "page.mjs") else {
        return;
    };
    let yard = Yard::new();
    let maps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps");
    let maps = format!("[{:?}, {:?}]", maps.join("lingnan"), maps.join("testville"));
    let server = yard.serve_with(&[("AIRSIDE_MAPS", &maps)]).await;
    let callers = server.callers().await;
    let (person, bag) = (Uuid::new_v4(), Luggage::new("3479000812"));
    let passenger = callers.passenger(person);
    announce(&callers.partner(), &bag).await;
    follow_flight(&passenger, &bag.flight(), None).await;
    follow(&passenger, &bag).await;
    let told = json!({
        "url": format!("http://{}", server.public()),
        "token": callers.passenger_token(person),
        "newer": callers.passenger_token(person),
        "partner": callers.endpoint.tokens.partner,
        "staff": callers.endpoint.tokens.staff,
        "plate": bag.plate,
        "flight": bag.flight(),
        "browser": browser,
    });
    command.env("AIRSIDE_STORY", told.to_string());
    let seen = lines(&run_long(command).await);
    let seen: Vec<_> = seen.iter().map(|one| one["saw"].as_str().unwrap()).collect();
    assert_eq!(seen, SEEN);
}
