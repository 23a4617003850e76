"""`answer` by options, and the prompts of what is shown: the order of acts, what is never printed, how it ends."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_house import Bedrot

from bedrot_console.cli import answering, drawing
from bedrot_console.cli.face import Face
from bedrot_console.cli.showing import ShownPage
from bedrot_console.cli.terminal import Terminal
from bedrot_console.cli.watching import Watch
from bedrot_console.domain.challenges import Challenge, ChallengeKind, Look
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.operations import runs
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

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
    asked = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **more: Path(path) != tmp_path and asked(path, mode, **more))
    foreign = bedrot("answer", PAGE.id, "--click", "1,1", "--look", tmp_path / "page.png")
    assert foreign.code == 2 and "nothing can be written into" in foreign.err and hands == []


def test_answer_tells_all_its_exit_codes(bedrot: Bedrot) -> None:
    """A disk that refuses the picture (5) and a run of another user (8) are in its help."""
    said = bedrot("answer", "--help").out
    assert "fixity or disk" in said and "not permitted" in said


class Keys:
    """A terminal, and the person before it."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        self.terminal = Terminal(slave)
        self.terminal._quiet()

    def press(self, keys: str, *, words: bool = False) -> str | None:
        os.write(self.master, keys.encode())
        return self.terminal.poll(5.0, words=words)

    def drawn(self, text: str) -> str:
        """What the terminal shows of a prompt."""
        self.terminal.draw("")
        self.terminal.draw(text)
        return os.read(self.master, 65536).decode()

    def close(self) -> None:
        os.close(self.terminal.descriptor)
        os.close(self.master)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    monkeypatch.setenv("TERM", "dumb")
    made = Keys()
    yield made
    made.close()


@pytest.fixture
def page(keys: Keys, hands: list[Any], home: Path) -> Callable[[], ShownPage]:
    """Show the open page on the terminal."""
    ws = Workspace(Settings.load(home))
    return lambda: ShownPage(ws, PAGE, keys.terminal, drawing.NONE)


@pytest.mark.parametrize(
    "typed",
    ["type hunter2", " type hunter2", "type\thunter2", "t\u00a0hunter2", "\ttype hunter2", ":type hunter2", "typehunter2"],
)
def test_what_is_typed_behind_type_is_never_shown(keys: Keys, page: Callable[[], ShownPage], typed: str) -> None:
    """Whatever blank, forgotten or doubled, stands before or behind the word."""
    shown = page()
    keys.press(typed, words=True)
    prompt = keys.drawn(shown.prompt())
    assert "hunter" not in prompt and "*******" in prompt


def test_blanks_around_what_is_typed_belong_to_it(keys: Keys, page: Callable[[], ShownPage], hands: list[Any]) -> None:
    """A password may end with a blank; a Tab behind the word is none of it."""
    shown = page()
    line = keys.press("type\thunter 2 \r", words=True)
    assert line is not None
    shown.take(line)
    shown.take("type")
    assert not shown.words
    shown.take(keys.press(" hunter2\t\r", words=shown.words) or "")
    assert hands == [{"act": "type", "text": "hunter 2 "}, {"act": "type", "text": " hunter2"}]


@pytest.mark.parametrize("begin", ["type\r", "type h"])
@pytest.mark.parametrize("drops", [False, True], ids=["page", "line"])
def test_a_secret_that_is_half_typed_goes_on_at_no_other_prompt(
    keys: Keys, page: Callable[[], ShownPage], hands: list[Any], begin: str, drops: bool
) -> None:
    """The page is over and asked again while somebody types: neither the beginning nor the rest is shown, sent or obeyed; then all is as before."""
    before = page()
    line = keys.press(begin, words=True)
    if line is not None:
        before.take(line)
        keys.press("hunt")
    before.prompt()
    if drops:
        keys.terminal.forget()  # whoever follows the run does so at each new question
    before.close()
    after = page()
    assert keys.terminal.line == ""
    assert keys.press("er2", words=True) is None
    prompt = keys.drawn(after.prompt())
    assert "er2" not in prompt and "hun" not in prompt and "press Enter: ***" in prompt
    assert keys.press("\r", words=True) is None and hands == []
    assert keys.press("look\r", words=True) == "look"


def test_a_page_that_is_over_leaves_nothing_in_the_line(keys: Keys, page: Callable[[], ShownPage]) -> None:
    """Half a command is dropped, and the next line is taken at once."""
    shown = page()
    keys.press("loo", words=True)
    shown.prompt()
    shown.close()
    assert keys.terminal.line == "" and keys.press("1234\r") == "1234"


@pytest.mark.parametrize("rows", range(1, 8))
def test_a_window_of_any_height_shows_a_page(page: Callable[[], ShownPage], rows: int) -> None:
    """Two rows are no reason to end: there is just nothing to be seen."""
    shown = page()
    assert shown.look is not None
    shown.look = Look(picture=b"", width=10, height=10, outline="\n".join(map(str, range(50))))
    for mode in ("outline", "picture", "help"):
        shown.mode = mode
        assert shown.lines(20, rows)


def test_a_run_that_takes_the_answer_and_ends_was_not_cancelled(
    keys: Keys, hands: list[Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends just between two looks at it: what it said last counts."""
    ws = Workspace(Settings.load(home))
    said: list[dict[str, Any]] = []

    class Ended:
        class state:  # noqa: N801
            ended = True

    def view(ws: Workspace, run: str) -> Any:
        said.append({"seq": 1, "kind": "challenge-ended", "challenge": PAGE.id, "state": "moved"})
        return Ended

    monkeypatch.setattr(runs, "view", view)
    monkeypatch.setattr(runs, "read_events", lambda ws, run, after=0: list(said))
    assert answering.on_terminal(Face(), ws, PAGE, keys.terminal) == 0


@pytest.mark.parametrize(
    ("landed", "said"),
    [
        (("tiny/a",) * 5 + ("tiny/b",) * 4, "2 of 3 feeds, 9 files landed"),
        (("tiny/a", "tiny/b"), "2 of 3 feeds landed"),
        ((), "0 of 3 feeds landed"),
    ],
)
def test_feeds_are_counted_not_their_files(
    home: Path, bedrot: Bedrot, monkeypatch: pytest.MonkeyPatch, landed: tuple[str, ...], said: str
) -> None:
    """A feed with series brings several files: of three feeds no more than three land, on each face that counts them."""
    from bedrot_console.tui.runlines import Pace, row_pieces

    ended = RunView(
        id="06exy3k2run00", platform="tiny", account="default", state=RunState.PARTIAL, started_at=PAGE.raised_at, exit_code=1,
        expected=("tiny/a", "tiny/b", "tiny/c"), landed=landed, files=tuple(f"file-{n}" for n in range(len(landed))),
    )  # fmt: skip
    monkeypatch.setattr(runs, "view", lambda ws, run: ended)
    monkeypatch.setattr(runs, "read_events", lambda ws, run, after=0: [])
    monkeypatch.setattr(runs, "list_runs", lambda ws, **more: [ended])
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    assert Watch(Face(), Workspace(Settings.load(home)), [ended.id], None).until_ended() == 1
    assert f"tiny (default): partial, {said}  (run" in written.getvalue()
    count = f"{len(set(landed))}/3"
    assert count in bedrot("runs").out and (count, "plain") in row_pieces(ended, None, Pace(), PAGE.raised_at)
