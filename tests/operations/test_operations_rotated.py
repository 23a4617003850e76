"""land --rotated: what a log's rotation left is landed once, oldest first; what grows, or is still written, is not."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.browsing import FileFilter, Outcome
from bedrot_console.domain.errors import AlreadyRunning, UsageError
from bedrot_console.domain.lifecycle import Verb
from bedrot_console.operations import browse, decide, rotated
from bedrot_console.operations.land import land
from bedrot_console.operations.rotated import generations, land_rotated
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

FEED = "manual/event_streams"
OpenWorkspace = Callable[[], Workspace]


@pytest.fixture
def open_house(home: Path, clock) -> OpenWorkspace:
    """Workspaces on the one home with the platforms of the house, each as another process would see it."""
    return lambda: Workspace(Settings.load(home, {}), clock=clock)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A growing log, live, with two events in it."""
    path = tmp_path / "var" / "events.jsonl"
    path.parent.mkdir()
    path.write_bytes(body("live"))
    return path


def body(name: str, count: int = 3) -> bytes:
    return b"".join(b'{"ts": "2026-03-01T00:00:0%dZ", "of": "%s"}\n' % (n, name.encode()) for n in range(count))


def beside(log: Path, name: str, data: bytes | None = None) -> Path:
    path = log.with_name(name)
    path.write_bytes(data if data is not None else body(name))
    return path


def names(outcomes: list[Outcome], log: Path) -> list[tuple[str, str]]:
    """(outcome, name in landing or outside) of each."""
    return [(o.outcome, o.path or Path(o.id).name) for o in outcomes]


def payloads(ws: Workspace) -> list[bytes]:
    """What lies in landing, in the order it landed."""
    rows = browse.files(ws, FileFilter(feed=FEED, order="oldest"))
    return [(ws.settings.landing / row.path).read_bytes() for row in rows]


