// Unary calls of the Connect protocol: one POST with JSON, one JSON answer.

/** The longest that an answer is waited for, milliseconds. */
const PATIENCE_MS = 15_000;

/** What a call was refused with: a gRPC code in Connect spelling, and the server's words. */
export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Calls an rpc, such as `flights.v1.FlightService/GetFlight`; `token` may be absent for public ones. */
export async function call(rpc, request, token) {
  const headers = { "content-type": "application/json", "connect-protocol-version": "1" };
  if (token) headers.authorization = `Bearer ${token}`;
  const address = new URL(`airside.${rpc}`, new URL(".", location.href));
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const body = JSON.stringify(request);
  let answer;
  try {
    answer = await fetch(address, { method: "POST", headers, body, signal, cache: "no-store" });
  } catch {
    throw new Refusal("unavailable", "the airport does not answer");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(said.code ?? "unknown", said.message ?? answer.statusText);
  return said;
}
