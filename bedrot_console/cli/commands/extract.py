"""extract: run extractors."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import click

from ...domain.errors import BedrotError, UsageError
from ..arguments import dry_run_option, platform_argument
from ..face import Face
from ..frame import command
from ..records import PARTIAL_EXIT, run_record
from ..terminal import Terminal


@command(
    example="bedrot extract distrokid\nbedrot extract --due --unattended\nbedrot extract --due --dry-run",
    exits=(0, 1, 3, 4, 5, 9, 130),
)
@platform_argument(nargs=-1)
@click.option("--due", is_flag=True, help="Every account whose data is due, instead of naming platforms.")
@click.option(
    "--all", "everything", is_flag=True, help="Every account with credentials, due or not, instead of naming platforms."
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="A",
    help="Which account of the platform; may be given again. Default: default.",
)
@click.option("--feed", "feeds", multiple=True, metavar="F", help="Only this feed; may be given again.")
@dry_run_option
@click.option("--detach", is_flag=True, help="Start and return; follow with: bedrot attach RUN.")
@click.option(
    "--attended/--unattended", default=None, help="Whether anybody may be asked for a code. Default: when there is a terminal."
)
def extract(
    face: Face,
    platforms: tuple[str, ...],
    due: bool,
    everything: bool,
    accounts: tuple[str, ...],
    feeds: tuple[str, ...],
    dry_run: bool,
    detach: bool,
    attended: bool | None,
) -> int:
    """Run the extractors of platforms and follow them.

    Each run is a process of its own: it goes on when this command ends. Ctrl-C asks whether to detach or to cancel. A code that a
    platform wants is typed here without echo, or given by `bedrot answer`, the console, or a TOTP secret in the vault; the first wins.
    Unattended, a run refuses before a code is sent and ends with exit code 3.
    """
    given = [bool(platforms), due, everything]
    if sum(given) != 1:
        raise UsageError(
            "platforms, --due and --all exclude each other" if any(given) else "which platform?", hint="bedrot platforms"
        )
    if accounts and not platforms:
        word = "--due takes every account that is due" if due else "--all takes every account"
        raise UsageError(word, hint="name the platform: bedrot extract PLATFORM --account A")
    if dry_run:
        return _preview(face, platforms, due, accounts)
    if attended is None:
        attended = detach or Terminal.present()
        if not attended:
            face.say.note("no terminal: running unattended; --attended lets `bedrot answer` answer")
    # held before anything else, so that a code typed too early is not echoed either
    with Terminal.hold() if attended and not detach else nullcontext() as terminal:
        return _run(face, _wanted(face, platforms, due, accounts), feeds, detach, attended, terminal)


def _wanted(face: Face, platforms: Sequence[str], due: bool, accounts: Sequence[str]) -> list[tuple[str, str]]:
    """(platform, account) of what is to be started."""
    from ...operations import extract as verb

    if platforms:
        return [(name, account) for name in dict.fromkeys(platforms) for account in dict.fromkeys(accounts or ("default",))]
    ws = face.workspace()
    return verb.due(ws) if due else verb.stored(ws)


def _preview(face: Face, platforms: Sequence[str], due: bool, accounts: Sequence[str]) -> int:
    """What would start, with its newest run, and of the accounts that would not, why."""
    from ...operations import extract as verb

    wanted = set(_wanted(face, platforms, due, accounts))
    known = {(s.platform, s.account): s for s in verb.startable(face.workspace())}
    for platform, account in sorted(wanted | (set(known) if due else set())):
        found = known.get((platform, account))
        starts = (platform, account) in wanted
        wait = found.wait if found is not None else "not seen before"
        last = found.last if found is not None else None
        if face.json:
            record = {"platform": platform, "account": account, "starts": starts, "why_not": None if starts else wait}
            face.out.record(record | {"last_run": last.id if last else None, "last_state": last.state.value if last else None})
        else:
            ended = f"last: {last.state.value} {last.started_at:%Y-%m-%d %H:%M}" if last else "never ran"
            face.out.line(f"{'start' if starts else 'leave'}  {platform}  {account}  {ended}" + (f"  ({wait})" if wait else ""))
    return 0


def _run(
    face: Face,
    wanted: Sequence[tuple[str, str]],
    feeds: Sequence[str],
    detach: bool,
    attended: bool,
    terminal: Terminal | None,
) -> int:
    from ...operations import extract as verb
    from ...operations import runs

    ws = face.workspace()
    if not wanted:
        face.say.note("nothing is due")
        return 0
    started: list[str] = []
    failed: list[BedrotError] = []
    for platform, _, run in verb.start_each(ws, wanted, feeds=feeds, attended=attended):
        if isinstance(run, BedrotError):
            failed.append(run)
            face.say.failure(run)
            continue
        started.append(run)
        if detach:
            view = runs.view(ws, started[-1])
            if face.json:
                face.out.record(run_record(view))
            else:
                face.out.line(f"{view.id}  {view.platform}  {view.account}  {view.state.value}")
        else:
            face.say.note(f"{platform}: run {run}")
    code = 0
    if started and not detach:
        from ..watching import Watch

        code = Watch(face, ws, started, terminal).until_ended()
    if failed:
        return PARTIAL_EXIT if started else failed[0].exit_code
    return code
