// A level's plan as it is drawn: metres from the level's middle, y downwards as screens have it.

import { call } from "../wire/calls.js";

const METRES_PER_DEGREE = 111_320;

/** The plans of a venue's levels, each read once for a version of the map. */
export class Plans {
  #venue;
  #levels = new Map();
  #frame = null;

  constructor(venue) {
    this.#venue = venue;
  }

  /** Returns the plan of a level. */
  async level(ordinal) {
    if (!this.#levels.has(ordinal)) {
      const reading = this.#read(ordinal);
      this.#levels.set(ordinal, reading);
      reading.catch(() => this.#levels.delete(ordinal));
    }
    return this.#levels.get(ordinal);
  }

  async #read(ordinal) {
    const request = { venue: this.#venue, ordinal };
    const { geojson } = await call("navigation.v1.NavigationService/GetLevel", request);
    const features = JSON.parse(geojson).features;
    // All levels share the frame of the first that was read, so that changing the level moves nothing.
    this.#frame ??= frameOf(features);
    return plan(ordinal, features, this.#frame);
  }
}

function frameOf(features) {
  const box = boxOf(features.flatMap((feature) => points(feature.geometry.coordinates)));
  const latitude = (box[1] + box[3]) / 2;
  const north = METRES_PER_DEGREE;
  return { longitude: (box[0] + box[2]) / 2, latitude, north, east: north * Math.cos((latitude * Math.PI) / 180) };
}

/** Returns a point of the map in the frame of its plan. */
export function project(frame, [longitude, latitude]) {
  return [(longitude - frame.longitude) * frame.east, (frame.latitude - latitude) * frame.north];
}

function plan(ordinal, features, frame) {
  const plan = { ordinal, frame, outline: [], units: [], fixtures: [], doors: [], shafts: [], places: [] };
  const lists = { outline: plan.outline, unit: plan.units, fixture: plan.fixtures, opening: plan.doors };
  Object.assign(lists, { shaft: plan.shafts, place: plan.places });
  for (const { id, geometry, properties } of features) {
    const at = (position) => project(frame, position);
    const rings = polygons(geometry).map((polygon) => polygon.map((ring) => ring.map(at)));
    const line = geometry.type === "LineString" ? geometry.coordinates.map(at) : [];
    const point = geometry.type === "Point" ? at(geometry.coordinates) : null;
    const box = boxOf(rings.flat(2));
    lists[properties.layer]?.push({ id, ...properties, rings, line, point, box });
  }
  plan.box = boxOf(plan.outline.flatMap((outline) => outline.rings.flat(2)));
  return plan;
}

function polygons({ type, coordinates }) {
  return type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? coordinates : [];
}

function points(coordinates) {
  return typeof coordinates[0] === "number" ? [coordinates] : coordinates.flatMap(points);
}

/** Returns west, north, east and south of some points. */
export function boxOf(points) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

/** Tells whether a point lies in polygons, by the even-odd rule. */
export function contains({ rings, box }, [x, y]) {
  if (x < box[0] || x > box[2] || y < box[1] || y > box[3]) return false;
  let inside = false;
  for (const ring of rings.flat()) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}
