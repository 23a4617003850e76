"""sessions: saved logins."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..arguments import account_option, platform_argument
from ..face import Face
from ..frame import Group, sub_command
from ..records import plain_record
from ..tables import Column

if TYPE_CHECKING:
    from ...operations.sessions import SessionInfo

OUTLOOK_STYLES = {"ended": "bad", "none saved": "bad", "ends soon": "warn", "may end soon": "warn"}


@click.group(cls=Group, name="sessions", example="bedrot sessions\nbedrot sessions check tiktok", exits=(0, 8), invoke_without_command=True)  # fmt: skip
@click.pass_context
def sessions(ctx: click.Context) -> None:
    """Say what is known of saved logins; bring, prove, roll back, forget them.

    Without a sub-command: list. What is not known stays empty; nothing is guessed.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.obj)


def _list(face: Face) -> None:
    from ...operations import sessions as verbs

    found = verbs.sessions(face.workspace())
    if face.json:
        for info in found:
            face.out.record(plain_record(info))
        return
    if not found:
        face.say.note("no saved logins; a run saves one: bedrot extract PLATFORM")
        return
    face.out.table(_columns(), map(_row, found))
    for info in found:
        if info.outlook:
            then = f"; next: {info.command}" if info.command else ""
            face.out.text(
                f"{info.platform} ({info.account}): {info.outlook}: {info.because}{then}", OUTLOOK_STYLES.get(info.outlook, "")
            )


def _columns() -> list[Column]:
    return [
        Column("platform", least=8), Column("account", least=7), Column("logged in", least=10), Column("proved", least=10),
        Column("ends", least=10), Column("earlier lives", least=8, drop=2), Column("kept", least=4, right=True, drop=1),
        Column("outlook", least=7, style=lambda text: OUTLOOK_STYLES.get(text, "")),
    ]  # fmt: skip


def _row(info: SessionInfo) -> tuple[object, ...]:
    begin = _time(info.logged_in_at) or (f"imported {_time(info.imported_at)}" if info.imported_at else "unknown")
    lives = ", ".join(f"{least:.0f}-{most:.0f} d" for least, most in info.lifetimes[-3:])
    end = info.credential_ends_at or info.expires_at
    return (
        info.platform, info.account, begin, _time(info.proven_at) or "never", _time(end) or "unknown", lives, info.versions,
        info.outlook or "nothing against it",
    )  # fmt: skip


def _time(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at is not None else ""


@sub_command(sessions, example="bedrot sessions list --json", exits=(0,))
def list_(face: Face) -> None:
    """List what is known of each saved login."""
    _list(face)


@sub_command(sessions, example="bedrot sessions check tiktok --account nightferry", exits=(0, 3, 4, 9))
@platform_argument()
@account_option
def check(face: Face, platform: str, account: str) -> int:
    """Prove a saved login without extracting anything; nobody is asked and no code is sent."""
    return _check(face, platform, account)


def _check(face: Face, platform: str, account: str) -> int:
    from ...operations import runs
    from ...operations import sessions as verbs

    ws = face.workspace()
    run = verbs.check(ws, platform, account)
    sign = None
    for event in runs.follow(ws, run):
        if event["kind"] == "proved":
            sign = event["sign"]
    view = runs.view(ws, run)
    if face.json:
        face.out.record(
            {
                "platform": platform, "account": account, "outcome": "works" if sign else "failed", "sign": sign, "run": run,
                "error": view.error, "code": view.error_code, "hint": view.hint,
            }
        )  # fmt: skip
    elif sign:
        face.out.line(f"{platform} ({account}): works; {sign}")
    else:
        face.say.error(view.error or "the run ended without a word", view.hint)
    return view.exit_code or 0


@sub_command(sessions, example="bedrot sessions import tiktok cookies.txt && rm cookies.txt", exits=(0, 3, 4, 8, 9))
@platform_argument()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
@account_option
@click.option("--no-check", is_flag=True, help="Save it without proving it.")
def import_(face: Face, platform: str, file: str, account: str, no_check: bool) -> int:
    """Bring a login from a browser of your own, prove it, and keep it only if it works.

    FILE is a storage state of Playwright, a cookies.txt, or the JSON of a cookie editor; `-` reads stdin. Only what belongs to the
    platform's hosts is kept. A login that does not work is dropped, and the one before stands again.
    """
    from ...operations import sessions as verbs

    ws = face.workspace()
    data = _exported(face, file)
    version, found = verbs.import_login(ws, platform, data, account)
    left = f", left out {found.foreign} of other hosts" if found.foreign else ""
    left += f", {found.expired} expired" if found.expired else ""
    face.say.note(
        f"{platform} ({account}): {found.cookies} cookies and storage of {found.origins} sites of a {found.format}{left}"
    )
    if no_check:
        if face.json:
            face.out.record({"platform": platform, "account": account, "outcome": "saved", "version": version})
        else:
            face.say.note(f"next: bedrot sessions check {platform}" + ("" if account == "default" else f" --account {account}"))
        return 0
    code = _check(face, platform, account)
    if code == 3:
        verbs.drop_newest(ws, platform, account)
        face.say.note("the imported login does not work and was dropped; what was saved before stands")
    return code


def _exported(face: Face, file: str) -> bytes:
    from ...domain.errors import UsageError
    from ...operations.sessions import MOST_BYTES

    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        with Path(file).open("rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise UsageError(f"{file} is no regular file")
            if mode & 0o044:
                face.say.note(f"{file} is a login that others may read: remove it when you are done")
            return source.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


@sub_command(sessions, example="bedrot sessions rollback tiktok", exits=(0, 8))
@platform_argument()
@account_option
def rollback(face: Face, platform: str, account: str) -> None:
    """Drop the newest saved login for the one before it."""
    from ...operations import sessions as verbs

    info = verbs.rollback(face.workspace(), platform, account)
    if face.json:
        face.out.record(plain_record(info))
    else:
        flag = "" if account == "default" else f" --account {account}"
        face.say.note(
            f"{platform} ({account}): the login saved {_time(info.saved_at)} stands; next: bedrot sessions check {platform}{flag}"
        )


@sub_command(sessions, example="bedrot sessions forget distrokid", exits=(0, 8))
@platform_argument()
@account_option
def forget(face: Face, platform: str, account: str) -> None:
    """Drop every saved login of an account; the next run logs in anew."""
    from ...operations import sessions as verbs

    verbs.forget(face.workspace(), platform, account)
    if face.json:
        face.out.record({"platform": platform, "account": account, "outcome": "done"})
    else:
        face.say.note(f"{platform} ({account}): forgotten")
