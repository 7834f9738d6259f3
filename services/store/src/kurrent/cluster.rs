//! The members of a cluster: who leads, and the way there.
//!
//! Whatever a decision rests on is asked of the leader: appends, pages of a
//! stream and of the log, its head. Only the open read of its end goes to the
//! member that the address prefers, because that one may be told late, and a writer
//! must read at once what it wrote. So two members may be chosen, or one for both.
//!
//! One connection to a chosen member serves its calls. When a call fails in
//! any way that is not a plain refusal, the connection is given up and every
//! member that is known is asked at once who leads; the first that names one
//! which answers by itself decides. A member that was killed is still named by
//! the others for a second or two, so this goes on, with pauses that grow and
//! differ, until somebody answers or the caller's time is up. Who comes
//! meanwhile waits for the same round.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::Rng;
use tokio::{
    sync::Mutex as AsyncMutex,
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint as Target},
};
use tracing::{info, warn};

use super::{
    address::{Address, Endpoint, Preference},
    call::DOUBTED,
    fault::{Fault, chain},
    tls::{Tls, TlsError},
    wire::{
        Empty,
        gossip::{MemberInfo, gossip_client::GossipClient, member_info::VNodeState},
    },
};

/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a member may take to be reached and to show that it lives.
const PROBE: Duration = Duration::from_secs(2);

/// The longest pause between two rounds of discovery.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The most members that are asked in one round.
const MEMBERS_MAX: usize = 32;

/// How much a node may send ahead on one call.
const WINDOW_BYTES: u32 = 1 << 20;

/// The members of a cluster, or the one node.
pub(crate) struct Cluster {
    address: Address,
    tls: Option<Tls>,
    credentials: Option<MetadataValue<Ascii>>,
    /// Who leads; held while it is looked for, so that all wait for one round.
    leader: AsyncMutex<Option<Member>>,
    /// Who is followed where that need not be the leader; held likewise.
    followed: AsyncMutex<Option<Member>>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Whom gossip named last.
    members: Vec<Endpoint>,
    /// Whom a node named as the leader when it was asked instead.
    leader: Option<Endpoint>,
    /// Counts the choices.
    turn: u64,
}

/// A member, and the way to it.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) channel: Channel,
    pub(crate) endpoint: Endpoint,
    /// Which choice this was; another choice has another number.
    pub(crate) turn: u64,
    /// By what it was chosen.
    preference: Preference,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (choice {})", self.endpoint, self.turn)
    }
}

impl Cluster {
    /// Reads what the address needs; connects to nothing yet.
    ///
    /// # Errors
    /// When a file that the address names cannot be used.
    pub(crate) fn new(address: Address) -> Result<Self, TlsError> {
        let tls = Tls::of(&address)?;
        let credentials = address.credentials.as_ref().map(|who| {
            let token = STANDARD.encode(format!("{}:{}", who.user, who.password));
            let mut value: MetadataValue<Ascii> =
                format!("Basic {token}").parse().expect("base64 is visible ASCII");
            value.set_sensitive(true);
            value
        });
        Ok(Self {
            address,
            tls,
            credentials,
            leader: AsyncMutex::default(),
            followed: AsyncMutex::default(),
            known: Mutex::default(),
        })
    }

    /// Returns what the address says.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Makes a request to the leader with what every call carries.
    pub(crate) fn request<T>(&self, message: T, within: Option<Duration>) -> Request<T> {
        self.request_by(Preference::Leader, message, within)
    }

    /// Makes a request to the member that is followed.
    pub(crate) fn follow_request<T>(&self, message: T) -> Request<T> {
        self.request_by(self.address.preference, message, None)
    }

    fn request_by<T>(&self, preference: Preference, message: T, within: Option<Duration>) -> Request<T> {
        let mut request = Request::new(message);
        let headers = request.metadata_mut();
        if let Some(credentials) = &self.credentials {
            headers.insert("authorization", credentials.clone());
        }
        if preference == Preference::Leader {
            headers.insert("requires-leader", MetadataValue::from_static("true"));
        }
        if let Some(name) = self.address.connection_name.as_ref().and_then(|name| name.parse().ok()) {
            headers.insert("connection-name", name);
        }
        if let Some(within) = within {
            request.set_timeout(within);
        }
        request
    }

