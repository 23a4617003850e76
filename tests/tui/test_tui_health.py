"""Health: feeds worst first, the figures, and why a feed is late in at most three keys."""

from __future__ import annotations

from fake_lake import FakeLake
from fake_places import some_feed, some_health
from rich.cells import cell_len

from bedrot_console.operations.health import ORDER, Forecast
from bedrot_console.tui.healthlines import SIGN_OF
from bedrot_console.tui.screens.health import COLUMNS


def test_why_a_feed_is_late_is_found_in_two_keys(drive):
    """`5` shows the worst feed under the cursor, `w` says why and what to do; a third key goes where it is done."""
    lake = FakeLake(10)

    async def scenario(d):
        await d.press("5", "w")
        assert lake.told == [("why", "distrokid/sales", "default")]
        assert "✗ late  distrokid/sales" in d.screen and "data as of 2026-02-22, 9 d old" in d.screen
        assert "The last run (2026-03-02 04:00 UTC) failed: the login page changed." in d.screen
        assert "→ bedrot attach run0" in d.screen and "✓ good" in d.screen and "✗ failed" in d.screen
        await d.press("s")
        assert d.app.place == "runs" and lake.started == [("distrokid", "default")]
        await d.press("5", "w", "y")
        assert "bedrot attach run0" in d.notice

    drive(lake, scenario)


def test_feeds_and_figures_are_read_without_colours(drive):
    """State words with signs, sparks, a chart with its scale, storage, the forecast with its method."""

    async def scenario(d):
        await d.press("5")
        lines = d.screen.splitlines()
        assert "✗ in trouble" in lines[1] and "2 of 3 feeds late or aging" in lines[1] and "disk full ~2026-09-19" in lines[1]
        assert lines[3].split()[:3] == ["✗", "late", "distrokid/sales"] and "4 d over" in lines[3]
        assert "! aging" in lines[4] and "2026-02 " in lines[4] and "1 d left" in lines[5]
        text = "\n".join("".join(t for t, _ in line) for line in d.app.current_view.pane.lines)
        assert "distrokid default: run-failed" in text and "→ bedrot attach x" in text
        assert "20 of 24" in text and "83%" in text and "42 s" in text and "3 min" in text and "1 partial, 3 failed" in text
        assert "▁▃▅▆█" in text and "4.0 kB ┤" in text and "53 files, 53 kB" in text
        assert "raw" in text and "40%" in text and "the mean of bytes landed per whole day" in " ".join(text.split())
        await d.press("pagedown")
        assert "Storage ─" in d.screen

    drive(FakeLake(10), scenario)


def test_a_terminal_without_blocks_gets_ascii(drive, monkeypatch):
    """The same figures in characters that every font has."""
    monkeypatch.setenv("LC_ALL", "de_DE.ISO-8859-1")

    async def scenario(d):
        await d.press("5")
        text = "\n".join("".join(t for t, _ in line) for line in d.app.current_view.pane.lines)
        assert "_:=+#" in text and "4.0 kB |" in text and "█" not in text and "▁" not in text

    drive(FakeLake(10), scenario, size=(160, 50))


def test_without_data_or_without_a_catalog_the_screen_teaches(drive):
    """What freshness is and where it comes from; no forecast from a few days; an error with the next command."""
    lake = FakeLake(0)
    lake.health_now = some_health(
        feeds=(), runs=(), landed={}, landed_bytes={}, alerts=[], word="ok", forecast=Forecast(free_bytes=1, total_bytes=2, days=2, why_not="not enough days: 2 of 7"),
    )  # fmt: skip

    async def scenario(d):
        await d.press("5")
        assert "never the age of a file" in d.screen and "✓ all is well" in d.screen
        text = "\n".join("".join(t for t, _ in line) for line in d.app.current_view.pane.lines)
        assert "not enough days: 2 of 7" in text and "no run has ended" in text and "nothing landed" in text
        await d.press("w")
        assert d.notice == "why: no feed here"

    drive(lake, scenario)
    broken = FakeLake(0)
    broken.health_now = None

    async def told(d):
        await d.press("5")
        assert "there is no catalog yet" in d.screen and "bedrot demo" in d.screen

    drive(broken, told)


def test_a_feed_leads_to_its_files_its_login_and_its_run(drive):
    """`f`, `n` and `l` in the dialog; what comes from outside stays harmless."""
    lake = FakeLake(10)
    lake.health_now = some_health(
        feeds=(some_feed("distrokid/\x1b[31msales", "fail", 9), some_feed("distrokid/sales", "fail", 8, account="second"))
    )

    async def scenario(d):
        await d.press("5")
        assert "␛[31msales" in d.screen
        await d.press("j", "n")
        assert d.app.place == "sessions" and d.app.current_view.account.account == "second"
        await d.press("5", "f")
        assert d.app.place == "files" and "feed:distrokid/sales" in d.screen

    drive(lake, scenario)


def test_every_state_of_a_feed_has_a_sign_that_fits_its_column():
    """What `status` may say of a feed is a word in Health too."""
    width = next(column.width for column in COLUMNS if column.title == "state")
    assert set(SIGN_OF) == set(ORDER) and all(cell_len(word) <= width for word, _ in SIGN_OF.values())
