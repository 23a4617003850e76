"""sessions: saved logins."""

from __future__ import annotations

import click

from ..arguments import account_option, platform_argument
from ..face import Face
from ..frame import Group, sub_command
from ..records import plain_record
from ..tables import Column


@click.group(cls=Group, name="sessions", example="bedrot sessions forget distrokid", exits=(0, 8), invoke_without_command=True)
@click.pass_context
def sessions(ctx: click.Context) -> None:
    """Say what is known of saved logins: list, forget.

    Without a sub-command: list. What is not known stays empty; nothing is guessed.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.obj)


def _list(face: Face) -> None:
    from ...operations import vaulting

    found = vaulting.sessions(face.workspace())
    if face.json:
        for info in found:
            face.out.record(plain_record(info))
    elif found:
        rows = [
            (i.platform, i.account, i.version, _time(i.logged_in_at), _time(i.saved_at), _time(i.expires_at) or "unknown")
            for i in found
        ]
        titles = ("platform", "account", "version", "logged in", "saved", "expires")
        face.out.table([Column(t) for t in titles], rows)
    else:
        face.say.note("no saved logins; a run saves one: bedrot extract PLATFORM")


def _time(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if hasattr(at, "strftime") else str(at or "")


@sub_command(sessions, example="bedrot sessions list", exits=(0,))
def list_(face: Face) -> None:
    """List what is known of each saved login."""
    _list(face)


@sub_command(sessions, example="bedrot sessions forget distrokid", exits=(0, 8))
@platform_argument()
@account_option
def forget(face: Face, platform: str, account: str) -> None:
    """Drop a saved login; the next run logs in anew."""
    from ...operations import vaulting

    vaulting.forget_session(face.workspace(), platform, account=account)
    if face.json:
        face.out.record({"platform": platform, "account": account, "outcome": "done"})
    else:
        face.say.note(f"{platform} ({account}): forgotten")
