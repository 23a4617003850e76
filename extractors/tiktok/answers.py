"""The JSON behind the pages: account histories (`aweme/v2/data/insight`) and the post list (`item_list`), read and judged.

*Documented* (three independent programs agree): `status_code`, one key per requested type, histories as lists of `{status, value}`
without dates, a status other than 0 means no data and not zero; `item_list` with `cursor` and `has_more`. *Assumed*: a list runs from
the oldest day to the newest, and its last entry is the day `end_days` before the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from bedrot_console.domain.feeds import MOST_KIN
from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Finding, Place
from bedrot_console.inspection.helpers import FormatTrouble, Rows, day_of, error, json_value, json_with, note, type_name, warning

from . import alignment

HISTORIES = {
    "vv_history": "video_views", "pv_history": "profile_views", "like_history": "likes", "comment_history": "comments",
    "share_history": "shares", "follower_num_history": "followers", "net_follower_history": "net_followers",
}  # fmt: skip
MOST_DAYS = 400
LATEST_TOLD = timedelta(days=4)
FEWEST_FOLLOWERS = 100
MOST_A_DAY = 0.1
FELL_BY = 0.05
FEWEST_VIEWS = 100
FEWEST_POSTS, FEWEST_STRANGE = 10, 3
A_WHILE, FEWEST_PLAYED = timedelta(days=7), 5
_SESSION = re.compile(rb"(?:sessionid|sid_guard|sid_tt|uid_tt|msToken)(?:_ss)?[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9%|_-]{16,}")
_SIGNED = re.compile(rb"[?&](?:x-signature|x-expires|X-Amz-Signature|Signature)=[A-Za-z0-9%]", re.IGNORECASE)

is_insight = json_with("status_code", "vv_history")
is_posts = json_with("item_list", "has_more")


def _answer(data: bytes) -> dict[str, Any]:
    document = json_value(data)
    if not isinstance(document, dict):
        raise FormatTrouble("format.unknown-shape", "the answer is not an object")
    status = document.get("status_code", 0)
    if status != 0:
        raise FormatTrouble(
            "format.error-body",
            "TikTok answers with an error",
            place=Place(pointer="/status_code"),
            expected="0",
            seen=str(status)[:12],
        )
    return document


def read_insight(data: bytes) -> Rows:
    """`Feed.parse`: one row per day, oldest first; cells without data are None. The days get their dates in `dated`."""
    document = _answer(data)
    given = {name: document[name] for name in HISTORIES if name in document}
    if not given:
        raise FormatTrouble("format.unknown-shape", "the answer holds no history", expected=", ".join(HISTORIES))
    for name, values in given.items():
        if not isinstance(values, list) or len(values) > MOST_DAYS or not all(isinstance(v, dict) for v in values):
            raise FormatTrouble("format.unknown-shape", "a history is not a list of days", place=Place(pointer=f"/{name}"))
    length = max(len(values) for values in given.values())
    rows = [{HISTORIES[name]: _cell(values, index - length) for name, values in given.items()} for index in range(length)]
    facts = {"follower_num": level} if (level := scalar(document.get("follower_num"))) is not None else {}
    return Rows(rows, [HISTORIES[name] for name in given], document=document, facts=facts)


def _cell(values: list[Any], back: int) -> int | None:
    """The value `back` places from the end, so that shorter lists keep their newest day beside the others'."""
    entry = values[back] if -back <= len(values) else None
    return entry["value"] if entry is not None and entry.get("status") == 0 and type(entry.get("value")) is int else None


def scalar(value: Any) -> int | None:
    """`{"status": 0, "value": n}`, plain or once more inside `value`."""
    for _ in range(2):
        if not isinstance(value, dict) or value.get("status") != 0 and "status" in value:
            return None
        value = value.get("value")
        if type(value) is int:
            return value
    return None


def dated(content: Rows, sidecar: Sidecar) -> Rows:
    """`Feed.complete`: the days, counted back from the capture's day."""
    behind = sidecar.request.get("end_days", "")
    last = sidecar.captured_at.date() - timedelta(days=int(behind) if behind.isdigit() else 0)
    columns = content.columns
    for index, row in enumerate(content.records):
        row["day"] = (last - timedelta(days=len(content.records) - 1 - index)).isoformat()
    told = [row["day"] for row in content.records if any(row[c] is not None for c in columns)]
    content._columns = ("day", *columns)
    content.memo.clear()
    content.facts |= {"last_told": told[-1]} if told else {}
    return content


def types_answered(content: Rows, context: Any) -> Iterator[Finding]:
    """Every type that was asked for is answered, each history with as many days as were asked for."""
    request = context.sidecar.request
    types = [t for t in request.get("types", "").split(",") if t]
    missing = [t for t in types if t not in content.document]
    if missing:
        yield error(
            "completeness.type-missing", f"{missing[0]} was asked for and not answered", stage="completeness", pointer=f"/{missing[0]}",
            expected=", ".join(types)[:120], count=len(missing),
        )  # fmt: skip
    days = request.get("days", "")
    if not days.isdigit():
        return
    wrong = [n for n in HISTORIES if n in content.document and len(content.document[n]) != int(days)]
    if wrong:
        yield error(
            "completeness.wrong-window", f"{wrong[0]} does not have the {days} days that were asked for", stage="completeness",
            pointer=f"/{wrong[0]}", expected=days, seen=str(len(content.document[wrong[0]])), count=len(wrong),
        )  # fmt: skip


