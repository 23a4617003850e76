"""Asks inspection about bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from inspection_feeds import NOW, sidecar_of

from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.findings import Report
from bedrot_console.inspection.jobs import Job
from bedrot_console.inspection.stages import inspect


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """A Job over bytes: `job(feed, data, **fields)`; `captured_at` and `method` go into the sidecar; `previous` and siblings may be bytes."""

    def stored(data: bytes | Path) -> Path:
        if isinstance(data, Path):
            return data
        path = tmp_path / hashlib.sha256(data).hexdigest()[:16]
        path.write_bytes(data)
        return path

    def make(feed: Feed, data: bytes, *, captured_at: datetime = NOW, method: str = "browser", **fields: Any) -> Job:
        if fields.get("previous") is not None:
            fields["previous"] = stored(fields["previous"])
        fields["siblings"] = {name: stored(value) for name, value in fields.get("siblings", {}).items()}
        fields.setdefault("sidecar", replace(sidecar_of(data, feed, captured_at=captured_at), method=method))
        fields.setdefault("report_id", "00report")
        return Job(feed=feed, payload=stored(data), now=NOW, **fields)

    return make


@pytest.fixture
def ask(job: Callable[..., Job]) -> Callable[..., Report]:
    """The report on bytes; arguments as `job`."""
    return lambda feed, data, **fields: inspect(job(feed, data, **fields))


@pytest.fixture
def pair(tmp_path: Path) -> Callable[[bytes, bytes], tuple[Path, Path]]:
    """Two payloads on disk."""

    def make(old: bytes, new: bytes) -> tuple[Path, Path]:
        (tmp_path / "old").write_bytes(old)
        (tmp_path / "new").write_bytes(new)
        return tmp_path / "old", tmp_path / "new"

    return make
