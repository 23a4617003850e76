"""audit: the journal as people read it: newest first, filtered, page by page; whether it holds, and up to where that was proved."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..domain.errors import UsageError
from ..domain.events import KINDS, Event
from ..domain.files import format_time, parse_time
from ..domain.filterwords import parse_since
from ..domain.lifecycle import Verb
from ..security.lookback import Needles, look
from .browse import reader
from .workspace import Workspace

if TYPE_CHECKING:
    from ..security.lookback import Seen
    from ..security.soundness import JournalCheck

PAGE = 100
LINES_MOST = 50_000
"""So many lines are looked at for one page; then the caller says whether to go on."""
SLACK = timedelta(days=1)
"""Clocks step back: only this long before `since` it is believed that nothing newer lies further back."""
MOST_ANCHOR = 4096
WORDS = ("kind", "verb", "who", "file", "run", "platform", "since", "before")
"""Words before a colon in a filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events; empty fields do not restrict.

    Attributes:
        kind: one of KINDS.  verb: of decisions and moves.  who: the actor, `uid:1000` or a policy's name.
        file, run: an id or the beginning of one (6 characters or more), anywhere in the event.  platform: of the event or of its file.
        since: aware.  before: only numbers below.  text: inside the event as it is written, case-insensitively.
    """

    kind: str | None = None
    verb: str | None = None
    who: str | None = None
    file: str | None = None
    run: str | None = None
    platform: str | None = None
    since: datetime | None = None
    before: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Events newest first. `reached`: the number down to (or up to) which was looked; `ended`: there is nothing further that way.

    `damaged` are numbers of lines that cannot be read. `head` is the newest number when it was asked; later ones are not looked at.
    """

    events: tuple[Event, ...]
    reached: int
    ended: bool
    head: int
    damaged: tuple[int, ...] = ()


def parse_audit(words: str, now: datetime) -> AuditFilter:
    """The filter grammar of console and command line: `kind:decided verb:promote who:uid:1000 file:ID platform:x since:7d before:120 text…`.

    Raises UsageError for an unknown word before a colon where one of ours was meant, an unknown kind or verb, a bad time or number.
    """
    values: dict[str, Any] = {}
    rest: list[str] = []
    for word in words.split():
        name, colon, value = word.partition(":")
        if not colon or name not in WORDS:
            rest.append(word)
        elif value:
            values[name] = value
    return made(text=" ".join(rest), now=now, **values)


def made(*, now: datetime, text: str = "", **values: Any) -> AuditFilter:
    """A filter of texts as people write them. Raises UsageError as `parse_audit`."""
    if values.get("kind") is not None and values["kind"] not in KINDS:
        raise UsageError(f"no such kind of event: {values['kind']}", hint=", ".join(KINDS))
    if values.get("verb") is not None and values["verb"] not in {v.value for v in Verb}:
        raise UsageError(f"no such verb: {values['verb']}", hint=", ".join(v.value for v in Verb))
    if values.get("since") is not None:
        values["since"] = parse_since(values["since"], now)
    if values.get("before") is not None:
        if not str(values["before"]).isdigit():
            raise UsageError(f"not the number of an event: {values['before']}", hint="before:120")
        values["before"] = int(values["before"])
    for name in ("file", "run"):
        if values.get(name) is not None and len(values[name]) < 6:
            raise UsageError(f"too short for a {name}: {values[name]}", hint="give at least 6 characters")
    return AuditFilter(text=text, **values)


def page(
    ws: Workspace, what: AuditFilter, *, before: int | None = None, after: int | None = None, limit: int = PAGE, lines_most: int = LINES_MOST
) -> AuditPage:  # fmt: skip
    """The events before a number (None: the newest), or with `after` those just after one; newest first either way.

    A page may hold fewer than `limit`, or none, without the end being reached: then ask again with `before=reached` (`after=reached`).
    """
    if what.before is not None and after is None:
        before = min(before, what.before) if before is not None else what.before
    head = ws.journal.head
    since = format_time(what.since - SLACK).encode() if what.since is not None else None
    seen: Seen = look(
        ws.journal, before=before, after=after, limit=limit, lines_most=lines_most, needles=_needles(what),
        fits=lambda event: _fits(what, event),
        stop=(lambda line: _time_of(line) < since) if since is not None and after is None else None,
    )  # fmt: skip
    events = seen.events
    if what.platform is not None:
        events = [e for e in events if platform_of(e) in (what.platform, None)]
        events = _of_platform(ws, events, what.platform)
    return AuditPage(
        events=tuple(events if after is None else reversed(events)), reached=seen.reached, ended=seen.ended, head=head, damaged=tuple(seen.damaged),
    )  # fmt: skip


