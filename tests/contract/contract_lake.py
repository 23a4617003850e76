"""A real home whose one platform is its simulator: the worker, zones, journal, vault, catalog, readers and browser that real runs use.

Runs are executed in this process, so that time stands still, and with one Chromium for all; answers go over each run's control socket.
`Lake.spawned` starts a run as the process of its own that it is in real life.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import sync_playwright

from bedrot_console.domain.browsing import FileRow, Outcome
from bedrot_console.domain.errors import ChallengeExpired
from bedrot_console.domain.findings import Report
from bedrot_console.domain.identifiers import new_id
from bedrot_console.domain.lifecycle import Verb, Verdict
from bedrot_console.domain.runs import RunSpec, RunView
from bedrot_console.extraction import launching
from bedrot_console.extraction.registry import Registry
from bedrot_console.extraction.simulator import Fault, Hands, Simulator, start
from bedrot_console.extraction.worker import execute
from bedrot_console.inspection.pool import Readers
from bedrot_console.operations import decide, extract, people, runs, simulate, vaulting
from bedrot_console.operations.run_process import parts_of
from bedrot_console.operations.workspace import Workspace
from bedrot_console.settings import Settings

REGISTRY = Registry()
PLATFORMS = REGISTRY.simulated()
SIMULATORS = {name: REGISTRY.simulator(name) for name in PLATFORMS}
"""One unserved simulator per platform, to read what it declares."""
Human = Callable[[Mapping[str, Any], Hands], str | None]
PATIENCE_SECONDS = 900.0
LEAST_SECRET = 6
"""Shorter values stand anywhere by chance."""


@dataclass
class Ran:
    """A run that is over: its last view, its events, and the file and report of everything it landed."""

    view: RunView
    events: list[dict[str, Any]]
    files: list[tuple[FileRow, Report | None]] = field(default_factory=list)

    @property
    def challenges(self) -> list[dict[str, Any]]:
        return [e["challenge"] for e in self.events if e["kind"] == "challenge"]

    @property
    def proof(self) -> str | None:
        """The positive sign that a check saw; None without."""
        return next((e["sign"] for e in self.events if e["kind"] == "proved"), None)

    @property
    def findings(self) -> list[tuple[str, Any]]:
        """(feed attribute, finding) of every finding of every landed file."""
        return [(row.feed.partition("/")[2], f) for row, report in self.files for f in (report.findings if report else ())]

    def told(self) -> str:
        """All that the operator is told: the run's error, what it logged, and the findings' sentences."""
        said = [self.view.error or "", self.view.hint or ""]
        said += [e["text"] for e in self.events if e["kind"] == "log"]
        return "\n".join(said + [f.message for _, f in self.findings])

    def why(self) -> str:
        """For a failing test: what this run was."""
        found = [f"{feed}: {f.severity.value} {f.code} at {f.place}: {f.message} ({f.seen})" for feed, f in self.findings]
        logs = [f"{e['level']}: {e['text']}" for e in self.events if e["kind"] == "log"]
        return "\n".join([repr(self.view), *logs, *found])


class Lake:
    """A home and its platform.

    Attributes:
        sim: the simulator being served; it shares the frozen clock with the workspace.
        problems: what went wrong in a human's thread.
    """

    def __init__(self, platform: str, home: Path, clock: Any, *, readers: Readers | None = None, **options: Any) -> None:
        self.platform, self.home, self.clock = platform, home, clock
        self.sim: Simulator = REGISTRY.simulator(platform, clock=clock, **options)
        self._served = start(self.sim)
        simulate.configure(home, {platform: self._served})
        self.ws = Workspace(Settings.load(home, {}), clock=clock)
        if readers is not None:
            self.ws.__dict__["readers"] = readers  # in place of children of its own
        self.ws.prepare()
        simulate.store_secrets(self.ws, {platform: self._served}, every_account=True)
        self.extractor = REGISTRY.load(platform)
        self.problems: list[BaseException] = []
        self._cancel = threading.Event()

    def close(self) -> None:
        self._served.stop()
        self.ws.catalog.close()

    # -- runs ---------------------------------------------------------------------------------------------------------------

    def run(
        self, *, account: str = "default", feeds: tuple[str, ...] = (), attended: bool = True, human: Human | None = None,
        purpose: str = "extract", cancel_when: Callable[[dict[str, Any]], bool] | None = None,
    ) -> Ran:  # fmt: skip
        """One run, to its end.

        Args:
            human: what the person does about each challenge; default: the simulator's own, rightly.
            cancel_when: told of each event as it happens; the operator cancels at the first for which it says so.
        """
        spec = RunSpec(
            id=new_id(self.clock.now()), platform=self.platform, account=account, feeds=tuple(feeds), attended=attended,
            challenge_timeout_seconds=PATIENCE_SECONDS, actor=self.ws.actor, purpose=purpose,
        )  # fmt: skip
        parts = parts_of(self.ws, spec)
        folder = runs.of(self.ws).create(spec)
        chronicle, threads, cancel = parts.notice, [], threading.Event()
        self._cancel = cancel

        def notice(event: dict[str, Any]) -> None:
            chronicle(event)
            if event["kind"] == "challenge":
                thread = threading.Thread(target=self._answer, args=(event["challenge"], human), daemon=True)
                threads.append(thread)
                thread.start()
            if cancel_when is not None and cancel_when(event):
                cancel.set()

        object.__setattr__(parts, "notice", notice)
        try:
            execute(folder, spec, parts, cancel=cancel)
        finally:
            folder.release()
        for thread in threads:
            thread.join(20)
        self.clock.advance(61)
        return self.ran(spec.id)

    def ran(self, run: str) -> Ran:
        """What a run that is over brought."""
        view = runs.view(self.ws, run)
        files = []
        if view.files:
            self.ws.settle(publish="now")
            reader = self.ws.catalog.reader()
            for row in self.ws.catalog.resolve(list(view.files)):
                assert isinstance(row, FileRow), row
                files.append((row, reader.report(row.id)))
        return Ran(view, runs.read_events(self.ws, run), files)

    def _answer(self, challenge: dict[str, Any], human: Human | None) -> None:
        try:
            people.respond(self.ws, challenge, human or self.sim.answer)
        except ChallengeExpired as error:
            if challenge["medium"] != "app":  # there the vault's authenticator may be faster than the person
                self.problems.append(error)
        except Exception as error:  # whatever the human trips over: the run must not wait for them for ever
            self.problems.append(error)
            if not isinstance(error, ChallengeExpired):
                self._cancel.set()

    def spawned(self, account: str, feeds: tuple[str, ...] = ()) -> str:
        """Start a run as a process of its own, as the command line does; returns its id. Its time is the machine's."""
        ws = Workspace(Settings.load(self.home, dict(os.environ)))
        return extract.start(ws, self.platform, account=account, feeds=feeds)

    def check(self, account: str = "default") -> Ran:
        """A run that only proves the saved login."""
        return self.run(account=account, attended=False, purpose="check")

    def end_logins(self) -> None:
        """The platform drops every login: its sessions, or the token."""
        self.sim.expire_sessions()
        if self.extractor.method == "api":
            self.sim.set_faults(["token_expired"])

    def sent(self) -> list[Any]:
        """Everything that the platform sent to people so far."""
        return [mail for account in self.sim.accounts for mail in self.sim.mailbox(account.account)]

    def only_late(self) -> None:
        """Forget the answers that came after the run had given up asking; whatever else a person tripped over stays a problem."""
        self.problems[:] = [p for p in self.problems if not isinstance(p, ChallengeExpired)]

    def without_totp(self, account: str) -> None:
        """Take the authenticator's secret out of the vault, so that a person must answer."""
        if (self.platform, account, vaulting.TOTP) in self.ws.vault.names():
            vaulting.remove_secret(self.ws, self.platform, vaulting.TOTP, account=account)

    # -- people -------------------------------------------------------------------------------------------------------------

    def nobody(self, challenge: Mapping[str, Any], hands: Hands) -> None:
        """A person who is there but does not answer: time passes until the run's patience is over."""
        self.clock.advance(PATIENCE_SECONDS + 1)

    def wrong(self, challenge: Mapping[str, Any], hands: Hands) -> str:
        """A person whose every answer is wrong."""
        return self.sim.wrong_answer(challenge)

    def late(self, challenge: Mapping[str, Any], hands: Hands) -> str | None:
        """A person who has the right answer, but for whom the platform's time is always over."""
        self.sim.expire_codes()
        return self.sim.answer(challenge, hands)

    def promote(self, ran: Ran) -> None:
        """Promote everything good that a run landed."""
        good = [row.id for row, report in ran.files if report and report.verdict is not Verdict.FAILED]
        for outcome in decide.decide(self.ws, Verb.PROMOTE, good):
            assert not isinstance(outcome, Outcome) or outcome.done, outcome
        self.ws.settle(publish="now")

    def tomorrow(self) -> None:
        """A day passes, for us and for the platform."""
        self.clock.advance(86_400)

    # -- what must hold whatever happens ------------------------------------------------------------------------------------

    def secrets(self) -> dict[str, bytes]:
        """Every value that must never be found in clear outside the vault: credentials, codes, session cookies."""
        fields = {*self.extractor.secrets, *self.extractor.optional_secrets, "password", "token", "totp_secret", "access_token"}
        found = {}
        for account in self.sim.describe()["accounts"]:
            for name in fields - {"email", "username"}:
                if isinstance(account.get(name), str):
                    found[f"{account['account']}'s {name}"] = account[name].encode()
            for number, mail in enumerate(self.sim.mailbox(account["account"])):
                found[f"{account['account']}'s code {number}"] = mail.code.encode()
        for number, key in enumerate(self.sim._sessions):
            found[f"cookie {number}"] = key.encode()
        for number, value in enumerate(getattr(self.sim, "issued", ())):
            found[f"issued {number}"] = value.encode()
        return {name: value for name, value in found.items() if len(value) >= LEAST_SECRET}

    def spellings(self) -> dict[str, bytes]:
        """Those values as they may stand in a file: plain, URL-encoded, inside JSON, and in Base64."""
        found = {}
        for name, value in self.secrets().items():
            text = value.decode("utf-8", "replace")
            found[name] = value
            found[f"{name}, URL-encoded"] = quote(text, safe="").encode()
            found[f"{name}, in JSON"] = json.dumps(text)[1:-1].encode()
            if not text.isdigit():
                found[f"{name}, in Base64"] = base64.b64encode(value).rstrip(b"=")[:-1]
        return found

    def leaks(self) -> list[str]:
        """Files below the home, outside the vault, that hold a secret in clear. Codes of digits are looked for where we write, not in payloads."""
        secrets = self.spellings()
        found = []
        for path in self.home.rglob("*"):
            if not path.is_file() or "vault" in path.relative_to(self.home).parts:
                continue
            data = path.read_bytes()
            ours = ".bedrot" in path.parts
            for name, value in secrets.items():
                if value in data and (ours or not value.isdigit()):
                    found.append(f"{path.relative_to(self.home)} holds {name}")
        return found