    /// Returns the leader, and looks for it until `until` when it is not known.
    ///
    /// # Errors
    /// With what went wrong last, when none was found in time, or as soon as it is sure that the two ends
    /// do not trust each other.
    pub(crate) async fn member(&self, until: Instant) -> Result<Member, Fault> {
        self.member_by(Preference::Leader, until).await
    }

    /// Returns the member that is followed, and looks for one until `until` when there is none.
    ///
    /// # Errors
    /// As [`Cluster::member`].
    pub(crate) async fn followed(&self, until: Instant) -> Result<Member, Fault> {
        self.member_by(self.address.preference, until).await
    }

    fn chosen(&self, preference: Preference) -> &AsyncMutex<Option<Member>> {
        if preference == Preference::Leader { &self.leader } else { &self.followed }
    }

    async fn member_by(&self, preference: Preference, until: Instant) -> Result<Member, Fault> {
        let Ok(mut current) = timeout_at(until, self.chosen(preference).lock()).await else {
            return Err(Fault::Broken("no member was found in time".to_owned()));
        };
        if let Some(member) = &*current {
            return Ok(member.clone());
        }
        let mut pause = self.address.discovery_interval;
        let mut problem = Fault::Broken("no member answered in time".to_owned());
        let doubted_until = Instant::now() + DOUBTED;
        let (mut told, mut mistrusted) = (false, Mistrusted::default());
        loop {
            match timeout_at(until, self.choose(preference, &mut mistrusted)).await {
                Ok(Ok((channel, endpoint))) => {
                    let turn = {
                        let mut known = self.known();
                        known.turn += 1;
                        known.turn
                    };
                    info!(address = %endpoint, "member of the log's cluster is chosen");
                    let member = Member { channel, endpoint, turn, preference };
                    *current = Some(member.clone());
                    return Ok(member);
                }
                Ok(Err(found)) => problem = found,
                Err(_) => return Err(problem),
            }
            if !std::mem::replace(&mut told, true) {
                warn!(reason = %problem.reason(), "no member of the log's cluster can be asked: looking on");
            }
            let wait = jittered(pause);
            let is_sure = matches!(problem, Fault::Untrusted(_)) && Instant::now() + wait >= doubted_until;
            if is_sure || Instant::now() + wait >= until {
                return Err(problem);
            }
            sleep(wait).await;
            pause = (pause * 2).min(PAUSE_MAX.max(self.address.discovery_interval));
        }
    }

    /// Gives up a member after a call to it failed, unless another was chosen since.
    pub(crate) async fn lost(&self, member: &Member, fault: &Fault) {
        let mut current = self.chosen(member.preference).lock().await;
        if current.as_ref().is_none_or(|current| current.turn != member.turn) {
            return;
        }
        *current = None;
        if let Fault::NotLeader(Some(leader)) = fault {
            self.known().leader = Some(leader.clone());
        }
        warn!(address = %member.endpoint, reason = %fault.reason(), "member of the log's cluster is given up");
    }

