"""secrets: the vault's credentials."""

from __future__ import annotations

import click

from ...domain.challenges import Secret
from ..arguments import account_option, platform_argument
from ..face import Face
from ..frame import Group, sub_command
from ..tables import Column
from ..terminal import read_secret


@click.group(
    cls=Group, name="secrets", example="bedrot secrets set distrokid password", exits=(0, 8), invoke_without_command=True
)
@click.pass_context
def secrets(ctx: click.Context) -> None:
    """Keep credentials in the vault: list, set, remove.

    Without a sub-command: list. Values are never shown.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.obj)


def _list(face: Face) -> None:
    from ...operations import vaulting

    names = vaulting.list_secrets(face.workspace())
    if face.json:
        for platform, account, field in names:
            face.out.record({"platform": platform, "account": account, "field": field})
    elif names:
        face.out.table((Column("platform"), Column("account"), Column("field")), names)
    else:
        face.say.note("the vault is empty: bedrot secrets set PLATFORM FIELD")


@sub_command(secrets, example="bedrot secrets list", exits=(0,))
def list_(face: Face) -> None:
    """List platform, account and field of each credential; never a value."""
    _list(face)


@sub_command(secrets, example="bedrot secrets set distrokid password", exits=(0, 8))
@platform_argument()
@click.argument("field", metavar="FIELD")
@account_option
def set_(face: Face, platform: str, field: str, account: str) -> None:
    """Seal a credential, typed without echo or piped into stdin."""
    from ...operations import vaulting

    value = Secret(read_secret(f"{platform} ({account}) {field}: "))
    vaulting.set_secret(face.workspace(), platform, field, value, account=account)
    _done(face, platform, account, field, "set")


@sub_command(secrets, example="bedrot secrets remove distrokid password", exits=(0, 8))
@platform_argument()
@click.argument("field", metavar="FIELD")
@account_option
def remove(face: Face, platform: str, field: str, account: str) -> None:
    """Forget a credential."""
    from ...operations import vaulting

    vaulting.remove_secret(face.workspace(), platform, field, account=account)
    _done(face, platform, account, field, "removed")


def _done(face: Face, platform: str, account: str, field: str, what: str) -> None:
    if face.json:
        face.out.record({"platform": platform, "account": account, "field": field, "outcome": "done"})
    else:
        face.say.note(f"{platform} ({account}) {field}: {what}")
