"""Numbers of system calls on the processors whose seccomp filter we write: name, x86_64, aarch64 (0: has none)."""

from __future__ import annotations

_PLAIN = """
read 0 63|write 1 64|close 3 57|fstat 5 80|lseek 8 62|pread64 17 67|pwrite64 18 68|readv 19 65|writev 20 66
preadv 295 69|pwritev 296 70|preadv2 327 286|pwritev2 328 287|sendfile 40 71|copy_file_range 326 285
open 2 0|creat 85 0|openat 257 56|stat 4 0|lstat 6 0|newfstatat 262 79|statx 332 291|statfs 137 43|fstatfs 138 44
access 21 0|faccessat 269 48|faccessat2 439 439|readlink 89 0|readlinkat 267 78|getdents64 217 61|getcwd 79 17
chdir 80 49|fchdir 81 50|rename 82 0|renameat 264 38|renameat2 316 276|mkdir 83 0|mkdirat 258 34|rmdir 84 0
unlink 87 0|unlinkat 263 35|truncate 76 45|ftruncate 77 46|fallocate 285 47|fadvise64 221 223|umask 95 166
fsync 74 82|fdatasync 75 83|sync_file_range 277 84|flock 73 32|dup 32 23|dup2 33 0|dup3 292 24
pipe 22 0|pipe2 293 59|eventfd2 290 19|poll 7 0|ppoll 271 73|select 23 0|pselect6 270 72|close_range 436 436
munmap 11 215|brk 12 214|mremap 25 216|msync 26 227|mincore 27 232|madvise 28 233
rt_sigaction 13 134|rt_sigprocmask 14 135|rt_sigreturn 15 139|rt_sigpending 127 136|rt_sigtimedwait 128 137
rt_sigsuspend 130 133|sigaltstack 131 132|pause 34 0|alarm 37 0|setitimer 38 103|getitimer 36 102
sched_yield 24 124|sched_getaffinity 204 123|sched_getparam 143 121|sched_getscheduler 145 120|sched_getattr 315 275
sched_get_priority_max 146 125|sched_get_priority_min 147 126|getpriority 140 141|getcpu 309 168
nanosleep 35 101|clock_nanosleep 230 115|clock_gettime 228 113|clock_getres 229 114|gettimeofday 96 169|time 201 0
getrusage 98 165|getrlimit 97 163|times 100 153|sysinfo 99 179|uname 63 160|getrandom 318 278
getpid 39 172|getppid 110 173|gettid 186 178|getpgid 121 155|getpgrp 111 0|getsid 124 156|getuid 102 174
geteuid 107 175|getgid 104 176|getegid 108 177|getgroups 115 158|getresuid 118 148|getresgid 120 150
futex 202 98|set_tid_address 218 96|set_robust_list 273 99|get_robust_list 274 100|rseq 334 293|membarrier 324 283
restart_syscall 219 128|exit 60 93|exit_group 231 94|map_shadow_stack 453 453
"""

_NAMED = """
mmap 9 222|mprotect 10 226|pkey_mprotect 329 288|clone 56 220|clone3 435 435|fork 57 0|vfork 58 0
execve 59 221|execveat 322 281
fcntl 72 25|ioctl 16 29|prctl 157 167|prlimit64 302 261|arch_prctl 158 0|kill 62 129|tgkill 234 131|openat2 437 437
futex_waitv 449 449|socket 41 198|socketpair 53 199|connect 42 203|bind 49 200|sendmsg 46 211|recvmsg 47 212
sendto 44 206|ptrace 101 117|process_vm_readv 310 270|process_vm_writev 311 271|pidfd_open 434 434
pidfd_getfd 438 438|mount 165 40|umount2 166 39|unshare 272 97|setns 308 268|chroot 161 51|pivot_root 155 41
keyctl 250 219|add_key 248 217|request_key 249 218|bpf 321 280|userfaultfd 323 282|perf_event_open 298 241
io_uring_setup 425 425|memfd_create 319 279|memfd_secret 447 447|chmod 90 0|fchmod 91 52|fchmodat 268 53
fchmodat2 452 452|chown 92 0|fchown 93 55|fchownat 260 54|utimensat 280 88|setxattr 188 5|link 86 0|linkat 265 37
symlink 88 0|symlinkat 266 36|mknod 133 0|mknodat 259 33|setuid 105 146|setresuid 117 147|capset 126 91
setpriority 141 140|personality 135 92|kexec_load 246 104|init_module 175 105|reboot 169 142|swapon 167 224
inotify_init1 294 26|name_to_handle_at 303 264|open_by_handle_at 304 265|setrlimit 160 164|seccomp 317 277
"""

_COLUMN = {"x86_64": 1, "aarch64": 2}


def _table(text: str, column: int) -> dict[str, int]:
    rows = [row.split() for line in text.split("\n") for row in line.split("|") if row]
    return {row[0]: int(row[column]) for row in rows if int(row[column]) or row[0] == "read"}


def plain(machine: str) -> dict[str, int]:
    """Calls a decoder may always make: its memory, its descriptors, its threads, its clock."""
    return _table(_PLAIN, _COLUMN[machine])


def named(machine: str) -> dict[str, int]:
    """Calls that are allowed with certain arguments only, and those the tests try in vain."""
    return _table(_NAMED, _COLUMN[machine])


def is_known(machine: str) -> bool:
    """Whether there is a filter for this processor."""
    return machine in _COLUMN
