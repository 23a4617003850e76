"""What the program tells people to type exists."""

from __future__ import annotations

import re
from pathlib import Path

import click

from bedrot_console.cli.contents import HELP
from bedrot_console.cli.root import root

CHECKOUT = Path(__file__).resolve().parents[2]
PROSE = {"again"}


def test_every_command_that_code_recommends_exists() -> None:
    """Each `bedrot WORD [WORD]` in the code's texts names a command, and a subcommand where the command has some."""
    wrong = []
    for path in [*CHECKOUT.glob("bedrot_console/**/*.py"), *CHECKOUT.glob("extractors/**/*.py")]:
        for match in re.finditer(r"(?:\./)?\bbedrot ([a-z][a-z-]*)(?: ([a-z]+))?", path.read_text("utf-8")):
            name, sub = match.groups()
            if name in PROSE or name == "test":
                continue
            command = root.get_command(click.Context(root), name) if name in HELP else None
            subs = set(getattr(command, "commands", {}))
            if command is None or (subs and sub and sub not in subs and name in ("sessions", "secrets", "audit")):
                wrong.append(f"{path.relative_to(CHECKOUT)}: {match.group()}")
    assert not wrong, wrong
