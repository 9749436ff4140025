"""Every wall round a worker, tried from inside by a decoder that has been taken over."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from potluck.media.sandbox.client import Sandbox

SCRIPT = b"#!/bin/sh\necho out"


async def inside(sandbox: Sandbox, name: str, **params: Any) -> dict[str, Any]:
    async with sandbox.run(f"breakouts.{name}", inputs={"script": SCRIPT}, params=params) as outcome:
        return outcome.result


async def has_namespaces(sandbox: Sandbox) -> bool:
    """Whether this system lets workers have namespaces of their own; where it does not, they say so."""
    walls = (await inside(sandbox, "walls"))["walls"]
    assert walls["root"] or not walls["namespaces"]
    return bool(walls["namespaces"])


def seen(path: Path) -> tuple[object, ...]:
    """All that a worker might change: the file, its mode, owner and times, and what lies beside it."""
    status = path.stat()
    return (path.read_bytes(), status.st_mode, status.st_uid, status.st_mtime_ns, status.st_nlink,
            [entry.name for entry in path.parent.iterdir()])


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that belongs to the server, and that anybody may read and write as far as its mode goes."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == Path.home().owner() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
        if folder.name.startswith("pytest-of"):
            break
    path = tmp_path / "secret"
    path.write_bytes(b"the server's")
    path.chmod(0o666)
    return path


async def test_a_worker_has_nothing_but_its_job(sandbox: Sandbox) -> None:
    """Empty environment, no open file but its own, own session, no groups, stands back, no privileges to gain."""
    found = await inside(sandbox, "walls")
    assert found["environment"] == {}
    assert found["descriptors"] == [0, 1, 2, 3, 5]
    assert found["session"] == found["pid"]
    assert found["nice"] >= 10
    assert (found["no_new_privs"], found["seccomp"]) == (1, 2)
    if os.geteuid() == 0:
        assert found["uids"] == found["gids"] == [65534] * 3
        assert found["groups"] == []


async def test_no_file_of_the_server_can_be_reached(sandbox: Sandbox, outside: Path) -> None:
    """Reading, writing, creating, truncating, removing, linking, listing, changing modes: all refused."""
    before = seen(outside)
    found = await inside(sandbox, "files", path=str(outside))
    if found["up"] == "done: []":  # its own folder is the root of all paths: `..` leads nowhere
        del found["up"]
    assert not [act for act, outcome in found.items() if outcome.startswith("done")]
    assert seen(outside) == before


async def test_landlock_alone_keeps_files_apart(sandbox_without: Callable[..., Sandbox], outside: Path) -> None:
    """Landlock refuses even what the file's own mode allows: reading, writing, truncating, removing, moving.

    It knows nothing of modes, owners and times: those are the filter's.
    """
    found = await inside(sandbox_without("seccomp", "root"), "files", path=str(outside))
    for act in ("read", "write", "append", "create", "truncate", "remove", "list", "up", "passwd", "device", "fifo",
                "symlink"):
        assert found[act] == "EACCES", act
    assert found["rename"] == found["link"] == "EXDEV"
    assert seen(outside)[0] == b"the server's"


async def test_an_own_root_alone_keeps_files_apart(sandbox_without: Callable[..., Sandbox], outside: Path) -> None:
    """Where namespaces are permitted, the names of the server's files lead nowhere."""
    walled = sandbox_without("landlock")
    if not await has_namespaces(walled):
        return
    found = await inside(walled, "files", path=str(outside))
    for act in ("read", "write", "append", "create", "truncate", "remove", "rename", "list", "passwd"):
        assert found[act] == "ENOENT", act


async def test_the_files_of_other_processes_stay_closed(sandbox: Sandbox,
                                                        sandbox_without: Callable[..., Sandbox]) -> None:
    """No environment, memory or command line of any process can be read, not even its own."""
    for walled in (sandbox, sandbox_without("seccomp", "root")):
        found = await inside(walled, "proc", pid=os.getpid())
        assert set(found.values()) <= {"ENOENT", "EACCES"}, found


@pytest.mark.parametrize("down", [(), ("landlock", "root"), ("namespaces",)])
async def test_no_network(sandbox_without: Callable[..., Sandbox], tmp_path: Path, down: tuple[str, ...]) -> None:
    """No socket of any family, and no descriptor can be handed out over the one that is there."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local, \
            socket.socket(socket.AF_UNIX) as abstract:
        local.bind(str(tmp_path / "socket"))
        local.listen()
        abstract.bind(f"\0potluck-{os.getpid()}")
        abstract.listen()
        found = await inside(sandbox_without(*down), "network", port=server.getsockname()[1],
                             unix=str(tmp_path / "socket"), abstract=f"potluck-{os.getpid()}")
    assert set(found.values()) == {"EPERM"}, found


async def test_landlock_alone_keeps_tcp_and_abstract_sockets_apart(sandbox_without: Callable[..., Sandbox]) -> None:
    """Without the filter, and in the server's own network, connecting and binding are still refused."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0potluck-{os.getpid()}")
        abstract.listen()
        found = await inside(sandbox_without("seccomp", "namespaces", "root"), "network", unix="/nowhere",
                             port=server.getsockname()[1], abstract=f"potluck-{os.getpid()}")
    assert found["tcp"] == found["bind"] == "EACCES"
    assert found["abstract"] == "EPERM"