# -- one Chromium for all runs of a test process -------------------------------------------------------------------------------


class _Kept:
    """Stands for Playwright and for its `chromium`: the browser is launched once, and a run's closing closes that run's contexts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manager: Any = None
        self._browser: Any = None
        self.chromium = self

    def __call__(self) -> _Kept:
        return self

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, *problem: object) -> None:
        return None

    def launch(self, **options: Any) -> _OneRun:
        if self._browser is None or not self._browser.is_connected():
            if self._manager is None:
                self._manager = sync_playwright()
                self._playwright = self._manager.__enter__()
            options["env"]["TMPDIR"] = str(self._folder)
            self._browser = self._playwright.chromium.launch(**options | {"downloads_path": str(self._folder)})
        return _OneRun(self._browser)

    def close(self) -> None:
        if self._browser is not None:
            self._browser.close()
        if self._manager is not None:
            self._manager.__exit__(None, None, None)


class _OneRun:
    """The kept browser as one run sees it."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._before = set(browser.contexts)

    def new_context(self, **options: Any) -> Any:
        return self._browser.new_context(**options)

    def close(self) -> None:
        for context in self._browser.contexts:
            if context not in self._before:
                context.close()


@contextmanager
def kept_browser(folder: Path) -> Iterator[None]:
    """Runs executed in this process share one Chromium."""
    kept = _Kept(folder)
    real = launching.sync_playwright
    launching.sync_playwright = kept  # type: ignore[assignment]
    try:
        yield
    finally:
        launching.sync_playwright = real
        kept.close()


def one_feed(platform: str) -> tuple[str, ...]:
    """For tests of the way in: the rest of the walk is shown by others."""
    return REGISTRY.load(platform).expected()[:1]


def faults_of(platform: str) -> list[tuple[str, Fault]]:
    """Name and outcome of every fault of a platform."""
    return list(SIMULATORS[platform].fault_table().items())


def marks(platform: str) -> list[Any]:
    """What a platform's tests need of this machine."""
    from bedrot_console.extraction.chromium import find_browser

    found: list[Any] = []
    if REGISTRY.load(platform).method == "browser":
        found += [pytest.mark.browser, pytest.mark.skipif(find_browser() is None, reason="no Chromium here")]
    return found


def each_platform(names: list[str] = PLATFORMS) -> list[Any]:
    """Parameters: every platform found."""
    return [pytest.param(name, marks=marks(name), id=name) for name in names]


def sidecar_of(lake: Lake, row: FileRow) -> dict[str, Any]:
    """The sidecar beside a landed file."""
    return json.loads((lake.home / row.zone.value / (row.path + ".meta.json")).read_bytes())