    /// Opens a connection to a member, of its own: what a reader leaves unread holds up no call.
    pub(crate) async fn dial(&self, endpoint: &Endpoint) -> Result<Channel, Fault> {
        connected(endpoint, self.connecting(endpoint, &endpoint.host)?).await
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chooses a member once.
    async fn choose(
        &self,
        preference: Preference,
        mistrusted: &mut Mistrusted,
    ) -> Result<(Channel, Endpoint), Fault> {
        let told = if preference == Preference::Leader { self.known().leader.take() } else { None };
        let mut dead = HashMap::new();
        if let Some(leader) = told {
            match self.alive(&leader).await {
                Ok(channel) => return Ok((channel, leader)),
                Err(problem) => drop(dead.insert(leader, problem)),
            }
        }
        if !self.address.is_cluster() {
            let host = self.address.hosts.first().expect("an address names a host");
            return self.dial(host).await.map(|channel| (channel, host.clone()));
        }
        let mut asking = JoinSet::new();
        for (endpoint, domain) in self.candidates().await? {
            let connecting = self.connecting(&endpoint, &domain)?;
            let within = self.address.gossip_timeout;
            let request = self.request(Empty {}, Some(within));
            asking.spawn(async move {
                let asked = async {
                    let channel = connected(&endpoint, connecting).await?;
                    match timeout(within, GossipClient::new(channel).read(request)).await {
                        Ok(Ok(told)) => Ok(told.into_inner().members),
                        Ok(Err(status)) => Err(Fault::of(&status).at(&endpoint)),
                        Err(_) => Err(Fault::Broken(format!("{endpoint} does not tell its cluster in time"))),
                    }
                };
                let asked = asked.await;
                (endpoint, asked)
            });
        }
        let mut problems = Vec::new();
        while let Some(asked) = asking.join_next().await {
            match asked {
                Ok((_, Ok(members))) => match self.first_alive(preference, &members, &mut dead).await {
                    Ok(chosen) => return Ok(chosen),
                    Err(problem) => problems.push(problem),
                },
                Ok((endpoint, Err(problem))) => problems.push(mistrusted.note(endpoint, problem)),
                Err(error) => problems.push(Fault::Broken(error.to_string())),
            }
        }
        Err(worst(&problems))
    }

    /// Connects to the best of the members that gossip names and that are not known to be dead. Who was
    /// killed is named by every other member for a while: it is waited for once, not once a member.
    async fn first_alive(
        &self,
        preference: Preference,
        members: &[MemberInfo],
        dead: &mut HashMap<Endpoint, Fault>,
    ) -> Result<(Channel, Endpoint), Fault> {
        let alive: Vec<_> = members.iter().filter(|member| member.is_alive).collect();
        let mut ranked: Vec<(u32, Endpoint)> = alive
            .iter()
            .filter_map(|member| Some((rank(preference, member.state())?, endpoint_of(member)?)))
            .collect();
        if !ranked.is_empty() {
            self.known().members = members.iter().filter_map(endpoint_of).take(MEMBERS_MAX).collect();
        }
        ranked.sort();
        let mut problem = Fault::Broken(format!(
            "the cluster has no {} now: {} of its {} members are alive, and more than half of them must be and reach \
             one another",
            if preference == Preference::Leader { "leader" } else { "member that serves" },
            alive.len(),
            members.len()
        ));
        for (_, endpoint) in ranked {
            if let Some(known) = dead.get(&endpoint) {
                problem = known.clone();
                continue;
            }
            match self.alive(&endpoint).await {
                Ok(channel) => return Ok((channel, endpoint)),
                Err(found) => {
                    problem = found.clone();
                    dead.insert(endpoint, found);
                }
            }
        }
        Err(problem)
    }

    /// Connects to a member that shows that it lives.
    async fn alive(&self, endpoint: &Endpoint) -> Result<Channel, Fault> {
        let probe = async {
            let channel = self.dial(endpoint).await?;
            let request = self.request(Empty {}, Some(PROBE));
            let asked = GossipClient::new(channel.clone()).read(request).await;
            asked.map(|_| channel).map_err(|status| Fault::of(&status).at(endpoint))
        };
        let silent = |_| Err(Fault::Broken(format!("{endpoint} does not answer")));
        timeout(PROBE, probe).await.unwrap_or_else(silent)
    }

    /// Returns whom to ask, each with the name that its certificate must bear.
    async fn candidates(&self) -> Result<Vec<(Endpoint, String)>, Fault> {
        let mut found: Vec<(Endpoint, String)> = Vec::new();
        let mut add = |endpoint: Endpoint, domain: &str| {
            if found.len() < MEMBERS_MAX && found.iter().all(|(known, _)| *known != endpoint) {
                found.push((endpoint, domain.to_owned()));
            }
        };
        for member in &self.known().members {
            add(member.clone(), &member.host);
        }
        let mut problem = None;
        for seed in &self.address.hosts {
            if !self.address.discover {
                add(seed.clone(), &seed.host);
                continue;
            }
            match timeout(CONNECT, tokio::net::lookup_host((seed.host.as_str(), seed.port))).await {
                Ok(Ok(places)) => places.for_each(|place| {
                    add(Endpoint { host: place.ip().to_string(), port: place.port() }, &seed.host);
                }),
                Ok(Err(error)) => problem = Some(format!("{} is not found: {error}", seed.host)),
                Err(_) => problem = Some(format!("{} is not found in time", seed.host)),
            }
        }
        if found.is_empty() { Err(Fault::Broken(problem.unwrap_or_default())) } else { Ok(found) }
    }

    fn connecting(&self, endpoint: &Endpoint, domain: &str) -> Result<Target, Fault> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let wrong = |error: tonic::transport::Error| unreachable(endpoint, &error);
        let mut target = Target::from_shared(format!("{scheme}://{endpoint}"))
            .map_err(wrong)?
            .connect_timeout(CONNECT)
            .tcp_nodelay(true)
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES * 8);
        if let Some(interval) = self.address.keep_alive_interval {
            target = target
                .http2_keep_alive_interval(interval)
                .keep_alive_timeout(self.address.keep_alive_timeout)
                .keep_alive_while_idle(true);
        }
        match &self.tls {
            Some(tls) => tls.apply(target, domain).map_err(wrong),
            None => Ok(target),
        }
    }
}

