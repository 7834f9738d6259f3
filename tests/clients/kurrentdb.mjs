// The vendor's KurrentDB client of Node, on the double: it appends, is refused, reads and follows.
import { KurrentDBClient, NO_STREAM, START, jsonEvent } from "@kurrent/kurrentdb-client";

const { url, stream } = JSON.parse(process.env.AIRSIDE_STORY ?? "null") ?? {};
if (!url) {
  console.error("AIRSIDE_STORY: give {url, stream} as JSON");
  process.exit(2);
}
const client = KurrentDBClient.connectionString(url);
const said = (text) => jsonEvent({ type: "test.Said", data: { text } });

const written = await client.appendToStream(stream, [said("a"), said("b")], { streamState: NO_STREAM });
const refused = await client.appendToStream(stream, said("c"), { streamState: NO_STREAM }).then(
  () => null,
  (error) => error.type,
);

const read = [];
for await (const { event } of client.readStream(stream)) read.push(event.data.text);

const followed = [];
for await (const { event } of client.subscribeToAll({ fromPosition: START })) {
  if (event?.streamId !== stream) continue;
  followed.push(event.data.text);
  // What is written while somebody follows comes as well.
  if (followed.length === 2) await client.appendToStream(stream, said("live"), { streamState: 1n });
  if (followed.length === 3) break;
}
await client.dispose();
console.log(JSON.stringify({ client: "kurrentdb-client", revision: Number(written.nextExpectedRevision), refused, read, followed }));
process.exit(0);
