"""Queries that are kept: those people saved by name, and what each of them asked lately. Texts only; never an answer.

A saved query is a file, `.bedrot/queries/<name>.sql`, and what the file holds is what the editor shows. Comments at its head say more:
`-- about: what it shows`, `-- check: error` (or `warning`: its rows are violations), `-- scope: distrokid/streams` (what a check looks at).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import UsageError, disk_error
from ..domain.files import format_time
from .workspace import Workspace

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
LONGEST_TEXT = 100_000
HISTORY_ENTRIES = 500
HISTORY_CHARACTERS = 1_000_000
SEVERITIES = ("error", "warning")
_HEAD = re.compile(r"\s*--\s*(about|check|scope):(.*)")


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query that somebody saved. `check` is `error` or `warning` when its rows are violations; `scope` a platform, a feed, or empty."""

    name: str
    text: str
    about: str = ""
    check: str = ""
    scope: str = ""

    @classmethod
    def of(cls, name: str, text: str) -> SavedQuery:
        """Read what the comments at the text's head say. Raises UsageError for a check or scope that is none."""
        from .sql import SCOPE

        said: dict[str, str] = {}
        for line in text.splitlines():
            found = _HEAD.fullmatch(line)
            if found is None:
                break
            said[found[1]] = found[2].strip()
        if said.get("check", "error") not in SEVERITIES:
            raise UsageError(f"{name}: a check is of severity error or warning, not {said['check']!r}")
        if said.get("scope") and not SCOPE.fullmatch(said["scope"]):
            raise UsageError(f"{name}: the scope is a platform or a feed, not {said['scope']!r}", hint="bedrot platforms")
        return cls(name, text, said.get("about", ""), said.get("check", ""), said.get("scope", ""))

    @property
    def body(self) -> str:
        """The text without what its head says."""
        return declared(self.text, about="", check="", scope="")


def declared(text: str, *, check: str | None = None, scope: str | None = None, about: str | None = None) -> str:
    """The text with these comments at its head, in place of those of the same kind; empty drops one, None leaves it."""
    wanted = {"about": about, "check": check, "scope": scope}
    lines = text.splitlines()
    kept: list[str] = []
    while lines and (found := _HEAD.fullmatch(lines[0])):
        line = lines.pop(0)
        if wanted[found[1]] is None:
            kept.append(line)
    return "\n".join([*kept, *(f"-- {word}: {value}" for word, value in wanted.items() if value), *lines])


def folder(ws: Workspace) -> Path:
    return ws.settings.state / "queries"


def saved(ws: Workspace) -> list[SavedQuery]:
    """All saved queries, by name. A file that says something wrong of itself is listed as a plain query."""
    out = []
    try:
        names = sorted(p.stem for p in folder(ws).iterdir() if p.suffix == ".sql" and NAME.fullmatch(p.stem))
    except OSError:
        return []
    for name in names:
        try:
            text = _read(folder(ws) / f"{name}.sql")
        except UsageError:
            continue
        try:
            out.append(SavedQuery.of(name, text))
        except UsageError:
            out.append(SavedQuery(name, text))
    return out


def load(ws: Workspace, name: str) -> SavedQuery:
    """The saved query of this name. Raises UsageError when there is none."""
    if NAME.fullmatch(name):
        path = folder(ws) / f"{name}.sql"
        if path.is_file():
            return SavedQuery.of(name, _read(path))
    raise UsageError(f"no saved query: {name}", hint="bedrot sql --list")


def save(ws: Workspace, name: str, text: str, *, replace: bool = False) -> SavedQuery:
    """Keep a query under a name.

    Raises:
        UsageError: the name or the text will not do, or the name is taken (and not `replace`).
        PermissionDenied: the workspace is read-only.
    """
    ws.refuse_read_only()
    if not NAME.fullmatch(name):
        raise UsageError(f"not a name for a query: {name}", hint="small letters, digits, - and _; 48 at most")
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise UsageError("the query is empty" if not text.strip() else f"the query is longer than {LONGEST_TEXT:,} characters")
    query = SavedQuery.of(name, text)
    path = folder(ws) / f"{name}.sql"
    if not replace and path.exists():
        raise UsageError(f"there is a saved query {name}", hint=f"replace it: bedrot sql --save {name} --force")
    _write(path, text.rstrip() + "\n")
    return query


def remove(ws: Workspace, name: str) -> None:
    """Forget a saved query; the alert of a check ends with it. Raises UsageError when there is none."""
    from .checks import ended

    ws.refuse_read_only()
    load(ws, name)
    (folder(ws) / f"{name}.sql").unlink()
    ended(ws, name)


def history(ws: Workspace) -> list[str]:
    """What this user asked, oldest first, each text once, at its newest place."""
    try:
        lines = _read(_history_path(ws), HISTORY_CHARACTERS * 6).splitlines()
    except UsageError:
        return []
    found: dict[str, None] = {}
    for line in lines:
        try:
            text = json.loads(line)["text"]
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(text, str):
            found.pop(text, None)
            found[text] = None
    return list(found)


def remember(ws: Workspace, text: str) -> None:
    """Add a query to this user's history, which is cut to its newest entries. In a read-only workspace nothing is kept.

    Raises:
        FixityError: it could not be written.
    """
    if ws.read_only or not text.strip() or len(text) > LONGEST_TEXT:
        return
    path = _history_path(ws)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(path):
        kept: list[str] = []
        room = HISTORY_CHARACTERS
        for old in [text, *(t for t in reversed(history(ws)) if t != text)][:HISTORY_ENTRIES]:
            room -= len(old)
            if room < 0:
                break
            kept.append(old)
        at = format_time(ws.clock.now())
        _write(path, "".join(json.dumps({"at": at, "text": t}) + "\n" for t in reversed(kept)))


def _history_path(ws: Workspace) -> Path:
    return folder(ws) / f"history-{os.getuid()}.jsonl"


def _read(path: Path, limit: int = LONGEST_TEXT * 4 + 1) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"cannot be read: {path.name}: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    """Put the text under its name whole or not at all, readable by its owner only."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise disk_error(error, f"cannot be saved: {path.name}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    fd = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
