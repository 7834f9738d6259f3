"""The official gRPC client of Python, with messages made from the server's descriptors."""

import json
import os
import urllib.request

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

story = json.loads(os.environ["AIRSIDE_STORY"])
with urllib.request.urlopen(story["url"] + "/descriptors.binpb") as answer:
    files = descriptor_pb2.FileDescriptorSet.FromString(answer.read())
pool = descriptor_pool.DescriptorPool()
for file in files.file:
    pool.Add(file)


def call(channel, service, name):
    """Returns the rpc as a function of its request's fields."""
    method = pool.FindServiceByName(service).methods_by_name[name]
    request = message_factory.GetMessageClass(method.input_type)
    response = message_factory.GetMessageClass(method.output_type)
    kind = channel.unary_stream if method.server_streaming else channel.unary_unary
    made = kind(
        f"/{service}/{name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=response.FromString,
    )
    metadata = (("authorization", f"Bearer {story['token']}"),)
    return lambda **fields: made(request(**fields), metadata=metadata, timeout=20)


address = story["url"].removeprefix("http://")
with grpc.insecure_channel(address) as channel:
    get_bag = call(channel, "airside.baggage.v1.BaggageService", "GetBag")
    known = get_bag(plate=story["plate"])
    try:
        get_bag(plate=story["stranger"])
        code = message = None
    except grpc.RpcError as error:
        code, message = error.code().name, error.details()
    session = call(channel, "airside.notifications.v1.NotificationService", "Watch")()
    hello = next(session).WhichOneof("frame")
    session.cancel()
    seen = {"client": "grpcio", "plate": known.bag.plate, "code": code, "message": message, "hello": hello}
    print(json.dumps(seen))
