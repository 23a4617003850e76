"""Declares the feeds of New Platform and walks its API for them.

A small JSON API with a bearer token, as `bedrot new-platform` made it. Its facts are all *assumed*: replace them by what you know.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from bedrot_console.domain.errors import AccessError, BedrotError
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor
from bedrot_console.inspection.helpers import days_rising, not_negative, whole_days

from . import checks

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

DAYS = 60


def _feed(name: str) -> Feed:
    return Feed(
        template=f"newplatform/{name}/newplatform_{name}_{{stamp}}.json", title=f"Daily {name}", parse=checks.read(name), day="day", key=("day",),
        measures=(name,), min_bytes=60, history="rolling", max_drop=0.5, warn_after=timedelta(days=3), fail_after=timedelta(days=7),
        recognise=checks.recognises(name), options={"duplicates": "daily"},
        checks=(checks.whose, checks.total_matches, days_rising("day"), whole_days("day"), not_negative(name)),
    )  # fmt: skip


class NewPlatform(Extractor):
    """Daily plays and followers of one account of New Platform."""

    name = "newplatform"
    version = "1"
    method = "api"
    title = "New Platform"
    origin = "https://api.newplatform.example"
    secrets = ("access_token",)

    plays = _feed("plays")
    followers = _feed("followers")

    def extract(self, session: Session) -> Iterator[Capture]:
        """Bring each feed; one that fails does not stop the others, a refused token stops all."""
        for feed in (f for f in (self.plays, self.followers) if session.wants(f)):
            kind = feed.name.partition("/")[2]
            session.stage(kind)
            try:
                answer = session.get(f"/v1/{kind}", {"days": DAYS}, headers=_bearer(session))
            except AccessError:
                raise
            except BedrotError as error:
                session.failed(feed, error)
                continue
            yield self.capture(feed, answer, session, request={"days": str(DAYS), "owner": str(session.option("owner", ""))})

    def prove(self, session: Session) -> str | None:
        """The name that the platform gives to whoever holds the token; a token that is refused is the error that says so."""
        return f"the token belongs to {session.get('/v1/me', headers=_bearer(session)).json()['owner']}"


def _bearer(session: Session) -> dict[str, str]:
    return {"Authorization": f"Bearer {session.secret('access_token').reveal()}"}
