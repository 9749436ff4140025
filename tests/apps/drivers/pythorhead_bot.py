"""Runs inside the environment of pythorhead: does what the lines on standard input ask."""

import json
import sys
from enum import Enum

from pythorhead import Lemmy, types

people = {}


def real(value):
    """Values that JSON has no word for: {"$enum": "SortType.New"}."""
    if isinstance(value, dict) and "$enum" in value:
        kind, _, name = value["$enum"].partition(".")
        return getattr(types, kind)[name]
    return value


def plain(value):
    """What can be written as JSON."""
    if isinstance(value, Enum):
        return value.value
    return str(value)


def open_client(ask):
    options = ask["options"]
    people[ask["who"]] = person = Lemmy(options["url"], raise_exceptions=True, request_timeout=40)
    if "login" in options:
        assert person.log_in(*options["login"])


def call(ask):
    found = people[ask["who"]]
    for part in ask["name"].split("."):
        found = getattr(found, part)
    if not callable(found):
        return found
    return found(*map(real, ask["arguments"]), **{name: real(value) for name, value in ask["named"].items()})


WAYS = {"open": open_client, "call": call}
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"value": WAYS[asked["do"]](asked)}
    except Exception as error:  # noqa: BLE001 - whatever the library raises is what the test wants to see
        answer = {"error": {"type": type(error).__name__, "text": str(error)}}
    print(json.dumps(answer, default=plain), flush=True)
