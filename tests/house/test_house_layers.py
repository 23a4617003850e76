"""Who may know whom: the rooms of the house, read from the import statements."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedrot_console.extraction.registry import Registry

CHECKOUT = Path(__file__).resolve().parents[2]
GROUND = {"domain", "resilience", "settings"}
WORKSHOPS = {"zones", "catalog", "inspection", "extraction", "security"}
KNOWS = {
    "domain": {"domain"},
    "resilience": {"domain", "resilience"},
    "settings": {"domain", "settings"},
    **{room: GROUND | {room} for room in WORKSHOPS},
    "operations": GROUND | WORKSHOPS | {"operations"},
    "cli": GROUND | {"operations", "cli"},
    "tui": GROUND | {"operations", "tui"},
    "__main__": {"cli"},
    "__init__": set(),
}
DOORS = {("cli/opening.py", "tui")}
"""Modules that may step over a line, and where to: the way to the console."""
OUTSIDE = {
    "domain": set(),
    "resilience": set(),
    "settings": set(),
    "zones": {"msgspec", "cryptography"},
    "catalog": {"_duckdb", "duckdb", "msgspec"},
    "inspection": {"PIL", "duckdb", "jsonschema", "jsonschema_rs", "lxml", "msgspec", "python_calamine", "referencing"},
    "extraction": {
        "requests",
        "urllib3",
        "playwright",
        "werkzeug",
        "msgspec",
        "cryptography",
        "segno",
        "zxingcpp",
        "PIL",
        "stamina",
    },  # fmt: skip
    "security": {"cryptography", "pyrage", "msgspec"},
    "operations": {"msgspec"},
    "cli": {"click"},
    "tui": {"textual", "rich"},
    "__main__": set(),
    "__init__": set(),
}
GARDEN_KNOWS = {"domain", "resilience", "extraction", "inspection"}
SHARED_BEDS = {"_graph"}
"""Folders of the garden that are no platform: what several platforms share. They know no platform."""


def modules(folder: str) -> list[Path]:
    return sorted((CHECKOUT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Absolute names of everything a module imports, wherever in it the statement stands."""
    package = path.relative_to(CHECKOUT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            stem = ".".join(p for p in (base, node.module or "") if p)
            yield stem if node.module and "." in stem else stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(CHECKOUT / "bedrot_console").with_suffix("").parts[0]


def test_every_room_is_on_the_plan() -> None:
    """A new room is added to the plan before it is built."""
    assert {room_of(path) for path in modules("bedrot_console")} <= set(KNOWS)


@pytest.mark.parametrize("room", sorted(KNOWS))
def test_a_room_knows_only_the_rooms_below(room: str) -> None:
    """Faces know operations, operations know workshops, workshops know the ground and never each other."""
    wrong = []
    for path in modules("bedrot_console"):
        if room_of(path) != room:
            continue
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == "extractors":
                wrong.append(f"{path.relative_to(CHECKOUT)} imports {name}")
            if parts[0] != "bedrot_console" or len(parts) < 2 or parts[1] not in KNOWS:
                continue
            door = (str(path.relative_to(CHECKOUT / "bedrot_console")), parts[1])
            if parts[1] not in KNOWS[room] and door not in DOORS:
                wrong.append(f"{path.relative_to(CHECKOUT)} imports {name}")
    assert not wrong


@pytest.mark.parametrize("room", sorted(OUTSIDE))
def test_a_library_has_one_door(room: str) -> None:
    """DuckDB is said by catalog and inspection, Playwright by extraction, Textual by the console, click by the command line."""
    wrong = set()
    for path in modules("bedrot_console"):
        if room_of(path) == room:
            for name in imported(path):
                top = name.partition(".")[0]
                if top and top not in sys.stdlib_module_names and top not in OUTSIDE[room] | {"bedrot_console", "__future__"}:
                    wrong.add(f"{path.relative_to(CHECKOUT)} imports {name}")
    assert not wrong


def test_extractors_know_the_ground_and_their_two_workshops() -> None:
    """An extractor knows domain, extraction and inspection, its own folder and the shared beds, and no simulator, face or verb."""
    wrong = []
    for path in modules("extractors"):
        parts = path.relative_to(CHECKOUT / "extractors").parts
        for name in imported(path):
            steps = name.split(".")
            if steps[0] == "bedrot_console" and len(steps) > 1 and steps[1] not in GARDEN_KNOWS:
                wrong.append(f"{path.relative_to(CHECKOUT)} imports {name}")
            if steps[0] == "extractors" and len(steps) > 1 and steps[1] not in SHARED_BEDS | {parts[0]}:
                wrong.append(f"{path.relative_to(CHECKOUT)} imports {name}")
            if parts[-1] in ("extractor.py", "pages.py", "checks.py", "api.py") and "simulator" in steps:
                wrong.append(f"{path.relative_to(CHECKOUT)} imports {name}")
            if parts[0] in SHARED_BEDS and parts[1] != "simulated" and "simulated" in steps:
                wrong.append(f"{path.relative_to(CHECKOUT)} imports {name}")
    assert not wrong


def test_a_shared_bed_is_no_platform() -> None:
    """The registry passes over every folder with a leading underscore, and shared beds hold no extractor."""
    folders = {path.name for path in (CHECKOUT / "extractors").glob("_*") if path.is_dir()}
    assert folders >= SHARED_BEDS
    assert not folders & set(Registry(CHECKOUT / "extractors").names())
    assert not [path for bed in SHARED_BEDS for path in (CHECKOUT / "extractors" / bed).glob("extractor.py")]


def test_the_program_never_reads_the_clock_or_sleeps_by_itself() -> None:
    """Time is a parameter: `time.sleep` stands in one place only."""
    found = [
        str(path.relative_to(CHECKOUT))
        for path in (*modules("bedrot_console"), *modules("extractors"))
        if b"time.sleep(" in path.read_bytes()
    ]
    assert found == ["bedrot_console/resilience.py"]
