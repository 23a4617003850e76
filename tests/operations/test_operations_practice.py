"""The practice lake: bad files that nothing promotes by itself, a score that follows what is decided."""

from __future__ import annotations

import random

import pytest

from bedrot_console.cli.face import Face
from bedrot_console.cli.practicing import print_score
from bedrot_console.domain.browsing import FileRow
from bedrot_console.domain.errors import UsageError
from bedrot_console.domain.lifecycle import Verb, Verdict
from bedrot_console.operations import decide, practice
from bedrot_console.operations.practice_faults import FAULTS, Morning, spoil
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

PEOPLE = (("linktree", "default"), ("linktree", "app-code"), ("toolost", "default"), ("toolost", "no-code"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("practice")
    told = list(practice.make(folder, seed=4, people=PEOPLE, past_days=1))
    assert len(told) == 2 and "this morning: 10 files" in told[-1]
    return folder


def test_no_seeded_fault_is_promoted_by_passed_and_the_score_follows_the_decisions(home):
    """`promote --passed` takes good files only; a careless and a careful hand get what they deserve."""
    before = practice.score(home)
    assert before.bad == len(before.faults) >= 6 and before.good + before.bad == 10 and before.points == 0
    assert {f.row.verdict for f in before.faults} == {Verdict.FAILED, Verdict.WARNED}
    practice.begin(home)
    ws = Workspace.open(Settings.load(home))
    assert all(o.done for o in decide.decide(ws, Verb.PROMOTE, [row.id for row in decide.passed(ws)], reason=""))
    half = practice.score(home)
    assert half.bad_promoted == 0 and half.good_promoted == half.decided and half.seconds is not None
    careless = next(f.row for f in before.faults if f.row.verdict is Verdict.WARNED)
    rest = [f.row.id for f in before.faults if f.row.id != careless.id]
    assert all(o.done for o in decide.decide(ws, Verb.PROMOTE, [careless.id], reason=""))
    assert all(o.done for o in decide.decide(ws, Verb.QUARANTINE, rest, reason="seen"))
    after = practice.score(home)
    assert (after.bad_promoted, after.bad_quarantined) == (1, len(rest))
    assert after.points == round(100 * (after.good_promoted + len(rest)) / 10) - 10


def test_the_same_seed_spoils_the_same_files_and_another_one_others(home):
    """Reproducible by its seed."""
    ws = Workspace.open(Settings.load(home))
    files = practice._brought(ws, PEOPLE)
    assert spoil(Morning(files, files), random.Random(4)) == spoil(Morning(files, files), random.Random(4))
    assert {i for i in spoil(Morning(files, files), random.Random(4))} != {
        i for i in spoil(Morning(files, files), random.Random(5))
    }


def test_a_home_without_a_practice_lake_has_no_score(tmp_path):
    """It says so, and how to get one."""
    with pytest.raises(UsageError, match="no practice lake"):
        practice.score(tmp_path)


def test_the_score_explains_every_fault(home, capsys):
    """What happened and where it is seen, for each bad file; those that only a person can tell are marked."""
    score = practice.score(home)
    print_score(Face(), score)
    said = capsys.readouterr().out
    assert f"of {score.bad} quarantined" in said and all(FAULTS[f.name].happened in said for f in score.faults)
    assert "(by eye)" in said and all(isinstance(f.row, FileRow) for f in score.faults)
