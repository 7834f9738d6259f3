// Where one looks at the map: a place in metres at the middle, and pixels to a metre. Moves with a finger or a
// mouse, two fingers, the wheel and the keyboard.

const NEAREST = 14;
/** Nothing is fitted into the window nearer than this: one wants to see what lies around. */
const FITTED = 6;
/** The whole level may be made this much smaller than what fits. */
const FARTHEST = 0.4;
/** What a press of a key moves, as a share of the window; and how much it zooms. */
const STEP = 0.18;
const ZOOM = 1.5;
/** A finger that moves less than this many pixels meant to tap. */
const TAP = 6;
const GLIDE_MS = 350;

export class Camera {
  x = 0;
  y = 0;
  scale = 1;
  width = 1;
  height = 1;
  #box = [0, 0, 1, 1];
  #moved;
  #tapped;
  #pointers = new Map();
  #travelled = 0;
  #glide = 0;

  /** Watches an element; `moved()` is called after each move, `tapped([x, y])` with metres. */
  constructor(element, moved, tapped) {
    this.#moved = moved;
    this.#tapped = tapped;
    element.addEventListener("pointerdown", (event) => this.#down(element, event));
    element.addEventListener("pointermove", (event) => this.#move(element, event));
    for (const end of ["pointerup", "pointercancel"]) {
      element.addEventListener(end, (event) => this.#up(element, event));
    }
    element.addEventListener("wheel", (event) => this.#wheel(element, event), { passive: false });
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Says how large the window is. */
  resize(width, height) {
    Object.assign(this, { width, height });
  }

  /** Says what there is to see. */
  bound(box) {
    this.#box = box;
  }

  /** Returns where a point of the map is in the window, in pixels. */
  place([x, y]) {
    return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
  }

  #metres([left, top]) {
    return [(left - this.width / 2) / this.scale + this.x, (top - this.height / 2) / this.scale + this.y];
  }

  /** Looks at all of a box, with some pixels of margin: one number, or north, east, south and west. */
  fit(box = this.#box, margin = 24, glides = false) {
    const [north, east, south, west] = typeof margin === "number" ? Array(4).fill(margin) : margin;
    const [wide, high] = [this.width - east - west, this.height - north - south].map((free) => Math.max(free, 40));
    const scale = Math.min(wide / (box[2] - box[0] || 1), high / (box[3] - box[1] || 1), FITTED);
    const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    this.#look(x + (east - west) / 2 / scale, y + (south - north) / 2 / scale, scale, glides);
  }

  /** Looks at a point, near enough to read what is there. */
  focus([x, y], scale = 4) {
    this.#look(x, y, Math.max(this.scale, scale), true);
  }

  /** Zooms around the middle, or a point of the window. */
  zoom(factor, at = [this.width / 2, this.height / 2]) {
    cancelAnimationFrame(this.#glide);
    const before = this.#metres(at);
    this.scale = this.#within(this.scale * factor);
    const after = this.#metres(at);
    this.#set(this.x + before[0] - after[0], this.y + before[1] - after[1]);
  }

  #within(scale) {
    const [west, north, east, south] = this.#box;
    const whole = Math.min(this.width / (east - west), this.height / (south - north));
    return Math.min(Math.max(scale, whole * FARTHEST), NEAREST);
  }

  // The middle of the window stays over the level.
  #set(x, y) {
    this.x = Math.min(Math.max(x, this.#box[0]), this.#box[2]);
    this.y = Math.min(Math.max(y, this.#box[1]), this.#box[3]);
    this.#moved();
  }

  #look(x, y, scale, glides) {
    cancelAnimationFrame(this.#glide);
    const to = { x, y, scale: this.#within(scale) };
    const from = { x: this.x, y: this.y, scale: this.scale };
    if (!glides || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.scale = to.scale;
      return this.#set(x, y);
    }
    const began = performance.now();
    const step = (now) => {
      const share = Math.min((now - began) / GLIDE_MS, 1);
      const eased = 1 - (1 - share) ** 3;
      const between = (key) => from[key] + (to[key] - from[key]) * eased;
      this.scale = between("scale");
      this.#set(between("x"), between("y"));
      if (share < 1) this.#glide = requestAnimationFrame(step);
    };
    this.#glide = requestAnimationFrame(step);
  }

  #at(element, event) {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(element, event) {
    if (event.button > 0) return;
    cancelAnimationFrame(this.#glide);
    element.setPointerCapture(event.pointerId);
    if (!this.#pointers.size) this.#travelled = 0;
    this.#pointers.set(event.pointerId, this.#at(element, event));
  }

  #move(element, event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#at(element, event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    const by = [now[0] - before[0], now[1] - before[1]];
    this.#travelled += Math.hypot(...by);
    const share = other ? 0.5 : 1;
    if (other) {
      const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
      const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
      this.zoom(apart(now) / Math.max(apart(before), 1), middle);
    }
    this.#set(this.x - (share * by[0]) / this.scale, this.y - (share * by[1]) / this.scale);
  }

  #up(element, event) {
    if (!this.#pointers.delete(event.pointerId) || this.#pointers.size) return;
    if (event.type === "pointerup" && this.#travelled < TAP) this.#tapped(this.#metres(this.#at(element, event)));
  }

  #wheel(element, event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), this.#at(element, event));
  }

  #key(event) {
    const across = (STEP * this.width) / this.scale;
    const along = (STEP * this.height) / this.scale;
    const moves = {
      ArrowLeft: () => this.#set(this.x - across, this.y),
      ArrowRight: () => this.#set(this.x + across, this.y),
      ArrowUp: () => this.#set(this.x, this.y - along),
      ArrowDown: () => this.#set(this.x, this.y + along),
      "+": () => this.zoom(ZOOM),
      "=": () => this.zoom(ZOOM),
      "-": () => this.zoom(1 / ZOOM),
      0: () => this.fit(undefined, 24, true),
    };
    if (!moves[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    moves[event.key]();
  }
}
