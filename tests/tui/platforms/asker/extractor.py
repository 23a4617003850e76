"""Sends a code to a made-up phone, and says so each time it does."""

from __future__ import annotations

from collections.abc import Iterator

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.session import Session

CODE = "246810"


class Asker(Extractor):
    """One file behind a code."""

    name = "asker"
    title = "Asker"
    method = "api"
    origin = "https://asker.invalid"
    words = Feed(template="asker/words/asker_words_{stamp}.json")

    def extract(self, session: Session) -> Iterator[Capture]:
        session.stage("sign in")
        session.require_operator("code", "sms")
        session.log("info", "a code is sent")
        said = session.ask("code", "code please", medium="sms", hint="+49 ***12", length=6, attempts_left=3, expires_in=600)
        if isinstance(said, Secret) and said.reveal() == CODE:
            yield self.capture(self.words, b'{"words": ["one"]}', session)
