// The passenger's flight: where it goes, when, and the sign to look for.

import { words } from "../model/words.js";
import { clock } from "../model/times.js";
import { destination, leaves } from "../model/trip.js";
import { make, part, put } from "./dom.js";

/** Shows the flights that are followed, the latest first. */
export function showFlight(store) {
  store.show(["locale", "flights", "venue", "token", "isFollowedKnown"], (known) => {
    const { locale, flights, venue, token, isFollowedKnown } = known;
    const t = words(locale);
    const element = part("flight");
    element.hidden = !token;
    const none = isFollowedKnown && make("p", { class: "empty" }, t.noFlight);
    const shown = flights.map((flight) => one(flight, t, venue?.timeZone));
    put(element, make("h2", {}, t.flight), shown.length ? shown : none);
  });
}

function one(flight, t, zone) {
  const departs = leaves(flight);
  const legs = flight.legs ?? [];
  const route = [legs[0]?.origin, ...legs.map((leg) => leg.destination)].filter(Boolean);
  const scheduled = departs ? legs[0]?.scheduledDeparture : legs.at(-1)?.scheduledArrival;
  const estimated = departs ? flight.estimatedDeparture : flight.estimatedArrival;
  const isLater = estimated && clock(estimated, zone) !== clock(scheduled, zone);
  return make(
    "article",
    { class: "flight", "data-flight": flight.flight },
    make(
      "div",
      { class: "flight-what" },
      make("strong", { class: "number" }, flight.flight.split("-")[0]),
      make("span", { class: "route" }, route.join(" → ")),
    ),
    make(
      "div",
      { class: "flight-when" },
      make("span", { class: "label" }, departs ? t.departs : t.arrives),
      make("time", { class: isLater ? "was" : "" }, clock(scheduled, zone) || "–"),
      isLater && make("time", { class: "now" }, clock(estimated, zone)),
      phase(flight, isLater, t),
    ),
    sign(flight, departs, t),
  );
}

function phase(flight, isLater, t) {
  const name = (flight.phase ?? "").replace("FLIGHT_PHASE_", "");
  const isDelayed = isLater && (name === "SCHEDULED" || name === "");
  const said = isDelayed ? t.delayed : t.phase[name];
  return said && make("span", { class: `phase phase-${isDelayed ? "DELAYED" : name}` }, said);
}

function sign(flight, departs, t) {
  const to = destination(flight);
  return make(
    "div",
    { class: "sign", "data-sign": to?.sign ?? "" },
    make("span", { class: "label" }, departs ? t.gate : t.belt),
    make("strong", { class: to ? "" : "soon" }, to?.sign ?? t.unknown),
  );
}