def values_formed(content: Rows, context: Any) -> Iterator[Finding]:
    """A day that has data has a whole number; levels and views are never below zero."""
    for name in HISTORIES:
        values = content.document.get(name, [])
        odd: dict[str, list[int]] = {}
        for i, v in enumerate(values):
            if v.get("status") == 0 and type(v.get("value")) is not int:
                odd.setdefault(type_name(v["value"]) if "value" in v else "nothing", []).append(i)
        for seen, days in odd.items():
            yield error(
                "schema.type", "a day with data has no whole number", stage="schema", pointer=f"/{name}/{days[0]}/value", expected="an integer",
                seen=seen, count=len(days),
            )  # fmt: skip
        low = [i for i, v in enumerate(values) if v.get("status") == 0 and type(v.get("value")) is int and v["value"] < 0]
        if low and name in ("vv_history", "pv_history", "follower_num_history"):
            yield error(
                "consistency.negative",
                f"{name} is below zero",
                pointer=f"/{name}/{low[0]}/value",
                expected="0 or more",
                count=len(low),
            )


def insight_told_lately(content: Rows, context: Any) -> Iterator[Finding]:
    """The newest day with data lies near the capture; an account without any is said to have none."""
    last = content.facts.get("last_told")
    if last is None:
        yield note("completeness.undefined", "no day has data: the account has no such figures yet", stage="completeness")
        return
    behind = context.sidecar.captured_at.date() - day_of(last)
    if behind > LATEST_TOLD:
        yield warning(
            "completeness.untold", f"the newest day with data lies {behind.days} days before the capture", stage="completeness",
            expected=f"at most {LATEST_TOLD.days} days", seen=last,
        )  # fmt: skip


def insight_series(content: Rows, first_day: str | None = None) -> dict[date, tuple[int | None, ...]]:
    """Day to figures; `first_day` dates the rows of a capture that only its bytes are known of. Daily changes may be negative, levels not."""
    columns = [c for c in HISTORIES.values() if c in content.columns]
    start = day_of(first_day) if first_day else None
    return {
        start + timedelta(days=i) if start else day_of(row["day"]): tuple(row[c] for c in columns) for i, row in enumerate(content.records)
    }  # fmt: skip


def insight_kept(content: Rows, context: Any) -> Iterator[Finding]:
    """The past is that of the last good capture, days counted alike or one day beside."""
    earlier, before = context.earlier, context.previous()
    first = earlier.facts.get("first_day") if earlier is not None else None
    if first is None or before is None or not content.records:
        return
    own = insight_series(content)
    spots = {day: n for n, day in enumerate(own)}
    asked = context.sidecar.request.get("days", "")
    yield from alignment.against_earlier(
        _told_only(insight_series(before, first)), _told_only(own), whole_window=asked.isdigit() and len(content.records) >= int(asked),
        place=lambda day: content.place(spots.get(day, 0)),
    )  # fmt: skip
    old, new = earlier.facts.get("follower_num"), content.facts.get("follower_num")
    days = max(1, (context.sidecar.captured_at - earlier.captured_at).days)
    if old is not None and new is not None and old >= FEWEST_FOLLOWERS and abs(new - old) > old * MOST_A_DAY * days:
        yield warning(
            "consistency.level-jumped", f"the follower level moved by more than {MOST_A_DAY:.0%} a day since the last good capture",
            pointer="/follower_num", expected=f"about {old:,}", seen=f"{new:,}",
        )  # fmt: skip


def _told_only(days: dict[date, tuple[int | None, ...]]) -> dict[date, tuple[int | None, ...]]:
    return {day: cells for day, cells in days.items() if any(c is not None for c in cells)}


# -- posts ------------------------------------------------------------------------------------------------------------------


def read_posts(data: bytes) -> Rows:
    """`Feed.parse` of one page of the post list: one row per post."""
    document = _answer(data)
    items = document.get("item_list")
    if not isinstance(items, list) or not all(isinstance(i, dict) for i in items):
        raise FormatTrouble("format.unknown-shape", "the answer holds no list of posts", place=Place(pointer="/item_list"))
    return Rows(items, document=document, base="/item_list", facts={"has_more": bool(document.get("has_more"))})


def page_whole(content: Rows, context: Any) -> Iterator[Finding]:
    """A page holds at most what was asked for; one that promises more holds something, and its cursor moves on."""
    request, document = context.sidecar.request, content.document
    size, cursor = request.get("size", ""), request.get("cursor", "")
    if size.isdigit() and len(content) > int(size):
        yield error(
            "completeness.page-size",
            "the page holds more posts than were asked for",
            stage="completeness",
            expected=f"at most {size}",
            seen=str(len(content)),
        )
    if not document.get("has_more"):
        return
    if not content.records:
        yield error(
            "completeness.page-empty",
            "the page is empty and promises more",
            stage="completeness",
            pointer="/has_more",
            expected="posts",
        )
    if cursor and str(document.get("cursor")) == cursor:
        yield error(
            "completeness.cursor-stands",
            "the page promises more, and its cursor does not move on",
            stage="completeness",
            pointer="/cursor",
            seen=cursor[:20],
        )


