"""asked: what the settings no longer ask for is not awaited, and stays where it is."""

from __future__ import annotations

import os
from typing import Any

import pytest

from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.files import Capture
from bedrot_console.domain.lifecycle import Verb
from bedrot_console.extraction.registry import Registry
from bedrot_console.operations import explain, health
from bedrot_console.operations.decide import decide
from bedrot_console.operations.status import status
from bedrot_console.operations.validate import validate
from bedrot_console.zones.landing import Landing

DAY = 86_400
SERIES = ("a", "a_year", "ab", "b")


@pytest.fixture
def old(open_workspace, plays, clock, home) -> Any:
    """A lake that holds four series of one feed, all far too old; returns the states that `status` gives them under some settings."""
    ws = open_workspace()
    feed = ws.registry.feed("press/plays")
    for days, series in enumerate(SERIES, 10):
        capture = Capture(
            feed=feed.name,
            body=plays(days=days),
            captured_at=clock.now(),
            method="api",
            source_system="press",
            series=series,
            account="main",
        )
        (file,) = ws.zones.land([Landing(capture, feed, "1")])
        ws.settle(publish="now")
        ((_, report),) = validate(ws, [file.id])
        assert report is not None and not report.findings
        list(decide(ws, Verb.PROMOTE, [file.id], reason="seen"))
    clock.advance(90 * DAY)
    made = iter(range(1, 100))

    def under(text: str, **options: Any) -> tuple[str, dict[str, str]]:
        config = home / "bedrot.toml"
        config.write_text(text)
        os.utime(config, ns=(1, next(made)))
        found = status(open_workspace(**options))
        return found["health"], {f["series"]: f["state"] for f in found["freshness"]}

    return under


def test_a_series_taken_out_of_the_settings_is_no_longer_awaited(old, ws, open_workspace) -> None:
    """Its age is told and not judged, whoever looks; put in again it is judged again. Its file is found as before."""
    everything = dict.fromkeys(SERIES, "fail")
    assert old("") == ("trouble", everything)
    some = ("trouble", {"a": "fail", "a_year": "fail", "ab": "not asked", "b": "not asked"})
    assert old('[platforms.press]\npapers = ["a"]\n') == some
    assert old('[platforms.press]\npapers = ["a"]\n', read_only=True) == some
    looked = open_workspace()
    order = [(f.series, f.state) for f in health.health(looked).feeds]
    assert order == [("a", "fail"), ("a_year", "fail"), ("ab", "not asked"), ("b", "not asked")], (
        "what nobody asks for comes last"
    )
    account = next(f.account for f in health.health(looked).feeds)
    assert explain.explain(looked, "press/plays", account, "b").sentence == "the settings no longer ask for it; its files stay"
    assert old('[platforms.press]\npapers = ["b"]\n[platforms.press.accounts.main]\npapers = ["a"]\n') == some, (
        "the account's own"
    )
    assert old("[platforms.press]\npapers = false\n") == ("ok", dict.fromkeys(SERIES, "not asked"))
    assert old('[platforms.press]\npapers = ["a", "ab", "b"]\n') == ("trouble", everything)
    assert {row.series for row in ws.catalog.select(FileFilter(feed="press/plays"))} == set(SERIES)


def test_settings_that_cannot_be_read_so_silence_nothing(old, monkeypatch) -> None:
    """A table that is none leaves everything awaited."""
    assert old("platforms.press = 3\n")[1] == dict.fromkeys(SERIES, "fail")


@pytest.mark.parametrize(
    ("platform", "feed", "settings", "says"),
    [
        ("spotify", "audience", {"artists": ["4aaa", "5bbb"]}, ("4aaa", "5bbb")), ("spotify", "songs_csv", {}, ()),
        ("spotify", "song_timeline", {"artists": ["4aaa"]}, True), ("linktree", "overview", {"days": 90}, ("90d",)),
        ("youtube", "revenue", {"revenue": False}, False), ("youtube", "revenue", {}, True), ("youtube", "channel", {"revenue": False}, True),
    ],
)  # fmt: skip
def test_platforms_say_what_their_settings_ask_for(platform: str, feed: str, settings: dict[str, Any], says: Any) -> None:
    """Artists of Spotify, the window of Linktree, revenue of YouTube."""
    extractor = Registry().load(platform)
    assert feed in extractor.feeds or platform == "linktree"
    assert extractor.asked(feed, lambda name, default=None: settings.get(name, default)) == says
