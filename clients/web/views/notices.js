// The notices, newest first; what comes while one looks is read out.

import { words } from "../model/words.js";
import { clock } from "../model/times.js";
import { isUrgent } from "../model/inbox.js";
import { make, part, put } from "./dom.js";

/** So many are shown before one asks for the earlier ones. */
const SHOWN = 4;

/** Shows the notices. */
export function showNotices(store) {
  const element = part("notices");
  const title = make("h2", {});
  const list = make("ol", { class: "notices" });
  const spoken = make("p", { class: "unseen", role: "status", "aria-live": "polite" });
  const older = make("details", {}, make("summary", {}), make("ol", { class: "notices" }));
  const empty = make("p", { class: "empty" });
  put(element, title, spoken, list, empty, older);
  const seen = new Set();
  store.show(["locale", "notices", "venue", "token"], ({ locale, notices, venue, token }) => {
    const t = words(locale);
    element.hidden = !token;
    title.textContent = t.notices;
    empty.textContent = notices.length ? "" : t.noNotices;
    const fresh = notices.filter((notice) => notice.isLive && !seen.has(notice.notificationId));
    const rows = notices.map((notice) => row(notice, fresh.includes(notice), venue?.timeZone));
    put(list, rows.slice(0, SHOWN));
    older.hidden = rows.length <= SHOWN;
    older.firstChild.textContent = `${t.olderNotices} (${rows.length - SHOWN})`;
    put(older.lastChild, rows.slice(SHOWN));
    if (fresh.length) spoken.textContent = fresh[0].text;
    for (const notice of fresh) seen.add(notice.notificationId);
  });
}

function row(notice, isFresh, zone) {
  const urgent = isUrgent(notice) ? " urgent" : "";
  return make(
    "li",
    { class: `notice${urgent}${isFresh ? " fresh" : ""}`, "data-seq": notice.seq, "data-kind": notice.kind },
    make("time", {}, clock(notice.issuedAt, zone)),
    make("span", { class: "what" }, notice.text),
  );
}
