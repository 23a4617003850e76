"""Scratch folders go with their process, whatever became of it; nobody else's go with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bedrot_console.inspection.scratch import Scratch, sweep

HELD = "import sys; from bedrot_console.inspection.scratch import Scratch; s = Scratch('held-'); print(s.path, flush=True); sys.stdin.read()"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the system's, for this process and its children."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def _held() -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen([sys.executable, "-P", "-c", HELD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_goes_and_what_a_living_one_uses_stays(room: Path) -> None:
    """The next folder is made beside the living one's, and the killed one's is gone with all that was in it."""
    with _held()[0] as living, _held()[0] as killed:
        left, kept = sorted(room.iterdir(), key=lambda p: p.stat().st_ctime_ns, reverse=True)
        (left / "deep").mkdir()
        (left / "deep/file").write_text("x")
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        mine = Scratch("held-")
        assert set(room.iterdir()) == {kept, mine.path}
        mine.close()
        assert set(room.iterdir()) == {kept}
        living.communicate()
    assert list(room.iterdir()) == []


def test_only_folders_that_are_ours_are_swept_and_no_link_is_followed(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link in its place or in it, a file, a folder of another name or of another user stay, and so does what a link points to."""
    precious = room / "precious"
    (precious / "inside").mkdir(parents=True)
    (room / "held-link").symlink_to(precious)
    (room / "held-file").write_text("x")
    (room / "other-folder").mkdir()
    left = room / "held-left"
    left.mkdir()
    (left / "link").symlink_to(precious)
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    sweep("held-")
    assert left.is_dir()
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    sweep("held-")
    assert sorted(p.name for p in room.iterdir()) == ["held-file", "held-link", "other-folder", "precious"]
    assert (precious / "inside").is_dir()


def test_a_folder_that_is_swept_before_it_is_locked_is_made_again(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweeper that comes between making and locking costs another try, never the folder."""
    real, made = tempfile.mkdtemp, []

    def made_and_swept(*args: object, **kwargs: object) -> str:
        made.append(real(*args, **kwargs))  # type: ignore[call-overload]
        if len(made) == 1:
            sweep("held-")
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", made_and_swept)
    folder = Scratch("held-")
    assert len(made) == 2 and list(room.iterdir()) == [folder.path]
    folder.close()


def test_a_folder_that_nobody_needs_goes_without_being_told(room: Path) -> None:
    """Forgotten, it is removed when it is collected."""
    folder = Scratch("held-")
    assert oct(folder.path.stat().st_mode & 0o777) == "0o700"
    del folder
    assert list(room.iterdir()) == []
