"""plan: what a decision on many files would do is what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.errors import CatalogError
from bedrot_console.domain.lifecycle import Verb, Verdict, Zone
from bedrot_console.operations import browse
from bedrot_console.operations.decide import decide
from bedrot_console.operations.land import land
from bedrot_console.operations.plan import plan
from bedrot_console.operations.validate import validate


def test_a_plan_counts_what_moves_what_stays_and_why_and_takes_the_oldest_first(ws, plays, clock, tmp_path: Path) -> None:
    """By filter and by ids the plan is the same; what is above the bound is counted; carrying it out moves exactly its files."""
    ids = []
    for number in range(6):
        path = plays(days=10 + number, name=f"{number}.json")
        if number == 2:
            path.write_bytes(b"{")
        (outcome,) = land(ws, [path], feed="press/plays")
        ids.append(outcome.id)
        clock.advance(600)
        if number < 5:
            ((_, judged),) = validate(ws, [outcome.id])
            assert judged.verdict is (Verdict.FAILED if number == 2 else Verdict.PASSED), judged.findings
    good = [i for n, i in enumerate(ids) if n not in (2, 5)]
    whole = plan(ws, Verb.PROMOTE, FileFilter(platform="press"))
    assert list(whole.ids) == good, whole.refused
    assert sum(whole.refused.values()) == 2 and whole.beyond == 0
    assert plan(ws, Verb.PROMOTE, ids) == whole
    some = plan(ws, Verb.PROMOTE, FileFilter(), most=3)
    assert list(some.ids) == good[:3] and some.beyond == 1
    assert some.platforms == [("press", 3, some.size_bytes)] and some.size_bytes > 0
    assert [o.id for o in decide(ws, Verb.PROMOTE, some.ids) if o.done] == good[:3]
    left = plan(ws, Verb.PROMOTE, FileFilter())
    assert list(left.ids) == good[3:] and sum(left.refused.values()) == 5


def test_what_is_judged_anew_after_the_plan_is_not_promoted(ws, plays, clock) -> None:
    """Another report holds than the one the plan was made from: the file stays; a plan of now may promote it."""
    (outcome,) = land(ws, [plays()], feed="press/plays")
    ((_, judged),) = validate(ws, [outcome.id])
    assert judged.verdict is Verdict.PASSED, judged.findings
    made = plan(ws, Verb.PROMOTE, FileFilter(status="passed"))
    assert list(made.ids) == [outcome.id], made.refused
    clock.advance(60)
    list(validate(ws, [outcome.id]))
    for dry_run in (True, False):
        (refused,) = decide(ws, Verb.PROMOTE, made.ids, seen=made.seen, dry_run=dry_run)
        assert (refused.outcome, refused.reason) == ("failed", "judged anew since you looked")
    assert browse.find(ws, outcome.id).zone is Zone.LANDING
    assert browse.fresh(ws)
    made = plan(ws, Verb.PROMOTE, FileFilter())
    assert [o.done for o in decide(ws, Verb.PROMOTE, made.ids, seen=made.seen)] == [True]


def test_a_plan_on_a_catalog_that_cannot_be_brought_up_to_date_is_refused(ws, plays) -> None:
    """The disk takes no new catalog: the plan does not pass off the files of the old one as all that there are."""
    (outcome,) = land(ws, [plays()], feed="press/plays")
    ws.settings.catalog.with_name("catalog.duckdb.new").mkdir()
    ((_, judged),) = validate(ws, [outcome.id])
    assert judged.verdict is Verdict.PASSED, judged.findings
    with pytest.raises(CatalogError, match="cannot be published"):
        plan(ws, Verb.PROMOTE, FileFilter(status="passed"))
    ws.settings.catalog.with_name("catalog.duckdb.new").rmdir()
    assert list(plan(ws, Verb.PROMOTE, FileFilter(status="passed")).ids) == [outcome.id]
