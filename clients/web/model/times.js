// Times as the airport's clocks show them, wherever the passenger's own clock stands.

const KNOWN = new Map();

/** Returns the hour and minute of an instant in a time zone; empty without an instant. */
export function clock(instant, zone) {
  if (!instant) return "";
  return formatter(zone).format(new Date(instant));
}

function formatter(zone) {
  if (!KNOWN.has(zone)) {
    const hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    KNOWN.set(zone, new Intl.DateTimeFormat("en-GB", { ...hour, timeZone: zone || undefined }));
  }
  return KNOWN.get(zone);
}
