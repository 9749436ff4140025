"""Tasks of a decoder that has been taken over: each tries one way out and tells how it went. Run by workers only."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import signal
import socket
import struct
import threading
import time
from pathlib import Path

from potluck.media.sandbox import kernel, syscalls
from potluck.media.tasks import Job, task

NUMBERS = syscalls.named(kernel.machine()) | syscalls.plain(kernel.machine())


def attempt(act) -> str:
    """The name of the error, or `done` with what came of it."""
    try:
        done = act()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    except ValueError as error:
        return str(error)
    return f"done: {done!r}"


@task("breakouts.walls")
def walls(job: Job):
    return {"walls": job.walls, "environment": dict(os.environ), "pid": os.getpid(),
            "session": os.getsid(0), "uids": os.getresuid(), "gids": os.getresgid(), "groups": os.getgroups(),
            "nice": os.getpriority(os.PRIO_PROCESS, 0), "descriptors": open_descriptors(),
            "no_new_privs": kernel.prctl(39), "seccomp": kernel.prctl(kernel.PR_GET_SECCOMP)}


def open_descriptors():
    found = []
    for fd in range(4096):
        try:
            os.fstat(fd)
        except OSError:
            continue
        found.append(fd)
    return found


@task("breakouts.files")
def files(job: Job):
    outside = job.params["path"]
    return {
        "read": attempt(lambda: Path(outside).read_bytes()),
        "write": attempt(lambda: Path(outside).write_bytes(b"x")),
        "append": attempt(lambda: os.open(outside, os.O_WRONLY | os.O_APPEND)),
        "create": attempt(lambda: Path(outside + ".new").write_bytes(b"x")),
        "truncate": attempt(lambda: os.truncate(outside, 0)),
        "remove": attempt(lambda: Path(outside).unlink()),
        "rename": attempt(lambda: Path(outside).rename("mine")),
        "link": attempt(lambda: os.link(outside, "mine")),
        "symlink": attempt(lambda: Path("mine").symlink_to(outside)),
        "list": attempt(lambda: [*Path(outside).parent.iterdir()][:1]),
        "chmod": attempt(lambda: Path(outside).chmod(0o777)),
        "chown": attempt(lambda: os.chown(outside, os.getuid(), os.getgid())),
        "times": attempt(lambda: os.utime(outside, (0, 0))),
        "up": attempt(lambda: [*Path("../../..").iterdir()][:1]),
        "passwd": attempt(lambda: Path("/etc/passwd").read_bytes()),
        "device": attempt(lambda: os.mknod("null", 0o600 | 0o020000, os.makedev(1, 3))),
        "fifo": attempt(lambda: os.mkfifo("fifo")),
        "chroot": attempt(lambda: os.chroot("..")),
    }


@task("breakouts.proc")
def proc(job: Job):
    pid = job.params["pid"]
    return {name: attempt(lambda path=path: Path(path).read_bytes()) for name, path in {
        "environment": f"/proc/{pid}/environ", "memory": f"/proc/{pid}/mem", "own": "/proc/self/environ",
        "maps": f"/proc/{pid}/maps", "command": f"/proc/{pid}/cmdline",
        "parent": f"/proc/{os.getppid()}/environ"}.items()}


@task("breakouts.network")
def network(job: Job):
    port, path = job.params["port"], job.params["unix"]

    def tcp():
        with socket.socket() as sock:
            sock.connect(("127.0.0.1", port))
            return "connected"

    def udp():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return sock.sendto(b"x", ("127.0.0.1", port))

    def unix(name):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(name)
            return "connected"

    def listen():
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return "bound"

    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=os.dup(job.channel))
    return {"tcp": attempt(tcp), "udp": attempt(udp), "unix": attempt(lambda: unix(path)),
            "abstract": attempt(lambda: unix("\0" + job.params["abstract"])), "bind": attempt(listen),
            "raw": attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)),
            "netlink": attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)),
            "packet": attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)),
            "pair": attempt(socket.socketpair),
            "pass_descriptor": attempt(lambda: socket.send_fds(channel, [b"\n"], [0]))}


@task("breakouts.programs")
def programs(job: Job):
    def vfork():
        return kernel.syscall(NUMBERS["vfork"])

    def memory():
        return kernel.syscall(NUMBERS["execveat"], job.inputs["script"], ctypes.create_string_buffer(b""), 0, 0,
                              kernel.AT_EMPTY_PATH)

    def new_code():
        return mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)

    def other_abi():
        return kernel.syscall(NUMBERS["clone3"], ctypes.create_string_buffer(64), 64)

    return {"exec": attempt(lambda: os.execv("/bin/sh", ["sh", "-c", "true"])), "fork": attempt(os.fork),
            "vfork": attempt(vfork) if "vfork" in NUMBERS else "EPERM",
            "spawn": attempt(lambda: os.posix_spawn("/bin/true", ["true"], {})),
            "execveat": attempt(memory), "clone3": attempt(other_abi), "executable_memory": attempt(new_code)}


@task("breakouts.calls")
def calls(job: Job):
    return {name: attempt(lambda number=number: kernel.syscall(number, 0, 0, 0, 0, 0))
             for name, number in NUMBERS.items() if name in job.params["names"]}


@task("breakouts.memfd")
def memfd(job: Job):
    fd = job.inputs["script"]
    return {
        "read": os.pread(fd, 4, 0).decode(),
        "write": attempt(lambda: os.pwrite(fd, b"x", 0)),
        "grow": attempt(lambda: os.ftruncate(fd, 1 << 20)),
        "shrink": attempt(lambda: os.ftruncate(fd, 0)),
        "map_writable": attempt(lambda: mmap.mmap(fd, 0, prot=mmap.PROT_READ | mmap.PROT_WRITE)),
        "unseal": attempt(lambda: fcntl.fcntl(fd, 1033, 0)),
        "executable": attempt(lambda: os.fchmod(fd, 0o777)),
        "seals": fcntl.fcntl(fd, 1034),
        "mode": os.fstat(fd).st_mode & 0o777,
        "own_memfd": attempt(lambda: os.memfd_create("mine")),
    }


@task("breakouts.large")
def large(job: Job):
    fd = job.inputs["film"]
    return {"read": os.pread(fd, 4, 0).decode(), "write": attempt(lambda: os.pwrite(fd, b"x", 0)),
            "truncate": attempt(lambda: os.ftruncate(fd, 0)), "chmod": attempt(lambda: os.fchmod(fd, 0o777)),
            "size": os.fstat(fd).st_size,
            "reopen": attempt(lambda: os.open(f"/proc/self/fd/{fd}", os.O_RDWR))}


@task("breakouts.processes")
def processes(job: Job):
    pid, parent = job.params["pid"], os.getppid()

    def traced():
        return kernel.syscall(NUMBERS["ptrace"], 16, parent, 0, 0)

    def read_memory():
        return kernel.syscall(NUMBERS["process_vm_readv"], parent, 0, 0, 0, 0, 0)

    return {"kill": attempt(lambda: os.kill(pid, 0)), "kill_parent": attempt(lambda: os.kill(parent, 0)),
            "kill_all": attempt(lambda: os.kill(-1, 0)), "ptrace": attempt(traced), "memory": attempt(read_memory),
            "pidfd": attempt(lambda: os.pidfd_open(parent)),
            "owner_signal": attempt(lambda: fcntl.fcntl(job.inputs["script"], 8, parent))}


@task("breakouts.limits")
def limits(job: Job):
    import resource

    return {name: resource.getrlimit(getattr(resource, name)) for name in (
        "RLIMIT_CORE", "RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE")} | {
        "raise": attempt(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))),
        "nice": attempt(lambda: os.setpriority(os.PRIO_PROCESS, 0, 0))}


@task("breakouts.hog_memory")
def hog_memory(job: Job):
    kept = []
    while True:
        kept.append(b"x" * (8 << 20))


@task("breakouts.hog_shared_memory")
def hog_shared_memory(job: Job):
    kept = []
    while True:
        area = mmap.mmap(-1, 64 << 20)
        kept.append(area)


@task("breakouts.hog_threads")
def hog_threads(job: Job):
    count = 0
    try:
        while count < 100_000:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            count += 1
    except RuntimeError:
        pass
    return count


@task("breakouts.spin")
def spin(job: Job):
    while True:
        pass


@task("breakouts.spin_on")
def spin_on(job: Job):
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


@task("breakouts.write_holes")
def write_holes(job: Job):
    for number in range(4):
        Path(str(number)).write_bytes(b"")
        os.truncate(str(number), 4 << 20)
    time.sleep(5)


@task("breakouts.sleep")
def sleep(job: Job):
    job.progress(0.5)
    time.sleep(60)


@task("breakouts.write")
def write(job: Job):
    with Path("big").open("wb") as file:
        while True:
            file.write(b"x" * (1 << 20))


@task("breakouts.write_many")
def write_many(job: Job):
    for number in range(10_000_000):
        Path(str(number)).write_bytes(b"")


@task("breakouts.write_spread")
def write_spread(job: Job):
    for number in range(10_000):
        Path(str(number)).write_bytes(b"x" * (1 << 20))


@task("breakouts.babble")
def babble(job: Job):
    os.write(job.channel, job.params["words"].encode())
    os._exit(job.params.get("code", 0))


@task("breakouts.die")
def die(job: Job):
    os.kill(os.getpid(), job.params["signal"])
    time.sleep(5)


@task("breakouts.use_memory_badly")
def use_memory_badly(job: Job):
    ctypes.string_at(0)


@task("breakouts.flood")
def flood(job: Job):
    while True:
        job.progress(0.1)
        os.write(2, b"x" * 65536)


@task("breakouts.good")
def good(job: Job):
    job.progress(0.25)
    with job.open("script") as file:
        Path("copy").write_bytes(file.read())
    Path("inner").mkdir()
    Path("inner", "two").write_bytes(b"2")
    job.progress(1)
    return {"word": job.params["word"], "pack": struct.calcsize("q")}
