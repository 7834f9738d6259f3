//! Sessions of passengers: each holds a `Watch`, resumes after a cut, and checks what it gets.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use airside_api::notifications::v1::watch_response::Frame;
use airside_api::notifications::v1::{
    AckLevel, AcknowledgeRequest, Hello, Notice, NoticeKind, Priority, WatchRequest, WatchResponse,
};
use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tonic::Streaming;
use tonic::transport::Channel;

use super::pace::Pace;
use super::tally::{Tally, add, lock};
use crate::connect::{Clients, Endpoint, SimulatorError};
use crate::inbox::{Inbox, Shown};
use crate::script::off_the_wire;
use crate::truth::Airport;

/// A notice that took less than this was on its way, and did not wait for its turn.
const WAITED_MIN: Duration = Duration::from_millis(250);
/// Sessions that share a connection.
const SESSIONS_PER_CONNECTION: usize = 32;
/// All sessions of a wave open within this time.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// The pause before a broken session comes back.
const COME_BACK_AFTER: Duration = Duration::from_millis(100);
/// The longest pause that a server may ask for.
const COME_BACK_MAX: Duration = Duration::from_secs(2);
/// A session that broke this often in a row gives up.
const BREAKS_MAX: u32 = 30;
/// A call to board this long after boarding is one too many.
const BOARDED_GRACE: Duration = Duration::from_millis(500);

/// Whether a telephone has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineState {
    /// It has.
    Up,
    /// It is in a tunnel.
    Cut,
    /// The session is over.
    Closed,
}

/// A passenger who holds a session.
pub(crate) struct Watcher {
    /// Index of the passenger.
    pub(crate) passenger: usize,
    /// Clients with the passenger's token.
    pub(crate) clients: Clients,
    line: watch::Sender<LineState>,
    inbox: Arc<Mutex<Inbox>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Watcher {
    /// Gives, cuts or ends the line.
    pub(crate) fn set_line(&self, state: LineState) {
        self.line.send_if_modified(|present| std::mem::replace(present, state) != state);
    }

    /// Returns what was received.
    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        lock(&self.inbox)
    }
}

/// Opens the sessions of all watchers, in order of passenger, and waits for the first frame of each.
pub(crate) async fn open(
    endpoint: &Endpoint,
    airport: &Airport,
    pace: &Arc<Pace>,
    tally: &Arc<Tally>,
) -> Result<Vec<Watcher>, SimulatorError> {
    let opened = Arc::new(Semaphore::new(0));
    let mut watchers: Vec<Watcher> = Vec::new();
    let mut channel: Option<Channel> = None;
    for (place, (passenger, person)) in airport.watchers().enumerate() {
        let shared = match channel.take() {
            Some(shared) if place % SESSIONS_PER_CONNECTION != 0 => shared,
            _ => endpoint.connect().await?,
        };
        let clients = Clients::new(&shared, &endpoint.passenger(&person.person.to_string())?);
        channel = Some(shared);
        let (line, state) = watch::channel(LineState::Up);
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let session = Session {
            passenger,
            chinese: passenger % 2 == 0,
            clients: clients.clone(),
            inbox: Arc::clone(&inbox),
            pace: Arc::clone(pace),
            tally: Arc::clone(tally),
            opened: Arc::clone(&opened),
        };
        let task = Mutex::new(Some(tokio::spawn(session.hold(state))));
        watchers.push(Watcher { passenger, clients, line, inbox, task });
    }
    let sessions = watchers.len();
    let all = u32::try_from(sessions).unwrap_or(u32::MAX);
    if timeout(OPEN_WITHIN, opened.acquire_many(all)).await.is_err() {
        let missing = watchers.iter().filter(|watcher| !watcher.inbox().is_open()).count();
        close(&watchers).await;
        return Err(SimulatorError::Sessions { missing, sessions });
    }
    add(&tally.count.sessions, sessions);
    Ok(watchers)
}

/// Ends the sessions and waits for them.
pub(crate) async fn close(watchers: &[Watcher]) {
    for watcher in watchers {
        watcher.set_line(LineState::Closed);
    }
    for watcher in watchers {
        let task = lock(&watcher.task).take();
        if let Some(task) = task {
            // A session that panicked has nothing more to say.
            let _ = task.await;
        }
    }
}

/// The task behind a watcher.
struct Session {
    passenger: usize,
    chinese: bool,
    clients: Clients,
    inbox: Arc<Mutex<Inbox>>,
    pace: Arc<Pace>,
    tally: Arc<Tally>,
    opened: Arc<Semaphore>,
}

/// Why a connection ended.
enum Ended {
    /// The line was cut or closed.
    Line,
    /// The server asked the session to come back after a while.
    Drain(Duration),
    /// The stream broke, or never opened.
    Broken(String),
}

