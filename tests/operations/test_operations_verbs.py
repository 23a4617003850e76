"""land, validate, decide, undo, review: on real files, a real journal and a real catalog."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from operations_house import judged, landed

from bedrot_console.domain.browsing import FileRow, Outcome
from bedrot_console.domain.errors import UsageError
from bedrot_console.domain.lifecycle import Verb, Verdict, Zone
from bedrot_console.operations import browse, decide, review
from bedrot_console.operations.land import land
from bedrot_console.operations.validate import validate


def test_a_file_travels_from_outside_to_raw_with_its_bytes_unchanged(ws, plays) -> None:
    """Landed, validated, promoted: the bytes in raw are those that were brought, and landing is empty."""
    path = plays()
    (one,) = landed(ws, path)
    assert judged(ws, one) == {one: Verdict.PASSED}
    (outcome,) = decide.decide(ws, Verb.PROMOTE, [one])
    assert outcome.done and outcome.zone is Zone.RAW
    assert (ws.settings.raw / outcome.path).read_bytes() == path.read_bytes()
    assert not list(ws.settings.landing.rglob("*.json"))
    assert browse.find(ws, one).status == "promoted"


def test_content_that_nobody_recognises_is_refused_and_nothing_is_lost(ws, plays) -> None:
    """The refusal is a usage error; the outside file stays, landing stays empty."""
    path = plays(body=b"<html><title>Sign in</title></html>")
    (outcome,) = land(ws, [path], move=True)
    assert outcome.outcome == "failed" and outcome.exit_code == 2
    assert path.exists() and not list(ws.settings.landing.rglob("*.json"))
    assert "this is a sign-in page" in outcome.reason
    (outcome,) = land(ws, [plays(body=b"prose, and nothing else\n")])
    assert outcome.exit_code == 2 and "no feed recognises its content" in outcome.reason


def test_odd_sources_are_refused_each_with_its_reason_and_the_rest_lands(ws, plays, tmp_path: Path) -> None:
    """A folder, a symbolic link, a FIFO, an empty and a missing file stop only themselves; nothing hangs."""
    good = plays()
    link, fifo, empty = tmp_path / "link.json", tmp_path / "fifo.json", tmp_path / "empty.json"
    link.symlink_to(good)
    os.mkfifo(fifo)
    empty.touch()
    outcomes = list(land(ws, [tmp_path, link, fifo, empty, tmp_path / "none.json", good]))
    assert [o.outcome for o in outcomes] == ["failed"] * 5 + ["done"]
    for outcome, word in zip(outcomes, ("folder", "symbolic link", "FIFO", "empty", "no such file"), strict=False):
        assert word in outcome.reason and outcome.exit_code == 2


def test_a_name_that_is_no_text_is_kept_readable_and_stops_nobody(ws, plays, tmp_path: Path) -> None:
    """A file name is bytes: what is not UTF-8 in it stands escaped in the record."""
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.json"))
    odd.write_bytes(plays().read_bytes())
    (one,) = landed(ws, odd)
    assert browse.find(ws, one).path
    (sidecar,) = ws.settings.landing.rglob("*.meta.json")
    assert json.loads(sidecar.read_bytes())["received_name"] == "caf\\xe9.json"


def test_moving_removes_the_outside_file_only_after_it_landed(ws, plays) -> None:
    """`--move` takes the file away once its bytes are durable here."""
    path = plays()
    (outcome,) = land(ws, [path], move=True)
    assert outcome.done and not path.exists()
    assert (ws.settings.landing / outcome.path).exists()


def test_moving_leaves_what_was_put_in_the_place_of_the_landed_file(ws, plays, monkeypatch) -> None:
    """A newer file under the same name has not landed, so `--move` does not remove it."""
    path = plays()
    real = type(ws.zones).land

    def land_while_somebody_saves_anew(zones, items):
        results = real(zones, items)
        plays(name="newer.json", each=7).rename(path)
        return results

    monkeypatch.setattr(type(ws.zones), "land", land_while_somebody_saves_anew)
    (outcome,) = land(ws, [path], move=True)
    assert outcome.done and "changed since" in outcome.reason and b"7" in path.read_bytes()


def test_a_failed_or_unvalidated_file_is_not_promoted(ws, plays) -> None:
    """Promotion needs a verdict that does not fail, bound to these bytes."""
    (one,) = landed(ws, plays())
    (outcome,) = decide.decide(ws, Verb.PROMOTE, [one])
    assert outcome.outcome == "failed" and outcome.exit_code == 7 and one in (outcome.hint or "")
    (two,) = landed(ws, plays(name="b.json", body=b'{"source": "press", "plays": []}'))
    assert judged(ws, two) == {two: Verdict.FAILED}
    (outcome,) = decide.decide(ws, Verb.PROMOTE, [two])
    assert outcome.exit_code == 7 and browse.find(ws, two).zone is Zone.LANDING


def test_a_verdict_made_under_other_rules_does_not_carry_a_promotion(ws, plays, monkeypatch) -> None:
    """When the rules of a feed changed since the report, the decision is void."""
    (one,) = landed(ws, plays())
    judged(ws, one)
    monkeypatch.setattr("bedrot_console.inspection.rules.rules_of", lambda feed, accepted: "other rules")
    (outcome,) = decide.decide(ws, Verb.PROMOTE, [one])
    assert outcome.exit_code == 7 and "rules changed" in outcome.reason
    assert not decide.passed(ws) and decide.waiting(ws) == {"pending": 1}
    monkeypatch.undo()
    assert [row.id for row in decide.passed(ws)] == [one] and not list(validate(ws, scope="pending"))


def test_what_is_pending_is_also_what_was_judged_under_other_rules(ws, plays, monkeypatch) -> None:
    """After an update of the rules `pending` judges those files of landing again; they may be promoted then."""
    one, two = landed(ws, plays()), landed(ws, plays(name="b.json", days=12))
    for (name,) in (one, two):
        judged(ws, name)
    monkeypatch.setattr("bedrot_console.inspection.rules.RULES_VERSION", 99)
    monkeypatch.setattr("bedrot_console.inspection.rules._known_rules", {})
    assert decide.waiting(ws) == {"pending": 2}
    again = [row.id for row, _ in validate(ws, scope="pending")]
    assert again == [*one, *two]


def test_bytes_that_changed_after_validation_are_not_promoted(ws, plays) -> None:
    """The hash at promotion is compared with the hash that was validated."""
    (one,) = landed(ws, plays())
    judged(ws, one)
    row = browse.find(ws, one)
    path = ws.settings.landing / row.path
    path.chmod(0o640)
    path.write_bytes(path.read_bytes().replace(b"100", b"900"))
    (outcome,) = decide.decide(ws, Verb.PROMOTE, [one])
    assert outcome.exit_code == 5 and browse.find(ws, one).zone is Zone.LANDING
    assert not list(ws.settings.raw.rglob("*.json"))


def test_quarantine_wants_a_reason_and_release_wants_validation_again(ws, plays) -> None:
    """Without a reason it is a usage error; a released file has no verdict."""
    (one,) = landed(ws, plays())
    judged(ws, one)
    with pytest.raises(UsageError):
        list(decide.decide(ws, Verb.QUARANTINE, [one]))
    (outcome,) = decide.decide(ws, Verb.QUARANTINE, [one], reason="looks odd")
    assert outcome.done and browse.find(ws, one).status == "quarantined"
    (outcome,) = decide.decide(ws, Verb.RELEASE, [one], reason="was fine")
    assert outcome.done and browse.find(ws, one).status == "pending"
    assert (ws.settings.landing / browse.find(ws, one).path).exists()


def test_undo_reverses_the_newest_decision_of_this_actor(ws, plays) -> None:
    """A promotion is undone by withdrawing; a second undo has nothing of its own left."""
    (one,) = landed(ws, plays())
    judged(ws, one)
    list(decide.decide(ws, Verb.PROMOTE, [one]))
    (outcome,) = decide.undo(ws)
    assert outcome.done and outcome.verb == "withdraw" and browse.find(ws, one).zone is Zone.QUARANTINE
    with pytest.raises(UsageError):
        list(decide.undo(ws))


def test_an_undo_of_a_certain_decision_leaves_a_file_that_was_decided_anew(ws, plays) -> None:
    """Somebody released the file since: the quarantine is no longer the last word, and the release is not undone for it."""
    one, two = landed(ws, plays(), plays(name="2.json", days=11))
    first = {o.id: o.decision for o in decide.decide(ws, Verb.QUARANTINE, [one, two], reason="looks odd")}
    list(decide.decide(ws, Verb.RELEASE, [one], reason="was fine"))
    refused, undone = decide.undo(ws, [one, two], expected=first)
    assert (refused.outcome, refused.reason) == ("failed", "decided anew since: release")
    assert refused.decision not in first.values() and undone.done and undone.verb == "release"
    assert browse.find(ws, one).zone is browse.find(ws, two).zone is Zone.LANDING
    assert [o.done for o in decide.undo(ws, [one])] == [True]


def test_one_unknown_name_does_not_stop_an_undo(ws, plays) -> None:
    """Each name has its own outcome, as for every other verb."""
    (one,) = landed(ws, plays())
    list(decide.decide(ws, Verb.QUARANTINE, [one], reason="looks odd"))
    unknown, undone = decide.undo(ws, ["zzzzzz", one])
    assert (unknown.outcome, unknown.exit_code, undone.outcome) == ("failed", 2, "done")
    assert browse.find(ws, one).zone is Zone.LANDING


def test_a_dry_run_changes_nothing(ws, plays) -> None:
    """It says what would happen; journal and zones stay."""
    (one,) = landed(ws, plays())
    judged(ws, one)
    before = ws.journal.head
    (outcome,) = decide.decide(ws, Verb.PROMOTE, [one], dry_run=True)
    assert outcome.outcome == "skipped" and "would move" in outcome.reason
    assert ws.journal.head == before and browse.find(ws, one).zone is Zone.LANDING


def test_each_file_of_a_batch_is_compared_with_the_good_one_before_it(ws, plays, clock) -> None:
    """Three captures validated at once: the second vanishes a day and fails, the third is compared with the first."""
    ids = []
    for number, drop in enumerate(((), (3,), ())):
        ids += landed(ws, plays(days=10 + number, drop=drop, name=f"{number}.json"))
        clock.advance(3600)
    verdicts = judged(ws, *ids)
    assert [verdicts[i] for i in ids] == [Verdict.PASSED, Verdict.FAILED, Verdict.PASSED]
    assert review.diff(ws, ids[2]).old_id == ids[0]


def test_the_same_bytes_again_are_noticed(ws, plays, clock) -> None:
    """An identical re-run lands, and its report names the twin."""
    (one,) = landed(ws, plays())
    judged(ws, one)
    clock.advance(60)
    (two,) = landed(ws, plays())
    (item,) = validate(ws, [two])
    assert not isinstance(item, Outcome)
    assert any(f.stage == "duplicates" for f in item[1].findings)


def test_review_shows_report_preview_diff_and_what_is_allowed(ws, plays, clock) -> None:
    """Everything a human decides from, in one value."""
    (one,) = landed(ws, plays())
    judged(ws, one)
    clock.advance(86400)
    (two,) = landed(ws, plays(days=11))
    judged(ws, two)
    found = review.review(ws, two)
    assert found.report is not None and found.report.verdict is Verdict.PASSED
    assert found.diff is not None and found.diff.old_id == one and "+1 day" in found.diff.headline
    assert found.preview.lines or found.preview.table
    assert found.allowed["promote"] is None and found.allowed["release"]


def test_ids_are_named_by_prefix_and_path_and_ambiguity_is_an_error(ws, plays) -> None:
    """Six characters or more of an id, or a zone path, name a file."""
    one, two = landed(ws, plays(name="a.json"), plays(name="b.json", days=12))
    row = browse.find(ws, f"landing/{browse.find(ws, one).path}")
    assert isinstance(row, FileRow) and row.id == one
    for bad in (one[:5], one[:6], "zzzzzzzzzz", "landing/../../etc/passwd"):
        with pytest.raises(UsageError):
            browse.find(ws, bad)
    assert browse.find(ws, two[:-1]).id == two


def test_undo_takes_each_files_own_last_decision_also_from_the_tail(ws, plays) -> None:
    """What the published catalog does not know yet counts, and a refused decision does not."""
    one, two = (landed(ws, plays(name=f"{n}.json", each=n * 10 + 10))[0] for n in range(2))
    list(decide.decide(ws, Verb.QUARANTINE, [one], reason="looks odd"))
    ws.record(
        ws.event("decided", decision="d1", file=one, verb="promote"), ws.event("refused", decision="d1", file=one, verb="promote")
    )
    undone, none = decide.undo(ws, [one, two])
    assert (undone.id, undone.verb, undone.outcome) == (one, "release", "done")
    assert (none.outcome, none.reason) == ("failed", "no decision on this file yet")


def test_a_bare_undo_looks_behind_many_other_events(ws, plays) -> None:
    """However much was journalled since, this actor's last decision is found."""
    (one,) = landed(ws, plays())
    list(decide.decide(ws, Verb.QUARANTINE, [one], reason="looks odd"))
    ws.record(*(ws.event("queried", sha256=f"{n:064x}") for n in range(3000)))
    (undone,) = decide.undo(ws)
    assert (undone.id, undone.verb, undone.outcome) == (one, "release", "done")
