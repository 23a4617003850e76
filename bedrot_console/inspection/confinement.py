"""Limits a process puts on itself: processor time, memory, file size, no new rights, no network, only named folders.

Landlock needs Linux 5.13 (files) and 6.7 (TCP); seccomp refuses sockets and other programs on x86-64 and AArch64. Where a kernel lacks
one of them, the others remain. Source: kernel documentation, userspace-api/landlock and seccomp_filter.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ = 0b1101  # execute, read file, read folder
_WRITE = (1 << 1) | (1 << 4) | (1 << 5) | (1 << 8) | (1 << 14)  # write, remove folder and file, make file, truncate
_READ_FILE_ONLY, _WRITE_FILE = 1 << 2, 1 << 1
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/opt")
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_SECCOMP = {  # audit architecture, forbidden: socket, socketpair, execve, execveat, ptrace, io_uring_setup
    "x86_64": (0xC000003E, (41, 53, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 199, 221, 281, 117, 425)),
}


def python_folders() -> list[Path]:
    """Where Python, its packages and this program lie."""
    found = {Path(p).resolve() for p in (*sys.path, sys.prefix, sys.base_prefix, sys.exec_prefix) if p}
    found.add(Path(__file__).resolve().parent.parent)
    return [p for p in found if p.exists() and p != Path("/")]


class Limits:
    """Soft limits of this process, set anew for each piece of work; where the last ones still fit, nothing is asked of the kernel.

    Processor time is limited to a second or two more than asked, address space as it was measured at most REUSED pieces of work ago.
    """

    def __init__(self) -> None:
        self._until = -1.0
        self._memory: int | None = -1
        self._left = 0

    def set(self, *, cpu_seconds: float, memory_bytes: int | None) -> None:
        """Allow so much more processor time and address space (None: any) than was used up to now."""
        used = time.process_time()
        if not 1.0 <= self._until - used - cpu_seconds <= 2.0:
            hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
            seconds = int(used + cpu_seconds) + 2
            seconds = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
            self._until = seconds
        if memory_bytes is not None:
            memory_bytes = -(-memory_bytes // MEMORY_STEP) * MEMORY_STEP
        if memory_bytes != self._memory or self._left <= 0:
            self._limit_memory(memory_bytes)
            self._memory, self._left = memory_bytes, REUSED
        self._left -= 1

    def _limit_memory(self, memory_bytes: int | None) -> None:
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if memory_bytes is None:
            resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
            return
        with open("/proc/self/statm", "rb") as file:
            most = int(file.read().split()[0]) * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


MEMORY_STEP = 16 << 20
REUSED = 32


def confine(readable: Iterable[Path], *, writable: Sequence[Path] = ()) -> list[str]:
    """Give up, for good, what reading payloads does not need. Returns what took effect: `limits`, `landlock`, `landlock-tcp`, `seccomp`."""
    libc = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    files = min(256, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    done = ["limits"]
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return done
    done += _landlock(libc, [*readable, *map(Path, _SYSTEM)], writable)
    return done + _seccomp(libc)


def landlock_version() -> int:
    """The Landlock ABI of this kernel; 0 if it has none."""
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def _landlock(libc: ctypes.CDLL, readable: Iterable[Path], writable: Iterable[Path]) -> list[str]:
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return []
    files = (1 << 13) - 1
    if version >= 2:
        files |= 1 << 13
    if version >= 3:
        files |= 1 << 14
    network = 0b11 if version >= 4 else 0
    scoped = 0b11 if version >= 6 else 0
    attribute = struct.pack("=QQQ", files, network, scoped)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = libc.syscall(_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), ctypes.c_uint32(0))
    if ruleset < 0:
        return []
    try:
        for path in readable:
            _allow(libc, ruleset, path, _READ & files)
        for path in writable:
            _allow(libc, ruleset, path, (_READ | _WRITE) & files)
        for device in _DEVICES:
            _allow(libc, ruleset, Path(device), (_READ_FILE_ONLY | _WRITE_FILE) & files)
        if libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) != 0:
            return []
    finally:
        os.close(ruleset)
    return ["landlock", "landlock-tcp"] if network else ["landlock"]


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, access: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            access &= _READ_FILE_ONLY | _WRITE_FILE | 1 | (1 << 14)
        libc.syscall(_ADD_RULE, ruleset, ctypes.c_int(1), struct.pack("=Qi", access, fd), ctypes.c_uint32(0))
    finally:
        os.close(fd)


def _seccomp(libc: ctypes.CDLL) -> list[str]:
    """Refuse (EPERM) sockets of any kind, other programs, tracing and io_uring."""
    known = _SECCOMP.get(platform.machine())
    if known is None:
        return []
    architecture, forbidden = known
    program = [
        _step(0x20, 0, 0, 4),  # load architecture
        _step(0x15, 1, 0, architecture),
        _step(0x06, 0, 0, 0x00050001),  # foreign architecture: EPERM
        _step(0x20, 0, 0, 0),  # load system call number
        *(_step(0x15, len(forbidden) - i, 0, number) for i, number in enumerate(forbidden)),
        _step(0x06, 0, 0, 0x7FFF0000),  # allow
        _step(0x06, 0, 0, 0x00050001),  # EPERM
    ]
    code = ctypes.create_string_buffer(b"".join(program))
    filter_program = struct.pack("@HxxxxxxP", len(program), ctypes.addressof(code))
    return ["seccomp"] if libc.prctl(_PR_SET_SECCOMP, 2, filter_program, 0, 0) == 0 else []


def _step(code: int, true: int, false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, true, false, value)
