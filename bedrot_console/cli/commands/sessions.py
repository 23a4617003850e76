"""sessions: saved logins."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ...domain.accounts import account_flag
from ..arguments import account_option, platform_argument
from ..face import Face
from ..frame import Group, sub_command
from ..records import plain_record
from ..tables import Column

if TYPE_CHECKING:
    from ...domain.runs import RunView
    from ...operations.accounts import AccountInfo
    from ...operations.sessions import SessionInfo

OUTLOOK_STYLES = {"ended": "bad", "none saved": "bad", "ends soon": "warn", "may end soon": "warn"}
STATE_STYLES = {
    **OUTLOOK_STYLES,
    "does not load": "bad",
    "needs you": "bad",
    "no credentials": "bad",
    "not proved": "warn",
    "good": "good",
}


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


@sub_command(sessions, example="bedrot sessions list --all --json", exits=(0,))
@click.option("--all", "every", is_flag=True, help="Also platforms and accounts without a login, and what was tried last.")
def list_(face: Face, every: bool) -> None:
    """List what is known of each saved login."""
    if every:
        _list_all(face)
    else:
        _list(face)


def _list_all(face: Face) -> None:
    from ...operations import accounts as verb

    found = verb.accounts(face.workspace())
    if face.json:
        for info in found.rows:
            face.out.record(plain_record(info))
    else:
        face.out.table(_account_columns(), map(_account_row, found.rows))
        for info in found.rows:
            if info.because or info.command:
                then = f"; next: {info.command}" if info.command else ""
                face.out.line(f"{info.platform} ({info.account}): {info.because or info.state}{then}")
    if found.trouble:
        face.say.error(found.trouble, found.hint)


def _account_columns() -> list[Column]:
    return [
        Column("platform", least=8), Column("account", least=7), Column("state", least=9, style=lambda text: STATE_STYLES.get(text, "")),
        Column("ends", least=10), Column("last run", least=10, drop=1), Column("last check", least=10, drop=2),
    ]  # fmt: skip


def _account_row(info: AccountInfo) -> tuple[object, ...]:
    end = _time(info.ends_at)
    if not end and info.expected_end:
        end = f"about {info.expected_end[1]:%Y-%m-%d}"
    last = [f"{_time(run.started_at)} {run.state}" if run else "none" for run in (info.last_run, info.last_check)]
    return (info.platform, info.account, info.state, end or "unknown", *last)


@sub_command(sessions, example="bedrot sessions check tiktok --account nightferry", exits=(0, 3, 4, 8, 9))
@platform_argument()
@account_option
def check(face: Face, platform: str, account: str) -> int:
    """Prove a saved login without extracting anything; nobody is asked and no code is sent."""
    view, sign = _checked(face, platform, account)
    _tell(face, view, sign, "works" if sign else "failed")
    return view.exit_code or 0


def _checked(face: Face, platform: str, account: str) -> tuple[RunView, str | None]:
    """Run the check to its end: the run, and the positive sign that it saw."""
    from ...operations import runs
    from ...operations import sessions as verbs

    ws = face.workspace()
    run = verbs.check(ws, platform, account)
    sign = None
    for event in runs.follow(ws, run):
        if event["kind"] == "proved":
            sign = event["sign"]
    return runs.view(ws, run), sign


def _tell(face: Face, view: RunView, sign: str | None, outcome: str, **more: Any) -> None:
    if face.json:
        face.out.record(
            {
                "platform": view.platform, "account": view.account, "outcome": outcome, "sign": sign, "run": view.id,
                "error": view.error, "code": view.error_code, "hint": view.hint, **more,
            }
        )  # fmt: skip
    elif sign:
        face.out.line(f"{view.platform} ({view.account}): works; {sign}")
    else:
        face.say.error(view.error or "the run ended without a word", view.hint)


@sub_command(sessions, example="bedrot sessions import tiktok cookies.txt && rm cookies.txt", exits=(0, 3, 4, 8, 9, 130))
@platform_argument()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
@account_option
@click.option("--no-check", is_flag=True, help="Save it without proving it.")
def import_(face: Face, platform: str, file: str, account: str, no_check: bool) -> int:
    """Bring a login from a browser of your own and prove it; one that does not work is dropped.

    FILE is a storage state of Playwright, a cookies.txt, or the JSON of a cookie editor; `-` reads stdin. Only what belongs to the
    platform's hosts is kept. Once a login is dropped, the one before stands again. Where the check cannot tell (a captcha, a block, no
    answer), the login is kept as the newest, not proved, and you are told what to do.
    """
    from ...domain.errors import BedrotError
    from ...operations import sessions as verbs

    ws = face.workspace()
    data = _exported(face, file)
    version, found = verbs.import_login(ws, platform, data, account)
    face.say.note(f"{platform} ({account}): {found.in_words()}")
    if no_check:
        if face.json:
            face.out.record({"platform": platform, "account": account, "outcome": "saved", "version": version})
        else:
            face.say.note(f"next: bedrot sessions check {platform}{account_flag(account)}")
        return 0
    try:
        view, sign = _checked(face, platform, account)
    except (BedrotError, KeyboardInterrupt):
        _say_unproved(face, platform, account)
        raise
    outcome = "works" if sign else verbs.judge_import(ws, platform, account, version, view)
    _tell(face, view, sign, outcome, version=version)
    if outcome == "unproved":
        _say_unproved(face, platform, account)
    elif outcome == "dropped":
        stands = any((i.platform, i.account) == (platform, account) and i.versions for i in verbs.sessions(ws))
        face.say.note("the imported login does not work and was dropped" + ("; what was saved before stands" if stands else ""))
    return view.exit_code or 0


def _say_unproved(face: Face, platform: str, account: str) -> None:
    """The import is kept although nobody saw it work: what that means, and the ways on and back."""
    flag = account_flag(account)
    face.say.note(
        f"the imported login is saved, but not proved: the next run tries it; next: bedrot sessions check {platform}{flag}; to be rid of it: "
        f"bedrot sessions rollback {platform}{flag} (the one before), or bedrot sessions forget {platform}{flag} (all)"
    )


def _exported(face: Face, file: str) -> bytes:
    from ...operations.sessions import MOST_BYTES, read_export

    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    data, seen = read_export(file)
    if seen:
        face.say.note(f"{file} is a login that others may read: remove it when you are done")
    return data


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
        face.say.note(
            f"{platform} ({account}): the login saved {_time(info.saved_at)} stands; "
            f"next: bedrot sessions check {platform}{account_flag(account)}"
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
