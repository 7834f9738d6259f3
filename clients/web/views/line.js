// The way on the map: a clear line on each level, where it begins and ends, and where it changes levels.

import { project } from "../model/plan.js";
import { draw } from "./dom.js";
import { open } from "./floor.js";
import { width } from "./labels.js";

/** Returns what a way is on a level: its lines in metres, and the marks at their ends. */
export function lineOn(plan, answer) {
  const way = answer?.found ? answer : (answer?.asFarAs?.way ?? {});
  const lines = (way.lines ?? []).map((line) => ({
    ordinal: line.ordinal ?? 0,
    points: (line.points ?? []).map((at) => project(plan.frame, [at.longitude, at.latitude])),
  }));
  const marks = [];
  lines.forEach(({ ordinal, points }, at) => {
    if (ordinal !== plan.ordinal || !points.length) return;
    const [before, after] = [lines[at - 1], lines[at + 1]];
    if (!before) marks.push({ kind: "start", at: points[0] });
    else marks.push({ kind: "change", at: points[0], to: before.ordinal, isBack: true });
    if (!after) marks.push({ kind: answer.found ? "goal" : "stop", at: points.at(-1), name: way.steps?.at(-1)?.sign });
    else marks.push({ kind: "change", at: points.at(-1), to: after.ordinal, isBack: false });
  });
  const here = lines.filter((line) => line.ordinal === plan.ordinal && line.points.length);
  return { lines: here.map((line) => line.points), marks };
}

/** Draws the lines, each with a rim that sets it off from the floor. */
export function drawLines(lines) {
  const d = lines.map(open).join("");
  return d ? ["rim", "core"].map((part) => draw("path", { class: `line-${part}`, d })) : [];
}

/** Draws a mark around a point of the window; `sign` names a level. Returns it with the box it takes. */
export function drawMark(mark, [x, y], sign) {
  const at = { class: `mark mark-${mark.kind}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` };
  switch (mark.kind) {
    case "start": {
      const ring = draw("g", at, draw("circle", { r: 8 }), draw("circle", { r: 3.4, class: "eye" }));
      return [ring, [x - 9, y - 9, x + 9, y + 9]];
    }
    case "change": {
      const text = `${mark.isBack ? "" : mark.to > mark.from ? "↑ " : "↓ "}${sign(mark.to)}`;
      const half = 7 + text.length * 3.9;
      const pill = draw("rect", { x: -half, y: -11, width: 2 * half, height: 22, rx: 11 });
      const words = draw("text", { y: 4.5, "text-anchor": "middle", "font-size": 12 }, text);
      const back = mark.isBack ? " back" : "";
      return [draw("g", { ...at, class: `${at.class}${back}` }, pill, words), [x - half, y - 12, x + half, y + 12]];
    }
    default: {
      const pin = draw("path", { d: "M0 0C-3.2-8.6-12-12-12-20.5A12 12 0 0 1 12-20.5C12-12 3.2-8.6 0 0Z" });
      const eye = draw("circle", { cy: -20.5, r: 4.4, class: "eye" });
      const name = mark.name && draw("text", { y: -39, "text-anchor": "middle", "font-size": 13 }, mark.name);
      const half = Math.max(12, width(mark.name ?? "", 13) / 2 + 3);
      return [draw("g", at, pin, eye, name), [x - half, y - (name ? 53 : 33), x + half, y + 2]];
    }
  }
}
