"""Plays of a made-up platform: a page behind a login with a second factor, and a file to download."""

from __future__ import annotations

from collections.abc import Iterator

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import CredentialsRejected
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor
from bedrot_console.extraction.session import Session

MARKS = {
    "limit": "document.title === 'Slow down'",
    "home": "location.pathname === '/home' && document.querySelector('#member') !== null",
    "code": "location.pathname === '/code' && document.querySelector('#code') !== null",
    "login": "document.querySelector('#password') !== null",
}


class Tiny(Extractor):
    """One page and one table of one account."""

    name = "tiny"
    version = "3"
    method = "browser"
    title = "Tiny"
    origin = "https://tiny.invalid"
    secrets = ("email", "password")

    plays = Feed(template="tiny/plays/plays_{stamp}.html", format="html", media_type="text/html")
    sales = Feed(template="tiny/sales/sales_{date}.csv", format="table", media_type="text/csv")

    def extract(self, session: Session) -> Iterator[Capture]:
        session.stage("sign in", 0, 2)
        session.open(session.option("first", "/home"))
        if session.option("stuck"):
            session.stage("stuck")
            session.page.evaluate("new Promise(() => {})")
        if session.landmark(MARKS, what="start") != "home":
            self._sign_in(session)
        session.save_login()
        session.stage("read", 1, 2)
        session.open("/plays")
        session.landmark({"plays": "document.querySelector('table#plays') !== null"}, timeout_seconds=3, what="plays page")
        yield self.capture(self.plays, session.page.content().encode(), session)
        if session.wants(self.sales):
            session.open("/home")
            got = session.download(lambda: session.page.click("#export"))
            yield self.capture(self.sales, got, session, received_name=got.name)

    def _sign_in(self, session: Session) -> None:
        session.forget_login()
        session.require_operator("code", "app" if session.option("app") else "e-mail")
        session.open("/signin")
        session.set_secret("#email", session.secret("email"))
        session.set_secret("#password", session.secret("password"))
        session.page.click("#go")
        error: str | None = None
        while True:
            where = session.landmark(MARKS | {"login": "document.querySelector('.error') !== null"}, what="after sign-in")
            if where == "home":
                return
            if where == "login":
                raise CredentialsRejected("tiny refused name or password")
            error = session.page.text_content(".problem") or None
            got = session.ask(
                "code",
                "The code Tiny sent",
                medium="app" if session.option("app") else "e-mail",
                hint="m…@example.net",
                length=6,
                pattern=r"\d{6}",
                expires_in=float(session.option("code_seconds", 600)),
                can=("resend",),
                error=error,
                moved=lambda: session.page.evaluate("location.pathname") == "/home",
            )
            if got == "resend":
                session.open("/code?resend=1")
            elif isinstance(got, Secret):
                session.set_secret("#code", got)
                with session.page.expect_navigation():
                    session.page.click("#send")
