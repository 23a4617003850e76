"""Reading a sidecar the short way and the long way: the same answer for whole and for damaged bytes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from bedrot_console.domain.errors import FixityError
from bedrot_console.domain.files import Mask, Sidecar, seal_record
from bedrot_console.zones.fixity import sidecar_of

AT = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
WHOLE = Sidecar(
    id="01abc", platform="distrokid", feed="distrokid/streams", feed_version=1, account="default", source_system="example.com",
    method="browser", captured_at=AT, landed_at=AT, as_of=date(2026, 2, 28), extractor_version="1", run_id=None, set_id=None,
    media_type="text/html", size_bytes=10, sha256="a" * 64, received_sha256="b" * 64, received_name='x,"schema":1,"sealed":\u00e9',
    masks=(Mask(1, 2, "token"),), seq=7,
)  # fmt: skip


def _either(read, data: bytes):
    try:
        return read(data)
    except FixityError:
        return "damaged"


def test_the_short_way_reads_what_was_written():
    """A sidecar comes back whole, times aware and in UTC."""
    found = sidecar_of(WHOLE.to_bytes())
    assert found == WHOLE and found.landed_at.tzinfo is UTC


def test_both_ways_agree_on_every_damaged_byte():
    """Each byte flipped, dropped or cut after: what is damaged for the one is damaged for the other."""
    data = WHOLE.to_bytes()
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        for odd in (flipped, data[:at] + data[at + 1 :], data[:at]):
            assert _either(sidecar_of, odd) == _either(Sidecar.from_bytes, odd)


@pytest.mark.parametrize("change", [{"schema": 2}, {"masks": 3}, {"seq": "x"}, {"landed_at": None}, {"more": 1}])
def test_both_ways_agree_on_another_shape(change):
    """A record of another shape, well sealed, reads the same either way."""
    data = seal_record(WHOLE.to_record() | change)
    assert json.loads(data)
    if "seq" not in change:
        assert _either(sidecar_of, data) == _either(Sidecar.from_bytes, data)
