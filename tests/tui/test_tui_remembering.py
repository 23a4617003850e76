"""Where the console was left: it stands there again, whatever the file holds and whatever is gone since."""

from __future__ import annotations

import json
import os
import stat

import pytest
from fake_lake import FakeLake
from fake_rows import row_of

from bedrot_console.operations import console_state
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings


def test_place_filter_order_cursor_marks_theme_and_commands_come_back(drive):
    """All of it stands again after leaving by the key."""
    lake = FakeLake(900)

    async def before(d):
        d.app.run_command("files platform:distrokid order:oldest")
        await d.settle()
        await d.press("space", "down", "down", "space", *["pagedown"] * 14)
        d.app.run_command("theme ansi-light")
        d.app.show_place("runs")
        await d.settle()
        d.left = d.app.files_view.table.row().id
        lake.left = d.left
        await d.press("ctrl+q")

    async def after(d):
        assert d.app.place == "runs" and d.app.theme == "ansi-light"
        await d.press("1")
        files = d.app.files_view
        assert files.words == "platform:distrokid order:oldest" and files.table.what.order == "oldest"
        assert files.table.row().id == lake.left
        assert set(files.table.marks) == {row_of(0).id, row_of(5).id}
        assert d.app.command_line.history.lines == ["files platform:distrokid order:oldest", "theme ansi-light"]

    drive(lake, before, memory=lake.recall())
    drive(lake, after, memory=lake.recall())


def test_the_file_under_review_is_under_review_again(drive):
    """The queue stands at the file that was left, wherever it is in the queue now."""
    lake = FakeLake(200)

    async def before(d):
        await d.press("2", "n", "n")
        lake.left = d.app.review_view.row.id
        await d.press("ctrl+q")

    async def after(d):
        assert d.app.place == "review" and d.app.review_view.row.id == lake.left

    drive(lake, before, memory=lake.recall())
    drive(lake, after, memory=lake.recall())


def test_what_is_gone_is_left_out_and_the_operator_s_first_move_wins(drive):
    """Vanished rows are no marks and no place."""
    lake = FakeLake(40)
    gone = row_of(99).id

    async def scenario(d):
        assert d.app.files_view.table.cursor == 0 and list(d.app.files_view.table.marks) == [row_of(3).id]

    drive(lake, scenario, memory={"places": {"files": {"row": gone, "marks": [gone, row_of(3).id]}}})


@pytest.mark.parametrize(
    "memory",
    [
        {"place": "nowhere", "theme": 7, "commands": "rm", "places": []},
        {
            "place": ["files"],
            "places": {"files": {"words": "status:nonsense", "order": {}, "row": [1], "marks": {"a": 1}}, "runs": 3},
        },
        {"places": {"files": {"words": "\x1b[2J", "marks": ["\x00", None, "x" * 10_000]}}},
    ],
)
def test_whatever_the_file_holds_the_console_opens(drive, memory):
    """Garbage is no place to begin: it begins where a new operator begins."""

    async def scenario(d):
        assert d.app.place == "files" and d.app.files_view.words == "" and d.app.files_view.table.rows

    drive(FakeLake(12), scenario, memory=memory)


def test_a_place_is_kept_while_the_console_runs_and_not_again_when_nothing_changed(drive):
    """A killed console has kept what stood a second before."""
    lake = FakeLake(12)

    async def scenario(d):
        await d.beat()
        assert not lake.memory
        await d.press("down")
        await d.beat()
        assert lake.memory["places"]["files"]["row"] == row_of(10).id

    drive(lake, scenario, memory=lake.recall())


def test_the_file_is_the_operator_s_own_and_survives_what_is_done_to_it(tmp_path):
    """0600, whole or not at all; garbage, a link, a folder in its place and a home that is not there are nothing kept."""
    ws = Workspace(Settings.load(tmp_path, {}))
    console_state.keep(ws, {"place": "runs"})
    assert console_state.recall(ws) == {} and not (tmp_path / ".bedrot").exists()
    ws.prepare()
    console_state.keep(ws, {"place": "runs"})
    path = tmp_path / ".bedrot" / "console" / f"{os.getuid()}.json"
    assert console_state.recall(ws) == {"place": "runs"} and stat.S_IMODE(path.stat().st_mode) == 0o600
    for text in ("", "{", "[]", "\xff", "[" * 100_000, json.dumps({"a": 1})[:-1]):
        path.write_text(text, "latin-1")
        assert console_state.recall(ws) == {}
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert console_state.recall(ws) == {}
    console_state.keep(ws, {"place": "sql"})
    assert console_state.recall(ws) == {"place": "sql"} and not path.is_symlink()
    looked_at = Workspace(Settings.load(tmp_path, {}), read_only=True)
    console_state.keep(looked_at, {"place": "files"})
    assert console_state.recall(looked_at) == {"place": "sql"}


def test_it_can_be_switched_off(tmp_path):
    """By the settings or the environment: nothing is read and nothing is kept."""
    (tmp_path / "bedrot.toml").write_text("[console]\nrestore = false\n")
    for ws in (Workspace(Settings.load(tmp_path, {})), Workspace(Settings.load(tmp_path / "x", {"BEDROT_RESTORE": "0"}))):
        ws.prepare()
        console_state.keep(ws, {"place": "runs"})
        assert console_state.recall(ws) == {} and not (ws.settings.state / "console").exists()
