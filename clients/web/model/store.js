// What the page knows, in one place. Whoever changes it says which part; who shows that part is told once,
// after all changes of the moment.

export class Store {
  #known;
  #watchers = [];
  #changed = new Set();

  constructor(known) {
    this.#known = known;
  }

  /** Returns all that is known. */
  get known() {
    return this.#known;
  }

  /** Takes in what is new. */
  learn(news) {
    for (const [part, value] of Object.entries(news)) {
      if (this.#known[part] === value) continue;
      this.#known = { ...this.#known, [part]: value };
      if (!this.#changed.size) queueMicrotask(() => this.#tell());
      this.#changed.add(part);
    }
  }

  /** Shows some parts now, and again whenever one of them changes. */
  show(parts, view) {
    const watcher = { parts, view };
    this.#watchers.push(watcher);
    view(this.#known);
  }

  #tell() {
    const changed = this.#changed;
    this.#changed = new Set();
    for (const { parts, view } of this.#watchers) {
      if (parts.some((part) => changed.has(part))) view(this.#known);
    }
  }
}
