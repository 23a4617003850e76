"""safe(): nothing from outside is obeyed by a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.text import safe

HOSTILE = [
    "\x1b]52;c;ZXZpbA==\x07", "\x1b[2J", "\x9b31m", "a\rb", "a\x08b", "\x1bP1$r\x1b\\", "\u202etxt.exe", "\u200bx", "\ufeffx",
    "\U000e0041", "\ud800", "\u2066x\u2069", "\x00", "\x7f", "\u2028",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_or_invisible_character_survives(text: str) -> None:
    """Controls become pictures, invisible and directional characters become escapes."""
    shown = safe(text)
    assert shown and all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for c in shown)


@given(st.text(max_size=300))
def test_any_text_becomes_printable_and_stays_so(text: str) -> None:
    """The result holds no control character, and making it safe twice changes nothing."""
    shown = safe(text)
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in shown)
    assert safe(shown) == shown


@given(st.binary(max_size=200), st.integers(1, 50))
def test_bytes_are_shown_within_the_limit(data: bytes, limit: int) -> None:
    """Undecodable bytes are spelled out; the limit holds and a cut is marked."""
    shown = safe(data, limit)
    assert len(shown) <= limit
    if len(safe(data)) > limit:
        assert shown.endswith("…")


def test_ordinary_words_of_any_script_stay_as_they_are() -> None:
    """Names of songs are shown as they are written."""
    for text in ("Night Ferry", "Ночной паром", "夜のフェリー", "عبّارة", "Fähre № 7", "emoji 🎶"):
        assert safe(text) == text


def test_a_flood_of_combining_marks_is_cut() -> None:
    """At most four marks stay on one letter."""
    assert safe("a" + "\u0301" * 500) == "a" + "\u0301" * 4
