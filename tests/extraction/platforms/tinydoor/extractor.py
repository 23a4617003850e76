"""One file behind a door: a code that a phone scans, or a page that only a human can solve (`door` in the settings)."""

from __future__ import annotations

from collections.abc import Iterator

from bedrot_console.domain.errors import CredentialsRejected
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.session import Session

HOME = "location.pathname === '/home'"


class TinyDoor(Extractor):
    """What stands behind the door."""

    name = "tinydoor"
    version = "1"
    method = "browser"
    title = "Tiny Door"
    origin = "https://tinydoor.invalid"

    room = Feed(template="tinydoor/room/room_{stamp}.html", format="html", media_type="text/html", empty="ok")

    def extract(self, session: Session) -> Iterator[Capture]:
        door = session.option("door", "qr")
        session.require_operator(door)
        session.open(f"/{door}")
        moved = session.browser.tolerant(lambda: session.page.evaluate(HOME))
        if door == "qr":
            session.ask("qr", "Scan it with the Tiny app", expires_in=60, moved=moved, look=lambda: session.read_qr("#code"))
        elif session.ask("page", "Solve the puzzle", moved=moved, can=("other",)) == "other":
            raise CredentialsRejected("the human gave up")
        session.landmark({"home": HOME}, what="after the door")
        yield self.capture(self.room, session.page.content().encode(), session)