def _needles(what: AuditFilter) -> Needles:
    """What the line of every event holds that fits, the rarest first. Lines are canonical JSON in UTF-8."""
    exact = [value.encode() for value in (what.file, what.run) if value]
    names = (("verb", what.verb), ("kind", what.kind), ("actor", what.who))
    exact += [f'"{name}":{json.dumps(value, ensure_ascii=False)}'.encode() for name, value in names if value]
    # A text is left out where JSON writes it otherwise.
    plain = what.text.isascii() and what.text.isprintable() and not set(what.text) & {'"', "\\"}
    return Needles(tuple(exact), what.text.lower().encode() if plain else b"")


def newest(ws: Workspace, what: AuditFilter, *, after: int = 0, limit: int = PAGE) -> AuditPage:
    """The newest events that fit, above `after`, however far back they lie; newest first."""
    events: list[Event] = []
    damaged: list[int] = []
    before: int | None = None
    while True:
        found = page(ws, what, before=before, limit=limit - len(events))
        events += [e for e in found.events if e.seq > after]
        damaged += [number for number in found.damaged if number > after]
        before = found.reached
        if len(events) >= limit or found.ended or before <= after + 1:
            return AuditPage(events=tuple(events), reached=before, ended=found.ended, head=found.head, damaged=tuple(damaged))


def _time_of(line: bytes) -> bytes:
    """The event's time as it is written; `actor` comes first in a line, and `at` after it."""
    at = line.find(b'","at":"') + 8
    return line[at : at + 27]


def _fits(what: AuditFilter, event: Event) -> bool:
    data = event.data
    return (
        what.kind in (None, event.kind)
        and what.who in (None, event.actor)
        and what.verb in (None, data.get("verb"))
        and (what.since is None or event.at >= what.since)
        and (what.file is None or any(value.startswith(what.file) for value in _texts(data)))
        and (what.run is None or any(value.startswith(what.run) for value in (_run_of(data), str(data.get("item", "")))))
        and (
            not what.text
            or what.text.lower() in f"{event.kind} {event.actor} {json.dumps(data, ensure_ascii=False, default=str)}".lower()
        )
    )


def _texts(value: Any) -> list[str]:
    """Every text inside a value, at any depth."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list | tuple) else []


def _run_of(data: dict[str, Any]) -> str:
    sidecar = data.get("sidecar")
    return str(data.get("run") or (sidecar.get("run_id") if isinstance(sidecar, dict) else "") or "")


def platform_of(event: Event) -> str | None:
    """The platform that an event itself names; None where it only names a file, or none."""
    data = event.data
    sidecar = data.get("sidecar")
    if isinstance(data.get("platform"), str):
        return data["platform"]
    if isinstance(sidecar, dict) and isinstance(sidecar.get("platform"), str):
        return sidecar["platform"]
    return None


def file_of(event: Event) -> str | None:
    """The id of the file that an event is about."""
    found = event.data.get("file")
    return found if isinstance(found, str) else None


def run_of(event: Event) -> str | None:
    """The id of the run that an event is about, or that brought its file."""
    return _run_of(event.data) or None


def _of_platform(ws: Workspace, events: list[Event], platform: str) -> list[Event]:
    """Those of the platform; what only names a file is asked of the catalog."""
    unknown = sorted({name for e in events if platform_of(e) is None and (name := file_of(e))})
    known = reader(ws).by_ids(unknown) if unknown and ws.settings.catalog.exists() else {}
    return [
        e for e in events if platform_of(e) == platform or (platform_of(e) is None and (row := known.get(file_of(e) or "")) and row.platform == platform)
    ]  # fmt: skip


# -- whether it holds --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How the journal was found when it was last verified.

    Attributes:
        seq, head_hash: the last good line.  at: when.  by: who.  lines: how many.
        ok: the chain held.  problem, first_bad_seq: what was found first if not.
        breaks: (after, lost lines, what is left of them or None) of holes that were recorded when the journal was mended.
        anchor: number from which on lines were proved by a key from outside; None: no key was given.
        held: number of the line that was the good end before, and still was the same; None: none was noted, or it was not.
        good: number and hash of the newest line up to which the chain ever held here; the next look compares with that.
    """

    seq: int
    head_hash: str
    at: datetime
    by: str
    lines: int
    ok: bool
    problem: str | None = None
    first_bad_seq: int | None = None
    breaks: tuple[tuple[int, int, str | None], ...] = ()
    anchor: int | None = None
    held: int | None = None
    good: tuple[int, str] = (0, "")


