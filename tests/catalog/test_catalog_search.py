"""A text is found where it stands, without a look at the paths: shapes, stamps, and the few files of a rare text."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.catalog import queries, search
from bedrot_console.catalog.shapes import MONTH, WHOLE, readings, shape_of, shape_sql
from bedrot_console.domain.browsing import FileFilter

STAMPS = st.tuples(st.sampled_from(["2019", "2020", "1111", "0000"]), st.sampled_from(["07", "11", "20"]), st.sampled_from(["04", "11", "20"]),
                   st.sampled_from(["_201907", "_111111", "_000000"])).map("".join)  # fmt: skip
PIECES = st.one_of(
    STAMPS, st.sampled_from(["2019/07", "1111/11", "/", "_", "a/B", "Ä_02", ".json", "7", WHOLE, MONTH, "%", "🎵"])
)
PATHS = st.one_of(
    st.lists(PIECES, min_size=1, max_size=6).map("".join),
    STAMPS.map(lambda s: f"x/Y/{s[:4]}/{s[4:6]}/x_Y_{s}.json"),
    st.tuples(STAMPS, STAMPS).map(lambda p: f"x/{p[0]}/{p[1]}_{p[0][:4]}/{p[0][4:6]}.csv"),
)


def _stands(text: str, path: str, shapes: list[str] | None) -> bool | None:
    """Whether the text stands in the path, by its shape and stamp alone; None: not told."""
    ways = readings(text, shapes)
    if ways is None:
        return None
    shape, stamp = shape_of(path)
    digits = "" if stamp is None else f"{stamp:014d}"
    return any(
        way.piece in shape.lower() and all(digits and digits[number] == digit for number, digit in way.digits) for way in ways
    )


@given(st.lists(PATHS, min_size=1, max_size=5), st.data())
def test_a_text_stands_in_a_path_if_and_only_if_shape_and_stamp_say_so(paths, data):
    """Any piece of any path, asked of any other path: what the readings say is what the path says, with the shapes known or not."""
    asked, path = data.draw(st.sampled_from(paths)), data.draw(st.sampled_from(paths))
    first = data.draw(st.integers(0, len(asked) - 1))
    text = asked[first : data.draw(st.integers(first + 1, len(asked)))].lower()
    for shapes in ([shape_of(p)[0].lower() for p in paths], None):
        assert _stands(text, path, shapes) in (text in path.lower(), None)


def test_a_long_text_of_digits_is_not_taken_apart_without_end():
    """What has too many readings is looked for in the paths; known shapes leave few of them."""
    assert readings("11111111_111111" * 400) is None
    assert [way.piece for way in readings("_20190704", [f"x/{MONTH}/x_{WHOLE}.json"]) or ()] == [f"_{WHOLE}"]


@given(st.lists(PATHS, min_size=1, max_size=20))
def test_shapes_and_stamps_are_the_same_by_sql(paths):
    """A migrated row and one that is applied have the same shape and stamp; the path is made whole again from the two."""
    shape, stamp = shape_sql("path")
    found = duckdb.sql(f"SELECT {shape}, {stamp} FROM (SELECT unnest($1) AS path)", params=[paths]).fetchall()
    assert found == [shape_of(path) for path in paths]
    for path, (form, number) in zip(paths, found, strict=True):
        if number is not None:
            digits = f"{number:014d}"
            whole = form.replace(MONTH, f"{digits[:4]}/{digits[4:6]}").replace(WHOLE, f"{digits[:8]}_{digits[8:]}")
            assert whole == path


@pytest.mark.parametrize(("few", "most"), [(2000, 2000), (3, 2000), (2000, 1)])
def test_every_text_finds_what_plain_python_finds(lake, monkeypatch, few, most):
    """Pages, counts, places and groups of texts from everywhere, whether their files are few or many, whether shapes are few or many."""
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(search, "MOST_SHAPES", most)
    names = [
        "distrokid/streams/streams_stats_20190704_120000.html", "distrokid/streams/2019/07/streams_stats_20190704_120000_02.html",
        "distrokid/sales/sales_report_20190704.tsv", "metaads/20190704_201907/ads.json", "metaads/20200229_070420/Ads.json",
        f"odd/{WHOLE}_20190704_000000", "odd/plain_2019.txt", "odd/Ärger_11111111_111111_111111.csv",
    ]  # fmt: skip
    ids = [lake.land(name.rsplit("/", 1)[0][:20] or "odd/x", path=name) for name in names]
    lake.catalog.catch_up(publish="now")
    texts = ["_20190704", "2019", "0704", "0", "20190704_12", "2019/07", "streams", "ADS", "s_2019", "07_02", "ärger_1", "zz", WHOLE, "1" * 7,
             ids[0][:9], ids[2], "_", "/20190704_201907/ads", *names]  # fmt: skip
    with lake.catalog.reader() as reader:
        everything = reader.files(FileFilter(), limit=None)
        assert len(everything) == len(names)
        for text in texts:
            for wanted in (FileFilter(text=text), FileFilter(text=text, order="path", platform="metaads")):
                rows = sorted((r for r in everything if queries.matches(wanted, r)), key=queries.sort_key(wanted.order))
                assert reader.files(wanted, limit=None) == rows, text
                assert reader.count(wanted) == len(rows) == sum(n for *_, n, _ in reader.states(wanted))
                if rows:
                    assert reader.files(wanted, after=rows[0]) == rows[1:]
                    assert reader.offset_of(wanted, rows[-1]) == len(rows) - 1
                    assert reader.between(wanted, rows[0], rows[-1], 100) == rows


def test_what_was_found_of_another_catalog_is_not_asked_of_this_one(lake):
    """A text asked again after the next publishing finds the new file too, also one of a shape that was never there."""
    first = lake.land(path="distrokid/streams/a_20190704_120000.html")
    lake.catalog.catch_up(publish="now")
    wanted = FileFilter(text="_20190704")
    with lake.catalog.reader() as reader:
        assert [row.id for row in reader.files(wanted)] == [first]
        second = lake.land(path="distrokid/streams/b/c_20190704_120000_d.html")
        lake.catalog.catch_up(publish="now")
        assert reader.count(wanted) == 1
        assert reader.fresh()
        assert [row.id for row in reader.files(wanted)] == [second, first] and reader.count(wanted) == 2
