// The signs of services: a disc with a picture that needs no words, and how important each is.

import { draw } from "./dom.js";

const [GREEN, RED, VIOLET, BLUE, PINK, OCHRE, SLATE] = ["green", "red", "violet", "blue", "pink", "ochre", "slate"];

/** By name: colour, rank (0 first), and a letter, a filled path (F) or a stroked one (S). */
const SIGNS = {
  information: [GREEN, 2, "i"],
  security: [RED, 1, "F", "M0-5.4L4.6-3.8V-.4C4.6 2.6 2.4 4.6 0 5.6C-2.4 4.6-4.6 2.6-4.6-.4V-3.8Z"],
  border: [VIOLET, 1, "S", "M-3.4-4.8H3.4V4.8H-3.4ZM0-3A2 2 0 1 1 0 1A2 2 0 1 1 0-3M-1.8 3.1H1.8"],
  luggage: [OCHRE, 4, "S", "M-4.8-2.4H4.8V4H-4.8ZM-1.8-2.6V-4.6H1.8V-2.6M-2.4-2.2V3.8M2.4-2.2V3.8"],
  rail: [GREEN, 1, "M"],
  bus: [GREEN, 2, "S", "M-3.8-4.8H3.8V3.4H-3.8ZM-3.6-.2H3.6M-2.2 3.6V5M2.2 3.6V5M-1.9 1.7H-1.8M1.8 1.7H1.9"],
  taxi: [GREEN, 2, "S", "M-5 3V0L-3.2-3.2H3.2L5 0V3ZM-4.6 0H4.6M-3.2 3V4.6M3.2 3V4.6M-1-3.4V-5H1V-3.4"],
  parking: [BLUE, 2, "P"],
  lift: [SLATE, 2, "F", "M0-5.4L3.6-1H-3.6ZM0 5.4L-3.6 1H3.6Z"],
  escalator: [SLATE, 3, "S", "M-5.2 4H-2.6L2.8-2.6H5.2M-1.4-1.6V-4.6M-1.5-5.2H-1.3"],
  stairs: [SLATE, 4, "S", "M-5 4.4H-2.4V1.5H.2V-1.4H2.8V-4.3H5.2"],
  ride: [GREEN, 2, "M"],
  toilets: [
    BLUE, 3, "F",
    "M-4-5.4A1.3 1.3 0 1 1-2.6-5.4A1.3 1.3 0 1 1-4-5.4ZM-5-2.8H-1.6V1.2H-2.3V5.2H-4.3V1.2H-5Z" +
      "M2.6-5.4A1.3 1.3 0 1 1 4-5.4A1.3 1.3 0 1 1 2.6-5.4ZM2.2-2.8H4.4L5.8 2H4.5V5.2H2.1V2H.8Z",
  ],
  nursing: [PINK, 4, "F", "M-1.2-5.6H1.2V-4.2H-1.2ZM-2.4-3.6H2.4V-2.2H-2.4ZM-2.6-1.6H2.6V5.4H-2.6Z"],
  prayer: [
    VIOLET, 4, "F",
    "M-.9-5A1.5 1.5 0 1 1 2.1-5A1.5 1.5 0 1 1-.9-5ZM-2.2-2.6H1.4L2.6 1.6L5 3V5H-4.6V3.2L-1.6 2.2Z",
  ],
  firstaid: [GREEN, 4, "F", "M-1.6-5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z"],
  money: [OCHRE, 5, "¥"],
  lounge: [
    VIOLET, 3, "F",
    "M-3-4.6H3V-.2H-3ZM-5.4-1.6H-3.6V1H3.6V-1.6H5.4V3.6H-5.4ZM-4.4 3.6H-3.2V5H-4.4ZM3.2 3.6H4.4V5H3.2Z",
  ],
  tickets: [OCHRE, 5, "S", "M-5-2.8H5V-1A1 1 0 0 0 5 1V2.8H-5V1A1 1 0 0 0-5-1ZM1.6-2.4V2.4"],
  water: [BLUE, 5, "F", "M0-5.6C2.6-2 3.8-.2 3.8 1.8A3.8 3.8 0 0 1-3.8 1.8C-3.8-.2-2.6-2 0-5.6Z"],
  smoking: [SLATE, 5, "S", "M-5.2 2.6H2.4V4.4H-5.2ZM4.4 2.6V4.4M3-.4C5-1 2.6-2.4 4.4-4"],
  meeting: [
    GREEN, 3, "S",
    "M-5 0H-1.4M5 0H1.4M0-5V-1.4M0 5V1.4M-2.8-1.6L-1.2 0L-2.8 1.6M2.8-1.6L1.2 0L2.8 1.6",
  ],
  power: [SLATE, 5, "F", "M1.2-5.8L-3.6.8H-.4L-1.2 5.8L3.6-1.2H.4Z"],
};

/** The sign of each kind of place, by the first word of its category in IMDF. */
const OF = {
  information: "information", informationdesk: "information", reception: "information", security: "security",
  immigration: "border", customs: "luggage", railway: "rail", transit: "rail", platform: "rail", subway: "rail",
  train: "rail", bus: "bus", shuttle: "bus", coach: "bus", taxi: "taxi", rideshare: "taxi", parking: "parking",
  elevator: "lift", lift: "lift", escalator: "escalator", stairs: "stairs", steps: "stairs", ride: "ride",
  restroom: "toilets", mothersroom: "nursing", babychanging: "nursing", prayerroom: "prayer",
  firstaid: "firstaid", defibrillator: "firstaid", healthscreening: "firstaid", atm: "money",
  foreignexchange: "money", bank: "money", lounge: "lounge", privatelounge: "lounge", baggagestorage: "luggage",
  baggagerecheck: "luggage", lostandfound: "luggage", luggage: "luggage", ticketing: "tickets",
  drinkingfountain: "water", smokingarea: "smoking", meetingpoint: "meeting", powerchargingstation: "power",
};

/** Returns the sign of a category: its name and rank; null where there is none. */
export function signOf(category) {
  const name = OF[(category ?? "").split(".")[0]];
  return name ? { name, rank: SIGNS[name][1] } : null;
}

/** Draws a sign around the origin. */
export function drawSign(name, radius = 9) {
  const [colour, , form, path] = SIGNS[name];
  const scale = { transform: `scale(${radius / 9})` };
  const picture =
    form === "F" || form === "S"
      ? draw("path", { class: form === "F" ? "filled" : "stroked", d: path })
      : draw("text", { y: 4.4, "text-anchor": "middle" }, form);
  return draw("g", { class: `disc disc-${colour}`, ...scale }, draw("circle", { r: 9 }), picture);
}
