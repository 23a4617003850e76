"""show: a part of a payload, named by form, rows, member, finding, place or words."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from cli_house import SIGN_IN, STATEMENT, Bedrot

Land = Callable[..., str]
ROWS = STATEMENT.format(units=1) + "".join(f"2026-01,Mara Vale,Store {n},Song {n},{n},0.5\n" for n in range(2, 400))


def test_show_prints_only_the_part_that_is_asked_for(bedrot: Bedrot, landed: Land) -> None:
    """Rows by number, the text, the place of some words; what is not there ends with 1."""
    name = landed(text=ROWS)
    rows = bedrot("show", name, "--rows", "121:123").out
    assert "Song 120" in rows and "Song 122" in rows and "Song 123" not in rows
    assert bedrot("show", name, "--rows", "121:123", "--json").records[0]["entries"][0]["cells"][2:4] == ["Store 120", "Song 120"]
    assert (
        bedrot("show", name, "--preview", "--lines", "2")
        .out.splitlines()[2]
        .endswith("2026-01,Mara Vale,Spotify,Night Ferry,1,61.93")
    )
    found = bedrot("show", name, "--find", "song 377")
    assert found.code == 0 and "→378" in found.out
    assert bedrot("show", name, "--find", "nobody").code == 1
    assert "→300" in bedrot("show", name, "--at", "row 300, column Store").out
    assert bedrot("show", name, "--rows", "x").code == 2


def test_show_leads_to_the_place_of_a_finding(bedrot: Bedrot, landed: Land) -> None:
    """Of a sign-in page that came as data: the field that gives it away."""
    name = landed("page.csv", SIGN_IN)
    bedrot("validate", name)
    assert "1. error" in bedrot("show", name).out
    said = bedrot("show", name, "--finding", "1")
    assert said.code == 0 and "→ input (input password)" in said.out
    assert bedrot("show", name, "--finding", "9").code == 2


def test_show_opens_members_of_archives(bedrot: Bedrot, tmp_path: Path) -> None:
    """By name, by the end of a name, by number; one that is not there is a usage error."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("in/a.csv", "x,y\n1,2\n")
        archive.writestr("b.json", '{"deep": [1, {"er": true}]}')
    path = tmp_path / "export.zip"
    path.write_bytes(out.getvalue())
    name = bedrot("land", "--json", "--feed", "manual/financial_data", path).records[0]["id"]
    assert "in/a.csv" in bedrot("show", name, "--structure").out
    for member in ("in/a.csv", "a.csv", "#1"):
        assert bedrot("show", name, "--member", member, "--json").records[0]["entries"][0]["cells"] == ["1", "2"]
    assert "er (boolean) true" in bedrot("show", name, "--member", "b.json", "--structure").out
    assert bedrot("show", name, "--member", "c.txt").code == 2
