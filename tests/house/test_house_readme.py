"""README, help and pins are in step with the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest

from bedrot_console.cli import reference
from bedrot_console.cli.contents import HELP
from bedrot_console.cli.root import root
from bedrot_console.domain.errors import EXIT_CODES
from bedrot_console.domain.macros import calls
from bedrot_console.extraction.registry import Registry

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"
TABLES = (README, CHECKOUT / "extractors" / "README.md")


def test_generated_tables_are_in_step() -> None:
    """The tables of platforms, feeds, faults, commands and exit codes are what the code says now."""
    texts = [path.read_text("utf-8") for path in TABLES]
    found = re.findall(r"<!-- generated: (?:[^>]*\s)?([a-z-]+) -->", "".join(texts))
    assert sorted(found) == sorted(reference.tables())
    for path, text in zip(TABLES, texts, strict=True):
        assert reference.filled(text) == text, (
            f"run: .venv/bin/python -m bedrot_console.cli.reference --write {path.relative_to(CHECKOUT)}"
        )


def test_commands_that_the_readme_shows_exist() -> None:
    """Every `bedrot ...` in the README names a command that there is."""
    words = re.findall(r"(?:^|[`\s(])(?:\./)?bedrot ([a-z]+(?:-[a-z]+)*)", README.read_text("utf-8"), re.MULTILINE)
    assert words
    assert {w for w in words if w not in HELP} <= {"test"}


def test_payloads_that_the_readme_asks_for_are_those_of_feeds_that_exist() -> None:
    """Each table macro in its SQL is called as macros are, with a feed that there is."""
    asked = [call for block in re.findall(r"```sql\n(.*?)```", README.read_text("utf-8"), re.DOTALL) for call in calls(block)]
    assert asked
    for call in asked:
        Registry().feed(call.arguments[0])


@pytest.mark.parametrize("name", HELP)
def test_help_of_each_command_has_an_example_and_its_exit_codes(name: str) -> None:
    """Each command's help starts with its line of the contents, and has one example that names it and published exit codes."""
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert (command.help or "").split("\n\n")[0].replace("\n", " ").startswith(HELP[name].rstrip("."))
    for part in (command, *getattr(command, "commands", {}).values()):
        assert f"bedrot {name}" in part.example
        assert set(part.exits) <= {code for code, _ in EXIT_CODES}


def test_every_dependency_is_pinned_once() -> None:
    """pyproject names exact versions, and the constraints file says the same, with no address in it."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = dict(
        line.lower().replace("_", "-").split("==")
        for line in (CHECKOUT / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for wanted in (*project["dependencies"], *project["optional-dependencies"]["test"]):
        name, version = wanted.lower().replace("_", "-").split("==")
        assert pins.get(name) == version, name
    for file in ("constraints.txt", "bedrot", ".ci/run", "pyproject.toml"):
        assert not re.search(r"https?://|--index-url|find-links", (CHECKOUT / file).read_text())