@contextmanager
def writer(path: Path, mode: str = "ab") -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the file open for writing until the block ends."""
    program = f"import sys; f = open(sys.argv[1], {mode!r}); f.write(b'{{}}'); sys.stdout.write('open'); sys.stdout.flush(); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.read(4) == b"open"
        try:
            yield process
        finally:
            process.stdin.close()


def test_generations_are_found_by_their_names_oldest_first(log: Path) -> None:
    """Dated generations come by their date, then numbered ones from the highest down; what only looks alike is left alone."""
    for name in (
        "events.jsonl.1", "events.jsonl.2.gz", "events.jsonl.10", "events.jsonl-20260301", "events-20260302.jsonl", "events.2026-02-28.jsonl.gz",
        "events.jsonl.2026-03-03_14-00", "events.jsonl.2026-03-03_09-00", "events.jsonl-20260304-1772582400", "events.3.jsonl",
    ):  # fmt: skip
        beside(log, name)
    for other in (
        "events.jsonl.bak",
        "events-old.jsonl",
        "events.jsonl.1.tmp",
        "events.jsonl~",
        "xevents.jsonl.1",
        "events2.jsonl",
        "events.json",
    ):
        beside(log, other)
    assert [g.path.name for g in generations(log)] == [
        "events.2026-02-28.jsonl.gz", "events.jsonl-20260301", "events-20260302.jsonl", "events.jsonl.2026-03-03_09-00",
        "events.jsonl.2026-03-03_14-00", "events.jsonl-20260304-1772582400", "events.jsonl.10", "events.3.jsonl", "events.jsonl.2.gz", "events.jsonl.1",
    ]  # fmt: skip


@given(st.lists(st.text("events.jl-_0123456789gz", min_size=1, max_size=24), max_size=12))
def test_the_growing_file_is_never_a_generation_of_itself(tmp_path_factory: pytest.TempPathFactory, others: list[str]) -> None:
    """Whatever stands beside it, the row holds only other names, each once."""
    folder = tmp_path_factory.mktemp("var")
    for name in {"events.jsonl", *others} - {".", ".."}:
        (folder / name).touch()
    found = [g.path.name for g in generations(folder / "events.jsonl")]
    assert "events.jsonl" not in found and len(found) == len(set(found))
    shutil.rmtree(folder)


def test_rotated_files_land_once_oldest_first_and_the_live_one_never(open_house: OpenWorkspace, log: Path) -> None:
    """Each generation lands in its turn under a name of ours; a second call skips them all; the growing file is not touched."""
    second, first = beside(log, "events.jsonl.2"), beside(log, "events.jsonl.1")
    outcomes = list(land_rotated(open_house(), log))
    assert [(o.outcome, o.id != "") for o in outcomes] == [("done", True)] * 2
    assert [Path(o.path or "").name.rpartition("_2")[0] for o in outcomes] == [
        "manual_events_events-jsonl",
        "manual_events_events-jsonl",
    ]
    assert all(str(o.path).startswith("manual_uploads/event_streams/") and str(o.path).endswith(".jsonl") for o in outcomes)
    ws = open_house()
    assert payloads(ws) == [second.read_bytes(), first.read_bytes()]
    again = list(land_rotated(ws, log))
    assert [(o.outcome, o.code) for o in again] == [("skipped", None)] * 2 and all("landed before as" in o.reason for o in again)
    assert log.read_bytes() == body("live") and len(payloads(ws)) == 2


def test_the_next_rotation_brings_only_what_is_new(open_house: OpenWorkspace, log: Path) -> None:
    """After renaming and compressing, what landed before is known by its content, and only the new generation lands."""
    one = beside(log, "events.jsonl.1")
    assert [o.outcome for o in land_rotated(open_house(), log)] == ["done"]
    beside(log, "events.jsonl.2.gz", gzip.compress(one.read_bytes()))
    one.write_bytes(body("next"))
    outcomes = list(land_rotated(open_house(), log))
    assert [o.outcome for o in outcomes] == ["skipped", "done"]
    assert payloads(open_house())[1] == body("next")


def test_a_compressed_generation_lands_as_it_is(open_house: OpenWorkspace, log: Path) -> None:
    """Bytes as received: a gzip'd generation lands gzip'd, and its plain twin beside it is the same content."""
    packed, more = gzip.compress(body("old")), gzip.compress(body("more"))
    beside(log, "events-20260301.jsonl.gz", packed)
    beside(log, "events-20260302.jsonl.gz", packed + more)
    outcomes = list(land_rotated(open_house(), log))
    assert [o.outcome for o in outcomes] == ["done", "done"] and str(outcomes[0].path).endswith(".gz")
    assert payloads(open_house()) == [packed, packed + more]


def test_the_same_content_twice_in_one_call_lands_once(open_house: OpenWorkspace, log: Path) -> None:
    """A generation that was copied before it was compressed is one generation."""
    beside(log, "events.jsonl.2", body("same"))
    beside(log, "events.jsonl.2.gz", gzip.compress(body("same")))
    assert [o.outcome for o in land_rotated(open_house(), log)] == ["done", "skipped"]


def test_what_was_quarantined_does_not_come_back(open_house: OpenWorkspace, log: Path) -> None:
    """Landed is landed, whatever was decided since."""
    beside(log, "events.jsonl.1")
    ws = open_house()
    (outcome,) = land_rotated(ws, log)
    assert all(o.done for o in decide.decide(ws, Verb.QUARANTINE, [outcome.id], reason="not ours"))
    assert [o.outcome for o in land_rotated(open_house(), log)] == ["skipped"]


def test_a_generation_that_somebody_still_writes_is_left_for_next_time(open_house: OpenWorkspace, log: Path) -> None:
    """A program that did not reopen its log yet keeps its generation from landing; the others land, and nothing is an error."""
    beside(log, "events.jsonl.2")
    one = beside(log, "events.jsonl.1")
    with writer(one):
        outcomes = list(land_rotated(open_house(), log))
        assert [(o.outcome, o.code, o.exit_code) for o in outcomes] == [("done", None, 0), ("skipped", "still-written", 0)]
        assert "still open for writing" in outcomes[1].reason and "left for next time" in outcomes[1].reason
    one.write_bytes(body("whole"))
    assert [o.outcome for o in land_rotated(open_house(), log)] == ["skipped", "done"]
    assert payloads(open_house())[1] == body("whole")


def test_a_plain_land_of_a_file_that_is_written_is_refused_in_words(open_house: OpenWorkspace, log: Path) -> None:
    """Without --rotated the same file is an error of its own, with the way out; nothing lands."""
    with writer(log):
        (outcome,) = land(open_house(), [log])
    assert (outcome.outcome, outcome.exit_code, outcome.code) == ("failed", 2, "still-written")
    assert "still open for writing" in outcome.reason and "closed" in str(outcome.hint)
    assert payloads(open_house()) == []


def test_a_writer_in_this_very_process_counts_too(open_house: OpenWorkspace, log: Path) -> None:
    """The lease knows every writer, also our own."""
    one = beside(log, "events.jsonl.1")
    with one.open("ab"):
        assert [o.code for o in land_rotated(open_house(), log)] == ["still-written"]


def test_other_names_of_the_growing_file_are_never_landed(open_house: OpenWorkspace, log: Path) -> None:
    """A hard link to it, or the dated file that a link named as the growing one leads to, is the growing file."""
    os.link(log, log.with_name("events.jsonl.1"))
    assert [(o.outcome, "growing file itself" in o.reason) for o in land_rotated(open_house(), log)] == [("skipped", True)]
    today = beside(log, "shop-20260302.jsonl")
    beside(log, "shop-20260301.jsonl")
    link = log.with_name("shop.jsonl")
    link.symlink_to(today.name)
    assert [o.outcome for o in land_rotated(open_house(), link)] == ["done", "skipped"]


def test_a_name_left_free_by_the_rotation_is_no_trouble(open_house: OpenWorkspace, log: Path) -> None:
    """The growing file need not be there; its folder must, and it must be no folder."""
    beside(log, "events.jsonl.1")
    log.unlink()
    assert [o.outcome for o in land_rotated(open_house(), log)] == ["done"]
    assert list(land_rotated(open_house(), log.with_name("none.jsonl"))) == []
    with pytest.raises(UsageError, match="no such file"):
        list(land_rotated(open_house(), log.parent / "gone" / "events.jsonl"))
    with pytest.raises(UsageError, match="folder"):
        list(land_rotated(open_house(), log.parent))
    with pytest.raises(UsageError):
        list(land_rotated(open_house(), log, feed="manual/none"))


def test_what_is_no_file_or_nobodys_content_stops_only_itself(open_house: OpenWorkspace, log: Path) -> None:
    """A link, an empty file, a FIFO and prose are refused one by one with exit code 2; the good one lands."""
    good = beside(log, "events.jsonl.1")
    log.with_name("events.jsonl.2").symlink_to(good)
    beside(log, "events.jsonl.3", b"")
    os.mkfifo(log.with_name("events.jsonl.4"))
    beside(log, "events.jsonl.5", b"Dear Mara, the views are good.\n")
    outcomes = list(land_rotated(open_house(), log))
    assert [(o.outcome, o.exit_code) for o in outcomes] == [("failed", 2)] * 4 + [("done", 0)]


def test_an_ill_natured_name_becomes_no_path(open_house: OpenWorkspace, tmp_path: Path) -> None:
    """The growing file's name is data: nothing of it leads out of the feed's folder, and brackets and dots in it are no pattern."""
    folder = tmp_path / "odd"
    folder.mkdir()
    log = folder / "a+(b)[c] ..\u202e.j son"
    beside(log, log.name + ".1")
    beside(log, "aab.json.1")
    (outcome,) = land_rotated(open_house(), log)
    assert outcome.path is not None and Path(outcome.path).parent.as_posix() == "manual_uploads/event_streams"
    assert outcome.path.endswith(".log") and outcome.path.isascii() and " " not in outcome.path


def test_any_feed_can_be_named_for_other_logs(open_house: OpenWorkspace, log: Path) -> None:
    """With `--feed` the rotation of any kind of file is brought; bytes are known per feed."""
    report = log.with_name("views.csv")
    beside(report, "views-20260301.csv", b"Date,Video views,Likes\n2026-02-01,10,2\n")
    assert [o.outcome for o in land_rotated(open_house(), report, feed="manual/external_reports")] == ["done"]
    assert [o.outcome for o in land_rotated(open_house(), report)] == ["skipped"]
    assert [o.outcome for o in land_rotated(open_house(), report, feed="manual/financial_data")] == ["done"]


def test_a_second_call_at_the_same_time_is_told(open_house: OpenWorkspace, log: Path) -> None:
    """Two cron jobs on one log do not land a generation twice: the second ends as already running."""
    beside(log, "events.jsonl.2")
    beside(log, "events.jsonl.1")
    first = land_rotated(open_house(), log)
    assert next(first).done
    with pytest.raises(AlreadyRunning):
        next(land_rotated(open_house(), log))
    assert [o.outcome for o in first] == ["done"]
    assert [o.outcome for o in land_rotated(open_house(), log)] == ["skipped", "skipped"]


def test_a_file_of_another_user_must_be_quiet(
    open_house: OpenWorkspace, log: Path, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel does not tell us of writers, a generation waits until it was untouched for a while."""
    one = beside(log, "events.jsonl.1")
    monkeypatch.setattr(rotated.os, "geteuid", lambda: one.stat().st_uid + 1)
    now = clock.now().timestamp()
    os.utime(one, (now, now - 60))
    assert [o.code for o in land_rotated(open_house(), log)] == ["still-written"]
    os.utime(one, (now, now - 900))
    assert [o.outcome for o in land_rotated(open_house(), log)] == ["done"]


