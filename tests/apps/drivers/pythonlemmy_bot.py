"""Runs inside the environment of pythonlemmy: calls its functions and reads each answer with the class it names."""

import dataclasses
import json
import re
import sys

from pythonlemmy import LemmyHttp, responses

people = {}
_NAMED = re.compile(r"wrap in (\w+) if successful")


class Refused(Exception):
    """The server answered with an error."""


def plain(value):
    """An object of the library as JSON."""
    if dataclasses.is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value if isinstance(value, (str, int, float, bool, type(None))) else plain(vars(value))


def open_client(ask):
    options = ask["options"]
    people[ask["who"]] = person = LemmyHttp(options["url"], headers={"User-Agent": "pythonlemmy"})
    if "login" in options:
        person.set_jwt(responses.LoginResponse(person.login(*options["login"])).jwt)


def call(ask):
    function = getattr(people[ask["who"]], ask["name"])
    answer = function(*ask["arguments"], **ask["named"])
    if not answer.ok:
        raise Refused(f"{answer.status_code} {answer.text}")
    named = _NAMED.search(function.__doc__ or "")
    wrapper = getattr(responses, named[1], None) if named else None
    return plain(wrapper(answer)) if wrapper else answer.json()


WAYS = {"open": open_client, "call": call}
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"value": WAYS[asked["do"]](asked)}
    except Exception as error:  # noqa: BLE001 - whatever the library raises is what the test wants to see
        answer = {"error": {"type": type(error).__name__, "text": str(error)}}
    print(json.dumps(answer), flush=True)
