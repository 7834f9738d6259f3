//! The official clients of others, driven against a running server: what they were made to speak, it speaks.
//!
//! Their scripts are in `tests/clients`. Where Node, Python or their packages are absent the story says
//! so and passes, unless `AIRSIDE_CLIENTS_REQUIRED` is 1.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    calls::{announce, follow},
    luggage::Luggage,
    process::{Server, Yard, run},
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
    let remedy = format!("{script} was not run: install {} and tests/clients/{packages}", program.display());
    assert_ne!(env::var("AIRSIDE_CLIENTS_REQUIRED").as_deref(), Ok("1"), "{remedy}");
    eprintln!("{remedy}");
    None
}

fn node(script: &str) -> Option<Command> {
    runner(Path::new("node"), "node_modules/@bufbuild", script)
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
async fn seen(mut command: Command, story: &str) -> Vec<Value> {
    command.env("AIRSIDE_STORY", story);
    let output = run(command, "").await;
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
    let python = folder().join("node_modules/.python/bin/python");
    let packages = "node_modules/.python";
    if let Some(command) = node("grpc_js.mjs") {
        check(&seen(command, &story).await, "NOT_FOUND", &[("@grpc/grpc-js", true)]);
    }
    if let Some(command) = runner(&python, packages, "grpcio_client.py") {
        check(&seen(command, &story).await, "NOT_FOUND", &[("grpcio", true)]);
    }
}