def posts_formed(content: Rows, context: Any) -> Iterator[Finding]:
    """Counts are zero or more, and no post is younger than the capture."""
    latest = context.sidecar.captured_at + timedelta(days=1)
    for name in ("play_count", "like_count", "comment_count", "share_count", "favorite_count"):
        bad = [i for i, r in enumerate(content.records) if _count(r.get(name)) is not None and (_count(r.get(name)) or 0) < 0]
        if bad:
            yield error(
                "consistency.negative",
                f"{name} is below zero",
                place=content.place(bad[0], name),
                expected="0 or more",
                count=len(bad),
            )
    times = [(i, _count(r.get("create_time", r.get("post_time")))) for i, r in enumerate(content.records)]
    late = [
        i
        for i, at in times
        if at is not None and not 0 < at < 1 << 33 or at is not None and datetime.fromtimestamp(at, UTC) > latest
    ]
    if late:
        yield error(
            "consistency.future-post",
            "a post is younger than the capture",
            place=content.place(late[0], "create_time"),
            count=len(late),
        )


def _count(value: Any) -> int | None:
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}", value, re.ASCII) else None


def posts_kept(content: Rows, context: Any) -> Iterator[Finding]:
    """The posts are those of the last good capture of this page or pushed down by newer ones; their views do not fall by much."""
    before = context.previous()
    if before is None:
        return
    old = {r.get("item_id"): _count(r.get("play_count")) for r in before.records}
    new = {r.get("item_id"): (i, _count(r.get("play_count"))) for i, r in enumerate(content.records)}
    both = old.keys() & new.keys()
    if context.sidecar.series in ("", "page-01") and min(len(old), len(new)) >= FEWEST_POSTS and not both:
        yield error(
            "consistency.other-series",
            "no post of the last good capture is on the page: another account's posts",
            expected="some posts again",
            seen=f"0 of {len(old)}",
        )
        return
    fell = []
    for post in both:
        was, (index, now) = old[post], new[post]
        if was is not None and now is not None and was >= FEWEST_VIEWS and now < was * (1 - FELL_BY):
            fell.append((index, was, now))
    if fell:
        index, was, now = min(fell)
        yield warning(
            "consistency.views-fell", "a post has fewer views than in the last good capture", place=content.place(index, "play_count"),
            expected=f"about {was:,} or more", seen=f"{now:,}", count=len(fell),
        )  # fmt: skip


def posts_known(content: Rows, context: Any) -> Iterator[Finding]:
    """Posts wander from page to page: where none stands on any page of an earlier run, they are another account's. A page that is captured for
    the first time says nothing, but where a person brings it."""
    if context.previous() is None and context.sidecar.series:
        return
    own, known, pages = {r.get("item_id") for r in content.records}, 0, 0
    for page in chain(filter(None, [context.previous()]), context.kin()):
        if any(r.get("item_id") in own for r in page.records):
            return
        known, pages = known + len(page), pages + 1
    fewest = FEWEST_STRANGE if context.sidecar.series in ("", "page-01") else 1  # new posts stand on the first page
    if pages < MOST_KIN and len(own) >= fewest and known >= FEWEST_POSTS:
        yield warning(
            "consistency.other-posts", "no post here stands on any page captured before: another account's posts, or all are new",
            expected="some posts again", seen=f"0 of {len(own)}", count=len(own),
        )  # fmt: skip


def not_all_nought(content: Rows, context: Any) -> Iterator[Finding]:
    """Of several posts that are out for more than a week one was played: on a first capture nothing else tells that the counts were lost."""
    latest = (context.sidecar.captured_at - A_WHILE).timestamp()
    old = [r for r in content.records if 0 < (_count(r.get("create_time", r.get("post_time"))) or 0) < latest]
    if len(old) >= FEWEST_PLAYED and all(_count(r.get("play_count")) == 0 for r in old):
        yield warning(
            "consistency.all-zero", "no post was ever played, and they are out for more than a week", place=content.place(0, "play_count"),
            seen="0", count=len(old),
        )  # fmt: skip


# -- both -------------------------------------------------------------------------------------------------------------------


def no_login_inside(content: Rows, context: Any) -> Iterator[Finding]:
    """An answer holds no cookie of the session; addresses that are signed for a while are told."""
    from bedrot_console.inspection.helpers import masked

    text = repr(content.document).encode("utf-8", "replace")
    found = _SESSION.search(text)
    if found:
        yield error(
            "consistency.holds-session",
            "the answer holds a cookie of the session",
            expected="none",
            seen=masked(found[0].decode("latin-1")),
        )
    signed = len(_SIGNED.findall(text))
    if signed:
        yield note("consistency.signed-urls", "the answer holds addresses that are signed for a while", count=signed)
