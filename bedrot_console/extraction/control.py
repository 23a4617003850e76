"""The control socket of a run: how faces speak to it. One JSON object a line; only the same user (or root) is listened to.

Commands: `{"cmd": "answer", "challenge": id, "value": text}`, `act`, `look` and `hand` (`"act": {…}`, see `acts`) with a challenge,
`cancel`, `ping`. A reply is `{"ok": true, …}` or `{"ok": false, "code", "error", "hint"}`; that of `look` holds `text`, or `picture` (PNG
in base64), `width`, `height` and `outline`. Answers, acts and what was seen are never written anywhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..domain.errors import (
    BedrotError,
    ChallengeExpired,
    LifecycleError,
    PermissionDenied,
    SourceChanged,
    SourceUnavailable,
    UsageError,
)

NAME = "control.sock"
LONGEST_LINE = 64 << 10
LONGEST_REPLY = 16 << 20
"""A page's picture is about 4 MB at most, a third more in base64. Only who asks takes such a line; the run does not."""
TIMEOUT_SECONDS = 10.0
PAUSE_SECONDS = 0.1
"""Between two tries to take a connection while this process has no descriptor or thread left."""
LONGEST_PATH = 100
"""`sun_path` has 108 bytes on Linux, 104 elsewhere. A longer path is reached through the folder's descriptor."""
_ERRORS = {
    c.__name__: c for c in (ChallengeExpired, UsageError, PermissionDenied, LifecycleError, SourceChanged, SourceUnavailable)
}

Handler = Callable[[dict[str, Any], str], dict[str, Any]]
"""(command, `uid:<n>` of the sender) -> what to add to the reply. Raises BedrotError to refuse."""


class ControlServer:
    """Listens in threads of its own until `stop`."""

    def __init__(self, folder: Path, handler: Handler) -> None:
        self.path = folder / NAME
        self._handler = handler
        self._stopped = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.path.unlink(missing_ok=True)
        # The mode set before bind is the mode of the name (Linux); chmod covers systems where it is not.
        os.fchmod(self._socket.fileno(), 0o600)
        with _short(self.path) as address:
            self._socket.bind(address)
        self.path.chmod(0o600)
        self._socket.listen(16)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more and remove the name."""
        self._stopped.set()
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(2)

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                self._stopped.wait(PAUSE_SECONDS)  # no descriptor or no memory is left just now, or we are stopped
                continue
            try:
                threading.Thread(target=self._talk, args=(connection,), name="control-peer", daemon=True).start()
            except RuntimeError:  # no thread can be started just now
                connection.close()
                self._stopped.wait(PAUSE_SECONDS)

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(TIMEOUT_SECONDS)
            uid = peer_uid(connection)
            if uid not in (os.geteuid(), 0):
                return
            for line in _lines(connection, LONGEST_LINE):
                connection.sendall(json.dumps(self._reply(line, uid)).encode() + b"\n")

    def _reply(self, line: bytes, uid: int) -> dict[str, Any]:
        try:
            command = json.loads(line)
            if not isinstance(command, dict):
                raise UsageError("a command is a JSON object")
            return {"ok": True} | self._handler(command, f"uid:{uid}")
        except BedrotError as error:
            return {"ok": False, "code": type(error).__name__, "error": str(error), "hint": error.hint}
        except (ValueError, KeyError, TypeError):
            # The text of such an error may quote the line, and the line may hold an answer.
            return {"ok": False, "code": "UsageError", "error": "not a command", "hint": None}


def send(folder: Path, command: dict[str, Any], *, timeout_seconds: float = TIMEOUT_SECONDS) -> dict[str, Any]:
    """Say one thing to a run and return its reply.

    Raises:
        LifecycleError: nobody listens: the run has ended or is just starting.
        ChallengeExpired, UsageError, …: what the run answered.
    """
    path = folder / NAME
    try:
        if path.lstat().st_uid not in (os.geteuid(), 0) or not stat.S_ISSOCK(path.lstat().st_mode):
            raise PermissionDenied("the run's control socket belongs to somebody else")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_seconds)
            with _short(path) as address:
                connection.connect(address)
            connection.sendall(json.dumps(command).encode() + b"\n")
            line = next(_lines(connection, LONGEST_REPLY), b"")
        reply = json.loads(line)
    except (OSError, ValueError):
        raise LifecycleError("the run does not listen: it has ended, or is just starting", hint="bedrot runs") from None
    if not reply.get("ok"):
        kind = _ERRORS.get(reply.get("code", ""), BedrotError)
        raise kind(str(reply.get("error", "refused")), hint=reply.get("hint"))
    return reply


def peer_uid(connection: socket.socket) -> int:
    """Who is at the other end, from the kernel."""
    if hasattr(socket, "SO_PEERCRED"):
        size = struct.calcsize("3i")
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return uid
    return os.geteuid()  # no peer credentials here: the 0700 folder alone keeps others out


def _lines(connection: socket.socket, longest: int) -> Iterator[bytes]:
    buffer, searched = bytearray(), 0
    while len(buffer) <= longest:
        end = buffer.find(b"\n", searched)
        if end >= 0:
            line = bytes(buffer[:end])
            del buffer[: end + 1]
            searched = 0
            yield line
            continue
        searched = len(buffer)
        part = connection.recv(65536)
        if not part:
            return
        buffer += part


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """An address of `path` that fits `sun_path`, however deep the home lies."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    if not Path("/proc/self/fd").is_dir():
        raise UsageError("the home's path is too long for a socket", hint="choose a shorter --home")
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{path.name}"
    finally:
        os.close(fd)
