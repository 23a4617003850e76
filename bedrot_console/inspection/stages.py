"""The stages of validation, in order, each a gate: fixity, size, format, schema, completeness, consistency, freshness, duplicates, volume.

`inspect(job) -> Report` never raises for what a file holds: whatever is wrong with the data becomes a Finding. It raises OSError never, and
FormatTrouble never; a check that trips over odd data becomes the finding `consistency.check-failed`.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, BinaryIO

from bedrot_console.domain.collector import collector_off
from bedrot_console.domain.drift import applied
from bedrot_console.domain.findings import STAGES, Finding, Outcome, Place, Report, Severity, StageResult

from . import history, schema, tabular
from .contents import FormatTrouble, Rows, Table
from .facts import facts_of
from .jobs import Job, Knowledge
from .readers import completed, open_payload, read_bytes
from .recognise import HEAD_BYTES, STUMBLES, claims
from .rules import rules_of
from .texts import day_of, error, warning

GATES = ("fixity", "size", "format")


class Skip(Exception):
    """Raised by a stage that has nothing to judge; its text is the reason."""


def inspect(job: Job) -> Report:
    """Inspect one file and say everything about it.

    Returns:
        A report with a StageResult for each of STAGES. After a failed gate (`fixity`, `size`, `format`) the later stages are skipped.
    """
    with collector_off():
        return _inspect(job)


def _inspect(job: Job) -> Report:
    """All that was read is let go on return, before the collector could look at it."""
    inspection = _Inspection(job)
    try:
        return inspection.run()
    finally:
        inspection.close()


class _Inspection:
    def __init__(self, job: Job) -> None:
        self.job, self.feed = job, job.feed
        self.knowledge = Knowledge(job)
        self.findings: list[Finding] = []
        self.results: list[StageResult] = []
        self.facts: dict[str, Any] = {}
        self.content: Any = None
        self.file: BinaryIO | None = None
        self.data: bytes | mmap.mmap | None = None

    def run(self) -> Report:
        job = self.job
        blocked: str | None = None
        stages: dict[str, Callable[[], Iterable[Finding]]] = {name: getattr(self, name) for name in STAGES}
        for name, stage in stages.items():
            if blocked:
                self.results.append(StageResult(stage=name, outcome=Outcome.SKIPPED, because=f"{blocked} failed"))
                continue
            outcome = self._run_stage(name, stage)
            if outcome is Outcome.FAILED and name in GATES:
                blocked = name
        return Report(
            id=job.report_id, file_id=job.sidecar.id, sha256=job.sidecar.sha256, rules=job.rules or rules_of(job.feed, job.accepted), at=job.now,
            stages=tuple(self.results), findings=tuple(self.findings), facts=self.facts,
        )  # fmt: skip

    def _run_stage(self, name: str, stage: Callable[[], Iterable[Finding]]) -> Outcome:
        found: list[Finding] = []
        because = None
        try:
            for finding in stage():
                found.append(finding if finding.stage else replace(finding, stage=name))
        except Skip as skip:
            because = str(skip)
        except FormatTrouble as trouble:
            found.append(replace(finding_of(trouble), stage=name))
        found = applied(found, self.job.accepted)
        if not found:
            outcome = Outcome.SKIPPED if because else Outcome.PASSED
            self.results.append(StageResult(stage=name, outcome=outcome, because=because))
            return outcome
        self.findings += found
        severities = {f.severity for f in found if f.stage == name}
        if Severity.ERROR in severities:
            outcome = Outcome.FAILED
        elif Severity.WARNING in severities:
            outcome = Outcome.WARNED
        else:
            outcome = Outcome.SKIPPED if because else Outcome.PASSED
        self.results.append(StageResult(stage=name, outcome=outcome, because=because if outcome is Outcome.SKIPPED else None))
        for other in {f.stage for f in found} - {name}:
            self._mark(other, {f.severity for f in found if f.stage == other})
        return outcome

    def _mark(self, stage: str, severities: set[Severity]) -> None:
        """Findings that a later stage made on behalf of an earlier one change that stage's outcome."""
        for spot, result in enumerate(self.results):
            if result.stage == stage and Severity.ERROR in severities:
                self.results[spot] = StageResult(stage=stage, outcome=Outcome.FAILED)
            elif result.stage == stage and Severity.WARNING in severities and result.outcome is not Outcome.FAILED:
                self.results[spot] = StageResult(stage=stage, outcome=Outcome.WARNED)

    def close(self) -> None:
        if self.content is not None:
            self.content.close()
        self.knowledge.close()
        if isinstance(self.data, mmap.mmap):
            self.data.close()
        if self.file is not None:
            self.file.close()

    # The stages.

    def fixity(self) -> Iterable[Finding]:
        """The bytes are those that were landed."""
        sidecar = self.job.sidecar
        self.file = open_payload(self.job.payload)
        size = os.fstat(self.file.fileno()).st_size
        if size != sidecar.size_bytes:
            yield error(
                "fixity.size-differs",
                "the file is not as long as when it landed",
                expected=f"{sidecar.size_bytes} bytes",
                seen=f"{size} bytes",
            )
            return
        if size <= IN_MEMORY_BYTES:
            self.data = self.file.read()
            digest = hashlib.sha256(self.data).hexdigest()
        else:
            digest = hashlib.file_digest(self.file, "sha256").hexdigest()
        if digest != sidecar.sha256:
            yield error(
                "fixity.hash-differs", "the bytes are not those that landed", expected=sidecar.sha256[:16], seen=digest[:16]
            )

    def size(self) -> Iterable[Finding]:
        """The size is within the feed's bounds."""
        size = self.job.sidecar.size_bytes
        if size < self.feed.min_bytes:
            code = "size.empty" if size == 0 else "size.too-small"
            yield error(
                code,
                "the file is smaller than this feed ever is",
                expected=f"at least {self.feed.min_bytes} bytes",
                seen=f"{size} bytes",
            )
        elif size > self.feed.max_bytes:
            yield error(
                "size.too-large",
                "the file is larger than this feed may be",
                expected=f"at most {self.feed.max_bytes} bytes",
                seen=f"{size} bytes",
            )

    def format(self) -> Iterable[Finding]:
        """The payload can be read as what the feed declares, and is this feed's content."""
        assert self.file is not None
        head = self.data[:HEAD_BYTES] if self.data is not None else os.pread(self.file.fileno(), HEAD_BYTES, 0)
        own = self.feed.recognise is None or claims(self.feed, head)
        try:
            self._read()
        except FormatTrouble as trouble:
            yield self._whose(head) if not own and trouble.code in _SHAPES and self._claims(head) else finding_of(trouble)
            return
        if not own:
            yield self._whose(head)
            return
        yield from (f if f.stage else replace(f, stage="format") for f in self.content.findings)
        if isinstance(self.content, Table):
            yield from tabular.form(self.feed, self.content)
        self.facts = facts_of(self.feed, self.content)

    def _read(self) -> None:
        if self.data is None and self.feed.format == "table" and self.feed.parse is None:
            from .tables import open_table

            assert self.file is not None
            self.content = open_table(self.feed, self.file)
            return
        if self.data is None:
            assert self.file is not None
            self.file.seek(0)
            self.data = _mapped(self.file) if self.feed.options.get("mapped") else self.file.read()
        if self.feed.format == "table" and self.feed.parse is None:
            from .tables import open_table

            assert self.file is not None
            self.content = open_table(self.feed, self.file)
        else:
            self.content = completed(self.feed, read_bytes(self.feed, self.data), self.job.sidecar)

    def _claims(self, head: bytes) -> str | None:
        return next((f.name for f in self.job.feeds if f.name != self.feed.name and claims(f, head)), None)

    def _whose(self, head: bytes) -> Finding:
        other = self._claims(head)
        if other:
            return error("format.wrong-feed", f"this is the content of {other}", expected=self.feed.name, seen=other)
        return error("format.not-recognised", "the feed does not recognise this content as its own", expected=self.feed.name)

    def schema(self) -> Iterable[Finding]:
        """Values have the declared types and forms; unknown fields are drift."""
        content = self.content
        if isinstance(content, Table):
            yield from tabular.rows(content)
            return
        path = self.feed.schema
        if path is None:
            raise Skip("the feed declares no schema")
        if self.feed.format in ("json",) and content.document is not None:
            yield from schema.findings(path, content.document)
            return
        import msgspec

        yield from schema.findings(path, msgspec.to_builtins(content.records), per_row=True, base=content.base or "")

    def completeness(self) -> Iterable[Finding]:
        """Everything that should be there is there: columns, rows, key cells, the other files of the set."""
        content = self.content
        if isinstance(content, Table):
            for name in content.missing:
                yield error("completeness.column-missing", f"the column {name} is missing", row=1, column=name, expected=name)
        if len(content) == 0 and self.feed.format != "binary" and self.feed.empty != "ok":
            make = error if self.feed.empty == "error" else warning
            yield make("completeness.no-rows", "the capture holds no rows", expected="1 or more rows", seen="0 rows")
        here = {name.partition(":")[0] for name in self.job.siblings}
        for name in self.job.declared:
            if name != self.feed.name and name not in here:
                yield warning("completeness.set-incomplete", f"{name} is missing from the set", expected=name)
        if isinstance(content, Rows) and content.records:
            for column in dict.fromkeys((*self.feed.key, *((self.feed.day,) if self.feed.day else ()))):
                values = content.column(column)
                if None in values or "" in values:
                    blank = [i for i, value in enumerate(values) if value is None or value == ""]
                    yield error(
                        "completeness.key-blank", f"{column} is blank", place=content.place(blank[0], column), count=len(blank)
                    )

    def consistency(self) -> Iterable[Finding]:
        """Days are days and not ahead of the capture, keys name one row, and the feed's own checks hold."""
        yield from history.days_in_time(self.job, self.content, self.facts)
        yield from tabular.keys_once(self.feed, self.content)
        for check in self.feed.checks:
            try:
                yield from check(self.content, self.knowledge)
            except STUMBLES as trouble:
                name = getattr(check, "__name__", "check")
                yield error(
                    "consistency.check-failed", f"the check {name} cannot be made on this content", seen=type(trouble).__name__
                )

    def freshness(self) -> Iterable[Finding]:
        """The newest day inside the data is young enough, measured at the day of capture. What a person brings may be old: it warns."""
        if self.feed.warn_after is None and self.feed.fail_after is None:
            raise Skip("the feed declares no age")
        last = self.facts.get("last_day")
        if last is None:
            raise Skip("the data holds no day")
        age = self.job.sidecar.captured_at.date() - day_of(last)
        if self.feed.fail_after is not None and age > self.feed.fail_after:
            make = warning if self.job.sidecar.method == "manual" else error
            yield make(
                "freshness.too-old",
                f"the newest day is {age.days} days before the capture",
                expected=f"at most {self.feed.fail_after.days} days",
                seen=last,
            )
        elif self.feed.warn_after is not None and age > self.feed.warn_after:
            yield warning(
                "freshness.stale",
                f"the newest day is {age.days} days before the capture",
                expected=f"at most {self.feed.warn_after.days} days",
                seen=last,
            )

    def duplicates(self) -> Iterable[Finding]:
        """Neither these bytes nor this content were landed before."""
        yield from history.duplicates(self.job, self.facts)

    def volume(self) -> Iterable[Finding]:
        """Against history: no day vanished, no total fell beyond the feed's guard."""
        judged = yield from history.volume(self.job, self.knowledge, self.content, self.facts)
        if not judged:
            raise Skip("there is no earlier good capture")


def _mapped(file: BinaryIO) -> mmap.mmap:
    """A long payload as a map of its file: what is read of it need not stay in memory."""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


IN_MEMORY_BYTES = 64 << 20
_SHAPES = {
    "format.not-a-table",
    "format.not-json",
    "format.not-html",
    "format.unknown-shape",
    "format.html-instead",
    "format.truncated",
}


def finding_of(trouble: FormatTrouble) -> Finding:
    """A FormatTrouble as the finding that fails its file."""
    return Finding(
        code=trouble.code, severity=Severity.ERROR, stage="format", message=trouble.sentence, place=trouble.place or Place(),
        expected=trouble.expected, seen=trouble.seen,
    )  # fmt: skip
