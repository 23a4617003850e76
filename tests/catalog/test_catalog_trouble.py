"""What an error of DuckDB says: a file that is not whole is made anew; a question that is wrong never costs a whole one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil

import duckdb
import pytest

from bedrot_console.catalog.gate import Database
from bedrot_console.catalog.trouble import CatalogDamaged, QuestionFailed, translated
from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.errors import CatalogDisk

WRONG = {
    "no such table": "SELECT * FROM base.nope",
    "no such column": "SELECT nope FROM base.files",
    "no such function": "SELECT nope(id) FROM base.files",
    "no SQL": "SELEC 1",
    "no number": "SELECT id::INTEGER FROM base.files",
    "too large a number": "SELECT size_bytes * 9223372036854775807 FROM base.files",
    "its own error": "SELECT error('why') FROM base.files",
    "a bad pattern": "SELECT regexp_matches(id, '(') FROM base.files",
    "a value too few": "SELECT $1 + $2",
    "a foreign file": "SELECT * FROM read_csv('/nowhere')",
    "a forbidden write": "INSERT INTO base.meta VALUES (1, 2, '')",
}

OPEN = duckdb.InternalException, duckdb.FatalException, duckdb.Error, duckdb.TransactionException, duckdb.IOException
"""Errors that a wrong question and a bad file have in common."""


def _aside(lake):
    folder = lake.catalog.folder / "aside"
    return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_question_leaves_a_whole_catalog_where_it_is(furnished, what):
    """A fault of this program ends as one error each time; the same file answers the next question."""
    inode = furnished.catalog.published.stat().st_ino
    with furnished.open().reader() as reader:
        for _ in range(2):
            with pytest.raises(QuestionFailed, match=r"catalog did not answer") as caught:
                reader._ask(WRONG[what])
            assert caught.value.exit_code == 6
        assert len(reader.files(FileFilter())) == 5
    assert furnished.catalog.published.stat().st_ino == inode
    assert _aside(furnished) == []


def test_a_fault_in_applying_leaves_the_work_file_where_it_is(furnished, monkeypatch):
    """What cannot be written is told as that, as often as it is tried; once it can be, the same file takes it."""
    from bedrot_console.catalog.apply import Applier

    inode = furnished.catalog.work.stat().st_ino
    new = furnished.land()
    monkeypatch.setattr(Applier, "apply", lambda self, events: self.cursor.execute("INSERT INTO base.files VALUES (1)"))
    for _ in range(2):
        with pytest.raises(QuestionFailed):
            furnished.open().catch_up(publish="now")
    assert furnished.open().resolve([new])[0].id == new, "asking goes on by the journal"
    monkeypatch.undo()
    furnished.open().catch_up(publish="now")
    assert furnished.open().reader().file(new).id == new
    assert furnished.catalog.work.stat().st_ino == inode
    assert not [name for name in _aside(furnished) if "work" in name]


class GivingUp:
    """An instance of DuckDB that met an internal error: it refuses everything."""

    def __init__(self, error):
        self.error = error

    def cursor(self):
        raise self.error


@pytest.mark.parametrize("kind", [duckdb.InternalException, duckdb.FatalException])
def test_an_engine_that_gives_up_over_a_whole_file_begins_anew(furnished, kind):
    """The one question fails, and the next is answered from the same file."""
    with furnished.open().reader() as reader:
        database = reader.opened
        database._connection = GivingUp(kind("INTERNAL Error: Attempted to access index 3 within vector of size 3"))
        with pytest.raises(QuestionFailed):
            reader.count(FileFilter(text="stream"))
        assert reader.opened is database
        assert len(reader.files(FileFilter())) == 5
    assert _aside(furnished) == []


def test_an_error_that_leaves_it_open_is_decided_by_the_file(furnished):
    """Whatever the error was called: a file that can be read to its end is whole, and one with rot in its rows is damaged."""
    path = furnished.home / "copy.duckdb"
    shutil.copy(furnished.catalog.published, path)
    with contextlib.closing(Database(path, read_only=True)) as database:
        assert {type(translated(kind("it is odd"), path, database.sound)) for kind in OPEN} == {QuestionFailed}
        block = database.connection.execute("SELECT max(block_id) FROM pragma_storage_info('base.events')").fetchone()[0]
    data = bytearray(path.read_bytes())
    data[12_288 + block * 262_144 + 100] ^= 1
    os.unlink(path)
    path.write_bytes(data)
    with contextlib.closing(Database(path, read_only=True)) as database:
        assert {type(translated(kind("it is odd"), path, database.sound)) for kind in OPEN} == {CatalogDamaged}


@pytest.mark.parametrize(
    "lost", ["DROP TABLE base.decisions CASCADE", "DROP VIEW main.metrics", "ALTER TABLE base.runs RENAME COLUMN state TO s"]
)
def test_a_catalog_without_one_of_its_tables_is_damaged(furnished, lost):
    """A question that fails because somebody changed the file is no fault of the question."""
    published = furnished.catalog.published
    os.chmod(published, 0o644)
    with duckdb.connect(str(published)) as connection:
        if "TABLE" in lost:
            for (view,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
                connection.execute(f"DROP VIEW main.{view}")
        connection.execute(lost.replace(" CASCADE", ""))
    database = Database(published, read_only=True)
    with pytest.raises(CatalogDamaged), database.cursor() as cursor:
        cursor.execute("SELECT decision_id, value FROM base.decisions, main.metrics, (SELECT state FROM base.runs)")
    database.close()


def test_what_the_system_refuses_is_told_as_a_disk(tmp_path):
    """What the disk refuses ends with 5, whichever of DuckDB or the system says it, and is no damage."""
    for error in (
        OSError(errno.ENOSPC, "No space left on device"),
        duckdb.IOException("IO Error: Could not write: No space left on device"),
        duckdb.IOException('IO Error: Cannot open file "x": Too many open files'),
    ):
        found = translated(error, tmp_path / "catalog.duckdb")
        assert isinstance(found, CatalogDisk) and found.exit_code == 5 and "bedrot rebuild" in (found.hint or "")
