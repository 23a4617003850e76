"""A run's own process: `python -m bedrot_console.operations.run_process HOME EXTRACTORS RUN`. Puts the rooms together; the worker does the rest.

What the extractor yields is landed here and validated before the run ends. Nothing secret is in the arguments or the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..domain.accounts import account_flag
from ..domain.browsing import Outcome
from ..domain.errors import AccessError, BedrotError, LoginLost
from ..domain.files import Capture
from ..domain.identifiers import new_id
from ..domain.lifecycle import Verdict
from ..domain.runs import RunSpec, RunState
from ..settings import Settings
from .workspace import Workspace

NEEDS_OPERATOR = 3
HUMAN_CODES = frozenset(kind("").code for kind in AccessError.__subclasses__())
"""Errors after which a human is needed, also where a part of the run went well before."""


def main() -> int:
    """Run to the end and return the run's exit code."""
    from ..extraction.worker import main as work

    home, extractors, run = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

    def compose(spec: RunSpec, handed: dict[str, str]) -> Any:
        environ = {**os.environ, **handed}
        ws = Workspace(Settings.load(home, environ), extractors=extractors)
        try:
            return parts_of(ws, spec)
        except BedrotError as error:
            Chronicle(ws, spec).could_not_begin(error)
            raise

    return work(home / ".bedrot" / "runs" / run, compose)


def parts_of(ws: Workspace, spec: RunSpec) -> Any:
    """What a run is made of: extractor, landing, vault, journal."""
    from ..extraction.worker import Parts
    from ..security.masking import mask_text

    extractor = ws.registry.load(spec.platform)
    ws.zones.recover()
    return Parts(
        extractor=extractor,
        land=_lander(ws, spec, extractor),
        secrets=ws.vault,
        sessions=ws.vault,
        settings=ws.settings,
        clock=ws.clock,
        seal=ws.vault.seal,
        mask=mask_text,
        notice=Chronicle(ws, spec),
        inspect=_inspector(ws),
    )


def _lander(ws: Workspace, spec: RunSpec, extractor: Any) -> Callable[[Sequence[Capture]], Iterable[Any]]:
    from ..zones.landing import Landing

    def land(captures: Sequence[Capture]) -> Iterable[Any]:
        items = [Landing(c, extractor.feeds[c.feed.partition("/")[2]], extractor.version, spec.id) for c in captures]
        return ws.zones.land(items)  # the catalog follows when the run validates; until then the journal's tail tells

    return land


def _inspector(ws: Workspace) -> Callable[[Sequence[str], Callable[..., Any]], bool]:
    from .validate import validate

    def inspect(ids: Sequence[str], emit: Callable[..., Any]) -> bool:
        emit("stage", stage="validate", done=0, total=len(ids))
        sound = True
        for number, item in enumerate(validate(ws, ids), 1):
            if isinstance(item, Outcome):
                emit("log", level="error", text=f"{item.id}: {item.reason}", code=item.code)
                sound = False
                continue
            row, report = item
            emit(
                "validated",
                file=row.id,
                feed=row.feed,
                verdict=report.verdict.value,
                codes=sorted({f.code for f in report.findings}),
            )
            emit("stage", stage="validate", done=number, total=len(ids))
            sound = sound and report.verdict is not Verdict.FAILED
        return sound

    return inspect


