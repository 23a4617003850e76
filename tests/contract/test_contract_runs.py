"""What holds for a run of every platform: login, restored session, identical re-run, two accounts, cancellation, names, provenance."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from contract_lake import PLATFORMS, REGISTRY, SIMULATORS, Lake, Ran, each_platform, faults_of, sidecar_of

from bedrot_console.domain.lifecycle import Verdict, Zone
from bedrot_console.domain.naming import template_pattern
from bedrot_console.domain.runs import RunState
from bedrot_console.extraction.base import Extractor

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


def logins(ran: Ran) -> int:
    return len(ran.challenges)


@pytest.mark.parametrize("platform", each_platform())
def test_a_first_run_brings_everything_good_under_its_declared_names(platform: str, open_lake: OpenLake) -> None:
    """From an empty vault but for credentials: exit 0, every feed landed, all files pass, each named and described as declared, and what
    landed is what the simulator says it served."""
    lake = open_lake(platform)
    served = lake.sim.payloads("default")
    ran = lake.run()
    assert (ran.view.state, ran.view.exit_code) == (RunState.DONE, 0), ran.why()
    assert set(ran.view.landed) == set(extractor_of(platform).expected()) == {row.feed for row, _ in ran.files}
    for row, report in ran.files:
        feed = extractor_of(platform).feeds[row.feed.partition("/")[2]]
        assert report.verdict is Verdict.PASSED, ran.why()
        assert template_pattern(feed).fullmatch(row.path), row.path
        assert row.path == row.path.lower() or row.series, "names are lower-case"
        assert " " not in row.path
        record = sidecar_of(lake, row)
        assert record["run_id"] == ran.view.id and record["extractor_version"] == extractor_of(platform).version
        assert record["source_system"] and record["method"] in ("api", "browser")
        assert feed.day is None or report.as_of is not None, f"{row.feed}: the data's own date is not known"
    landed = bodies(lake, ran)
    assert landed.keys() == served.keys()
    for name, body in served.items():
        assert _unmasked(landed[name], body), f"{name}: landed bytes are not those that were served"


def _unmasked(landed: bytes, served: bytes) -> bool:
    """Equal but for bytes that were masked with stars."""
    return landed == served or (
        len(landed) == len(served) and all(a == b or a == ord("*") for a, b in zip(landed, served, strict=True))
    )


@pytest.mark.parametrize("platform", each_platform())
def test_a_second_run_asks_nobody_and_identical_data_stays_good(platform: str, open_lake: OpenLake) -> None:
    """The saved login serves the next run: no challenge. The same data again is no failure, and no file is overwritten."""
    lake = open_lake(platform)
    first = lake.run()
    assert first.view.exit_code == 0, first.why()
    before = {row.path: (lake.home / "landing" / row.path).read_bytes() for row, _ in first.files}
    lake.promote(first)
    second = lake.run(attended=False)
    assert second.view.exit_code == 0, second.why()
    assert not second.challenges
    assert set(second.view.landed) == set(first.view.landed)
    assert {report.verdict for _, report in second.files} <= {Verdict.PASSED, Verdict.WARNED}, second.why()
    for row, _ in first.files:
        kept = lake.ws.catalog.resolve([row.id])[0]
        assert (kept.zone, kept.path) not in {(other.zone, other.path) for other, _ in second.files}
        assert (lake.home / kept.zone.value / kept.path).read_bytes() == before[row.path]


@pytest.mark.parametrize("platform", each_platform())
def test_the_next_day_brings_more_and_stays_good(platform: str, open_lake: OpenLake) -> None:
    """A day later, with yesterday's capture promoted: exit 0, nothing failed, and no feed with days of its own is older than before."""
    lake = open_lake(platform)
    first = lake.run()
    lake.promote(first)
    lake.tomorrow()
    second = lake.run(attended=False)
    assert second.view.exit_code == 0, second.why()
    assert {report.verdict for _, report in second.files} == {Verdict.PASSED}, second.why()
    newest = {(row.feed, row.series): report.as_of for row, report in first.files}
    for row, report in second.files:
        before = newest.get((row.feed, row.series))  # a new series (the next month) has nothing before it
        assert before is None or (report.as_of is not None and report.as_of >= before), row.path


@pytest.mark.parametrize("platform", each_platform())
def test_two_accounts_are_kept_apart(platform: str, open_lake: OpenLake) -> None:
    """Each account brings its own data under its own name; neither run touches the other's login or history."""
    lake = open_lake(platform)
    names = [a.account for a in lake.sim.accounts if not a.extra.get("odd")][:2]
    assert len(names) == 2, "a simulator has two ordinary accounts at least"
    one, two = (lake.run(account=name) for name in names)
    assert (one.view.exit_code, two.view.exit_code) == (0, 0), one.why() + two.why()
    assert {row.account for row, _ in one.files} == {names[0]} and {row.account for row, _ in two.files} == {names[1]}
    mine, other = bodies(lake, one), bodies(lake, two)
    assert all(mine[name] != other[name] for name in mine.keys() & other.keys() if len(mine[name]) > 400)
    again = lake.run(account=names[0], attended=False)
    assert again.view.exit_code == 0 and not again.challenges, again.why()


@pytest.mark.parametrize("platform", each_platform())
def test_a_saved_login_is_proved_without_asking_anybody(platform: str, open_lake: OpenLake) -> None:
    """`prove` says what the positive sign is while the login works, and nothing (or why) once the platform has dropped it."""
    lake = open_lake(platform)
    assert lake.run().view.exit_code == 0
    sent = len(lake.sent())
    assert lake.check().proof
    lake.end_logins()
    assert not lake.check().proof
    assert len(lake.sent()) == sent


@pytest.mark.parametrize("platform", each_platform())
def test_a_run_of_one_feed_brings_that_feed_only(platform: str, open_lake: OpenLake) -> None:
    """`--feed` brings what was asked for, and is done with it."""
    lake = open_lake(platform)
    attribute = extractor_of(platform).runs[-1]
    ran = lake.run(feeds=(f"{platform}/{attribute}",))
    assert ran.view.exit_code == 0, ran.why()
    assert {row.feed for row, _ in ran.files} == {f"{platform}/{attribute}"}


@pytest.mark.parametrize("platform", each_platform())
def test_a_cancelled_run_leaves_whole_files_and_ends_as_cancelled(platform: str, open_lake: OpenLake) -> None:
    """Cancelled after the first file: exit 130, what landed is whole, nothing of the rest is visible, and the next run is as any other."""
    lake = open_lake(platform)
    ran = lake.run(cancel_when=lambda event: event["kind"] == "landed")
    assert (ran.view.state, ran.view.exit_code) == (RunState.CANCELLED, 130), ran.why()
    for row, _ in ran.files:
        assert row.zone is Zone.LANDING
    assert not lake.ws.zones.recover(), "nothing is left to mend"
    again = lake.run()
    assert again.view.exit_code == 0, again.why()


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
