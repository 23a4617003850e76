"""Good captures, damaged in one way each: what the rules do about them. One that passes is a miss.

    python benchmarks/mutations.py [--platform P]... [--count 200] [--seed 1] [--all]

Every feed's capture of a simulated day is damaged by a drawn mutator and judged against the two good days before it. `failed` stops the
file; `warned` keeps it from whatever promotes by itself and shows it to a human. Prints each miss with what was done, and the counts by
mutator. Ends with 1 if anything passed. `--all` tries every mutator on every feed instead of a draw.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import random
import re
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests" / "contract"), str(HERE)]

from clean_year import REGISTRY, Brought, Relatives, brought, desk_of, neighbours  # noqa: E402
from contract_desk import Desk  # noqa: E402

from bedrot_console.domain.feeds import Feed  # noqa: E402
from bedrot_console.domain.findings import Report  # noqa: E402
from bedrot_console.domain.lifecycle import Verdict  # noqa: E402
from bedrot_console.operations.practice_faults import lists_inside  # noqa: E402

DAY = date(2026, 2, 20)
STALE_DAYS = 90
ISO_DAY = re.compile(rb"\b(20\d\d)-(\d\d)-(\d\d)\b")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass
class Case:
    """One good capture, what it could be mixed up with, and the draw."""

    platform: str
    one: Brought
    feed: Feed
    others: list[Brought]
    older: bytes | None
    foreign: bytes | None
    draw: random.Random


Mutator = Callable[[Case], bytes | None]
"""The damaged payload; None where this damage cannot be done to this payload."""
MUTATORS: dict[str, Mutator] = {}


def mutator(function: Mutator) -> Mutator:
    MUTATORS[function.__name__] = function
    return function


# -- whatever the format ------------------------------------------------------------------------------------------------------


def _page(title: str, body: str, case: Case) -> bytes:
    filler = "<!-- " + "x" * max(0, case.feed.min_bytes) + " -->"
    return f"<!doctype html><html><head><title>{title}</title></head><body>{body}{filler}</body></html>".encode()


@mutator
def sign_in_page(case: Case) -> bytes | None:
    form = "<form action='/login' method='post'><input type='email' name='email'><input type='password' name='password'></form>"
    return _page("Sign in", form, case)


@mutator
def error_page(case: Case) -> bytes | None:
    return _page("502 Bad Gateway", "<h1>502 Bad Gateway</h1><p>The server is temporarily unavailable.</p>", case)


@mutator
def error_body(case: Case) -> bytes | None:
    return b'{"error": {"code": 401, "message": "Token expired"}}' + b" " * case.feed.min_bytes


@mutator
def nothing(case: Case) -> bytes | None:
    return case.draw.choice([b"", b"\n", b" " * 2000])


@mutator
def garbage(case: Case) -> bytes | None:
    return case.draw.randbytes(max(len(case.one.body), case.feed.min_bytes))


@mutator
def cut(case: Case) -> bytes | None:
    return case.one.body[: int(len(case.one.body) * case.draw.uniform(0.2, 0.9))]


@mutator
def other_feed(case: Case) -> bytes | None:
    wrong = [o.body for o in case.others if o.attribute != case.one.attribute]
    return case.draw.choice(wrong) if wrong else None


@mutator
def stale(case: Case) -> bytes | None:
    """What the platform had three months ago, captured now. Where the data has no days, it was captured then too: nothing else tells it."""
    return case.older


@mutator
def other_account(case: Case) -> bytes | None:
    """What another account has at that moment."""
    return case.foreign


@mutator
def utf16(case: Case) -> bytes | None:
    if case.one.body[:2] in (b"\xff\xfe", b"PK") or case.feed.format == "table":  # a table may come as a spreadsheet saved it
        return None
    try:
        return case.one.body.decode("utf-8-sig").encode("utf-16")
    except UnicodeDecodeError:
        return None


# -- JSON ---------------------------------------------------------------------------------------------------------------------


def _document(case: Case) -> Any:
    if case.one.body[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(case.one.body)
    except ValueError:
        return None


def _same(body: bytes, other: bytes) -> bool:
    """Whether nothing was damaged: the same bytes, or the same JSON value spelled otherwise."""
    if body == other or body[:1] not in (b"{", b"["):
        return body == other
    try:
        return json.loads(body) == json.loads(other)
    except ValueError:
        return False


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _required(schema: Any) -> set[str]:
    """Names that a schema requires anywhere."""
    names: set[str] = set()
    if isinstance(schema, dict):
        names |= set(schema.get("required", ())) if isinstance(schema.get("required"), list) else set()
        for value in schema.values():
            names |= _required(value)
    elif isinstance(schema, list):
        for value in schema:
            names |= _required(value)
    return names


def _renamed(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {(k + "_new" if k == name else k): _renamed(v, name) for k, v in value.items()}
    return [_renamed(v, name) for v in value] if isinstance(value, list) else value


def _holds(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        return name in value or any(_holds(v, name) for v in value.values())
    return isinstance(value, list) and any(_holds(v, name) for v in value)


@mutator
def field_renamed(case: Case) -> bytes | None:
    """A field that the schema requires has another name everywhere."""
    document = _document(case)
    if document is None or case.feed.schema is None:
        return None
    names = sorted(n for n in _required(json.loads(case.feed.schema.read_bytes())) if _holds(document, n))
    return _dumped(_renamed(document, case.draw.choice(names))) if names else None


@mutator
def row_field_renamed(case: Case) -> bytes | None:
    """A field that every row has, required or not, has another name everywhere."""
    document = _document(case)
    rows = (
        next((r for r in lists_inside(document) if len(r) > 1 and isinstance(r[0], dict)), None) if document is not None else None
    )
    names = sorted(set.intersection(*map(set, rows))) if rows else []
    return _dumped(_renamed(document, case.draw.choice(names))) if names else None


NOT_COUNTED = re.compile(r"(?:^|_)id$|Id$|isrc|upc|time|Time|^(?:status(?:_code)?|code|cursor|duration)$")


def _noughts(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _noughts(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_noughts(v, name) for v in value]
    if isinstance(value, bool) or NOT_COUNTED.search(name):
        return value
    return 0 if isinstance(value, int | float) else "0" if _digits(value) else value


@mutator
def all_noughts(case: Case) -> bytes | None:
    """Every figure is nought, numbers and text of digits: the account lost the right to read them."""
    document = _document(case)
    return _dumped(_noughts(document)) if document is not None else None


@mutator
def lists_emptied(case: Case) -> bytes | None:
    """Every list of rows is empty; where an empty capture is not what a healthy platform sends."""
    document = _document(case)
    if document is None or case.feed.empty == "ok":
        return None
    longest = next(iter(lists_inside(document)), None)
    if longest is None or len(longest) < 2:
        return None
    for rows in lists_inside(document):
        if not any(isinstance(r, dict) and any(isinstance(v, list) for v in r.values()) for r in rows):
            rows.clear()
    return _dumped(document)


@mutator
def number_spelled(case: Case) -> bytes | None:
    """A figure among the rows is a word."""
    document = _document(case)
    rows = next((r for r in lists_inside(document) if len(r) > 1), None) if document is not None else None
    if rows is None:
        return None
    row = case.draw.choice(rows)
    named = row.items() if isinstance(row, dict) else enumerate(row)
    figures = [k for k, v in named if (isinstance(v, int | float) and not isinstance(v, bool)) or _digits(v)]
    figures = [k for k in figures if not re.search(r"(?:^|_)id$|Id$|isrc|upc", str(k))]
    if not figures:
        return None
    row[case.draw.choice(figures)] = "n/a"
    return _dumped(document)


def _digits(value: Any) -> bool:
    return isinstance(value, str) and bool(NUMBER.fullmatch(value))


@mutator
def row_twice(case: Case) -> bytes | None:
    """A day stands there twice."""
    document = _document(case)
    if document is None or not case.feed.day:
        return None
    rows = next((r for r in lists_inside(document) if len(r) > 2 and _dated(r[0])), None)
    if rows is None:
        return None
    spot = case.draw.randrange(len(rows))
    rows.insert(spot, copy.deepcopy(rows[spot]))
    return _dumped(document)


@mutator
def day_missing(case: Case) -> bytes | None:
    """A day in the middle that the capture before had is gone."""
    document = _document(case)
    if document is None or not case.feed.day or case.feed.history is None:
        return None
    rows = next((r for r in lists_inside(document) if len(r) > 8 and _dated(r[0])), None)
    if rows is None:
        return None
    rows.sort(key=lambda r: str(_dated(r)))
    del rows[case.draw.randrange(len(rows) // 3, 2 * len(rows) // 3)]
    return _dumped(document)


def _dated(row: Any) -> Any:
    values = row.values() if isinstance(row, dict) else row
    return next((v for v in values if isinstance(v, str) and ISO_DAY.match(v.encode())), None)


@mutator
def days_ahead(case: Case) -> bytes | None:
    """Every date is two years later: the data comes from the future."""
    if not case.feed.day or not ISO_DAY.search(case.one.body[:4096]):
        return None
    return ISO_DAY.sub(lambda m: b"%d-%s-%s" % (int(m[1]) + 2, m[2], m[3]), case.one.body)


@mutator
def dates_respelled(case: Case) -> bytes | None:
    """Every ISO date is spelled as a spreadsheet does."""
    if not case.feed.day or case.feed.format == "html" or not ISO_DAY.search(case.one.body[:4096]):
        return None
    return ISO_DAY.sub(lambda m: b"%d/%d/%s" % (int(m[2]), int(m[3]), m[1]), case.one.body)


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


OTHERS = {
    "distrokid": "app-code", "linktree": "app-code", "spotify": "plain", "tiktok": "harbour", "toolost": "no-code", "youtube": "label",
}  # fmt: skip
"""Whose captures may be mixed up with those of `default`, where the feeds are the same."""


@dataclass
class Setting:
    """A case, the desk that has seen the days before, and what else the checks may look at."""

    case: Case
    desk: Desk
    at: datetime
    beside: dict[str, bytes]
    kin: list[bytes]

    def report(self, body: bytes) -> Report:
        return self.desk.report(body, self.at, keep=False, siblings=self.beside, kin=self.kin, **self.case.one.fields)


def cases(platform: str, seed: int, folder: Path) -> list[Setting]:
    """The captures of DAY, each with a desk that has seen the two days before; and, where the data has no day, the one long ago."""
    feeds = REGISTRY.load(platform).feeds
    long_ago = DAY - timedelta(days=STALE_DAYS)
    older = {b.name: b.body for _, all_ in brought(platform, [long_ago], "default", folder) for b in all_}
    foreign = [b for _, all_ in brought(platform, [DAY], OTHERS[platform], folder) for b in all_] if platform in OTHERS else []
    desks: dict[str, Desk] = {}
    relatives = Relatives(platform)
    found = []
    for at, everything in brought(platform, [DAY - timedelta(days=2), DAY - timedelta(days=1), DAY], "default", folder):
        for one in everything:
            beside, feed = neighbours(platform, one, everything), feeds[one.attribute]
            if one.name not in desks:
                desks[one.name] = desk_of(platform, one, folder)
                if feed.day is None and one.name in older:
                    desks[one.name].report(older[one.name], at - timedelta(days=STALE_DAYS), **one.fields)
            if at.date() != DAY:
                desks[one.name].report(one.body, at, siblings=beside, kin=relatives.of(one), **one.fields)
                continue
            others = [o for o in everything if o is not one]
            stranger = next((o.body for o in foreign if o.attribute == one.attribute and _period(o) == _period(one)), None)
            case = Case(
                platform, one, feed, others, older.get(one.name), stranger, random.Random(f"{seed} {platform} {one.name}")
            )
            found.append(Setting(case, desks[one.name], at, beside, relatives.of(one)))
        for one in everything:
            relatives.add(one)
    return found


def _period(one: Brought) -> str:
    """What is behind the artist in a series; the whole series where there is none."""
    series = one.name.partition(":")[2]
    return series.partition("_")[2] if "_" in series or len(series) == 22 else series


def campaign(
    platforms: list[str], count: int | None, seed: int, names: Iterable[str] = tuple(MUTATORS)
) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Damage and judge.

    Args:
        count: how many mutations are drawn; None: each mutator once on each capture.
        names: of the mutators to use.

    Returns:
        (mutator, verdict) -> how often; and a sentence for each mutation that passed.
    """
    counts: Counter[tuple[str, str]] = Counter()
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        every = [item for platform in platforms for item in cases(platform, seed, Path(folder))]
        draw = random.Random(seed)
        plan = [(item, name) for item in every for name in names]
        if count is not None:
            draw.shuffle(plan)
        done = 0
        for setting, name in plan:
            if count is not None and done >= count:
                break
            case = setting.case
            body = MUTATORS[name](case)
            if body is None or _same(body, case.one.body):
                continue
            report = setting.report(body)
            counts[name, report.verdict.value] += 1
            done += 1
            if report.verdict is Verdict.PASSED:
                missed.append(f"{case.platform}/{case.one.name} with {name} passed")
    return counts, missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", action="append")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args()
    counts, missed = campaign(asked.platform or REGISTRY.simulated(), None if asked.all else asked.count, asked.seed)
    for name in MUTATORS:
        row = {v: counts[name, v] for v in ("failed", "warned", "passed")}
        if sum(row.values()):
            print(f"{name:<24} failed {row['failed']:3d}  warned {row['warned']:3d}  passed {row['passed']:3d}")
    print(*missed, sep="\n")
    total = sum(counts.values())
    stopped = sum(n for (_, verdict), n in counts.items() if verdict != "passed")
    print(
        f"{total} mutations, {stopped} stopped ({sum(n for (_, v), n in counts.items() if v == 'failed')} failed), {len(missed)} missed"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
