"""review, preview and diff of hostile payloads: the asking process survives and the answer says what was wrong."""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import replace

import pytest

from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.files import Capture
from bedrot_console.inspection.diff import diff as diff_here
from bedrot_console.inspection.preview import preview as preview_here
from bedrot_console.operations import browse, review
from bedrot_console.operations.land import land
from bedrot_console.operations.status import status
from bedrot_console.operations.validate import validate
from bedrot_console.zones.landing import Landing


def _bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.json", "w") as member:
        for _ in range(200):
            member.write(b"0" * (1 << 20))
    return buffer.getvalue()


HOSTILE = {
    "deep": lambda: b"[" * 1_000_000 + b"]" * 1_000_000,
    "deep objects": lambda: b'{"plays":' * 1_000_000,
    "nested tags": lambda: b"<html><body>" + b"<div>" * 300_000 + b"</body></html>",
    "zip bomb": _bomb,
    "nothing like it": lambda: bytes(range(256)) * 64,
}


@pytest.fixture
def good(ws, plays, clock) -> str:
    (outcome,) = land(ws, [plays()])
    list(validate(ws, [outcome.id]))
    clock.advance(86400)
    return outcome.id


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_payload_is_shown_as_what_it_is(ws, good, plays, name: str) -> None:
    """Landed by force with a named feed; a look at it ends soon, raises nothing, and compares nothing."""
    (outcome,) = land(ws, [plays(name="b.json", body=HOSTILE[name]())], feed="press/plays")
    assert outcome.done
    started = time.monotonic()
    found = review.review(ws, outcome.id)
    assert time.monotonic() - started < 60
    assert found.diff is not None and found.diff.old_id == good
    assert found.diff.headline.startswith("cannot be compared")
    assert not found.diff.rows and len(found.preview.lines) <= 200


def test_a_review_says_what_a_look_in_this_process_says(ws, good, plays) -> None:
    """The limited child changes no answer."""
    (outcome,) = land(ws, [plays(days=12, name="b.json")])
    list(validate(ws, [outcome.id]))
    found = review.review(ws, outcome.id)
    feed = ws.registry.feed("press/plays")
    old, new = (ws.payload(r.zone, r.path) for r in (browse.find(ws, good), found.file))
    assert found.preview == preview_here(feed, new)
    assert found.diff == replace(diff_here(feed, old, new, good, outcome.id), because="the last good capture before it")


def test_odd_values_in_rows_are_compared_and_kept_short(ws, good, plays) -> None:
    """A key of 200 nested lists and a field with a name of a megabyte make a diff of a few lines."""
    deep = b'{"account": "press", "plays": [{"day": ' + b"[" * 200 + b"]" * 200 + b', "' + b"x" * (1 << 20) + b'": 1}]}'
    (outcome,) = land(ws, [plays(name="b.json", body=deep)], feed="press/plays")
    found = review.review(ws, outcome.id).diff
    assert found is not None and found.added == 1 and len(repr(found.rows)) < 10_000


def test_a_review_that_nobody_waits_for_ends_without_content(ws, good) -> None:
    """`stop` ends it."""
    found = review.review(ws, good, stop=lambda: True)
    assert found.preview.kind == "unreadable" and found.preview.note


def test_the_next_review_starts_no_process(ws, good) -> None:
    """One child serves review after review."""
    review.review(ws, good)
    before = {c.process.pid for c in ws.readers._idle}
    review.review(ws, good)
    assert {c.process.pid for c in ws.readers._idle} == before


def test_series_of_one_feed_have_pasts_of_their_own(ws, plays, clock) -> None:
    """Two artists of one feed and account: each is compared with its own last capture, has its own freshness, and never shrinks by the other."""

    feed = ws.registry.feed("press/plays")
    landed = {}
    for series, days in (("artist-a", 10), ("artist-b", 3), ("artist-a", 11), ("artist-b", 4)):
        capture = Capture(
            feed=feed.name, body=plays(days=days), captured_at=clock.now(), method="api", source_system="press", series=series
        )
        (file,) = ws.zones.land([Landing(capture, feed, "1")])
        landed.setdefault(series, []).append(file.id)
        clock.advance(600)
        ws.settle(publish="now")
        ((_, report),) = validate(ws, [file.id])
        assert report.verdict.value == "passed", report.findings
    assert review.review(ws, landed["artist-b"][1]).diff.old_id == landed["artist-b"][0]
    first = review.review(ws, landed["artist-b"][0]).diff
    assert first.because == "no good capture of series artist-b of this feed and account before it"
    assert first.headline == "first capture of this series"
    assert [r.id for r in ws.catalog.select(FileFilter(series="artist-a", order="oldest"))] == landed["artist-a"]
    assert {(f["account"], f["series"]) for f in status(ws)["freshness"]} == {("default", "artist-a"), ("default", "artist-b")}
