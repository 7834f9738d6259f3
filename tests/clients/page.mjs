// The page for passengers in a real browser, while the airport goes on: what one sees, and what one hears.
//
// Everything that a browser complains of is a failure: errors, refused loads, breaches of the page's policy.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { report, settings } from "./story.mjs";

const { url, token, newer, partner, staff, plate, flight, browser: executablePath } = settings;
/** How long the browser may take to show what was just said. */
const PATIENCE_MS = 20_000;
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Calls an rpc as a system or as staff. */
async function call(rpc, request, bearer) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${bearer}` };
  const answer = await fetch(`${url}/airside.${rpc}`, { method: "POST", headers, body: JSON.stringify(request) });
  const said = await answer.json();
  assert.ok(answer.ok, `${rpc}: ${JSON.stringify(said)}`);
  return said;
}

let reports = 0;
const now = () => new Date().toISOString();
const fly = (said) => {
  const one = { reportId: `page-${(reports += 1)}`, flight, occurredAt: now(), ...said };
  return call("flights.v1.FlightService/RecordFlightEvents", { source: "aodb", reports: [one] }, partner);
};
const scan = (point) => {
  const one = { scanId: `page-${(reports += 1)}`, plate, point: `TRACKING_POINT_${point}`, station: "SZX", flight };
  const scans = [{ ...one, observedAt: now() }];
  return call("baggage.v1.BaggageService/RecordScans", { source: "bhs.t3", scans }, partner);
};
const close = (featureId, closed) => {
  const request = { venue: "lingnan", featureId, closed, reason: closed ? "out of order" : "" };
  return call("navigation.v1.NavigationService/SetClosure", request, staff);
};

const profile = mkdtempSync(join(tmpdir(), "airside-page-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  args: ARGUMENTS,
  locale: "en-GB",
  timezoneId: "America/New_York",
  viewport: { width: 1440, height: 900 },
  reducedMotion: "reduce",
});
const complaints = [];

/** Passes the sockets of a page on to the server, keeps what is said on each, and can break them. */
async function passOn(page, lines) {
  await page.routeWebSocket(/\/push$/, (socket) => {
    const server = socket.connectToServer();
    const line = { said: [], heard: [] };
    line.close = async (how = { code: 3001, reason: "come back and resume" }) => {
      await socket.close(how);
      await server.close();
    };
    socket.onMessage((text) => {
      line.said.push(JSON.parse(text));
      server.send(text);
    });
    server.onMessage((text) => {
      const frame = JSON.parse(text);
      line.heard.push(frame);
      socket.send(text);
      // On the wire a notice may come more than once.
      if (frame.notices) socket.send(text);
    });
    lines.push(line);
  });
}

/** Waits until something is so. */
async function until(what, holds) {
  const late = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(Date.now() < late, `${what}: not within ${PATIENCE_MS} ms`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Opens the page, and listens to what the browser complains of. */
async function open(address, prepare = async () => {}) {
  const page = await browser.newPage();
  await prepare(page);
  page.setDefaultTimeout(PATIENCE_MS);
  const complain = (of) => complaints.push(of);
  page.on("console", (said) => ["error", "warning"].includes(said.type()) && complain(said.text()));
  page.on("pageerror", (error) => complain(error.stack));
  page.on("requestfailed", (request) => complain(`${request.url()}: ${request.failure().errorText}`));
  page.on("request", (request) => new URL(request.url()).host === new URL(url).host || complain(request.url()));
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) => console.error("policy", event.blockedURI)),
  );
  await page.goto(address);
  return page;
}

/** Returns the fields of a way's two ends. */
const ends = (page) => page.locator("#ask").getByRole("combobox");

/** Reports what was seen, unless the browser complained of it. */
function saw(what, more = {}) {
  assert.deepEqual(complaints, [], what);
  report({ client: "page", saw: what, ...more });
}

try {
  const page = await open(`${url}/#token=${token}`);
  await page.locator(".line-open").waitFor();
  await page.locator('.map-window[data-level="2"]').waitFor();
  assert.ok(!page.url().includes("token"), "the token stays in the address");
  assert.equal(await page.locator("h1").textContent(), "Lingnan Airport (fictional)");
  assert.ok((await page.locator(".plate-gate").count()) > 10, "there are no gates on the map");
  saw("a map with the signs of its gates, and a line that is live");

  await fly({ gate: "B5" });
  await page.locator('.notice[data-kind="NOTICE_KIND_GATE_ASSIGNED"]').waitFor();
  await page.locator('.sign[data-sign="B5"]').waitFor();
  saw("a notice that arrives by itself, and the sign of the gate");

  await page.locator("#steps li[data-action=ARRIVE]", { hasText: "B5" }).waitFor();
  await page.locator('.map-window[data-way="shown"]').waitFor();
  saw("the way to the gate, drawn and in words");

  // A new gate is a new way; the closure of its lift leads around it.
  await fly({ gate: "A3" });
  await page.locator('.notice.urgent[data-kind="NOTICE_KIND_GATE_CHANGED"]').waitFor();
  await page.locator("#steps li[data-action=ARRIVE]", { hasText: "A3" }).waitFor();
  await page.getByRole("button", { name: "Tell me when to leave" }).click();
  await page.locator(".offer", { hasText: "You will be told" }).waitFor();
  await page.getByRole("button", { name: "No more" }).click();
  await page.getByRole("button", { name: "Tell me when to leave" }).waitFor();
  saw("that one is told when to leave, if one asks");

  const request = { venue: "lingnan", from: { place: "Metro" }, to: { place: "A3" } };
  const { steps } = await call("navigation.v1.NavigationService/FindRoute", request, staff);
  const rides = steps.filter((step) => ["lift", "escalator"].includes(step.kind));
  assert.ok(rides.length, "the way rides nothing that could be closed");
  const before = await page.locator(".line-core").getAttribute("d");
  await close(rides[0].featureId, true);
  await page.getByText("Your way has changed.").waitFor();
  await page.waitForFunction((before) => document.querySelector(".line-core")?.getAttribute("d") !== before, before);
  const led = await page.locator("#steps").textContent();
  assert.ok(!led.includes(rides[0].sign), "the way still takes what is closed");
  await close(rides[0].featureId, false);
  await page.waitForFunction((before) => document.querySelector(".line-core")?.getAttribute("d") === before, before);
  saw("the way drawn anew after a closure, and as before when it is lifted");

  await page.locator(`.bag[data-plate="${plate}"]`).waitFor();
  for (const [point, kind] of [["CHECK_IN", "ACCEPTED"], ["SORTATION", "IN_HALL"], ["AIRCRAFT_LOAD", "ON_BOARD"]]) {
    await scan(point);
    await page.locator(`.timeline li.last[data-kind="${kind}"]`).waitFor();
  }
  const shown = await page.locator(".timeline li.last time").textContent();
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Shanghai", timeStyle: "short" });
  const recent = [0, 1, 2].map((minutes) => clock.format(Date.now() - minutes * 60_000));
  assert.ok(recent.includes(shown), `${shown} is not the airport's time`);
  saw("the bag on its way, by the airport's clock");

  await page.getByRole("button", { name: "中文" }).click();
  await page.locator("h1", { hasText: "岭南机场" }).waitFor();
  await page.locator('.notice[data-kind="NOTICE_KIND_GATE_CHANGED"]', { hasText: "登机口" }).waitFor();
  await page.locator("#steps li[data-action=ARRIVE]", { hasText: "登机口" }).waitFor();
  await page.locator(".line-open").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await until("the start is named", async () => (await ends(page).first().inputValue()) === "地铁");
  await fly({ boarding: {} });
  await page.locator('.notice.urgent[data-kind="NOTICE_KIND_BOARDING"]', { hasText: "登机" }).waitFor();
  saw("the same in Chinese, live as before");

  for (const width of [360, 768, 1440]) {
    await page.setViewportSize({ width, height: 780 });
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(beyond <= 0, `at ${width} px it scrolls sideways by ${beyond} px`);
  }
  saw("nothing beyond the edge of a telephone");

  await page.locator(".map-window").focus();
  const transform = () => page.evaluate(() => document.querySelector(".map-window svg g").getAttribute("transform"));
  const stood = await transform();
  await page.keyboard.press("+");
  await page.keyboard.press("ArrowLeft");
  await until("the map moves", async () => (await transform()) !== stood);
  await page.getByRole("button", { name: "1F" }).press("Enter");
  await page.locator('.map-window[data-level="0"]').waitFor();
  await ends(page).nth(1).fill("c9");
  await page.getByRole("option", { name: "C9" }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#steps li[data-action=ARRIVE]", { hasText: "C9" }).waitFor();
  saw("map, levels and search at the keys of a keyboard");

  await page.close();

  // The line breaks as when a node stops; what is said meanwhile comes once, with the next socket.
  const lines = [];
  const again = await open(`${url}/#token=${token}`, (page) => passOn(page, lines));
  await again.locator(".line-open").waitFor();
  const had = await again.locator(".notice").count();
  await lines[0].close();
  await fly({ finalCall: {} });
  await again.locator('.notice[data-kind="NOTICE_KIND_FINAL_CALL"]').waitFor();
  await scan("AIRCRAFT_UNLOAD");
  await again.locator('.timeline li.last[data-kind="UNLOADED"]').waitFor();
  assert.ok(lines.length > 1, "no other socket was opened");
  const seqs = await again.locator(".notice").evaluateAll((rows) => rows.map((row) => row.dataset.seq));
  assert.equal(new Set(seqs).size, seqs.length, "a notice is shown twice");
  assert.ok(seqs.length > had, "a notice was lost");
  assert.ok(lines.at(-1).said.some((frame) => frame.connect?.resume), "the session was not resumed");
  saw("nothing lost and nothing twice over a line that broke");

  // A newer token goes into the open session; no other socket is opened for it.
  const sockets = lines.length;
  await again.goto(`${url}/#token=${newer}`);
  await until("the token is refreshed", () => lines.at(-1).heard.some((frame) => frame.refreshed));
  assert.equal(lines.length, sockets, "another socket was opened");
  saw("a newer token taken into the open session");

  // From 3500 on the server would only refuse again: the page says so and stays away.
  await lines.at(-1).close({ code: 3504, reason: "too many sessions" });
  await again.locator(".box.warn", { hasText: "太多" }).waitFor();
  await again.locator(".box.warn button").click();
  await again.locator(".line-open").waitFor();
  saw("that there are too many sessions, and another try");
  await again.close();

  const stranger = await open(url);
  await stranger.locator(".box.info", { hasText: "airside token --role passenger" }).waitFor();
  await stranger.locator(".map-window[data-level]").waitFor();
  assert.equal(await stranger.locator("#flight").isVisible(), false);
  saw("the map and how to get a token, without one");

  // Of several venues the first is shown and the others are offered; one without a session asks nothing by itself.
  await until("the start is named", async () => await ends(stranger).first().inputValue());
  let asked = 0;
  stranger.on("requestfinished", (request) => (asked += request.url().endsWith("/FindRoute") ? 1 : 0));
  await stranger.locator("select.venues").selectOption("testville");
  await stranger.locator("h1", { hasText: "测试村机场" }).waitFor();
  assert.equal(new URL(stranger.url()).searchParams.get("venue"), "testville");
  await stranger.locator(".map-window[data-level]").waitFor();
  await until("the start is named", async () => await ends(stranger).first().inputValue());
  await ends(stranger).nth(1).fill("A3");
  await stranger.getByRole("option", { name: "A3" }).first().waitFor();
  await stranger.keyboard.press("Enter");
  await stranger.locator("#steps li[data-action=ARRIVE]", { hasText: "A3" }).waitFor();
  await until("the way is asked for", () => asked === 1);
  await stranger.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await until("the way is asked for again by who looks again", () => asked === 2);
  saw("the other venues that there are, and a way that is asked for when somebody looks");

  // The browser itself notes the 401; nothing else may be said.
  await stranger.goto(`${url}/#token=${token.slice(0, -4)}AAAA`);
  await stranger.locator(".box.warn", { hasText: "airside token" }).waitFor();
  assert.ok(complaints.every((said) => said.includes("401")), complaints.join("\n"));
  complaints.length = 0;
  saw("that a wrong token is refused, and what to do");
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(0);
