"""The folder of a run: one per platform and account, its events in order whatever the disk does, read again and again."""

from __future__ import annotations

import resource
import signal
import threading
from typing import Any

import pytest

from bedrot_console.domain.errors import AlreadyRunning, FixityError
from bedrot_console.domain.runs import RunState
from bedrot_console.extraction import runfolder
from bedrot_console.extraction.redaction import Redactor
from bedrot_console.extraction.runfolder import EventLog, RunFolder
from bedrot_console.resilience import SystemClock


def test_the_newest_event_of_a_kind_is_found_in_a_long_file(house: Any) -> None:
    """However much was logged after a challenge, it is found from the end; what is torn or cut is no event."""
    folder = house.runs.create(house.spec("tinyapi"))
    assert folder.last_event() is None
    log = EventLog(folder, SystemClock(), Redactor())
    log.emit("challenge", challenge={"id": "x"})
    for n in range(3000):
        log.emit("log", level="info", text=f"{n} " + "ü" * (n % 50))
    log.close()
    with (folder.path / "events.jsonl").open("ab") as file:
        file.write(b'{"seq": 4000, "kind": "ended"')
    assert (folder.last_event("challenge") or {})["seq"] == 1 and (folder.last_event() or {})["seq"] == 3001
    assert folder.last_event("ended") is None and len(folder.events(2999)) == 2
    folder.release()


def test_looking_again_parses_only_what_is_new(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces look many times a second: of a long file each event is parsed once, whoever asks and from wherever, and none is missed."""
    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    log = EventLog(folder, SystemClock(), Redactor())
    parsed, parse = [], runfolder._parse
    line = '{"seq": 1, "at": "2025-01-02T03:04:05.000000Z", "kind": "log"}\n'
    monkeypatch.setattr(runfolder, "_parse", lambda line: (parsed.append(line), parse(line))[1])
    for n in range(1, 401):
        log.emit("log", level="info", text=str(n))
        assert [e["seq"] for e in house.runs.read_events(spec.id, n - 1)] == [n]
        assert house.runs.view(spec.id).state is RunState.QUEUED
    assert len(parsed) == 2 * 400  # once in the list, once as the newest
    with (folder.path / "events.jsonl").open("ab") as file:
        file.write(b'{"seq": 401, "kind": "lo')
        file.flush()
        assert len(house.runs.read_events(spec.id)) == 400 and house.runs.read_events(spec.id, 400) == []
        file.write(b'g"}\n')
    assert [e["seq"] for e in house.runs.read_events(spec.id, 399)] == [400, 401]
    assert house.runs.view(spec.id).stage == "" and house.runs.view(spec.id).state is RunState.QUEUED
    (folder.path / "events.jsonl").write_text(line)
    assert [e["seq"] for e in house.runs.read_events(spec.id)] == [1]
    for _ in range(20):
        other = house.spec("tinyapi", account="second")
        made = house.runs.create(other)
        (made.path / "events.jsonl").write_text(line)
        assert len(house.runs.read_events(other.id)) == 1
        made.release()
    assert len(runfolder._KNOWN) <= runfolder._KNOWN_RUNS
    log.close()
    folder.release()


def test_one_run_per_platform_and_account(house: Any, api: Any) -> None:
    """A second run of the same account is refused with the command that attaches to the first; another account may run."""
    first = house.runs.create(house.spec("tinyapi"))
    with pytest.raises(AlreadyRunning) as caught:
        house.runs.create(house.spec("tinyapi"))
    assert caught.value.hint == f"bedrot attach {first.id}" and len(house.runs.list_runs()) == 1
    other = house.runs.create(house.spec("tinyapi", account="second"))
    first.release()
    other.release()
    house.runs.create(house.spec("tinyapi")).release()


def test_of_many_starts_at_once_one_runs(house: Any) -> None:
    """Forty overlapping starts make one run; all others are told which, and leave no folder."""
    made, refused = [], []
    barrier = threading.Barrier(40)

    def begin() -> None:
        spec = house.spec("tinyapi")
        barrier.wait()
        try:
            made.append(house.runs.create(spec))
        except AlreadyRunning:
            refused.append(spec.id)

    threads = [threading.Thread(target=begin) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len(refused) == 39 and [v.id for v in house.runs.list_runs()] == [made[0].id]
    made[0].release()


def test_a_run_that_cannot_be_made_holds_nothing(house: Any) -> None:
    """Where the disk refuses a run's folder, the error is the disk's, and the platform is free for the next try."""
    house.runs.folder.parent.mkdir(parents=True, exist_ok=True)
    house.runs.folder.write_text("a file where the folder should be")
    with pytest.raises(FixityError):
        house.runs.create(house.spec("tinyapi"))
    house.runs.folder.unlink()
    spec = house.spec("tinyapi")
    first = house.runs.create(spec)
    with pytest.raises(FixityError):
        RunFolder.create(house.runs.folder, spec)
    assert first.alive() and first.spec() == spec
    first.discard()
    assert not first.path.exists()
    house.runs.create(house.spec("tinyapi")).release()


def test_a_full_disk_leaves_no_torn_event(house: Any) -> None:
    """An event that does not fit is an error and leaves nothing; what is said after it can be read."""
    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    log = EventLog(folder, SystemClock(), Redactor())
    log.emit("log", level="info", text="first")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((folder.path / "events.jsonl").stat().st_size + 20, limits[1]))
    try:
        with pytest.raises(FixityError):
            log.emit("log", level="info", text="x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    log.emit("log", level="info", text="last")
    log.close()
    folder.release()
    assert [(e["seq"], e["text"]) for e in folder.events()] == [(1, "first"), (2, "last")]
