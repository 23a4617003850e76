"""Manual uploads: feeds that nobody extracts, for what no feed of a platform recognises. A file belongs to the one that recognises its content;
its name is only a hint, and what nobody understands is refused.

`financial_data` takes tables, workbooks and statements about money; `external_reports` exports of audience and reach, and PDFs;
`system_exports` SQL dumps and other workbooks; `event_streams` JSON lines; `api_responses` JSON bodies of platforms without an extractor.
Which of them takes what stands in `owners.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bedrot_console.domain.errors import UsageError
from bedrot_console.domain.feeds import Feed
from bedrot_console.domain.files import Capture
from bedrot_console.extraction.base import Extractor

from . import checks
from .documents import read
from .events import read_events
from .owners import ANSWERS, EVENTS, FINANCIAL, REPORTS, SYSTEMS, belongs_to
from .responses import read_answer

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session


LONG: dict[str, Any] = {"max_bytes": 2 << 30, "options": {"mapped": True}}
"""What is read line by line may be long."""


def _upload(feed: str, word: str, *wanted: str, **more: Any) -> Feed:
    """A feed of last resort: uploads under their own made-safe names."""
    common: dict[str, Any] = {
        "template": f"manual_uploads/{feed}/manual_{word}_{{slug}}_{{stamp}}.{{ext}}", "format": "binary",
        "media_type": "application/octet-stream", "parse": read, "checks": checks.ALL, "recognise": belongs_to(feed, *wanted), "min_bytes": 16,
        "max_bytes": 512 << 20, "empty": "ok", "last_resort": True,
    }  # fmt: skip
    return Feed(**common | more)


class Manual(Extractor):
    """What people bring by hand."""

    name = "manual"
    version = "2"
    method = "manual"
    title = "Manual uploads"
    uploads = (FINANCIAL, REPORTS, SYSTEMS, EVENTS, ANSWERS)

    financial_data = _upload(
        FINANCIAL, "financial", "amount", "date", "currency", sensitive=True, title="financial tables and statements"
    )
    external_reports = _upload(REPORTS, "report", "date", "views", "title", title="report exports")
    system_exports = _upload(
        SYSTEMS, "system", "create", "table", "insert", sensitive=True, title="SQL dumps and workbooks", **LONG
    )
    event_streams = _upload(
        EVENTS, "events", "ts", "event", format="jsonl", media_type="application/jsonl", parse=read_events, checks=checks.EVENTS,
        sensitive=True, empty="error", title="event streams (JSON lines)", **LONG,
    )  # fmt: skip
    api_responses = _upload(
        ANSWERS, "response", "data", "id", format="json", media_type="application/json", parse=read_answer, checks=(checks.rows,),
        min_bytes=2, sensitive=True, title="API responses of other platforms",
    )  # fmt: skip

    def extract(self, session: Session) -> Iterator[Capture]:
        """Nothing is extracted here."""
        raise UsageError("manual files are not extracted, they are brought", hint="bedrot land FILE…")
        yield
