"""A catalog that is missing, changed or of another version: `status` says so, a command that may write makes it whole, and one that may not says why."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from cli_house import Bedrot
from test_cli_linear import Typed, tree

from bedrot_console.catalog import schema


def _missing(home: Path) -> None:
    (home / "catalog.duckdb").unlink()


def _all_missing(home: Path) -> None:
    _missing(home)
    shutil.rmtree(home / ".bedrot/catalog")


def _changed(home: Path) -> None:
    os.chmod(home / "catalog.duckdb", 0o644)
    (home / "catalog.duckdb").write_bytes(b"no catalog")


def _old(home: Path) -> None:
    """What the version before this one left."""
    for path in (home / "catalog.duckdb", home / ".bedrot/catalog/work.duckdb"):
        os.chmod(path, 0o644)
        with duckdb.connect(str(path)) as connection:
            for view in schema.VIEWS:
                connection.execute(f"DROP VIEW main.{view}")
            connection.execute("ALTER TABLE base.files DROP COLUMN shape; ALTER TABLE base.files DROP COLUMN stamp")
            connection.execute(f"UPDATE base.meta SET version = {schema.VERSION - 1}")
    state = home / ".bedrot/catalog/state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"version": schema.VERSION - 1}))


WAYS = {
    "missing": (_missing, "catalog-missing", "there is no catalog.duckdb"),
    "all missing": (_all_missing, "catalog-missing", "there is no catalog.duckdb"),
    "changed": (_changed, "catalog-changed", "catalog.duckdb is damaged"),
    "old": (_old, "catalog-old", "catalog.duckdb is of an older version"),
}


@pytest.mark.parametrize("way", WAYS)
def test_status_says_how_the_catalog_stands_until_a_command_made_it_whole(
    landed: Callable[..., str], bedrot: Bedrot, home: Path, way: str
) -> None:
    """Not ok while it is not whole, with the command that mends it; that command does, and status is ok again and knows the file."""
    name = landed()
    before = bedrot("status", "--json").records[0]
    assert before["catalog"]["state"] == "whole" and not [a for a in before["alerts"] if a["alert"] == "catalog"]
    spoil, code, _ = WAYS[way]
    spoil(home)
    found = bedrot("status", "--json").records[0]
    (alert,) = (a for a in found["alerts"] if a["alert"] == "catalog")
    assert found["health"] == "attention" and alert["code"] == code and alert["command"] == "bedrot files"
    assert code in bedrot("status").out
    assert [record["id"] for record in bedrot("files", "--json").records] == [name]
    assert bedrot("status", "--json").records[0] | {"catalog": None} == before | {"catalog": None}
    assert bedrot("status", "--json").records[0]["catalog"]["state"] == "whole"


@pytest.mark.parametrize("way", WAYS)
def test_a_read_only_process_says_what_is_wrong_with_the_catalog_and_what_mends_it(
    landed: Callable[..., str], bedrot: Bedrot, home: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence and the command in every place, exit code 6, and not a byte of the home is changed."""
    landed()
    spoil, code, sentence = WAYS[way]
    spoil(home)
    monkeypatch.setenv("BEDROT_READ_ONLY", "1")
    before = tree(home)
    for words in (("files",), ("sql", "select count(*) from files"), ("sql", "--schema")):
        done = bedrot(*words)
        assert (
            done.code == 6
            and sentence in done.err
            and "read-only the catalog stays as it is" in done.err
            and "next: bedrot files" in done.err
        )
    status = bedrot("status").out
    assert "health: attention" in status and code in status and "read-only it stays so" in status
    monkeypatch.setattr("sys.stdin", Typed("files", "sql select id from files"))
    said = bedrot("console", "--linear").out
    assert said.count(sentence) >= 2 and "Next: bedrot files" in said
    assert tree(home) == before


def test_a_home_where_nothing_happened_yet_needs_no_catalog(bedrot: Bedrot, home: Path) -> None:
    """No catalog before the first file is no alert."""
    assert bedrot("status", "--json").records[0]["health"] == "ok"
