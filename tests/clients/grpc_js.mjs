// The official gRPC client of Node, with services loaded from the server's descriptors.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { descriptors, report, settings } from "./story.mjs";

const { url, token, plate, stranger } = settings;
const definition = loader.loadFileDescriptorSetFromBuffer(Buffer.from(await descriptors()), { longs: String });
const { airside } = grpc.loadPackageDefinition(definition);
const address = new URL(url).host;
const metadata = new grpc.Metadata();
metadata.set("authorization", `Bearer ${token}`);

const bags = new airside.baggage.v1.BaggageService(address, grpc.credentials.createInsecure());
const ask = (wanted) =>
  new Promise((resolve) => {
    bags.getBag({ plate: wanted }, metadata, (error, answer) => resolve({ error, answer }));
  });
const known = await ask(plate);
const refused = await ask(stranger);

const notices = new airside.notifications.v1.NotificationService(address, grpc.credentials.createInsecure());
const session = notices.watch({}, metadata);
const hello = await new Promise((resolve, reject) => {
  session.on("data", resolve);
  session.on("error", reject);
});
session.on("error", () => {});
session.cancel();

report({
  client: "@grpc/grpc-js",
  plate: known.answer?.bag?.plate,
  code: grpc.status[refused.error?.code],
  message: refused.error?.details,
  hello: hello.hello ? "hello" : null,
});
process.exit(0);
