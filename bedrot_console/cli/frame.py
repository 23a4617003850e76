"""What every command shares: the options accepted before and after it, the help with example and exit codes, the way to its workspace."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from .diagnostics import Diagnostics
from .output import Output

if TYPE_CHECKING:
    from ..operations.workspace import Workspace
    from ..settings import Settings


class Face:
    """One invocation: the common options, the two writers, and the workspace once a command asks for it."""

    def __init__(self) -> None:
        self.home: str | None = None
        self.json = False
        self.quiet = False
        self.color: bool | None = None
        self._out: Output | None = None
        self._say: Diagnostics | None = None
        self._settings: Settings | None = None

    @property
    def out(self) -> Output:
        """Writer of stdout."""
        if self._out is None:
            self._out = Output(json_lines=self.json, color=self._colored())
        return self._out

    @property
    def say(self) -> Diagnostics:
        """Writer of stderr."""
        if self._say is None:
            self._say = Diagnostics(quiet=self.quiet)
        return self._say

    def _colored(self) -> bool:
        return self.color is not False and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            from ..settings import Settings

            self._settings = Settings.load(self.home)
        return self._settings

    def workspace(self, *, read_only: bool = False) -> Workspace:
        """The workspace on the chosen home. Raises UsageError for a home that cannot be one."""
        from ..operations.workspace import Workspace

        return Workspace.open(self.settings, read_only=read_only)


def common_options(hidden: bool) -> list[click.Parameter]:
    def keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
        def callback(ctx: click.Context, param: click.Parameter, value: Any) -> None:
            if value not in (None, False) and not ctx.resilient_parsing:
                setattr(ctx.ensure_object(Face), name, value)

        return callback

    def no_color(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            ctx.ensure_object(Face).color = False

    shared: dict[str, Any] = {"expose_value": False, "hidden": hidden}
    folder = click.Path(file_okay=False)
    return [
        click.Option(["--home"], metavar="DIR", type=folder, callback=keep("home"), help="Folder that holds landing/.", **shared),
        click.Option(["--json"], is_flag=True, callback=keep("json"), help="One JSON object a line on stdout.", **shared),
        click.Option(["--quiet", "-q"], is_flag=True, callback=keep("quiet"), help="Only data and errors.", **shared),
        click.Option(["--no-color"], is_flag=True, callback=no_color, help="No colours (also NO_COLOR).", **shared),
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
