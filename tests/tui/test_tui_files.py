"""Files: any number of rows, a filter that answers, one file decided, what changes under the cursor."""

from __future__ import annotations

import dataclasses

from fake_lake import FakeLake

from bedrot_console.domain.lifecycle import Verb, Verdict, Zone


def test_a_million_files_show_their_first_page_without_loading_the_rest(drive):
    """The console asks for one page, whatever the number of files."""
    lake = FakeLake(1_000_000)

    async def scenario(d):
        assert "1 of 1,000,000" in d.screen
        assert len(d.app.files_view.table.rows) <= 400
        assert lake.calls.count("files") <= 2

    drive(lake, scenario)


def test_end_and_home_reach_both_ends_of_a_million_files(drive):
    """End shows the oldest file, Home the newest, and the position is exact."""

    async def scenario(d):
        await d.press("end")
        assert "1,000,000 of 1,000,000" in d.screen
        assert "20260302_093000" in d.screen.splitlines()[-3]
        await d.press("up")
        assert "999,999 of 1,000,000" in d.screen
        await d.press("home")
        assert "1 of 1,000,000" in d.screen

    drive(FakeLake(1_000_000), scenario)


def test_paging_down_and_up_visits_every_row_in_order(drive):
    """Pages follow each other without a gap or a repetition, also where rows are loaded on the way and dropped behind."""

    async def scenario(d):
        table = d.app.files_view.table
        seen = []
        for _ in range(40):
            row = table.row()
            seen.append(int(row.sha256, 16))
            await d.press("pagedown")
        step = table.view_height
        assert seen == [5999 - i * step for i in range(40)]
        assert len(table.rows) <= 2800
        for _ in range(40):
            await d.press("pageup")
        assert table.cursor == 0 and int(table.row().sha256, 16) == 5999

    drive(FakeLake(6000), scenario, size=(80, 100))


def test_the_filter_answers_while_it_is_typed_and_escape_drops_it(drive):
    """`/` filters with the words of the command line; escape in the table shows everything again."""

    async def scenario(d):
        await d.press("slash")
        await d.type("status:failed sales")
        await d.press("enter")
        rows = d.app.files_view.table.rows
        assert rows and all(r.status == "failed" and "sales" in r.path for r in rows)
        assert "/ status:failed sales" in d.screen
        await d.press("escape")
        assert "of 320" in d.screen

    drive(FakeLake(320), scenario)


def test_home_right_behind_escape_goes_to_the_newest_file_not_to_the_one_that_was_found(drive):
    """What the operator pressed last decides, though the file that was found is still looked for."""

    async def scenario(d):
        view = d.app.files_view
        await d.press("slash")
        await d.type("20260302_0945")
        await d.press("enter", "end")
        assert view.table.row().path.endswith("_094500.json")
        view.do_back()
        view.do_home()
        await d.settle()
        assert view.table.cursor == 0 and "1 of 3,000" in d.screen

    drive(FakeLake(3000), scenario)


def test_a_wrong_filter_word_says_what_is_right_and_keeps_the_rows(drive):
    """An unknown status is a sentence with the known ones, never an empty table."""

    async def scenario(d):
        await d.press("slash")
        await d.type("status:bad")
        assert "no such status: bad" in d.screen and "quarantined" in d.screen
        assert d.app.files_view.table.rows

    drive(FakeLake(100), scenario)


def test_an_empty_lake_teaches_the_next_step(drive):
    """No files: the screen says how the first ones come."""

    async def scenario(d):
        assert "no files yet" in d.screen and "bedrot land" in d.screen

    drive(FakeLake(0), scenario)


def test_an_action_that_is_not_possible_stays_visible_and_says_why(drive):
    """A blocked key stands in brackets; pressing it gives the reason and opens nothing."""

    async def scenario(d):
        assert "(p promote)" in d.screen
        await d.press("p")
        assert "cannot promote a file in quarantine" in d.notice
        assert len(d.app.screen_stack) == 1

    drive(FakeLake(16), scenario)


def test_quarantine_wants_a_reason_and_escape_backs_out(drive):
    """Without a reason nothing moves; escape leaves everything as it was."""
    lake = FakeLake(4)

    async def scenario(d):
        await d.press("q", "enter")
        assert "a reason is needed" in d.screen and not lake.decisions
        await d.press("escape")
        assert not lake.decisions and len(d.app.screen_stack) == 1
        await d.press("q")
        await d.type("bad day")
        await d.press("enter")
        assert [(v, r) for v, _, r in lake.decisions] == [("quarantine", "bad day")]
        assert "quarantined" in d.notice and "u undoes" in d.notice

    drive(lake, scenario)


