"""What holds for a run of every platform: login, restored session, identical re-run, two accounts, cancellation, names, provenance."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from contract_clock import FrozenClock
from contract_lake import PLATFORMS, REGISTRY, SIMULATORS, Lake, Ran, each_platform, faults_of, sidecar_of

from bedrot_console.domain.lifecycle import Verdict, Zone
from bedrot_console.domain.naming import template_pattern
from bedrot_console.domain.runs import RunState
from bedrot_console.extraction.base import Extractor
from bedrot_console.inspection.pool import Readers

OpenLake = Callable[..., Lake]


def extractor_of(platform: str) -> type[Extractor]:
    return REGISTRY.load(platform)


def bodies(lake: Lake, ran: Ran) -> dict[str, bytes]:
    """Landed payloads by feed attribute, with `:series` where there is one; masked bytes as stars, as they lie on disk."""
    found = {}
    for row, _ in ran.files:
        name = row.feed.partition("/")[2] + (f":{row.series}" if row.series else "")
        assert name not in found, f"{name} landed twice in one run"
        found[name] = (lake.home / row.zone.value / row.path).read_bytes()
    return found


@dataclass
class Life:
    """Some days of a platform, lived once and looked at by several tests: `first` run of an empty vault, `again` on the same day, another
    account's `other` run, the `next_day`, then a `proved` login, and an `ended` one."""

    lake: Lake
    told: dict[str, dict[str, Any]]
    served: dict[str, bytes]
    first: Ran
    landed: dict[str, bytes]
    again: Ran
    other: Ran
    others: dict[str, bytes]
    names: list[str]
    next_day: Ran
    proved: Ran
    ended: Ran
    sent_after: int


@pytest.fixture(scope="module", params=each_platform())
def life(request: pytest.FixtureRequest, ground: Path, one_browser: None, readers: Readers) -> Iterator[Life]:
    """Live those days. When it is over, no secret lies anywhere in clear."""
    home = Path(tempfile.mkdtemp(dir=ground)) / "home"
    (home / "landing").mkdir(parents=True)
    lake = Lake(request.param, home, FrozenClock(datetime(2026, 3, 2, 9, 30, tzinfo=UTC)), readers=readers)
    try:
        names = [a.account for a in lake.sim.accounts if not a.extra.get("odd")][:2]
        told, served = lake.sim.provenance("default"), lake.sim.payloads("default")
        first = lake.run()
        landed = bodies(lake, first)
        lake.promote(first)
        again = lake.run(attended=False)
        other = lake.run(account=names[1]) if len(names) > 1 else first
        others = bodies(lake, other)
        lake.tomorrow()
        next_day = lake.run(attended=False)
        sent = len(lake.sent())
        proved = lake.check()
        lake.end_logins()
        ended = lake.check()
        yield Life(
            lake, told, served, first, landed, again, other, others, names, next_day, proved, ended, len(lake.sent()) - sent
        )  # fmt: skip
    finally:
        lake.close()
    assert not lake.problems, lake.problems
    assert not lake.leaks()


def test_a_first_run_brings_everything_good_under_its_declared_names(life: Life) -> None:
    """From an empty vault but for credentials: exit 0, every feed landed, all files pass, each named and described as declared, and what
    landed is what the simulator says it served."""
    lake, ran, platform = life.lake, life.first, life.lake.platform
    assert (ran.view.state, ran.view.exit_code) == (RunState.DONE, 0), ran.why()
    assert set(ran.view.landed) == set(ran.view.expected) == {row.feed for row, _ in ran.files}
    gone = set(extractor_of(platform).expected()) - set(ran.view.expected)
    assert not gone or all(name in ran.told() for name in gone), "a feed that the platform has nothing of is told"
    for row, report in ran.files:
        feed = extractor_of(platform).feeds[row.feed.partition("/")[2]]
        assert report is not None and report.verdict is Verdict.PASSED, ran.why()
        assert template_pattern(feed).fullmatch(row.path), row.path
        assert row.path == row.path.lower() or row.series, "names are lower-case"
        assert " " not in row.path
        record = sidecar_of(lake, lake.ws.catalog.resolve([row.id])[0])
        assert record["run_id"] == ran.view.id and record["extractor_version"] == extractor_of(platform).version
        assert record["source_system"] and record["method"] in ("api", "browser")
        assert feed.day is None or report.as_of is not None, f"{row.feed}: the data's own date is not known"
    assert life.landed.keys() == life.served.keys()
    for name, body in life.served.items():
        assert _unmasked(life.landed[name], body), f"{name}: landed bytes are not those that were served"


def _unmasked(landed: bytes, served: bytes) -> bool:
    """Equal but for bytes that were masked with stars."""
    return landed == served or (
        len(landed) == len(served) and all(a == b or a == ord("*") for a, b in zip(landed, served, strict=True))
    )


