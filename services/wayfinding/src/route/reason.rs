//! Why there is no way, asked from the most specific reason to the least.

use std::collections::BTreeSet;

use super::resolve::Spot;
use super::{Walk, pieces};
use crate::graph::Zone;
use crate::graph::crossings::Check;
use crate::hours::Moment;
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{Profile, Rights, Who};
use crate::search::{End, Found, Now, Searcher};
use crate::snapshot::Snapshot;

/// Why there is no way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// These closed features are in the way; with them open there is one.
    Closed(Vec<FeatureId>),
    /// On foot there is a way, for this profile there is none.
    NoAccessibleWay,
    /// The map joins the two ends by nothing.
    Disconnected,
    /// The only ways cross where this passenger may not.
    ZoneForbidden(Barrier),
    /// What is in the way is closed by its hours for too long to wait for.
    NotOpen {
        /// The features on the way that are not open.
        features: Vec<FeatureId>,
        /// When one could pass; `None` where it never opens.
        until: Option<Moment>,
    },
}

/// What somebody may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Barrier {
    /// What kind of barrier.
    pub kind: BarrierKind,
    /// The checkpoint, opening or unit, where it has an id.
    pub feature: Option<FeatureId>,
}

/// The kinds of barriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarrierKind {
    /// Security, which takes a boarding pass.
    Security,
    /// Border control, inwards.
    Border,
    /// Customs, inwards.
    Customs,
    /// A boundary that may not be crossed in this direction.
    OneWay {
        /// The zone one would come from.
        from: Option<Zone>,
        /// The zone one would come into.
        to: Option<Zone>,
    },
    /// What is for staff alone.
    Staff,
}

impl BarrierKind {
    /// Returns the name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Border => "border",
            Self::Customs => "customs",
            Self::OneWay { .. } => "one_way",
            Self::Staff => "staff",
        }
    }
}

/// Finds the reason why nothing was found at this moment.
pub(crate) fn reason(walk: &Walk<'_>, searcher: &mut Searcher, from: &[Spot], to: &[Spot]) -> Reason {
    let now = &walk.footing();
    let Now { snapshot, overlay, who, .. } = *now;
    let at_all = Now { depart: None, ..*now };
    if let Some(found) = find(&at_all, searcher, from, to) {
        return not_open(now, searcher, &found, from, to);
    }
    let open = Overlay::open();
    let at_rest = Now { overlay: &open, ..at_all };
    if let Some(found) = find(&at_rest, searcher, from, to) {
        return Reason::Closed(in_the_way(snapshot, overlay, &found, from, to));
    }
    let mut with = |who: Who| find(&Now { who, ..at_rest }, searcher, from, to);
    if with(Who { profile: Profile::Walk, ..who }).is_some() {
        return Reason::NoAccessibleWay;
    }
    match with_more_rights(who).find_map(with) {
        Some(found) => Reason::ZoneForbidden(barrier(snapshot, who.rights, &found, from, to)),
        None => Reason::Disconnected,
    }
}

/// Returns the same with ever more rights, each as one moves and then on foot: in the order in which a way is
/// sought that others have.
pub(super) fn with_more_rights(who: Who) -> impl Iterator<Item = Who> {
    let more = Rights::ALL.into_iter().filter(move |rights| *rights > who.rights);
    more.flat_map(move |rights| [who.profile, Profile::Walk].map(|profile| Who { profile, rights, ..who }))
}

fn find(now: &Now<'_>, searcher: &mut Searcher, from: &[Spot], to: &[Spot]) -> Option<Found> {
    let Now { snapshot, overlay, who, .. } = *now;
    let starts: Vec<End> = from.iter().flat_map(|spot| spot.starts(snapshot, overlay, who)).collect();
    let goals: Vec<End> = to.iter().flat_map(|spot| spot.goals(snapshot, overlay, who)).collect();
    searcher.find(now, &starts, &goals)
}

