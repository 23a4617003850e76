"""Review: worst first, everything a human decides from, and the next file by itself."""

from __future__ import annotations

from fake_lake import FakeLake

from bedrot_console.domain.lifecycle import Zone


def test_the_queue_shows_the_worst_first_and_what_is_not_validated_last(drive):
    """Failed before warned before passed; files without a verdict come at the end and say what to do."""

    async def scenario(d):
        await d.press("2")
        words = [r.status for r in d.app.review_view.rows]
        assert words == ["failed"] * 4 + ["warned"] * 4 + ["passed"] * 4 + ["pending"] * 4
        assert "format.sign-in-page" in d.screen and "/days/3/country" in d.screen
        assert "+1 day, streams +3.1 %" in d.screen

    drive(FakeLake(64), scenario)


def test_a_clean_file_takes_two_keys_and_the_next_one_comes_by_itself(drive):
    """`p`, enter: promoted, and the next file of the queue is under review."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("2", *["n"] * 8)
        first = d.app.review_view.row.id
        second = d.app.review_view.rows[9].id
        await d.press("p", "enter")
        assert lake.decisions == [("promote", first, "")]
        assert d.app.review_view.row.id == second
        await d.press("p", "enter")
        assert [i for _, i, _ in lake.decisions] == [first, second]
        await d.beat()
        assert first not in [r.id for r in d.app.review_view.rows]

    drive(lake, scenario)


def test_a_failed_file_cannot_be_promoted(drive):
    """`p` on a failed file gives the reason; nothing moves."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("2", "p")
        assert "its validation failed" in d.notice and not lake.decisions
        await d.press("q")
        await d.type("sign-in page")
        await d.press("enter")
        assert lake.decisions[0][0] == "quarantine" and lake.decisions[0][2] == "sign-in page"

    drive(lake, scenario)


def test_nothing_is_decided_before_what_it_is_decided_from_is_shown(drive):
    """While report and diff are still loading, promote says so."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("2")
        d.app.review_view.review = None
        await d.press("p")
        assert "still loading" in d.notice

    drive(lake, scenario)


def test_wide_screens_show_the_preview_beside_the_report(drive):
    """At 160 columns report and preview stand side by side; at 80 tab shows the preview in its place."""

    async def wide(d):
        await d.press("2")
        line = next(x for x in d.screen.splitlines() if "fixity" in x)
        assert "json structure" in d.screen and "array 60" in d.screen and line
        assert d.app.review_view.query_one("#side").display

    async def narrow(d):
        await d.press("2")
        assert "json structure" not in d.screen
        await d.press("tab", "t", "end")
        assert '"streams": 649' in d.screen

    drive(FakeLake(64), wide, (160, 50))
    drive(FakeLake(64), narrow)


def test_undo_brings_a_file_back_into_the_queue(drive):
    """A quarantined file that is released stands in the queue again, not validated."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("2", "q")
        await d.type("x")
        await d.press("enter", "u", "enter")
        name = lake.decisions[0][1]
        await d.beat()
        assert lake.changed[name].zone is Zone.LANDING
        assert name in [r.id for r in d.app.review_view.rows]

    drive(lake, scenario)


def test_an_empty_queue_teaches_where_files_come_from(drive):
    """Nothing to decide is said, with the ways new files come."""

    async def scenario(d):
        await d.press("2")
        assert "nothing waits for a decision" in d.screen

    drive(FakeLake(0), scenario)


def test_a_file_can_be_taken_from_files_into_review(drive):
    """`e` in Files opens that very file in Review."""

    async def scenario(d):
        name = d.app.files_view.table.row().id
        await d.press("e")
        assert d.app.place == "review" and d.app.review_view.row.id == name

    drive(FakeLake(64), scenario)
