"""A practice lake: a morning's hundred files, twelve of them bad in ways that operators meet, and a score at the end.

The files are what the simulators' platforms bring on three days in a row, for several accounts, landed and validated as real ones are;
the first two days are promoted, so that there is something to compare with. No account, no network, no browser.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..domain.browsing import FileRow
from ..domain.errors import BedrotError, UsageError
from ..domain.files import Capture, LandedFile, format_time, parse_time
from ..domain.identifiers import new_id
from ..domain.lifecycle import Verb, Verdict, Zone
from ..resilience import SystemClock
from ..settings import Settings
from . import browse, decide, validate
from .practice_faults import FAULTS, Brought, Fault, Morning, spoil
from .workspace import Workspace

PEOPLE = (
    ("distrokid", "default"), ("distrokid", "app-code"), ("linktree", "default"), ("linktree", "app-code"), ("linktree", "small-plan"),
    ("toolost", "default"), ("toolost", "no-code"), ("toolost", "app-code"), ("spotify", "default"), ("spotify", "plain"),
    ("spotify", "app"), ("tiktok", "default"), ("tiktok", "harbour"), ("tiktok", "app-code"), ("youtube", "default"), ("youtube", "label"),
)  # fmt: skip
"""Whose files come in."""
PENDING = 100
PAST_DAYS = 2
MEMO = "practice.json"
DECIDED = "moved"


class PracticeFailed(BedrotError):
    """A seeded fault would be promoted without a human: the product's own promise is broken."""

    exit_code = 70


@dataclass(frozen=True, slots=True)
class Found:
    """A bad file, where it lies now, and what is wrong with it."""

    row: FileRow
    name: str
    fault: Fault


@dataclass
class Score:
    """How the morning went: how many good and bad files there are, and where they lie now.

    Attributes:
        seconds: from the first look to the last decision; None when nothing was decided.
        faults: the bad files.
    """

    seed: int = 1
    good: int = 0
    bad: int = 0
    good_promoted: int = 0
    good_quarantined: int = 0
    bad_promoted: int = 0
    bad_quarantined: int = 0
    seconds: float | None = None
    faults: list[Found] = field(default_factory=list)

    @property
    def decided(self) -> int:
        return self.good_promoted + self.good_quarantined + self.bad_promoted + self.bad_quarantined

    @property
    def points(self) -> int:
        """0 to 100: a good file promoted and a bad one quarantined count; a bad one promoted costs ten."""
        right = self.good_promoted + self.bad_quarantined
        return max(0, round(100 * right / max(1, self.good + self.bad)) - 10 * self.bad_promoted)


class PastClock(SystemClock):
    """The machine's clock, some days ago."""

    def __init__(self) -> None:
        self.behind = timedelta()

    def now(self) -> datetime:
        return super().now() - self.behind


def make(home: Path, *, seed: int = 1, people: Sequence[tuple[str, str]] = PEOPLE, past_days: int = PAST_DAYS) -> Iterator[str]:
    """Make the lake in an empty home; says what it does, a line each. The same seed spoils the same files in the same ways.

    Args:
        people: platforms and accounts whose files come in; a smaller lake has fewer of the faults.
        past_days: good days before this morning.

    Raises:
        PracticeFailed: a seeded fault passed every check, found no file, or a good file was stopped.
    """
    home.mkdir(parents=True, exist_ok=True)
    clock = PastClock()
    ws = Workspace.open(Settings.load(home), clock=clock)
    ws.prepare()
    draw = random.Random(seed)
    morning: list[Brought] = []
    for days in range(past_days, -1, -1):
        clock.behind = timedelta(days=days)
        before, morning = morning, _brought(ws, people)
        if days:
            yield f"{ws.clock.now():%Y-%m-%d}: {len(morning)} files land, are checked and promoted"
            ids = _land(ws, morning)
            list(validate.validate(ws, ids))
            list(decide.decide(ws, Verb.PROMOTE, ids, reason="a good day"))
    faults = spoil(Morning(morning, before), draw)
    if people is PEOPLE and len(faults) < len(FAULTS):
        raise PracticeFailed(f"no file for: {', '.join(set(FAULTS) - {name for name, _ in faults.values()})}")
    files = [dataclasses.replace(one, body=faults[i][1]) if i in faults else one for i, one in enumerate(morning)]
    yield f"{ws.clock.now():%Y-%m-%d}, this morning: {len(files)} files land and are checked; {len(faults)} of them are bad"
    ids = _land(ws, files)
    seeded = {ids[index]: name for index, (name, _) in faults.items()}
    list(validate.validate(ws, ids))
    _prove(ws, ids, seeded)
    _store(home, ids, seeded, seed)
    ws.catalog.close()


