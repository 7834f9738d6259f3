// What every client is told and what it reports: one JSON object a line.
const { AIRSIDE_STORY } = process.env;
if (!AIRSIDE_STORY) {
  console.error("AIRSIDE_STORY: give {url, token, plate, stranger} as JSON");
  process.exit(2);
}

/** Where the server is, a passenger's token, a bag of theirs, and one of nobody. */
export const settings = JSON.parse(AIRSIDE_STORY);

/** Returns the descriptors that the server gives out. */
export async function descriptors() {
  const answer = await fetch(`${settings.url}/descriptors.binpb`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Reports what a client saw. */
export function report(seen) {
  console.log(JSON.stringify(seen));
}
