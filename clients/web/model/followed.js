// The way that the airport watches for its passenger, when they ask for that: it tells when to leave, and
// when the way takes longer or is closed. One way at a time, for two hours.

import { call } from "../wire/calls.js";

const WAYS = "navigation.v1.WayService";

/** Returns the request that follows what is asked; null where nothing can be followed. */
export function following({ ask, venue, token, way }) {
  if (!token || !venue || !ask.from || !ask.to || !way?.answer?.found) return null;
  const to = ask.to.gateOf ? { gateOf: ask.to.gateOf } : ask.to.beltOf ? { beltOf: ask.to.beltOf } : null;
  const end = to ?? { end: { place: ask.to.place } };
  return { venue: venue.code, from: { place: ask.from.place }, ...end, profile: ask.profile };
}

/** Tells whether the way that is asked for is the one that is followed. */
export function isFollowed(known) {
  return Boolean(known.followed) && JSON.stringify(following(known)) === known.followed.asked;
}

/** Follows the way that is asked for. */
export async function followWay(store) {
  const request = following(store.known);
  if (!request) return;
  const followed = { asked: JSON.stringify(request), problem: "" };
  await call(`${WAYS}/FollowWay`, request, store.known.token).catch(({ message }) => (followed.problem = message));
  store.learn({ followed });
}

/** Follows no way any more. */
export async function leaveWay(store) {
  store.learn({ followed: null });
  await call(`${WAYS}/LeaveWay`, {}, store.known.token).catch(() => {});
}
