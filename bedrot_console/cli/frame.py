"""How commands are declared: the options accepted before and after each, and the help with its example and exit codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from .face import Face


def common_options(hidden: bool) -> list[click.Parameter]:
    def keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
        def callback(ctx: click.Context, param: click.Parameter, value: Any) -> None:
            if value not in (None, False) and not ctx.resilient_parsing:
                setattr(ctx.ensure_object(Face), name, value)

        return callback

    shared: dict[str, Any] = {"expose_value": False, "hidden": hidden}
    folder = click.Path(file_okay=False)
    return [
        click.Option(["--home"], metavar="DIR", type=folder, callback=keep("home"), help="Folder that holds landing/.", **shared),
        click.Option(["--json"], is_flag=True, callback=keep("json"), help="One JSON object a line on stdout.", **shared),
        click.Option(["--quiet", "-q"], is_flag=True, callback=keep("quiet"), help="Only data and errors.", **shared),
        click.Option(["--no-color"], is_flag=True, callback=keep("no_color"), help="No colours (also NO_COLOR).", **shared),
    ]


class HelpOnStdout:
    """Prints help through our own writer of stdout, so that a closed or full one ends as for every other output."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
            if value and not ctx.resilient_parsing:
                ctx.ensure_object(Face).out.page(ctx.get_help())
                ctx.exit()

        return click.Option(
            ["--help", "-h"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Show this page."
        )


class WithEpilog(HelpOnStdout):
    """Help that ends with one example, the exit codes, and the common options, which every level accepts."""

    def __init__(self, *args: Any, example: str = "", exits: Sequence[int] = (0,), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.exits = tuple(sorted({*exits, 2}))
        self.params.extend(common_options(hidden=True))  # type: ignore[attr-defined]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from ..domain.errors import EXIT_CODES

        meanings = dict(EXIT_CODES)
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meanings[code]) for code in self.exits])
        formatter.write("\nAlso, before or after the command: --home DIR, --json, --quiet, --no-color.\n")


class Command(WithEpilog, click.Command):
    """A command with the common options, one example and its exit codes."""


class Group(WithEpilog, click.Group):
    """A command with sub-commands; the common options work at every level."""


def command(*, example: str, exits: Sequence[int] = (0,), **options: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command: its function takes the Face first and returns an exit code or None; its docstring is the help."""

    def make(function: Callable[..., Any]) -> click.Command:
        named = {"name": function.__name__.rstrip("_")} | options
        return click.command(cls=Command, example=example, exits=exits, **named)(click.pass_obj(function))

    return make


def sub_command(
    group: click.Group, *, example: str, exits: Sequence[int] = (0,)
) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a sub-command of `group`."""

    def make(function: Callable[..., Any]) -> click.Command:
        made = command(example=example, exits=exits)(function)
        group.add_command(made)
        return made

    return make
