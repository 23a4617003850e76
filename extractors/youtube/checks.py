"""What no schema can say about list answers: whose they are, whether they are whole, and whether counters can be right. Pure functions.

Facts: fact sheet, chapters 4 and 9. `context.sidecar.request` says what was asked: `channel`, `uploads` (how many videos the channel claims),
`playlist`, `asked` (how many ids); files that people bring have none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bedrot_console.domain.findings import Finding
from bedrot_console.inspection.helpers import day_of, error, fields_kept, note, warning

from .answers import Answers, number

LEAST_SHARE = Decimal("0.9")
"""`totalResults` of a playlist is approximate (documented): less than this share of it is an error, any difference a warning."""
FALLEN = Decimal("0.95")
"""Lifetime counters lose a little when fraud is taken out (assumed); below this share of the last capture something is wrong."""
LEAPS, LEAP_VIEWS = 3, 10_000
"""Growth between two captures that somebody should look at: threefold and ten thousand more."""
_DURATION = re.compile(r"P(?=.)(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?")
A_WHILE, FEWEST_VIDEOS = timedelta(days=7), 5
COUNTERS = ("viewCount", "likeCount", "dislikeCount", "commentCount", "favoriteCount")


def owner(content: Answers, context: Any) -> Iterator[Finding]:
    """Every row belongs to the channel that the run was bound to, which is also that of the last good capture."""
    column = "id" if context.sidecar.feed == "youtube/channel" else "channelId"
    expected, why = context.sidecar.request.get("channel"), "the run was bound to"
    before = context.previous()
    earlier = {r[column] for r in before.records if r.get(column)} if before is not None else set()
    if expected is None and len(earlier) == 1:
        expected, why = earlier.pop(), "that of the last good capture"
    elif expected is not None and len(earlier) == 1 and expected not in earlier:
        yield error(
            "consistency.wrong-account",
            "the last good capture is of another channel",
            expected=earlier.pop()[:24],
            seen=expected[:24],
        )
    if expected is None:
        return
    foreign = [i for i, r in enumerate(content.records) if r.get(column) != expected]
    if foreign:
        seen = str(content.records[foreign[0]].get(column))[:24]
        yield error(
            "consistency.wrong-account", f"rows belong to another channel than {why}", place=content.place(foreign[0]), expected=expected[:24],
            seen=seen, count=len(foreign),
        )  # fmt: skip


def one_channel(content: Answers, context: Any) -> Iterator[Finding]:
    """One channel, with its counters and its list of uploads; a counter may be hidden, never missing."""
    if len(content) > 1:
        yield error("consistency.several-channels", "more than one channel answers", expected="1", seen=str(len(content)))
    for index, row in enumerate(content.records[:1]):
        for name in ("viewCount", "videoCount", "subscriberCount"):
            if name not in row and not (name == "subscriberCount" and row.get("hiddenSubscriberCount") is True):
                yield error(
                    "completeness.counter-missing",
                    f"{name} is missing",
                    stage="completeness",
                    place=content.place(index),
                    expected=name,
                )


def last_page(content: Answers, context: Any) -> Iterator[Finding]:
    """The last page names no further one, the others do: nothing was left unfetched."""
    tokens = [bool(page.get("nextPageToken")) for page in content.pages]
    if tokens and tokens[-1]:
        yield error(
            "completeness.pages-missing", "the last page says that there is a further one", stage="completeness",
            pointer=f"/{len(tokens) - 1}/nextPageToken",
        )  # fmt: skip
    if not all(tokens[:-1]):
        yield error(
            "completeness.pages-missing",
            "a page in the middle says that it is the last",
            stage="completeness",
            pointer=f"/{tokens.index(False)}",
        )


def listed(content: Answers, context: Any) -> Iterator[Finding]:
    """As many uploads as the platform counts. No list at all is right only for a channel without videos."""
    claimed = {p["pageInfo"]["totalResults"] for p in content.pages if _counts(p)}
    videos = context.sidecar.request.get("uploads")
    if not content.pages and videos not in (None, "0"):
        yield error(
            "completeness.no-rows",
            "the channel has videos, and none is listed",
            stage="completeness",
            expected=f"{videos} videos",
            seen="0 rows",
        )
    if len(claimed) > 1:
        yield note("completeness.total-moved", "the number of uploads changed while they were listed", stage="completeness")
    if claimed and len(content) not in claimed:
        most = max(claimed)
        make = error if len(content) < most * LEAST_SHARE or len(content) > most else warning
        yield make(
            "completeness.total-differs",
            "there are not as many uploads as the platform counts",
            stage="completeness",
            expected=str(most),
            seen=str(len(content)),
        )


def in_playlist(content: Answers, context: Any) -> Iterator[Finding]:
    """Items lie in the list that was asked for, one after the other."""
    wanted = context.sidecar.request.get("playlist")
    foreign = [i for i, r in enumerate(content.records) if wanted and r.get("playlistId", wanted) != wanted]
    if foreign:
        yield error(
            "consistency.wrong-playlist", "items lie in another playlist", place=content.place(foreign[0]), count=len(foreign)
        )
    places = [r["position"] for r in content.records if isinstance(r.get("position"), int)]
    if len(places) == len(content) and places != sorted(set(places)):
        yield error("consistency.positions", "positions do not rise strictly", seen=str(len(places)))


def answered(content: Answers, context: Any) -> Iterator[Finding]:
    """Each answer holds as many videos as it counts, and every id that was asked for is answered (one may be deleted in between)."""
    for at, page in enumerate(content.pages):
        items = page.get("items", [])
        if _counts(page) and len(items) != page["pageInfo"]["totalResults"]:
            yield error(
                "completeness.total-differs", "an answer holds not as many videos as it counts", stage="completeness", pointer=f"/{at}/items",
                expected=str(page["pageInfo"]["totalResults"]), seen=str(len(items)),
            )  # fmt: skip
    videos = context.sidecar.request.get("uploads")
    if not content.pages and videos not in (None, "0"):
        yield error(
            "completeness.no-rows",
            "the channel has videos, and none is answered",
            stage="completeness",
            expected=f"{videos} videos",
            seen="0 rows",
        )
    asked = context.sidecar.request.get("asked")
    if asked is None or not asked.isdecimal() or len(content) == int(asked):
        return
    make = error if len(content) > int(asked) or len(content) < int(asked) * LEAST_SHARE else warning
    yield make(
        "completeness.videos-missing",
        "not every video that was asked for was answered",
        stage="completeness",
        expected=asked,
        seen=str(len(content)),
    )


def _counts(page: dict[str, Any]) -> bool:
    info = page.get("pageInfo")
    return isinstance(info, dict) and type(info.get("totalResults")) is int


def counters(content: Answers, context: Any) -> Iterator[Finding]:
    """Views are always counted; likes and comments may be hidden. Nobody likes or comments on what nobody saw."""
    missing = [i for i, r in enumerate(content.records) if "viewCount" not in r]
    if missing:
        yield error(
            "completeness.counter-missing",
            "viewCount is missing",
            stage="completeness",
            place=content.place(missing[0]),
            count=len(missing),
        )
    for name in ("likeCount", "commentCount"):
        odd = [
            i
            for i, r in enumerate(content.records)
            if name in r and number(r[name]) > 10 and number(r[name]) > number(r.get("viewCount"))
        ]
        if odd:
            yield warning("consistency.bounds", f"{name} is above viewCount", place=content.place(odd[0]), count=len(odd))


def durations(content: Answers, context: Any) -> Iterator[Finding]:
    """Lengths are ISO 8601 durations, as in PT3M5S or P1DT2H."""
    odd = [i for i, r in enumerate(content.records) if not _DURATION.fullmatch(str(r.get("duration", "PT0S")))]
    if odd:
        yield error(
            "consistency.duration", "a duration is none", place=content.place(odd[0]), expected="ISO 8601", count=len(odd)
        )


def times(content: Answers, context: Any) -> Iterator[Finding]:
    """Nothing was published after the capture."""
    latest = (context.sidecar.captured_at + timedelta(days=2)).date()
    for column in ("publishedAt", "videoPublishedAt"):
        ahead = [i for i, r in enumerate(content.records) if r.get(column) and _ahead(r[column], latest)]
        if ahead:
            yield error(
                "consistency.future-time", f"{column} lies after the capture", place=content.place(ahead[0]), count=len(ahead)
            )


def _ahead(value: Any, latest: Any) -> bool:
    try:
        return day_of(value) > latest
    except ValueError:
        return False


def fallen(content: Answers, context: Any) -> Iterator[Finding]:
    """What was counted once stays counted: lifetime counters do not fall, videos do not vanish by the dozen."""
    before = context.previous()
    if before is None:
        return
    key = "videoId" if context.sidecar.feed == "youtube/playlist" else "id"
    now = {r.get(key): r for r in content.records}
    old = {r.get(key): r for r in before.records}
    lost = [k for k in old if k not in now]
    if lost and context.sidecar.feed != "youtube/channel":
        make = error if len(lost) > max(2, len(old) // 10) else warning
        yield make(
            "volume.rows-vanished",
            "videos of the last good capture are gone (deleted?)",
            stage="volume",
            expected=str(len(old)),
            seen=str(len(now)),
            count=len(lost),
        )
    pairs = [
        (k, number(r.get("viewCount")), number(old[k]["viewCount"])) for k, r in now.items() if "viewCount" in old.get(k, ())
    ]
    down = [k for k, new, earlier in pairs if new < earlier * FALLEN - 10]
    if down:
        yield error(
            "volume.counter-fell",
            "viewCount counts a lifetime, and fell",
            stage="volume",
            seen=str(down[0])[:24],
            count=len(down),
        )
    up = [k for k, new, earlier in pairs if new > earlier * LEAPS + LEAP_VIEWS]
    if up:
        yield warning(
            "volume.counter-leapt",
            "viewCount grew many times over since the last good capture",
            stage="volume",
            seen=str(up[0])[:24],
            count=len(up),
        )


def not_all_nought(content: Answers, context: Any) -> Iterator[Finding]:
    """Of several videos that are out for more than a week, one was seen by somebody: on a channel's first capture nothing else tells
    that the right to read counters was lost."""
    known = (context.sidecar.captured_at - A_WHILE).date()
    old = [r for r in content.records if r.get("publishedAt") and "viewCount" in r and not _ahead(r["publishedAt"], known)]
    if len(old) >= FEWEST_VIDEOS and not any(number(r["viewCount"]) for r in old):
        yield warning(
            "consistency.all-zero", "no video has a view, and they are out for more than a week", place=content.place(0), seen="0",
            count=len(old),
        )  # fmt: skip


def item_fields(content: Answers) -> list[dict[str, Any]]:
    """Each item's fields and those of its parts, by the platform's names; what may be hidden (statistics) is told elsewhere."""
    return [
        {k: v for k, v in item.items() if not isinstance(v, dict)}
        | {
            f"{part}.{k}": v
            for part, inner in item.items()
            if isinstance(inner, dict) and part != "statistics"
            for k, v in inner.items()
        }
        for page in content.pages
        for item in page.get("items", ())
    ]


CHANNEL = (owner, one_channel, times, fallen)
PLAYLIST = (owner, last_page, listed, in_playlist, times, fallen, fields_kept(item_fields))
VIDEOS = (owner, answered, counters, not_all_nought, durations, times, fallen, fields_kept(item_fields))
