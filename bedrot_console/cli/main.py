"""The border: whatever a command raises ends here as one sentence, a next step, and a published exit code."""

from __future__ import annotations

import os
import sys

from ..domain.errors import BedrotError
from .diagnostics import INTERNAL_ERROR, INTERRUPTED, crash
from .face import Face
from .output import OutputClosed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT_WAYS = {"--json": "json", "--quiet": "quiet", "-q": "quiet", "--no-color": "no_color"}


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns its exit code. The only place that catches everything."""
    _open_descriptors()
    face = Face()
    try:
        code = _short_way(face, argv)
        if code is None:
            code = _whole_way(face, argv)
        face.out.flush()
        if face.out.trouble is not None and code == 0:
            raise face.out.complaint()
        return code
    except OutputClosed:
        return 0
    except BedrotError as error:
        face.say.failure(error)
        return error.exit_code
    except KeyboardInterrupt:
        face.say.status("")
        face.say.error("interrupted")
        return INTERRUPTED
    except Exception as error:  # border: the command
        crash(face.say, error, str(face.settings.home) if face.has_settings else None)
        return INTERNAL_ERROR


def _short_way(face: Face, argv: Sequence[str]) -> int | None:
    """`--help`, `status` and the console without the library that parses, which costs them more than it does; None for everything else."""
    wanted = ""
    home = None
    words = iter(argv)
    given = []
    read_only = False
    for word in words:
        if word == "--home":
            home = next(words, None)
            if not home or home.startswith("-"):
                return None
        elif word in SHORT_WAYS:
            given.append(SHORT_WAYS[word])
        elif word in ("--help", "-h", "--version", "status", "console") and not wanted:
            wanted = word
        elif word == "--read-only" and wanted == "console" and not read_only:
            read_only = True
        else:
            return None
    if "_BEDROT_COMPLETE" in os.environ:
        return None
    if wanted in ("", "console"):
        from .opening import on_a_terminal, open_console

        if not on_a_terminal() or os.path.isfile(home or ""):
            return None
        wanted = "console"
    face.home = home
    for name in given:
        setattr(face, name, True)
    if wanted == "console":
        return open_console(face, read_only=read_only)
    if wanted == "status":
        from .health import show_status

        show_status(face)
    elif wanted == "--version":
        from .. import __version__

        face.out.line(f"bedrot {__version__}")
    else:
        from .contents import page

        face.out.page(page())
    return 0


def _whole_way(face: Face, argv: Sequence[str]) -> int:
    import click

    from .root import Interrupted, root

    try:
        result = root.main(args=list(argv), prog_name="bedrot", standalone_mode=False, obj=face)
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        face.say.page(error.ctx.get_help() if error.ctx else "")
        return 2
    except click.UsageError as error:
        face.say.error(_sentence(error.format_message()), f"{error.ctx.command_path if error.ctx else 'bedrot'} --help")
        return 2
    except click.ClickException as error:
        face.say.error(_sentence(error.format_message()))
        return error.exit_code
    except (Interrupted, click.Abort) as error:
        raise KeyboardInterrupt from error
    except SystemExit as error:  # completion leaves this way
        return error.code if isinstance(error.code, int) else 0


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return text[:1].lower() + text[1:]


def _open_descriptors() -> None:
    """Fill closed standard descriptors, so that no file of the lake is ever opened as number 1 and written to by a stray print."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def main() -> int:
    """The installed program."""
    return run(sys.argv[1:])
