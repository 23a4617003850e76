"""The exports of Business Suite that people would upload, of an invented account: the forms that were seen, byte for byte."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from ..metrics import PACIFIC
from ..suite import POST_COLUMNS
from . import world
from .world import Profile

TITLES = {
    "views": ("Views", "views"), "reach": ("Reach", "reach"), "follows": ("Instagram follows", "follows"),
    "interactions": ("Content interactions", "total_interactions"), "visits": ("Instagram profile visits", "profile_views"),
    "link_clicks": ("Instagram link clicks", "website_clicks"),
}  # fmt: skip
"""Metric -> title as the English interface spells it, and what it counts."""


def utf16(lines: Iterable[str]) -> bytes:
    """UTF-16LE with a byte order mark, LF, an empty line at the end (seen)."""
    return b"\xff\xfe" + "".join(line + "\n" for line in (*lines, "")).encode("utf-16-le")


def daily(profile: Profile, metric: str, first: date, last: date, now: datetime) -> bytes:
    """One metric by day. Only follows leave out days on which nothing happened."""
    title, name = TITLES[metric]
    lines = ["sep=,", f'"{title}"', '"Date","Primary"']
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        value = (world.figures(profile, day, now) or {}).get(name, 0)
        if value or metric != "follows":
            lines.append(f'"{day}T00:00:00","{value}"')
    return utf16(lines)


def audience(profile: Profile, now: datetime) -> bytes:
    """Followers: their number, ages by gender, cities, countries; shares with at most one decimal."""
    count = world.followers(profile, now)
    share = {name: list(world.people(profile, "follower_demographics", (name,), now)) for name in ("city", "country")}
    ages = {tuple(g): n for g, n in world.people(profile, "follower_demographics", ("age", "gender"), now)}

    def percent(n: int) -> str:
        return f"{round(100 * n / count, 1):g}%"

    lines = ["sep=,", '"Instagram followers"', '"IG_ACCOUNT,FOLLOW,UNIQUE_USERS"', f'"{count}"', "", '"Instagram followers by gender and age"', '"Age","Women","Men"']  # fmt: skip
    lines += [f'"{a}","{percent(ages.get((a, "F"), 0))}","{percent(ages.get((a, "M"), 0))}"' for a in world.AGES[1:]]
    for name, title in (("city", "cities"), ("country", "countries")):
        lines += ["", f'"Instagram followers by top {title}"', f'"Top {title}","Value"']
        lines += [f'"{g[0]}","{percent(n)}"' for g, n in share[name][:10]]
    return utf16(lines)


def posts(profile: Profile, now: datetime, count: int = 8) -> bytes:
    """The list of posts: UTF-8 with a byte order mark, figures of the whole life."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(POST_COLUMNS)
    for post in world.posts(profile, now)[:count]:
        found = world.post_figures(post, now)
        kind = "IG reel" if post.product == "REELS" else "IG carousel" if post.children else "IG image"
        at = post.posted.astimezone(PACIFIC).strftime("%m/%d/%Y %H:%M")
        link = f"https://www.instagram.com/p/C{int(post.id) % 10**10:010d}/"
        caption = f"{world.CAPTIONS[post.number % len(world.CAPTIONS)]}, no. {post.number}"
        writer.writerow(
            [
                post.id, profile.id, profile.username, profile.name, caption, 31 if kind == "IG reel" else 0, at, link, kind, "", "Lifetime",
                found["views"], found["reach"], found["likes"], found["shares"], found["follows"], found["comments"], found["saved"],
            ]
        )  # fmt: skip
    return b"\xef\xbb\xbf" + out.getvalue().encode()
