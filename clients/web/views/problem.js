// What stands in the way, and what to do about it.

import { words } from "../model/words.js";
import { make, part, put } from "./dom.js";

const COMMAND = "airside token --role passenger --person UUID";

/** Shows the problem, if there is one; `again` is called when the passenger wants to try again. */
export function showProblem(store, again) {
  store.show(["locale", "problem"], ({ locale, problem }) => {
    const t = words(locale);
    put(part("problem"), problem && describe(problem, t, again));
  });
}

function describe(problem, t, again) {
  const retry = make("button", { type: "button", class: "quiet", onclick: again }, t.again);
  switch (problem.kind) {
    case "unreachable":
      return box("warn", null, t.unreachable);
    case "expiring":
      return box("warn", null, t.expiring(problem.minutes));
    case "crowded":
      return box("warn", t.endedTitle, t.tooManySessions, retry);
    case "ended":
      return box("warn", t.endedTitle, problem.reason, retry);
    case "refused":
      return box("warn", t.refusedTitle, problem.reason, howToGet(t));
    default:
      return box("info", t.signInTitle, t.signIn, howToGet(t));
  }
}

function box(kind, title, text, ...more) {
  return make("div", { class: `box ${kind}` }, title && make("h2", {}, title), make("p", {}, text), ...more);
}

function howToGet(t) {
  return make("p", { class: "how" }, t.getPass, " ", make("code", {}, COMMAND));
}
