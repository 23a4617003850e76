"""Windows of payloads: of any size, in any form, at any place; hostile ones are said to be what they are."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from inspection_feeds import CHART, PLAYS, SALES, chart, days, sold

from bedrot_console.domain.excerpts import Excerpt, Wish, pointer_of
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import Place
from bedrot_console.inspection.excerpt import excerpt
from bedrot_console.inspection.jsonscan import LEAP, Scan
from bedrot_console.inspection.pictures import MOST_PIXELS
from bedrot_console.inspection.pool import Readers
from bedrot_console.inspection.rowscan import RowScan
from bedrot_console.inspection.textscan import TextScan
from bedrot_console.inspection.viewers import STOPPED, Viewers

Look = Callable[..., Excerpt]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """`look(data, feed, **wish)`: the window of some bytes."""

    def ask(data: bytes, feed: Feed | None = None, **wish: Any) -> Excerpt:
        path = tmp_path / f"payload-{hash(data) & 0xFFFFFFFF:x}"
        if not path.exists():
            path.write_bytes(data)
        return excerpt(feed, path, Wish(**wish))

    return ask


def marked(found: Excerpt) -> tuple[str, ...]:
    """The keys from the root down to what is marked."""
    way = []
    for number, level in enumerate(found.levels):
        last = number + 1 == len(found.levels)
        here = [
            e for e in level.entries if (found.marked in (str(e.at), e.node) if last else e.node == found.levels[number + 1].node)
        ]
        way.append(here[-1].key)
    return tuple(way)


NESTED = {"source": "press", "days": [{"day": i, "by": [{"code": "GB", "n/m": i}] * 2} for i in range(900)], "tail": None}


def test_a_json_place_is_found_in_the_tree_and_in_the_text(look: Look) -> None:
    """The levels lead to the value, with its neighbours; the text window holds its bytes, pointed out."""
    data = json.dumps(NESTED).encode()
    place = Place(pointer="/days/700/by/1/n~1m")
    found = look(data, act="place", place=place, limit=20)
    assert marked(found) == ("days", "700", "by", "1", "n/m") and found.found
    assert data[slice(*found.mark)] == b'"n/m": 700'
    assert found.levels[1].skip == 694 and found.levels[1].more
    text = look(data, act="place", place=place, form="text", columns=60)
    assert data[slice(*text.mark)] == b'"n/m": 700' and any(e.at <= text.mark[0] < e.end for e in text.entries)


def test_a_field_that_is_missing_is_shown_where_it_is_missing(look: Look) -> None:
    """The window is that of the object which lacks it, and says so."""
    found = look(json.dumps(NESTED).encode(), act="place", place=Place(pointer="/days/3/country"))
    assert marked(found) == ("days", "3") and not found.found and found.note.startswith("country is not there")


def test_a_tree_comes_level_by_level_with_types_and_counts(look: Look) -> None:
    """Only what was asked for is read; a window goes on where the last one ended."""
    data = json.dumps(NESTED).encode()
    root = look(data)
    assert [(e.key, e.type, e.count) for e in root.entries] == [
        ("source", "string", -1),
        ("days", "array", 900),
        ("tail", "null", -1),
    ]
    first = look(data, act="children", form="structure", node=root.entries[1].node, limit=300)
    rest = look(data, act="children", form="structure", node=first.node, limit=700, skip=300, at=first.entries[-1].end)
    assert [e.key for e in (*first.entries, *rest.entries)] == [str(i) for i in range(900)]
    assert first.more and not rest.more and first.entries[0].type == "object" and first.entries[0].count == 2


def test_every_value_of_any_document_ends_where_json_says(tmp_path: Path) -> None:
    """Random documents, with escapes and nesting: each child decodes to the value it has; a leap over many lands on the right one."""
    rng = random.Random(7)

    def value(depth: int) -> Any:
        pick = rng.random()
        if depth and pick < 0.3:
            return [value(depth - 1) for _ in range(rng.randrange(5))]
        if depth and pick < 0.6:
            return {rng.choice(['a"', "b\\", "é", "]", "{"]) + str(i): value(depth - 1) for i in range(rng.randrange(5))}
        return rng.choice([None, True, -1.5e3, 'x"]}', "\\\\", "", "😀\n", 0])

    def walk(scan: Scan, node: str, expected: Any) -> None:
        wanted = list(expected.items()) if isinstance(expected, dict) else [(None, v) for v in expected]
        children = list(scan.children(node))
        assert [c.key for c in children] == [k for k, _ in wanted]
        for child, (_, inner) in zip(children, wanted, strict=True):
            assert json.loads(scan.data[child.at : child.end]) == inner
            if isinstance(inner, (dict, list)):
                walk(scan, str(child.at), inner)

    for _ in range(60):
        document = [value(6), value(3)]
        scan = Scan(json.dumps(document, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1])).encode())
        walk(scan, scan.root, document)
    rows = [value(2) for _ in range(LEAP * 3 + 5)]
    scan = Scan(json.dumps(rows).encode())
    for index in (0, LEAP - 1, LEAP, LEAP * 2 + 7, len(rows) - 1):
        child = scan.down([str(index)])[0][0][1]
        assert json.loads(scan.data[child.at : child.end]) == rows[index]
        assert scan.way_to(child.at)[0][1].index == index


@pytest.mark.parametrize(
    "broken",
    [b'{"a": [1, 2', b'{"a" 1}', b'["\\', b"[" * 100_000, b'{"a": }', b'{"a": 1,}', b"[1 2]", b'{"a":[{"b":"' + b"x" * 9000],
)
def test_json_that_breaks_off_is_shown_as_far_as_it_goes(look: Look, broken: bytes) -> None:
    """No crash, and the text is there in any case."""
    assert look(broken).kind == "json"
    assert look(broken, form="text").entries[0].text
    assert not look(broken, act="place", place=Place(pointer="/a/b/c/d")).found


def test_json_lines_are_values_one_below_the_other(look: Look) -> None:
    """Their row is their line."""
    feed = Feed(template="a/b_{stamp}.jsonl", name="a/b", format="jsonl")
    data = b'{"a": 1}\n{"a": 2}\n{"a": 3}\n'
    assert [e.text for e in look(data, feed).entries] == ['{"a": 1}', '{"a": 2}', '{"a": 3}']
    assert marked(look(data, feed, act="place", place=Place(row=2))) == ("1",)


def table(rows: int) -> bytes:
    """A table of so many rows with a quoted cell of two lines in every tenth."""
    return sold(*(("2026-02-01", f'"St{n}\nx"' if n % 10 == 0 else f"Store {n}", "A", n, "0.1") for n in range(rows)))


def test_any_row_of_a_table_is_found_by_its_number(look: Look) -> None:
    """Rows are counted as findings count them: the header is row 1, a row of two lines is one."""
    data = table(30_000)
    assert [e.row for e in look(data, SALES, limit=3).entries] == [2, 3, 4]
    found = look(data, SALES, row=25_002, limit=3)
    assert found.entries[0].cells == ("2026-02-01", "St25000\nx", "A", "25000", "0.1") and found.more
    last = look(data, SALES, row=-1, limit=2)
    assert [e.row for e in last.entries] == [30_000, 30_001] and not last.more
    assert not look(data, SALES, row=99_999).found
    assert look(data, SALES, act="place", place=Place(row=77, column="Store"), limit=9).column == "Store"
    assert [(h.name, h.type, h.known) for h in found.header[:2]] == [("Reporting Date", "date", True), ("Store", "varchar", True)]


def test_rows_are_counted_alike_fast_and_slow() -> None:
    """Leaps over plain pieces and steps over quoted ones agree with a reader that knows all, for every row asked for in any order."""
    import csv

    data = b"a,b\n" + b"".join(b'%d,"x\n%d"\n' % (n, n) if n % 997 == 0 else b"%d,plain%d\n" % (n, n) for n in range(60_000))
    wanted = list(csv.reader(io.StringIO(data.decode())))
    scan = RowScan(data)
    rng = random.Random(1)
    for row in [60_001, *(rng.randrange(1, 60_002) for _ in range(20))]:
        number, at = scan.seek(row)
        assert (number, scan.cells(at, scan.end_of(at))) == (row, wanted[row - 1])
        assert scan.row_at(at + 1)[0] == row


def test_a_page_is_an_outline_and_a_selector_leads_to_its_element(look: Look) -> None:
    """Landmarks, ids and words; the place is the element and its bytes."""
    page = b'<!doctype html><html><body>\n<nav id="top" class="a b">Menu</nav><main><form><input type="text"><input type="password"></form></main></body></html>'
    found = look(page, act="place", place=Place(selector="main > form input[type=password]"))
    assert marked(found) == ("body", "main", "form", "input") and found.levels[-1].entries[1].type == "input password"
    assert page[slice(*found.mark)] == b'<input type="password">'
    body = look(page, act="children", form="structure", node="0")
    assert [(e.key, e.type) for e in body.entries] == [("nav#top.a.b", "navigation"), ("main", "main")]
    assert look(page, act="place", form="text", place=Place(selector="#top")).mark[0] == page.find(b"<nav")
    assert not look(page, act="place", place=Place(selector="main > table")).found


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("<html><body><h1>Repört …</h1></body></html>".encode(), "Repört …"),
        (b"<html><head><meta charset=iso-8859-1></head><body><h1>Rep\xf6rt</h1></body></html>", "Repört"),
        (b"<html><body><h1>Rep\xf6rt</h1></body></html>", "Repört"),
    ],
)
def test_a_page_is_read_in_the_encoding_it_names_or_in_utf_8(look: Look, data: bytes, shown: str) -> None:
    """A page that names none and is no UTF-8 is Latin-1, as the parser has it."""
    assert any(shown in e.text for e in look(data, form="structure").entries), look(data, form="structure")


def test_what_a_parser_reads_out_of_a_page_is_a_form_of_its_own(look: Look) -> None:
    """A finding about the extracted rows leads to that row."""
    data = chart('{"category": "2026-03-01", "column-1": "1"}, {"category": "2026-03-02", "column-1": "7"}')
    found = look(data, CHART, act="place", place=Place(pointer="/1/plays"))
    assert (found.form, found.row, found.column) == ("rows", 3, "plays") and found.entries[1].cells == ("2026-03-02", "7")


@pytest.mark.parametrize("form", ["structure", "text"])
def test_words_are_found_forwards_backwards_and_round(look: Look, form: str) -> None:
    """Also in JSON that writes them with escapes; case does not matter."""
    data = json.dumps({"rows": [{"title": f"Lied {n}", "by": "Zoë" if n in (40, 600) else "-"} for n in range(800)]}).encode()
    first = look(data, act="find", text="zoë", form=form)
    second = look(data, act="find", text="zoë", form=form, at=first.mark[1])
    third = look(data, act="find", text="zoë", form=form, at=second.mark[1])
    back = look(data, act="find", text="zoë", form=form, at=second.mark[0], backward=True)
    assert first.mark == third.mark == back.mark != second.mark and third.again and not second.again
    assert not look(data, act="find", text="nobody", form=form).found
    if form == "structure":
        assert marked(second) == ("rows", "600", "by")


def test_words_in_a_table_are_a_cell(look: Look) -> None:
    """Row and column of the first place."""
    found = look(table(5000), SALES, act="find", text="store 4321")
    assert (found.row, found.column) == (4323, "Store")


def test_text_backwards_is_text_forwards() -> None:
    """Windows before a byte and after it meet, whatever characters stand there, and nothing is lost."""
    data = ("é漢\t" * 500 + "\n" + "plain\r\n" * 300 + "x" * 5000).encode()
    scan = TextScan(data, columns=40)
    forward = scan.forward(0, 10**6)
    assert b"".join(data[e.at : e.end] for e in forward) == data
    middle = forward[len(forward) // 2].at
    before = scan.backward(middle, 10**6)
    assert b"".join(data[e.at : e.end] for e in before) == data[:middle]


def png(width: int, height: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 0, 0)).save(out, "PNG")
    return out.getvalue()


def test_archives_open_member_by_member_and_pictures_are_made_small(look: Look) -> None:
    """A table in an archive in an archive; a picture beside it; gzip is unpacked by the way."""

    def packed(**files: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, body in files.items():
                archive.writestr(name.replace("_", "."), body)
        return out.getvalue()

    inner = packed(a_csv=b"x,y\n1,2\n", b_png=png(300, 200))
    data = packed(in_zip=inner, z_gz=gzip.compress(b'{"a": 1}'))
    assert [(e.key, e.type) for e in look(data).entries] == [("in.zip", "zip"), ("z.gz", "gz")]
    assert look(data, member=(0, 0)).names == ("in.zip", "a.csv") and look(data, member=(0, 0)).entries[0].cells == ("1", "2")
    picture = look(data, member=(0, 1), columns=30, lines=40).picture
    assert (picture.columns, picture.lines, picture.rgb[:3]) == (30, 20, bytes((200, 0, 0)))
    assert look(data, member=(1,)).kind == "json"
    assert look(data, member=(7,)).kind == "unreadable"


HOSTILE = {
    "picture bomb": lambda: png(8, 8)[:16] + (100_000).to_bytes(4, "big") * 2 + png(8, 8)[24:],
    "cut picture": lambda: png(300, 300)[:60],
    "cut archive": lambda: b"PK\x03\x04" + b"\0" * 200,
    "nested tags": lambda: b"<html><body>" + b"<div>" * 100_000,
    "deep": lambda: b"[" * 100_000 + b"]" * 100_000,
    "workbook that is none": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096,
    "one long quote": lambda: b'a,b\n1,"' + b"x\n" * 50_000,
    "nothing": lambda: b"\n \n",
    "binary": lambda: bytes(range(256)) * 64,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_payload_is_a_window_that_says_so(look: Look, name: str) -> None:
    """Whatever is asked of it."""
    assert MOST_PIXELS < 100_000**2
    for wish in (
        {},
        {"form": "text"},
        {"act": "find", "text": "x"},
        {"act": "place", "place": Place(pointer="/0/0")},
        {"row": -1},
        {"member": (0,)},
    ):
        found = look(HOSTILE[name](), **wish)
        assert isinstance(found, Excerpt) and len(found.entries) <= 200


@pytest.fixture
def viewers(tmp_path: Path) -> Iterator[Viewers]:
    readers = Readers([sys.executable, str(Path(__file__).with_name("inspection_feeds.py")), str(tmp_path)])
    yield Viewers(readers)
    readers.close()


def test_a_child_gives_the_window_that_is_given_here(viewers: Viewers, look: Look, pair: Callable) -> None:
    """The same answer through the wire, also with a picture and lone surrogates; one that nobody waits for says so."""
    for feed, data, wish in (
        (PLAYS, days("2026-02-20", list(range(50))), Wish(act="place", place=Place(pointer="/7/plays"))),
        (SALES, table(50), Wish(row=20, limit=5)),
        (None, png(30, 20), Wish(columns=8, lines=8)),
        (None, b'{"\\ud800": "\\ud800", "a": "\xff"}', Wish()),
    ):
        path = pair(b"", data)[1]
        assert viewers.excerpt(feed, path, len(data), wish) == excerpt(feed, path, wish)
    assert viewers.excerpt(None, path, 9, Wish(), stop=lambda: True).note == STOPPED


def test_places_are_read_as_people_write_them() -> None:
    """Pointer, row and column, selector."""
    assert pointer_of("/a/b") == Place(pointer="/a/b")
    assert pointer_of("row 12, column Store") == pointer_of("12:Store") == Place(row=12, column="Store")
    assert pointer_of(str(Place(column="Store"))) == Place(column="Store")
    assert pointer_of("main > form") == Place(selector="main > form")


def test_a_workbook_opens_sheet_by_sheet() -> None:
    """Its sheets are its members; a sheet is a table with row numbers."""
    path = Path(__file__).parents[2] / "extractors/tiktok/samples/overview/ok-workbook.xlsx"
    assert [e.key for e in excerpt(None, path, Wish()).entries] == ["Overview"]
    sheet = excerpt(None, path, Wish(member=(0,), limit=2))
    assert (sheet.names, sheet.header[1].name, sheet.header[1].type) == (("Overview",), "Video Views", "integer")
    found = excerpt(None, path, Wish(member=(0,), act="find", text=sheet.entries[1].cells[1]))
    assert (found.row, found.column) == (3, "Video Views")


def test_a_column_that_a_finding_names_is_found_without_a_row(look: Look) -> None:
    """In the header of a table, and among the columns that a parser makes."""
    assert look(table(9), SALES, act="place", place=Place(column="Store")).column == "Store"
    found = look(
        chart('{"category": "2026-03-01", "column-1": "1"}'), CHART, form="rows", act="place", place=Place(column="plays")
    )
    assert (found.form, found.column, found.found) == ("rows", "plays", True)
    assert not look(table(9), SALES, act="place", place=Place(column="nobody")).found
