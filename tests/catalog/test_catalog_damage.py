"""A damaged catalog is noticed, set aside and made again equal; a newer one is refused; a file that is open is never opened again."""

from __future__ import annotations

import gc
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bedrot_console.catalog import gate, schema
from bedrot_console.catalog.gate import Database
from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.errors import CatalogError, CatalogTooNew


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    rng = random.Random(7)
    for _ in range(60):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").write_text("x")


def _foreign(path: Path) -> None:
    path.unlink()
    connection = duckdb.connect(str(path))
    connection.execute("CREATE TABLE mine (a INTEGER)")
    connection.close()


def _forged_wal(path: Path) -> None:
    path.with_name(path.name + ".wal").write_bytes(b"not a write-ahead log" * 100)


def _old_copy(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


DAMAGES = {
    "deleted": lambda p: p.unlink(),
    "empty": lambda p: p.write_bytes(b""),
    "truncated": _old_copy,
    "one byte": lambda p: p.write_bytes(b"\0"),
    "garbage": lambda p: p.write_bytes(random.Random(1).randbytes(300_000)),
    "zero tail": lambda p: p.write_bytes(p.read_bytes()[:-20_000] + bytes(20_000)),
    "garbage tail": lambda p: p.write_bytes(p.read_bytes() + b"x" * 4096),
    "header": lambda p: p.write_bytes(b"\xff" * 4096 + p.read_bytes()[4096:]),
    "flipped bits": _flip,
    "a folder": _directory,
    "another database": _foreign,
    "forged log": _forged_wal,
    "a dangling link": lambda p: (p.unlink(), p.symlink_to("nowhere")),
}


@pytest.fixture
def answers(furnished):
    """What the whole catalog answers; compared after each damage."""

    def ask(catalog):
        with catalog.reader() as reader:
            rows = reader.files(FileFilter(), limit=None)
            return (
                rows,
                reader.events(limit=1000),
                reader.runs(),
                [reader.decisions(r.id) for r in rows],
                reader.groups(FileFilter(), "feed"),
            )

    return ask, ask(furnished.catalog)


def _damage(path: Path, how: str) -> None:
    gc.collect()
    if path.exists():
        os.chmod(path, 0o644)
    DAMAGES[how](path)


DAILY = {"published": {"flipped bits", "a folder"}, "work": set(DAMAGES), "both": {"deleted", "garbage", "another database"}}
"""What the daily suite does to which file: that a damaged published file is mended is shown of every damage below. `-m long`: everything."""


@pytest.mark.parametrize(
    ("which", "how"),
    [
        pytest.param(which, how, marks=() if how in often else pytest.mark.long)
        for which, often in DAILY.items() for how in DAMAGES
    ],
)  # fmt: skip
def test_damage_is_noticed_and_the_catalog_made_again_equal(furnished, answers, which, how):
    """Whatever happened to one or both files, the next reader answers as before, and so do new events."""
    ask, before = answers
    for name in ("published", "work"):
        if which in (name, "both"):
            _damage(getattr(furnished.catalog, name), how)
    again = furnished.open()
    again.catch_up(publish="now")
    assert ask(again) == before
    new = furnished.land()
    assert again.resolve([new])[0].id == new
    again.catch_up(publish="now")
    assert again.reader().file(new).id == new
    assert again.rebuild(verify=True).equal is True


@pytest.mark.parametrize("how", DAMAGES)
def test_asking_mends_a_damaged_published_catalog(furnished, how):
    """resolve, select and a reader answer rightly at once, without anybody calling for repair."""
    before = furnished.catalog.select(FileFilter())
    furnished.catalog.close()
    _damage(furnished.catalog.published, how)
    assert furnished.open().select(FileFilter()) == before
    assert furnished.open().reader().files(FileFilter()) == before


def test_bits_flipped_behind_our_back_are_found_when_read(furnished):
    """Rot that leaves size and time alone is found by the query that meets it, and healed under it."""
    for _ in range(400):
        furnished.land()
    furnished.catalog.catch_up(publish="now")
    before = furnished.catalog.select(FileFilter())
    furnished.catalog.close()
    published = furnished.catalog.published
    times = published.stat()
    os.chmod(published, 0o644)
    with open(published, "r+b") as file:
        for place in range(12_288 + 100, times.st_size, 1000):
            file.seek(place)
            byte = file.read(1)
            file.seek(place)
            file.write(bytes([byte[0] ^ 0x40]))
    os.utime(published, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert furnished.open().reader().files(FileFilter(), limit=None) == before
    assert furnished.open().select(FileFilter()) == before


def test_damaged_files_are_kept_aside_but_not_for_ever(furnished):
    """What was damaged can be looked at; only the newest few stay."""
    for _ in range(5):
        furnished.catalog.work.write_bytes(b"garbage")
        furnished.open().catch_up(publish="now")
    assert len(list((furnished.catalog.folder / "aside").iterdir())) == 3


def _stamp(path: Path, version: int) -> None:
    os.chmod(path, 0o644)
    connection = duckdb.connect(str(path))
    connection.execute(f"UPDATE base.meta SET version = {version}")
    connection.close()


def test_a_newer_catalog_is_refused_and_left_alone(furnished):
    """A catalog of a newer program is neither read nor written nor rebuilt over."""
    _stamp(furnished.catalog.work, schema.VERSION + 1)
    _stamp(furnished.catalog.published, schema.VERSION + 1)
    data = furnished.catalog.work.read_bytes()
    furnished.land()
    for call in (
        lambda c: c.catch_up(publish="now"), lambda c: c.reader(), lambda c: c.resolve(["abcdefgh"]), lambda c: c.rebuild(),
        lambda c: c.rebuild(verify=True), lambda c: c.refuse_newer(),
    ):  # fmt: skip
        with pytest.raises(CatalogTooNew) as caught:
            call(furnished.open())
        assert caught.value.exit_code == 7 and "update bedrot" in (caught.value.hint or "")
    assert furnished.catalog.work.read_bytes() == data


@pytest.mark.parametrize("version", range(1, schema.VERSION))
def test_a_catalog_of_an_older_version_is_migrated_with_equal_answers(furnished, version):
    """A file that knew no series (1) or no shapes (2) answers as before after the next command, as a rebuilt one does, and takes more in."""
    before = furnished.open().select(FileFilter())
    for path in (furnished.catalog.work, furnished.catalog.published):
        os.chmod(path, 0o644)
        connection = duckdb.connect(str(path))
        for view in schema.VIEWS:
            connection.execute(f"DROP VIEW main.{view}")
        connection.execute("ALTER TABLE base.files DROP COLUMN shape; ALTER TABLE base.files DROP COLUMN stamp")
        if version == 1:
            connection.execute("ALTER TABLE base.files DROP COLUMN series; ALTER TABLE base.freshness DROP COLUMN series")
        connection.execute(f"UPDATE base.meta SET version = {version}")
        connection.close()
    assert furnished.open().select(FileFilter()) == before, "an old published file is read, or healed"
    new = furnished.land(series="artist-a_28day")
    catalog = furnished.open()
    catalog.catch_up(publish="now")
    rows = catalog.select(FileFilter())
    assert [row for row in rows if row.id != new] == before
    assert [row.id for row in catalog.select(FileFilter(series="artist-a_28day"))] == [new]
    aside = furnished.catalog.folder / "aside"
    assert not list(aside.glob("work*")), "migrated, not made anew"
    assert not list(catalog.folder.glob(".work*")), "and written without gaps"
    assert catalog.rebuild(verify=True).equal is True


def test_a_catalog_of_another_journal_is_made_again(furnished):
    """A journal that was put back to an older state, or replaced, is noticed by the mark of the last applied event."""
    path = furnished.journal.path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-4]))
    rows = furnished.open().select(FileFilter())
    assert len(rows) == 5
    again = furnished.open()
    again.catch_up(publish="now")
    assert again.reader().applied_seq == len(lines) - 4
    path.write_bytes(b"".join(lines[:-4]) + lines[-1].replace(b'"partial"', b'"failed"'))
    assert furnished.open().rebuild(verify=True).equal is None or furnished.open().select(FileFilter()) == rows


