// A level as SVG: rooms tinted by what they are for, one path for each kind, so that a level of a thousand
// rooms is some twenty elements and moves smoothly.

import { draw } from "./dom.js";

/** What rooms are for, in the order of painting: halls lie under what stands in them. */
const LOOKS = [
  "road", "landside", "airside", "hall", "void", "green", "parking", "rail", "moving", "security", "border",
  "closed", "room", "lounge", "shop", "food", "washroom", "care", "vertical",
];

/** Draws a plan. */
export function drawFloor(plan) {
  const outline = rings(plan.outline);
  const looks = LOOKS.map((look) => [look, plan.units.filter((unit) => unit.look === look)]);
  const rooms = looks
    .filter(([, units]) => units.length)
    .map(([look, units]) => draw("path", { class: `room room-${look}`, d: rings(units) }));
  const doors = plan.doors.filter((door) => door.line.length && !door.check).map((door) => open(door.line));
  const checks = plan.doors.filter((door) => door.line.length && door.check).map((door) => open(door.line));
  return draw(
    "g",
    {},
    draw("path", { class: "ground", d: outline }),
    rooms,
    draw("path", { class: "fixtures", d: rings(plan.fixtures) }),
    draw("path", { class: "doors", d: doors.join("") }),
    draw("path", { class: "checks", d: checks.join("") }),
    draw("path", { class: "walls", d: outline }),
  );
}

/** Draws the rooms that are closed now. */
export function drawClosed(plan, closures) {
  const ids = new Set(closures.map((closure) => closure.featureId));
  const units = plan.units.filter((unit) => ids.has(unit.id) || ids.has(unit.occupant));
  const doors = plan.doors.filter((door) => ids.has(door.id) && door.line.length);
  const d = rings(units) + doors.map((door) => open(door.line)).join("");
  return d ? [draw("path", { class: "closed-now", d })] : [];
}

function rings(shapes) {
  return shapes.flatMap((shape) => shape.rings.flat().map((ring) => `${open(ring)}Z`)).join("");
}

/** Returns a line of points as a path. */
export function open(points) {
  return `M${points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}`;
}
