// The way that is asked for, and what the airport answers: live for who has a session, so that a closure or a
// new gate draws it anew; once for everybody else, and again when they come back to the page.

import { call } from "../wire/calls.js";
import { language } from "./words.js";

const FIND = "navigation.v1.NavigationService/FindRoute";

/** Keeps the store's `way` as the answer to its `ask`. */
export class Way {
  #store;
  #session = null;
  #end = () => {};
  #again = () => {};
  #asked = "";

  constructor(store) {
    this.#store = store;
  }

  /** Asks through a session from now on, or without one. */
  through(session) {
    this.#session = session;
    this.#asked = "";
    this.ask();
  }

  /** Asks again what nobody tells by itself, when somebody looks again. */
  look() {
    this.#again();
  }

  /** Asks for what the store says, unless that was asked already. */
  ask() {
    const { ask, venue, locale } = this.#store.known;
    const ends = [ask.from, ask.to].every(Boolean) && venue;
    const request = ends && {
      venue: venue.code,
      from: { place: ask.from.place },
      to: { place: ask.to.place },
      profile: ask.profile,
      language: language(locale),
    };
    const asked = JSON.stringify([request, Boolean(this.#session)]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#end();
    this.#end = () => {};
    this.#again = () => {};
    if (!request) return this.#store.learn({ way: null });
    let isFirst = true;
    const said = (answer) => {
      if (asked !== this.#asked) return;
      const before = this.#store.known.way?.answer;
      if (!isFirst && isSame(before, answer)) return;
      this.#store.learn({ way: { answer, isChanged: !isFirst && !leadsAlike(before, answer), isFirst } });
      isFirst = false;
    };
    const refused = (error) => {
      if (asked === this.#asked) this.#store.learn({ way: { error: error.message } });
    };
    if (this.#session) {
      this.#end = this.#session.watch(FIND, request, said, refused);
    } else {
      this.#again = () => call(FIND, request).then(said, refused);
      this.#again();
    }
  }
}

/** Tells whether two answers say the same. */
function isSame(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Tells whether two answers lead the same way. */
function leadsAlike(a, b) {
  return a?.found === b.found && isSame(a?.lines, b.lines);
}
