"""Files: any number of rows, a filter that answers, marks, decisions."""

from __future__ import annotations

from fake_lake import FakeLake

from bedrot_console.domain.lifecycle import Zone


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
        for _ in range(110):
            row = table.row()
            seen.append(int(row.sha256, 16))
            await d.press("pagedown")
        step = table.view_height
        assert seen == [5999 - i * step for i in range(110)]
        assert len(table.rows) <= 2800
        for _ in range(110):
            await d.press("pageup")
        assert table.cursor == 0 and int(table.row().sha256, 16) == 5999

    drive(FakeLake(6000), scenario)


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


def test_marked_files_are_decided_together_and_what_cannot_be_says_why(drive):
    """A bulk decision names count and exclusions before it is made, and moves exactly those that may move."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("slash")
        await d.type("zone:landing")
        await d.press("enter")
        rows = d.app.files_view.table.rows
        for _ in rows:
            await d.press("space")
        await d.press("p")
        assert "Promote 8 files" in d.screen
        assert "not 4: its validation failed" in d.screen and "not 4: not validated yet" in d.screen
        await d.press("enter")
        assert len(lake.decisions) == 8
        assert all(lake.changed[i].zone is Zone.RAW for _, i, _ in lake.decisions)
        assert "promoted 8 files to raw" in d.notice
        assert len(d.app.files_view.table.marks) == 8

    drive(lake, scenario)


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
