"""extract: run extractors."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import click

from ...domain.errors import BedrotError, UsageError
from ..arguments import account_option, platform_argument
from ..face import Face
from ..frame import command
from ..records import PARTIAL_EXIT, run_record
from ..terminal import Terminal


@command(example="bedrot extract distrokid\nbedrot extract --due --unattended", exits=(0, 1, 3, 4, 5, 9, 130))
@platform_argument(nargs=-1)
@click.option("--due", is_flag=True, help="Every platform whose data is due, instead of naming them.")
@account_option
@click.option("--feed", "feeds", multiple=True, metavar="F", help="Only this feed; may be given again.")
@click.option("--detach", is_flag=True, help="Start and return; follow with: bedrot attach RUN.")
@click.option(
    "--attended/--unattended", default=None, help="Whether anybody may be asked for a code. Default: when there is a terminal."
)
def extract(
    face: Face, platforms: tuple[str, ...], due: bool, account: str, feeds: tuple[str, ...], detach: bool, attended: bool | None
) -> int:
    """Run the extractors of platforms and follow them.

    Each run is a process of its own: it goes on when this command ends. Ctrl-C asks whether to detach or to cancel. A code that a
    platform wants is typed here without echo, or given by `bedrot answer`, the console, or a TOTP secret in the vault; the first wins.
    Unattended, a run refuses before a code is sent and ends with exit code 3.
    """
    if bool(platforms) == due:
        raise UsageError("which platform?" if not due else "platforms and --due exclude each other", hint="bedrot platforms")
    if due and account != "default":
        raise UsageError("--due takes every account that is due", hint="name the platform: bedrot extract PLATFORM --account A")
    if attended is None:
        attended = detach or Terminal.present()
        if not attended:
            face.say.note("no terminal: running unattended; --attended lets `bedrot answer` answer")
    # held before anything else, so that a code typed too early is not echoed either
    with Terminal.hold() if attended and not detach else nullcontext() as terminal:
        return _run(face, platforms, account, feeds, detach, attended, terminal)


def _run(
    face: Face,
    platforms: Sequence[str],
    account: str,
    feeds: Sequence[str],
    detach: bool,
    attended: bool,
    terminal: Terminal | None,
) -> int:
    from ...operations import extract as verb
    from ...operations import runs

    ws = face.workspace()
    wanted = [(name, account) for name in dict.fromkeys(platforms)] if platforms else list(verb.due(ws))
    if not wanted:
        face.say.note("nothing is due")
        return 0
    started: list[str] = []
    failed: list[BedrotError] = []
    for platform, which in wanted:
        try:
            started.append(verb.start(ws, platform, account=which, feeds=feeds, attended=attended))
        except BedrotError as error:
            failed.append(error)
            face.say.failure(error)
            continue
        if detach:
            view = runs.view(ws, started[-1])
            if face.json:
                face.out.record(run_record(view))
            else:
                face.out.line(f"{view.id}  {view.platform}  {view.account}  {view.state.value}")
        else:
            face.say.note(f"{platform}: run {started[-1]}")
    code = 0
    if started and not detach:
        from ..watching import Watch

        code = Watch(face, ws, started, terminal).until_ended()
    if failed:
        return PARTIAL_EXIT if started else failed[0].exit_code
    return code
