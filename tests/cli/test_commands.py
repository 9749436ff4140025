"""The `potluck` command as an operator uses it: its words, its exit codes, its errors."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from potluck import __version__, cli, settings
from potluck.cli.show_settings import reference
from potluck.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test alone, as set in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POTLUCK_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(settings, "_current", None)
    return tmp_path / "data"


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, arguments)


def _potluck(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "potluck", *arguments], capture_output=True, text=True, check=False,
                          env={**os.environ, **environ})


def test_help_and_version(data: Path) -> None:
    """Every command is listed with a sentence, and the version is told."""
    helped = _run("--help")
    for name in cli._COMMANDS:
        assert f"  {name} " in helped.output
        assert _run(name, "--help").exit_code == 0, name
    assert __version__ in _run("--version").output


def test_unknown_commands(data: Path) -> None:
    """A command that does not exist is refused."""
    assert _run("cook").exit_code == 2


def test_starting_small() -> None:
    """The command itself loads neither the web framework nor the database, so that the parent process stays small."""
    code = "import sys, potluck.cli; print({'litestar', 'sqlalchemy'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_engine_without_web_framework() -> None:
    """An engine by itself does not load the web framework, nor the endpoints of an API it only borrows a shape from."""
    heavy = "{'litestar', 'potluck.apis.mastodon.routes'}"
    code = f"import sys, potluck.processes.engine; print({heavy} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_bad_settings_end_the_program_with_a_sentence(data: Path) -> None:
    """A setting that cannot be used is told in one line, without a trace, with the exit code for configuration."""
    done = _potluck("settings", POTLUCK_SMTP_PORT="many")
    assert done.returncode == os.EX_CONFIG
    expected = "potluck: POTLUCK_SMTP_PORT: 'many' cannot be used: expected a whole number from 1 to 65535\n"
    assert done.stderr == expected


def test_settings_are_shown_without_secrets(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in force can be looked at; secrets that are set are hidden."""
    for item in fields(Settings):
        if item.metadata["secret"]:
            monkeypatch.setenv(f"POTLUCK_{item.name.upper()}", "postgresql://u:hunter2@db/x")
    monkeypatch.setenv("POTLUCK_TRUSTED_PROXIES", "10.0.0.0/8")
    shown = _run("settings").output
    assert "hunter2" not in shown
    assert shown.count("(hidden)") == len([item for item in fields(Settings) if item.metadata["secret"]])
    assert "trusted_proxies = 10.0.0.0/8\n" in shown
    assert f"data = {data}\n" in shown
    assert "confirm_email = true\n" in shown


def test_the_reference(data: Path) -> None:
    """The printed table has every setting, and the documentation names each."""
    assert _run("settings", "--reference").output.strip() == reference()
    documented = (ROOT / "docs" / "operators" / "configuration.md").read_text(encoding="utf-8")
    for item in fields(Settings):
        assert f"| `{item.name}` | `POTLUCK_{item.name.upper()}` |" in reference()
        assert f"`POTLUCK_{item.name.upper()}`" in documented


def test_upgrading_the_database(data: Path) -> None:
    """The schema is made once; the second time there is nothing to do."""
    first, second = _run("db", "upgrade"), _run("db", "upgrade")
    assert (first.exit_code, first.output.splitlines()[-1]) == (0, "The schema was upgraded.")
    assert (second.exit_code, second.output.splitlines()[-1]) == (0, "The schema is up to date.")


def test_backup_and_restore(data: Path, tmp_path: Path) -> None:
    """A backup goes into the data folder by default, and comes back; errors are sentences."""
    missing = _run("backup")
    assert (missing.exit_code, "Error: there is no database" in missing.output) == (1, True)
    _run("db", "upgrade")
    made = _run("backup")
    assert made.exit_code == 0, made.output
    [archive] = (data / "backups").glob("potluck-*.tar.gz")
    assert "checked" in made.output
    refused = _run("restore", str(archive))
    assert (refused.exit_code, "--force" in refused.output) == (1, True)
    restored = _run("restore", "--force", str(archive))
    assert restored.exit_code == 0, restored.output
    assert "Restored" in restored.output
    assert _run("restore", str(tmp_path / "none")).exit_code == 2