class Chronicle:
    """Journals what a run's events mean for everybody: challenges, sessions, the end, and what then waits for an operator."""

    def __init__(self, ws: Workspace, spec: RunSpec) -> None:
        self.ws = ws
        self.spec = spec
        self._nothing: list[str] = []
        self._alerts: set[str] | None = None

    def __call__(self, event: dict[str, Any]) -> None:
        handler = getattr(self, "_on_" + event["kind"].replace("-", "_"), None)
        if handler is not None:
            handler(event)

    def _on_challenge(self, event: dict[str, Any]) -> None:
        asked = event["challenge"]
        self._record(
            "challenge-raised", challenge=asked["id"], run=self.spec.id, kind=asked["kind"], medium=asked["medium"],
            platform=self.spec.platform, account=self.spec.account, expires_at=asked["expires_at"],
        )  # fmt: skip

    def _on_challenge_ended(self, event: dict[str, Any]) -> None:
        self._record(
            "challenge-ended", challenge=event["challenge"], run=self.spec.id, state=event["state"], by=event.get("by") or ""
        )

    def _on_session(self, event: dict[str, Any]) -> None:
        platform, account = self.spec.platform, self.spec.account
        if event["act"] == "saved":
            info = self.ws.vault.session_info(platform, account) or {}
            self._record(
                "session-saved", platform=platform, account=account, version=event["version"], expires_at=info.get("expires_at")
            )
        else:
            self._record("session-failed", platform=platform, account=account, code=event["act"])

    def _on_nothing(self, event: dict[str, Any]) -> None:
        """The platform shows that it has nothing of a feed. Where it gave some before, that must not pass as an ordinary day.

        A feed that the account's settings leave out (level `info`) is no news, and also ends what was said before.
        """
        from .alerts import GAVE_NOTHING, gave_before, nothing_alert

        feed, account = event["feed"], self.spec.account
        if event["level"] != "warning":
            self._end_alert(feed)
            return
        self._nothing.append(feed)
        alert = nothing_alert(feed, account)
        if alert not in self._open_alerts() and gave_before(self.ws, feed, account):
            self._open_alerts().add(alert)
            self._record("alert-raised", alert=alert, code=GAVE_NOTHING, subject=f"{feed} {account}")

    def _on_landed(self, event: dict[str, Any]) -> None:
        self._end_alert(event["feed"])

    def _end_alert(self, feed: str) -> None:
        """What was raised about this feed of this account is over."""
        from .alerts import nothing_alert

        alert = nothing_alert(feed, self.spec.account)
        if alert in self._open_alerts():
            self._open_alerts().discard(alert)
            self._record("alert-ended", alert=alert)

    def _open_alerts(self) -> set[str]:
        """The alerts that stand. Read once: those about this platform and account only this run can raise or end."""
        from .alerts import open_alerts

        if self._alerts is None:
            try:
                self._alerts = open_alerts(self.ws)
            except BedrotError:
                self._alerts = set()
        return self._alerts

    def _on_ended(self, event: dict[str, Any]) -> None:
        platform, account = self.spec.platform, self.spec.account
        self._record(
            "run-ended", run=self.spec.id, platform=platform, account=account, state=event["state"], error_code=event["error_code"],
            exit_code=event["exit_code"], landed=event["landed"], files=event["files"], nothing=self._nothing,
        )  # fmt: skip
        open_items = [n for n in self._needs() if (n.platform, n.account) == (platform, account)]
        if self.spec.purpose == "check":
            self._after_check(event, open_items)
        elif event["exit_code"] != NEEDS_OPERATOR and event["error_code"] not in HUMAN_CODES:
            if event["state"] in (RunState.DONE.value, RunState.PARTIAL.value):
                for item in open_items:
                    self._record("needs-operator-ended", item=item.id, by=self.spec.id)
        elif not any(n.code == event["error_code"] for n in open_items):
            _, found, command = (event["hint"] or "").partition("bedrot ")
            command = found + command if found else f"bedrot extract {platform}{account_flag(account)}"
            self._record(
                "needs-operator", item=new_id(self.ws.clock.now()), platform=platform, account=account, run=self.spec.id,
                code=event["error_code"], command=command,
            )  # fmt: skip
        self.ws.settle(publish="now")

    def _after_check(self, event: dict[str, Any], open_items: list[Any]) -> None:
        """A check that went well is an answer to "the login is lost", and to nothing else: it has brought nothing.

        One that failed leaves nothing behind for an operator: somebody asked and is told; what runs may do is not touched by it.
        """
        if event["state"] == RunState.DONE.value:
            for item in open_items:
                if item.code == LoginLost("").code:
                    self._record("needs-operator-ended", item=item.id, by=self.spec.id)

    def could_not_begin(self, error: BedrotError) -> None:
        """The end of a run whose parts could not be put together."""
        ending = {"state": RunState.FAILED.value, "error_code": error.code, "exit_code": error.exit_code, "hint": error.hint}
        self._on_ended(ending | {"landed": [], "files": []})

    def _needs(self) -> list[Any]:
        from .runs import needs_operator

        try:
            return needs_operator(self.ws)
        except BedrotError:
            return []

    def _record(self, name: str, /, **data: Any) -> None:
        """The journal is the run's witness, not its condition: if it refuses, the run goes on, and its event file still tells."""
        try:
            self.ws.record(self.ws.event(name, **data))
        except BedrotError:
            pass


if __name__ == "__main__":
    sys.exit(main())
