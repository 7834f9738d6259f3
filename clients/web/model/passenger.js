// The passenger's own: what was told before is read once, then everything comes live through one session.

import { call } from "../wire/calls.js";
import { Session } from "../wire/session.js";
import { forgetToken, personOf } from "../wire/token.js";
import { taken } from "./inbox.js";
import { follow } from "./trip.js";

const LIST = "notifications.v1.NotificationService/ListNotifications";
const VENUE = "navigation.v1.NavigationService/GetVenue";
/** So many notices of before are read. */
const BEFORE = 30;
const TRY_AGAIN_MS = 3_000;
/** The passenger is told this long before the token ends. */
const EXPIRES_SOON_MS = 10 * 60_000;
/** The longest time that a browser's timer can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** Codes of calls that may work in a moment, and of those that another token is needed for. */
const PASSING = ["unavailable", "deadline_exceeded", "resource_exhausted", "aborted", "internal", "unknown"];
const OF_TOKEN = ["unauthenticated", "permission_denied"];
const NOTHING = { followed: null, flights: [], bags: [], notices: [], isFollowedKnown: false };
/** Close codes of the session that the passenger can do something about. */
const TOKEN_REFUSED = 3500;
const CROWDED = 3504;

export class Passenger {
  #store;
  #way;
  #session = null;
  #unfollow = () => {};
  #expiring = 0;
  #tries = 0;

  constructor(store, way) {
    this.#store = store;
    this.#way = way;
  }

  /** Begins, or begins again; without a token there is nothing but the way. */
  async begin() {
    this.#end();
    const { token, locale, venue, problem } = this.#store.known;
    if (!token) {
      this.#store.learn({ line: "none", problem: problem ?? { kind: "stranger" } });
      return this.#way.through(null);
    }
    this.#store.learn({ line: "connecting" });
    const attempt = (this.#tries += 1);
    const listed = await call(LIST, { locale, pageSize: BEFORE }, token).catch((refusal) => ({ refusal }));
    if (attempt !== this.#tries) return;
    if (listed.refusal) return this.#refused(listed.refusal);
    this.#store.learn({ notices: taken([], listed.notices ?? [], false), problem: null });
    const resume = listed.epoch ? { epoch: listed.epoch, seq: Number(listed.lastSeq ?? 0) } : null;
    const session = new Session({ token, locale, resume }, this.#listener());
    this.#session = session;
    this.#unfollow = follow(session, this.#store, locale);
    session.watch(VENUE, { venue: venue.code }, ({ venue }) => {
      this.#store.learn({ venue, closures: venue.closures ?? [] });
    });
    session.open();
    this.#way.through(session);
  }

  /** Takes a newer token: of the same person it goes into the open session, anybody else's begins anew. */
  take(token) {
    const before = this.#store.known.token;
    if (!token || token === before) return;
    const person = personOf(token);
    this.#store.learn({ token });
    if (this.#session && person && person === personOf(before)) return this.#session.refresh(token);
    this.#store.learn({ ...NOTHING, problem: null });
    this.begin();
  }

  /** Comes back at once, and says that what there is has been seen. */
  look() {
    this.#session?.hurry();
    this.#acknowledge();
  }

  /** Leaves, such as when the page is closed. */
  leave() {
    this.#session?.leave();
  }

  #listener() {
    return {
      state: (line) => this.#store.learn({ line }),
      notices: (list, isSnapshot) => {
        // A snapshot stands in place of what was known; what is in it is no news.
        const before = isSnapshot ? [] : this.#store.known.notices;
        this.#store.learn({ notices: taken(before, list, !isSnapshot) });
        this.#acknowledge();
      },
      expires: (ms) => this.#expires(ms),
      refused: (error) => error.code === "unauthenticated" && this.#store.learn({ problem: refusal(error) }),
      ended: (code, reason) => {
        if (code === TOKEN_REFUSED) return this.#refused({ code: "unauthenticated", message: reason });
        this.#end();
        this.#way.through(null);
        this.#store.learn({ line: "none", problem: { kind: code === CROWDED ? "crowded" : "ended", reason } });
      },
    };
  }

  #acknowledge() {
    const seq = this.#store.known.notices[0]?.seq ?? 0;
    this.#session?.acknowledge(seq, document.hidden ? "DELIVERED" : "DISPLAYED");
  }

  #expires(ms) {
    clearTimeout(this.#expiring);
    if (this.#store.known.problem?.kind === "expiring") this.#store.learn({ problem: null });
    if (!ms) return;
    const minutes = Math.ceil(Math.min(ms, EXPIRES_SOON_MS) / 60_000);
    const warn = () => this.#store.learn({ problem: { kind: "expiring", minutes } });
    this.#expiring = setTimeout(warn, Math.min(Math.max(ms - EXPIRES_SOON_MS, 0), TIMER_MS_MAX));
  }

  #refused(error) {
    if (OF_TOKEN.includes(error.code)) {
      forgetToken();
      this.#store.learn({ ...NOTHING, token: null, problem: refusal(error) });
      this.begin();
    } else if (PASSING.includes(error.code)) {
      this.#store.learn({ line: "waiting", problem: { kind: "unreachable" } });
      const attempt = this.#tries;
      setTimeout(() => attempt === this.#tries && this.begin(), TRY_AGAIN_MS);
    } else {
      this.#store.learn({ line: "none", problem: { kind: "ended", reason: error.message } });
      this.#way.through(null);
    }
  }

  #end() {
    clearTimeout(this.#expiring);
    this.#session?.leave();
    this.#session = null;
    this.#unfollow();
    this.#unfollow = () => {};
    this.#tries += 1;
  }
}

function refusal({ message }) {
  return { kind: "refused", reason: message };
}
