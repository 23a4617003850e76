"""What is the same everywhere: places, help, palette, command line, SQL, crash text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fake_lake import FakeLake

from bedrot_console import tui
from bedrot_console.tui.commands import ConsoleCommands
from bedrot_console.tui.crash import crash_text
from bedrot_console.tui.keys import EVERYWHERE, KEYS
from bedrot_console.tui.messages import Failed
from bedrot_console.tui.modals.page import PageModal
from bedrot_console.tui.modals.scan import ScanModal
from bedrot_console.tui.places import PLACES
from bedrot_console.tui.widgets.prompt import PromptBar


@pytest.mark.parametrize(
    ("where", "holder"),
    [
        *((place.name, place.load()) for place in PLACES.values()),
        ("prompt", PromptBar),
        ("scan", ScanModal),
        ("page", PageModal),
    ],
)
def test_every_key_of_the_table_does_something(where, holder):
    """Each row of the key table has its method, and no key stands twice in one place."""
    for key in KEYS[where]:
        assert hasattr(holder, f"do_{key.action}"), key
    names = [k for key in KEYS[where] for k in key.keys.split(",")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("where", PLACES)
def test_no_key_of_a_place_hides_one_of_everywhere(where):
    """A key means the same everywhere, unless the place is an editor."""
    mine = {k for key in KEYS[where] for k in key.keys.split(",")}
    everywhere = {k for key in KEYS[EVERYWHERE] for k in key.keys.split(",")}
    assert not mine & everywhere


def test_each_place_is_one_key_away(drive):
    """Digits and F-keys lead to the places, and the header names where one is."""

    async def scenario(d):
        for place in reversed(PLACES.values()):
            for key in (str(place.number), f"f{place.number + 1}"):
                d.app.show_place("files")
                await d.press(key)
                assert d.app.place == place.name
                assert f"[{place.number} {place.title}" in d.screen.splitlines()[0]
                if place.name == "sql":
                    await d.press("escape")

    drive(FakeLake(10), scenario)


@pytest.mark.parametrize(
    ("where", "group"),
    [
        ("files", "files after"),
        ("review", "queue"),
        ("runs", "runs"),
        ("sessions", "accounts"),
        ("health", "health"),
        ("audit", "audit"),
    ],
)
def test_what_cannot_be_loaded_is_said_once_and_stands_where_rows_would(drive, monkeypatch, where, group):
    """A failure is one notice; a list that has no rows shows it, with the next command."""

    async def scenario(d):
        d.app.show_place(where)
        await d.settle()
        told: list[str] = []
        monkeypatch.setattr(d.app, "notice", lambda text, *rest: told.append(text))
        monkeypatch.setattr(type(d.app.query_one(f"#{where} VirtualTable")), "row_count", lambda table: 0)
        for rows in ("rows", "runs"):
            monkeypatch.setattr(d.app.current_view, rows, [], raising=False)
        d.app.current_view.post_message(Failed(group, "the disk is gone", "bedrot doctor"))
        await d.settle()
        assert told == ["the disk is gone"]
        assert "the disk is gone" in d.screen and "next: bedrot doctor" in d.screen

    drive(FakeLake(0), scenario)


def test_no_handler_calls_that_of_its_base():
    """Textual calls the handlers of every base class by itself, so one that is called is called twice. (`on_event` is no such handler.)"""
    room = Path(tui.__file__).parent
    assert not [path.name for path in room.rglob("*.py") if re.search(r"super\(\)\.on_(?!event\()", path.read_text("utf-8"))]


@pytest.mark.parametrize("width", [44, 60, 80, 120])
def test_what_needs_a_human_is_in_the_header_at_any_width(drive, width):
    """The places give way, and the one on the screen last of all."""

    async def scenario(d):
        header = d.app.query_one("Header")
        header.needs, header.waiting, header.to_review = 12, "distrokid", 1_234_567
        await d.settle()
        first = d.screen.splitlines()[0]
        assert "? distrokid: a" in first and "! 12 need you" in first and len(first) <= width
        assert "[1" in first
        header.read_only = True
        await d.settle()
        assert "! 12 need you" in d.screen.splitlines()[0] and "READ-ONLY" in d.screen.splitlines()[0]

    drive(FakeLake(10), scenario, size=(width, 24))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_help_lists_every_key_of_the_place_first(drive, place):
    """`?` begins with the place it was asked in, and holds the whole table."""

    async def scenario(d):
        await d.press(str(place.number))
        if place.name == "sql":
            await d.press("escape")
        await d.press("question_mark")
        assert d.screen.splitlines()[4].split()[1] == place.title
        text = " ".join("".join(t for t, _ in line).strip() for line in d.app.screen.help(10_000))
        assert all(key.help in text for keys in KEYS.values() for key in keys)

    drive(FakeLake(10), scenario)


@pytest.mark.parametrize("place", ["1", "2", "3", "4", "5", "7"])
def test_the_help_is_told_on_every_place_of_a_small_terminal(drive, place):
    """Of keys that do not all fit, the one that lists them stays in the bar."""

    async def scenario(d):
        await d.press(place)
        assert "? help" in d.screen.splitlines()[-1]

    drive(FakeLake(10), scenario)


def test_a_command_that_leads_nowhere_says_so_and_the_next_one_drops_that(drive):
    """A run that is not there, a word that is none; what was said of one line does not stand beside the next."""
    lake = FakeLake(10)
    first = lake.start("distrokid", "default")
    lake.start("metaads", "default")

    async def scenario(d):
        await d.beat()
        d.app.run_command("runs zzzzzzzz")
        await d.settle()
        assert d.app.place == "runs" and "no such run: zzzzzzzz" in d.notice
        d.app.run_command(f"runs {first}")
        await d.settle()
        assert d.app.runs_view.followed == first and d.notice == ""
        d.app.run_command("frobnicate")
        assert "no such command" in d.notice
        d.app.run_command("files zone:raw")
        assert d.notice == ""

    drive(lake, scenario)


def test_the_palette_offers_no_screenshot_and_nothing_that_writes(drive):
    """Safe commands only, and none of Textual's own."""

    async def scenario(d):
        assert list(d.app.get_system_commands(d.app.screen)) == []
        texts = [t for t, _, _ in ConsoleCommands(d.app.screen)._commands()]
        assert texts and not any(w in t.lower() for t in texts for w in ("screenshot", "promote to raw", "quarantine with"))
        await d.press("ctrl+p")
        assert "filter as you type" in d.screen

    drive(FakeLake(10), scenario)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("filter status:failed", "of 4"),
        ("runs", "no runs yet"),
        ("nonsense", "no such command: nonsense"),
        ("extract distrokid", "signing in"),
        ("sql select 1", "64 rows"),
        ("sql drop table files", "one SELECT or EXPLAIN only"),
        ("promote", "cannot promote a file in quarantine"),
        ("show 000000zzzz", "no such file"),
        ("show 'x", "not a command"),
        ("show", "show what?  → show ID"),
    ],
)
def test_the_command_line_speaks_the_shell_s_words(drive, line, expected):
    """`:` takes the words of the command line; what is wrong is said."""

    async def scenario(d):
        await d.press("colon")
        await d.type(line)
        await d.press("enter")
        assert expected in d.screen

    drive(FakeLake(64), scenario)


