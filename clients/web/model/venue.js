// The venue that the page is about: its levels and plans, and where a way begins before one says. Of several
// venues it is the one that the address names, as in `/?venue=lingnan`, else the first; the page offers the others.

import { call } from "../wire/calls.js";
import { Plans } from "./plan.js";
import { language } from "./words.js";

const NAVIGATION = "navigation.v1.NavigationService";
/** A way begins at the first of these that the map has. */
const STARTS = ["metro", "railway", "entrance", "check-in"];
const TRY_AGAIN_MS = 3_000;

export class Venue {
  #store;
  #plans = null;
  #edition = "";

  constructor(store) {
    this.#store = store;
    store.show(["venue"], ({ venue, level }) => {
      // Another map was published: what is kept of the one before is of no use.
      if (venue && this.#renew(venue)) this.choose(level);
    });
  }

  #renew({ code, mapVersion = 0 }) {
    const edition = `${code} ${mapVersion}`;
    if (edition === this.#edition) return false;
    this.#edition = edition;
    this.#plans = new Plans(code);
    return true;
  }

  /** Reads the venue, again and again until the airport answers. */
  async read() {
    while (!this.#store.known.venue) {
      const { venues = [] } = await call(`${NAVIGATION}/ListVenues`, {}).catch(() => ({}));
      if (venues.length) {
        const named = new URLSearchParams(location.search).get("venue");
        const venue = venues.find(({ code }) => code === named) ?? venues[0];
        this.#renew(venue);
        const problem = this.#store.known.problem?.kind === "unreachable" ? null : this.#store.known.problem;
        this.#store.learn({ venue, venues, closures: venue.closures ?? [], problem });
      } else {
        this.#store.learn({ problem: { kind: "unreachable" } });
        await new Promise((done) => setTimeout(done, TRY_AGAIN_MS));
      }
    }
    // Departures are on the highest level.
    const ordinals = this.#store.known.venue.levels.map((level) => level.ordinal ?? 0);
    await this.choose(Math.max(...ordinals));
  }

  /** Goes to another venue: the page begins anew there, and the tab keeps its token. */
  goTo(code) {
    location.search = new URLSearchParams({ venue: code });
  }

  /** Shows a level. */
  async choose(ordinal) {
    this.#store.learn({ level: ordinal, picked: null });
    const plan = await this.#plans.level(ordinal).catch(() => null);
    if (plan && this.#store.known.level === ordinal) this.#store.learn({ plan });
  }

  /** Returns what a place is called in the language of now; it is found by what it was called before. */
  async nameOf({ place, label }) {
    const { venue, locale } = this.#store.known;
    const request = { venue: venue.code, query: label, language: language(locale), pageSize: 50 };
    const { places = [] } = await call(`${NAVIGATION}/SearchPlaces`, request).catch(() => ({}));
    return places.find(({ id }) => id === place)?.name ?? label;
  }

  /** Returns the place where a way begins before one says; null when the map has none that we know. */
  async start() {
    const { venue, locale } = this.#store.known;
    for (const query of STARTS) {
      const request = { venue: venue.code, query, language: language(locale), pageSize: 1 };
      const { places = [] } = await call(`${NAVIGATION}/SearchPlaces`, request).catch(() => ({}));
      if (places.length) return { place: places[0].id, label: places[0].name };
    }
    return null;
  }
}
