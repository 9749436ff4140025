"""Runs inside the environment of fediverse-pasture: its verify-actor program, on a loopback port only."""

import sys

from fediverse_pasture.verify_actor import build_app

port = int(sys.argv[1])
build_app(False, f"127.0.0.1:{port}", False, 20).run(host="127.0.0.1", port=port)
