// The head of the page: whose airport it is, whether the line is live, and the language.

import { words, named } from "../model/words.js";
import { make, part, put } from "./dom.js";

/** Shows the head; `switchLanguage` is called when the other language is asked for. */
export function showHead(store, switchLanguage) {
  store.show(["locale", "venue", "line"], ({ locale, venue, line }) => {
    const t = words(locale);
    const name = named(venue?.names, locale) || t.title;
    document.documentElement.lang = locale;
    document.title = name;
    put(
      part("head"),
      make("h1", {}, name),
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
