"""extract: start runs. A run is a process of its own; what it brings is landed and validated there, whoever watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta

from ..domain.errors import BedrotError, PermissionDenied, UsageError
from ..domain.identifiers import new_id
from ..domain.runs import RunSpec, RunState
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
    if ws.read_only:
        raise PermissionDenied("this console is read-only", hint="start it without --read-only")
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


def due(ws: Workspace) -> list[tuple[str, str]]:
    """(platform, account) whose newest run that brought everything is older than DUE_AFTER, and that have credentials; none that runs now.

    None whose login was refused either, until a person has run it or stored another credential. A platform that does not load is
    among them, so that starting it says why.
    """
    latest: dict[tuple[str, str], bool] = {}
    for run in runs.list_runs(ws, limit=1000):
        key = (run.platform, run.account)
        if run.purpose != "extract":
            continue
        recent = run.state is RunState.DONE and ws.clock.now() - run.started_at < DUE_AFTER
        latest[key] = latest.get(key, False) or recent or not run.state.ended
    accounts = {(platform, account) for platform, account, _ in ws.vault.names()} | set(latest)
    known = {platform.name for platform in platforms(ws) if platform.runs or platform.problem}
    refused = {(n.platform, n.account) for n in runs.needs_operator(ws) if n.code in REFUSED}
    return sorted((p, a) for p, a in accounts - refused if p in known and not latest.get((p, a), False))
