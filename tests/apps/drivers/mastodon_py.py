"""Runs inside the environment of Mastodon.py: does what the lines on standard input ask."""

import base64
import datetime
import json
import queue
import sys
import time

from mastodon import Mastodon, StreamListener

people = {}
heard = {}
streams = {}


class Listener(StreamListener):
    """Keeps every event."""

    def __init__(self, events):
        self.events = events

    def on_any_event(self, name, data=None, for_stream=None):
        self.events.put({"event": name, "payload": data})

    def on_abort(self, err):
        self.events.put({"event": "abort", "payload": str(err)})


def real(value):
    """Values that JSON has no word for: {"$time": ISO 8601} and {"$bytes": base64url}."""
    if isinstance(value, list):
        return [real(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$time" in value:
        return datetime.datetime.fromisoformat(value["$time"])
    if "$bytes" in value:
        return base64.urlsafe_b64decode(value["$bytes"] + "=" * (-len(value["$bytes"]) % 4))
    return {key: real(item) for key, item in value.items()}


def open_client(ask):
    people[ask["who"]] = Mastodon(ratelimit_method="throw", request_timeout=20, **ask["options"])


def call(ask):
    if ask["name"] == "create_app":
        return Mastodon.create_app(*ask["arguments"], **ask["named"])
    person = people[ask["who"]]
    arguments = real(ask["arguments"])
    if ask["name"] == "status_reply":  # wants a status as the library itself made it
        arguments[0] = person.status(arguments[0]["id"])
    return getattr(person, ask["name"])(*arguments, **real(ask["named"]))


def pages(ask):
    person, page = people[ask["who"]], call(ask)
    found = []
    while page:
        found.append(page)
        page = person.fetch_next(page)
    return found


def listen(ask):
    who, person = ask["who"], people[ask["who"]]
    events = heard.setdefault(who, queue.Queue())
    start = getattr(person, f"stream_{ask['stream']}")
    if ask["transport"] == "websocket":
        socket = person.stream_open_websocket(timeout=60)
        start(listener=Listener(events), websocket_handle=socket, **ask["parameters"])
        streams.setdefault(who, []).append(socket)
        return
    handle = start(listener=Listener(events), run_async=True, timeout=60, **ask["parameters"])
    while not handle.is_receiving():
        time.sleep(0.02)
    streams.setdefault(who, []).append(handle)


def all_heard(ask):
    return list(heard[ask["who"]].queue)


def hush(ask):
    for handle in streams.pop(ask["who"], []):
        handle.close()
    heard.pop(ask["who"], None)


WAYS = {"open": open_client, "call": call, "pages": pages, "listen": listen, "heard": all_heard, "hush": hush}
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"value": WAYS[asked["do"]](asked)}
    except Exception as error:  # noqa: BLE001 - whatever the library raises is what the test wants to see
        answer = {"error": {"type": type(error).__name__, "text": str(error)}}
    print(json.dumps(answer, default=str), flush=True)
