"""A process that dies at any moment of applying or publishing costs nothing; processes that work at once lose nothing and wait for nobody."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bedrot_console.catalog.gate import exclusive
from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.errors import CatalogBusy, CatalogError

HERE = Path(__file__).parent
PRELUDE = f"""
import os, sys, signal
from pathlib import Path
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parents[1])!r}]
from bedrot_console.resilience import SystemClock
from catalog_house import Lake, PlainJournal
class Clock(SystemClock):
    def advance(self, seconds): pass
lake = Lake(Path(sys.argv[1]), Clock())
"""


def child(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    """Another process with the same lake; `lake` is its name there."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


KILLED_AT = """
count = 0
at = int(sys.argv[2])
def hook(event, arguments):
    global count
    if event in ("open", "os.rename", "os.remove", "os.chmod", "duckdb"):
        if event == "open" and not str(arguments[0]).startswith(sys.argv[1]):
            return
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
import duckdb
sys.addaudithook(hook)
lake.catalog.{call}
print(count)
"""


def _dies_everywhere(furnished, tmp_path: Path, call: str, points: list[int] | None) -> int:
    """Run `call` killed at each of the points (None: all); returns how many there are. After each, the next command is as it should be."""
    furnished.land()
    furnished.validate(furnished.land(), "failed")
    furnished.catalog.close()
    expected = [r.id for r in furnished.open().select(FileFilter())]
    killed = 0
    at = 0
    while True:
        at = points[killed] if points is not None and killed < len(points) else at + 1
        if points is not None and killed >= len(points):
            return killed
        home = tmp_path / f"home-{at}"
        shutil.copytree(furnished.home, home)
        process = child(KILLED_AT.format(call=call), home, at)
        out, err = process.communicate()
        if process.returncode == 0:
            return killed
        assert process.returncode == -signal.SIGKILL, err
        killed += 1
        check = child(
            """
            from bedrot_console.domain.browsing import FileFilter
            print(*[r.id for r in lake.catalog.select(FileFilter())])
            lake.catalog.catch_up(publish="now")
            print(*[r.id for r in lake.catalog.reader().files(FileFilter())])
            assert lake.catalog.rebuild().files
            leftovers = [p.name for p in lake.home.iterdir() if ".new" in p.name]
            assert not leftovers, leftovers
            """,
            home,
        )
        out, err = check.communicate()
        assert check.returncode == 0, err
        assert [line.split() for line in out.splitlines()] == [expected, expected], f"killed at {at}"
        shutil.rmtree(home)


@pytest.mark.parametrize("points", [[3, 6, 8, 10], pytest.param(None, marks=pytest.mark.long)], ids=["some", "all"])
def test_killed_while_applying_and_publishing_costs_nothing(furnished, tmp_path, points):
    """SIGKILL between any two steps of catch_up: the next command answers whole and current, and cleans up."""
    assert _dies_everywhere(furnished, tmp_path, 'catch_up(publish="now")', points) >= 4


@pytest.mark.parametrize("points", [[4, 12], pytest.param(None, marks=pytest.mark.long)], ids=["some", "all"])
def test_killed_while_rebuilding_costs_nothing(furnished, tmp_path, points):
    """SIGKILL between any two steps of rebuild: likewise."""
    assert _dies_everywhere(furnished, tmp_path, "rebuild()", points) >= 2


@pytest.mark.long
@pytest.mark.parametrize("name", ["pwrite64", "fdatasync", "fsync", "unlink", "ftruncate", "write", "rename", "copy_file_range"])
def test_killed_at_every_system_call_of_apply_and_publish(furnished, tmp_path, name):
    """SIGKILL at the n-th call of each kind, DuckDB's own included, until the process ends by itself."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    furnished.land()
    furnished.validate(furnished.land(), "failed")
    furnished.catalog.close()
    expected = [r.id for r in furnished.open().select(FileFilter())]
    for at in range(1, 200):
        home = tmp_path / f"home-{at}"
        shutil.copytree(furnished.home, home)
        code = PRELUDE + 'lake.catalog.catch_up(publish="now")'
        done = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={at}",
             sys.executable, "-c", code, str(home)], capture_output=True, check=False,
        )  # fmt: skip
        furnished_again = type(furnished)(home, furnished.clock)
        furnished_again.shelf = furnished.shelf
        assert [r.id for r in furnished_again.catalog.select(FileFilter())] == expected, f"{name} {at}"
        furnished_again.catalog.catch_up(publish="now")
        with furnished_again.catalog.reader() as reader:
            assert [r.id for r in reader.files(FileFilter())] == expected
        furnished_again.catalog.close()
        shutil.rmtree(home)
        if done.returncode == 0:
            break


WRITER = """
for n in range(int(sys.argv[2])):
    file = lake.land(path=f"distrokid/streams/{os.getpid()}_{n}.html")
    lake.catalog.catch_up(wait_seconds=30)
    assert lake.catalog.resolve([file])[0].id == file