def test_the_sidecar_is_the_higher_truth(furnished):
    """Rebuilding takes place and facts from the sidecars: files that the journal forgot, moved by hand, or lost."""
    a, b, c, d, e = furnished.ids
    rows = {r.id: r for r in furnished.catalog.select(FileFilter())}
    stray = furnished.sidecar("metaads/ads")
    furnished.put("landing", "metaads/ads/stray.json", stray)
    moved = furnished.home / "landing" / (rows[e].path + ".meta.json")
    moved.rename(furnished.home / "quarantine" / moved.name)
    (furnished.home / "landing" / (rows[d].path + ".meta.json")).unlink()
    (furnished.home / "raw" / (rows[a].path + ".meta.json")).write_bytes(b"{}")
    done = furnished.catalog.rebuild(verify=True)
    assert (done.added, done.mended, done.missing, done.damaged, done.equal) == (1, 1, 1, 1, False)
    after = {r.id: r for r in furnished.catalog.reader().files(FileFilter(), limit=None)}
    assert set(after) == {a, b, c, e, stray.id}
    assert (after[e].zone, after[e].path) == ("quarantine", moved.name.removesuffix(".meta.json"))
    assert after[a] == rows[a]
    assert sum(n for _, n, _ in furnished.catalog.reader().groups(FileFilter(), "zone")) == 5