impl Session {
    async fn hold(self, mut state: watch::Receiver<LineState>) {
        let mut broken = 0;
        loop {
            let now = *state.borrow_and_update();
            match now {
                LineState::Closed => break,
                LineState::Cut => {
                    if state.changed().await.is_err() {
                        break;
                    }
                    continue;
                }
                LineState::Up => {}
            }
            let before = lock(&self.inbox).received();
            let pause = match self.connection(&mut state).await {
                Ended::Line => Duration::ZERO,
                Ended::Drain(pause) => pause.min(COME_BACK_MAX),
                Ended::Broken(said) => {
                    self.tally.complain(|| format!("session broke: {said}"));
                    COME_BACK_AFTER
                }
            };
            let idle = !pause.is_zero() && lock(&self.inbox).received() == before;
            broken = if idle { broken + 1 } else { 0 };
            if broken > BREAKS_MAX {
                break;
            }
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
    }

    /// Holds one connection until it ends, and says how far notices got.
    async fn connection(&self, state: &mut watch::Receiver<LineState>) -> Ended {
        let resume = lock(&self.inbox).resume();
        let resumes = resume.is_some();
        let locale = if self.chinese { "zh-CN" } else { "en" }.to_owned();
        let request = WatchRequest { resume, locale };
        let mut client = self.clients.notifications.clone();
        let stream = tokio::select! {
            _ = state.changed() => return Ended::Line,
            answer = client.watch(request) => match answer {
                Ok(answer) => answer.into_inner(),
                Err(status) => return Ended::Broken(format!("{:?}: {}", status.code(), status.message())),
            },
        };
        add(&self.tally.count.reconnects, u64::from(resumes));
        let ended = self.read(stream, state, resumes).await;
        self.acknowledge().await;
        ended
    }

    async fn read(
        &self,
        mut stream: Streaming<WatchResponse>,
        state: &mut watch::Receiver<LineState>,
        resumes: bool,
    ) -> Ended {
        let since = Timestamp::now();
        loop {
            let frame = tokio::select! {
                _ = state.changed() => return Ended::Line,
                frame = stream.message() => frame,
            };
            match frame {
                Ok(Some(WatchResponse { frame })) => match frame {
                    Some(Frame::Hello(hello)) => self.hello(&hello, resumes),
                    Some(Frame::Notices(notices)) => {
                        for notice in notices.notices {
                            self.notice(notice, since, false);
                        }
                    }
                    Some(Frame::Snapshot(snapshot)) => {
                        lock(&self.inbox).snapshot(snapshot.seq);
                        for notice in snapshot.notices {
                            self.notice(notice, since, true);
                        }
                    }
                    Some(Frame::Drain(drain)) => {
                        return Ended::Drain(Duration::from_millis(drain.reconnect_after_ms.max(1).into()));
                    }
                    Some(Frame::Ping(_) | Frame::Error(_) | Frame::Refreshed(_) | Frame::View(_)) | None => {}
                },
                Ok(None) => return Ended::Broken("the stream ended without a drain".to_owned()),
                Err(status) => return Ended::Broken(format!("{:?}: {}", status.code(), status.message())),
            }
        }
    }

    fn hello(&self, hello: &Hello, resumes: bool) {
        let mut inbox = lock(&self.inbox);
        if !inbox.is_open() {
            self.opened.add_permits(1);
        }
        inbox.open(&hello.epoch, hello.seq);
        add(&self.tally.count.recovered, u64::from(resumes && hello.recovered));
    }

    fn notice(&self, notice: Notice, since: Timestamp, in_snapshot: bool) {
        let kind = notice.kind();
        let caused_at = notice.caused_at.as_ref().and_then(off_the_wire);
        let waited = waited(&notice, caused_at);
        let id = &notice.notification_id;
        let mut inbox = lock(&self.inbox);
        let fresh = if in_snapshot {
            inbox.receive_in_snapshot(notice.seq, id)
        } else {
            inbox.receive(notice.seq, id)
        };
        if !fresh {
            return;
        }
        let airport_at = self.pace.airport_now();
        let text = notice.text;
        add(&self.tally.count.pushes, 1);
        self.tally.headline(text.clone());
        inbox.notices.push(Shown {
            seq: notice.seq,
            kind,
            parameters: notice.parameters.into_iter().collect(),
            text,
            airport_at,
            caused_at,
            waited,
            shown_at: Instant::now(),
            live: caused_at.is_some_and(|at| at >= since),
        });
        drop(inbox);
        self.measure(kind, (caused_at, waited), since);
    }

    /// Measures the way of a notice. What waited for a line to come back is not counted, nor is the time
    /// for which it waited for its turn.
    fn measure(
        &self,
        kind: NoticeKind,
        (caused_at, waited): (Option<Timestamp>, Duration),
        since: Timestamp,
    ) {
        let Some(caused_at) = caused_at else { return };
        if caused_at >= since {
            let took = Timestamp::now().duration_since(caused_at);
            self.tally.pushed(Duration::try_from(took).unwrap_or_default().saturating_sub(waited));
        }
        if matches!(kind, NoticeKind::Boarding | NoticeKind::FinalCall) {
            let boarded = self.tally.boarded(self.passenger);
            let late = boarded.is_some_and(|at| {
                Duration::try_from(caused_at.duration_since(at)).is_ok_and(|since| since > BOARDED_GRACE)
            });
            add(&self.tally.count.calls_after_boarding, u64::from(late));
        }
    }

    async fn acknowledge(&self) {
        let up_to_seq = lock(&self.inbox).contiguous();
        if up_to_seq > 0 {
            let request = AcknowledgeRequest { up_to_seq, level: AckLevel::Displayed.into() };
            if let Err(status) = self.clients.notifications.clone().acknowledge(request).await {
                let (code, said) = (status.code(), status.message());
                self.tally.complain(|| format!("Acknowledge: {code:?}: {said}"));
            }
        }
    }
}

/// Returns how long the server let a notice wait for its turn. What is urgent never waits, and what took
/// less than [`WAITED_MIN`] was on its way.
fn waited(notice: &Notice, caused_at: Option<Timestamp>) -> Duration {
    let issued_at = notice.issued_at.as_ref().and_then(off_the_wire);
    let took = issued_at.zip(caused_at).map(|(issued, caused)| issued.duration_since(caused));
    let took = took.and_then(|took| Duration::try_from(took).ok()).unwrap_or_default();
    let is_urgent = matches!(notice.priority(), Priority::P0 | Priority::P1);
    if is_urgent || took < WAITED_MIN { Duration::ZERO } else { took }
}
