"""Asking for reports: one query each, with the table beside it, and without the metrics that YouTube refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bedrot_console.domain.errors import AccessError, BedrotError, CredentialsRejected, SourceChanged, SourceError

from . import answers, queries
from .api import READS_MONEY, READS_REPORTS, Google, Page
from .errors import SCOPE_HINT, Refused
from .queries import Report

if TYPE_CHECKING:
    from bedrot_console.extraction.session import Session

ONE_FEED = (SourceError, AccessError)
"""What keeps one feed away; a consent that is no longer taken ends the run."""


def not_fatal(error: BedrotError) -> BedrotError:
    """`error`, for `failed`; raises it where it ends the run."""
    if isinstance(error, CredentialsRejected):
        raise error
    return error


@dataclass(frozen=True, slots=True)
class Answer:
    """What a report brought, and what was asked in the end."""

    pages: list[Page]
    request: dict[str, str]


class Asker:
    """Asks reports for one channel; remembers the tables that lie beside others, so that each is asked once."""

    def __init__(self, session: Session, google: Google, channel: str, currency: str) -> None:
        self.session, self.google, self.channel, self.currency = session, google, channel, currency
        self._known: dict[tuple[str, date, date], Answer] = {}
        self._refused: set[str] = set()

    def ask(self, report: Report, since: date, until: date) -> Answer:
        """The report's table, and the one beside it.

        Raises:
            AccessError: the consent does not cover it. Refused: the report as such is refused. Or as the calls do.
        """
        scopes = READS_MONEY if report.money else READS_REPORTS
        if not self.google.covers(scopes):
            wanted = "yt-analytics-monetary.readonly" if report.money else "yt-analytics.readonly"
            raise AccessError(f"the consent does not cover {wanted}", hint=SCOPE_HINT)
        own = self._table(report, since, until)
        if not report.beside:
            return own
        try:
            beside = self._table(queries.BY_NAME[report.beside], since, until)
        except ONE_FEED as error:
            self.session.log("warning", f"{report.name} cannot be added up: {not_fatal(error)}")
            return own
        return Answer([*own.pages, *beside.pages], own.request)

    def _table(self, report: Report, since: date, until: date) -> Answer:
        key = (report.name, since, until)
        if key not in self._known:
            self._known[key] = self._asked(report, since, until)
        return self._known[key]

    def _asked(self, report: Report, since: date, until: date) -> Answer:
        """The table with all metrics; where the query is refused, without those that another report already had to do without, or else
        without those that are refused when asked for one by one."""
        params = report.params(self.channel, since, until, currency=self.currency)
        refused: list[str] = []
        try:
            page = self.google.report(params)
        except Refused as trouble:
            refused = [m for m in report.metrics[1:] if m in self._refused]
            found = self._without(report, since, until, refused) if refused else None
            if found is None:
                refused = self._one_by_one(report, since, until, trouble)
                found = self._without(report, since, until, refused) if refused else None
            if found is None:
                raise
            page, params = found
            self._refused.update(refused)
            self.session.log("warning", f"{report.name}: YouTube refuses {', '.join(refused)}; going on without")
        document = page.document
        if document["kind"] != answers.TABLE or not isinstance(document.get("columnHeaders"), list):
            raise SourceChanged("YouTube's report is no result table")
        return Answer([page], params | ({"refused": ",".join(refused)} if refused else {}))

    def _without(self, report: Report, since: date, until: date, refused: list[str]) -> tuple[Page, dict[str, str]] | None:
        """The table without some metrics, and what was asked for it; None where that is refused too."""
        params = report.params(self.channel, since, until, tuple(m for m in report.metrics if m not in refused), self.currency)
        try:
            return self.google.report(params), params
        except Refused:
            return None

    def _one_by_one(self, report: Report, since: date, until: date, trouble: Refused) -> list[str]:
        """The metrics that are refused by themselves. Raises `trouble` where even the first one is: then it is the report that is refused."""
        refused = []
        for metric in report.metrics if len(report.metrics) > 1 else ():
            try:
                self.google.report(report.params(self.channel, since, until, report.needs(metric), self.currency))
            except Refused:
                if metric == report.metrics[0]:
                    raise trouble from None
                refused.append(metric)
        return refused
