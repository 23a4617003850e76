"""Meta Ads: ids that a spreadsheet has rounded are stopped, and ids that only happen to end in zeros are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bedrot_console.domain.findings import Severity
from extractors.metaads import exports, id_checks

WHOLE = "120210123456780123"


def found(*ids: tuple[str, str]) -> list[tuple[str, Severity]]:
    """Code and severity of what is said of an export by day with these campaign and ad set ids."""
    lines = [f'2026-02-{n:02d},2026-02-{n:02d},2026-02-{n:02d},"{c}","{a}",Spring,1.5,10,9,2' for n, (c, a) in enumerate(ids, 1)]
    header = "Day,Reporting starts,Reporting ends,Campaign ID,Ad set ID,Campaign name,Amount spent (USD),Impressions,Reach,Clicks (all)"
    content: Any = exports.read("\n".join((header, *lines, "")).encode())
    return [(f.code, f.severity) for f in id_checks.export_ids(content, SimpleNamespace())]


@pytest.mark.parametrize(
    ("ids", "severity"),
    [
        ([(WHOLE, WHOLE[:-1] + "4")], None),
        ([("23842000000000", "6000000000000")], None),  # old and short: nothing is lost of them
        ([("120210123456780000", WHOLE)], None),  # one of two ends in zeros by chance
        ([("1.2021E+17", "1.2021E+17")], Severity.ERROR), ([("1,2021E17", "")], Severity.ERROR), ([("120210123456780000.0", WHOLE)], Severity.ERROR),
        ([("120210123456780000", "120210123456781000")], Severity.ERROR),
        ([("23842101234567800", "23842101234567900"), ("", "")], Severity.ERROR),
        ([("120210123456780000", "")], Severity.WARNING),  # one id alone may end so
    ],
)  # fmt: skip
def test_rounded_ids_are_told_from_round_ones(ids: list[tuple[str, str]], severity: Severity | None) -> None:
    """An exponent or a fraction is always a spreadsheet's; zeros in the places it loses are, if every long id has them."""
    assert found(*ids) == ([] if severity is None else [("consistency.id-rounded", severity)])


def test_a_word_is_no_id() -> None:
    """What is no number at all is an error of its own."""
    assert found(("#REF!", WHOLE)) == [("consistency.id", Severity.ERROR)]
