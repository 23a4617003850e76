"""A set of two answers of a made-up API, and one file by itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import requests

from bedrot_console.domain.errors import BedrotError, CredentialsRejected
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.session import Session


def decode(response: requests.Response) -> BedrotError | None:
    """The API says 200 and `error`."""
    if b'"error"' in response.content[:20]:
        return CredentialsRejected("tinyapi says: " + response.json()["error"])
    return None


class TinyApi(Extractor):
    """Two lists that belong together, and a big one streamed."""

    name = "tinyapi"
    version = "1"
    method = "api"
    title = "Tiny API"
    origin = "https://api.tiny.invalid"
    secrets = ("access_token",)
    echoes = ("access_token",)
    uploads = ("letters",)

    albums = Feed(template="tinyapi/{stamp}/albums.json", set_name="dump")
    tracks = Feed(template="tinyapi/{stamp}/tracks.json", set_name="dump")
    big = Feed(template="tinyapi/big/big_{stamp}.json")
    letters = Feed(template="tinyapi/letters/{slug}_{stamp}.{ext}", format="binary")

    def extract(self, session: Session) -> Iterator[Capture]:
        session.http.decode = decode
        head = {"Authorization": f"Bearer {session.secret('access_token').reveal()}"}
        mode = session.option("mode", "")
        if mode == "ask":
            session.require_operator("code", "sms")
            got = session.ask("code", "code please", medium="sms", length=6, expires_in=session.option("code_seconds"))
            session.log("info", f"the extractor was so careless to print {got.reveal()}")  # type: ignore[union-attr]
        if mode == "approve":
            session.log("info", str(session.ask("approve", "tap 42 on the phone", medium="push", can=("other",))))
        if mode == "wait":
            session.stage("waiting")
            session.sleep(600)
        if mode == "stuck":
            session.stage("stuck")
            subprocess.run(["sleep", "600"], check=True)  # noqa: S607
        if mode == "crash":
            password = session.secret("access_token").reveal()
            raise RuntimeError(f"careless {password}")
        for feed in (self.albums, self.tracks):
            if session.wants(feed):
                yield self.capture(feed, session.get(f"/{feed.name.rpartition('/')[2]}", headers=head), session)
        if session.wants(self.big):
            got = session.fetch("/big", headers=head)
            yield self.capture(self.big, got, session)
