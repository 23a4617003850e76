"""One feed of a made-up platform: `{"account": …, "plays": [{"day": …, "plays": …}]}`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bedrot_console.domain.feeds import Feed
from bedrot_console.extraction.base import Extractor
from bedrot_console.inspection.contents import Rows


def parse(body: bytes) -> Rows:
    """Days and plays."""
    document = json.loads(body)
    return Rows(document["plays"], ("day", "plays"), document=document, base="/plays")


def recognise(head: bytes) -> bool:
    """It says so itself."""
    return b'"plays"' in head and b'"press"' in head


class Press(Extractor):
    """Plays per day."""

    name = "press"
    title = "Press"
    method = "manual"
    plays = Feed(
        template="press/plays/press_plays_{stamp}.json",
        parse=parse,
        day="day",
        key=("day",),
        measures=("plays",),
        history="growing",
        warn_after=timedelta(days=3),
        fail_after=timedelta(days=30),
        recognise=recognise,
        max_drop=0.5,
    )
    uploads = ("plays",)

    @classmethod
    def asked(cls, feed: str, option: Callable[..., Any]) -> tuple[str, ...] | bool:
        """Everything, unless the settings name papers; `papers = false` leaves all out."""
        papers = option("papers", True)
        return papers if isinstance(papers, bool) else tuple(papers)