lake.catalog.catch_up(wait_seconds=30, publish="now")
"""
HOLDER = """
import duckdb
connection = duckdb.connect(sys.argv[1] + "/catalog.duckdb", read_only=True)
print(connection.execute("SELECT count(*) FROM files").fetchone()[0], flush=True)
sys.stdin.readline()
print(connection.execute("SELECT count(*) FROM files").fetchone()[0], flush=True)
"""


def test_two_writers_and_a_holder_never_hinder_each_other(furnished):
    """Two processes land and catch up while a third holds the published catalog open: nobody waits for it, nothing is lost."""
    holder = child(HOLDER, furnished.home, stdin=subprocess.PIPE)
    assert holder.stdout.readline().strip() == "5"
    writers = [child(WRITER, furnished.home, 12) for _ in range(2)]
    for writer in writers:
        _, err = writer.communicate(timeout=120)
        assert writer.returncode == 0, err
    held, err = holder.communicate("go on\n")
    assert held.strip() == "5", err
    with furnished.catalog.reader() as reader:
        rows = reader.files(FileFilter(), limit=None)
        assert len(rows) == len({r.id for r in rows}) == 5 + 24
        assert reader.applied_seq == furnished.journal.head
    assert furnished.catalog.rebuild(verify=True).equal is True


def test_a_busy_writer_makes_nobody_wait(furnished):
    """While another process writes, asking answers currently; catching up says busy after its time, or at once."""
    holder = child(
        """
        from bedrot_console.catalog.gate import exclusive
        with exclusive(lake.catalog.folder / "lock", 5):
            print("held", flush=True)
            sys.stdin.readline()
        """,
        furnished.home,
        stdin=subprocess.PIPE,
    )
    assert holder.stdout.readline().strip() == "held"
    new = furnished.land()
    assert furnished.catalog.resolve([new])[0].id == new
    assert len(furnished.catalog.select(FileFilter())) == 6
    assert len(furnished.catalog.reader().files(FileFilter())) == 5
    for seconds in (0.0, 0.05):
        with pytest.raises(CatalogBusy):
            furnished.catalog.catch_up(wait_seconds=seconds)
    holder.communicate("go on\n")
    assert furnished.catalog.catch_up(publish="now") == furnished.journal.head


def test_a_missing_catalog_is_answered_for_while_somebody_else_makes_it(furnished):
    """Without a catalog and without the lock, the journal alone answers."""
    before = furnished.catalog.select(FileFilter())
    furnished.catalog.close()
    furnished.catalog.published.unlink()
    furnished.catalog.work.unlink()
    with exclusive(furnished.catalog.folder / "lock", 1):
        assert furnished.open().select(FileFilter()) == before
    assert furnished.open().select(FileFilter()) == before


def test_a_waiting_writer_gets_its_turn(furnished):
    """Several writers of one process queue in the kernel; all get through."""
    from concurrent.futures import ThreadPoolExecutor

    catalogs = [furnished.open() for _ in range(4)]
    furnished.land()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda c: c.catch_up(wait_seconds=30, publish="now"), catalogs))
    assert done == [furnished.journal.head] * 4


def test_publishing_is_throttled_and_asking_is_not(furnished, clock):
    """At most one publishing a second unless asked for; asking is current all the same."""
    catalog = furnished.catalog
    new = furnished.land()
    catalog.catch_up(publish="now")
    furnished.record("queried", sha256="0" * 64)
    assert catalog.catch_up() == furnished.journal.head and not catalog.current()
    assert catalog.resolve([new])[0].id == new
    clock.advance(1.5)
    assert catalog.catch_up() == furnished.journal.head and catalog.current()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; the next test covers root")
def test_a_read_only_home_is_read(furnished):
    """Without the right to write, catching up fails softly and reading works."""
    for folder in (furnished.home, furnished.catalog.folder):
        os.chmod(folder, 0o555)
    try:
        with pytest.raises(CatalogError):
            furnished.land() and furnished.catalog.catch_up()
        assert len(furnished.catalog.reader().files(FileFilter())) == 5
    finally:
        for folder in (furnished.home, furnished.catalog.folder):
            os.chmod(folder, 0o755)


def test_a_home_without_room_for_the_catalog_is_read(furnished):
    """Where neither lock nor state can be made, catching up says so and reading goes on, current."""
    lock = furnished.catalog.folder / "lock"
    lock.unlink()
    lock.mkdir()
    new = furnished.land()
    with pytest.raises(CatalogError):
        furnished.catalog.catch_up()
    assert furnished.catalog.resolve([new])[0].id == new
    assert len(furnished.open().reader().files(FileFilter())) == 5
