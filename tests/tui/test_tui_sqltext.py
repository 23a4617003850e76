"""SQL as text: its words, and what the word at the cursor may become."""

from __future__ import annotations

import pytest

from bedrot_console.tui.sqltext import LONGEST, Lexicon, complete, tokens

LEXICON = Lexicon.of(
    [
        ("files", "id", "VARCHAR"), ("files", "feed", "VARCHAR"), ("files", "landed_at", "TIMESTAMP"), ("runs", "run_id", "VARCHAR"),
        ("runs", "state", "VARCHAR"), ("findings", "file_id", "VARCHAR"), ("findings", "first", "VARCHAR"),
        ("raw(feed, account)", "file_id", "VARCHAR"), ("raw(feed, account)", "day", "DATE"), ("raw(feed, account)", "*", "what it has"),
    ],
    [("length", "function"), ("list", "aggregate"), ("range", "table function"), ("raw", "table function"), ("fdiv", "macro")],
    ["distrokid/sales", "distrokid/streams", "toolost/spotify"],
)  # fmt: skip


def offers(text: str) -> list[str]:
    """What is offered at the bar in the text."""
    at = text.index("|")
    return [c.text for c in complete(text.replace("|", ""), at, LEXICON)[1]]


def test_words_are_told_apart() -> None:
    """Keywords, functions, types, strings with quotes in them, comments, numbers, quoted names; also what is not finished yet."""
    text = "select list(a), 'it''s', \"x y\" -- from\nfrom files /* t */ where n > 1.5e3 and cast(b as int) = 'open"
    kinds = [(t.text, t.kind) for t in tokens(text)]
    assert ("select", "keyword") in kinds and ("list", "function") in kinds and ("'it''s'", "string") in kinds
    assert ('"x y"', "name") in kinds and ("-- from", "comment") in kinds and ("/* t */", "comment") in kinds
    assert ("1.5e3", "number") in kinds and ("int", "type") in kinds and ("'open", "string") in kinds and ("n", "word") in kinds


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("select f|", "feed"),
        ("select fe| from files", "feed"),
        ("select st| from files", "struct"),
        ("select st| from runs", "state"),
        ("select * from f|", "files"),
        ("select * from files f join r|", "runs"),
        ("select * from files, fin|", "findings"),
        ("select id, la| from files", "landed_at"),
        ("select r.| from runs r", "run_id"),
        ("select x.st| from files f, runs as x", "state"),
        ("select le| from files", "left"),
        ("with mine as (select 1) select * from mi|", "mine"),
        ("SEL|", "SELECT"),
        ("select _at| from files", "landed_at"),
        ("select * from ran|", "range("),
        ("select fd| from runs", "fdiv("),
        ("select cast(id as var|", "varchar"),
    ],
)
def test_the_first_offer_fits_the_place(text: str, first: str) -> None:
    """Columns of the views that the query names, an alias's own columns after its dot, views after FROM and JOIN, names made by WITH."""
    assert offers(text)[0] == first


@pytest.mark.parametrize(
    "text", ["select 'f|'", "-- f|", "select |", "select nope.f| from files", "select 12|", 'select "f|', "select /* f|"]
)
def test_nothing_is_offered_where_no_name_can_stand(text: str) -> None:
    """Inside strings, comments, numbers and quoted names, without a letter, and after an unknown owner."""
    assert offers(text) == []


def test_a_very_long_text_is_left_alone() -> None:
    """Completion costs nothing on a text that nobody wrote by hand."""
    assert offers("select f| " + "x" * LONGEST) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from raw|", ["raw("]),
        ("from raw('dis|", ["distrokid/sales')", "distrokid/streams')"]),
        ("from raw('|')", ["distrokid/sales", "distrokid/streams", "toolost/spotify"]),
        ("from raw('distrokid/st|') where x = 'a'", ["distrokid/streams"]),
        ("from raw('spot|", ["toolost/spotify')"]),
        ("from raw('spot|\nwhere x = 'a'", ["toolost/spotify')"]),
        ("from raw('spot|) where x = 'a'", ["toolost/spotify'"]),
        ("from raw('spot|ify')", []),
        ("select * from other('dis|", []),
        ("from raw('a/b') where x = 'dis|'", []),
        ("select r.| from raw('toolost/spotify') r", ["file_id", "day"]),
        ("select r.da| from raw('toolost/spotify', last := 1) as r, files", ["day"]),
    ],
)
def test_macros_and_their_feeds_are_offered(text: str, expected: list[str]) -> None:
    """The macro after FROM; inside its quotes the feeds, closed where nothing closes them; the columns that each of its rows has."""
    assert offers(text) == expected


def test_columns_of_a_feed_are_learned_from_what_it_answered() -> None:
    """After everything was asked of a macro once, its columns are offered wherever it is called; what a query made itself is not learned."""
    lexicon = Lexicon.of([("raw(feed)", "file_id", "VARCHAR"), ("raw(feed)", "day", "DATE")], [], ["x/y"])
    lexicon.learn("select day, 1 as made from raw('x/y')", ["day", "made"], ["DATE", "INTEGER"])
    lexicon.learn("from raw('x/y') limit 1", ["file_id", "day", "plays"], ["VARCHAR", "DATE", "BIGINT"])
    text = "select pl, ma from raw('x/y', last := 1)"
    assert [c for c in complete(text, 9, lexicon)[1] if c.about == "bigint"] == [("plays", "bigint")]
    assert "made" not in [c.text for c in complete(text, 13, lexicon)[1]]
    again = Lexicon.of([("raw(feed)", "file_id", "VARCHAR")], [], before=lexicon)
    assert ("plays", "bigint") in again.columns("raw 'x/y'")
