// A notice over the page, for who looks at the map when it comes: the list of notices is out of sight then.

import { isUrgent } from "../model/inbox.js";
import { make } from "./dom.js";

/** How long it stays, milliseconds; what is urgent stays until it is put away. */
const STAYS_MS = 8_000;

/** Shows the newest notice that came while one looks, unless `list` is in sight; it is read out from there. */
export function showToast(store, list) {
  const toast = make("button", { type: "button", class: "toast", hidden: true, tabindex: -1, "aria-hidden": "true" });
  document.body.append(toast);
  let isInSight = false;
  let shown = 0;
  let timer = 0;
  const away = () => (toast.hidden = true);
  toast.addEventListener("click", () => {
    away();
    list.scrollIntoView({ block: "start" });
  });
  new IntersectionObserver(([seen]) => {
    isInSight = seen.isIntersecting;
    if (isInSight) away();
  }).observe(list);
  store.show(["notices"], ({ notices }) => {
    const [newest] = notices;
    if (!newest?.isLive || newest.seq === shown) return;
    shown = newest.seq;
    if (isInSight) return;
    toast.textContent = newest.text;
    toast.classList.toggle("urgent", isUrgent(newest));
    toast.hidden = false;
    clearTimeout(timer);
    if (!isUrgent(newest)) timer = setTimeout(away, STAYS_MS);
  });
}
