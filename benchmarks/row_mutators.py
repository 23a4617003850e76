"""Ways to damage the rows of a good capture: those in a page's chart, and those of tables, bare or in a zip."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable

from mutators import Case, mutator

# -- pages --------------------------------------------------------------------------------------------------------------------

PAGE_ROW = re.compile(rb"\{[^{}]{0,80}\b20\d\d-\d\d-\d\d\b[^{}]{0,80}\},?\s*")


@mutator
def page_row_missing(case: Case) -> bytes | None:
    """A day in the middle of a page's chart that the capture before had is gone."""
    rows = list(PAGE_ROW.finditer(case.one.body)) if case.feed.format == "html" else []
    if len(rows) < 9:
        return None
    gone = rows[case.draw.randrange(len(rows) // 3, 2 * len(rows) // 3)]
    return case.one.body[: gone.start()] + case.one.body[gone.end() :]


@mutator
def page_row_twice(case: Case) -> bytes | None:
    rows = list(PAGE_ROW.finditer(case.one.body)) if case.feed.format == "html" else []
    if len(rows) < 9:
        return None
    twice = rows[case.draw.randrange(len(rows) // 3, 2 * len(rows) // 3)]
    return case.one.body[: twice.end()] + twice[0] + case.one.body[twice.end() :]


@mutator
def page_emptied(case: Case) -> bytes | None:
    """The page's charts hold no row."""
    return PAGE_ROW.sub(b"", case.one.body) if case.feed.format == "html" and PAGE_ROW.search(case.one.body) else None


# -- tables, bare or in a zip -------------------------------------------------------------------------------------------------


def _table(case: Case, act: Callable[[list[str], random.Random], list[str] | None]) -> bytes | None:
    """Damage the lines (header first) of the longest table of a payload."""
    body = case.one.body
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = {i.filename: archive.read(i) for i in archive.infolist()}
        name = max((n for n in members if n.lower().endswith(".csv")), key=lambda n: len(members[n]), default=None)
        if name is None:
            return None
        damaged = _lines(members[name], case.draw, act)
        if damaged is None:
            return None
        members[name] = damaged
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return out.getvalue()
    if case.feed.format != "table":
        return None
    return _lines(body, case.draw, act)


def _lines(body: bytes, draw: random.Random, act: Callable[[list[str], random.Random], list[str] | None]) -> bytes | None:
    codec = "utf-8-sig" if body.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        text = body.decode(codec)
    except UnicodeDecodeError:
        codec, text = "latin-1", body.decode("latin-1")
    end = "\n" if text.endswith("\n") else ""
    lines = text.rstrip("\n").split("\n")
    if len(lines) < 6:
        return None
    changed = act(lines, draw)
    return None if changed is None else ("\n".join(changed) + end).encode(codec)


@mutator
def table_header_only(case: Case) -> bytes | None:
    return None if case.feed.empty == "ok" else _table(case, lambda lines, draw: lines[:1])


@mutator
def table_half(case: Case) -> bytes | None:
    """The second half of the rows is missing, cut at a line's end."""
    return _table(case, lambda lines, draw: lines[: len(lines) // 2])


@mutator
def table_row_missing(case: Case) -> bytes | None:
    def act(lines: list[str], draw: random.Random) -> list[str] | None:
        del lines[draw.randrange(len(lines) // 3, 2 * len(lines) // 3)]
        return lines

    return _table(case, act) if case.feed.day and case.feed.history else None


@mutator
def table_row_twice(case: Case) -> bytes | None:
    def act(lines: list[str], draw: random.Random) -> list[str] | None:
        spot = draw.randrange(1, len(lines))
        return [*lines[:spot], lines[spot], *lines[spot:]]

    return _table(case, act) if case.feed.key and not case.feed.options.get("key_repeats") else None


@mutator
def table_cell_lost(case: Case) -> bytes | None:
    def act(lines: list[str], draw: random.Random) -> list[str] | None:
        spot = draw.randrange(1, len(lines))
        delimiter = "\t" if "\t" in lines[0] else ","
        cells = lines[spot].split(delimiter)
        if len(cells) < 3:
            return None
        lines[spot] = delimiter.join(cells[:-1])
        return lines

    return _table(case, act)


@mutator
def table_number_spelled(case: Case) -> bytes | None:
    def act(lines: list[str], draw: random.Random) -> list[str] | None:
        spot = draw.randrange(1, len(lines))
        found = list(re.finditer(r'(?<=[,\t])"?\d+(?:\.\d+)?"?(?=[,\t]|$)', lines[spot]))
        if not found:
            return None
        match = found[-1]
        lines[spot] = lines[spot][: match.start()] + "many" + lines[spot][match.end() :]
        return lines

    return _table(case, act)


@mutator
def table_column_renamed(case: Case) -> bytes | None:
    """The first column, which names the row, has another header."""

    def act(lines: list[str], draw: random.Random) -> list[str] | None:
        delimiter = "\t" if "\t" in lines[0] else ","
        cells = lines[0].split(delimiter)
        spot = draw.randrange(min(2, len(cells)))
        cells[spot] = '"Spalte"' if cells[spot].startswith('"') else "Spalte"
        lines[0] = delimiter.join(cells)
        return lines

    return _table(case, act)


# -- the campaign -------------------------------------------------------------------------------------------------------------
