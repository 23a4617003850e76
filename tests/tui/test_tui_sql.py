"""SQL by keys: completion, errors at their place, answers of any size, rows that are files, kept queries, checks, exports."""

from __future__ import annotations

import json

from fake_lake import FakeLake
from fake_rows import HOSTILE
from ptyline import FAKE, Line, foreign

from bedrot_console.tui.widgets import resultgrid
from bedrot_console.tui.widgets.field import Field


async def ask(d, text: str) -> None:
    """SQL, with this query asked."""
    d.app.show_place("sql")
    await d.settle()
    d.app.sql_view.run_text(text)
    await d.settle()


async def type_in(d, text: str) -> None:
    """Keys one after another, as fast as they come."""
    await d.pilot.press(*("space" if c == " " else c for c in text))
    await d.settle()


async def fill(d, text: str) -> None:
    """Into the dialog's field, then enter."""
    d.app.screen.query_one(Field).value = text
    await d.press("enter")


def test_words_are_coloured_by_what_they_are(drive):
    """Keywords, strings, numbers and comments each have their own style, also over several lines; the text itself is untouched."""

    async def scenario(d):
        d.app.show_place("sql")
        await d.settle()
        editor = d.app.sql_view.editor
        editor.text = "select 'a', 12 /* b\nc */ from files"
        palette = d.app.palette
        spans = [{editor.get_line(i).plain[s.start : s.end]: s.style for s in editor.get_line(i).spans} for i in (0, 1)]
        assert spans[0] == {"select": palette["key"], "'a'": palette["passed"], "12": palette["mark"], "/* b": palette["dim"]}
        assert spans[1] == {"c */": palette["dim"], "from": palette["key"]}
        editor.text = "select \x1b[31m, a\u202eb"
        assert editor.get_line(0).plain == "select ␛[31m, a\ufffdb"

    drive(FakeLake(4), scenario)


def test_a_word_is_completed_while_it_is_typed(drive):
    """Offers appear after two letters, tab takes one, escape drops them and stays in the editor, enter is a new line unless one was chosen."""

    async def scenario(d):
        await d.press("6")
        view = d.app.sql_view
        view.editor.text = ""
        await type_in(d, "select fe")
        assert "feed" in d.screen and "varchar" in d.screen
        await d.press("tab")
        assert view.editor.text == "select feed" and not view.editor.completions.display
        await type_in(d, " fr")
        await d.press("escape")
        assert not view.editor.completions.display and view.editor.has_focus
        await type_in(d, "om ru")
        await d.press("enter")
        assert view.editor.text == "select feed from ru\n"
        await type_in(d, "whe")
        await d.press("down", "up", "enter")
        assert view.editor.text == "select feed from ru\nwhen" or view.editor.text.endswith("where")
        await d.press("enter", "tab")
        assert view.editor.text.endswith("\n    ")

    drive(FakeLake(4), scenario)


def test_payloads_that_could_not_be_read_are_named(drive):
    """The line over the rows and the notice say which file was left out; ctrl+g lists the macros."""

    async def scenario(d):
        await ask(d, "select * from raw('distrokid/streams')")
        assert "10 rows" in d.screen and "left out raw/x.html" in d.screen
        assert "this is a sign-in page" in d.notice
        await d.press("escape", "ctrl+g")
        assert "payloads as tables" in d.screen and "raw('platform/feed', account, series" in d.screen

    drive(FakeLake(10), scenario)


def test_a_mistake_is_marked_where_it_is(drive):
    """The line with a caret, the engine's sentence, what was perhaps meant; the cursor stands there, ready to mend."""

    async def scenario(d):
        await ask(d, "select id,\n  nope from files")
        lines = d.screen.splitlines()
        at = next(i for i, line in enumerate(lines) if "line 2:" in line)
        assert lines[at + 1].index("^") == lines[at].index("nope")
        assert "next: perhaps id" in d.screen
        editor = d.app.sql_view.editor
        assert editor.has_focus and editor.cursor_location == (1, 2) and editor.mistake == (1, 2)
        await type_in(d, "x")
        assert editor.mistake is None

    drive(FakeLake(4), scenario)


