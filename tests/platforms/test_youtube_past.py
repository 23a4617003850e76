"""YouTube's files against the last good capture: another channel's reports, whose answers name none; lost figures; renamed fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from youtube_support import report_of

from bedrot_console.domain.findings import Severity
from extractors.youtube.simulator import YouTubeSimulator


class At:
    """A clock that stands at a day's noon."""

    def __init__(self, days: int) -> None:
        self.at = datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(days=days)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


def files(days: int, account: str = "default") -> dict[str, bytes]:
    return YouTubeSimulator(clock=At(days)).payloads(account)


BEFORE, NOW, BRAND_BEFORE, BRAND = files(-1), files(0), files(-1, "label"), files(0, "label")
DAYS = ("daily", "traffic", "devices")
GROUPS = ("countries", "demographics")


def found(feed: str, data: bytes, before: bytes | None) -> dict[str, Severity]:
    """Codes beside notes, of an upload: nothing says which channel it is of."""
    return {f.code: f.severity for f in report_of(feed, data, At(0), before=before).findings if f.severity is not Severity.NOTE}


def edited(data: bytes, change: Callable[[Any], Any]) -> bytes:
    document = json.loads(data)
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize("feed", DAYS)
@pytest.mark.parametrize(("before", "other"), [(BEFORE, BRAND), (BRAND_BEFORE, NOW)])
def test_days_of_another_channel_are_stopped(feed: str, before: dict[str, bytes], other: dict[str, bytes]) -> None:
    """Both ways, the larger channel's after the smaller's too: settled days cannot all have other figures."""
    assert found(feed, other[feed], before[feed])["consistency.other-channel"] is Severity.ERROR


@pytest.mark.parametrize("feed", GROUPS)
@pytest.mark.parametrize(("before", "other"), [(BEFORE, BRAND), (BRAND_BEFORE, NOW)])
def test_groups_of_another_channel_are_told(feed: str, before: dict[str, bytes], other: dict[str, bytes]) -> None:
    """Sums over 28 days may leap, and groups may move: it is unlikely from one day to the next, and not impossible."""
    codes = found(feed, other[feed], before[feed])
    assert codes["volume.range-leapt"] is Severity.WARNING and Severity.ERROR not in codes.values()


def test_other_groups_of_a_channel_of_the_same_size_are_told() -> None:
    """Where the totals are alike the shares tell: a fifth of the viewers does not change its age overnight."""
    other = json.loads(BEFORE["demographics"])
    other[0]["rows"] = json.loads(BRAND["demographics"])[0]["rows"]
    assert found("demographics", json.dumps(other).encode(), BEFORE["demographics"]) == {
        "consistency.groups-moved": Severity.WARNING
    }


@pytest.mark.parametrize("feed", [*DAYS, *GROUPS])
def test_the_same_channel_a_day_later_passes(feed: str) -> None:
    """The counterpart: another day of 28, revised days, shares that move by tenths."""
    assert found(feed, NOW[feed], BEFORE[feed]) == {}
    assert found(feed, BRAND[feed], BRAND_BEFORE[feed]) == {}


def test_all_days_counted_anew_by_little_are_told_and_one_day_is_a_revision() -> None:
    """A few percent on most settled days: a warning. One day doubled: a note, as before."""

    def anew(document: Any) -> None:
        for row in document[0]["rows"]:
            row[1] = row[1] * 96 // 100
        document[1:] = []

    def one(document: Any) -> None:
        document[0]["rows"][3][1] *= 2
        document[1:] = []

    assert found("daily", edited(NOW["daily"], anew), BEFORE["daily"]) == {"consistency.other-channel": Severity.WARNING}
    assert found("daily", edited(NOW["daily"], one), BEFORE["daily"]) == {}


def test_what_was_captured_long_ago_is_told_when_it_comes_again() -> None:
    """Countries and ages hold no day: only an identical earlier capture tells that they are old."""
    import tempfile
    from pathlib import Path

    from contract_desk import Desk, codes

    with tempfile.TemporaryDirectory() as folder:
        desk, old = Desk("youtube/demographics", Path(folder)), files(-90)["demographics"]
        for days, body in ((-90, old), (-1, BEFORE["demographics"])):
            desk.report(body, At(days).now())
        assert "duplicates.went-back" in codes(desk.report(old, At(0).now(), keep=False), Severity.WARNING)
        assert not codes(desk.report(NOW["demographics"], At(0).now()), Severity.WARNING)


def _views(value: str, published: str | None = None) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for page in document:
            for item in page["items"]:
                item["statistics"]["viewCount"] = value
                item["statistics"].pop("likeCount", None)
                if published:
                    item["snippet"]["publishedAt"] = published

    return change


def test_videos_without_a_single_view_are_told_on_a_first_capture() -> None:
    """Unless they are new: a channel's first week may have none."""
    assert found("videos", edited(NOW["videos"], _views("0")), None)["consistency.all-zero"] is Severity.WARNING
    assert "consistency.all-zero" not in found("videos", edited(NOW["videos"], _views("0", "2026-03-01T12:00:00Z")), None)
    assert found("videos", edited(NOW["videos"], _views("0")), BEFORE["videos"])["volume.counter-fell"] is Severity.ERROR


@pytest.mark.parametrize(("feed", "part"), [("playlist", "status"), ("videos", "etag"), ("videos", "contentDetails")])
def test_a_renamed_field_of_the_items_is_told(feed: str, part: str) -> None:
    """Whichever it is; what may be hidden, as a counter of likes, is no such field."""
    renamed = NOW[feed].replace(f'"{part}"'.encode(), f'"{part}V2"'.encode())
    assert "completeness.field-vanished" in found(feed, renamed, BEFORE[feed]) or "schema.required" in found(
        feed, renamed, BEFORE[feed]
    )
    hidden = edited(NOW["videos"], lambda d: [i["statistics"].pop("commentCount", None) for p in d for i in p["items"]])
    assert "completeness.field-vanished" not in found("videos", hidden, BEFORE["videos"])