@dataclass(frozen=True, slots=True)
class AuditState:
    """The journal's newest number, and how it was found when last verified here; None: never, or the note cannot be read."""

    head: int
    verified: Verified | None


def state(ws: Workspace) -> AuditState:
    """Where the journal ends and up to where it was proved. Cheap; verifies nothing."""
    return AuditState(ws.journal.head, _noted(ws))


def verify(
    ws: Workspace, anchor_key: bytes | None = None, tell: Callable[[int], bool] | None = None
) -> tuple[JournalCheck, Verified]:
    """Walk the whole chain, against the end that was noted the last time and against an anchor; note how it was found.

    The note lies beside the journal and is no proof against somebody who owns the machine: that is what the anchor is for.

    Args:
        tell: called with the number reached now and then; False cancels.

    Raises:
        Cancelled: `tell` said so; nothing is noted.  UsageError: not an anchor of a journal.
    """
    before = _noted(ws)
    held = before.good if before is not None and before.good[0] else None
    check = ws.journal.verify(anchor_key, held=held, tell=tell)
    if held is not None and not check.ok and check.first_bad_seq == held[0] and _is_lost(ws, held[0]):
        held = None
        check = ws.journal.verify(anchor_key, tell=tell)
    found = Verified(
        seq=check.last_seq, head_hash=check.head_hash, at=ws.clock.now(), by=ws.actor, lines=check.lines, ok=check.ok, problem=check.problem,
        first_bad_seq=check.first_bad_seq, breaks=tuple((one.after, one.lost, one.aside) for one in check.breaks),
        anchor=int(anchor_key.partition(b":")[0]) if anchor_key else None, held=held[0] if held and check.ok else None,
        good=(check.last_seq, check.head_hash) if check.ok else before.good if before is not None else (0, ""),
    )  # fmt: skip
    _note(ws, found)
    return check, found


def _is_lost(ws: Workspace, seq: int) -> bool:
    """Whether a recorded break swallowed this line: then its loss is on record already."""
    breaks = (one for e in page(ws, AuditFilter(kind="chain-broken"), lines_most=10**9).events for one in e.data["breaks"])
    return any(one["after"] < seq < one["until"] for one in breaks)


def _path(ws: Workspace) -> str:
    return str(ws.settings.state / "verified.json")


def _noted(ws: Workspace) -> Verified | None:
    try:
        with open(_path(ws), "rb") as file:
            found = json.loads(file.read())
        found["at"] = parse_time(found["at"])
        found["good"] = (int(found["good"][0]), str(found["good"][1]))
        found["breaks"] = tuple((after, lost, aside) for after, lost, aside in found["breaks"])
        return Verified(**found)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _note(ws: Workspace, found: Verified) -> None:
    """Keep what was found. A folder that does not let us is no reason to fail."""
    if ws.read_only or not ws.settings.state.is_dir():
        return
    record = asdict(found) | {"at": format_time(found.at)}
    path = _path(ws)
    temporary = f"{path}.{os.getpid()}"
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(fd, "wb") as file:
            file.write(json.dumps(record).encode() + b"\n")
        os.rename(temporary, path)
    except OSError:
        return


def read_anchor(path: str) -> bytes:
    """What `audit anchor` printed earlier, from a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return file.read(MOST_ANCHOR)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