def test_undo_reverses_the_newest_decision_as_a_new_event(drive):
    """`u` names what it undoes, asks once, and the opposite verb is carried out."""
    lake = FakeLake(4)

    async def scenario(d):
        await d.press("q")
        await d.type("x")
        await d.press("enter", "u")
        assert "Undo: quarantine of 1 file?" in d.screen
        await d.press("enter")
        assert [v for v, _, _ in lake.decisions] == ["quarantine", "release"]
        assert not d.app.decided

    drive(lake, scenario)


def test_what_is_judged_anew_behind_an_open_dialog_is_not_promoted(drive):
    """One file and a plan of two: the dialog said `passed`, enter finds `warned`, and the file stays where it is."""
    lake = FakeLake(64)

    def judge_anew(name):
        row = lake.find(name)
        lake.changed[name] = dataclasses.replace(row, verdict=Verdict.WARNED, status="warned", report_id="newer")

    async def scenario(d):
        table = d.app.files_view.table
        await d.press("slash")
        await d.type("zone:landing status:passed")
        await d.press("enter", "p")
        judge_anew(table.row().id)
        await d.press("enter")
        assert not lake.decisions and "judged anew since you looked" in d.notice
        await d.press("space", "space", "p")
        one, two = table.marks
        judge_anew(two)
        await d.press("enter")
        assert [name for _, name, _ in lake.decisions] == [one] and "failed 1: judged anew since you looked" in d.notice

    drive(lake, scenario)


def test_undo_takes_back_this_consoles_decision_and_never_a_newer_one(drive):
    """One of three fails to be undone: the next `u` is about that one only. What somebody else decided since stays, and is forgotten here."""
    lake = FakeLake(64)

    async def scenario(d):
        table = d.app.files_view.table
        await d.press("slash")
        await d.type("zone:landing status:passed")
        await d.press("enter", "space", "space", "space", "p", "enter")
        one, two, three = (name for _, name, _ in lake.decisions)
        assert not table.marks and all(lake.find(name).zone is Zone.RAW for name in (one, two, three))
        lake.fails.add(three)
        await d.press("u")
        assert "Undo: promote of 3 files?" in d.screen
        await d.press("enter", "u")
        assert "Undo: promote of 1 file?" in d.screen
        lake.fails.clear()
        list(lake.decide(Verb.WITHDRAW, [three], "somebody else"))
        await d.press("enter")
        assert all(lake.find(name).zone is Zone.QUARANTINE for name in (one, two, three))
        assert "decided anew since: withdraw" in d.notice and not d.app.decided

    drive(lake, scenario)


def test_a_read_only_console_shows_everything_and_decides_nothing(drive):
    """`--read-only` stands in the header; every writing key says so."""
    lake = FakeLake(4, read_only=True)

    async def scenario(d):
        assert "READ-ONLY" in d.screen
        for key in ("p", "q", "v", "u"):
            await d.press(key)
            assert "this console is read-only" in d.notice
        await d.press("3", "s")
        assert "this console is read-only" in d.notice
        assert not lake.decisions and not lake.started

    drive(lake, scenario)


def test_new_files_appear_and_the_cursor_stays_on_its_file(drive):
    """A newer catalog is shown within a second, and the operator's place is kept."""
    lake = FakeLake(1000)

    async def scenario(d):
        await d.press("down", "down", "down")
        here = d.app.files_view.table.row().id
        lake.size = 1010
        lake.is_fresh = True
        await d.beat()
        assert d.app.files_view.table.row().id == here
        assert "14 of 1,010" in d.screen

    drive(lake, scenario)


def test_details_show_everything_about_a_file(drive):
    """Enter opens path, hash, report, diff and preview of the file under the cursor."""

    async def scenario(d):
        await d.press("enter")
        assert "sha256" in d.screen and "landed" in d.screen
        await d.press("end")
        assert '"streams": 649' in d.screen
        await d.press("escape")
        assert len(d.app.screen_stack) == 1

    drive(FakeLake(32), scenario)


def test_copying_sends_the_path_as_osc_52(drive):
    """`y` and `Y` copy id and path to the terminal's clipboard."""

    async def scenario(d):
        row = d.app.files_view.table.row()
        await d.press("y")
        assert d.app.clipboard == row.id
        await d.press("Y")
        assert d.app.clipboard == f"{row.zone}/{row.path}"

    drive(FakeLake(4), scenario)


def test_a_broken_catalog_is_an_error_with_the_next_command(drive):
    """What the backend says is wrong stands on the screen with its hint; the console stays."""
    from bedrot_console.domain.errors import CatalogError

    lake = FakeLake(4)
    lake.broken = CatalogError("the catalog is damaged")

    async def scenario(d):
        assert "the catalog is damaged" in d.screen and "bedrot rebuild" in d.screen

    drive(lake, scenario)


