"""Feeds and jobs made up for inspection."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bedrot_console.domain.feeds import Column, Feed
from bedrot_console.domain.files import Sidecar
from bedrot_console.domain.findings import Report
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.stages import inspect

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def sidecar_of(data: bytes, feed: Feed, **values: Any) -> Sidecar:
    """A sidecar that commits exactly these bytes."""
    plain: dict[str, Any] = {
        "id": "00file", "platform": feed.platform, "feed": feed.name, "feed_version": 1, "account": "default", "source_system": "upload",
        "method": "manual", "captured_at": NOW, "landed_at": NOW, "as_of": None, "extractor_version": "1", "run_id": None, "set_id": None,
        "media_type": feed.media_type, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    return Sidecar(**{**plain, **values})


@pytest.fixture
def plays() -> Feed:
    """A JSON feed of daily plays."""
    return Feed(
        template="soundcloud/plays/plays_{stamp}.json", name="soundcloud/plays", day="day", key=("day",), measures=("plays",),
        history="rolling", max_drop=0.5, warn_after=timedelta(days=4), fail_after=timedelta(days=8),
    )  # fmt: skip


@pytest.fixture
def sales() -> Feed:
    """A TSV feed of sales."""
    return Feed(
        template="soundcloud/sales/sales_{date}.tsv", name="soundcloud/sales", format="table", media_type="text/tab-separated-values",
        columns=(
            Column(("Reporting Date",), "DATE", required=True), Column(("Store",), required=True), Column(("Title",)),
            Column(("Quantity",), "BIGINT", required=True), Column(("Earnings (USD)", "Earnings"), "DECIMAL(38,12)", required=True),
        ),
        day="Reporting Date", measures=("Earnings (USD)", "Quantity"), history="growing", encodings=("utf-8-sig", "utf-8", "latin-1"),
    )  # fmt: skip


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Report]:
    """Inspect bytes: `ask(feed, data, **job_fields)`; `captured_at=` goes into the sidecar; `previous=` may be bytes."""

    def ask(feed: Feed, data: bytes, *, captured_at: datetime = NOW, previous: bytes | None = None, **fields: Any) -> Report:
        path = tmp_path / f"payload-{hashlib.sha256(data).hexdigest()[:12]}"
        path.write_bytes(data)
        if previous is not None:
            fields["previous"] = tmp_path / "previous"
            fields["previous"].write_bytes(previous)
        fields.setdefault("sidecar", sidecar_of(data, feed, captured_at=captured_at))
        return inspect(Job(feed=feed, payload=path, now=NOW, report_id="00report", **fields))

    return ask


def codes(report: Report) -> set[str]:
    """The codes of a report's findings."""
    return {f.code for f in report.findings}
