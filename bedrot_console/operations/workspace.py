"""Puts the rooms together. Each room is made on first use, so that a verb loads only what it needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.errors import READ_ONLY, BedrotError, PermissionDenied, UsageError
from ..domain.events import Event
from ..domain.lifecycle import Zone
from ..resilience import Clock, SystemClock
from ..settings import CHECKOUT, Settings
from .asked import asked
from .deadlines import deadlines

if TYPE_CHECKING:
    from ..catalog.store import Catalog
    from ..domain.findings import Report
    from ..extraction.registry import Registry
    from ..inspection.acceptances import Acceptances
    from ..inspection.archive import ReportArchive
    from ..inspection.pool import Readers
    from ..inspection.viewers import Viewers
    from ..security.journal import FileJournal
    from ..security.vault import Vault
    from ..zones.store import Zones

SMALL_BYTES = 64 << 20


class Workspace:
    """One home, its rooms, and who works in it.

    Attributes:
        actor: `uid:<n>` of this process, from the kernel.
        read_only: verbs that write refuse.
    """

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, read_only: bool = False, extractors: Path | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.read_only = read_only
        self.actor = f"uid:{os.getuid()}"
        self.extractors_folder = extractors or CHECKOUT / "extractors"

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock | None = None, read_only: bool = False) -> Workspace:
        """A workspace on `settings.home`. Creates nothing; the first writing verb does."""
        return cls(settings, clock=clock, read_only=read_only)

    @property
    def home(self) -> Path:
        return self.settings.home

    @cached_property
    def journal(self) -> FileJournal:
        from ..security.journal import FileJournal

        return FileJournal(self.settings.state / "journal", self.clock)

    @cached_property
    def zones(self) -> Zones:
        from ..zones.store import Zones

        return Zones(self.home, self.journal, self.clock, self.actor)

    @cached_property
    def reports(self) -> ReportArchive:
        from ..inspection.archive import ReportArchive

        return ReportArchive(self.settings.state / "reports")

    @cached_property
    def acceptances(self) -> Acceptances:
        from ..inspection.acceptances import Acceptances

        return Acceptances(self.settings.state / "drift")

    @cached_property
    def catalog(self) -> Catalog:
        from ..catalog.store import Catalog

        return Catalog(
            self.home, self.journal, self.clock, reports=self.load_report, walk=lambda: self.zones.walk(), read_only=lambda: self.read_only
        )  # fmt: skip

    def load_report(self, event: Event) -> Report | None:
        """The report that a `validated` event names; None when it is gone."""
        from ..inspection.archive import Shelf

        data = event.data
        return self.reports.load(Shelf(data["segment"], data["offset"], data["length"]))

    @cached_property
    def registry(self) -> Registry:
        from ..extraction.registry import Registry

        return Registry(self.extractors_folder)

    @cached_property
    def readers(self) -> Readers:
        """The limited children that read payloads: started when first needed, kept for the next file, ended with this process."""
        from ..inspection.pool import Readers
        from .inspector import command

        return Readers(command(self.extractors_folder, self.home))

    @cached_property
    def viewers(self) -> Viewers:
        from ..inspection.viewers import Viewers

        return Viewers(self.readers)

    @cached_property
    def vault(self) -> Vault:
        from ..security.vault import Vault

        return Vault(self.settings.state / "vault")

    @property
    def runs_folder(self) -> Path:
        return self.settings.state / "runs"

    def payload(self, zone: Zone, path: str) -> Path:
        """Where a payload lies, for readers that need a path. Writers and verifiers go through `zones`."""
        return {Zone.LANDING: self.settings.landing, Zone.RAW: self.settings.raw, Zone.QUARANTINE: self.settings.quarantine}[
            zone
        ] / path

    def refuse_read_only(self) -> None:
        """Raises PermissionDenied in a read-only workspace."""
        if self.read_only:
            raise PermissionDenied(READ_ONLY, hint="start it without --read-only, and without BEDROT_READ_ONLY")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around each writing verb: refuses when read-only, finishes what a killed process left, brings the catalog up to date after.

        The catalog never makes a verb fail: it is brought up to date by the next one.
        """
        self.refuse_read_only()
        self.prepare()
        self.catalog.refuse_newer()
        self.zones.recover()
        try:
            yield
        finally:
            self.settle(publish="now" if self._small() else "auto")
            self._keep_what_status_reads()

    def _keep_what_status_reads(self) -> None:
        """What `status` would have to load extractors for."""
        from ..catalog.summary import read_summary

        deadlines(self)
        asked(self, (read_summary(self.home) or {}).get("freshness", ()))

    def _small(self) -> bool:
        """Whether publishing costs next to nothing, so that every verb may end with it. A large catalog is published at its own pace."""
        try:
            return self.settings.catalog.stat().st_size <= SMALL_BYTES
        except OSError:
            return True

    def prepare(self) -> None:
        """Create the home's folders.

        Raises:
            UsageError: the home cannot be created or written.
        """
        try:
            for zone in (self.settings.landing, self.settings.raw, self.settings.quarantine):
                zone.mkdir(parents=True, exist_ok=True)
            self.settings.state.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"home cannot be written: {self.home}: {error.strerror}",
                hint="give --home DIR that you may write, or read with: bedrot files",
            ) from error

    def settle(self, publish: str = "auto") -> None:
        """Apply the journal to the catalog and publish; never raises, the next verb tries again.

        Also not where the journal itself is damaged: what a verb has done must be reported. Whoever reads is told.
        """
        try:
            self.catalog.catch_up(publish=publish)
        except BedrotError:
            pass

    def record(self, *events: Event) -> list[Event]:
        """Append events to the journal under this actor."""
        return self.journal.append(events)

    def event(self, name: str, /, **data: object) -> Event:
        """An event of now, by this actor."""
        return Event(kind=name, at=self.clock.now(), actor=self.actor, data=dict(data))


def describe(error: BedrotError) -> str:
    """An error as one line: sentence, then what to do."""
    return f"{error}; {error.hint}" if error.hint else str(error)
