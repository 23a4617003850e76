"""Gzip streams unpacked with suspicion, and long payloads handed over as maps."""

from __future__ import annotations

import gzip
import mmap
import random
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import Report
from bedrot_console.inspection import stages
from bedrot_console.inspection.contents import FormatTrouble, Rows
from bedrot_console.inspection.packed import PIECE_BYTES, first_gzip_head, gunzip

NOISE = random.Random(7).randbytes(40_000)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[n : n + size] for n in range(0, len(data), size)]


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(1, 700), st.booleans())
def test_what_was_packed_comes_out_again_however_it_is_cut(members: list[bytes], size: int, padded: bool) -> None:
    """Members of a gzip stream follow one another; zeros after the last are padding."""
    packed = b"".join(map(gzip.compress, members)) + (bytes(20) if padded else b"")
    assert b"".join(gunzip(cut(packed, size))) == b"".join(members)


def test_pieces_are_never_large() -> None:
    """A stream is unpacked in small pieces, however much a piece of it holds."""
    packed = gzip.compress(NOISE * 100)
    sizes = [len(piece) for piece in gunzip([packed])]
    assert sum(sizes) == len(NOISE) * 100 and max(sizes) <= PIECE_BYTES


@pytest.mark.parametrize(
    ("packed", "code"),
    [
        (gzip.compress(NOISE)[:-9], "format.truncated"),
        (gzip.compress(NOISE)[:-8] + bytes(8), "format.archive"),
        (gzip.compress(NOISE) + b"and more", "format.archive"),
        (gzip.compress(bytes(64 << 20)), "format.archive"),
        (b"\x1f\x8bnonsense", "format.archive"),
    ],
)
def test_damaged_and_unreasonable_streams_are_refused(packed: bytes, code: str) -> None:
    """A stream that breaks off, lies about its content, goes on as something else or unpacks beyond reason is trouble of the file."""
    with pytest.raises(FormatTrouble) as caught:
        for _ in gunzip(cut(packed, 4096)):
            pass
    assert caught.value.code == code


def test_the_head_of_a_cut_stream_can_be_looked_at() -> None:
    """Recognisers see the first bytes of a stream of which only the beginning is there, and none of what is no stream."""
    assert first_gzip_head(gzip.compress(NOISE)[:9000], 500) == NOISE[:500]
    assert first_gzip_head(zlib.compress(NOISE)) == b""


def test_a_long_payload_comes_as_a_map_where_the_feed_asks(ask: Callable[..., Report], monkeypatch: pytest.MonkeyPatch) -> None:
    """With `options["mapped"]` a payload beyond the bound is mapped, not read; below it, and for other feeds, it is bytes."""
    kinds: list[type] = []

    def parse(data: Any) -> Rows:
        kinds.append(type(data))
        return Rows([{"size": len(data[:])}])

    feed = Feed(template="house/things/things_{stamp}.bin", format="binary", name="house/things", parse=parse)
    for limit, options in ((4, {"mapped": True}), (4, {}), (1 << 20, {"mapped": True})):
        monkeypatch.setattr(stages, "IN_MEMORY_BYTES", limit)
        assert ask(replace(feed, options=options), b"plain words\n").facts["rows"] == 1
    assert kinds == [mmap.mmap, bytes, bytes]