async def test_an_own_network_alone_reaches_nobody(sandbox_without: Callable[..., Sandbox]) -> None:
    """Where namespaces are permitted, the worker's network has no way out, not even to this machine."""
    walled = sandbox_without("seccomp", "landlock")
    if not await has_namespaces(walled):
        return
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = await inside(walled, "network", unix="/nowhere", abstract="nobody", port=server.getsockname()[1])
    assert found["tcp"] == "ENETUNREACH"
    assert found["udp"] == "ENETUNREACH"


@pytest.mark.parametrize("down", [(), ("landlock", "root", "namespaces")])
async def test_no_other_program_and_no_other_process(sandbox_without: Callable[..., Sandbox],
                                                     down: tuple[str, ...]) -> None:
    """No exec of a file or of memory, no fork, no new code in memory: threads only."""
    found = await inside(sandbox_without(*down), "programs")
    assert found.pop("clone3") == "ENOSYS"
    assert set(found.values()) == {"EPERM"}, found


async def test_calls_that_change_the_system_are_refused(sandbox: Sandbox) -> None:
    """Mounting, tracing, keys, BPF, userfaultfd, io_uring, namespaces, modules and the like are refused."""
    names = ["ptrace", "mount", "umount2", "keyctl", "add_key", "request_key", "bpf", "userfaultfd", "io_uring_setup",
             "perf_event_open", "unshare", "setns", "pivot_root", "chroot", "process_vm_readv", "process_vm_writev",
             "pidfd_open", "pidfd_getfd", "memfd_create", "memfd_secret", "personality", "kexec_load", "init_module",
             "reboot", "setuid", "setresuid", "capset", "open_by_handle_at", "setxattr", "seccomp", "inotify_init1"]
    found = await inside(sandbox, "calls", names=names)
    assert found == dict.fromkeys(names, "EPERM")


async def test_untrusted_bytes_are_sealed(sandbox: Sandbox) -> None:
    """They can be read, but not written, grown, shrunk, mapped for writing, unsealed or made executable."""
    found = await inside(sandbox, "memfd")
    assert found.pop("read") == "#!/b"
    assert found.pop("seals") == 0x2F  # seal, shrink, grow, write, exec
    assert found.pop("mode") & 0o111 == 0
    assert set(found.values()) == {"EPERM"}, found


async def test_a_large_file_is_read_only(sandbox: Sandbox, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large for memory comes as a descriptor that reads, and the file cannot be opened anew for more."""
    monkeypatch.setattr("potluck.media.sandbox.client.SEALED_BYTES", 4)
    async with sandbox.run("breakouts.large", inputs={"film": outside}) as outcome:
        found = outcome.result
    assert found == {"read": "the ", "size": 12, "write": "EBADF", "truncate": "EINVAL", "chmod": "EPERM",
                     "reopen": found["reopen"]}
    assert found["reopen"] in {"ENOENT", "EACCES"}


async def test_other_processes_cannot_be_touched(sandbox: Sandbox) -> None:
    """No signal to the server, to the fork server or to everybody, no tracing, no reading of their memory."""
    found = await inside(sandbox, "processes", pid=os.getpid())
    assert set(found.values()) == {"EPERM"}, found


async def test_landlock_and_namespaces_each_keep_signals_in(sandbox_without: Callable[..., Sandbox]) -> None:
    """Without the filter the server is out of reach of signals: not permitted, or not even known."""
    found = await inside(sandbox_without("seccomp", "namespaces", "root"), "processes", pid=os.getpid())
    assert found["kill"] == found["kill_parent"] == "EPERM"
    walled = sandbox_without("seccomp", "landlock")
    if await has_namespaces(walled):
        assert (await inside(walled, "processes", pid=os.getpid()))["kill"] == "ESRCH"


async def test_limits_cannot_be_raised(sandbox: Sandbox) -> None:
    """Bounds are the kernel's, hard, and a worker may not change them or its place in the queue."""
    found = await inside(sandbox, "limits")
    assert found["RLIMIT_CORE"] == [0, 0]
    assert found["RLIMIT_NOFILE"] == [256, 256]
    assert found["raise"] in {"EPERM", "not allowed to raise maximum limit"}
    assert found["nice"] == "EPERM"


async def test_the_server_runs_without_any_wall(sandbox_without: Callable[..., Sandbox]) -> None:
    """A kernel that offers nothing still gets its work done, and the outcome says what was missing."""
    bare = sandbox_without("landlock", "seccomp", "root", "namespaces")
    async with bare.run("breakouts.good", inputs={"script": SCRIPT}, params={"word": "hello"}) as outcome:
        assert outcome.result["word"] == "hello"
        assert outcome.walls["landlock"] == 0
        assert outcome.walls["seccomp"] is False
        assert outcome.walls["namespaces"] == []
