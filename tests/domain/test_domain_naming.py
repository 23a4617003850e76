"""Template <-> path are inverses; nothing from outside becomes a path."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.naming import extension, kept_path, landing_path, landing_path_of, numbered, slug, template_pattern

TEMPLATES = (
    "distrokid/streams/streams_stats_{stamp}.html",
    "distrokid/sales/sales_report_{date}.tsv",
    "metaads/{stamp}/campaigns.json",
    "manual_uploads/financial_data/manual_{slug}_{stamp}.{ext}",
)
times = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))


@given(st.sampled_from(TEMPLATES), times, st.text(max_size=80), st.integers(1, 4), st.integers(1, 120))
def test_every_path_a_feed_makes_is_recognised_by_its_pattern(
    template: str, at: datetime, name: str, version: int, attempt: int
) -> None:
    """parse(format(x)) holds for any time, outside name, schema version and attempt."""
    feed = Feed(template=template, version=version)
    path = landing_path(feed, at, name=name, attempt=attempt)
    found = template_pattern(feed).fullmatch(path)
    assert found
    if "{stamp}" in template:
        assert found["stamp"] == at.strftime("%Y%m%d_%H%M%S")


@given(st.text(max_size=200))
def test_an_outside_name_never_becomes_more_than_one_harmless_word(name: str) -> None:
    """Whatever the name holds, the slug is ASCII letters, digits and dashes, and stays in its folder."""
    word = slug(name)
    assert word and len(word) <= 60 and word.replace("-", "a").isalnum() and word.isascii() and not word.startswith("-")
    assert extension(name).isalnum()
    path = landing_path(Feed(template=TEMPLATES[3]), datetime(2026, 1, 1, tzinfo=UTC), name=name)
    assert PurePosixPath(path).parts[:2] == ("manual_uploads", "financial_data") and ".." not in PurePosixPath(path).parts


@pytest.mark.parametrize("template", TEMPLATES)
def test_release_finds_the_landing_path_that_promotion_left(template: str) -> None:
    """The kept path holds the first two folders, the month and the name; going back gives the landing path."""
    at = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)
    path = landing_path(Feed(template=template), at, name="May report.CSV")
    kept = kept_path(path, at)
    assert "/2026/11/" in kept
    assert landing_path_of(kept) == path


def test_a_taken_name_gets_a_number_before_its_extension() -> None:
    """`_02`, `_03` …; the first attempt is the name itself."""
    assert numbered("a/b/c.json", 1) == "a/b/c.json"
    assert numbered("a/b/c.json", 3) == "a/b/c_03.json"


def test_a_set_with_its_own_folder_numbers_the_folder() -> None:
    """All files of a set stay together when its folder's name is taken."""
    feed = Feed(template="metaads/{stamp}/ads.json")
    assert landing_path(feed, datetime(2026, 1, 1, tzinfo=UTC), attempt=2) == "metaads/20260101_000000_02/ads.json"
