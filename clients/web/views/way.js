// Asking for a way, and the way in words.

import { words } from "../model/words.js";
import { followWay, following, isFollowed, leaveWay } from "../model/followed.js";
import { destination } from "../model/trip.js";
import { draw, make, part, put } from "./dom.js";
import { searchField } from "./search.js";

const PROFILES = [
  "PROFILE_WALK",
  "PROFILE_WHEELCHAIR",
  "PROFILE_TROLLEY_OR_STROLLER",
  "PROFILE_AVOID_STAIRS",
  "PROFILE_AVOID_ESCALATORS",
];

/** What is drawn beside a step. */
const ARROWS = {
  WALK: "M12 19V5M6.5 10.5L12 5l5.5 5.5",
  TURN_LEFT: "M18 19v-7a3 3 0 0 0-3-3H5M9.5 4.5L5 9l4.5 4.5",
  TURN_RIGHT: "M6 19v-7a3 3 0 0 1 3-3h10M14.5 4.5L19 9l-4.5 4.5",
  BEAR_LEFT: "M15 19v-5L7 6M7 12V6h6",
  BEAR_RIGHT: "M9 19v-5l8-8M11 6h6v6",
  TURN_AROUND: "M8 19V9a4 4 0 0 1 8 0v6M12.5 11.5L16 15l3.5-3.5",
  MOVING_WALKWAY: "M4 17h16M7 13l4-4 4 4M11 9V4",
  LIFT: "M6 4h12v16H6zM9 10l3-3 3 3M9 14l3 3 3-3",
  STAIRS: "M4 19h4v-4h4v-4h4V7h4",
  ESCALATOR: "M4 18h4L16 8h4M8 9V5M6.5 6.5L8 5l1.5 1.5",
  SECURITY: "M12 4l7 2.5V12c0 4-3 6.5-7 8-4-1.5-7-4-7-8V6.5z",
  BORDER: "M6 4h12v16H6zM12 8a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M9 17h6",
  CUSTOMS: "M4 9h16v10H4zM9 9V6h6v3",
  ARRIVE: "M12 21c-1.5-4-6-6-6-10.5a6 6 0 0 1 12 0C18 15 13.500 17 12 21zM12 8.500a2 2 0 1 1 0 4 2 2 0 0 1 0-4",
};

/** Shows the form; `ask({ from, to, profile })` is called with what changed. */
export function showAsk(store, ask) {
  const from = searchField(store, "from", () => [], (place) => ask({ from: place }));
  const to = searchField(store, "to", () => mine(store.known), (place) => ask({ to: place }));
  const turn = () => ask({ from: store.known.ask.to, to: store.known.ask.from });
  const swap = make("button", { type: "button", class: "swap plain", onclick: turn }, "⇅");
  const profile = make("select", { id: "profile", onchange: () => ask({ profile: profile.value }) });
  put(part("ask"), from.element, swap, to.element, profile);
  store.show(["locale", "ask"], ({ locale, ask }) => {
    const t = words(locale);
    from.say(t.from, ask.from?.label ?? "", t.search);
    to.say(t.to, ask.to?.label ?? "", t.search);
    swap.setAttribute("aria-label", t.swap);
    profile.setAttribute("aria-label", t.profile);
    put(profile, PROFILES.map((value) => make("option", { value }, t.profiles[value])));
    profile.value = ask.profile;
  });
}

/** Returns the goals that the passenger's flights give, with words for them. */
export function mine({ flights, locale }) {
  const t = words(locale);
  return flights.flatMap((flight) => {
    const to = destination(flight);
    if (!to) return [];
    const goal =
      to.kind === "gate"
        ? { place: to.sign, label: t.myGate(to.sign), gateOf: flight.flight }
        : { place: `Belt ${to.sign}`, label: t.myBelt(to.sign), beltOf: flight.flight };
    return [{ ...goal, category: "", isMine: true }];
  });
}

/** Shows the way in words; `look(step)` is called when one is chosen. */
export function showSteps(store, look) {
  const element = part("steps");
  const said = make("p", { class: "said", role: "status", "aria-live": "polite" });
  const body = make("div", {});
  const offer = make("div", { class: "offer", "aria-live": "polite" });
  put(element, said, body);
  store.show(["way", "ask", "locale", "followed", "token", "venue"], (known) => put(offer, told(known, store)));
  store.show(["way", "ask", "locale"], ({ way, ask, locale }) => {
    const t = words(locale);
    said.textContent = way?.isChanged ? (way.answer.found ? t.wayChanged : t.wayIsClosed) : "";
    element.classList.toggle("changed", Boolean(way?.isChanged));
    element.hidden = !way || !ask.from || !ask.to;
    put(body, describe(way, t, look, offer));
  });
}

/** Offers to tell when to leave, and says what is told. */
function told(known, store) {
  if (!following(known)) return [];
  const t = words(known.locale);
  const button = (text, act) =>
    make("button", { type: "button", class: "quiet", "data-key": "told", onclick: () => act(store) }, text);
  if (!isFollowed(known)) return button(t.tellMe, followWay);
  return [make("p", {}, known.followed.problem || t.told), button(t.tellNoMore, leaveWay)];
}

function describe(way, t, look, offer) {
  if (!way) return null;
  if (way.error) return make("p", { class: "box warn" }, way.error);
  const { answer } = way;
  const part = answer.found ? answer : (answer.asFarAs?.way ?? {});
  return [
    answer.found ? total(answer, t) : make("p", { class: "box warn" }, answer.reasonText),
    !answer.found && answer.asFarAs?.text && make("p", {}, answer.asFarAs.text),
    answer.note && make("p", { class: "note" }, answer.note),
    offer,
    make("ol", { class: "walk", "aria-label": t.steps }, (part.steps ?? []).map((step) => row(step, part, t, look))),
  ];
}

function total({ seconds = 0, lengthM = 0 }, t) {
  const minutes = make("strong", { "data-seconds": seconds }, t.minutes(Math.max(1, Math.round(seconds / 60))));
  return make("p", { class: "total" }, minutes, ` ${t.metres(rounded(lengthM))}`);
}

function rounded(metres) {
  return metres < 100 ? Math.round(metres / 5) * 5 : Math.round(metres / 10) * 10;
}

function row(step, way, t, look) {
  const action = (step.action ?? "").replace("STEP_ACTION_", "");
  const arrow = draw("svg", { viewBox: "0 0 24 24", width: 24, height: 24, "aria-hidden": "true" });
  arrow.append(draw("path", { d: ARROWS[action] ?? ARROWS.WALK }));
  const minutes = Math.round((step.seconds ?? 0) / 60);
  const button = make(
    "button",
    { type: "button", class: "step", onclick: () => look(step, way) },
    arrow,
    make("span", { class: "what" }, step.text),
    minutes > 0 && make("span", { class: "where" }, t.minutes(minutes)),
  );
  return make("li", { "data-action": action }, button);
}
