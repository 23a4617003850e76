"""The human of a Session: what a platform asks of a person, asked and answered in the run's own thread."""

from __future__ import annotations

from collections.abc import Callable

from ..domain.accounts import account_flag
from ..domain.challenges import Challenge, ChallengeKind, Look, Secret
from ..domain.errors import ChallengeUnanswered, SourceChanged
from .hands import Hands


class Asking(Hands):
    """What a Session asks of a human."""

    def require_operator(self, kind: str = "code", medium: str = "") -> None:
        """Make sure that somebody can answer; call it BEFORE anything that makes the platform send a code.

        Raises:
            ChallengeUnanswered: nobody is there and the vault holds no `totp_secret` that could answer (`code` by `app` only).
        """
        if self.attended or self._totp_can(kind, medium):
            return
        by = f" by {medium}" if medium else ""
        raise ChallengeUnanswered(
            f"{self.platform} wants a {kind}{by} and nobody is there to give it",
            hint=f"bedrot extract {self.platform}{account_flag(self.account)}",
        )

    def ask(
        self,
        kind: str,
        prompt: str,
        *,
        medium: str = "",
        hint: str = "",
        length: int | None = None,
        pattern: str | None = None,
        expires_in: float | None = None,
        attempts_left: int | None = None,
        can: tuple[str, ...] = (),
        error: str | None = None,
        picture: str | None = None,
        moved: Callable[[], bool] | None = None,
        look: Callable[[], str | Secret | Look] | None = None,
    ) -> Secret | str:
        """Ask the human; the first of these ends it: a valid answer, TOTP from the vault, the page moving on, the deadline, cancel.

        Args:
            kind: `code`, `password`, `approve`, `page` or `qr`.
            medium: `e-mail`, `sms`, `app`, … ; a `code` by `app` is answered by the vault's `totp_secret` if there is one.
            hint: masked destination as the platform shows it.
            length, pattern: what an answer looks like; another shape is refused without spending an attempt at the platform.
            expires_in: seconds until the platform no longer takes the answer.
            can: further acts the human may choose (`resend`, `other`); `approve`, `page` and `qr` always allow `done`.
            error: what the platform said about the last attempt.
            moved: whether the page went on by itself; asked a few times a second, in this thread.
            look: what there is to see NOW, asked in this thread whenever somebody looks: for `qr` what the code says (usually
                `lambda: session.read_qr(selector)`; codes rotate). A `page` shows the session's page without it, and whoever answers can
                also click and type there. What it returns is shown to the human and written nowhere.

        Returns:
            The answer as Secret (used once, never stored); or the word `moved` (the page went on by itself), `done`, or one of `can`.

        Raises:
            ChallengeExpired: the platform's time is over.  ChallengeUnanswered: nobody answered in the run's patience, or nobody is there.
            Cancelled: the operator cancelled the run.
        """
        self.require_operator(kind, medium)
        browser = self._browser
        if moved is not None and browser is not None:
            moved = browser.tolerant(moved)
        page = browser if kind == "page" else None
        see = self._seen(look) if look is not None else page.look if page is not None else None
        totp = self.secret_or_none("totp_secret") if self._totp_can(kind, medium) else None
        return self._broker.ask(
            ChallengeKind(kind), prompt, medium=medium, hint=hint, length=length, pattern=pattern, expires_in=expires_in,
            attempts_left=attempts_left, can=can, error=error, picture=picture, moved=moved, totp=totp,
            look=see, hand=page.hand if page is not None else None,
        )  # fmt: skip

    def _seen(self, look: Callable[[], str | Secret | Look]) -> Callable[[], Look]:
        """`look` as the broker wants it: errors of the page are ours, and what a code says is a secret of this run."""
        guarded = self._browser.guarded(look) if self._browser is not None else look

        def see() -> Look:
            found = guarded()
            seen = found if isinstance(found, Look) else Look(text=found if isinstance(found, Secret) else Secret(found))
            if not seen.text and not seen.picture and not seen.outline:
                raise SourceChanged(f"{self.platform} shows no code just now")
            if seen.text:
                self._a_login(seen.text)
            return seen

        return see

    def _a_login(self, text: Secret) -> Secret:
        """What a QR code says lets somebody in: it stands in no log."""
        from .qr import keys

        self.redactor.add(*keys(text))
        return text

    def _totp_can(self, kind: str, medium: str) -> bool:
        return (
            kind == "code" and medium == "app" and self._broker.totp_left > 0 and self.secret_or_none("totp_secret") is not None
        )

    @property
    def challenge(self) -> Challenge | None:
        """The challenge that is open now."""
        return self._broker.open
