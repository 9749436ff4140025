"""Runs inside the environment of tooi: checks JSON on standard input, `[[entity, value], …]`, with its models."""

import json
import sys

from pydantic import TypeAdapter, ValidationError
from tooi import entities

faults = []
for name, value in json.load(sys.stdin):
    try:
        TypeAdapter(getattr(entities, name)).validate_python(value)
    except ValidationError as error:
        faults.append(f"{name}: {error}")
json.dump(faults, sys.stdout)