def test_quit_by_command_and_by_key_ends_with_zero(drive):
    """`:q` and ctrl+q leave with exit code 0."""

    async def by_command(d):
        await d.press("colon", "q", "enter")
        assert d.app.return_value == 0

    async def by_key(d):
        await d.press("ctrl+q")
        assert d.app.return_value in (0, None)

    async def from_the_palette(d):
        await d.press("ctrl+p", "ctrl+q")
        assert not d.app.is_running and d.app.return_value in (0, None)

    drive(FakeLake(4), by_command)
    drive(FakeLake(4), by_key)
    drive(FakeLake(4), from_the_palette)


def test_sql_rows_with_an_id_lead_to_their_file(drive):
    """A result row is a handle: enter opens the file, y copies the row."""

    async def scenario(d):
        await d.press("6", "ctrl+t", "enter")
        assert "300 rows" in d.screen
        await d.press("escape", "down", "enter")
        assert "sha256" in d.screen
        await d.press("escape", "y")
        assert "\t" in d.app.clipboard

    drive(FakeLake(400), scenario)


def test_debugging_switches_of_textual_are_gone_before_it_is_imported():
    """TEXTUAL_LOG would write every key to a file; it and its kin do not survive the import of this room."""
    env = {
        **os.environ,
        "TEXTUAL_LOG": "/nonexistent/keys.log",
        "TEXTUAL": "debug",
        "TEXTUAL_DRIVER": "x:y",
        "TEXTUAL_SCREENSHOT": "1",
    }
    code = (
        "import os, bedrot_console.tui.app, textual.constants as c;"
        "print(c.LOG_FILE, c.DRIVER, c.SCREENSHOT_DELAY, [n for n in os.environ if n.startswith('TEXTUAL')])"
    )
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "None None -1 []"


def test_the_crash_text_tells_kind_and_place_and_no_value():
    """No message, no local variable, no line of source: any of them may quote a code."""

    def inner(code: str) -> None:
        secret = code
        raise ValueError(f"bad code {secret}")

    try:
        inner("864209")
    except ValueError as error:
        text = crash_text(error).plain
    assert "864209" not in text and "ValueError" in text and "inner" in text


def test_the_console_knows_operations_and_domain_only():
    """No module of this room imports a workshop or an extractor."""
    import ast
    from pathlib import Path

    import bedrot_console.tui as room

    folder = Path(room.__file__).parent
    allowed = ("domain", "operations")
    for path in folder.rglob("*.py"):
        depth = len(path.relative_to(folder).parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level > depth:
                assert (node.module or "").split(".")[0] in allowed, path
            modules = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            modules += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not any(m and m.split(".")[0] in ("bedrot_console", "extractors", "duckdb", "playwright") for m in modules), (
                path
            )


def test_what_was_typed_before_the_focus_event_came_is_not_replaced():
    """A late focus event selects nothing: keys that were quicker stay."""
    import asyncio

    from textual.app import App, ComposeResult

    from bedrot_console.tui.widgets.field import Field

    class One(App[None]):
        def compose(self) -> ComposeResult:
            yield Field(lambda _: None, lambda: None, id="one")

    async def play() -> str:
        async with One().run_test() as pilot:
            field = pilot.app.query_one("#one", Field)
            pilot.app.set_focus(None)
            field.value = "s"
            pilot.app.set_focus(field)
            await pilot.pause()
            await pilot.press("h", "o", "w")
            return field.value

    assert sorted(asyncio.run(play())) == sorted("show")
