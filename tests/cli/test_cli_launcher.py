"""The launcher: one start makes the environment, later starts only compare, a killed one is repaired."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PROJECT = '[project]\nname = "tiny"\nversion = "1"\ndependencies = []\noptional-dependencies = { test = [] }\n'
PROGRAM = "import sys\nprint(sys.argv[1:], sys.prefix)\n"


def tiny(folder: Path) -> Path:
    """A checkout with the real launcher, no dependencies, and a program that prints its arguments."""
    (folder / "bedrot_console").mkdir(parents=True)
    shutil.copy(CHECKOUT / "bedrot", folder)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "constraints.txt").write_text("# nothing\n")
    (folder / "bedrot_console" / "__main__.py").write_text(PROGRAM)
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tiny checkout in a folder with a space in its name, started once."""
    folder = tiny(tmp_path_factory.mktemp("a checkout"))
    first = start(folder / "bedrot", "first")
    assert first.returncode == 0, first.stderr
    assert "installing" in first.stderr
    yield folder


def start(launcher: Path | str, *arguments: str, cwd: Path | str = "/", **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(launcher), *arguments], cwd=cwd, capture_output=True, text=True, **options)  # type: ignore[call-overload]


def test_a_warm_start_says_nothing_and_installs_nothing(checkout: Path) -> None:
    """With the pins unchanged a start hands over at once, with every argument as given."""
    before = sorted((p, p.stat().st_mtime_ns) for p in (checkout / ".venv").rglob("*"))
    done = start(checkout / "bedrot", "a b", "", "*")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"['a b', '', '*'] {checkout / '.venv'}\n"
    assert sorted((p, p.stat().st_mtime_ns) for p in (checkout / ".venv").rglob("*")) == before


def test_it_starts_through_links_and_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    """A link to a link, a relative call, a call by the shell and one through PATH all find the checkout."""
    (tmp_path / "one").symlink_to(checkout / "bedrot")
    (tmp_path / "two").symlink_to("one")
    wanted = f"['x'] {checkout / '.venv'}\n"
    assert start(tmp_path / "two", "x").stdout == wanted
    assert start("./bedrot", "x", cwd=checkout).stdout == wanted
    assert start("sh", "bedrot", "x", cwd=checkout).stdout == wanted
    assert start("env", f"PATH={tmp_path}:{os.environ['PATH']}", "two", "x").stdout == wanted


def test_files_in_the_current_folder_are_not_imported(checkout: Path, tmp_path: Path) -> None:
    """A module that lies where the operator stands is never loaded in place of the library's."""
    (tmp_path / "click.py").write_text("raise SystemExit('hijacked')")
    (checkout / "bedrot_console" / "__main__.py").write_text(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import click'])\n"
    )
    try:
        assert "hijacked" not in start(checkout / "bedrot", cwd=tmp_path).stderr
    finally:
        (checkout / "bedrot_console" / "__main__.py").write_text(PROGRAM)


def test_changed_pins_are_installed_once(checkout: Path) -> None:
    """A changed pyproject.toml is noticed by the next start, and by no later one."""
    with (checkout / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert "installing" in start(checkout / "bedrot").stderr
    assert start(checkout / "bedrot").stderr == ""


def test_an_environment_that_was_left_unfinished_is_made_anew(checkout: Path) -> None:
    """An install killed at any moment leaves a mark, and the next start repairs it."""
    (checkout / ".venv" / "unfinished").touch()
    shutil.rmtree(checkout / ".venv" / "lib")
    done = start(checkout / "bedrot", "x")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"['x'] {checkout / '.venv'}\n"
    assert not (checkout / ".venv" / "unfinished").exists()


def test_two_first_starts_do_not_collide(tmp_path: Path) -> None:
    """Of two first starts at the same time one installs, the other waits; a killed one does not block the rest."""
    folder = tiny(tmp_path / "together")
    command = [str(folder / "bedrot"), "x"]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert killed.stderr is not None
    assert "installing" in killed.stderr.readline() or "installing" in killed.stderr.readline()
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert {out for out, _ in said} == {f"['x'] {folder / '.venv'}\n"}
    assert sum("installing pinned" in err for _, err in said) == 1


def test_a_machine_without_python_is_told_what_to_install(checkout: Path, tmp_path: Path) -> None:
    """Without a usable Python the launcher names the command that brings one, and exits with 2."""
    for tool in ("sh", "readlink", "cmp", "id", "mkdir"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    folder = tiny(tmp_path / "bare")
    done = start(folder / "bedrot", env={"PATH": str(tmp_path), "HOME": str(tmp_path)})
    if Path("/usr/local/bin/python3").exists():
        return
    assert done.returncode == 2
    assert "apt-get install python3 python3-venv" in done.stderr


def test_no_function_of_the_launcher_has_the_name_of_a_program_it_looks_for() -> None:
    """`command -v NAME` finds a shell function first, so a function of that name would pass for an installed program."""
    import re

    text = (Path(__file__).resolve().parents[2] / "bedrot").read_text("utf-8")
    functions = set(re.findall(r"^([a-z_0-9]+)\(\)", text, re.MULTILINE))
    looked_for = set(re.findall(r"command -v ([a-z0-9-]+)", text)) | {
        w for names in re.findall(r"for name in ([a-z0-9 -]+);", text) for w in names.split()
    }
    assert functions and looked_for and not functions & looked_for
