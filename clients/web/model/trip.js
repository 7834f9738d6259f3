// What a passenger follows, live: the list of flights and bags, and a view of each.

/** The most of each that is shown; a session has a bounded number of views. */
const SHOWN = 4;
/** What is followed may not be known yet, such as a flight before its schedule is; it is asked for again. */
const ASK_AGAIN_MS = 3_000;

/** Keeps the store's `flights` and `bags` as the session shows them; returns what ends that. */
export function follow(session, store, locale) {
  const flights = new Followed(session, SHOWN, ({ flight }) => ({
    id: flight,
    rpc: "flights.v1.FlightService/GetFlight",
    request: { flight },
    read: (body) => body.flight,
    unread: { flight },
  }));
  const bags = new Followed(session, SHOWN, ({ plate }) => ({
    id: plate,
    rpc: "baggage.v1.BaggageService/GetBagJourney",
    request: { plate, locale },
    read: (body) => body,
  }));
  const list = session.watch("trips.v1.TripService/ListFollowed", {}, (body) => {
    flights.are(body.flights ?? [], (shown) => store.learn({ flights: shown }));
    bags.are(body.bags ?? [], (shown) => store.learn({ bags: shown }));
    store.learn({ isFollowedKnown: true });
  });
  return () => {
    list();
    flights.end();
    bags.end();
  };
}

/** The followed things of a kind, the latest first. */
class Followed {
  #session;
  #most;
  #describe;
  #open = new Map();
  #tell = () => {};

  constructor(session, most, describe) {
    this.#session = session;
    this.#most = most;
    this.#describe = describe;
  }

  /** Opens views of what is new in the list and closes those of what is not in it any more. */
  are(list, shown) {
    const wanted = list.map(this.#describe).reverse().slice(0, this.#most);
    const ids = wanted.map(({ id }) => id);
    for (const [id, { close }] of this.#open) {
      if (ids.includes(id)) continue;
      close();
      this.#open.delete(id);
    }
    for (const one of wanted) {
      if (!this.#open.has(one.id)) this.#watch(one);
    }
    this.#tell = () => shown(ids.map((id) => this.#open.get(id)?.body).filter(Boolean));
    this.#tell();
  }

  #watch({ id, rpc, request, read, unread = null }) {
    const open = { body: unread, close: () => {} };
    this.#open.set(id, open);
    const said = (body) => {
      open.body = read(body);
      this.#tell();
    };
    const watch = () => {
      const end = this.#session.watch(rpc, request, said, () => {
        const again = setTimeout(watch, ASK_AGAIN_MS);
        open.close = () => clearTimeout(again);
      });
      open.close = end;
    };
    watch();
  }

  /** Closes all views. */
  end() {
    for (const { close } of this.#open.values()) close();
    this.#open.clear();
  }
}

/** Returns whether a flight is of interest as one that leaves, rather than as one that arrives. */
export function leaves(flight) {
  return !flight.belt && flight.phase !== "FLIGHT_PHASE_LANDED";
}

/** Returns the place that a flight sends its passenger to, if it is known: a gate or a belt. */
export function destination(flight) {
  if (!flight || flight.phase === "FLIGHT_PHASE_CANCELLED") return null;
  if (leaves(flight)) return flight.gate ? { kind: "gate", sign: flight.gate } : null;
  return flight.belt ? { kind: "belt", sign: flight.belt } : null;
}
