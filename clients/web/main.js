// The page: what it knows (model), what it shows (views), and whom it asks (wire), put together.

import { takeToken } from "./wire/token.js";
import { Passenger } from "./model/passenger.js";
import { project } from "./model/plan.js";
import { Store } from "./model/store.js";
import { Venue } from "./model/venue.js";
import { Way } from "./model/way.js";
import { chooseLocale, chosenLocale } from "./model/words.js";
import { showBags } from "./views/bags.js";
import { showControls } from "./views/controls.js";
import { showFlight } from "./views/flight.js";
import { showHead } from "./views/head.js";
import { MapView } from "./views/map.js";
import { showNotices } from "./views/notices.js";
import { showProblem } from "./views/problem.js";
import { showToast } from "./views/toast.js";
import { mine, showAsk, showSteps } from "./views/way.js";

const store = new Store({
  locale: chosenLocale(),
  token: takeToken(),
  line: "none",
  problem: null,
  venue: null,
  venues: [],
  closures: [],
  level: null,
  plan: null,
  flights: [],
  bags: [],
  isFollowedKnown: false,
  notices: [],
  ask: { from: null, to: null, profile: "PROFILE_WALK" },
  way: null,
  followed: null,
  picked: null,
});
const venue = new Venue(store);
const way = new Way(store);
const passenger = new Passenger(store, way);

function ask(changes) {
  store.learn({ ask: { ...store.known.ask, ...changes }, picked: null });
}

async function switchLanguage() {
  const locale = store.known.locale === "en" ? "zh-CN" : "en";
  chooseLocale(locale);
  store.learn({ locale });
  passenger.begin();
  for (const end of ["from", "to"]) {
    const place = store.known.ask[end];
    if (!place || place.isMine) continue;
    const label = await venue.nameOf(place);
    if (store.known.ask[end] === place) ask({ [end]: { ...place, label } });
  }
}

/** Looks at where a step is. */
async function look(step, { lines = [] }) {
  const { firstLine = 0, firstPoint = 0, lastLine = 0, lastPoint = 0 } = step.span ?? {};
  const line = lines[firstLine];
  if (!line) return;
  await venue.choose(line.ordinal ?? 0);
  const last = lastLine === firstLine ? lastPoint : line.points.length - 1;
  const points = line.points.slice(firstPoint, last + 1);
  map.focus(points.map((at) => project(store.known.plan.frame, [at.longitude, at.latitude])));
}

showHead(store, switchLanguage, (code) => venue.goTo(code));
showProblem(store, () => passenger.begin());
showFlight(store);
showNotices(store);
showToast(store, document.getElementById("notices"));
showBags(store);
showAsk(store, ask);
const map = new MapView(store, (ordinal) => venue.choose(ordinal), (picked) => store.learn({ picked }));
showControls(store, map, (ordinal) => venue.choose(ordinal), ask);
showSteps(store, look);

// The goal goes with the flight: a new gate is a new way.
store.show(["flights", "locale"], (known) => {
  const { to } = known.ask;
  const goal = mine(known)[0] ?? null;
  if ((!to || to.isMine) && goal?.label !== to?.label) ask({ to: goal });
});
store.show(["ask", "venue", "locale"], () => way.ask());
// A new way is looked at from its start; of one that changed, the level that one looks at, if it is there.
store.show(["way"], ({ way, level }) => {
  const levels = (way?.answer?.lines ?? []).map((line) => line.ordinal ?? 0);
  if (!levels.length || (!way.isFirst && levels.includes(level))) return;
  venue.choose(levels[0]);
});

addEventListener("hashchange", () => passenger.take(takeToken()));
addEventListener("pagehide", () => passenger.leave());
addEventListener("pageshow", (event) => event.persisted && passenger.begin());
addEventListener("online", () => passenger.look());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  passenger.look();
  way.look();
});

await venue.read();
passenger.begin();
if (!store.known.ask.from) ask({ from: await venue.start() });
