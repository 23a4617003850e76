"""What no schema can say about posts, their insights and stories. Pure functions.

Facts about the platform: fact sheet, chapters 3, 5, 7 and 9. The posts of a run and their insights are one set: each can look at the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import error, fields_kept, masked, note, warning

from .answers import Answers
from .checks import Check, answered, asked_once, credentials, owner, pages, policy, refusals
from .metrics import BEFORE_PROFESSIONAL, metric_refusal, posted_at, young

TYPES = frozenset({"IMAGE", "VIDEO", "CAROUSEL_ALBUM"})
PRODUCTS = frozenset({"FEED", "REELS", "STORY", "AD"})
LISTED_SHARE = 0.8
"""media_count and the posts listed differ a little (seen: 229 against 243); fewer than this share are pages that did not come (assumed)."""
LISTED_FEW = 3
"""So few may be missing from any account: the first posts of a new one are a large share (assumed)."""
STORY_LIVES = timedelta(hours=24)
STORY_EVERY = timedelta(hours=20)
WHY = {BEFORE_PROFESSIONAL: "posted before the account was professional", 33: "gone since it was listed", 10: "seen by too few"}


def posts(content: Answers, context: Any) -> Iterator[Finding]:
    """Each post is of a known kind, lies on Instagram, belongs to one user and was posted before the capture."""
    captured = context.sidecar.captured_at
    user = context.sidecar.request.get("username") or None
    kinds, links, dates, users = [], [], [], []
    for i, row in enumerate(content.records):
        kind, product = row.get("media_type"), row.get("media_product_type", "FEED")
        if kind not in TYPES or product not in PRODUCTS or (product == "REELS" and kind != "VIDEO"):
            kinds.append(i)
        host = urlsplit(str(row["permalink"])).hostname if row.get("permalink") else "instagram.com"
        if host is None or not (host == "instagram.com" or host.endswith(".instagram.com")):
            links.append(i)
        at = posted_at(row)
        if at is None or at > captured + timedelta(days=1):
            dates.append(i)
        user = user or row.get("username")
        if row.get("username") not in (None, user):
            users.append(i)
    for found, code, text, column in (
        (kinds, "consistency.unknown-kind", "a post is of no known kind", "media_type"),
        (links, "consistency.foreign-link", "a permalink leads elsewhere than to Instagram", "permalink"),
        (dates, "consistency.posted-when", "a post has no moment, or one after the capture", "timestamp"),
        (users, "consistency.wrong-account", "a post belongs to another user", "username"),
    ):
        if found:
            make = warning if found is kinds else error
            seen = masked(content.records[found[0]].get(column))
            yield make(code, text, place=content.place(found[0], column), seen=seen, count=len(found))


def counts(content: Answers, context: Any) -> Iterator[Finding]:
    """Likes and comments are whole numbers from 0 (an owner can hide likes: then there is none)."""
    for column in ("like_count", "comments_count"):
        bad = [i for i, r in enumerate(content.records) if column in r and not (type(r[column]) is int and r[column] >= 0)]
        if bad:
            yield error(
                "consistency.not-a-count", f"{column} is no whole number from 0", place=content.place(bad[0], column),
                seen=masked(content.records[bad[0]][column]), count=len(bad),
            )  # fmt: skip


def all_listed(content: Answers, context: Any) -> Iterator[Finding]:
    """About as many posts are listed as the account counts: paging alone tells the end, but most of them cannot be missing."""
    told = context.sidecar.request.get("media_count", "")
    if not told.isdecimal() or int(told) == len(content):
        return
    missing = int(told) - len(content) > LISTED_FEW and len(content) < int(told) * LISTED_SHARE
    make, where = (error, "pages did not come") if missing else (note, "the two differ a little (seen)")
    yield make(
        "completeness.posts-listed", f"the account counts another number of posts than were listed: {where}", stage="completeness",
        expected=told, seen=str(len(content)),
    )  # fmt: skip


def vanished(content: Answers, context: Any) -> Iterator[Finding]:
    """Posts of the last good capture are still listed; a few may have been deleted, half of them not."""
    before = context.previous()
    if before is None:
        return
    ids = {str(r.get("id")) for r in content.records}
    lost = [str(r.get("id")) for r in before.records if str(r.get("id")) not in ids]
    if lost:
        make = error if len(lost) * 2 > len(before) else warning
        yield make(
            "volume.posts-vanished", "posts of the last good capture are no longer listed", stage="volume",
            expected=f"{len(before)} posts or more", seen=f"{len(content)} posts", count=len(lost),
        )  # fmt: skip


def known_posts(content: Answers, context: Any) -> Iterator[Finding]:
    """Each answer is about a listed post, none about a child of an album; each post that is young enough has an answer or a refusal."""
    listed = context.sibling("instagram/media")
    asked = {p.about for p in content.parts if p.about}
    if listed is None:
        told = context.sidecar.request.get("posts", "")
        if told.isdecimal() and len(asked) < int(told):
            yield error(
                "completeness.post-missing", "posts have no answer", stage="completeness", expected=told, seen=str(len(asked))
            )
        return
    ids = {str(r.get("id")) for r in listed.records}
    children = {
        str(c.get("id")) for r in listed.records for c in (r.get("children") or {}).get("data", ()) if isinstance(c, dict)
    }  # fmt: skip
    if album := sorted(asked & children):
        yield error(
            "consistency.album-child", "insights of a child of an album: it has none", seen=f"…{album[0][-4:]}", count=len(album)
        )
    if unknown := sorted(asked - ids - children):
        yield error(
            "consistency.unknown-post", "insights of a post that was not listed", seen=f"…{unknown[0][-4:]}", count=len(unknown)
        )
    request = context.sidecar.request
    try:
        now, days = datetime.fromtimestamp(int(request["at"]), UTC), int(request["post_days"])
    except (KeyError, ValueError):
        return
    lost = [str(r.get("id")) for r in listed.records if str(r.get("id")) not in asked and young(r, now, days)]
    if lost:
        yield error(
            "completeness.post-missing", "listed posts have neither insights nor a reason why not", stage="completeness",
            seen=f"…{lost[0][-4:]}", count=len(lost),
        )  # fmt: skip


def post_refusals(content: Answers, context: Any) -> Iterator[Finding]:
    """Posts without insights, with the platform's own reason; reasons nobody knows are errors. Metrics are told as everywhere."""
    reasons: dict[str, list[str]] = {}
    odd: list[tuple[str, Any]] = []
    for part in content.parts:
        error_object = part.refused
        if error_object is None or not part.path.endswith("/insights"):
            continue
        code, sub = error_object.get("code"), error_object.get("error_subcode")
        if code == 100 and metric_refusal(str(error_object.get("message", ""))) is not None and sub != BEFORE_PROFESSIONAL:
            continue
        why = WHY.get(sub if code == 100 else code)
        if why is None:
            odd.append((part.pointer, code))
        else:
            reasons.setdefault(why, []).append(part.pointer)
    for why, places in reasons.items():
        yield note("completeness.post-refused", f"no insights: {why}", stage="completeness", pointer=places[0], count=len(places))
    if odd:
        yield error("completeness.refused", "the platform refused a post for a reason nobody knows", stage="completeness", pointer=odd[0][0], seen=f"code {odd[0][1]}", count=len(odd))  # fmt: skip


