// Signs and names on the map. They keep their size at every zoom and never overlap: the more important is
// placed first, what finds no room is left out.

import { named } from "../model/words.js";
import { draw } from "./dom.js";
import { drawSign, signOf } from "./signs.js";

/** How near one must look, pixels to a metre, for what is of a rank to be shown. */
const NEAR_ENOUGH = [0, 0.15, 0.5, 1.0, 1.5, 2.2];
const NAME = 11;
const HALL = 12.5;
/** How many times its width a plate keeps clear: an island of desks has the same letter on both sides. */
const ROOM = { checkin: 2.4 };
/** Rooms that are named as halls are. */
const HALLS = ["landside", "airside", "hall", "security", "border", "rail", "parking"];

/** Returns what may be written on a plan, the most important first. */
export function labelsOf(plan, locale) {
  const places = new Map(plan.places.map((place) => [place.id, place]));
  const housed = new Set(plan.units.map((unit) => unit.occupant).filter((id) => isNamed(places.get(id))));
  const labels = [
    ...plan.places.filter((place) => !housed.has(place.id)).map(ofPlace),
    ...plan.shafts.map((shaft) => sign(shaft, signOf(shaft.kind), shaft.point, named(shaft.name, locale))),
    ...plan.units.map((unit) => ofUnit(unit, places.get(unit.occupant), locale)),
  ];
  return labels.filter(Boolean).sort((a, b) => a.rank - b.rank);
}

/** Tells whether a place is called by its name, as shops are, and has no sign. */
function isNamed(place) {
  return place && !signOf(place.category) && !plateOf(place);
}

function ofPlace(place) {
  const plate = plateOf(place);
  if (plate) return { ...plate, at: place.point, rank: plate.kind === "checkin" ? 2 : 1 };
  const kind = signOf(place.category);
  // Lifts and stairs stand as shafts, on every level they serve.
  return kind && !["lift", "escalator", "stairs"].includes(kind.name) ? sign(place, kind, place.point) : null;
}

function plateOf({ category, codes, name }) {
  const kind = { boardinggate: "gate", baggagecarousel: "belt", checkin: "checkin" }[category.split(".")[0]];
  const short = [...(codes ?? [])].sort((a, b) => a.length - b.length).find((code) => code.length <= 5);
  const text = short ?? /\S+$/.exec(named(name, "en"))?.[0].slice(0, 5);
  return kind && text ? { form: "plate", kind, text, size: kind === "checkin" ? 9.5 : 11 } : null;
}

function sign(of, kind, at) {
  return kind && at ? { form: "sign", kind: kind.name, at, rank: kind.rank, id: of.id } : null;
}

function ofUnit(unit, occupant, locale) {
  const isHall = HALLS.includes(unit.look);
  const text = named(isNamed(occupant) ? occupant.name : unit.name, locale);
  if (!text || (!isHall && !isNamed(occupant))) return null;
  const [west, north, east, south] = unit.box;
  const at = [(west + east) / 2, (north + south) / 2];
  const size = isHall ? HALL : NAME;
  return { form: "name", kind: unit.look, text, at, size, rank: isHall ? 2.5 : 5, room: [east - west, south - north] };
}

/** Writes what finds room in the window; `taken` are boxes to keep clear, in pixels. */
export function placeLabels(labels, camera, taken) {
  const boxes = [...taken];
  const placed = [];
  for (const label of labels) {
    if (camera.scale < NEAR_ENOUGH[Math.floor(label.rank)]) continue;
    const [x, y] = camera.place(label.at);
    if (x < -40 || y < -20 || x > camera.width + 40 || y > camera.height + 20) continue;
    const lines = label.form === "name" ? broken(label, camera.scale) : [label.text ?? ""];
    if (!lines) continue;
    const [wide, high, room = 1] = extent(label, lines);
    const box = [x - (room * wide) / 2, y - high / 2, x + (room * wide) / 2, y + high / 2];
    if (boxes.some((other) => overlaps(box, other))) continue;
    boxes.push(box);
    placed.push(write(label, lines, x, y, wide, high));
  }
  return placed;
}

/** Breaks a name into one or two lines that fit its room; null when none do. */
function broken({ text, size, room }, scale) {
  const [wide, high] = room.map((metres) => metres * scale);
  if (high < size * 1.1) return null;
  if (width(text, size) <= wide - 4) return [text];
  if (high < size * 2.5) return null;
  const isSpaced = text.includes(" ");
  const parts = isSpaced ? text.split(" ") : [...text];
  const joined = (some) => some.join(isSpaced ? " " : "");
  const cuts = parts.slice(1).map((_, at) => [joined(parts.slice(0, at + 1)), joined(parts.slice(at + 1))]);
  const longest = (lines) => Math.max(...lines.map((line) => width(line, size)));
  const best = cuts.sort((a, b) => longest(a) - longest(b))[0];
  return best && longest(best) <= wide - 4 ? best : null;
}

/** Returns about how wide a text runs: Chinese fills its square, Latin letters half of it. */
export function width(text, size) {
  return [...text].reduce((sum, char) => sum + (char > "\u2e80" ? 1 : 0.56), 0) * size;
}

function extent({ form, kind, text, size }, lines) {
  if (form === "sign") return [19, 19];
  if (form === "plate") return [Math.max(width(text, size) + 9, 18), size + 7, ROOM[kind] ?? 1];
  return [Math.max(...lines.map((line) => width(line, size))) + 2, lines.length * size * 1.15];
}

function overlaps(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

function write(label, lines, x, y, wide, high) {
  const { form, kind, size } = label;
  const place = `translate(${x.toFixed(1)} ${y.toFixed(1)})`;
  const group = draw("g", { class: `${form} ${form}-${kind}`, transform: place });
  if (form === "sign") group.append(drawSign(kind));
  if (form === "plate") {
    group.append(draw("rect", { x: -wide / 2, y: -high / 2, width: wide, height: high, rx: 3.5 }));
  }
  if (form !== "sign") {
    const first = ((1 - lines.length) / 2) * size * 1.15 + size * 0.36;
    const rows = lines.map((line, at) => draw("tspan", { x: 0, y: first + at * size * 1.15 }, line));
    group.append(draw("text", { "font-size": size, "text-anchor": "middle" }, rows));
  }
  return group;
}
