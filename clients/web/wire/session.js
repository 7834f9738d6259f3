// A session on the WebSocket `/push`, subprotocol `airside.push.v1`: notices without a gap, and live views.
//
// A session outlives its sockets. When a socket breaks, another is opened after a pause that doubles and is
// spread, so that a crowd does not come back at once; it resumes after the last notice, and each view says
// what it has. From close code 3500 on the server would only refuse again, so the session ends and says why.

import { backoff, silentAfter } from "./patience.js";

const SUBPROTOCOL = "airside.push.v1";
/** From this close code on a client does not come back by itself. */
const FINAL = 3500;

export class Session {
  #listener;
  #token;
  #locale;
  #resume;
  #views = new Map();
  #opened = 0;
  #socket = null;
  #isOpen = false;
  #breaks = 0;
  #comeBack = 0;
  #silence = 0;
  #pingsMs = 0;
  #hasLeft = false;

  /**
   * Makes a session that tells `listener` what it hears: `state(word)`, `notices(list, isSnapshot)`,
   * `expires(ms)`, `refused(error)` and `ended(code, reason)`. `resume` is where notices are known up to.
   */
  constructor({ token, locale, resume }, listener) {
    this.#token = token;
    this.#locale = locale;
    this.#resume = resume;
    this.#listener = listener;
  }

  /** Opens a socket, unless there is one. */
  open() {
    if (this.#socket) return;
    clearTimeout(this.#comeBack);
    const address = new URL("push", new URL(".", location.href));
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, SUBPROTOCOL);
    this.#socket = socket;
    this.#listener.state("connecting");
    // A socket that was let go of has nothing to say any more.
    const ours = (act) => (event) => this.#socket === socket && act(event);
    socket.onopen = ours(() => this.#say({ connect: this.#connect() }));
    socket.onmessage = ours(({ data }) => this.#hear(JSON.parse(data)));
    socket.onclose = ours(({ code, reason }) => this.#broke(code, reason));
    this.#listen();
  }

  /** Comes back now, when it would have waited: somebody looks again, or there is a net again. */
  hurry() {
    if (!this.#hasLeft) this.open();
  }

  /** Leaves for good. */
  leave() {
    this.#hasLeft = true;
    clearTimeout(this.#comeBack);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    if (this.#isOpen) socket?.send(JSON.stringify({ bye: {} }));
    this.#isOpen = false;
    socket?.close(1000);
  }

  /** Goes on with a newer token of the same person. */
  refresh(token) {
    this.#token = token;
    if (this.#isOpen) this.#say({ refresh: { token } });
  }

  /** Says how far notices got: `DELIVERED`, `DISPLAYED` or `READ`. */
  acknowledge(seq, level) {
    if (this.#isOpen && seq > 0) this.#say({ ack: { seq: String(seq), level: `ACK_LEVEL_${level}` } });
  }

  /**
   * Opens a live view of a read. `said(body)` is called with the whole answer now and after each change,
   * `refused(error)` once when the view is over. Returns what closes it.
   */
  watch(rpc, request, said, refused = () => {}) {
    const view = { id: "", method: `/airside.${rpc}`, request, said, refused, position: "", version: "" };
    const key = Symbol(rpc);
    this.#views.set(key, view);
    if (this.#isOpen) this.#subscribe(view);
    return () => {
      if (this.#views.delete(key) && this.#isOpen) this.#say({ unsubscribe: { id: view.id } });
    };
  }

  #connect() {
    const resume = this.#resume && { epoch: this.#resume.epoch, seq: String(this.#resume.seq) };
    return { token: this.#token, locale: this.#locale, ...(resume && { resume }) };
  }

  #say(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  #subscribe(view) {
    this.#opened += 1;
    view.id = `v${this.#opened}`;
    const { id, method, request, position, version } = view;
    this.#say({ subscribe: { id, method, request, atLeastPosition: position, ifVersion: version } });
  }

  // Frames may come in any order; an `error` or a `refreshed` may even stand before `hello`.
  #hear(frame) {
    this.#listen();
    if (frame.hello) this.#hello(frame.hello);
    else if (frame.notices) this.#notices(frame.notices.notices ?? [], false);
    else if (frame.snapshot) {
      this.#notices(frame.snapshot.notices ?? [], true);
      this.#resume.seq = Number(frame.snapshot.seq ?? 0);
    } else if (frame.view) this.#shown(frame.view);
    else if (frame.error) this.#refused(frame.error);
    else if (frame.refreshed) this.#listener.expires(Number(frame.refreshed.tokenExpiresInMs ?? 0));
    else if (frame.ping) this.#say({ pong: {} });
    else if (frame.drain) this.#later(frame.drain.reconnectAfterMs ?? 0);
  }

  #hello(hello) {
    this.#isOpen = true;
    this.#breaks = 0;
    this.#resume = { epoch: hello.epoch, seq: Number(hello.seq ?? 0) };
    this.#pingsMs = hello.pingIntervalMs ?? 0;
    for (const view of this.#views.values()) this.#subscribe(view);
    this.#listener.state("open");
    this.#listener.expires(Number(hello.tokenExpiresInMs ?? 0));
  }

  #notices(list, isSnapshot) {
    if (list.length) this.#resume.seq = Number(list.at(-1).seq);
    this.#listener.notices(list, isSnapshot);
  }

  #shown({ id, position = "", version, body }) {
    const view = [...this.#views.values()].find((view) => view.id === id);
    if (!view) return;
    Object.assign(view, { position, version });
    view.said(body);
  }

  #refused(error) {
    if (!error.id) return this.#listener.refused(error);
    for (const [key, view] of this.#views) {
      if (view.id !== error.id) continue;
      this.#views.delete(key);
      view.refused(error);
    }
  }

  // Whatever is heard says that the line lives; a line that is silent for too long does not.
  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#later(0), silentAfter(this.#pingsMs));
  }

  #broke(code, reason) {
    if (code < FINAL) return this.#later(0);
    this.#isOpen = false;
    this.leave();
    this.#listener.ended(code, reason);
  }

  #later(atLeastMs) {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = false;
    socket?.close();
    this.#listener.state("waiting");
    clearTimeout(this.#comeBack);
    this.#comeBack = setTimeout(() => this.open(), atLeastMs + backoff(this.#breaks));
    this.#breaks += 1;
  }
}
