"""extract: start runs. A run is a process of its own; what it brings is landed and validated there, whoever watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..domain.errors import BedrotError, UsageError
from ..domain.identifiers import new_id
from ..domain.runs import RunSpec, RunState, RunView
from ..settings import CHECKOUT
from . import runs
from .browse import platforms
from .workspace import Workspace

DUE_AFTER = timedelta(hours=20)
"""A platform is due when its newest run that brought everything began longer ago than this: once a day, at any hour cron likes."""
REFUSED = ("credentials-rejected", "source-blocked")
"""What a program never tries again: a platform locks the account of whoever keeps knocking. A person's `extract` does."""


def start(
    ws: Workspace,
    platform: str,
    *,
    account: str = "default",
    feeds: Sequence[str] = (),
    attended: bool = True,
    challenge_timeout_seconds: float = 900.0,
    purpose: str = "extract",
) -> str:
    """Start a run and return its id as soon as its process was started; `runs.follow` watches it.

    Args:
        feeds: attributes or whole names; empty means all that the platform's runs bring.
        purpose: `check` only proves the saved login.
        attended: whether anybody may be asked. Unattended, the run refuses before the platform sends a code.

    Raises:
        UsageError: no such platform or feed, or the platform is not extracted by runs.
        AlreadyRunning: another run has this platform and account.
    """
    ws.refuse_read_only()
    extractor = ws.registry.load(platform)
    if not extractor.runs:
        raise UsageError(f"{platform} files are not extracted, they are brought", hint="bedrot land FILE")
    expected = extractor.expected(tuple(feeds)) if purpose == "extract" else ()
    ws.prepare()
    everyone = runs.of(ws)
    runs.settle(ws)
    spec = RunSpec(
        id=new_id(ws.clock.now()), platform=platform, account=account, feeds=tuple(expected) if feeds else (), attended=attended,
        challenge_timeout_seconds=challenge_timeout_seconds, actor=ws.actor, purpose=purpose,
    )  # fmt: skip
    folder = everyone.create(spec)
    try:
        ws.record(
            ws.event(
                "run-started",
                run=spec.id,
                platform=platform,
                account=account,
                expected=list(expected),
                attended=attended,
                purpose=purpose,
            )  # fmt: skip
        )
    except BedrotError:
        folder.discard()  # else its locks would last as long as this process
        raise
    everyone.spawn(run_command(ws, spec.id), folder, environ=child_environ(ws.settings.environ))
    return spec.id


def run_command(ws: Workspace, run: str) -> list[str]:
    """How a run's process is started; holds no secret."""
    return [sys.executable, "-m", "bedrot_console.operations.run_process", str(ws.home), str(ws.extractors_folder), run]


def child_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with this program's own code importable, wherever the child stands."""
    values = dict(environ or os.environ)
    path = [str(CHECKOUT), *filter(None, [values.get("PYTHONPATH")])]
    return values | {"PYTHONPATH": os.pathsep.join(path)}


@dataclass(frozen=True, slots=True)
class Startable:
    """One account of a platform that is extracted by runs, and how it stands.

    Attributes:
        feeds: what its runs bring, as attributes.
        problem: why the platform does not load; starting it says so.
        last: its newest extraction, if there was one; `going`: it has not ended.
        stored: it has credentials in the vault.
        due: whether `--due` would start it now; `wait` says in words why not.
    """

    platform: str
    account: str
    title: str = ""
    method: str = ""
    feeds: tuple[str, ...] = ()
    problem: str | None = None
    last: RunView | None = None
    stored: bool = False
    due: bool = False
    wait: str = ""

    @property
    def going(self) -> bool:
        return self.last is not None and not self.last.state.ended


def startable(ws: Workspace) -> list[Startable]:
    """Every account that could be started, by platform and account: those with credentials or with runs, and `default` of every platform."""
    known = {p.name: p for p in platforms(ws) if p.runs or p.problem}
    newest: dict[tuple[str, str], RunView] = {}
    fresh: dict[tuple[str, str], RunView] = {}
    for run in runs.list_runs(ws, limit=1000):
        if run.purpose != "extract":
            continue
        key = (run.platform, run.account)
        newest.setdefault(key, run)
        if not run.state.ended or (run.state is RunState.DONE and ws.clock.now() - run.started_at < DUE_AFTER):
            fresh.setdefault(key, run)
    stored = {(platform, account) for platform, account, _ in ws.vault.names()}
    refused = {(n.platform, n.account) for n in runs.needs_operator(ws) if n.code in REFUSED}
    found = []
    for key in sorted(stored | set(newest) | {(name, "default") for name in known}):
        platform = known.get(key[0])
        if platform is None:
            continue
        latest = fresh.get(key)
        if latest is not None:
            wait = f"done at {latest.started_at:%m-%d %H:%M}" if latest.state.ended else "runs now"
        elif key in refused:
            wait = "the login was refused; a person must run it"
        else:
            wait = "" if key in stored or key in newest else "no login stored"
        found.append(
            Startable(
                *key, title=platform.title, method=platform.method, feeds=tuple(r.rsplit("/", 1)[-1] for r in platform.runs),
                problem=platform.problem, last=newest.get(key), stored=key in stored, due=not wait, wait=wait,
            )
        )  # fmt: skip
    return found


def due(ws: Workspace) -> list[tuple[str, str]]:
    """(platform, account) whose newest run that brought everything is older than DUE_AFTER, and that have credentials; none that runs now.

    None whose login was refused either, until a person has run it or stored another credential. A platform that does not load is
    among them, so that starting it says why.
    """
    return [(s.platform, s.account) for s in startable(ws) if s.due]


def stored(ws: Workspace) -> list[tuple[str, str]]:
    """(platform, account) of every account that has credentials and does not run now, due or not."""
    return [(s.platform, s.account) for s in startable(ws) if s.stored and not s.going]


def start_each(
    ws: Workspace, wanted: Iterable[tuple[str, str]], *, feeds: Sequence[str] = (), attended: bool = True
) -> Iterator[tuple[str, str, str | BedrotError]]:
    """Start several: (platform, account, run id or why it did not start), each as soon as it is known. One that fails stops no other."""
    for platform, account in wanted:
        try:
            yield platform, account, start(ws, platform, account=account, feeds=feeds, attended=attended)
        except BedrotError as error:
            yield platform, account, error
