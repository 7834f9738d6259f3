// The official Connect client, in each of its transports and forms.
//
// Its services come from the descriptors that the server gives out; nothing is generated.
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { createConnectTransport as overFetch, createGrpcWebTransport as webOverFetch } from "@connectrpc/connect-web";
import { descriptors, report, settings } from "./story.mjs";

const { url, token, plate, stranger } = settings;
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, await descriptors()));
const baggage = registry.getService("airside.baggage.v1.BaggageService");
const notifications = registry.getService("airside.notifications.v1.NotificationService");

const bearer = (next) => (request) => {
  request.header.set("authorization", `Bearer ${token}`);
  return next(request);
};
const common = { baseUrl: url, interceptors: [bearer] };
const transports = {
  "connect-node JSON over HTTP/1.1": createConnectTransport({ ...common, httpVersion: "1.1" }),
  "connect-node binary over HTTP/2": createConnectTransport({ ...common, httpVersion: "2", useBinaryFormat: true }),
  "connect-node gRPC": createGrpcTransport(common),
  "connect-node gRPC-Web over HTTP/1.1": createGrpcWebTransport({ ...common, httpVersion: "1.1" }),
  "connect-web JSON": overFetch({ ...common, useBinaryFormat: false }),
  "connect-web binary": overFetch({ ...common, useBinaryFormat: true }),
  "connect-web gRPC-Web": webOverFetch(common),
};

for (const [name, transport] of Object.entries(transports)) {
  const bags = createClient(baggage, transport);
  const known = await bags.getBag({ plate });
  const refused = await bags.getBag({ plate: stranger }).then(
    () => ({}),
    (error) => ({ code: Code[ConnectError.from(error).code], message: ConnectError.from(error).rawMessage }),
  );
  let hello = null;
  // Connect streams are not spoken; gRPC and gRPC-Web carry them.
  if (name.includes("gRPC")) {
    const leave = new AbortController();
    for await (const frame of createClient(notifications, transport).watch({}, { signal: leave.signal })) {
      hello = frame.frame.case;
      break;
    }
    leave.abort();
  }
  report({ client: name, plate: known.bag?.plate, code: refused.code, message: refused.message, hello });
}
process.exit(0);