def test_a_connected_catalog_file_cannot_be_opened_or_copied(furnished, tmp_path):
    """Closing a second descriptor would drop DuckDB's lock, so the audit hook forbids it, by any spelling of the path."""
    published = furnished.catalog.published
    reader = furnished.catalog.reader()
    link = tmp_path / "hard.duckdb"
    os.link(published, link)
    for attempt in (
        published.read_bytes,
        lambda: shutil.copy(published, tmp_path / "x"),
        lambda: os.open(link, os.O_RDONLY),
    ):
        with pytest.raises(CatalogError, match="may not be opened"):
            attempt()
    reader.close()
    assert published.read_bytes()


def test_a_connected_file_that_was_replaced_does_not_leave_its_inode_to_another_file(furnished, monkeypatch):
    """DuckDB lets go of the old catalog first: until the watch is off it too, its inode is not free, so no new file passes for it."""
    inode = os.stat(furnished.catalog.published).st_ino
    held = []
    real = gate._shut

    def shut(connection):
        real(connection)
        held.append(_is_held(inode))

    monkeypatch.setattr(gate, "_shut", shut)
    reader = furnished.catalog.reader()
    monkeypatch.undo()
    furnished.land()
    furnished.catalog.catch_up(publish="now")
    reader.close()
    assert held == [True]
    assert not _is_held(inode)


def _is_held(inode):
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.stat(f"/proc/self/fd/{name}").st_ino == inode:
                return True
        except OSError:
            pass
    return False


def test_publishing_works_while_the_same_process_reads(furnished):
    """A console that reads and decides in one process publishes without touching what it has open."""
    reader = furnished.catalog.reader()
    before = reader.count(FileFilter())
    furnished.land()
    furnished.catalog.catch_up(publish="now")
    assert reader.count(FileFilter()) == before
    assert reader.fresh() and reader.count(FileFilter()) == before + 1
    assert not reader.fresh()


def test_no_other_module_opens_catalog_files():
    """Only the gate, and the SQL child in its own process, connect to a DuckDB file; Parquet is written by an engine without one."""
    folder = Path(schema.__file__).parent
    texts = {p.name: p.read_text() for p in folder.glob("*.py")}
    callers = {name for name, text in texts.items() if "duckdb.connect(" in text}
    assert callers == {"gate.py", "sql_child.py", "parquet.py"}
    assert "ATTACH" not in texts["parquet.py"].upper() and 'duckdb.connect(":memory:"' in texts["parquet.py"]


def test_the_file_has_no_index_and_an_old_format(furnished):
    """No index, no key; storage version 1.5, so that DuckDB 1.5 tools read it."""
    database = Database(furnished.catalog.published, read_only=True)
    try:
        ask = database.connection.execute
        assert ask("SELECT count(*) FROM duckdb_indexes()").fetchone() == (0,)
        assert ask("SELECT count(*) FROM duckdb_constraints() WHERE constraint_type <> 'NOT NULL'").fetchone() == (0,)
        assert "v1.5" in str(ask("SELECT tags FROM duckdb_databases() WHERE database_name = 'catalog'").fetchone())
    finally:
        database.close()


def test_duckdb_1_5_reads_the_published_catalog(furnished):
    """Tools on DuckDB 1.5 open the catalog and its views."""
    folder = os.environ.get("BEDROT_DUCKDB15")
    if not folder or not Path(folder).is_dir():
        pytest.skip("BEDROT_DUCKDB15 names no folder with DuckDB 1.5.5 (pip install --target DIR duckdb==1.5.5)")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import duckdb; assert duckdb.__version__.startswith('1.5'), duckdb.__version__\n"
        "c = duckdb.connect(sys.argv[2], read_only=True)\n"
        "views = [r[0] for r in c.execute(\"SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'\").fetchall()]\n"
        "print(len(views), *[len(c.execute(f'SELECT * FROM {v}').fetchall()) for v in sorted(views) if v == 'files'])\n"
        "[c.execute(f'SELECT count(*) FROM {v}').fetchall() for v in views]"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, folder, str(furnished.catalog.published)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(len(schema.VIEWS)), "5"]
