//! A double of a KurrentDB cluster: enough of the public protocol for this
//! project and for the vendor's own clients, over a log in memory.
//!
//! It answers as a real server was recorded to answer; tests replay the
//! recording against it. Every node has a runtime of its own, so that killing
//! one closes its sockets as the end of a process does. What goes wrong goes
//! wrong on command.

mod batch;
mod cutting;
mod log;
mod members;
mod reading;
mod streams;
mod tls;
mod world;

use std::{
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use airside_kernel::{Clock, Timestamp};
use airside_store::kurrent::wire::{
    gossip::{gossip_server::GossipServer, member_info::VNodeState},
    server_features::server_features_server::ServerFeaturesServer,
    streams::streams_server::StreamsServer,
};
use tokio::{net::TcpListener, runtime::Runtime};
use tonic::transport::{Server, server::TcpIncoming};

use self::{
    cutting::CuttingLayer,
    members::{Features, Members},
    streams::Node,
    world::{Seat, World},
};
pub use self::{
    tls::Tls,
    world::{Ending, Trouble},
};

/// The most bytes that a caller may send as one message.
const MESSAGE_BYTES_MAX: usize = 32 << 20;

/// A cluster that runs in this process.
pub struct Double {
    world: Arc<World>,
    tls: Option<Tls>,
    nodes: Mutex<Vec<Option<Runtime>>>,
}

impl Double {
    /// Starts a cluster; its first node leads.
    ///
    /// # Errors
    /// When a port or a thread cannot be had.
    pub fn start(nodes: usize, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::with(nodes, clock, None)
    }

    /// Starts a cluster that speaks TLS.
    ///
    /// # Errors
    /// When a port, a thread or a certificate cannot be had.
    pub fn start_with_tls(nodes: usize, clock: Arc<dyn Clock>, tls: Tls) -> io::Result<Self> {
        Self::with(nodes, clock, Some(tls))
    }

    fn with(nodes: usize, clock: Arc<dyn Clock>, tls: Option<Tls>) -> io::Result<Self> {
        let world = Arc::new(World::new(clock));
        let listeners =
            (0..nodes).map(|_| StdListener::bind("127.0.0.1:0")).collect::<io::Result<Vec<_>>>()?;
        for (n, listener) in listeners.iter().enumerate() {
            let state = if n == 0 { VNodeState::Leader } else { VNodeState::Follower };
            world.seats().push(Seat { address: listener.local_addr()?, state, is_alive: true });
        }
        let double = Self { world, tls, nodes: Mutex::default() };
        for (number, listener) in listeners.into_iter().enumerate() {
            let runtime = double.serve(number, listener)?;
            double.nodes().push(Some(runtime));
        }
        Ok(double)
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Option<Runtime>>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, number: usize, listener: StdListener) -> io::Result<Runtime> {
        listener.set_nonblocking(true)?;
        let node = Node { world: self.world.clone(), number };
        let streams = StreamsServer::new(node).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let mut server = Server::builder();
        if let Some(tls) = &self.tls {
            server = tls.apply(server)?;
        }
        let serving = server
            .layer(CuttingLayer)
            .add_service(streams)
            .add_service(GossipServer::new(Members(self.world.clone())))
            .add_service(ServerFeaturesServer::new(Features(self.world.clone())));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("the listener was made non-blocking");
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            serving.serve_with_incoming(incoming).await
        });
        Ok(runtime)
    }

    /// Returns the connection string: of the one node, or of all of them.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.world.seats().iter().map(|seat| seat.address.to_string()).collect();
        let user = self.world.levers().user.as_ref().map(|(user, password)| format!("{user}:{password}@"));
        let tls = self.tls.as_ref().map_or_else(|| "tls=false".to_owned(), Tls::query);
        format!("kurrentdb://{}{}?{tls}", user.unwrap_or_default(), hosts.join(","))
    }

    /// Returns where a node listens.
    pub fn address(&self, node: usize) -> SocketAddr {
        self.world.seats()[node].address
    }

    /// Ends a node as `kill -9` would; the others still believe that it leads.
    pub fn kill(&self, node: usize) {
        let runtime = self.nodes()[node].take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }

    /// Starts a node again where it was, as a follower.
    ///
    /// # Errors
    /// When its port was taken meanwhile.
    pub fn revive(&self, node: usize) -> io::Result<()> {
        let runtime = self.serve(node, StdListener::bind(self.address(node))?)?;
        self.nodes()[node] = Some(runtime);
        let mut seats = self.world.seats();
        seats[node].is_alive = true;
        if seats[node].state != VNodeState::Leader {
            seats[node].state = VNodeState::Follower;
        }
        Ok(())
    }

    /// Makes a node the leader; the former one follows, or is dead when it was killed.
    pub fn elect(&self, leader: usize) {
        let alive: Vec<_> = self.nodes().iter().map(Option::is_some).collect();
        for (n, seat) in self.world.seats().iter_mut().enumerate() {
            seat.is_alive = alive[n];
            seat.state = if n == leader {
                VNodeState::Leader
            } else if alive[n] {
                VNodeState::Follower
            } else {
                VNodeState::Unknown
            };
        }
    }

    /// Leaves the cluster without a leader.
    pub fn depose(&self) {
        for seat in self.world.seats().iter_mut() {
            seat.state = VNodeState::Unknown;
        }
    }

    /// Lets the next appends go wrong, one after another.
    pub fn trouble(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.world.levers().troubles.extend(troubles);
    }

    /// Returns how many reads are open that do not end by themselves.
    pub fn open_reads(&self) -> usize {
        self.world.ended.receiver_count()
    }

    /// Returns how many calls for many appends are open.
    pub fn open_calls(&self) -> usize {
        self.world.open_calls.load(Ordering::Relaxed)
    }

    /// Returns how often a call for many appends was opened.
    pub fn batch_calls(&self) -> usize {
        self.world.batch_calls.load(Ordering::Relaxed)
    }

    /// Gives up every append for want of a majority, or no longer.
    pub fn has_majority(&self, has: bool) {
        self.world.levers().has_no_majority = !has;
    }

    /// Ends the open reads.
    pub fn end_reads(&self, how: Ending) {
        self.world.ended.send_modify(|(count, ending)| {
            *count += 1;
            *ending = how;
        });
    }

    /// Ends the next bounded reads half-way, without a status.
    pub fn shorten_reads(&self, count: usize) {
        self.world.levers().short_reads = count;
    }

    /// Sends open reads nothing any more, or again.
    pub fn silence(&self, is_silent: bool) {
        self.world.levers().is_silent = is_silent;
    }

    /// Lets the nodes that do not lead hear of nothing new any more, or of everything again.
    pub fn hold_followers(&self, hold: bool) {
        self.world.hold_followers(hold);
    }

    /// Says that it is another version.
    pub fn pretend(&self, version: &str) {
        self.world.levers().version = version.to_owned();
    }

    /// Says that it is another time.
    pub fn pretend_time(&self, now: Timestamp) {
        self.world.levers().now = Some(now);
    }

    /// Lets nobody in but one user.
    pub fn admit_only(&self, user: &str, password: &str) {
        self.world.levers().user = Some((user.to_owned(), password.to_owned()));
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        for runtime in self.nodes.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..).flatten() {
            runtime.shutdown_background();
        }
    }
}
