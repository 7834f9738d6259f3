// The passenger's notices: each once, newest first, without those that a later one took the place of or
// that came too late to be of use.

/** The most that are kept. */
const KEPT = 60;

/** Returns the notices with more of them. `isLive` marks those that came while one looked. */
export function taken(notices, news, isLive) {
  const known = new Set(notices.map((notice) => notice.notificationId));
  const fresh = news
    .filter((notice) => !known.has(notice.notificationId) && !notice.leftOut)
    .map((notice) => ({ ...notice, seq: Number(notice.seq), isLive }));
  const gone = new Set([...notices, ...fresh].map((notice) => notice.supersedes).filter(Boolean));
  const all = [...fresh, ...notices].filter((notice) => !gone.has(notice.notificationId));
  return all.sort((a, b) => b.seq - a.seq).slice(0, KEPT);
}

/** Tells whether a notice asks to act now. */
export function isUrgent({ priority }) {
  return priority === "PRIORITY_P0" || priority === "PRIORITY_P1";
}
