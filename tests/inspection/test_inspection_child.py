"""The limited child and the pool: one bad file costs one finding, never the batch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inspection_feeds import PLAYS, ROGUE, SALES, codes, days, sold

from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.inspection import pool as children
from bedrot_console.inspection.child import REASONS
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.pool import Inspectors
from bedrot_console.inspection.stages import inspect

GOOD = days("2026-02-20", list(range(10)))
SOLD = sold(("2026-02-01", "Spotify", "A", 3, "0.1"))
COMMAND = [sys.executable, str(Path(__file__).with_name("inspection_feeds.py"))]


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Inspectors]:
    with Inspectors([*COMMAND, str(tmp_path)], size=2) as found:
        yield found


def test_a_child_says_what_inspection_says(pool: Inspectors, job: Callable[..., Job]) -> None:
    """A report from the child is the report made here, for rows and tables, with neighbours and history."""
    jobs = [
        job(PLAYS, GOOD, previous=days("2026-02-19", list(range(10)))),
        job(SALES, SOLD, siblings={"soundcloud/plays": GOOD}, declared=("soundcloud/plays", "soundcloud/sales"), feeds=[PLAYS]),
        job(PLAYS, b"{"),
    ]
    assert list(pool.run(jobs)) == [inspect(j) for j in jobs]


def test_reports_come_in_the_order_of_the_jobs(pool: Inspectors, job: Callable[..., Job]) -> None:
    """Whatever is quick or slow, the n-th report belongs to the n-th job."""
    jobs = [job(SALES if i % 7 == 0 else PLAYS, SOLD if i % 7 == 0 else GOOD, report_id=f"r{i}") for i in range(120)]
    assert [r.id for r in pool.run(iter(jobs))] == [f"r{i}" for i in range(120)]
    assert len(pool.children) == 2


@pytest.mark.parametrize(("what", "reason"), [("crash", "crashed"), ("eat", "memory"), ("raise", "stumbled")])
def test_a_reader_that_dies_costs_one_file(pool: Inspectors, job: Callable[..., Job], what: str, reason: str) -> None:
    """A crash, a flood of memory or an exception fails its own file with the reason; the files around it are read."""
    jobs = [job(PLAYS, GOOD), job(ROGUE, what.encode()), job(PLAYS, GOOD), job(SALES, SOLD)]
    reports = list(pool.run(jobs))
    assert [r.verdict for r in reports] == [Verdict.PASSED, Verdict.FAILED, Verdict.PASSED, Verdict.PASSED]
    assert codes(reports[1]) == {"format.unreadable"}
    assert reports[1].findings[0].seen == reason
    assert reason in REASONS


def test_a_reader_that_spins_is_stopped_by_its_processor_time(pool: Inspectors, job: Callable[..., Job]) -> None:
    """An endless loop ends as the reason `time`, and the next file is read."""
    first, second = pool.run([job(ROGUE, b"spin"), job(PLAYS, GOOD)])
    assert first.findings[0].seen == "time"
    assert second.verdict is Verdict.PASSED


def test_a_reader_that_hangs_is_stopped_by_the_clock_on_the_wall(
    pool: Inspectors, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that only waits ends as the reason `time`, and the next file is read."""
    monkeypatch.setattr(children, "allowed_cpu_seconds", lambda job: -3.0 if job.feed is ROGUE else 5.0)
    first, second = pool.run([job(ROGUE, b"hang"), job(PLAYS, GOOD)])
    assert first.findings[0].seen == "time"
    assert second.verdict is Verdict.PASSED


@pytest.mark.parametrize("what", ["call", "read {secret}", "write {secret}", "write {inside}"])
def test_a_reader_reaches_neither_network_nor_other_files(
    pool: Inspectors, job: Callable[..., Job], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, what: str
) -> None:
    """Sockets, files outside the given folders, and writing anywhere are refused."""
    secret = tmp_path_factory.mktemp("vault") / "secret"
    secret.write_text("s")
    text = what.format(secret=secret, inside=tmp_path / "made")
    (report,) = pool.run([job(ROGUE, text.encode())])
    assert codes(report) == {"format.unreadable"}
    assert secret.read_text() == "s" and not (tmp_path / "made").exists()


def test_what_extractors_print_does_not_spoil_the_wire(pool: Inspectors, job: Callable[..., Job]) -> None:
    """Prints go elsewhere."""
    assert [r.verdict for r in pool.run([job(ROGUE, b"fine"), job(PLAYS, GOOD)])] == [Verdict.PASSED, Verdict.PASSED]


def test_a_command_that_does_not_start_fails_each_file_and_ends(job: Callable[..., Job]) -> None:
    """A child that dies at once blames each file in turn; nothing loops."""
    with Inspectors([sys.executable, "-c", "raise SystemExit(3)"]) as pool:
        assert [r.findings[0].seen for r in pool.run([job(PLAYS, GOOD)] * 3)] == ["crashed"] * 3


def test_a_feed_that_does_not_load_is_a_reason(pool: Inspectors, job: Callable[..., Job]) -> None:
    """A declaration that the child cannot load is a finding."""
    import dataclasses

    (report,) = pool.run([job(dataclasses.replace(PLAYS, name="soundcloud/other"), GOOD)])
    assert report.findings[0].seen == "no-feed"


def test_closing_the_pool_leaves_no_child(job: Callable[..., Job], tmp_path: Path) -> None:
    """After `close` no child runs and the scratch folder is gone."""
    with Inspectors([*COMMAND, str(tmp_path)]) as pool:
        list(pool.run([job(PLAYS, GOOD)]))
        processes = [c.process for c in pool.children]
        scratch = pool.readers.scratch.path
    assert all(p.poll() is not None for p in processes)
    assert not scratch.exists()


def test_a_run_left_early_does_not_disturb_the_next(pool: Inspectors, job: Callable[..., Job]) -> None:
    """Reports of an abandoned run never reach the next one."""
    first = pool.run([job(PLAYS, GOOD, report_id=f"a{i}") for i in range(30)])
    assert next(first).id == "a0"
    first.close()  # type: ignore[attr-defined]
    assert [r.id for r in pool.run([job(PLAYS, GOOD, report_id=f"b{i}") for i in range(9)])] == [f"b{i}" for i in range(9)]


def test_a_chained_job_may_wait_for_a_report(pool: Inspectors, job: Callable[..., Job]) -> None:
    """A source that says None until a report came is asked again; each report comes as soon as it is there."""
    seen: list[str] = []

    def source() -> Iterator[Job | None]:
        for number in range(6):
            while len(seen) < number:
                yield None
            yield job(PLAYS, GOOD, report_id=f"r{number}")

    for report in pool.run_chained(source()):
        if report is not None:
            seen.append(report.id)
    assert seen == [f"r{n}" for n in range(6)]
