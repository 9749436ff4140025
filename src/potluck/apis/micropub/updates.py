"""Changes of an entry's properties: replace, add, delete, as Micropub defines them."""

from __future__ import annotations

from typing import Any

from potluck.apis.indieauth.errors import invalid
from potluck.apis.micropub.entry import Properties
from potluck.apis.params import Params


def changed(before: Properties, params: Params) -> Properties:
    """Properties after an update.

    Raises:
        ApiError: it is none.
    """
    replace, add, delete = (params.values.get(name) for name in ("replace", "add", "delete"))
    if replace is None and add is None and delete is None:
        raise invalid("An update has replace, add or delete")
    found = {name: list(values) for name, values in {**before, **_lists(replace, "replace")}.items()}
    for name, values in _lists(add, "add").items():
        found[name] = [*found.get(name, []), *(value for value in values if value not in found.get(name, []))]
    return _without(found, delete)


def _lists(value: Any, operation: str) -> Properties:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(values, list) for values in value.values()):
        raise invalid(f"{operation} is an object whose values are arrays")
    return value


def _without(found: Properties, delete: Any) -> Properties:
    if isinstance(delete, list):
        if not all(isinstance(name, str) for name in delete):
            raise invalid("delete is an array of names, or an object whose values are arrays")
        return {name: values for name, values in found.items() if name not in delete}
    for name, values in _lists(delete, "delete").items():
        found[name] = [value for value in found.get(name, []) if value not in values]
    return {name: values for name, values in found.items() if values}
