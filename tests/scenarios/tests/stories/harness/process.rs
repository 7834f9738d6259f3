//! The program itself: servers that can be killed, and commands that end.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use airside_runtime::auth::{Environment, Tokens};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{task::spawn_blocking, time::timeout};

use super::{Callers, PACE, eventually, within};

/// How long a command that does many things may take.
const LONG: Duration = Duration::from_secs(180);

/// Returns the program, with nothing of our own environment that configures it.
pub(crate) fn airside<I: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_airside-scenarios"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AIRSIDE_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("AIRSIDE_NOTIFICATIONS__PACE", PACE.to_string());
    command
}

/// Runs a command to its end.
pub(crate) async fn run(command: Command, input: &str) -> Output {
    within("the command ends", ended(command, input)).await
}

/// Runs a command that does many things to its end, which may take longer than any one of them.
pub(crate) async fn run_long(command: Command) -> Output {
    timeout(LONG, ended(command, ""))
        .await
        .unwrap_or_else(|_| panic!("the command ends: not within {LONG:?}"))
}

async fn ended(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let guard = KillOnDrop(child.id());
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let ended = spawn_blocking(move || {
        // A command that does not read its input closes it, which is its right.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap()
    });
    let output = ended.await.unwrap();
    std::mem::forget(guard);
    output
}

/// Runs a command to its end, with its streams as they were set.
pub(crate) async fn run_as_it_is(mut command: Command) -> Output {
    let child = command.spawn().unwrap();
    // It holds the other ends of what it was given.
    drop(command);
    let guard = KillOnDrop(child.id());
    let ended = spawn_blocking(move || child.wait_with_output().unwrap());
    let output = within("the command ends", ended).await.unwrap();
    std::mem::forget(guard);
    output
}

/// A command that prints lines until it is dropped.
pub(crate) struct Follower {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Follower {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        Self { child, stdout }
    }

    /// Waits for the next line, which is JSON.
    pub(crate) async fn next(&mut self) -> Value {
        let line = self.next_line().await;
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Waits for the next line; an empty one is the end.
    pub(crate) async fn next_line(&mut self) -> String {
        let mut stdout = self.stdout.take().unwrap();
        let reading = spawn_blocking(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            (line, stdout)
        });
        let (line, stdout) = within("a line", reading).await.unwrap();
        self.stdout = Some(stdout);
        line
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command that must be refused; returns what it says on standard error.
pub(crate) async fn refused<I: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = I>) -> String {
    refusal(airside(arguments)).await
}

/// Runs a command that must be refused; returns what it says on standard error.
pub(crate) async fn refusal(command: Command) -> String {
    let output = run(command, "").await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "it was not refused: {said}");
    assert!(output.stdout.is_empty(), "a refused server is never ready");
    said
}

/// Kills a process that is ours when a test gives up on it.
struct KillOnDrop(u32);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        signal("-KILL", self.0);
    }
}

fn signal(name: &str, pid: u32) {
    // It may be gone already.
    let _ = Command::new("kill").args([name, &pid.to_string()]).stderr(Stdio::null()).status();
}

/// A folder that outlives the servers which work on it, with their logs beside it.
pub(crate) struct Yard {
    folder: TempDir,
}

impl Yard {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// Returns the data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Returns the folder that holds the data folder and what lies beside it.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Returns a path beside the data folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns what all servers of the folder logged.
    pub(crate) fn logs(&self) -> String {
        fs::read_to_string(self.beside("log")).unwrap()
    }

    /// Starts a server on the folder.
    pub(crate) async fn serve(&self) -> Server {
        self.serve_with(&[]).await
    }

    /// Starts a server on the folder, with variables in its environment.
    pub(crate) async fn serve_with(&self, environment: &[(&str, &str)]) -> Server {
        let mut command = self.server();
        command.envs(environment.iter().copied());
        self.start(command).await
    }

    /// Returns the command that starts a server on the folder.
    pub(crate) fn server(&self) -> Command {
        let mut command = airside(["serve", "--listen", "127.0.0.1:0", "--json", "--data"]);
        command.arg(self.data());
        command
    }

    /// Starts a server by a command and waits until it is ready.
    pub(crate) async fn start(&self, mut command: Command) -> Server {
        let log = File::options().create(true).append(true).open(self.beside("log")).unwrap();
        let data = self.data();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut server = Server { child, ready: Value::Null, folder: data, stdout: None };
        let reading = spawn_blocking(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            (line, stdout)
        });
        let (line, stdout) = within("the server is ready", reading).await.unwrap();
        let ready = serde_json::from_str(&line);
        server.ready = ready.unwrap_or_else(|_| panic!("the server is not ready: {}", self.logs()));
        server.stdout = Some(stdout);
        server
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// What it printed when it was ready.
    pub(crate) ready: Value,
    folder: PathBuf,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) fn public(&self) -> SocketAddr {
        self.ready["public"].as_str().unwrap().parse().unwrap()
    }

    /// Returns where host links are taken.
    pub(crate) fn link(&self) -> SocketAddr {
        self.ready["link"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.ready["admin"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn callers(&self) -> Callers {
        Callers::connect(self.public(), tokens(&self.folder)).await
    }

    /// Ends it at once, as a power failure does to a process.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        signal("-TERM", self.child.id());
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        eventually("the server ends", async || self.child.try_wait().unwrap()).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns what makes tokens for a develop server on a folder.
pub(crate) fn tokens(folder: &Path) -> Arc<Tokens> {
    let key = airside_server::token_key(folder, Environment::Develop).unwrap();
    Arc::new(Tokens::new(Environment::Develop, &key).unwrap())
}