def metric_refusals(content: Answers, context: Any) -> Iterator[Finding]:
    """As for the account, without the refusals of whole posts."""
    kept = [p for p in content.parts if p.refused is None or metric_refusal(str(p.refused.get("message", ""))) is not None]
    kept = [p for p in kept if p.refused is None or p.refused.get("error_subcode") != BEFORE_PROFESSIONAL]
    yield from refusals(_Of(kept), context)  # type: ignore[arg-type]


class _Of:
    """Some parts of a content."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts


def lifetimes(content: Answers, context: Any) -> Iterator[Finding]:
    """What a post has brought it keeps: views of a post that fall by a tenth and more are told."""
    before = context.previous()
    if before is None:
        return
    old = {r["media"]: r.get("views") for r in before.records}
    fallen = [
        i for i, r in enumerate(content.records)
        if type(r.get("views")) is int and type(old.get(r["media"])) is int and r["views"] < old[r["media"]] * 0.9
    ]  # fmt: skip
    if fallen:
        make = error if len(fallen) * 2 > len(content) and len(content) > 3 else warning
        yield make(
            "volume.lifetime-fell", "views of posts fell since the last good capture", stage="volume",
            place=content.place(fallen[0], "views"), count=len(fallen),
        )  # fmt: skip


def reach_and_views(content: Answers, context: Any) -> Iterator[Finding]:
    """Nobody is reached without a view; watch times fit together: the average times the views is about the total."""
    bad = [i for i, r in enumerate(content.records) if _above(r.get("reach"), r.get("views"))]
    if bad:
        yield warning("consistency.bounds", "reach is above views", place=content.place(bad[0], "reach"), count=len(bad))
    bad = [
        i
        for i, r in enumerate(content.records)
        if _above(r.get("ig_reels_avg_watch_time"), r.get("ig_reels_video_view_total_time"))
    ]
    if bad:
        yield error(
            "consistency.bounds", "the average watch time is above the total", place=content.place(bad[0]), count=len(bad)
        )


def _above(a: Any, b: Any) -> bool:
    return type(a) is int and type(b) is int and a > b


def live(content: Answers, context: Any) -> Iterator[Finding]:
    """Stories live for a day: none is older, none was posted after the capture; they are captured often enough not to lose any."""
    captured = context.sidecar.captured_at
    told = context.sidecar.request.get("at", "")
    now = datetime.fromtimestamp(int(told), UTC) if told.isdecimal() and len(told) < 12 else captured
    listed = [(i, at) for i, r in enumerate(content.records) if (at := posted_at(r)) is not None]
    old = [i for i, at in listed if now - at > STORY_LIVES + timedelta(hours=1) or at > now + timedelta(hours=1)]
    if old:
        yield error("consistency.story-age", "a story is older than a day, or from the future", place=content.place(old[0], "timestamp"), count=len(old))  # fmt: skip
    unlisted = [i for i, r in enumerate(content.records) if "media_type" not in r]
    if unlisted:
        yield error(
            "consistency.unknown-post",
            "insights of a story that was not listed",
            place=content.place(unlisted[0]),
            count=len(unlisted),
        )
    asked = {p.about for p in content.parts if p.path.endswith("/insights")}
    lost = [i for i, r in enumerate(content.records) if r["media"] not in asked]
    if lost and content.parts:
        yield error("completeness.post-missing", "a story has neither insights nor a reason why not", stage="completeness", place=content.place(lost[0]), count=len(lost))  # fmt: skip
    if context.earlier is not None and captured - context.earlier.captured_at > STORY_EVERY:
        hours = (captured - context.earlier.captured_at) / timedelta(hours=1)
        yield note("freshness.stories-missed", f"{hours:.0f} hours since the last capture: stories may have come and gone", stage="freshness", expected="at most 20 hours")  # fmt: skip


MEDIA: tuple[Check, ...] = (credentials, owner, asked_once, pages, posts, counts, all_listed, vanished, fields_kept())
MEDIA_INSIGHTS: tuple[Check, ...] = (
    credentials, owner, asked_once, answered, policy, metric_refusals, post_refusals, known_posts, lifetimes, reach_and_views,
)  # fmt: skip
STORIES: tuple[Check, ...] = (
    credentials, owner, asked_once, answered, policy, metric_refusals, post_refusals, pages, posts, live, reach_and_views,
)  # fmt: skip
