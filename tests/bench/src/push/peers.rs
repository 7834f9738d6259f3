//! A peer on the same machine in the same run: nchan, the publish-subscribe server in nginx.
//!
//! Its programs are those of the system, or what `dpkg -x` unpacked into the
//! folder that `AIRSIDE_PEERS` names; it wants a folder `/var/lib/nginx`. Its
//! subscribers are the same clients; they receive one text, which nobody
//! decides upon, stores or acknowledges.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

use super::crowd::dial;
use crate::child::{Ended, resident};

/// How many connect at once.
const CONNECTING: usize = 64;

/// What a peer reached.
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) bytes_per_session: f64,
    pub(super) last_ms: f64,
}

/// Measures nchan; `None` when it is not here.
pub(super) async fn nchan(folder: &Path, sessions: usize, text: &str) -> Result<Option<Peer>> {
    let root = env::var_os("AIRSIDE_PEERS").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    let module = root.join("usr/lib/nginx/modules/ngx_nchan_module.so");
    let nginx = root.join("usr/sbin/nginx");
    if !module.exists() || !nginx.exists() {
        return Ok(None);
    }
    fs::create_dir_all(folder)?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    fs::write(folder.join("nginx.conf"), config(folder, &module, address))?;
    let mut command = Command::new(nginx);
    command.env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"));
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).args(["-e", "stderr"]);
    let child = Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let reached = measure(child.0.id(), address, sessions, text).await;
    reached.map(Some)
}

fn config(folder: &Path, module: &Path, address: SocketAddr) -> String {
    let (folder, module) = (folder.display(), module.display());
    format!(
        "load_module {module};\ndaemon off;\nmaster_process off;\nuser root;\npid {folder}/pid;\n\
         worker_rlimit_nofile 20000;\nevents {{ worker_connections 16000; }}\n\
         http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};\n\
         fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};\n\
         server {{ listen {address} backlog=4096;\n\
         location = /sub {{ nchan_subscriber websocket; nchan_channel_id all; nchan_subscriber_first_message newest; }}\n\
         location = /pub {{ nchan_publisher; nchan_channel_id all; }} }} }}\n"
    )
}

async fn measure(process: u32, address: SocketAddr, sessions: usize, text: &str) -> Result<Peer> {
    while TcpStream::connect(address).await.is_err() {
        sleep(Duration::from_millis(20)).await;
    }
    let before = resident(process)?;
    let header = || (HeaderName::from_static("x-bench"), HeaderValue::from_static("1"));
    let opened = stream::iter(0..sessions).map(|_| dial(address, "/sub", header()));
    let sockets: Vec<_> = opened.buffer_unordered(CONNECTING).try_collect().await?;
    sleep(Duration::from_secs(2)).await;
    let bytes_per_session = (resident(process)? - before) / sessions as f64;
    let hearing = sockets.into_iter().map(|mut socket| {
        tokio::spawn(async move {
            let heard = socket.next().await;
            (heard.is_some_and(|heard| heard.is_ok()), Instant::now(), socket)
        })
    });
    let hearing: Vec<_> = hearing.collect();
    let began = Instant::now();
    publish(address, text).await?;
    let mut last = began;
    for heard in hearing {
        let (is_heard, at, _) = heard.await?;
        anyhow::ensure!(is_heard, "a subscriber of nchan heard nothing");
        last = last.max(at);
    }
    Ok(Peer { name: "nchan", bytes_per_session, last_ms: (last - began).as_secs_f64() * 1_000.0 })
}

async fn publish(address: SocketAddr, text: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!("POST /pub HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n\r\n", text.len());
    stream.write_all(format!("{head}{text}").as_bytes()).await?;
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).await?;
    Ok(())
}
