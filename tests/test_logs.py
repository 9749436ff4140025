"""Log lines: for people or machines, and never with a secret in them."""

import json
from collections.abc import Iterator

import pytest
import structlog

from potluck.logs import configure
from potluck.settings import Settings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging of other tests is not touched."""
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked(capsys: pytest.CaptureFixture[str], form: str) -> None:
    """A value whose name speaks of a secret is not written, whatever the form."""
    configure(Settings(log_format=form))
    structlog.get_logger().info("signed_in", password="hunter2", access_token="hunter2", Cookie="hunter2", name="bob")
    line = capsys.readouterr().err
    assert "hunter2" not in line
    assert "bob" in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_errors_show_no_local_variables(capsys: pytest.CaptureFixture[str], form: str) -> None:
    """A traceback shows where, not the values that were in hand."""
    configure(Settings(log_format=form))
    word = "".join(("hunter", "2"))
    try:
        int(word[:6])
    except ValueError:
        structlog.get_logger().exception("failed")
    lines = capsys.readouterr().err
    assert "ValueError" in lines
    assert "hunter2" not in lines


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Machines get one JSON object a line, with time and level."""
    configure(Settings(log_format="json"))
    structlog.get_logger().warning("soup_boiled_over", pots=2)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["pots"]) == ("soup_boiled_over", "warning", 2)
    assert line["timestamp"].endswith("Z")


def test_levels(capsys: pytest.CaptureFixture[str]) -> None:
    """What is less severe than set is not written."""
    configure(Settings(log_level="warning"))
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    lines = capsys.readouterr().err
    assert "quiet" not in lines
    assert "loud" in lines
