"""`bedrot land --rotated` as cron calls it: one record per file, exit codes, and what is said where."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_house import Bedrot

EVENTS = b'{"ts": "2026-03-01T00:00:00Z", "n": 1}\n{"ts": "2026-03-01T00:00:01Z", "n": 2}\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "var" / "events.jsonl"
    path.parent.mkdir()
    path.write_bytes(EVENTS * 2)
    path.with_name("events.jsonl.1").write_bytes(EVENTS)
    return path


def test_rotated_prints_one_record_per_file_and_is_quiet_the_second_time(bedrot: Bedrot, log: Path) -> None:
    """Landed, then skipped, both with exit code 0; nothing on stderr, so that cron sends no mail."""
    first, second = bedrot("land", "--rotated", log, "--json"), bedrot("land", "--rotated", log, "--json")
    assert (first.code, second.code, first.err, second.err) == (0, 0, "", "")
    assert [(r["verb"], r["outcome"]) for r in first.records + second.records] == [("land", "done"), ("land", "skipped")]
    assert first.records[0]["id"] in second.records[0]["reason"]
    assert first.records[0]["path"].startswith("manual_uploads/event_streams/manual_events_events-jsonl_")


def test_rotated_leaves_what_is_written_for_next_time_with_exit_code_zero(bedrot: Bedrot, log: Path) -> None:
    """A generation that is open for writing is told as skipped, with its code."""
    with log.with_name("events.jsonl.1").open("ab"):
        said = bedrot("land", "--rotated", log, "--json")
        plain = bedrot("land", log.with_name("events.jsonl.1"))
    assert said.code == 0
    assert [(r["outcome"], r["code"]) for r in said.records] == [("skipped", "still-written")]
    assert plain.code == 2 and "still open for writing" in plain.out


def test_rotated_ends_with_the_published_codes(bedrot: Bedrot, log: Path) -> None:
    """Nothing to land is 0 with a note; a folder that is not there, a feed that is none, and FILE beside --rotated are 2; a refused file among
    landed ones is 1."""
    said = bedrot("land", "--rotated", log.with_name("none.log"))
    assert said.code == 0 and said.out == "" and "no rotated file" in said.err
    assert bedrot("land", "--rotated", log.parent / "gone" / "a.log").code == 2
    assert bedrot("land", "--rotated", log, "--feed", "manual/none").code == 2
    assert bedrot("land", "--rotated", log, log).code == 2
    assert bedrot("land", "--rotated", log, "--move").code == 2
    said = bedrot("land")
    assert said.code == 2 and "FILE" in said.err
    log.with_name("events.jsonl.2").write_bytes(b"prose, and no event\n")
    said = bedrot("land", "--rotated", log, "--json")
    assert said.code == 1 and [r["outcome"] for r in said.records] == ["failed", "done"]


def test_what_landed_rotated_is_validated(bedrot: Bedrot, log: Path) -> None:
    """A landed generation passes as a stream of events."""
    name = bedrot("land", "--rotated", log, "--json").records[0]["id"]
    said = bedrot("validate", name, "--json")
    assert (
        said.code == 0
        and said.records[0]["facts"]["last_day"] == "2026-03-01"
        and said.records[0]["feed"] == "manual/event_streams"
    )
