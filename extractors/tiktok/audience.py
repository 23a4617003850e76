"""What is expected of viewers, followers and posts beyond what every export must hold. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, error, masked, note, warning

from . import labels
from .packages import Sheet
from .tables import Table

SUM_OFF_BY = Decimal("0.02")
"""Shares are rounded to three places; 11 of them added to 1.000 in the files seen."""
GENDERS = frozenset({"Male", "Female", "Other"})
REST = "Others"
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z][A-Za-z /_-]{0,29}", re.ASCII)
MOST_LABELS = 20
"""So many labels that are not known are named, each by itself, so that each can be accepted by itself; as they are where they are words."""
FOLLOWER_PARTS = ("FollowerHistory", "FollowerActivity", "FollowerGender", "FollowerTopTerritories")
MOST_A_DAY = 0.1
"""A follower level that moves by more than this a day between two captures is worth a look."""
FEWEST_FOLLOWERS = 100
POSTS_CAP = 15
"""The content export stops at about so many posts, not the newest (*seen* once, *documented*): it cannot count posts."""
OFFSETS = (0, 1, -1)
FEWEST_PAIRED = 14
POSTS_FELL = 0.6
"""A list that shrinks below this share of the last good one was cut off, or posts were taken down."""


def viewers_add_up(content: Sheet, context: Any) -> Iterator[Finding]:
    """New and returning viewers make the total on every day that has figures (*seen* on all 116 days of two accounts)."""
    bad, torn = [], []
    for index, row in enumerate(content.records):
        cells = [row["total_viewers"], row["new_viewers"], row["returning_viewers"]]
        if cells == [None] * 3 or any(isinstance(c, str) for c in cells):
            continue
        if None in cells:
            torn.append(index)
        elif cells[0] != cells[1] + cells[2]:
            bad.append(index)
    if bad:
        row = content.records[bad[0]]
        yield error(
            "consistency.viewers-differ", "new and returning viewers do not make the total", place=content.place(bad[0], "total_viewers"),
            expected=str(row["new_viewers"] + row["returning_viewers"]), seen=str(row["total_viewers"]), count=len(bad),
        )  # fmt: skip
    if torn:
        yield warning(
            "consistency.viewers-torn",
            "a day has some of its three figures and not the others",
            place=content.place(torn[0]),
            count=len(torn),
        )


def viewers_offset(content: Sheet, context: Any) -> Iterator[Finding]:
    """How the labels lie against those of the overview of the same run: told, not assumed (*seen*: one day later, in two accounts)."""
    sister = context.sibling("tiktok/overview")
    if sister is None or not content.records:
        return
    views = {row["label"]: row["video_views"] for row in sister.records}
    found = {offset: _correlation(_paired(content, views, offset)) for offset in OFFSETS}
    known = {offset: value for offset, value in found.items() if value is not None}
    if not known:
        return
    best = max(known, key=lambda offset: (round(known[offset], 3), offset == 0))
    words = {0: "on the same label as", 1: "one label later than", -1: "one label earlier than"}
    yield note(
        "consistency.viewers-offset", f"a day's viewers stand {words[best]} its views in the overview", column="label",
        seen=", ".join(f"{offset:+d}: {value:.3f}" for offset, value in known.items()),
    )  # fmt: skip


def _paired(content: Sheet, views: dict[str, Any], offset: int) -> list[tuple[int, int]]:
    pairs = []
    for row, day in zip(content.records, content.days, strict=True):
        other = views.get((day - timedelta(days=offset)).strftime("%m-%d")) if day else None
        if type(row["total_viewers"]) is int and type(other) is int:
            pairs.append((row["total_viewers"], other))
    return pairs


def _correlation(pairs: list[tuple[int, int]]) -> float | None:
    if len(pairs) < FEWEST_PAIRED:
        return None
    n = len(pairs)
    mean_a, mean_b = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    spread = (sum((a - mean_a) ** 2 for a, _ in pairs) * sum((b - mean_b) ** 2 for _, b in pairs)) ** 0.5
    return sum((a - mean_a) * (b - mean_b) for a, b in pairs) / spread if spread else None


# -- followers --------------------------------------------------------------------------------------------------------------


def parts_there(content: Sheet, context: Any) -> Iterator[Finding]:
    """A Followers archive holds its four tables; those without rows are whole too: small accounts get only the header (*seen*)."""
    missing = [stem for stem in FOLLOWER_PARTS if stem not in content.parts]
    if missing:
        make = error if content.packed else note
        yield make(
            "completeness.part-missing", f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in the export",
            stage="completeness", expected=", ".join(FOLLOWER_PARTS), seen=", ".join(content.parts), count=len(missing),
        )  # fmt: skip
    bare = [stem for stem, table in content.parts.items() if not table.part.main and not table.rows]
    if bare:
        yield note(
            "completeness.header-only", f"{', '.join(bare)} {'holds' if len(bare) == 1 else 'hold'} only the header: too few followers",
            stage="completeness", count=len(bare),
        )  # fmt: skip


def activity_whole(content: Sheet, context: Any) -> Iterator[Finding]:
    """Active followers come for each of 24 hours of consecutive days, about the last week before the export."""
    table = content.parts.get("FollowerActivity")
    if table is None or not table.rows:
        return
    hours = Counter((row["label"], row["hour"]) for row in table.rows)
    wrong = [i for i, row in enumerate(table.rows) if type(row["hour"]) is not int or not 0 <= row["hour"] <= 23]
    if wrong:
        yield error(
            "consistency.not-an-hour", "an hour is none", row=wrong[0] + 2, column="hour", expected="0 to 23", count=len(wrong)
        )
        return
    days = list(dict.fromkeys(row["label"] for row in table.rows))
    torn = [label for label in days if any(hours[label, hour] != 1 for hour in range(24))]
    if torn:
        row = next(i for i, r in enumerate(table.rows) if r["label"] == torn[0])
        yield error(
            "completeness.hours-missing", "a day does not have each of its 24 hours once", stage="completeness", row=row + 2, column="hour",
            expected="0 to 23", seen=torn[0], count=len(torn),
        )  # fmt: skip
    yield from _activity_days(content, table)


def _activity_days(content: Sheet, table: Table) -> Iterator[Finding]:
    distinct = list(dict.fromkeys(label for label in table.labels if label is not None))
    if content.exported is None or not distinct:
        return
    found = labels.dated(distinct, start=None, captured=content.exported)
    gaps = [b for a, b in zip(found, found[1:], strict=False) if a is None or b is None or b - a != timedelta(days=1)]
    if gaps:
        yield error(
            "completeness.activity-days", "the days of FollowerActivity do not follow each other", stage="completeness", column="label",
            seen=str(gaps[0]), count=len(gaps),
        )  # fmt: skip
    elif found[-1] is not None and abs(content.exported - found[-1]) > timedelta(days=3):
        yield warning(
            "completeness.activity-old", "the hours of activity end days before the export", stage="completeness", expected=str(content.exported),
            seen=str(found[-1]),
        )  # fmt: skip


def shares_add_up(content: Sheet, context: Any) -> Iterator[Finding]:
    """Shares lie between 0 and 1 and make 1, each gender and territory stands once, under a name that is known."""
    for stem, column in (("FollowerGender", "gender"), ("FollowerTopTerritories", "territory")):
        table = content.parts.get(stem)
        if table is None or not table.rows:
            continue
        shares = [row["share"] for row in table.rows]
        outside = [i for i, s in enumerate(shares) if isinstance(s, Decimal) and not 0 <= s <= 1]
        if outside:
            yield error(
                "consistency.share", f"a share of {stem} is not between 0 and 1", row=outside[0] + 2, column="share", expected="0 to 1",
                seen=str(shares[outside[0]]), count=len(outside),
            )  # fmt: skip
        known = [s for s in shares if isinstance(s, Decimal)]
        total = sum(known, Decimal(0))
        if len(known) == len(shares) and abs(total - 1) > SUM_OFF_BY:
            yield error(
                "consistency.shares-differ",
                f"the shares of {stem} do not make 1",
                column="share",
                expected=f"1 ± {SUM_OFF_BY}",
                seen=str(total),
            )
        words = [row[column] for row in table.rows]
        twice = [w for w, n in Counter(words).items() if n > 1]
        if twice:
            yield error(
                "consistency.key-repeats",
                f"{stem} names one {column} twice",
                column=column,
                seen=masked(twice[0]),
                count=len(twice),
            )
        odd = [w for w in words if not (w in GENDERS if column == "gender" else w == REST or _COUNTRY.fullmatch(w))]
        for word, count in Counter(odd).most_common(MOST_LABELS):
            seen = word if _LABEL.fullmatch(word) else masked(word)
            yield note("schema.drift", f"a {column} that is not known", stage="schema", column=column, seen=seen, count=count)


def level_plausible(content: Sheet, context: Any) -> Iterator[Finding]:
    """The follower level lies near that of the last good capture: a tenth a day, and no more."""
    earlier, before = context.earlier, context.previous()
    last = content.facts.get("last_told")
    old_last = earlier.facts.get("last_told") if earlier is not None else None
    if last is None or old_last is None or before is None:
        return
    old, new = (_newest(side) for side in (before, content))
    if old is None or new is None or old < FEWEST_FOLLOWERS:
        return
    days = max(1, (day_of(last) - day_of(old_last)).days)
    if abs(new - old) > old * MOST_A_DAY * days:
        yield warning(
            "consistency.level-jumped", f"the follower level moved by more than {MOST_A_DAY:.0%} a day since the last good capture",
            column="followers", expected=f"about {old:,}", seen=f"{new:,}",
        )  # fmt: skip


def _newest(content: Sheet) -> int | None:
    return next((r["followers"] for r in reversed(content.records) if type(r["followers"]) is int), None)


# -- posts ------------------------------------------------------------------------------------------------------------------


def posts_own(content: Sheet, context: Any) -> Iterator[Finding]:
    """Every post stands once and belongs to the account; a list as long as the export's limit is not all there is."""
    own = context.sidecar.request.get("handle") or (content.received.handle if content.received else "")
    foreign = [i for i, r in enumerate(content.records) if own and r["handle"] and r["handle"].casefold() != own.casefold()]
    if foreign:
        yield error(
            "consistency.wrong-account", "a post belongs to another account", place=content.place(foreign[0], "link"), expected=masked(own),
            seen=masked(content.records[foreign[0]]["handle"]), count=len(foreign),
        )  # fmt: skip
    if not own:
        yield from _owner_kept(content, context)
    if len(content) >= POSTS_CAP:
        yield note(
            "completeness.posts-capped", f"the export stops at about {POSTS_CAP} posts: it cannot count them", stage="completeness",
            seen=f"{len(content)} rows",
        )  # fmt: skip


