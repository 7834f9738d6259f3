// The official gRPC-Web client, in both of its forms. It was made for browsers: xhr2 stands in for theirs.
import { createFileRegistry, create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import xhr2 from "xhr2";
import { descriptors, report, settings } from "./story.mjs";

// Before the client is loaded, which looks for it.
globalThis.XMLHttpRequest = xhr2.XMLHttpRequest ?? xhr2;
const { default: web } = await import("grpc-web");

const { url, token, plate, stranger } = settings;
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, await descriptors()));
const metadata = { authorization: `Bearer ${token}` };

/** Describes an rpc as generated code would. */
function described(service, name, kind) {
  const { input, output } = registry.getService(service).methods.find((method) => method.name === name);
  const path = `/${service}/${name}`;
  const write = (request) => toBinary(input, create(input, request));
  const read = (bytes) => fromBinary(output, bytes);
  return { path, descriptor: new web.MethodDescriptor(path, kind, Object, Object, write, read) };
}

const getBag = described("airside.baggage.v1.BaggageService", "GetBag", web.MethodType.UNARY);
for (const format of ["text", "binary"]) {
  const client = new web.GrpcWebClientBase({ format });
  const ask = (wanted) => client.unaryCall(url + getBag.path, { plate: wanted }, metadata, getBag.descriptor);
  const known = await ask(plate);
  const refused = await ask(stranger).catch((error) => error);
  // xhr2 hands a body over when it has ended, so that a session would never be heard.
  const code = Object.keys(web.StatusCode).find((name) => web.StatusCode[name] === refused.code);
  report({ client: `grpc-web ${format}`, plate: known.bag?.plate, code, message: refused.message, hello: null });
}
process.exit(0);