def _prove(ws: Workspace, ids: Sequence[str], seeded: dict[str, str]) -> None:
    """What the product promises: `promote --passed` takes no bad file, and no good one is stopped."""
    through = sorted(seeded[row.id] for row in decide.passed(ws) if row.id in seeded)
    rows = [row for row in ws.catalog.resolve(list(ids)) if isinstance(row, FileRow)]
    stopped = sorted(f"{row.feed} ({row.first_code})" for row in rows if row.verdict is Verdict.FAILED and row.id not in seeded)
    if through:
        raise PracticeFailed(f"nothing keeps these bad files from promote --passed: {', '.join(through)}")
    if stopped:
        raise PracticeFailed(f"good files were stopped: {', '.join(stopped)}")


def _store(home: Path, ids: Sequence[str], seeded: dict[str, str], seed: int) -> None:
    """Keep what was seeded, for the score: in the home's own folder, where nobody looks by accident."""
    path = home / ".bedrot" / MEMO
    path.write_text(json.dumps({"seed": seed, "files": list(ids), "seeded": seeded, "begun": format_time(datetime.now(UTC))}))
    path.chmod(0o600)


def score(home: Path) -> Score:
    """How it went so far.

    Raises:
        UsageError: no practice lake is there.
    """
    try:
        memo = json.loads((home / ".bedrot" / MEMO).read_text())
        ids, seeded, begun = list(memo["files"]), dict(memo["seeded"]), parse_time(memo["begun"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"no practice lake: {home}", hint="bedrot demo --practice --keep DIR") from error
    ws = Workspace.open(Settings.load(home), read_only=True)
    rows = {row.id: row for row in ws.catalog.resolve(ids) if isinstance(row, FileRow)}
    out = Score(seed=int(memo["seed"]), good=len(ids) - len(seeded), bad=len(seeded))
    for name, row in rows.items():
        kind = "bad" if name in seeded else "good"
        where = {Zone.RAW: "promoted", Zone.QUARANTINE: "quarantined"}.get(row.zone)
        if where:
            setattr(out, f"{kind}_{where}", getattr(out, f"{kind}_{where}") + 1)
        if name in seeded:
            out.faults.append(Found(row, seeded[name], FAULTS[seeded[name]]))
    times = [e.at for e in browse.events(ws, limit=5000) if e.kind == DECIDED and e.data.get("file") in rows and e.at >= begun]
    if times:
        out.seconds = (max(times) - begun).total_seconds()
    ws.catalog.close()
    return out


def begin(home: Path) -> None:
    """The operator looks now: the clock of the score starts."""
    path = home / ".bedrot" / MEMO
    memo = json.loads(path.read_text())
    path.write_text(json.dumps(memo | {"begun": format_time(datetime.now(UTC))}))


def _brought(ws: Workspace, people: Sequence[tuple[str, str]]) -> list[Brought]:
    """What comes in on the clock's day: the same accounts each day; as many files as a morning has."""
    out: list[Brought] = []
    simulators: dict[str, Any] = {}
    for platform, account in people:
        simulator = simulators.setdefault(platform, ws.registry.simulator(platform, clock=ws.clock))
        known = simulator.provenance(account)
        feeds = ws.registry.load(platform).feeds
        for name, body in simulator.payloads(account).items():
            attribute, _, series = name.partition(":")
            out.append(Brought(feeds[attribute], account, series, body, dict(known.get(name, {})), simulator))
    return out[:PENDING]


def _land(ws: Workspace, files: Sequence[Brought]) -> list[str]:
    """Land them as runs do; ids, in the same order."""
    from ..zones.landing import Landing

    sets: dict[tuple[str, str, str], str] = {}
    landings = []
    for one in files:
        key = (one.feed.platform, one.account, one.feed.set_name or "")
        set_id = sets.setdefault(key, new_id(ws.clock.now())) if one.feed.set_name else None
        extractor = ws.registry.load(one.feed.platform)
        fields = {k: v for k, v in one.fields.items() if k in ("request", "received_name", "series", "extension")}
        capture = Capture(
            feed=one.feed.name, body=one.body, captured_at=ws.clock.now(), method=extractor.method, account=one.account,
            source_system=f"{one.feed.platform}.example", media_type=one.feed.media_type, set_id=set_id, **{"series": one.series, **fields},
        )  # fmt: skip
        landings.append(Landing(capture, one.feed, extractor.version))
    with ws.writing():
        landed = ws.zones.land(landings)
    for result in landed:
        if not isinstance(result, LandedFile):
            raise result.error
    return [result.id for result in landed if isinstance(result, LandedFile)]