def _owner_kept(content: Sheet, context: Any) -> Iterator[Finding]:
    """Where nothing says whose posts are expected (uploads under another name), they are those of the handle of the last good export."""
    before = context.previous()
    old, new = ({r["handle"].casefold() for r in c.records if r["handle"]} if c is not None else set() for c in (before, content))
    if old and new and not old & new:
        yield warning(
            "consistency.other-account", "the posts are of another handle than those of the last good export: renamed, or another account",
            place=content.place(0, "link"), expected=masked(min(old)), seen=masked(min(new)), count=len(content),
        )  # fmt: skip


def posts_of_the_day(content: Sheet, context: Any) -> Iterator[Finding]:
    """`Time` is the day of the export, the same on every row (*seen*)."""
    if content.exported is None:
        return
    off = [i for i, day in enumerate(content.days) if day is not None and abs((day - content.exported).days) > 2]
    if off:
        yield warning(
            "consistency.not-the-export-day", "a row's time is not the day of the export", place=content.place(off[0], "label"),
            expected=str(content.exported), seen=str(content.days[off[0]]), count=len(off),
        )  # fmt: skip


def posts_kept(content: Sheet, context: Any) -> Iterator[Finding]:
    """The list does not shrink by much; which posts are on it says nothing."""
    earlier = context.earlier
    rows = earlier.facts.get("rows") if earlier is not None else None
    if rows and len(content) < rows * POSTS_FELL:
        yield warning(
            "completeness.posts-fewer", "the list is much shorter than in the last good export", stage="completeness",
            expected=f"about {rows} rows", seen=f"{len(content)} rows", count=rows - len(content),
        )  # fmt: skip