/// The members that did not trust this one, or that it did not, since a member is looked for. A node ends a
/// connection as soon as it dislikes a certificate, and its word of why is often lost with the connection.
#[derive(Default)]
struct Mistrusted(HashMap<Endpoint, Fault>);

impl Mistrusted {
    /// Takes in what went wrong with a member; returns what is to be thought of it.
    fn note(&mut self, endpoint: Endpoint, found: Fault) -> Fault {
        match found {
            Fault::Untrusted(_) => self.0.entry(endpoint).insert_entry(found).get().clone(),
            found => self.0.get(&endpoint).cloned().unwrap_or(found),
        }
    }
}

/// Connects; what is dark ends in time, also where it takes a connection and says nothing.
async fn connected(endpoint: &Endpoint, target: Target) -> Result<Channel, Fault> {
    match timeout(CONNECT, target.connect()).await {
        Ok(connected) => connected.map_err(|error| unreachable(endpoint, &error)),
        Err(_) => Err(Fault::Broken(format!("{endpoint} does not answer"))),
    }
}

fn unreachable(endpoint: &Endpoint, error: &tonic::transport::Error) -> Fault {
    Fault::broken(chain(format!("{endpoint} cannot be reached"), std::error::Error::source(error)))
}

/// Returns what to say when no member was chosen: that the ends do not trust each other, wherever that was
/// found, and for sure only where every member has it.
fn worst(problems: &[Fault]) -> Fault {
    let is_untrusted = |problem: &&Fault| matches!(problem, Fault::Untrusted(_));
    match problems.iter().find(is_untrusted).or_else(|| problems.last()) {
        Some(found) if problems.iter().all(|problem| is_untrusted(&problem)) => found.clone(),
        Some(found) => Fault::Broken(found.reason()),
        None => Fault::Broken("no member told of the cluster".to_owned()),
    }
}

fn endpoint_of(member: &MemberInfo) -> Option<Endpoint> {
    let place = member.http_end_point.as_ref()?;
    Some(Endpoint { host: place.address.clone(), port: u16::try_from(place.port).ok()? })
}

/// Returns a pause of half to one and a half times the given one, so that many callers do not come at once.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.5..1.5))
}

/// Returns how well a state fits a preference, lower is better; `None` serves nobody.
fn rank(preference: Preference, state: VNodeState) -> Option<u32> {
    use VNodeState::{Follower, Leader, ReadOnlyLeaderless, ReadOnlyReplica};
    let order: &[VNodeState] = match preference {
        Preference::Leader => &[Leader],
        Preference::Follower => &[Follower, Leader],
        Preference::ReadOnlyReplica => &[ReadOnlyReplica, ReadOnlyLeaderless, Follower, Leader],
        Preference::Random => return [Leader, Follower].contains(&state).then(|| rand::rng().random()),
    };
    order.iter().position(|wanted| *wanted == state).map(|place| place as u32)
}