/// Tells what is shut by its hours: on the way with the shortest wait, or for ever on the way that there would be.
fn not_open(now: &Now<'_>, searcher: &mut Searcher, at_all: &Found, from: &[Spot], to: &[Spot]) -> Reason {
    let snapshot = now.snapshot;
    let id = |edge: &u32| {
        let [tail, head] = [snapshot.tail[*edge as usize], snapshot.head[*edge as usize]];
        let mut ids = snapshot.edge(*edge).features.iter().chain(&snapshot.node(tail).features);
        ids.next().or_else(|| snapshot.node(head).features.first()).cloned()
    };
    let named = |edges: &[u32]| {
        let ids: BTreeSet<_> = edges.iter().filter_map(id).collect();
        ids.into_iter().collect()
    };
    if let Some(found) = find(now, searcher, from, to) {
        let (shut, until) = pieces::shut(now, &found);
        return Reason::NotOpen { features: named(&shut), until };
    }
    let never: Vec<_> = at_all.edges.iter().copied().filter(|edge| now.wait_ms(*edge, 0).is_none()).collect();
    Reason::NotOpen { features: named(&never), until: None }
}

/// Returns the edges of a way, those that the ends were snapped to included, in order.
fn edges<'a>(found: &'a Found, from: &'a [Spot], to: &'a [Spot]) -> impl Iterator<Item = u32> {
    let snapped = |spot: &Spot| match spot {
        Spot::OnWay { snapped, .. } => Some(snapped.edge),
        Spot::Nodes { .. } => None,
    };
    let [from, to] = [from, to].map(|spots| spots.iter().filter_map(snapped));
    from.chain(found.edges.iter().copied()).chain(to)
}

/// Returns the closed features on the way that there would be.
fn in_the_way(
    snapshot: &Snapshot,
    overlay: &Overlay,
    found: &Found,
    from: &[Spot],
    to: &[Spot],
) -> Vec<FeatureId> {
    let edges: BTreeSet<u32> = edges(found, from, to).collect();
    let is_goal = |wanted: &FeatureId| {
        to.iter().any(|spot| matches!(spot, Spot::Nodes { feature, .. } if feature == wanted))
    };
    let closes = |feature: &&FeatureId| {
        let closed = snapshot.closes.get(*feature);
        let on_way = closed.is_some_and(|closed| closed.iter().any(|edge| edges.contains(edge)));
        on_way || is_goal(feature)
    };
    overlay.closed().iter().filter(closes).cloned().collect()
}

/// Returns what one may not pass on the way that others could take.
fn barrier(snapshot: &Snapshot, rights: Rights, found: &Found, from: &[Spot], to: &[Spot]) -> Barrier {
    let Some(edge) = edges(found, from, to).find(|edge| snapshot.edge(*edge).needs > rights) else {
        return Barrier { kind: BarrierKind::Staff, feature: None };
    };
    let way = snapshot.edge(edge);
    let ends = [snapshot.tail[edge as usize], snapshot.head[edge as usize]];
    let unit = way.room.and_then(|room| snapshot.graph().unit_id(room));
    let own = way.features.first().or(unit).or_else(|| snapshot.node(ends[0]).features.first());
    let [from, to] = ends.map(|node| snapshot.zone_of(node));
    let back = snapshot.twin(edge).is_some_and(|back| snapshot.edge(back).needs < Rights::Staff);
    let kind = match way.kind.check() {
        Some(Check::Security) if way.needs < Rights::Staff => BarrierKind::Security,
        Some(Check::Border) if way.needs < Rights::Staff => BarrierKind::Border,
        Some(Check::Customs) if way.needs < Rights::Staff => BarrierKind::Customs,
        _ if way.room.is_none() && (back || from != to) => BarrierKind::OneWay { from, to },
        _ => BarrierKind::Staff,
    };
    Barrier { kind, feature: own.cloned() }
}
