"""review, preview and diff of hostile payloads: the asking process survives and the answer says what was wrong."""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import replace

import pytest

from bedrot_console.inspection.diff import diff as diff_here
from bedrot_console.inspection.preview import preview as preview_here
from bedrot_console.operations import browse, review
from bedrot_console.operations.land import land
from bedrot_console.operations.validate import validate


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
