"""The bad files of the practice lake: what happened, which file it happens to, and how a person sees it.

Each fault takes a good capture of this morning and what else there is (yesterday's, other accounts', other series'), and gives the bytes
that would have come instead. None of them may pass every check: what the rules cannot stop they must at least show.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..domain.feeds import Feed


@dataclass(frozen=True, slots=True)
class Brought:
    """One capture before it lands: feed, account, series, payload, the fields of its sidecar that checks read, and whose platform made it."""

    feed: Feed
    account: str
    series: str
    body: bytes
    fields: dict[str, Any]
    simulator: Any

    @property
    def key(self) -> tuple[str, str, str]:
        return self.feed.name, self.account, self.series


@dataclass(frozen=True, slots=True)
class Morning:
    """This morning's captures, and those of the day before."""

    files: Sequence[Brought]
    before: Sequence[Brought]

    def yesterday(self, one: Brought) -> bytes | None:
        return next((b.body for b in self.before if b.key == one.key), None)

    def where(self, keep: Callable[[Brought], bool]) -> list[Brought]:
        return [b for b in self.files if keep(b)]


Spoil = Callable[[Brought, Morning, random.Random], bytes | None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be bad.

    Attributes:
        happened: what went wrong, in words.
        look: where a person sees it.
        feeds: which feeds it may happen to.
        spoil: the bytes that come instead; None where it cannot be done to this file.
        by_eye: the checks only warn; whether it is bad is seen in report and diff.
    """

    happened: str
    look: str
    feeds: tuple[str, ...]
    spoil: Spoil
    by_eye: bool = False


def _page(title: str, body: str, length: int) -> bytes:
    page = f"<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return (page + "\n<!-- " + "x" * max(0, length - len(page) - 10) + " -->").encode()


def _sign_in(one: Brought, morning: Morning, draw: random.Random) -> bytes:
    form = "<form action='/login' method='post'><input type='email' name='email'><input type='password' name='password'></form>"
    return _page("Sign in", f"<h1>Sign in</h1>{form}", one.feed.min_bytes)


def _cut(one: Brought, morning: Morning, draw: random.Random) -> bytes:
    return one.body[: int(len(one.body) * draw.uniform(0.4, 0.9))]


def _other_account(one: Brought, morning: Morning, draw: random.Random) -> bytes | None:
    others = morning.where(
        lambda b: b.feed is one.feed and b.account != one.account and b.series.partition("_")[2] == one.series.partition("_")[2]
    )
    return draw.choice(others).body if others else None


def _week_for_year(one: Brought, morning: Morning, draw: random.Random) -> bytes | None:
    lines = one.body.splitlines(keepends=True)
    return b"".join([lines[0], *lines[-7:]]) if len(lines) > 30 else None


def _again(one: Brought, morning: Morning, draw: random.Random) -> bytes | None:
    return morning.yesterday(one)


def _stale(one: Brought, morning: Morning, draw: random.Random) -> bytes | None:
    name = one.feed.name.partition("/")[2] + (f":{one.series}" if one.series else "")
    simulator = one.simulator
    simulator.advance_days(-90)
    try:
        return simulator.payloads(one.account).get(name)
    finally:
        simulator.advance_days(90)


def _header_only(one: Brought, morning: Morning, draw: random.Random) -> bytes:
    return one.body.splitlines(keepends=True)[0]


def _spreadsheet(one: Brought, morning: Morning, draw: random.Random) -> bytes:
    """As a German spreadsheet saves it again: semicolons, decimal commas, day before month."""
    text = one.body.decode("utf-8-sig")
    text = re.sub(r"(?<=[,\"])(\d+)\.(\d+)(?=[,\"\r\n])", r"\1~\2", text).replace(",", ";").replace("~", ",")
    return re.sub(r"(20\d\d)-(\d\d)-(\d\d)", r"\3.\2.\1", text).encode("cp1252", "replace")


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def lists_inside(value: Any) -> list[list[Any]]:
    """Every list of objects or of rows inside a JSON value, longest first."""
    found: list[list[Any]] = []

    def walk(v: Any) -> None:
        if isinstance(v, list):
            if v and all(isinstance(i, dict | list) for i in v):
                found.append(v)
            for item in v:
                walk(item)
        elif isinstance(v, dict):
            for item in v.values():
                walk(item)

    walk(value)
    return sorted(found, key=len, reverse=True)


def _renamed(one: Brought, morning: Morning, draw: random.Random) -> bytes | None:
    """A field of the rows has another name since last night."""
    document = _document(one.body)
    rows = next((r for r in lists_inside(document) if len(r) > 1 and isinstance(r[0], dict)), None)
    if rows is None:
        return None
    name = draw.choice(sorted(_figures(rows[0])) or sorted(rows[0]))
    for row in rows:
        row[f"{name}V2"] = row.pop(name, None)
    return _dumped(document)


def _figures(row: Any) -> list[Any]:
    """Names (or places) of a row's numbers."""
    named = row.items() if isinstance(row, dict) else enumerate(row)
    return [k for k, v in named if isinstance(v, int | float) and not isinstance(v, bool)]


def _disagree(one: Brought, morning: Morning, draw: random.Random) -> bytes | None:
    """One row's figures are a hundred times what they were; the totals are not."""
    document = _document(one.body)
    rows = next((r for r in lists_inside(document) if len(r) > 2 and _figures(r[0])), None)
    if rows is None:
        return None
    row = draw.choice(rows[: max(3, len(rows) // 2)])
    for name in _figures(row):
        row[name] = row[name] * 100 + 7
    return _dumped(document)


def _halved(one: Brought, morning: Morning, draw: random.Random) -> bytes | None:
    """The platform lost half of the rows: whole lines, well formed."""
    lines = one.body.splitlines(keepends=True)
    return b"".join(lines[: max(2, len(lines) // 2)]) if len(lines) > 5 else None


def _zeroes(one: Brought, morning: Morning, draw: random.Random) -> bytes | None:
    """Every figure is nought: an account that lost its rights still gets a well-formed answer."""
    document = _document(one.body)
    for rows in lists_inside(document):
        for row in rows:
            for name in _figures(row):
                row[name] = 0
    return _dumped(document) if lists_inside(document) else None


FAULTS: dict[str, Fault] = {
    "sign-in page": Fault(
        "the login had ended, and the platform answered with its sign-in page and status 200", "format.sign-in-page; the preview is a form",
        ("distrokid/streams", "tiktok/followers", "youtube/videos"), _sign_in,
    ),
    "cut off": Fault(
        "the line broke in the middle of the answer", "format.truncated; the end of the preview",
        ("toolost/apple", "tiktok/insight", "youtube/playlist"), _cut,
    ),
    "other account": Fault(
        "the browser was still signed in to another artist's account", "consistency.other-series or wrong-account; every row of the diff changed",
        ("toolost/spotify", "tiktok/content", "linktree/overview"), _other_account,
    ),
    "week for a year": Fault(
        "the period was set back to seven days, and the file has the name of the year", "completeness.window; seven rows in the preview, all others removed in the diff",
        ("spotify/audience",), _week_for_year,
    ),
    "same again": Fault(
        "the platform had not finished its day and sent yesterday's file once more", "duplicates.same-bytes is only a warning: the diff says the same bytes",
        ("distrokid/applemusic", "toolost/apple", "linktree/overview"), _again, by_eye=True,
    ),
    "stale": Fault(
        "the page came from a cache that is three months old", "freshness.too-old; the newest day of the data",
        ("distrokid/streams", "distrokid/applemusic", "toolost/spotify"), _stale,
    ),
    "header only": Fault(
        "the export was made before its data was there", "completeness.no-rows; a preview of one line",
        ("spotify/songs_csv", "spotify/audience"), _header_only,
    ),
    "spreadsheet": Fault(
        "somebody opened the file in a spreadsheet and saved it again", "schema.row-type; commas and dates of the preview",
        ("toolost/sales",), _spreadsheet,
    ),
    "field renamed": Fault(
        "the platform renamed a field last night", "schema.required; the shape in the diff",
        ("linktree/overview", "toolost/apple", "toolost/spotify"), _renamed,
    ),
    "totals disagree": Fault(
        "one day was counted a hundredfold, and the totals were not", "consistency.totals or rate; one row of the diff",
        ("linktree/overview", "toolost/apple"), _disagree,
    ),
    "rows lost": Fault(
        "the export stopped at a limit: half of the rows, whole lines", "volume.rows-dropped is only a warning: rows removed in the diff",
        ("spotify/playlists_csv",), _halved, by_eye=True,
    ),
    "all noughts": Fault(
        "the account lost the right to read figures; the answer is well formed and every figure is nought",
        "volume.total-dropped is only a warning: every row of the diff fell to 0", ("youtube/countries", "youtube/devices", "youtube/traffic"), _zeroes,
        by_eye=True,
    ),
}  # fmt: skip


def spoil(morning: Morning, draw: random.Random) -> dict[int, tuple[str, bytes]]:
    """One file of the morning for each fault: index -> (fault, the bytes that come instead). Those that fit fewest files choose first."""
    taken: dict[int, tuple[str, bytes]] = {}
    for name, fault in sorted(FAULTS.items(), key=lambda item: (len(item[1].feeds), item[0])):
        able = [i for i, one in enumerate(morning.files) if one.feed.name in fault.feeds and i not in taken]
        draw.shuffle(able)
        for index in able:
            one = morning.files[index]
            body = fault.spoil(one, morning, draw)
            if body is not None and body != one.body:
                taken[index] = (name, body)
                break
    return taken
