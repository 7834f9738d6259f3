// How long a session waits: before it comes back, and before it takes a silent line for a dead one.

const FIRST_MS = 400;
const LONGEST_MS = 30_000;
/** What a line may be silent for while nothing is agreed. */
const UNAGREED_MS = 15_000;

/** Returns the pause after so many breaks in a row: it doubles, and any part of it may be taken. */
export function backoff(breaks, random = Math.random) {
  const longest = Math.min(FIRST_MS * 2 ** Math.min(breaks, 16), LONGEST_MS);
  return Math.round(longest * (0.25 + 0.75 * random()));
}

/** Returns how long a line may be silent when a ping was promised this often. */
export function silentAfter(pingsMs) {
  return pingsMs ? 2 * pingsMs + 5_000 : UNAGREED_MS;
}