def test_what_a_run_says_beside_its_bytes_is_what_the_simulator_says(life: Life) -> None:
    """`provenance` of the simulator, which the campaigns judge with, equals what the captures of a real run say."""
    if extractor_of(life.lake.platform).method == "api":
        return  # the campaigns run these for real
    for row, _ in life.first.files:
        name = row.feed.partition("/")[2] + (f":{row.series}" if row.series else "")
        record = sidecar_of(life.lake, life.lake.ws.catalog.resolve([row.id])[0])
        known = life.told.get(name, {})
        assert (record["request"], record["received_name"]) == (known.get("request", {}), known.get("received_name")), name


def test_a_second_run_asks_nobody_and_identical_data_stays_good(life: Life) -> None:
    """The saved login serves the next run: no challenge. The same data again on the same day is good, and no file is overwritten."""
    again = life.again
    assert again.view.exit_code == 0 and not again.challenges, again.why()
    assert set(again.view.landed) == set(life.first.view.landed)
    assert {report.verdict for _, report in again.files if report} == {Verdict.PASSED}, again.why()
    assert not {row.path for row, _ in again.files if row.zone is Zone.RAW}
    for row, _ in life.first.files:
        kept = life.lake.ws.catalog.resolve([row.id])[0]
        data = (life.lake.home / kept.zone.value / kept.path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row.sha256, row.path


def test_the_next_day_brings_more_and_stays_good(life: Life) -> None:
    """A day later, with yesterday's capture promoted: exit 0, all passed, and no feed with days of its own is older than before."""
    ran = life.next_day
    assert ran.view.exit_code == 0, ran.why()
    assert {report.verdict for _, report in ran.files if report} == {Verdict.PASSED}, ran.why()
    newest = {(row.feed, row.series): report.as_of for row, report in life.first.files if report}
    for row, report in ran.files:
        before = newest.get((row.feed, row.series))  # a series may begin on this day
        assert before is None or (report is not None and report.as_of is not None and report.as_of >= before), row.path


def test_two_accounts_are_kept_apart(life: Life) -> None:
    """Another account brings its own data under its own name, and the first one's login still works after it."""
    assert len(life.names) == 2, "a simulator has two ordinary accounts at least"
    assert life.other.view.exit_code == 0, life.other.why()
    assert {row.account for row, _ in life.other.files} == {life.names[1]}
    assert {row.account for row, _ in life.first.files} == {"default"}
    both = life.landed.keys() & life.others.keys()
    assert not both or any(life.landed[name] != life.others[name] for name in both), "the two accounts have the same data"
    assert not life.next_day.challenges


def test_a_saved_login_is_proved_without_asking_anybody(life: Life) -> None:
    """A check says what the positive sign is while the login works, and ends with 3 once the platform has dropped it; nothing is sent."""
    assert life.proved.proof and life.proved.view.exit_code == 0, life.proved.why()
    assert not life.proved.files
    assert not life.ended.proof and life.ended.view.exit_code == 3, life.ended.why()
    assert not life.sent_after


@pytest.mark.parametrize("platform", each_platform())
def test_a_cancelled_run_leaves_whole_files_and_ends_as_cancelled(platform: str, open_lake: OpenLake) -> None:
    """Cancelled after the first file: exit 130, what landed is whole, nothing of the rest is visible, and the next run is as any other: it
    is asked for one feed, brings that feed only, and is done with it."""
    lake = open_lake(platform)
    ran = lake.run(cancel_when=lambda event: event["kind"] == "landed")
    assert (ran.view.state, ran.view.exit_code) == (RunState.CANCELLED, 130), ran.why()
    assert ran.files
    for row, _ in ran.files:
        data = (lake.home / row.zone.value / row.path).read_bytes()
        assert row.zone is Zone.LANDING and hashlib.sha256(data).hexdigest() == row.sha256
    assert not lake.ws.zones.recover(), "nothing is left to mend"
    one = f"{platform}/{extractor_of(platform).runs[-1]}"
    again = lake.run(feeds=(one,))
    assert again.view.exit_code == 0, again.why()
    assert {row.feed for row, _ in again.files} == {one}


def test_every_platform_with_several_feeds_can_be_partial() -> None:
    """A fault table names at least one fault that costs one feed and not the others."""
    for platform in PLATFORMS:
        if len(extractor_of(platform).runs) > 1:
            partial = [name for name, fault in faults_of(platform) if fault.ends == 1 and fault.error is not None]
            assert partial, platform


def test_every_platform_has_the_faults_that_rot_in_silence() -> None:
    """Each simulator can expire a login or token, send a sign-in page or an error as data, be empty, be stale, change its shape, and mix up accounts."""
    wanted = ({"empty_data", "empty_chart"}, {"stale"}, {"wrong_account", "wrong_channel", "wrong_artist"}, {"schema_drift"})
    wanted += ({"session_expired", "token_expired"}, {"login_page_as_data"}, {"layout_changed", "shape_changed"})
    for platform in PLATFORMS:
        known = set(SIMULATORS[platform].known_faults())
        assert all(names & known for names in wanted), (platform, [names for names in wanted if not names & known])
