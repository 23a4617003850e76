"""stdout and stderr as other programs see them: pipes, full disks, closed descriptors, terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

import pytest

from bedrot_console.cli.tables import cut, width_of

PROGRAM = [sys.executable, str(Path(__file__).resolve().parents[2] / "bedrot_console" / "__main__.py")]
Land = Callable[..., str]


@contextmanager
def terminal(home: Path, *arguments: str, columns: int = 80, environ: dict[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """A command line on a terminal of its own: (process id, the other end)."""
    pid, end = pty.fork()
    if pid == 0:
        # pytest's readline sets COLUMNS behind Python's back, and parallel workers inherit it for real: it is left out
        known = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        values = {**known, "TERM": "xterm-256color", **(environ or {})}
        ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(PROGRAM[0], [*PROGRAM, "--home", str(home), *arguments], values)
    try:
        yield pid, end
    finally:
        os.close(end)
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def read(end: int, until: str | None = None, seconds: float = 60.0) -> str:
    """What the terminal was sent, up to a pattern or to the end."""
    got = b""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([end], [], [], 0.2)[0]:
            continue
        try:
            chunk = os.read(end, 65536)
        except OSError:
            break
        if not chunk:
            break
        got += chunk
        if until and re.search(until, got.decode("utf-8", "replace")):
            break
    return got.decode("utf-8", "replace")


def exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def shell(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env={**os.environ, "B": f"{' '.join(PROGRAM)} --home {home}"}
    )


def test_a_reader_that_leaves_ends_a_list_quietly(home: Path, landed: Land) -> None:
    """`bedrot files | head -1` ends with 0 and says nothing; so does a closed stdout."""
    landed(), landed("b.csv", units=2)
    done = shell("set -o pipefail; $B files --json | head -c 1 >/dev/null", home)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("$B files --json >&-", "$B --help >&-", "$B status >&- 2>&-"):
        done = shell(command, home)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_full_stdout_is_an_error_that_says_so(home: Path, landed: Land) -> None:
    """Output that does not fit ends with 5 and one sentence, for data and for help."""
    landed()
    for command in (
        "$B files --json >/dev/full",
        "$B --help >/dev/full",
        "$B files --help >/dev/full",
        "$B cat landing/* >/dev/full",
    ):
        done = shell(command.replace("landing/*", "$($B files --json | grep -o '1m[a-z0-9]*' | head -1)"), home)
        assert done.returncode == 5, (command, done)
        assert done.stderr.startswith("bedrot: the output could not be written") and "Traceback" not in done.stderr


def test_a_verb_finishes_although_nobody_listens(home: Path, landed: Land, bedrot: Callable[..., object]) -> None:
    """A reader that leaves or a full stdout does not stop a decision half-way through its files."""
    names = [landed(f"{n}.csv", units=n) for n in range(3)]
    done = shell(f"$B quarantine {' '.join(names[:2])} --reason x >/dev/full", home)
    assert done.returncode == 5
    done = shell(f"$B quarantine {names[2]} --reason x >&-", home)
    assert done.returncode == 0
    assert {r["zone"] for r in bedrot("files", "--json").records} == {"quarantine"}  # type: ignore[attr-defined]


def test_data_and_talk_do_not_mix(home: Path, landed: Land) -> None:
    """Every line of stdout under `--json` is an object; notices go to stderr."""
    landed()
    done = shell("$B verify --json", home)
    assert [type(json.loads(line)) for line in done.stdout.splitlines()] == [dict]
    assert "1 good" in done.stderr


def test_without_a_command_and_without_a_terminal_help_goes_to_stderr(home: Path) -> None:
    """Bare `bedrot` in a script prints its help to stderr and ends with 2."""
    done = shell("$B </dev/null", home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: bedrot" in done.stderr


def test_ctrl_c_ends_with_130(home: Path) -> None:
    """An interrupt says so in one line, without a traceback."""
    process = subprocess.Popen(
        [*PROGRAM, "--home", str(home), "sql"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while "read" not in Path(f"/proc/{process.pid}/wchan").read_text() and not waits_for_input(process.pid):
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert said == "bedrot: interrupted\n"


def waits_for_input(pid: int) -> bool:
    """Whether a process stands in a read of its stdin."""
    return Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 ")


def test_latin_1_terminals_get_escapes_instead_of_faults(home: Path, landed: Land) -> None:
    """A locale without a character shows it escaped."""
    landed("naïve-\u4e2d.csv")
    done = shell("PYTHONIOENCODING=latin-1 $B show $($B files --json | grep -o '1m[a-z0-9]*' | head -1)", home)
    assert done.returncode == 0, done.stderr


def test_a_table_fits_the_terminal_and_says_when_it_is_cut(home: Path, landed: Land) -> None:
    """On 80 columns no line is wider, ids stay long enough to name a file, and a limit is announced."""
    landed("a" * 60 + ".csv"), landed("b.csv", units=2)
    for columns in (40, 80, 132):
        with terminal(home, "files", "--limit", "1", columns=columns) as (pid, end):
            lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in read(end).replace("\r", "").splitlines()]
            assert exit_code(pid) == 0
        assert all(width_of(line) <= columns for line in lines), (columns, lines)
        assert any("showing 1 of 2; --limit" in line for line in lines)


def test_no_color_means_no_color(home: Path, landed: Land) -> None:
    """NO_COLOR, --no-color and TERM=dumb each leave no escape sequence on a terminal."""
    landed()
    for arguments, environ in ((["status"], {"NO_COLOR": "1"}), (["status", "--no-color"], {}), (["status"], {"TERM": "dumb"})):
        with terminal(home, *arguments, environ=environ) as (_, end):
            assert "\x1b" not in read(end)
    with terminal(home, "files") as (_, end):
        assert "\x1b[" in read(end)


def test_cat_cannot_command_a_terminal(home: Path, landed: Land) -> None:
    """A payload full of escape sequences is shown, not obeyed, on a terminal."""
    name = landed("x.csv", "a\x1b]0;owned\x07\n\x1b[2J\u202eb\n")
    with terminal(home, "cat", name) as (_, end):
        shown = read(end)
    assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    assert "\u241b]0;owned\u2407" in shown


def test_cat_shows_a_payload_of_one_line_piece_by_piece(home: Path, landed: Land) -> None:
    """A payload without line feeds is not held whole, and a character that is cut off at the end is shown, not dropped."""
    name = landed("x.csv", "a,b\n" + "z" * (3 << 20))
    path = next((home / "landing").rglob("*.csv"))
    path.chmod(0o640)
    path.write_bytes(path.read_bytes() + b"\xe2\x82")
    with terminal(home, "cat", name) as (_, end):
        shown = read(end)
    assert shown.replace("\r\n", "").count("z") == 3 << 20 and shown.count("\n") > 3 and "\\xe2\\x82" in shown


def test_completion_knows_commands_and_options() -> None:
    """bash, zsh and fish complete commands from the table of contents, and options of a command."""
    for flavour in ("bash", "zsh", "fish"):
        words = {
            "COMP_WORDS": "bedrot st",
            "COMP_CWORD": "1" if flavour != "fish" else "st",
            "_BEDROT_COMPLETE": f"{flavour}_complete",
        }
        done = subprocess.run(PROGRAM, env={**os.environ, **words}, capture_output=True, text=True, check=True)
        assert "status" in done.stdout
    words = {"COMP_WORDS": "bedrot files --st", "COMP_CWORD": "2", "_BEDROT_COMPLETE": "bash_complete"}
    assert "--status" in subprocess.run(PROGRAM, env={**os.environ, **words}, capture_output=True, text=True, check=True).stdout


def test_cut_text_fits_and_says_so() -> None:
    """Cut text is exactly as wide as asked, wide characters counted double, and carries an ellipsis."""
    for text in ("plain text", "\u4e2d\u6587\u5b57\u7b26", "e\u0301a\u0300", "landing/distrokid/streams/x.html"):
        for width in range(1, 40):
            for where in ("end", "middle"):
                short = cut(text, width, where)
                assert width_of(short) <= width
                assert short == text or "\u2026" in short


@pytest.mark.browser
def test_a_code_is_asked_on_the_terminal_and_never_echoed(home: Path) -> None:
    """`extract` on a terminal asks for the code with its countdown, echoes nothing typed early or late, detaches and attaches again."""
    stand_in = subprocess.Popen([*PROGRAM, "simulate", "distrokid"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert stand_in.stdout is not None and stand_in.stderr is not None
        described = json.loads(stand_in.stdout.readline())
        (home / "bedrot.toml").write_text(f'[platforms.distrokid]\nbase_url = "{described["base_url"]}"\n')
        account = described["accounts"][0]
        for field, value in (("email", account["username"]), ("password", account["password"])):
            subprocess.run(
                [*PROGRAM, "--home", home, "-q", "secrets", "set", "distrokid", field], input=value, text=True, check=True
            )
        with terminal(home, "extract", "distrokid") as (pid, end):
            first = read(end, r"run \w+")
            os.write(end, b"typedearly\r")
            first += read(end, r"\d:\d\d left")
            os.write(end, b"\x03")
            first += read(end, "detach")
            os.write(end, b"clear\r")  # begins with the c of cancel, and is not it
            first += read(end, r"\d:\d\d left")
            os.write(end, b"\x03")
            first += read(end, "detach")
            os.write(end, b"d\r")
            first += read(end)
            assert exit_code(pid) == 0
        run = re.search(r"bedrot attach (\w+)", first)
        assert run is not None and "typedearly" not in first
        code = stand_in.stderr.readline().rsplit(" ", 1)[1].strip()
        with terminal(home, "attach", run[1]) as (pid, end):
            second = read(end, r"\d:\d\d left")
            os.write(end, code.encode() + b"\r")
            second += read(end)
            assert exit_code(pid) == 0, second
        assert "3 of 3 feeds landed" in second and code not in second
    finally:
        stand_in.terminate()
        stand_in.communicate()
