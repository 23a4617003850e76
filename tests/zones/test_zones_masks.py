"""Masks: a run's own credential never lands, wherever it lies in the stream; everything else lands as received."""

from __future__ import annotations

import hashlib
import io
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedrot_console.domain.files import Echo
from bedrot_console.zones.masks import Masker, spellings

TOKEN = b"EAAB/x+y=z|7"


def masked(data: bytes, echoes: list[Echo], sizes: list[int]) -> tuple[bytes, Masker]:
    masker, out, at = Masker(echoes), b"", 0
    for size in sizes:
        out += masker.feed(data[at : at + size])
        at += size
    return out + masker.feed(data[at:]) + masker.finish(), masker


@pytest.mark.parametrize(
    "spelling",
    [TOKEN, quote(TOKEN, safe="").encode(), quote(TOKEN, safe="").lower().replace("eaab", "EAAB").encode(),
     json.dumps(TOKEN.decode()).strip('"').replace("/", "\\/").encode(), TOKEN.replace(b"/", b"\\u002f")],
)  # fmt: skip
def test_every_spelling_is_overwritten(spelling):
    """Raw, URL-encoded in either case, JSON-escaped: same length, stars, and the mask says where."""
    data = b'{"next":"https://x/?access_token=' + spelling + b'&limit=1"}'
    out, masker = masked(data, [Echo("access_token", TOKEN)], [])
    assert out == data.replace(spelling, b"*" * len(spelling))
    assert [(m.offset, m.length, m.kind) for m in masker.masks] == [(data.index(spelling), len(spelling), "access_token")]


def test_every_border_between_pieces_is_safe():
    """The same result wherever the stream is cut in two."""
    data = b"a" + TOKEN + b"bc" + TOKEN + TOKEN + b"d" * 20
    whole, masker = masked(data, [Echo("t", TOKEN)], [])
    for cut in range(len(data) + 1):
        out, again = masked(data, [Echo("t", TOKEN)], [cut])
        assert (out, again.masks) == (whole, masker.masks)
    assert TOKEN not in whole


@settings(max_examples=150, deadline=None)
@given(
    st.text("ab", max_size=60),
    st.lists(st.text("ab", min_size=1, max_size=6), max_size=3),
    st.lists(st.integers(0, 9), max_size=12),
)
def test_no_credential_and_no_part_of_one_is_left(text, secrets, sizes):
    """Overlapping credentials, any cuts: exactly the bytes that belong to some occurrence are stars."""
    data = text.encode()
    covered = set()
    for secret in secrets:
        for at in range(len(text)):
            if text.startswith(secret, at):
                covered |= set(range(at, at + len(secret)))
    expected = bytes(42 if n in covered else b for n, b in enumerate(data))
    out, masker = masked(data, [Echo("k", s.encode()) for s in secrets], sizes)
    assert out == expected
    assert {n for m in masker.masks for n in range(m.offset, m.offset + m.length)} == covered


def test_the_landed_file_says_what_was_masked(lake):
    """sha256 is of what lies there, received_sha256 of what came; without an echo in it neither masks nor the second hash."""
    data = b"x" * (1 << 20) + b"-5" + TOKEN + b"y" * 100
    echoes = (Echo("access_token", TOKEN),)
    file, clean = lake.land(io.BytesIO(data), b"nothing here", echoes=echoes)
    lies = (lake.home / "landing" / file.path).read_bytes()
    assert lies == data.replace(TOKEN, b"*" * len(TOKEN))
    assert file.sidecar.sha256 == hashlib.sha256(lies).hexdigest()
    assert file.sidecar.received_sha256 == hashlib.sha256(data).hexdigest()
    assert len(file.sidecar.masks) == 1
    assert (clean.sidecar.masks, clean.sidecar.received_sha256) == ((), None)
    for path in lake.home.rglob("*"):
        if path.is_file():
            assert not any(s in path.read_bytes() for s in spellings(TOKEN))
