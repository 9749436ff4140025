"""The environments of the real clients."""

import subprocess

import pytest

from support import clients

_IMPORTS = {"fediverse-pasture": "fediverse_pasture", "mastodon-py": "mastodon, websocket", "moto": "moto.server",
            "pythonlemmy": "pythonlemmy", "pythorhead": "pythorhead", "tooi": "tooi.entities", "toot": "toot.cli",
            "tuspy": "tusclient.client", "writefreely-cli": "writefreely_cli"}


@pytest.mark.parametrize("name", clients.PYTHON_CLIENTS)
def test_python_client_imports(name: str) -> None:
    """Each Python client can be imported in its own environment."""
    python = clients.python_client(name) / "python"
    subprocess.run([python, "-I", "-c", f"import {_IMPORTS[name]}"], check=True)


def test_node_client_imports() -> None:
    """masto can be imported, by a Node that has WebSocket built in."""
    client = clients.node_client("masto")
    script = "import {createRestAPIClient} from 'masto'; console.log(typeof createRestAPIClient, typeof WebSocket)"
    done = subprocess.run([client.node.program, "--input-type=module", "-e", script], cwd=client.folder,
                          capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["function", "function"]


@pytest.mark.parametrize(("name", "wanted"), [("lemmy-js-client", "LemmyHttp"), ("threadiverse", "ThreadiverseClient")])
def test_lemmy_clients_import(name: str, wanted: str) -> None:
    """The clients of Lemmy can be imported."""
    client = clients.node_client(name)
    script = f"import * as found from '{name}'; console.log(typeof found.{wanted})"
    done = subprocess.run([client.node.program, "--input-type=module", "-e", script], cwd=client.folder,
                          capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["function"]
