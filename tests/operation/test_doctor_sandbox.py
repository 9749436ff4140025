"""`potluck doctor` tries the walls of the sandbox, and says what is lost where one is missing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from potluck.media.sandbox.client import Sandbox
from potluck.operation import doctor_sandbox
from potluck.settings import Settings


async def found(settings: Settings) -> dict[str, tuple[str, str]]:
    return {finding.what: (finding.state, finding.text) for finding in await doctor_sandbox.look(settings)}


async def test_walls_that_hold_are_good(tmp_path: Path) -> None:
    """On this machine every wall that matters stands."""
    findings = await found(Settings(data=tmp_path))
    assert {state for state, _ in findings.values()} == {"good"}, findings
    assert "Landlock" in findings["Sandbox"][1]
    assert set(findings) == {"Sandbox", "Sandbox: files", "Sandbox: network", "Sandbox: processes", "Sandbox: new code",
                             "Sandbox: input", "Sandbox: shadow stacks"}


async def test_missing_walls_are_told_with_what_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel without any of them: the server runs, and the doctor says what a decoder could do."""
    monkeypatch.setattr(doctor_sandbox, "Sandbox",
                        partial(Sandbox, without=frozenset({"landlock", "seccomp", "root", "namespaces"})))
    findings = await found(Settings(data=tmp_path))
    assert findings["Sandbox"] == ("warning", findings["Sandbox"][1])
    assert "no Landlock, no seccomp, no own namespaces" in findings["Sandbox"][1]
    assert findings["Sandbox: files"][0] == "warning"
    assert "could connect: a decoder that is taken over can reach the network" in findings["Sandbox: network"][1]
    assert "start a process" in findings["Sandbox: processes"][1]
    assert findings["Sandbox: input"][0] == "good"


async def test_a_policy_that_the_kernel_cannot_keep_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With memfd_noexec 2 on an old kernel nothing is processed, and the doctor says why."""
    import os

    real = os.memfd_create

    def old_kernel(name: str, flags: int) -> int:
        if flags & 8:
            raise OSError(22, "Invalid argument")
        return real(name, flags)

    monkeypatch.setattr(os, "memfd_create", old_kernel)
    findings = await found(Settings(data=tmp_path, memfd_noexec=2))
    assert findings["Sandbox"][0] == "bad"
    assert "memfd_noexec is 2" in findings["Sandbox"][1]
    assert (await found(Settings(data=tmp_path, memfd_noexec=1)))["Sandbox: input"][0] == "warning"