def test_a_log_that_grows_and_rotates_all_the_time_loses_no_event(open_house: OpenWorkspace, log: Path) -> None:
    """A real writer rotates while calls go on: after the last, every rotated event lies in landing exactly once, and none is torn."""
    program = textwrap.dedent(
        """
        import os, sys
        path = sys.argv[1]
        for turn in range(8):
            with open(path, "ab", buffering=0) as file:
                for n in range(200):
                    file.write(b'{"ts": "2026-03-01T00:%02d:%02dZ", "n": %d}\\n' % (turn, n % 60, turn * 200 + n))
                for number in range(20, 0, -1):
                    if os.path.exists(f"{path}.{number}"):
                        os.rename(f"{path}.{number}", f"{path}.{number + 1}")
                os.rename(path, path + ".1")
            print(turn, flush=True)
            sys.stdin.readline()
        """
    )
    log.unlink()
    with subprocess.Popen(
        [sys.executable, "-c", program, str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for _ in range(8):
            assert process.stdout.readline()
            beat = threading.Timer(0, process.stdin.write, ["\n"])
            beat.start()
            assert {o.outcome for o in land_rotated(open_house(), log)} <= {"done", "skipped"}
            beat.join()
    last = list(land_rotated(open_house(), log))
    assert {o.outcome for o in last} <= {"done", "skipped"}
    seen = sorted(json.loads(line)["n"] for data in payloads(open_house()) for line in data.splitlines())
    assert seen == list(range(1600))


def test_dates_of_names_need_no_clock(log: Path) -> None:
    """A row is ordered by what the names say, not by the times of the files."""
    old, new = beside(log, "events-20260301.jsonl"), beside(log, "events-20260302.jsonl")
    later = datetime(2026, 5, 1, tzinfo=UTC)
    os.utime(old, (later.timestamp(), later.timestamp()))
    os.utime(new, ((later - timedelta(days=9)).timestamp(),) * 2)
    assert [g.path for g in generations(log)] == [old, new]
