"""`answer` by options, and the prompts of what is shown: the order of acts, what is never printed, how it ends."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_house import Bedrot

from bedrot_console.domain.challenges import Challenge, ChallengeKind, Look
from bedrot_console.operations import runs

PAGE = Challenge(
    id="06exy3k2page0", kind=ChallengeKind.PAGE, run_id="06exy3k2run00", platform="tiny", account="default", prompt="solve it",
    raised_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC), expires_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC) + timedelta(minutes=5),
)  # fmt: skip


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """One open page; the acts that reach it."""
    done: list[dict[str, Any]] = []
    monkeypatch.setattr(runs, "open_challenges", lambda ws: [PAGE])
    monkeypatch.setattr(runs, "hand", lambda ws, challenge, act: done.append(dict(act)))
    monkeypatch.setattr(runs, "look", lambda ws, challenge: Look(picture=b"a picture", width=10, height=10, outline="here"))
    return done


def test_acts_are_done_in_the_order_given_also_repeated_ones(
    bedrot: Bedrot, hands: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each act as often as it stands there and where it stands there: a password lands in the field that was clicked before it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("mara\nhunter2\n"))
    said = bedrot(
        "answer", PAGE.id, "--click", "1,1", "--type", "--press", "Tab", "--click=2,2", "--type", "--scroll", "-5", "--press", "Enter",
        "--drag", "1,2,3,4", "--click", "3,3",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert hands == [
        {"act": "click", "x": 1, "y": 1}, {"act": "type", "text": "mara"}, {"act": "press", "key": "Tab"},
        {"act": "click", "x": 2, "y": 2}, {"act": "type", "text": "hunter2"}, {"act": "scroll", "dy": -5},
        {"act": "press", "key": "Enter"}, {"act": "drag", "x": 1, "y": 2, "to_x": 3, "to_y": 4}, {"act": "click", "x": 3, "y": 3},
    ]  # fmt: skip
    assert "hunter2" not in said.out + said.err and "9 done on the page" in said.err


@pytest.mark.parametrize("wrong", [("--click", "here"), ("--scroll", "far"), ("--drag", "1,2")])
def test_an_act_that_means_nothing_is_refused_before_any_is_done(
    bedrot: Bedrot, hands: list[Any], wrong: tuple[str, ...]
) -> None:
    """Exit 2, and the acts before it were not done."""
    said = bedrot("answer", PAGE.id, "--click", "1,1", *wrong)
    assert said.code == 2 and wrong[0] in said.err and hands == []


def test_a_picture_that_has_no_place_is_a_mistake_of_the_command_not_of_the_disk(
    bedrot: Bedrot, hands: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing or foreign folder ends with 2 and words, before anything is done on the page; a name that is too long as well."""
    missing = bedrot("answer", PAGE.id, "--click", "1,1", "--look", tmp_path / "gone" / "page.png")
    assert missing.code == 2 and "there is no folder" in missing.err and str(tmp_path / "gone") in missing.err
    long = bedrot("answer", PAGE.id, "--look", tmp_path / ("x" * 300))
    assert long.code == 2 and "another file" in long.err and list(tmp_path.glob("*.png")) == []
    import os

    asked = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **more: Path(path) != tmp_path and asked(path, mode, **more))
    foreign = bedrot("answer", PAGE.id, "--click", "1,1", "--look", tmp_path / "page.png")
    assert foreign.code == 2 and "nothing can be written into" in foreign.err and hands == []


def test_answer_tells_all_its_exit_codes(bedrot: Bedrot) -> None:
    """A disk that refuses the picture (5) and a run of another user (8) are in its help."""
    said = bedrot("answer", "--help").out
    assert "fixity or disk" in said and "not permitted" in said