def test_an_answer_of_many_rows_is_seen_whole_but_never_held_whole(drive, monkeypatch):
    """The first page is there at once, End shows the last row, and only blocks near the cursor are in memory."""
    monkeypatch.setattr(resultgrid, "BLOCKS_KEPT", 3)

    async def scenario(d):
        await ask(d, "select rows=20000")
        results = d.app.sql_view.results
        assert "20,000 rows" in d.screen and results.count == 20_000
        await d.press("G")
        assert "19999" in d.screen
        for _ in range(4):
            results.move_by(-resultgrid.BLOCK)
            await d.settle()
        assert len(results._blocks) == 3 and results.row(results.cursor)[2] == 19_199
        await d.press("g", "l", "l")
        assert "number BIGINT 3/4" in d.screen and "1 · number" in d.screen
        width = results._width(2)
        await d.press("greater_than_sign")
        assert results._width(2) == width + 4
        await d.press("l", "z")
        assert "a text of no characters" in d.screen
        await d.press("escape", "j", "z")
        assert "there is no value" in d.screen

    drive(FakeLake(400), scenario)


def test_a_stopped_query_keeps_the_rows_that_came(drive):
    """ctrl+s ends it at once; what is there stays, and the line says that it is not all."""

    async def scenario(d):
        d.app.show_place("sql")
        await d.settle()
        d.app.sql_view.run_text("select slow")
        for _ in range(100):
            await d.pilot.pause(0.01)
            if d.app.sql_view.results.count:
                break
        assert "running" in d.screen and "ctrl+s stops it" in d.screen
        await d.pilot.press("ctrl+s")
        await d.settle()
        assert "300 rows" in d.screen and "not all: stopped" in d.screen and not d.app.sql_view.running

    drive(FakeLake(400), scenario)


def test_reading_payloads_is_seen_to_go_on(drive):
    """Before the first row comes, the line says how many of how many payloads are read."""

    async def scenario(d):
        d.app.show_place("sql")
        await d.settle()
        view = d.app.sql_view
        view.run_text("select slow nothing from raw('distrokid/streams')")
        for _ in range(100):
            await d.pilot.pause(0.01)
            view.pulse()
            if "2 of 5 payloads read" in d.screen:
                break
        assert "2 of 5 payloads read" in d.screen
        await d.pilot.press("ctrl+s")
        await d.settle()
        assert not view.running

    drive(FakeLake(4), scenario)


def test_marked_rows_are_decided_with_the_dialog_of_files(drive):
    """space marks, m marks up to here, q asks with count and consequence; a sign before the row says what became of it."""
    lake = FakeLake(400)

    async def scenario(d):
        await ask(d, "select id from files")
        await d.press("space", "down", "down", "m")
        assert "4 marked" in d.screen
        await d.press("q")
        assert "Quarantine 4 files" in d.screen
        await fill(d, "odd")
        assert lake.decisions and all(verb == "quarantine" and why == "odd" for verb, _, why in lake.decisions)
        decided = {name for _, name, _ in lake.decisions}
        assert set(d.app.sql_view.results.signs) == decided and "▼" in d.screen

    drive(lake, scenario)


def test_rows_open_in_files_and_review(drive):
    """f shows exactly the marked rows' files, e opens one in Review, enter its details."""
    lake = FakeLake(40)

    async def scenario(d):
        await ask(d, "select id from files")
        await d.press("space", "space", "f")
        assert d.app.place == "files" and "1 of 2" in d.screen
        d.app.show_place("sql")
        await d.settle()
        await d.press("escape", "home", "enter")
        assert "sha256" in d.screen
        await d.press("escape", "e")
        assert d.app.place == "review"

    drive(lake, scenario)


