// The bags: how far each has come on a track, what happened to it, and what comes next.

import { words } from "../model/words.js";
import { clock } from "../model/times.js";
import { make, draw, part, put } from "./dom.js";

/** The stops of a bag that leaves, and of one that arrives; a stop may stand for several kinds of step. */
const LEAVING = [["ANNOUNCED"], ["ACCEPTED"], ["IN_HALL"], ["ON_WAY_TO_AIRCRAFT"], ["ON_BOARD"], ["DEPARTED"]];
const ARRIVING = [["DEPARTED", "ON_BOARD"], ["UNLOADED"], ["IN_ARRIVALS"], ["ON_BELT"], ["COLLECTED"]];
/** Kinds of step that nobody hopes for. */
const WRONG = ["LEFT_BEHIND", "TAKEN_OFF", "ON_HAND"];

/** Shows the bags that are followed. */
export function showBags(store) {
  const kept = { places: new Map(), opened: new Set() };
  store.show(["locale", "bags", "venue", "token", "isFollowedKnown"], (known) => {
    const { locale, bags, venue, token, isFollowedKnown } = known;
    const t = words(locale);
    const element = part("bags");
    element.hidden = !token;
    const none = isFollowedKnown && make("p", { class: "empty" }, t.noBags);
    const shown = bags.map((bag, at) => one(bag, at === 0, t, venue?.timeZone, kept));
    const zone = bags.length > 0 && venue?.timeZone && make("p", { class: "fine" }, t.times(venue.timeZone));
    put(element, make("h2", {}, t.bags), shown.length ? shown : none, zone);
  });
}

/** Shows a bag. The first is shown whole, of others the steps when one asks. */
function one(bag, isFirst, t, zone, kept) {
  const steps = bag.steps ?? [];
  const kinds = steps.map(kind);
  // An airline may announce late what was seen before; that moves no bag.
  const last = steps.findLast((step) => step.certainty !== "CERTAINTY_ANNOUNCED") ?? steps.at(-1);
  const isWrong = Boolean(last) && WRONG.includes(kind(last));
  const rows = steps.map((step) => row(step, step === last, zone)).reverse();
  const timeline = make("ol", { class: "timeline", reversed: true }, bag.next && next(bag.next, t, zone), rows);
  return make(
    "article",
    { class: `bag${isWrong ? " wrong" : ""}`, "data-plate": bag.plate },
    make("h3", {}, `${t.bag} `, make("span", { class: "plate" }, spaced(bag.plates?.at(-1) ?? bag.plate))),
    track(bag.plate, kinds, isWrong, kept.places),
    bag.advice && make("p", { class: "advice" }, bag.advice),
    isFirst ? timeline : folded(timeline, last?.text ?? "", bag.plate, kept.opened),
  );
}

function folded(timeline, text, plate, opened) {
  const toggled = ({ target }) => (target.open ? opened.add(plate) : opened.delete(plate));
  const summary = make("summary", { "data-key": plate }, text);
  return make("details", { open: opened.has(plate), ontoggle: toggled }, summary, timeline);
}

function kind(step) {
  return (step.kind ?? "").replace("BAG_STEP_KIND_", "");
}

function spaced(plate) {
  return `${plate.slice(0, 1)} ${plate.slice(1, 4)} ${plate.slice(4)}`;
}

/** Draws the track with the bag where it is; it glides there from where it was shown last. */
function track(plate, kinds, isWrong, places) {
  const arrived = ARRIVING.slice(1).flat();
  const stops = kinds.some((kind) => arrived.includes(kind)) ? ARRIVING : LEAVING;
  const reached = Math.max(0, stops.findLastIndex((names) => names.some((name) => kinds.includes(name))));
  const share = (100 * reached) / (stops.length - 1);
  const bag = make("span", { class: "track-bag" }, suitcase());
  const done = make("span", { class: "track-done" });
  const put = (share) => {
    bag.style.left = `${share}%`;
    done.style.width = `${share}%`;
  };
  put(places.get(plate) ?? share);
  if (places.get(plate) !== share) requestAnimationFrame(() => requestAnimationFrame(() => put(share)));
  places.set(plate, share);
  const dots = stops.map((_, at) => {
    const dot = make("span", { class: at <= reached ? "stop past" : "stop" });
    dot.style.left = `${(100 * at) / (stops.length - 1)}%`;
    return dot;
  });
  return make("div", { class: `track${isWrong ? " wrong" : ""}`, "aria-hidden": "true" }, done, dots, bag);
}

function suitcase() {
  const body = "M4 8.5h16v11H4zM9 8V5h6v3M8 8.6v10.8M16 8.6v10.8";
  return draw("svg", { viewBox: "0 0 24 24", width: 18, height: 18 }, draw("path", { d: body }));
}

function row(step, isLast, zone) {
  const isWrong = WRONG.includes(kind(step));
  const sure = step.certainty === "CERTAINTY_READ" ? "" : step.certaintyText;
  return make(
    "li",
    { class: `${isLast ? "last" : "past"}${isWrong ? " wrong" : ""}`, "data-kind": kind(step) },
    make("time", {}, clock(step.at, zone)),
    make("div", {}, make("span", { class: "what" }, step.text), detail([step.place, sure])),
  );
}

function next(step, t, zone) {
  const by = clock(step.by, zone);
  return make(
    "li",
    { class: "next" },
    make("time", {}),
    make(
      "div",
      {},
      make("span", { class: "what" }, `${t.expected}: ${step.text}`),
      detail([step.place, by && t.by(by)]),
    ),
  );
}

function detail(parts) {
  const said = parts.filter(Boolean);
  return said.length > 0 && make("span", { class: "detail" }, said.join(" · "));
}
