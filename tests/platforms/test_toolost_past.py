"""TooLost's sales reports name no account: what is sold was sold before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from contract_desk import Desk, codes, errors, noon
from toolost_support import MEMBER, TODAY, none

from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from extractors.toolost.simulated import payloads, world

OTHER = next(m for m in world.MEMBERS if m is not MEMBER)
JANUARY, DECEMBER = date(2026, 1, 1), date(2025, 12, 1)


def report(member: world.Member = MEMBER, month: date = JANUARY) -> bytes:
    return payloads.report(member, month, none)


def judged(desk: Desk, body: bytes, *kin: bytes, keep: bool = False, by_hand: bool = False) -> Report:
    if by_hand:
        return desk.report(body, noon(TODAY), keep=keep, method="manual", kin=kin)
    told = {"request": {"month": "2026-01"}, "series": "2026-01", "received_name": "01-2026-41877.csv"}
    return desk.report(body, noon(TODAY), keep=keep, kin=kin, **told)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk("toolost/sales", tmp_path)


def test_a_month_of_another_account_is_stopped_beside_its_own_first_report(desk: Desk) -> None:
    """The report of the month came once: another one of it has the same catalogue."""
    assert judged(desk, report(), keep=True).verdict is Verdict.PASSED
    assert "consistency.other-account" in errors(judged(desk, report(OTHER)))
    assert judged(desk, report()).verdict is Verdict.PASSED


def test_a_new_month_has_something_of_the_months_before(desk: Desk) -> None:
    """A first report ever is compared with nothing."""
    assert "consistency.other-account" in codes(judged(desk, report(OTHER), report(month=DECEMBER)))
    assert judged(desk, report(), report(month=DECEMBER)).verdict is Verdict.PASSED
    assert judged(desk, report(OTHER)).verdict is Verdict.PASSED


def test_a_catalogue_of_one_or_two_pieces_may_be_exchanged(desk: Desk) -> None:
    """Then it is told, not stopped; so is what a person brings, who may not have named the account."""
    header, *rows = report(OTHER).splitlines(keepends=True)
    isrc = header.split(b",").index(b"isrc")
    single = header + b"".join(row for row in rows if row.split(b",")[isrc] == rows[0].split(b",")[isrc])
    assert codes(judged(desk, single, report(month=DECEMBER)), Severity.WARNING) == {"consistency.other-account"}
    assert codes(judged(desk, report(OTHER), report(month=DECEMBER), by_hand=True), Severity.WARNING) == {
        "consistency.other-account"
    }