def test_what_cannot_be_done_says_why(drive):
    """A key that has nothing to work on tells what is missing."""

    async def scenario(d):
        for text, key, reason in (
            ("select noid", "p", "no column is a file's id"),
            ("select nothing", "f", "no rows"),
            ("select 1", "M", "nothing is marked"),
            ("select 1", "m", "a range begins here"),
            ("select 1", "C", "no query is saved as a check"),
        ):
            await ask(d, text)
            await d.press(key)
            assert reason in d.notice

    drive(FakeLake(10), scenario)


def test_a_read_only_console_decides_and_saves_nothing(drive):
    """Decisions, saving and declaring are refused with the reason; asking, marking and exporting are not."""

    async def scenario(d):
        await ask(d, "select id")
        for key in ("p", "s", "c"):
            await d.press(key)
            assert "this console is read-only" in d.notice
        await d.press("space")
        assert "1 marked" in d.screen

    drive(FakeLake(10, read_only=True), scenario)


def test_history_comes_back_after_a_restart(drive):
    """ctrl+up walks through what was asked, also in an earlier console, and ctrl+down comes back to what was being typed."""
    lake = FakeLake(10)

    async def first(d):
        await ask(d, "select 1")
        await ask(d, "select 2")

    async def second(d):
        await d.press("6")
        editor = d.app.sql_view.editor
        editor.text = "draft"
        await d.press("ctrl+up")
        assert editor.text == "select 2"
        await d.press("ctrl+up")
        assert editor.text == "select 1"
        await d.press("ctrl+down", "ctrl+down")
        assert editor.text == "draft"
        view = type(d.app.sql_view)()
        view.restore({"query": "select 3\nfrom x", "name": "mine"})
        assert (view.first_query, view.saved_name) == ("select 3\nfrom x", "mine") and d.app.sql_view.to_keep()[
            "query"
        ] == "draft"
        view.restore({"query": 5, "name": ["x"]})

    drive(lake, first)
    drive(lake, second)


def test_queries_are_found_by_typing_and_edited_run_or_forgotten(drive):
    """ctrl+o lists saved, starter and asked queries; words narrow it; enter edits, ctrl+r runs, ctrl+t forgets a saved one."""
    lake = FakeLake(10)
    lake.save_query("mine", "select id -- special")

    async def scenario(d):
        await d.press("6", "ctrl+o")
        assert "saved" in d.screen and "starter" in d.screen
        await type_in(d, "spec")
        await d.press("enter")
        assert d.app.sql_view.editor.text == "select id -- special" and d.app.sql_view.answer is None
        await d.press("ctrl+o")
        await type_in(d, "newest")
        await d.press("ctrl+r")
        assert "10 rows" in d.screen
        await d.press("ctrl+o")
        await type_in(d, "mine")
        await d.press("ctrl+t", "enter")
        assert lake.saved() == [] and "no longer saved" in d.notice

    drive(lake, scenario)


def test_a_query_becomes_a_check_that_says_how_it_stands(drive):
    """c asks severity and scope and saves; running it says how many rows break it; C asks all."""
    lake = FakeLake(10)

    async def scenario(d):
        await ask(d, "select id")
        await d.press("c", "enter")
        await fill(d, "distrokid")
        await fill(d, "mine")
        assert lake.kept == {"mine": "-- check: error\n-- scope: distrokid\nselect id"}
        assert "300 rows break it" in d.notice or "saved check mine" in d.notice
        await d.press("ctrl+r")
        assert "✗ check fails: 10 rows" in d.screen and "distrokid" in d.screen
        d.app.screen.set_focus(d.app.sql_view.results)
        await d.press("C")
        assert "mine (distrokid)" in d.screen and "1 of 1 checks fail" in d.notice
        await d.press("escape", "s")
        await d.press("enter")
        assert list(lake.kept) == ["mine"]

    drive(lake, scenario)


