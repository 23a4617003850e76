"""Arguments that several commands share: ids (also from stdin), reasons, accounts, durations."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from ..domain.accounts import segment
from ..domain.errors import UsageError

ids_argument = click.argument("ids", nargs=-1, metavar="ID...")
reason_option = click.option("--reason", default="", metavar="WHY", help="Why; stands in the journal.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
matching_option = click.option(
    "--matching", metavar="WORDS", help="Every file that this filter has and that may move: 'platform:p status:passed'."
)


def _account(ctx: click.Context, param: click.Parameter, value: str) -> str:
    segment(value)  # a name that no account can have is refused before anything is done
    return value


account_option = click.option(
    "--account", default="default", metavar="A", show_default=True, callback=_account, help="Which account of the platform."
)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def named(ids: Sequence[str]) -> list[str]:
    """The ids as given; `-` stands for one id a line on stdin."""
    out: list[str] = []
    for name in ids:
        if name == "-":
            if sys.stdin is None or sys.stdin.isatty():
                raise UsageError(
                    "`-` reads ids from stdin, and stdin is a terminal", hint="bedrot files --json | jq -r .id | bedrot ... -"
                )
            out += [line.strip() for line in sys.stdin if line.strip()]
        else:
            out.append(name)
    return out


def required(ids: Sequence[str], otherwise: str) -> list[str]:
    """The ids, at least one.

    Raises:
        UsageError: none was given; the hint names `otherwise`.
    """
    names = named(ids)
    if not names:
        raise UsageError("which file? Give at least one id", hint=otherwise)
    return names


class Duration(click.ParamType):
    """`90`, `90s`, `5m`, `2h`, `1d` as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration; write 90s, 5m, 2h or 1d", param, ctx)
        return float(match[1]) * _SECONDS[match[2] or "s"]


def platform_argument(**options: Any) -> Callable[[Any], Any]:
    """A platform's name, completed from the folders under `extractors/`. With `nargs=-1`: names."""
    many = options.get("nargs", 1) != 1
    metavar = "PLATFORM..." if many else "PLATFORM"
    return click.argument("platforms" if many else "platform", metavar=metavar, shell_complete=_platforms, **options)


def _platforms(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from .face import Face

    return [n for n in ctx.ensure_object(Face).workspace().registry.names() if n.startswith(incomplete)]
