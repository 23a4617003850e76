"""TikTok's posts against what was captured before: a renamed field, lost counts, another account's page or export."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_desk import Desk, codes, errors, noon
from tiktok_support import DAY, HARBOUR, NOVA

from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from extractors.tiktok.simulated.exports import Export

NEXT = DAY + timedelta(days=1)


def page(day: date, cursor: int = 0, size: int = 50, creator: Any = NOVA) -> bytes:
    return json.dumps(Export(creator, day).post_page(cursor, size)).encode()


def judged(desk: Desk, body: bytes, day: date, number: int = 1, *, keep: bool = False, **values: Any) -> Report:
    asked = {"page": str(number), "size": "50"}
    return desk.report(body, noon(day), keep=keep, series=f"page-{number:02d}", request=asked, **values)


def each_post(body: bytes, **values: Any) -> bytes:
    document = json.loads(body)
    document["item_list"] = [post | values for post in document["item_list"]]
    return json.dumps(document).encode()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk("tiktok/videos", tmp_path)


@pytest.mark.parametrize("field", ["create_time", "desc", "duration", "favorite_count"])
def test_a_renamed_field_of_the_posts_is_told(field: str, desk: Desk) -> None:
    """Not required, but on every post yesterday. One post without it is normal."""
    assert judged(desk, page(DAY), DAY, keep=True).verdict is Verdict.PASSED
    renamed = page(NEXT).replace(f'"{field}"'.encode(), f'"{field}V2"'.encode())
    assert codes(judged(desk, renamed, NEXT), Severity.WARNING) == {"completeness.field-vanished"}
    document = json.loads(page(NEXT))
    document["item_list"][0].pop(field)
    assert judged(desk, json.dumps(document).encode(), NEXT).verdict is Verdict.PASSED


def test_posts_that_nobody_played_are_told_on_a_first_capture(desk: Desk) -> None:
    """Unless they are new."""
    assert "consistency.all-zero" in codes(judged(desk, each_post(page(DAY), play_count=0), DAY), Severity.WARNING)
    fresh = int(noon(DAY).timestamp()) - 3600
    assert judged(desk, each_post(page(DAY), play_count=0, create_time=fresh), DAY).verdict is Verdict.PASSED


def test_a_further_page_of_another_account_is_told(desk: Desk) -> None:
    """Its posts stand on no page captured before; posts that were pushed over from the page before do."""
    first, second, theirs = page(DAY, 0, 30), page(DAY, 30, 10), page(NEXT, 0, 10, HARBOUR)
    assert judged(desk, second, DAY, 2, kin=[first]).verdict is Verdict.PASSED
    assert judged(desk, second, DAY, 2, keep=True).verdict is Verdict.PASSED
    assert "consistency.other-posts" in codes(judged(desk, theirs, NEXT, 2, kin=[first]), Severity.WARNING)
    pushed = page(NEXT, 15, 10)
    assert "consistency.other-posts" not in codes(judged(desk, pushed, NEXT, 2, kin=[first]))
    assert "consistency.other-posts" not in codes(judged(Desk(desk.feed, desk.folder), theirs, NEXT))


def test_an_export_of_posts_brought_by_hand_is_of_the_same_handle(tmp_path: Path) -> None:
    """Its links name it, where no setting and no name of the file does."""
    desk = Desk("tiktok/content", tmp_path)
    mine, theirs = (Export(creator, DAY, 60).body("content") for creator in (NOVA, HARBOUR))
    assert not errors(desk.report(mine, noon(DAY), method="manual"))
    assert "consistency.other-account" in codes(desk.report(theirs, noon(NEXT), method="manual", keep=False), Severity.WARNING)
    assert "consistency.other-account" not in codes(
        desk.report(Export(NOVA, NEXT, 60).body("content"), noon(NEXT), method="manual")
    )
