//! One walk as a stream: messages in, guidance out; the guide itself is `airside-wayfinding`'s.
//!
//! Policy. Each message is answered before the next is read, so a phone that takes no answers is not read
//! either. The venue is looked at between messages, and what changes the way is told unasked. A message of no
//! use is answered with its problem; only what makes guiding impossible ends the stream: no goal, a goal that
//! is no place, silence, haste, or no room. What a walk remembers is bounded by the cells of its venue and
//! counted against the room that all walks share. Nothing of a walk outlives its stream.

use std::{num::NonZeroU32, pin::Pin, sync::Arc, time::Duration};

use airside_api::navigation::v1::{self, GuideRequest, GuideResponse, guide_request::What};
use airside_runtime::{
    auth::Caller,
    status::{invalid, status},
};
use airside_wayfinding::{
    Language, RouteError,
    position::{
        Datum, Guidance, Guide,
        guide::{Moment, Noticed},
    },
};
use futures::{Stream, TryStreamExt, stream};
use governor::{Quota, RateLimiter};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tonic::Status;

use super::{Positioning, answer, ask, noticed};
use crate::{model::VenueCode, project::Live, radio::desk::Hearing, venues::NavigationError};

/// How long a phone may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How often the venue is looked at between messages.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many messages may come at once, and how many a second in the long run.
const MESSAGES_BURST: NonZeroU32 = NonZeroU32::new(100).expect("it is not 0");
const MESSAGES_PER_S: NonZeroU32 = NonZeroU32::new(10).expect("it is not 0");
/// The answers that wait for a phone to take them.
const ANSWERS_MAX: usize = 4;

/// The answers of a walk.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<GuideResponse, Status>> + Send>>;

/// The messages of a walk.
pub(super) trait Incoming: Stream<Item = Result<GuideRequest, Status>> + Send + Unpin {}

impl<S: Stream<Item = Result<GuideRequest, Status>> + Send + Unpin> Incoming for S {}

/// Guides a walk until it arrives or ends.
pub(super) fn serve(service: Positioning, caller: Caller, incoming: impl Incoming + 'static) -> Answers {
    let (answers, taken) = mpsc::channel(ANSWERS_MAX);
    tokio::spawn(async move {
        let walk = async {
            if let Err(end) = walk(&service, &caller, incoming, &answers).await {
                // Whoever has gone needs no reason.
                let _ = answers.send(Err(end)).await;
            }
        };
        tokio::select! {
            () = walk => {}
            () = answers.closed() => {}
        }
    });
    Box::pin(stream::unfold(taken, |mut taken| async { Some((taken.recv().await?, taken)) }))
}

/// One walk, and the venue that it began in.
struct Walk {
    code: VenueCode,
    live: Arc<Live>,
    hearing: Arc<Hearing>,
    guide: Guide,
    language: Language,
    datum: Datum,
    began: Instant,
    source: v1::PositionSource,
    _room: OwnedSemaphorePermit,
}

async fn walk(
    service: &Positioning,
    caller: &Caller,
    mut incoming: impl Incoming,
    answers: &mpsc::Sender<Result<GuideResponse, Status>>,
) -> Result<(), Status> {
    let Some(first) = next(&mut incoming).await? else { return Ok(()) };
    let Some(What::Goal(goal)) = first.what else {
        return Err(invalid("goal", "say first where it shall lead"));
    };
    let mut walk = begin(service, &goal, caller).await?;
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let pace = RateLimiter::direct(Quota::per_second(MESSAGES_PER_S).allow_burst(MESSAGES_BURST));
    let mut silent_since = walk.began;
    loop {
        let said = tokio::select! {
            said = incoming.try_next() => said?,
            _ = look.tick() => {
                if silent_since.elapsed() > SILENCE_MAX {
                    return Err(silent());
                }
                if let Some(told) = walk.look(service).await? {
                    send(answers, told).await?;
                }
                continue;
            }
        };
        let Some(said) = said else { return Ok(()) };
        silent_since = Instant::now();
        pace.check().map_err(|_| hasty())?;
        let told = walk.take(service, said).await?;
        let has_arrived = told.has_arrived;
        send(answers, told).await?;
        if has_arrived {
            return Ok(());
        }
    }
}

/// Waits for the goal.
async fn next(incoming: &mut impl Incoming) -> Result<Option<GuideRequest>, Status> {
    timeout(SILENCE_MAX, incoming.try_next()).await.unwrap_or_else(|_| Err(silent()))
}

/// Hands an answer over; a phone that does not take it is silent too.
async fn send(
    answers: &mpsc::Sender<Result<GuideResponse, Status>>,
    told: GuideResponse,
) -> Result<(), Status> {
    let sent = timeout(SILENCE_MAX, answers.send(Ok(told))).await;
    sent.map_or_else(|_| Err(silent()), |sent| sent.map_err(|_| Status::cancelled("the phone has gone")))
}

