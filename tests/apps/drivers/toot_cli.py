"""Runs inside the environment of toot: each line on standard input is a command line, each answer what it printed."""

import json
import sys

from click.testing import CliRunner
from toot.cli import cli

for line in sys.stdin:
    asked = json.loads(line)
    done = CliRunner().invoke(cli, asked["arguments"])
    if done.exit_code == 0:
        answer = {"value": done.output}
    else:
        answer = {"error": {"type": type(done.exception).__name__, "text": done.output}}
    print(json.dumps(answer), flush=True)
