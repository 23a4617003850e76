"""demo: a whole lake against simulators."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import click

from ...domain.errors import UsageError
from ..face import Face
from ..frame import command
from ..tables import Column

STYLES = {"head": "head", "good": "good", "bad": "bad", "step": "", "end": ""}


@command(example="bedrot demo\nbedrot demo --keep ./lake --console\nbedrot demo --practice", exits=(0, 70))
@click.argument("more", nargs=-1, metavar="[PLATFORM...]")
@click.option(
    "--keep", metavar="DIR", type=click.Path(file_okay=False), help="Run in DIR, which must be new or empty, and keep it."
)
@click.option("--console", "then_console", is_flag=True, help="Open the console on the result.")
@click.option(
    "--only", multiple=True, metavar="PLATFORM", help="Only this platform; may be given again, or with more names after it."
)
@click.option("--practice", is_flag=True, help="A lake with 12 bad files among 100, the console on it, and a score.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="With --practice: which files are bad.")
@click.option("--linear", is_flag=True, help="With --practice: the console as numbered text.")
def demo(
    face: Face, more: tuple[str, ...], keep: str | None, then_console: bool, only: tuple[str, ...], practice: bool, seed: int, linear: bool
) -> int:  # fmt: skip
    """Run a whole lake against simulated platforms, in a temporary home.

    Extracts with a second factor, validates, compares two days, promotes what is good, quarantines what is bad. Needs no account and
    asks nothing. Exit code 70 when the outcome is not what it must be. With --practice it is you who decides; needs no browser.
    """
    if practice:
        return _practise(face, keep, seed=seed, linear=linear)
    from ...operations import demo as verb

    if more and not only:
        raise UsageError("platforms are named with --only", hint="bedrot demo --only " + " ".join(more))
    names = [name for given in (*only, *more) for name in given.split(",") if name]
    home = _home(keep)
    face.out.keep_going = True
    try:
        with contextlib.closing(verb.demo(home, only=names)) as lines:  # whatever ends it, its runs end before their home goes
            for line in lines:
                _print(face, line)
        if then_console:
            _console(face, home)
    finally:
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)
    if keep is not None:
        face.say.note(f"kept: bedrot --home {keep} files")
    return 0


def _practise(face: Face, keep: str | None, *, seed: int, linear: bool) -> int:
    from ..practicing import practise

    home = Path(keep).absolute() if keep and (Path(keep) / ".bedrot" / "practice.json").exists() else _home(keep)
    try:
        return practise(face, home, seed=seed, linear=linear)
    finally:
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)


def _home(keep: str | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="bedrot-demo-"))
    home = Path(keep).absolute()
    with contextlib.suppress(FileNotFoundError):
        if any(home.iterdir()):
            raise UsageError(f"not empty: {keep}", hint="--keep takes a new or empty folder")
    return home


def _print(face: Face, line: Any) -> None:
    if face.json:
        face.out.record({"kind": line.kind, "text": line.text.strip(), **line.data})
    elif line.kind == "table":
        data = line.data
        face.out.table([Column(c, right=i > 0, least=6) for i, c in enumerate(data["columns"])], data["rows"])
    elif line.kind == "head":
        face.out.text(f"\n{line.text}", "head")
    elif line.kind == "end":
        return
    else:
        face.out.text(_wrapped(line.text, face.out.width), STYLES.get(line.kind, ""))
    face.out.flush()


def _wrapped(text: str, width: int | None) -> str:
    """At a terminal, a long line goes on below itself, indented; elsewhere a line is a line."""
    if width is None or len(text) <= width:
        return text
    indent = " " * (len(text) - len(text.lstrip()) + 4)
    return textwrap.fill(text, max(width, 40), subsequent_indent=indent, break_on_hyphens=False)


def _console(face: Face, home: Path) -> None:
    from ..opening import open_console

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--console needs a terminal", hint="bedrot demo --keep DIR, then: bedrot --home DIR console")
    face.move_to(str(home))
    open_console(face)
