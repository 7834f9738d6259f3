// The map: one level at a time, the way on it, and what is closed.

import { boxOf, contains } from "../model/plan.js";
import { named, words } from "../model/words.js";
import { Camera } from "./camera.js";
import { draw, make, part, put } from "./dom.js";
import { drawClosed, drawFloor } from "./floor.js";
import { labelsOf, placeLabels } from "./labels.js";
import { drawLines, drawMark, lineOn } from "./line.js";

/** A tap this near to a sign means it, pixels. */
const NEAR = 18;

/** Shows the map; `chooseLevel(ordinal)` and `pick(place)` are called when the passenger does. */
export class MapView {
  #store;
  #choose;
  #pick;
  #camera;
  #window = make("div", { class: "map-window", tabindex: 0, role: "application" });
  #world = draw("g", {});
  #floor = draw("g", {});
  #closed = draw("g", {});
  #lines = draw("g", {});
  #over = draw("g", { class: "over" });
  #busy = make("p", { class: "busy", role: "status" });
  #labels = [];
  #line = { lines: [], marks: [] };
  #crosses = [];
  #frame = 0;
  #fitted = null;

  constructor(store, choose, pick) {
    this.#store = store;
    this.#choose = choose;
    this.#pick = pick;
    this.#world.append(this.#floor, this.#closed, this.#lines);
    this.#window.append(draw("svg", { "aria-hidden": "true" }, this.#world, this.#over));
    this.#camera = new Camera(this.#window, () => this.#later(), (at) => this.#tapped(at));
    part("map").append(this.#window, this.#busy);
    new ResizeObserver(() => this.#resized()).observe(this.#window);
    store.show(["plan"], ({ plan }) => plan && this.#planned(plan));
    store.show(["plan", "locale"], ({ plan, locale }) => {
      this.#labels = plan ? labelsOf(plan, locale) : [];
      this.#busy.textContent = plan ? "" : words(locale).busy;
      this.#busy.hidden = Boolean(plan);
      this.#later();
    });
    store.show(["plan", "closures"], ({ plan, closures }) => plan && this.#closures(plan, closures));
    store.show(["plan", "way"], ({ plan, way }) => plan && this.#way(plan, way));
    store.show(["plan", "locale", "venue"], (known) => this.#name(known));
  }

  /** Zooms in or out around the middle of what is not covered. */
  zoom(factor) {
    const [north, east, south, west] = this.#margin();
    const { width, height } = this.#camera;
    this.#camera.zoom(factor, [(west + width - east) / 2, (north + height - south) / 2]);
  }

  /** Looks at the whole level. */
  whole() {
    this.#camera.fit(undefined, this.#margin(), true);
  }

  /** Looks at a point of the map, in degrees, that lies on the level shown. */
  focus(points) {
    if (points.length === 1) this.#camera.focus(points[0]);
    else if (points.length) this.#camera.fit(boxOf(points), this.#margin(24), true);
  }

  #planned(plan) {
    this.#floor.replaceChildren(drawFloor(plan));
    this.#window.dataset.level = plan.ordinal;
    this.#camera.bound(plan.box);
    if (this.#fitted === null) this.#camera.fit(undefined, this.#margin());
    this.#fitted ??= "";
  }

  #closures(plan, closures) {
    this.#closed.replaceChildren(...drawClosed(plan, closures));
    const ids = new Set(closures.map((closure) => closure.featureId));
    const points = [...plan.shafts, ...plan.places].filter(({ id, point }) => point && ids.has(id));
    this.#crosses = points.map(({ point }) => point);
    this.#later();
  }

  #way(plan, way) {
    this.#line = lineOn(plan, way?.answer);
    for (const mark of this.#line.marks) mark.from = plan.ordinal;
    this.#lines.replaceChildren(...drawLines(this.#line.lines));
    this.#window.dataset.way = this.#line.lines.length ? "shown" : "none";
    const key = `${plan.ordinal} ${JSON.stringify(this.#line.lines)}`;
    if (this.#line.lines.length && key !== this.#fitted) {
      this.#camera.fit(boxOf(this.#line.lines.flat()), this.#margin(18), this.#fitted !== "");
    }
    this.#fitted = key;
    this.#later();
  }

  // What is looked at keeps clear of what lies on the map: the form at the left, the buttons at the right.
  #margin(more = 0) {
    const window = this.#window.getBoundingClientRect();
    const form = part("ask").getBoundingClientRect();
    const isBeside = form.right <= window.left || form.left >= window.right;
    const isCovered = !isBeside && form.bottom > window.top && form.top < window.bottom;
    const edge = Math.min(window.width, window.height) / 20 + more;
    return [edge + more, edge + 44, edge, (isCovered ? form.right - window.left : 0) + edge];
  }

  #name({ plan, locale, venue }) {
    const level = venue?.levels.find((level) => (level.ordinal ?? 0) === plan?.ordinal);
    this.#window.setAttribute("aria-label", words(locale).map(level?.shortName ?? ""));
  }

  #resized() {
    const { clientWidth, clientHeight } = this.#window;
    const isFirst = this.#camera.width <= 1;
    this.#camera.resize(clientWidth, clientHeight);
    const box = this.#line.lines.length ? boxOf(this.#line.lines.flat()) : undefined;
    if (isFirst && this.#store.known.plan) this.#camera.fit(box, this.#margin(box ? 18 : 0));
    this.#later();
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint() {
    const { x, y, scale, width, height } = this.#camera;
    const shift = `translate(${width / 2 - x * scale} ${height / 2 - y * scale})`;
    this.#world.setAttribute("transform", `${shift} scale(${scale})`);
    this.#window.dataset.near = scale > 2.2 ? "rooms" : scale > 0.9 ? "halls" : "level";
    const levels = this.#store.known.venue?.levels ?? [];
    const sign = (ordinal) => levels.find((level) => (level.ordinal ?? 0) === ordinal)?.shortName ?? ordinal;
    const marks = this.#line.marks.map((mark) => drawMark(mark, this.#camera.place(mark.at), sign));
    const crosses = this.#crosses.map((point) => cross(this.#camera.place(point)));
    const taken = [...marks, ...crosses].map(([, box]) => box);
    const labels = placeLabels(this.#labels, this.#camera, taken);
    this.#over.replaceChildren(...labels, ...[...crosses, ...marks].map(([drawn]) => drawn));
  }

  #tapped(at) {
    const { plan, locale } = this.#store.known;
    if (!plan) return;
    const near = ([x, y], pixels) => Math.hypot(x - at[0], y - at[1]) * this.#camera.scale < pixels;
    const change = this.#line.marks.find((mark) => mark.kind === "change" && near(mark.at, NEAR + 6));
    if (change) return this.#choose(change.to);
    const apart = ({ point }) => Math.hypot(point[0] - at[0], point[1] - at[1]);
    const beside = plan.places.filter(({ point }) => point && near(point, NEAR));
    const nearest = beside.sort((a, b) => apart(a) - apart(b))[0];
    const area = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
    const around = plan.units.filter((unit) => unit.occupant && contains(unit, at));
    const rooms = around.sort((a, b) => area(a) - area(b));
    const place = plan.places.find(({ id }) => id === rooms[0]?.occupant) ?? nearest;
    this.#pick(place ? { place: place.id, label: named(place.name, locale) } : null);
  }
}

function cross([x, y]) {
  const disc = draw("circle", { r: 10 });
  const bars = draw("path", { d: "M-4-4L4 4M4-4L-4 4" });
  const sign = draw("g", { class: "cross", transform: `translate(${x} ${y})` }, disc, bars);
  return [sign, [x - 10, y - 10, x + 10, y + 10]];
}
