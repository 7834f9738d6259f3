// What lies on the map: the levels, the zoom, and the place that was picked.

import { words } from "../model/words.js";
import { make, part, put } from "./dom.js";

/** Shows the buttons on the map: levels, zoom, and the place that was picked. */
export function showControls(store, map, choose, ask) {
  const levels = make("div", { class: "levels", role: "group" });
  const zoom = make("div", { class: "zoom" });
  const picked = make("div", { class: "picked", role: "group", hidden: true });
  part("map").append(levels, zoom, picked);
  store.show(["venue", "level", "way", "locale"], ({ venue, level, way, locale }) => {
    const t = words(locale);
    levels.setAttribute("aria-label", t.level);
    const onWay = new Set((way?.answer?.lines ?? []).map((line) => line.ordinal ?? 0));
    const button = ({ ordinal = 0, shortName }) =>
      make(
        "button",
        {
          type: "button",
          "aria-pressed": String(ordinal === level),
          class: onWay.has(ordinal) ? "on-way" : "",
          "data-key": `level ${ordinal}`,
          "data-level": ordinal,
          onclick: () => choose(ordinal),
        },
        shortName,
      );
    put(levels, [...(venue?.levels ?? [])].reverse().map(button));
  });
  store.show(["locale"], ({ locale }) => {
    const t = words(locale);
    const button = (text, title, act) =>
      make("button", { type: "button", "aria-label": title, title, "data-key": text, onclick: act }, text);
    put(
      zoom,
      button("+", t.zoomIn, () => map.zoom(1.6)),
      button("−", t.zoomOut, () => map.zoom(1 / 1.6)),
      button("⤢", t.whole, () => map.whole()),
    );
  });
  store.show(["picked", "locale"], ({ picked: place, locale }) => {
    const t = words(locale);
    picked.hidden = !place;
    if (!place) return put(picked);
    picked.setAttribute("aria-label", place.label);
    const button = (text, act) =>
      make("button", { type: "button", class: "quiet", "data-key": text, onclick: act }, text);
    put(
      picked,
      make("strong", {}, place.label),
      button(t.goHere, () => ask({ to: place })),
      button(t.startHere, () => ask({ from: place })),
      make("button", { type: "button", class: "plain", "aria-label": t.close, onclick: () => ask({}) }, "✕"),
    );
  });
}
