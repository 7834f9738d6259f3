// The passenger's token. It comes in the fragment of the address, `#token=...`, which a browser sends to
// nobody; it is taken out of the address at once and kept for this tab alone.

const KEPT = "airside.token";

/** Returns the token that was given now, else the one that this tab keeps, else null. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    history.replaceState(null, "", location.pathname + location.search);
    sessionStorage.setItem(KEPT, given.trim());
  }
  return sessionStorage.getItem(KEPT) || null;
}

/** Forgets it, as when it was refused. */
export function forgetToken() {
  sessionStorage.removeItem(KEPT);
}

/** Returns whose token it is, as it says itself; null when it says nothing that can be read. */
export function personOf(token) {
  try {
    const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).sub ?? null;
  } catch {
    return null;
  }
}
