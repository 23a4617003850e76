"""The root command: its page of help, its commands from the table of contents, what happens without one."""

from __future__ import annotations

from typing import Any

import click

from ..domain.errors import UsageError
from .contents import HELP, page
from .face import Face
from .frame import HelpOnStdout, common_options


class Interrupted(Exception):
    """Ctrl-C, on its way to the border."""


class Root(HelpOnStdout, click.Group):
    """Lists its commands from a table; imports one only to run it or to print its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(HELP)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in HELP:
            return None
        from importlib import import_module

        module = cmd_name.replace("-", "_")
        return getattr(import_module(f".commands.{module}", __package__), module)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in HELP and not args[0].startswith("-"):
            if args[0] == "test":
                raise UsageError("`test` belongs to the launcher", hint="in a checkout: ./bedrot test")
            from difflib import get_close_matches

            close = get_close_matches(args[0], HELP, n=1)
            hint = f"did you mean: bedrot {close[0]}" if close else "bedrot --help"
            raise UsageError(f"no such command: {args[0]}", hint=hint)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted from error  # click would print an empty line of its own

    def get_help(self, ctx: click.Context) -> str:
        return page()

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name, help=line) for name, line in HELP.items() if name.startswith(incomplete)]


def _start(ctx: click.Context) -> int | None:
    if ctx.invoked_subcommand is not None:
        return None
    from .opening import on_a_terminal, open_console

    if on_a_terminal():
        return open_console(ctx.obj)
    ctx.obj.say.page(page())
    return 2


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from .. import __version__

        ctx.ensure_object(Face).out.line(f"bedrot {__version__}")
        ctx.exit()


_version = click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_show_version)

root = Root(
    "bedrot",
    callback=click.pass_context(_start),
    params=[*common_options(hidden=False), _version],
    invoke_without_command=True,
)
"""Commands come from the table of contents only."""