def test_the_end_is_reached_in_every_order_and_orders_turn_round(drive):
    """Each order has its last page, and `O` shows it from the other end."""

    async def scenario(d):
        table = d.app.files_view.table
        for _ in range(5):
            await d.press("end")
            assert "3,000 of 3,000" in d.screen
            last = table.row().id
            await d.press("O")
            assert table.row().id == last and "1 of 3,000" in d.screen
            await d.press("O", "o")

    drive(FakeLake(3000), scenario)


def test_a_catalog_that_changes_leaves_cursor_marks_and_scroll_where_they_are(drive):
    """In the middle of the list: new files above, and the same row stands under the cursor, on the same line, with its true number."""
    lake = FakeLake(5000)

    async def scenario(d):
        table = d.app.files_view.table
        await d.press("space", *["pagedown"] * 20, "up", "space", "up", "up")
        here, line, marks = table.row().id, table.cursor - table.top, set(table.marks)
        at = table.cursor + 1
        lake.size = 5400
        lake.is_fresh = True
        await d.beat()
        assert table.row().id == here and table.cursor - table.top == line and set(table.marks) == marks
        assert f"{at + 400:,} of 5,400" in d.screen
        await d.press("home")
        assert int(table.row().sha256, 16) == 5399

    drive(lake, scenario)


def test_a_row_that_leaves_the_filter_gives_its_place_to_the_next(drive):
    """After a decision in the worst-first list the cursor stands on the next file, not where the decided one went."""
    lake = FakeLake(640)

    async def scenario(d):
        table = d.app.files_view.table
        await d.press("slash")
        await d.type("status:passed order:worst")
        await d.press("enter", "down", "down")
        second, third, fourth = (table.rows[i].id for i in (1, 2, 3))
        await d.press("p", "enter")
        await d.beat()
        assert [table.row(i).id for i in (1, 2)] == [second, fourth] and table.row().id == fourth
        assert third not in {row.id for row in table.rows}

    drive(lake, scenario)


def test_tab_completes_words_and_values_of_the_filter(drive):
    """A word by its beginning, a value from what the catalog holds; a value half typed is no error."""

    async def scenario(d):
        await d.press("slash")
        await d.type("fe")
        await d.press("tab")
        await d.type("sal")
        await d.press("tab")
        assert d.app.files_view.words == "feed:distrokid/sales"
        await d.type(" status:fa")
        assert "tab: feed:distrokid/sales status:failed" in d.screen and "✗ no such" not in d.screen
        await d.press("tab", "enter")
        assert {row.status for row in d.app.files_view.table.rows} == {"failed"}

    drive(FakeLake(320), scenario)


def test_a_hostile_name_is_counted_but_never_becomes_a_word(drive):
    """A group whose key holds control characters is shown made safe, cannot be opened as a filter, and is not offered for completion."""
    lake = FakeLake(8)
    evil = lake._row(7)
    lake.changed[evil.id] = dataclasses.replace(evil, feed="metaads/\x1b]52;c;aGFja2Vk\x07", account="a b")

    async def scenario(d):
        await d.press("b", "b", "end")
        while "\x1b" not in str(d.app.files_view.groups.key):
            await d.press("up")
        assert "\x1b]52" not in d.screen and "metaads/" in d.screen
        await d.press("enter")
        assert "nothing that a filter could name" in d.notice and d.app.files_view.words == ""
        await d.press("slash")
        assert all(v.isprintable() for v in d.app.files_view.query_one("#filter").known["feed"])
        await d.type('account:"a b')
        assert d.app.files_view.groups.totals[:2] == (1, 1)

    drive(lake, scenario)


def test_a_page_that_is_asked_for_before_its_rows_are_there_is_turned_when_they_come(drive):
    """A key at the edge of what is loaded is not lost: the table catches up."""

    async def scenario(d):
        table = d.app.files_view.table
        start, height = int(table.row().sha256, 16), table.view_height
        table.move_to(table.rows.index(table.rows[-1]) - height)
        table.at_end = False
        await d.settle()
        before = int(table.row().sha256, 16)
        assert before < start
        for _ in range(40):
            table.page(1)
        await d.settle()
        assert int(table.row().sha256, 16) <= before - 3 * height

    drive(FakeLake(5000), scenario)


def test_a_key_that_moves_the_cursor_is_one_frame(drive):
    """The rows, the line above them and the keys below are drawn together, whether the cursor moves, scrolls or turns a page."""
    lake = FakeLake(500)

    async def scenario(d):
        frames = []
        display = d.app._display
        d.app._display = lambda screen, update: (frames.append(update), display(screen, update))
        for key in ("down", "pagedown", "end", "up", "pageup", "home"):
            frames.clear()
            await d.press(key)
            assert len([update for update in frames if update is not None]) == 1, key

    drive(lake, scenario)