def test_an_answer_is_exported_once(drive, tmp_path):
    """x asks for a name and writes all rows; a file that is there is replaced only after a yes."""
    path = tmp_path / "out.jsonl"

    async def scenario(d):
        await ask(d, "select id")
        await d.press("x")
        await fill(d, str(path))
        assert "300 rows" in d.notice and len(path.read_text().splitlines()) == 300
        assert json.loads(path.read_text().splitlines()[1])["number"] == 1
        path.write_text("kept")
        await d.press("x")
        await fill(d, str(path))
        assert "Replace it?" in d.screen
        await d.press("escape")
        assert path.read_text() == "kept"
        await d.press("x")
        await fill(d, str(path))
        await d.press("enter")
        assert len(path.read_text().splitlines()) == 300

    drive(FakeLake(400), scenario)


def test_nothing_of_an_answer_reaches_the_terminal_as_it_is(drive):
    """Values that would be obeyed or mislead are shown as what they are, in the grid, in the cell view and in notices."""

    async def scenario(d):
        await ask(d, "select id")
        results = d.app.sql_view.results
        await d.press("l", "z")
        seen = d.screen
        await d.press("escape")
        for number in range(len(HOSTILE)):
            results.move_to(number)
            seen += "".join(text for text, _ in results.row_pieces(number))
        seen += d.screen
        assert not [c for c in seen if c != "\n" and not c.isprintable()]
        assert not {"\u202e", "\u200b", "\x9b"} & set(seen) and "[@click=app.exit]" in seen

    drive(FakeLake(len(HOSTILE), names=HOSTILE), scenario)


def test_rows_of_an_answer_are_decided_over_a_real_line():
    """From the query to the quarantined files by keys alone; the terminal is left as it was found, and nothing foreign went there."""
    line = Line([*FAKE, "100"])
    try:
        line.until("of 100")
        for keys, wait in (
            ("6", "[6 SQL"), ("\x1b", "i goes back"), (":sql select id from files\r", "100 rows"), ("  ", "2 marked"),
            ("q", "Quarantine 2 files"), ("bad rows\r", "quarantined 2 files"), ("f", "id:"), ("\x11", ""),
        ):  # fmt: skip
            line.send(keys)
            if wait:
                line.until(wait)
        assert line.wait() == 0 and line.healthy() and foreign(line.data) == []
    finally:
        line.close()


def test_rows_are_marked_as_in_files_and_a_new_query_begins_empty():
    """`*` all and none, shift and down one after the other, `m` from here to there; ctrl+n empties the editor and ctrl+up has the text again."""
    line = Line([*FAKE, "300"])
    try:
        line.until("of 300")
        line.send(":sql select id from files\r")
        line.until("300 rows")
        for keys, there, gone in (
            ("*", "· 300 marked", ""), ("*", "300 rows", "· 300 marked"), ("J", "· 2 marked", ""), ("J", "· 3 marked", ""), ("K", "· 2 marked", ""),
            ("M", "300 rows", "· 2 marked"), ("m", "· 1 marked", ""), ("Gm", "· 299 marked", ""), ("i\x0e", "300 rows", "select id"),
            ("select 7", " select 7", ""), ("\x1b[1;5A", "select id", "select 7"),
        ):  # fmt: skip
            line.send(keys)
            line.until(there)
            if gone:
                line.until(gone, gone=True)
    finally:
        line.close()


def test_the_query_in_the_editor_stands_there_after_a_restart(drive):
    """With the name it is saved under; what was asked is not asked again by itself."""
    lake = FakeLake(10)

    async def first(d):
        await d.press("6", "ctrl+n")
        await type_in(d, "select 4711")
        await d.press("ctrl+q")

    async def second(d):
        assert d.app.sql_view.editor.text == "select 4711" and "no answer yet" in d.screen

    drive(lake, first, memory=lake.recall())
    drive(lake, second, memory=lake.recall())
