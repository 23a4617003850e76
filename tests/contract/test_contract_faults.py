"""Every fault of every simulator, and what must come of it: the run's exit code, the error or the finding, and what the operator is told.

`extractors/FAULTS.md` shows the same table to people.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contract_desk import Desk
from contract_lake import PLATFORMS, REGISTRY, Lake, Ran, faults_of, marks, one_feed

from bedrot_console.domain.findings import Report, Severity
from bedrot_console.domain.lifecycle import Verdict
from bedrot_console.extraction.session import Session
from bedrot_console.extraction.simulator import Fault

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "benchmarks")]

from clean_year import desk_of, neighbours, served  # noqa: E402

OpenLake = Callable[..., Lake]


ONLY_ON_PAGES = {
    ("linktree", "empty_data"), ("spotify", "bearer_echoed"), ("spotify", "windows_mixed"), ("spotify", "songs_28day"),
}  # fmt: skip
"""Faults of data that the way there makes: of a page that is asked twice, of a filter that is not applied, of what is masked on landing."""


AT_THE_DOOR = ("captcha_puzzle", "captcha", "challenge_page", "session_expired", "voice_call")
"""Faults of the way in that a run gets past: one feed is walked after them."""


SAT_OUT = {
    ("spotify", "layout_changed"), ("spotify", "filter_stuck"), ("spotify", "period_silent"), ("tiktok", "layout_changed"),
    ("tiktok", "period_stuck"), ("toolost", "layout_changed"),
}  # fmt: skip
"""Faults that end by waiting for what never comes; a simulator answers at once, so that 5 s are long enough to be sure."""
SURE_SECONDS = 5.0
WALKED_FIRST = {("toolost", "shape_changed"), ("toolost", "api_500")}
"""Faults that stand for their outcome in place of one before them in the table, which sits out half a minute by the page's own clock."""


def of_data(platform: str, name: str, fault: Fault) -> bool:
    """Whether the fault is in what a platform with a browser serves, so that the rules can be shown without walking there."""
    in_browser = REGISTRY.load(platform).method == "browser"
    return in_browser and fault.error is None and fault.finding is not None and (platform, name) not in ONLY_ON_PAGES


def _every() -> list[Any]:
    """Every fault of every platform. The daily suite walks one fault for each outcome of a platform, and of those in the data of a platform in
    a browser one that stops a file and one that does not; `-m long` walks the others."""
    found = []
    for platform in PLATFORMS:
        seen: set[tuple[Any, ...]] = set()
        for name, fault in sorted(faults_of(platform), key=lambda one: (platform, one[0]) not in WALKED_FIRST):
            outcome = (fault.ends, fault.error, None if of_data(platform, name, fault) else fault.finding)
            more = [pytest.mark.long] if outcome in seen else []
            seen.add(outcome)
            found.append(pytest.param(platform, name, fault, marks=[*marks(platform), *more], id=f"{platform}-{name}"))
    return found


EVERY = _every()
IN_DATA = [
    pytest.param(p, name, fault, id=f"{p}-{name}") for p in PLATFORMS for name, fault in faults_of(p) if of_data(p, name, fault)
]


def prepared(lake: Lake, fault: Fault) -> None:
    """Bring about what came before the fault."""
    if fault.after == "nothing":
        return
    ran = lake.run(account=fault.account, feeds=one_feed(lake.platform) if fault.after == "login" else ())
    assert ran.view.exit_code == 0, ran.why()
    if fault.after == "yesterday":
        lake.promote(ran)
        lake.tomorrow()


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a session waits for of a page, it waits SURE_SECONDS at most."""
    for method in ("landmark", "response_of", "download"):
        real = getattr(Session, method)
        usual = inspect.signature(real).parameters["timeout_seconds"].default

        def sooner(self: Session, *given: Any, real: Any = real, usual: float = usual, **named: Any) -> Any:
            return real(self, *given, **named | {"timeout_seconds": min(named.get("timeout_seconds", usual), SURE_SECONDS)})

        monkeypatch.setattr(Session, method, sooner)


@pytest.mark.parametrize(("platform", "name", "fault"), EVERY)
def test_a_fault_ends_as_its_table_says(
    platform: str, name: str, fault: Fault, open_lake: OpenLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code, error code, finding and the words that the operator reads are those declared beside the fault."""
    assert fault.after in ("nothing", "login", "yesterday")
    lake = open_lake(platform)
    prepared(lake, fault)
    if (platform, name) in SAT_OUT:
        impatient(monkeypatch)
    lake.sim.set_faults([name])
    feeds = tuple(f"{platform}/{feed}" for feed in fault.feeds) or (one_feed(platform) if name in AT_THE_DOOR else ())
    ran = lake.run(account=fault.account, feeds=feeds)
    assert (ran.view.exit_code, ran.view.error_code) == (fault.ends, fault.error), ran.why()
    if fault.finding is not None:
        found = {f.code for _, f in ran.findings}
        assert fault.finding in found, ran.why()
    if fault.tells:
        assert fault.tells in _told(ran, fault), ran.why()
    assert fault.error is None or (ran.view.hint and "PLATFORM" not in ran.view.hint), ran.why()
    _nothing_bad_passed(ran, fault)


