"""The ground of a Session: what the run is asked, what is said about it, its secrets and its time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.accounts import FACT, account_flag
from ..domain.challenges import Secret
from ..domain.errors import BedrotError, Cancelled, CredentialsRejected
from ..domain.feeds import Feed
from ..domain.files import Echo
from ..domain.ports import Secrets, Sessions
from ..domain.runs import RunSpec
from ..resilience import Clock
from ..settings import Settings
from .redaction import Redactor

if TYPE_CHECKING:
    from .base import Extractor
    from .broker import Broker
    from .browser import Browser
    from .http import Http

SLICE_SECONDS = 0.2
"""A sleep looks for a cancel this often."""


class Hands:
    """What a run is asked, knows and says. `Session` adds what it does.

    Attributes:
        platform, account, run_id, attended: from the run's spec.
        base_url: where the platform is (its own origin or a simulator), without a slash at the end.
        clock: aware UTC `now()`; extractors need it for date ranges only.
        feeds: whole names of the feeds this run shall bring.
        folder: the run's private spool folder, removed at the end of the run.
    """

    def __init__(
        self,
        spec: RunSpec,
        extractor: type[Extractor],
        *,
        settings: Settings,
        clock: Clock,
        secrets: Secrets,
        sessions: Sessions,
        broker: Broker,
        emit: Callable[..., Any],
        redactor: Redactor,
        folder: Path,
        cancel: threading.Event,
        keep: Callable[[str, bytes], str | None] | None = None,
        mask: Callable[[str], str] | None = None,
    ) -> None:
        self.spec = spec
        self.extractor = extractor
        self.platform, self.account = spec.platform, spec.account
        self.run_id, self.attended = spec.id, spec.attended
        self.settings = settings
        self.base_url = (settings.base_url(spec.platform) or extractor.origin).rstrip("/")
        self.clock = clock
        self.feeds = extractor.expected(spec.feeds)
        self.folder = folder
        self.redactor = redactor
        self.failures: list[tuple[str, BedrotError]] = []
        self._secrets, self._sessions = secrets, sessions
        self._broker, self._emit, self._keep, self._mask = broker, emit, keep, mask
        self._cancel = cancel
        self._read: dict[str, Secret] = {}
        self._set_times: dict[str, datetime] = {}
        self._http: Http | None = None
        self._browser: Browser | None = None
        self._state: dict[str, Any] | None = None
        self._state_read = False

    # -- what is asked of the run -------------------------------------------------------------------------------------------

    def wants(self, feed: Feed) -> bool:
        """Whether this run shall bring `feed`."""
        return feed.name in self.feeds

    def option(self, name: str, default: Any = None) -> Any:
        """A setting that is no secret: `[platforms.<p>.accounts.<account>]`, else `[platforms.<p>]`, else `default`."""
        return self.settings.option(self.platform, self.account, name, default)

    def cancelled(self) -> bool:
        """Whether the operator cancelled the run. Waits and requests look by themselves; long loops of your own should too."""
        return self._cancel.is_set()

    def check_cancelled(self) -> None:
        """Raises Cancelled if the operator cancelled the run."""
        if self._cancel.is_set():
            raise Cancelled("cancelled by the operator")

    def set_id(self, name: str) -> str:
        """The id of this run's declared set `name`."""
        return self.run_id

    def set_time(self, set_id: str) -> datetime:
        """The moment of the first capture of a set: all of its files carry it, so that they share one folder."""
        return self._set_times.setdefault(set_id, self.clock.now())

    # -- what is said about the run -----------------------------------------------------------------------------------------

    def log(self, level: str, text: str) -> None:
        """One line for the operator. `level` is `debug`, `info`, `warning` or `error`. Live secrets are blotted out."""
        self._emit("log", level=level, text=text)

    def stage(self, name: str, done: int | None = None, total: int | None = None) -> None:
        """What the run is doing now, and how far it is."""
        self.check_cancelled()
        self._emit("stage", stage=name, done=done, total=total)

    def failed(self, feed: Feed, error: BedrotError) -> None:
        """This feed cannot be brought, the walk goes on with the others: the run ends partial (or failed) with the first such error."""
        self.failures.append((feed.name, error))
        self._emit("log", level="error", text=f"{feed.name}: {error}", code=error.code)

    def nothing(self, feed: Feed, why: str, *, level: str = "warning") -> None:
        """The platform shows that it has nothing of this feed to give: told as a warning, no longer expected, and the run can be done.

        Only for what was seen on the platform (an empty list); what could not be looked at is `failed`. If the lake holds a good capture
        of this feed and account, an alert stands until the feed lands again.

        Args:
            level: `info` for a feed that this account's settings leave out, which is no news.
        """
        self.feeds = tuple(name for name in self.feeds if name != feed.name)
        self._emit("log", level=level, text=f"{feed.name}: {why}")
        self._emit("nothing", feed=feed.name, why=why, level=level)
        self._emit("state", state="running", expected=list(self.feeds))

    # -- secrets ------------------------------------------------------------------------------------------------------------

    def secret(self, field: str) -> Secret:
        """A credential of this account: from the vault, else, for the account `default` only, from `BEDROT_<PLATFORM>_<FIELD>`.

        Raises:
            CredentialsRejected: there is none; the hint is the command that stores it.
        """
        found = self.secret_or_none(field)
        if found is None:
            raise CredentialsRejected(f"{self.platform} has no {field} for account {self.account}", hint=self._set_command(field))
        return found

    def secret_or_none(self, field: str) -> Secret | None:
        """As `secret`, but None if there is none."""
        if field not in self._read:
            found = self._secrets.get(self.platform, self.account, field) or None
            if found is None and self.account == "default":  # the environment names no account: no other may sign in with it
                found = self.settings.secret(self.platform, field)
            if found is None:
                return None
            self.redactor.add(found)
            self._read[field] = found
        return self._read[field]

    def echoes(self, fields: tuple[str, ...]) -> tuple[Echo, ...]:
        """Those of `fields` that this session has read, as credentials to mask where the platform echoes them."""
        return tuple(Echo(f, self._read[f].reveal().encode()) for f in fields if f in self._read)

    def remember(self, name: str, text: str) -> None:
        """Keep a small fact about this account for later runs, sealed as its credentials are: until when the platform takes no sign-in.

        For what must outlive a run that fails before it has a login to save. It is no credential: `secrets list` does not show it, and
        who has nothing else is no account with credentials. `secrets remove PLATFORM NAME` forgets it.
        """
        if name in (*self.extractor.secrets, *self.extractor.optional_secrets, "totp_secret"):
            raise ValueError(f"{name} is a credential")
        self._secrets.put(self.platform, self.account, FACT + name, Secret(text))

    def recall(self, name: str) -> str | None:
        """What an earlier run has remembered under this name; None if nothing."""
        found = self._secrets.get(self.platform, self.account, FACT + name)
        return found.reveal() if found else None

    def _set_command(self, field: str) -> str:
        return f"bedrot secrets set {self.platform} {field}{account_flag(self.account)}"

    # -- time ---------------------------------------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Wait; raises Cancelled as soon as the operator cancels."""
        left = seconds
        while left > 0:
            self.check_cancelled()
            part = min(left, SLICE_SECONDS)
            self.clock.sleep(part)
            left -= part
        self.check_cancelled()
