"""accounts: names become path segments and come back, whatever is in them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedrot_console.domain.accounts import account_flag, named, segment
from bedrot_console.domain.errors import UsageError


@settings(derandomize=True, max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255))
def test_a_segment_is_one_visible_place_and_leads_back(name: str) -> None:
    """No slash, no hidden file, no control character, short enough for an ending; the name comes back unless it was too long for that."""
    try:
        made = segment(name)
    except UsageError:
        assert len(name.encode()) > 255
        return
    assert "/" not in made and not made.startswith(".") and made.isprintable() and len(made.encode()) <= 200
    assert named(made) in (name, None) and (named(made) == name or len(name) > 16)
    assert shlex.split(account_flag(name)) in ([], ["--account", name])


@pytest.mark.parametrize("name", ["default", "main", "pig1987", "a@b.example", "second one", "x+y", "Zone.A0"])
def test_plain_names_stay_as_they_are(name: str) -> None:
    """Homes that exist keep their folders."""
    assert segment(name) == name


@pytest.mark.parametrize("name", ["", "é" * 128, "bad\udcff"])
def test_what_no_account_can_be_named_is_refused(name: str) -> None:
    """Empty, longer than 255 bytes, or no text."""
    with pytest.raises(UsageError):
        segment(name)