@pytest.mark.parametrize(("platform", "name", "fault"), IN_DATA)
def test_a_fault_of_data_is_found_by_the_rules(platform: str, name: str, fault: Fault, clock: Any, tmp_path: Path) -> None:
    """What the platform would serve, judged by its feeds against the good capture before it: the declared finding, in the declared words,
    and a file is stopped just if the run would end with 1."""
    simulator = REGISTRY.simulator(platform, clock=clock)
    desks: dict[str, Desk] = {}

    def judged() -> list[Report]:
        wanted = [one for one in served(simulator, fault.account) if not fault.feeds or one.attribute in fault.feeds]
        return [
            desks.setdefault(one.name, desk_of(platform, one, tmp_path)).report(
                one.body, clock.now(), siblings=neighbours(platform, one, wanted), **one.fields
            )
            for one in wanted
        ]

    if fault.after != "nothing":
        before = judged()
        assert all(report.verdict is not Verdict.FAILED for report in before)
    if fault.after == "yesterday":
        clock.advance(86_400)
    simulator.set_faults([name])
    reports = judged()
    said = [f.message for report in reports for f in report.findings if f.code == fault.finding]
    assert said and fault.tells in "\n".join(said), [report.findings for report in reports]
    assert any(report.verdict is Verdict.FAILED for report in reports) is (fault.ends == 1)


def _told(ran: Ran, fault: Fault) -> str:
    """The sentence of the error, else those of the finding; of a fault with neither, what the run logged."""
    if fault.error is not None:
        return f"{ran.view.error} {ran.view.hint}"
    if fault.finding is not None:
        return "\n".join(f.message for _, f in ran.findings if f.code == fault.finding)
    return ran.told()


def _nothing_bad_passed(ran: Ran, fault: Fault) -> None:
    """A fault that ends with 1 and no error has stopped a file; one that ends with 0 has stopped none."""
    failed = [row.path for row, report in ran.files if report.verdict is Verdict.FAILED]
    if fault.ends == 1 and fault.error is None:
        assert failed, ran.why()
        stopped = [f.code for _, f in ran.findings if f.severity is Severity.ERROR]
        assert fault.finding in stopped, (fault.finding, stopped)
    if fault.ends == 0:
        assert not failed, ran.why()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_faults_are_declared_in_words(platform: str) -> None:
    """Whoever reads the table learns what happens and what is said; an error or a finding always says something."""
    for name, fault in faults_of(platform):
        _well_declared(name, fault)


def _well_declared(name: str, fault: Fault) -> None:
    assert fault.does and not fault.does.endswith(".") and fault.ends in (0, 1, 2, 3, 4)
    assert fault.ends in (0, 1) or fault.error is not None
    assert fault.ends != 1 or fault.error is not None or fault.finding is not None


@pytest.mark.long
@pytest.mark.parametrize("platform", [pytest.param(p, marks=marks(p), id=p) for p in PLATFORMS])
def test_a_fault_that_is_over_leaves_nothing_behind(platform: str, open_lake: OpenLake, request: Any) -> None:
    """After a run that failed at its source, the next run is as any other."""
    lake = open_lake(platform)
    lake.sim.set_faults(["http_503"])
    assert lake.run().view.exit_code == dict(faults_of(platform))["http_503"].ends
    lake.sim.set_faults([])
    ran = lake.run()
    assert ran.view.exit_code == 0, ran.why()
