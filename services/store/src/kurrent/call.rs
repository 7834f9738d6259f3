//! Calls that are asked again until they are answered, or the time is up.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::{
    cluster::{Cluster, Member, jittered},
    fault::Fault,
};

/// How long one attempt may take: short at first, because after the loss of a
/// leader an attempt hangs until its end, then long enough for a slow disk.
const ATTEMPTS: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(3), Duration::from_secs(6)];

/// How long beyond its own deadline an attempt is waited for.
const GRACE: Duration = Duration::from_millis(200);

/// The pauses between two attempts grow from here.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// For how long a doubtful refusal is asked again: a node that starts refuses everybody for a moment.
pub(crate) const DOUBTED: Duration = Duration::from_secs(2);

/// The attempts of one call.
pub(crate) struct Attempts<'a> {
    cluster: &'a Cluster,
    until: Instant,
    made: usize,
    /// Until when a doubtful refusal is not believed; set by the first.
    doubted_until: Option<Instant>,
    reason: Option<String>,
}

impl<'a> Attempts<'a> {
    /// Begins; the deadline of the address bounds them all.
    pub(crate) fn new(cluster: &'a Cluster) -> Self {
        let until = Instant::now() + cluster.address().deadline;
        Self { cluster, until, made: 0, doubted_until: None, reason: None }
    }

    /// Makes one attempt on the member that is chosen now. `None` asks the caller to try again.
    ///
    /// # Errors
    /// When it was refused for good, or the time is up.
    pub(crate) async fn make<T, E, F>(
        &mut self,
        call: impl FnOnce(Member, Duration) -> F,
    ) -> Result<Option<T>, Fault>
    where
        E: Into<Fault>,
        F: Future<Output = Result<T, E>>,
    {
        if self.made > 0 {
            let pause = jittered((PAUSE * (1 << self.made.min(10))).min(PAUSE_MAX));
            if Instant::now() + pause >= self.until {
                return Err(self.out_of_time());
            }
            sleep(pause).await;
        }
        let member = match self.cluster.member(self.until).await {
            Ok(member) => member,
            Err(fault @ Fault::Untrusted(_)) => return Err(fault),
            Err(fault) => {
                self.reason = Some(fault.reason());
                return Err(self.out_of_time());
            }
        };
        let usual = ATTEMPTS[self.made.min(ATTEMPTS.len() - 1)];
        let within = usual.min(self.until.saturating_duration_since(Instant::now()));
        self.made += 1;
        let fault = match timeout(within + GRACE, call(member.clone(), within)).await {
            Ok(Ok(answer)) => return Ok(Some(answer)),
            Ok(Err(error)) => error.into(),
            Err(_) => Fault::Broken("no answer in time".to_owned()),
        };
        match fault {
            Fault::Refused(_) | Fault::TooLarge(_) => return Err(fault),
            Fault::Doubtful(_) | Fault::Untrusted(_) => {
                let now = Instant::now();
                if *self.doubted_until.get_or_insert(now + DOUBTED) <= now {
                    return Err(fault);
                }
                if matches!(fault, Fault::Untrusted(_)) {
                    self.cluster.lost(&member, &fault).await;
                }
            }
            // Only a read that goes on can be dropped; the member serves everybody else.
            Fault::Dropped(_) => {}
            Fault::Broken(_) | Fault::NotLeader(_) => self.cluster.lost(&member, &fault).await,
        }
        // An attempt that the deadline of all cut short tells less than the one before it.
        if within == usual || self.reason.is_none() {
            self.reason = Some(format!("{}: {}", member.endpoint, fault.reason()));
        }
        Ok(None)
    }

    fn out_of_time(&mut self) -> Fault {
        let reason = self.reason.take().unwrap_or_else(|| "no answer".to_owned());
        Fault::Broken(format!(
            "{reason} (asked {} times within {:?})",
            self.made,
            self.cluster.address().deadline
        ))
    }
}
