// A field that finds places by what one types: a combobox as ARIA describes it.

import { call } from "../wire/calls.js";
import { language, words } from "../model/words.js";
import { make, draw, put } from "./dom.js";
import { drawSign, signOf } from "./signs.js";

const FOUND_MAX = 8;
/** How long the passenger may go on typing before we ask, milliseconds. */
const PAUSE_MS = 140;

/**
 * Makes a field named `name`. `offers()` returns places to offer before anything is typed; `chosen(place)` is
 * called with `{ place, label }`.
 */
export function searchField(store, name, offers, chosen) {
  const list = make("ul", { id: `${name}-list`, role: "listbox", class: "found", hidden: true });
  const input = make("input", {
    id: name,
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 64,
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
  });
  const label = make("label", { for: name });
  let shown = [];
  let active = -1;
  let kept = "";
  let asked = 0;
  let pause = 0;

  const close = () => {
    clearTimeout(pause);
    asked += 1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  };
  const take = ({ place, label, isMine, gateOf, beltOf }) => {
    close();
    chosen({ place, label, isMine, gateOf, beltOf });
    input.blur();
  };
  const mark = (at) => {
    active = at;
    [...list.children].forEach((row, n) => row.setAttribute("aria-selected", String(n === at)));
    const row = list.children[at];
    if (row) {
      input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    }
  };
  const show = (places) => {
    shown = places;
    const t = words(store.known.locale);
    const rows = places.map((place, at) => row(place, `${name}-${at}`, store.known.venue, () => take(place)));
    put(list, rows.length ? rows : make("li", { class: "empty" }, t.nothingFound));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(places.length ? 0 : -1);
  };
  const find = async () => {
    const query = input.value.trim();
    const ask = (asked += 1);
    if (!query || query === kept) {
      const offered = offers();
      return offered.length ? show(offered) : close();
    }
    const { venue, locale } = store.known;
    const request = { venue: venue?.code, query, language: language(locale), pageSize: FOUND_MAX };
    const answer = await call("navigation.v1.NavigationService/SearchPlaces", request).catch(() => ({}));
    if (ask !== asked) return;
    show((answer.places ?? []).map((found) => ({ ...found, place: found.id, label: found.name })));
  };

  input.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(find, PAUSE_MS);
  });
  input.addEventListener("focus", () => {
    input.select();
    find();
  });
  input.addEventListener("blur", () => {
    close();
    input.value = kept;
  });
  input.addEventListener("keydown", (event) => {
    const last = shown.length - 1;
    const acts = {
      ArrowDown: () => (list.hidden ? find() : mark(active < last ? active + 1 : 0)),
      ArrowUp: () => mark(active > 0 ? active - 1 : last),
      Enter: () => !list.hidden && shown[active] && take(shown[active]),
      Escape: close,
    };
    if (!acts[event.key] || event.isComposing) return;
    event.preventDefault();
    acts[event.key]();
  });

  return {
    element: make("div", { class: "field" }, label, input, list),
    /** Shows what is chosen, and the field's words. */
    say(title, value, hint) {
      label.textContent = title;
      input.placeholder = hint;
      kept = value;
      if (document.activeElement !== input) input.value = value;
    },
  };
}

function row(place, id, venue, take) {
  const kind = signOf(place.category);
  const sign = draw("svg", { viewBox: "-10 -10 20 20", width: 20, height: 20 }, kind && drawSign(kind.name));
  const level = venue?.levels.find((level) => (level.ordinal ?? 0) === (place.position?.ordinal ?? 0));
  const where = place.position ? level?.shortName : "";
  // The pointer goes down before the field loses the focus, which would close the list.
  const act = (event) => {
    event.preventDefault();
    take();
  };
  return make(
    "li",
    { id, role: "option", "aria-selected": "false", onpointerdown: (event) => event.preventDefault(), onclick: act },
    sign,
    make("span", { class: "what" }, place.label),
    make("span", { class: "where" }, where ?? ""),
  );
}
