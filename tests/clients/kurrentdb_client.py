"""The KurrentDB client of Python, on the double: it appends, is refused, reads and follows."""

import json
import os

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import WrongCurrentVersionError

story = json.loads(os.environ["AIRSIDE_STORY"])
stream = story["stream"]


def said(text):
    return NewEvent(type="test.Said", data=text.encode(), content_type="application/octet-stream")


with KurrentDBClient(story["url"]) as client:
    client.append_to_stream(stream, current_version=StreamState.NO_STREAM, events=[said("a"), said("b")])
    try:
        client.append_to_stream(stream, current_version=StreamState.NO_STREAM, events=said("c"))
        refused = None
    except WrongCurrentVersionError as error:
        refused = type(error).__name__
    read = [event.data.decode() for event in client.get_stream(stream)]
    followed = []
    # Its own filter of system events looks ahead, which the double's regular expressions cannot.
    with client.subscribe_to_all(filter_include=[r"test\..*"], timeout=20) as events:
        for event in events:
            if event.stream_name != stream:
                continue
            followed.append(event.data.decode())
            # What is written while somebody follows comes as well.
            if len(followed) == 2:
                client.append_to_stream(stream, current_version=1, events=said("live"))
            if len(followed) == 3:
                break
print(json.dumps({"client": "kurrentdbclient", "refused": refused, "read": read, "followed": followed}))
