"""The files of the made-up lake, computed from their number, and texts that no terminal should obey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bedrot_console.domain.browsing import FileRow
from bedrot_console.domain.identifiers import ALPHABET
from bedrot_console.domain.lifecycle import Verdict, Zone, status

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FEEDS = ("distrokid/streams", "distrokid/sales", "metaads/campaigns", "metaads/insights")
HOSTILE = (
    "\x1b]52;c;aGFja2Vk\x07owned",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31mred",
    "[@click=app.exit]exit[/]",
    "[/",
    "[bold red]markup[/]",
    "a\u202egnp.exe",
    "zero\u200bwidth\u2060",
    "\x9b31mC1",
    "\x90dcs\x9c",
    "bell\x07back\x08\x08cr\rlf\ntab\t",
    "e" + "\u0301" * 40,
    "漢字かな",
    "\x1b_apc\x1b\\",
    "\ud800surrogate",
    "\x1b]8;;http://evil/\x1b\\link",
)


def file_id(number: int) -> str:
    """The id of file `number`: sorts as the numbers do."""
    out = []
    value = number * 7919 + (1 << 60)
    for _ in range(20):
        value, digit = divmod(value, 32)
        out.append(ALPHABET[digit])
    return "".join(reversed(out))


def number_of(name: str) -> int:
    """The number of the file with this id."""
    value = 0
    for letter in name:
        value = value * 32 + ALPHABET.index(letter)
    return (value - (1 << 60)) // 7919


def row_of(number: int, path: str | None = None) -> FileRow:
    feed = FEEDS[number % 4]
    zone = (Zone.LANDING, Zone.RAW, Zone.RAW, Zone.QUARANTINE)[number // 4 % 4]
    verdict = (Verdict.PASSED, Verdict.WARNED, Verdict.FAILED, None)[number // 16 % 4] if zone is Zone.LANDING else Verdict.PASSED
    landed = START + timedelta(seconds=number)
    return FileRow(
        id=file_id(number), platform=feed.split("/")[0], feed=feed, account="default", zone=zone, status=status(zone, verdict),
        verdict=verdict, path=path or f"{feed}/{feed.split('/')[1]}_{landed:%Y%m%d_%H%M%S}.json", size_bytes=1000 + number * 37 % 90_000,
        sha256=f"{number:064x}", captured_at=landed, landed_at=landed, as_of=landed.date(), run_id=None, set_id=None, method="api",
        media_type="application/json", source_system="api.example.net", extractor_version="1.0.0",
        report_id=f"r{number}" if verdict else None, errors=int(verdict is Verdict.FAILED), warnings=int(verdict is Verdict.WARNED),
        rows=number % 500, first_code="freshness.stale" if verdict is Verdict.WARNED else "format.sign-in-page" if verdict is Verdict.FAILED else None,
    )  # fmt: skip
