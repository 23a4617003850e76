"""The catalog over the real journal, zones and report archive: what they record is what it answers, grown or rebuilt."""

from __future__ import annotations

from datetime import date

from bedrot_console.catalog.store import Catalog
from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.events import Event
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.domain.findings import Finding, Outcome, Report, Severity, StageResult
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.lifecycle import Decision, Verb, Zone
from bedrot_console.inspection.archive import ReportArchive, Shelf
from bedrot_console.security.journal import FileJournal
from bedrot_console.zones.landing import Landing
from bedrot_console.zones.moves import Move
from bedrot_console.zones.store import Zones

FEED = Feed(
    name="distrokid/streams", template="distrokid/streams/streams_stats_{stamp}.html", format="html", media_type="text/html"
)


def test_the_real_rooms_and_a_rebuild_agree(home, clock):
    """Landed, validated, promoted and quarantined through the real rooms: resolve, reader and rebuild say the same."""
    journal = FileJournal(home / ".bedrot" / "journal", clock)
    zones = Zones(home, journal, clock, "uid:0")
    archive = ReportArchive(home / ".bedrot" / "reports")

    def load(event: Event) -> Report | None:
        return archive.load(Shelf(event.data["segment"], event.data["offset"], event.data["length"]))

    catalog = Catalog(home, journal, clock, reports=load, walk=zones.walk)
    landings = []
    for n in range(6):
        clock.advance(60)
        capture = Capture(
            feed=FEED.name, body=b"<html>%d</html>" % n, captured_at=clock.now(), method="browser", source_system="example.com"
        )
        landings.append(Landing(capture, FEED, "1.0"))
    files = zones.land(landings)
    rows = catalog.resolve([f.id for f in files])
    assert [(r.id, r.path, r.sha256, r.status) for r in rows] == [(f.id, f.path, f.sidecar.sha256, "pending") for f in files]

    reports = []
    for n, row in enumerate(rows[:4]):
        bad = Finding(code="format.sign-in-page", severity=Severity.ERROR, message="a sign-in page", stage="format")
        reports.append(
            Report(
                id=new_id(clock.now()), file_id=row.id, sha256=row.sha256, rules="r", at=clock.now(),
                stages=(StageResult(stage="format", outcome=Outcome.PASSED),), findings=(bad,) if n == 3 else (),
                facts={"rows": n, "last_day": f"2026-03-0{n + 1}"},
            )
        )  # fmt: skip
    journal.append(
        Event(
            kind="validated", at=clock.now(), actor="uid:0",
            data={
                "file": r.file_id, "report": r.id, "sha256": r.sha256, "rules": r.rules, "verdict": r.verdict.value, "segment": s.segment,
                "offset": s.offset, "length": s.length, "codes": {f.code: 1 for f in r.findings}, "as_of": r.facts["last_day"],
                "rows": r.facts["rows"], "content_sha256": None,
            },
        )
        for r, s in zip(reports, archive.append(reports), strict=True)
    )  # fmt: skip
    catalog.catch_up(publish="now")

    def decided(row, verb):
        return Decision(new_id(clock.now()), row.id, verb, "uid:0", clock.now(), "because", row.sha256, row.report_id)

    judged = catalog.resolve([r.id for r in rows])
    moves = [Move(decided(r, Verb.PROMOTE), r.zone, r.path, Zone.RAW, r.report_id) for r in judged[:2]]
    moves.append(Move(decided(judged[3], Verb.QUARANTINE), judged[3].zone, judged[3].path, Zone.QUARANTINE, judged[3].report_id))
    moved = list(zones.transfer(moves))
    now = catalog.resolve([r.id for r in rows])
    assert [r.status for r in now] == ["promoted", "promoted", "passed", "quarantined", "pending", "pending"]
    assert [(m.zone, m.path) for m in moved] == [(r.zone, r.path) for r in (now[0], now[1], now[3])]
    assert catalog.resolve([f"{r.zone}/{r.path}" for r in now]) == now

    catalog.catch_up(publish="now")
    with catalog.reader() as reader:
        assert reader.files(FileFilter(order="oldest")) == now
        assert reader.report(now[3].id) == reports[3] and now[3].errors == 1
        assert [f.code for f in reader.findings(now[3].id)] == ["format.sign-in-page"]
        assert [h.facts["rows"] for h in reader.history("distrokid/streams", "default")] == [2, 1, 0]
        assert [h.as_of for h in reader.history("distrokid/streams", "default", before=now[1])] == [date(2026, 3, 1)]
    done = catalog.rebuild(verify=True)
    assert (done.equal, done.files, done.added, done.mended, done.missing, done.damaged) == (True, 6, 0, 0, 0, 0)
    assert catalog.select(FileFilter(order="oldest")) == now