fn silent() -> Status {
    Status::deadline_exceeded("the walk was silent for 60 s: open another stream to go on")
}

fn hasty() -> Status {
    Status::resource_exhausted("more than 10 messages a second came: send a scan a second, or less")
}

async fn begin(service: &Positioning, goal: &v1::GuideGoal, caller: &Caller) -> Result<Walk, Status> {
    let asked = ask::goal(goal, caller)?;
    let datum = ask::datum("goal.datum", goal.datum)?;
    let language = asked.language;
    let (code, live) = service.venues.venue(&goal.venue).map_err(|error| status(&error))?;
    let hearing = service.radio.hearing(&code, &live).await.map_err(|error| status(&error))?;
    let kib = u32::try_from(Guide::bytes(&hearing.track).div_ceil(1 << 10)).unwrap_or(u32::MAX);
    let room = Arc::clone(&service.room).try_acquire_many_owned(kib).map_err(|_| {
        Status::resource_exhausted("as many walks are guided as there is room for: try again in a minute")
    })?;
    let guide = Guide::new(Arc::clone(&hearing.track), asked);
    let walk = Walk {
        code,
        live,
        hearing,
        guide,
        language,
        datum,
        began: Instant::now(),
        source: v1::PositionSource::Unspecified,
        _room: room,
    };
    walk.guide.check(&walk.live.snapshot, &walk.live.overlay).map_err(refused)?;
    Ok(walk)
}

fn refused(error: RouteError) -> Status {
    status(&NavigationError::from(error))
}

impl Walk {
    /// Looks at the venue, and returns what its change means for the way.
    async fn look(&mut self, service: &Positioning) -> Result<Option<GuideResponse>, Status> {
        let (_, live) = service.venues.venue(self.code.as_str()).map_err(|error| status(&error))?;
        if Arc::ptr_eq(&live, &self.live) {
            return Ok(None);
        }
        if !Arc::ptr_eq(&live.snapshot, &self.live.snapshot) {
            self.hearing = service.radio.hearing(&self.code, &live).await.map_err(|error| status(&error))?;
            self.guide.moved_to(Arc::clone(&self.hearing.track));
        }
        self.live = live;
        let Self { live, guide, .. } = self;
        let now = Some(live.moment(service.venues.now()));
        let told = service.venues.searching(|searcher| {
            guide.change(&mut Moment { snapshot: &live.snapshot, overlay: &live.overlay, now, searcher })
        });
        Ok(told.map_err(refused)?.map(|told| self.answer(told)))
    }

    /// Takes a message and answers it.
    async fn take(&mut self, service: &Positioning, said: GuideRequest) -> Result<GuideResponse, Status> {
        // A change of the venue is known before the next step is told.
        let changed = self.look(service).await?;
        let at = match said.at_ms {
            0 => self.began.elapsed(),
            millis => Duration::from_millis(millis),
        };
        let told = match self.noticed(service, said.what).await {
            Ok(noticed) => self.observe(service, at, &noticed)?,
            Err(problem) => {
                GuideResponse { problem: problem.message().to_owned(), ..GuideResponse::default() }
            }
        };
        let new_way = told.new_way.clone().or_else(|| changed.and_then(|changed| changed.new_way));
        Ok(GuideResponse { new_way, ..told })
    }

    async fn noticed(&mut self, service: &Positioning, what: Option<What>) -> Result<Noticed, Status> {
        let source = match &what {
            Some(What::Scan(_)) => v1::PositionSource::Radio,
            Some(What::Satellite(_)) => v1::PositionSource::Satellite,
            Some(What::Position(_)) => v1::PositionSource::Told,
            _ => self.source,
        };
        let said = ask::said(what)?;
        // Another radio map may be in use since.
        let hearing = service.radio.hearing(&self.code, &self.live).await.map_err(|error| status(&error))?;
        self.hearing = hearing;
        let noticed = noticed(service, &self.hearing, &self.live, &said)?;
        self.source = source;
        Ok(noticed)
    }

    fn observe(
        &mut self,
        service: &Positioning,
        at: Duration,
        noticed: &Noticed,
    ) -> Result<GuideResponse, Status> {
        let Self { live, guide, .. } = self;
        let now = Some(live.moment(service.venues.now()));
        let told = service.venues.searching(|searcher| {
            let mut moment = Moment { snapshot: &live.snapshot, overlay: &live.overlay, now, searcher };
            guide.observe(&mut moment, at, noticed)
        });
        let told = told.map_err(refused)?;
        let unknown = || GuideResponse {
            problem: "nothing says yet where the walk is; send a scan or a position".to_owned(),
            ..GuideResponse::default()
        };
        Ok(told.map_or_else(unknown, |told| self.answer(told)))
    }

    fn answer(&self, told: Guidance) -> GuideResponse {
        answer::guidance(&self.live, told, self.language, self.datum, self.source)
    }
}
