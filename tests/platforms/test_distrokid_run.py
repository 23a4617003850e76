"""DistroKid through the real worker: run folder, journal, vault, zones, Chromium; a partial run and a restored one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.files import Capture
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.runs import RunSpec, RunState, RunView
from bedrot_console.extraction.chromium import find_browser
from bedrot_console.extraction.runs import Runs
from bedrot_console.extraction.simulator import serve
from bedrot_console.extraction.worker import Parts, execute
from bedrot_console.security.journal import FileJournal
from bedrot_console.security.vault import Vault
from bedrot_console.settings import Settings
from bedrot_console.zones.landing import Landing
from bedrot_console.zones.store import Zones
from extractors.distrokid.extractor import DistroKid
from extractors.distrokid.simulator import DistroKidSimulator

pytestmark = [pytest.mark.browser, pytest.mark.skipif(find_browser() is None, reason="no Chromium here")]


def test_a_run_lands_what_it_can_and_is_partial(home: Path, clock: Any) -> None:
    """Authenticator account, nobody there: the first run lands three files; the second, restored, is partial when the export is a page."""
    simulator = DistroKidSimulator(clock=clock)
    account = simulator.account("app-code")
    vault = Vault(home / ".bedrot" / "vault")
    for name, value in (("email", account.username), ("password", account.password), ("totp_secret", account.totp_secret)):
        vault.put("distrokid", "app-code", name, Secret(value or ""))
    zones = Zones(home, FileJournal(home / ".bedrot" / "journal", clock), clock, "uid:0")
    runs = Runs(home / ".bedrot" / "runs", clock)

    def land(captures: Sequence[Capture]) -> Iterable[Any]:
        feeds = {f.name: f for f in DistroKid.feeds.values()}
        return zones.land(Landing(capture=c, feed=feeds[c.feed], extractor_version=DistroKid.version) for c in captures)

    with serve(simulator) as served:
        settings = Settings(home, {}, {"BEDROT_DISTROKID_BASE_URL": served.base_url})
        parts = Parts(DistroKid, land, vault, vault, settings, clock)

        def run() -> RunView:
            spec = RunSpec(id=new_id(clock.now()), platform="distrokid", account="app-code", attended=False)
            folder = runs.create(spec)
            return execute(folder, spec, parts)

        first = run()
        assert (first.state, first.exit_code, set(first.landed)) == (RunState.DONE, 0, set(first.expected)), first
        clock.advance(61)
        simulator.log.clear()
        simulator.set_faults(["html_as_tsv"])
        second = run()
    assert (second.state, set(second.landed)) == (RunState.PARTIAL, {"distrokid/streams", "distrokid/applemusic"}), second
    assert not simulator.requests("/signin") and not simulator.requests("/api")
    names = sorted(str(p.relative_to(home / "landing")) for p in (home / "landing").rglob("*") if p.suffix in (".html", ".tsv"))
    assert names[0] == "distrokid/sales/sales_report_20260302.tsv" and len(names) == 5
    assert {n.rpartition("_2026")[0] for n in names[1:]} == {
        "distrokid/streams/streams_stats",
        "distrokid/streams/applemusic_stats",
    }
    said = "".join(p.read_text("utf-8", "replace") for p in (home / ".bedrot" / "runs").rglob("*") if p.is_file())
    assert account.password not in said and account.username not in said
