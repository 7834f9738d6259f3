// The head of the page: whose airport it is and which others there are, whether the line is live, and the language.

import { words, named } from "../model/words.js";
import { make, part, put } from "./dom.js";

/** Shows the head; `switchLanguage` is called for the other language, `goTo(code)` for another venue. */
export function showHead(store, switchLanguage, goTo) {
  store.show(["locale", "venue", "venues", "line"], ({ locale, venue, venues, line }) => {
    const t = words(locale);
    const name = named(venue?.names, locale) || t.title;
    document.documentElement.lang = locale;
    document.title = name;
    put(
      part("head"),
      make("h1", {}, name),
      venues.length > 1 && choice(venues, venue, locale, goTo),
      make("span", { class: `line line-${line}`, role: "status", "data-line": line }, t.line[line]),
      make(
        "button",
        {
          type: "button",
          class: "plain",
          "data-key": "language",
          lang: locale === "en" ? "zh-CN" : "en",
          onclick: switchLanguage,
        },
        t.otherLanguage,
      ),
    );
  });
}

/** Offers the venues, when there are several. */
function choice(venues, { code }, locale, goTo) {
  const option = (venue) =>
    make("option", { value: venue.code, selected: venue.code === code }, named(venue.names, locale) || venue.code);
  const label = words(locale).venue;
  const select = make("select", { class: "venues", "aria-label": label, "data-key": "venues" }, venues.map(option));
  select.addEventListener("change", () => goTo(select.value));
  return select;
}
