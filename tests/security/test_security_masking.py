"""Masking: what may be personal or secret goes, what an operator needs to read stays."""

from __future__ import annotations

import pytest

from bedrot_console.security.masking import mask_text


@pytest.mark.parametrize(
    "text, gone",
    [
        ("mail to mara.k+dk@mail.example.net now", "mara.k"),
        ("GET /me?access_token=EAABx1 ok", "EAABx1"),
        ('{"password": "hunter2"}', "hunter2"),
        ("Authorization: Bearer abcdef.ghijkl", "abcdef.ghijkl"),
        ("Cookie: sid", "sid"),
        ("t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJzdWIi"),
        ("call +49 170 1234567 please", "1234567"),
        ("card 4111 1111 1111 1111 2026-03-02", "4111"),
        ("id 120200000000000007", "120200000000000007"),
        ("key 9Zk2LmN8pQr4StU6vWx1Yz3A", "LmN8pQr4"),
        ("your code: 482913", "482913"),
    ],
)
def test_personal_and_secret_text_is_masked(text: str, gone: str) -> None:
    """Addresses, tokens, telling names' values, long numbers are not readable afterwards; masking again changes nothing."""
    masked = mask_text(text)
    assert gone not in masked
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02 12:30:45.123456 row 1048576 streams 12,345 earnings 1234567.8901",
        "distrokid/streams/streams_stats_20260302_093000.html",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "schema.drift at /data/17/spend",
    ],
)
def test_what_an_operator_reads_stays(text: str) -> None:
    """Dates, amounts, our own paths and hashes are not masked."""
    assert mask_text(text) == text
