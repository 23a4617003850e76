"""Looks at payloads through limited children: same answers as here, and no payload harms who asks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inspection_feeds import CHART, PLAYS, ROGUE, SALES, chart, days, sidecar_of, sold

from bedrot_console.inspection.child import REASONS
from bedrot_console.inspection.diff import diff
from bedrot_console.inspection.pool import Inspectors, Readers
from bedrot_console.inspection.preview import preview
from bedrot_console.inspection.viewers import STOPPED, Viewers

COMMAND = [sys.executable, str(Path(__file__).with_name("inspection_feeds.py"))]


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[Readers]:
    found = Readers([*COMMAND, str(tmp_path)])
    yield found
    found.close()


@pytest.fixture
def viewers(readers: Readers) -> Viewers:
    return Viewers(readers)


PAIRS = {
    "json": (PLAYS, days("2026-02-20", [1, 2, 3]), days("2026-02-20", [1, 5, 3, 4])),
    "table": (SALES, sold(("2026-02-01", "Spotify", "A", 3, "0.1")), sold(("2026-02-01", "Deezer", "A", 4, "0.2"))),
    "html": (CHART, chart('{"category": "2026-03-01", "column-1": "1"}'), chart('{"category": "2026-03-01", "column-1": "2"}')),
    "broken": (PLAYS, days("2026-02-20", [1]), b'[{"day": "'),
    "surrogate": (PLAYS, days("2026-02-20", [1]), b'["\\ud800"]'),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_child_shows_what_is_shown_here(viewers: Viewers, pair: Callable[..., tuple[Path, Path]], name: str) -> None:
    """Diff and preview from the child are those made in this process, for each format."""
    feed, before, after = PAIRS[name]
    old, new = pair(before, after)
    assert viewers.diff(feed, old, new, "a", "b", len(before + after)) == diff(feed, old, new, "a", "b")
    assert viewers.preview(feed, new, len(after), lines=3) == preview(feed, new, lines=3)
    assert viewers.preview(None, new, len(after)) == preview(None, new)


@pytest.mark.parametrize(("what", "reason"), [("crash", "crashed"), ("eat", "memory"), ("raise", "stumbled"), ("spin", "time")])
def test_a_reader_that_dies_is_a_diff_that_says_so(
    viewers: Viewers, pair: Callable[..., tuple[Path, Path]], what: str, reason: str
) -> None:
    """The answer names the reason, and the next question is answered."""
    old, new = pair(b"fine", what.encode())
    found = viewers.diff(ROGUE, old, new, "a", "b", 10)
    assert (found.headline, found.because) == ("cannot be compared", REASONS[reason])
    assert viewers.preview(None, new, 10).lines == (what,)


@pytest.mark.parametrize(("what", "reason"), [("crash", "crashed"), ("eat", "memory"), ("raise", "stumbled")])
def test_rows_that_a_reader_does_not_survive_are_a_problem_with_a_reason(
    viewers: Viewers, tmp_path: Path, what: str, reason: str
) -> None:
    """The asker gets a sentence instead of rows, and the next payload is read as if nothing had been."""
    for body, feed in ((what.encode(), ROGUE), (days("2026-02-20", [1, 2]), PLAYS)):
        path = tmp_path / feed.name.replace("/", "-")
        path.write_bytes(body)
        found = viewers.rows(feed, path, sidecar_of(body, feed))
        if feed is ROGUE:
            assert (found.problem, found.parts) == (REASONS[reason], [])
    assert found.rows == 2 and found.types == ["DATE", "BIGINT"] and bytes(found.parts[0]).startswith(b'{"c0":["2026-02-20"')


def test_a_reader_that_hangs_can_be_left(viewers: Viewers, pair: Callable[..., tuple[Path, Path]]) -> None:
    """A caller that stops asking is free at once; the hanging child is gone and others are served."""
    old, new = pair(b"fine", b"hang")
    enough = threading.Event()
    answers = []
    caller = threading.Thread(target=lambda: answers.append(viewers.diff(ROGUE, old, new, "a", "b", 10, stop=enough.is_set)))
    caller.start()
    assert viewers.preview(None, new, 10).lines == ("hang",)
    enough.set()
    caller.join(10)
    assert answers and answers[0].because == STOPPED


def test_questions_of_many_threads_are_answered_by_few_children(
    readers: Readers, pair: Callable[..., tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve threads, no more than two children, each thread gets its own answer; the threads' end does not end the children."""
    started = []
    take = readers.take

    def counted():
        child = take()
        started.append(child.process.pid)
        return child

    monkeypatch.setattr(readers, "take", counted)
    viewers = Viewers(readers, size=2)
    _, new = pair(b"", b"\n".join(b"line %d" % n for n in range(40)))
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        answers[number] = viewers.preview(None, new, 100, lines=1, offset=number).lines

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: (f"line {n}",) for n in range(12)}
    assert len(set(started)) <= 2
    ask(13)
    assert started[-1] in started[:-1] and answers[13] == ("line 13",)


def test_a_look_and_a_bulk_share_the_children(readers: Readers, job: Callable[..., object], pair: Callable) -> None:
    """What validated is ready for the next review; closing ends all."""
    _, new = pair(b"", b"a line")
    with Inspectors(readers, size=1) as pool:
        list(pool.run([job(PLAYS, days("2026-02-20", list(range(10))))]))
        process = pool.children[0].process
    assert process.poll() is None
    assert Viewers(readers).preview(None, new, 10).lines == ("a line",)
    assert [c.process for c in readers._idle] == [process]
    readers.close()
    assert process.poll() is not None and not readers.scratch.path.exists()


def test_children_end_with_the_process_that_keeps_them(pair: Callable[..., tuple[Path, Path]], tmp_path: Path) -> None:
    """Nobody closed anything: at exit no child is left, and no scratch folder."""
    import os
    import subprocess

    _, new = pair(b"", b"a line")
    script = (
        "import sys; from pathlib import Path; from bedrot_console.inspection.pool import Readers; from bedrot_console.inspection.viewers import Viewers;"
        "r = Readers(sys.argv[2:]); Viewers(r).preview(None, Path(sys.argv[1]), 10); print(r._idle[0].process.pid, r.scratch.path)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(new), *COMMAND, str(tmp_path)], capture_output=True, text=True, check=True
    )
    pid, scratch = told.stdout.split()
    assert not Path(scratch).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
