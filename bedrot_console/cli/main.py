"""The root command and the border: whatever a command raises ends here as one sentence, a next step, and a published exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from ..domain.errors import BedrotError, UsageError
from .contents import HELP, SECTIONS
from .diagnostics import INTERNAL_ERROR, INTERRUPTED, crash
from .frame import Face, HelpOnStdout, common_options
from .output import OutputClosed


class Root(HelpOnStdout, click.Group):
    """Lists its commands from a table; imports one only to run it or to print its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(HELP)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in HELP:
            return None
        from importlib import import_module

        return getattr(import_module(f".commands.{cmd_name}", __package__), cmd_name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in HELP and not args[0].startswith("-"):
            if args[0] == "test":
                raise UsageError("`test` belongs to the launcher", hint="in a checkout: ./bedrot test")
            from difflib import get_close_matches

            close = get_close_matches(args[0], HELP, n=1)
            hint = f"did you mean: bedrot {close[0]}" if close else "bedrot --help"
            raise UsageError(f"no such command: {args[0]}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, line in commands])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from ..domain.errors import EXIT_CODES

        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES])
        with formatter.section("Example"):
            formatter.write("  bedrot demo\n")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name, help=line) for name, line in HELP.items() if name.startswith(incomplete)]


def _start(ctx: click.Context) -> int | None:
    if ctx.invoked_subcommand is not None:
        return None
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty():
        from .commands.console import open_console

        return open_console(ctx.obj)
    ctx.obj.say.page(ctx.get_help())
    return 2


root = Root(
    "bedrot",
    callback=click.pass_context(_start),
    params=common_options(hidden=False),
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 120},
    help="Landing zone console: captures land untouched, are validated, reviewed, and promoted or quarantined.\n\n"
    "Without a command, on a terminal, the console opens.",
)
root.add_command = None  # type: ignore[assignment]  # commands come from the table only


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns its exit code. The only place that catches everything."""
    _open_descriptors()
    face = Face()
    try:
        result = root.main(args=list(argv), prog_name="bedrot", standalone_mode=False, obj=face)
        code = result if isinstance(result, int) else 0
        face.out.flush()
        if face.out.trouble is not None and code == 0:
            raise face.out.complaint()
        return code
    except OutputClosed:
        return 0
    except BedrotError as error:
        face.say.failure(error)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        face.say.page(error.ctx.get_help() if error.ctx else "")
        return 2
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "bedrot"
        face.say.error(_sentence(error), f"{where} --help")
        return 2
    except click.ClickException as error:
        face.say.error(_sentence(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        face.say.status("")
        face.say.error("interrupted")
        return INTERRUPTED
    except Exception as error:
        crash(face.say, error, _home(face))
        return INTERNAL_ERROR


def _sentence(error: click.ClickException) -> str:
    text = error.format_message().strip().rstrip(".")
    return text[:1].lower() + text[1:]


def _home(face: Face) -> str | None:
    return str(face._settings.home) if face._settings is not None else None


def _open_descriptors() -> None:
    """Fill closed standard descriptors, so that no file of the lake is ever opened as number 1 and written to by a stray print."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
