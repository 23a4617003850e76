"""Listening to the page's questions: which may be read, which window they name, what an answer says in place of data, what is never touched."""

from __future__ import annotations

import json
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Error as PlaywrightError

from bedrot_console.domain.errors import AccessError, BedrotError, RateLimited, SourceBlocked, SourceChanged, SourceUnavailable
from extractors.linktree import pages
from extractors.linktree.extractor import Linktree, _absent
from extractors.linktree.graphql import Listener, SignedOut, Window, is_allowed, judged, question_of, refuse, window_of
from extractors.linktree.simulated import graph, world

DAY = date(2026, 3, 2)
MEMBER = world.MEMBERS[0]
ROWS = world.days(MEMBER, DAY - timedelta(days=364), DAY, DAY)
OVERVIEW = graph.wire(graph.overview(ROWS))
AUDIENCE = graph.wire(graph.audience(MEMBER, ROWS, DAY))


@pytest.mark.parametrize(
    ("variables", "days", "daily"),
    [
        ({"startDate": "2025-03-03", "endDate": "2026-03-02", "granularity": "DAILY"}, 365, True),
        ({"filter": {"range": {"from": "2025-03-03T00:00:00.000Z", "to": "2026-03-03T00:00:00.000Z"}}}, 366, True),
        ({"period": "LAST_7_DAYS"}, 7, True), ({"dateRange": "last-365-days", "interval": "day"}, 365, True), ({"days": 28}, 28, True),
        ({"start": 1740960000000, "end": 1772409600000}, 365, True), ({"startDate": "2026-02-24", "endDate": "2026-03-02", "by": "WEEKLY"}, 7, False),
        ({"accountId": "acc-365d"}, None, True), ({"startDate": "2025-13-40", "endDate": "x"}, None, True), (None, None, True),
        ({"days": 7, "period": 365}, None, True),
    ],
)  # fmt: skip
def test_the_window_is_read_from_whatever_shape_the_variables_have(variables: Any, days: int | None, daily: bool) -> None:
    """Two days or one number of days; where they say nothing, or two things, the window is not known and nothing is chosen by it."""
    found = window_of(variables)
    assert (found.days, found.daily) == (days, daily)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=24),
        lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=9), s, max_size=3),
    )
)
@settings(max_examples=150, deadline=None)
def test_no_variables_make_the_reading_stumble(variables: Any) -> None:
    """Whatever the page sends along."""
    assert isinstance(window_of(variables), Window)


def test_seven_days_are_never_taken_for_another_window() -> None:
    """A day more or less is a matter of counting and time zones; 7, 28, 90 and 365 are told apart, and weeks are no days."""
    for days in (7, 28, 90, 365):
        own = Window(DAY - timedelta(days=days - 1), DAY, days)
        assert [d for d in (7, 28, 90, 365) if own.is_of(d)] == [days]
        assert not Window(own.first, own.last, days, daily=False).is_of(days)
    assert not Window(None, None, None).is_of(365)


@pytest.mark.parametrize(
    ("operation", "allowed"),
    [
        ("getAccountAnalytics", True), ("AccountAnalyticsOverview", True), ("account_analytics", True), ("GetAccountInsightsQuery", True),
        ("WalletSummary", False), ("CurrentUser", False), ("AccountBalance", False), ("RewardsProgress", False), ("LinkTitles", False),
        ("AccountAnalyticsSubscribers", False), ("AccountAnalyticsEmailSignups", False), ("AccountAnalyticsEarnings", False), ("", False),
    ],
)  # fmt: skip
def test_only_account_analytics_are_read(operation: str, allowed: bool) -> None:
    """By name; what names e-mail, subscribers or money is not read even then, nor when the settings name it."""
    assert is_allowed(operation) is allowed
    assert not is_allowed(operation, ("SomethingElse",))
    if any(w in operation for w in ("Subscribers", "Email", "Wallet")):
        assert not is_allowed(operation, (operation,))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        None,
        b"\xff\xfe",
        b"[]",
        b"3",
        b'[{"operationName": "AccountAnalyticsOverview"}]',
        b'{"query": "x"}',
        b'{"operationName": null}',
        b"[" * 3000,
    ],
)
def test_a_request_without_one_named_question_is_none(body: bytes | None) -> None:
    """Several questions in one, none, or no JSON: their answer is never read."""
    assert question_of(body) is None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"{}", SignedOut), (200, graph.errors("no", "UNAUTHENTICATED"), SignedOut), (200, b"<!doctype html><input type=password>", SignedOut),
        (429, b"slow", RateLimited), (200, graph.errors("no", "RATE_LIMITED"), RateLimited), (403, b"", SourceBlocked), (502, b"", SourceUnavailable),
        (200, graph.errors("no", "INTERNAL_SERVER_ERROR"), SourceUnavailable), (200, b'{"errors":[{"message":"x@y.example"}],"data":null}', SourceUnavailable),
        (200, graph.errors("no", "PLAN_LIMIT"), AccessError), (400, graph.errors("no", "GRAPHQL_VALIDATION_FAILED"), SourceChanged),
        (418, b"{}", SourceChanged),
    ],
)  # fmt: skip
def test_what_an_answer_says_in_place_of_data_becomes_the_right_error(status: int, body: bytes, error: type[BedrotError]) -> None:
    """Status first, then GraphQL's own errors with status 200; their free text is never told, it may hold anything."""
    with pytest.raises(error) as caught:
        refuse(status, {"retry-after": "7"}, body)
    assert "@" not in str(caught.value)
    if status == 429:
        assert caught.value.retry_after_seconds == 7  # type: ignore[attr-defined]


def test_an_answer_of_data_is_not_refused() -> None:
    """An empty list of errors is none."""
    refuse(200, {}, OVERVIEW)
    refuse(200, {}, b'{"errors": [], "data": {}}')


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (OVERVIEW[:900], SourceUnavailable), (b"", SourceUnavailable), (graph.wire(graph.series_only(MEMBER, ROWS, "links")), SourceChanged),
        (graph.wire({"data": {"getAccountAnalytics": {"overview": {"timeseries": [], "contact": "a@b.example"}}}}), SourceChanged),
        (graph.wire({"data": {"getAccountAnalytics": {"overview": {"email": None}}}}), SourceChanged), (b'{"data": NaN}', SourceChanged),
        (graph.wire(graph.other(MEMBER, "CurrentUser")), SourceChanged),
    ],
)  # fmt: skip
def test_a_body_is_judged_by_itself_whoever_asked_for_it(body: bytes, error: type[BedrotError]) -> None:
    """Cut, foreign, a series without an overview, or figures with an e-mail field: none of it is held, and no address is told."""
    with pytest.raises(error) as caught:
        judged(body, "AccountAnalyticsOverview")
    assert "@" not in str(caught.value)
    assert (
        judged(OVERVIEW, "AccountAnalyticsAudience") == "overview" and judged(AUDIENCE, "AccountAnalyticsOverview") == "audience"
    )


# -- the listener, with requests made up ---------------------------------------------------------------------------------------


class Request:
    """A request of the page as Playwright shows it. `read` counts how often its body was asked for."""

    def __init__(
        self,
        operation: str,
        body: bytes | Exception = b"",
        *,
        days: int = 7,
        status: int = 200,
        url: str = "https://graph.linktr.ee/graphql",
    ) -> None:
        self.method, self.url, self.read = "POST", url, 0
        variables = {"startDate": str(DAY - timedelta(days=days - 1)), "endDate": str(DAY)}
        self.post_data_buffer = json.dumps({"operationName": operation, "variables": variables}).encode()
        self._body, self._status = body, status

    def response(self) -> Any:
        return SimpleNamespace(status=self._status, headers={}, body=self._read, request=self, url=self.url)

    def _read(self) -> bytes:
        self.read += 1
        if isinstance(self._body, Exception):
            raise self._body
        return self._body


class Context:
    """A browser context that only knows its listeners."""

    def __init__(self) -> None:
        self.handlers: dict[str, list[Any]] = {}

    def on(self, event: str, handler: Any) -> None:
        self.handlers.setdefault(event, []).append(handler)

    def remove_listener(self, event: str, handler: Any) -> None:
        self.handlers[event].remove(handler)

    def goes(self, request: Request, *, whole: bool = True) -> Request:
        for event, subject in (
            ("request", request),
            ("response", request.response()),
            ("requestfinished" if whole else "requestfailed", request),
        ):
            for handler in self.handlers.get(event, ()):
                handler(subject)
        return request


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def listener(context: Context) -> Any:
    session = SimpleNamespace(option=lambda name, default=None: default, browser=SimpleNamespace(context=context))
    with Listener(session) as made:  # type: ignore[arg-type]
        yield made
    assert not any(context.handlers.values()) and not made.answers


def test_bodies_of_other_operations_are_never_asked_for(context: Context, listener: Listener) -> None:
    """Wallet, account, subscribers: nothing but their name and status is looked at."""
    others = [context.goes(Request(o, graph.wire(graph.other(MEMBER, o)))) for o in graph.OTHERS]
    others.append(context.goes(Request(graph.SUBSCRIBERS, b"{}")))
    context.goes(Request(graph.OVERVIEW, OVERVIEW, url="https://linktr.ee/collect"))
    allowed = context.goes(Request(graph.OVERVIEW, OVERVIEW))
    listener.collect()
    assert [o.read for o in others] == [0] * len(others) and allowed.read == 1
    assert len(listener.answers) == 1 and listener.member and listener.asked["WalletSummary"] == 1


def test_a_refused_foreign_operation_does_not_sign_anybody_out(context: Context, listener: Listener) -> None:
    """401 for the wallet is the wallet's business; 401 for figures means that the login is over, even if its body is gone."""
    context.goes(Request("WalletSummary", b"", status=401))
    listener.collect()
    assert not listener.signed_out
    context.goes(Request(graph.OVERVIEW, PlaywrightError("Protocol error"), status=401))
    assert listener.signed_out


def test_late_answers_of_a_login_that_is_over_do_not_end_the_new_one(context: Context, listener: Listener) -> None:
    """A question asked with the old token may be refused after the new sign-in."""
    late = Request(graph.OVERVIEW, b"", status=401)
    for handler in context.handlers["request"]:
        handler(late)
    listener.start_anew()
    for event, subject in (("response", late.response()), ("requestfinished", late)):
        for handler in context.handlers[event]:
            handler(subject)
    listener.collect()
    assert not listener.signed_out and not listener.answers


def test_of_several_answers_the_newest_good_one_of_the_window_is_chosen(context: Context, listener: Listener) -> None:
    """The first seven days, a failed year, the same year twice: the last good one of the year is it, whatever comes later for other windows."""
    context.goes(Request(graph.OVERVIEW, graph.wire(graph.overview(ROWS[-7:]))))
    context.goes(Request(graph.OVERVIEW, graph.errors("no", "INTERNAL_SERVER_ERROR"), days=365))
    listener.collect()
    failed = listener.best("overview", 365)
    assert failed is not None and failed.body is None and listener.holds(failed.trouble)  # type: ignore[arg-type]
    newer = OVERVIEW.replace(b'"timeToClick":0', b'"timeToClick":1')
    for body in (OVERVIEW, OVERVIEW, newer):
        context.goes(Request(graph.OVERVIEW, body, days=365))
    context.goes(Request(graph.OVERVIEW, graph.wire(graph.overview(ROWS[-7:]))))
    context.goes(Request(graph.OVERVIEW, graph.errors("no", "INTERNAL_SERVER_ERROR"), days=365))
    listener.collect()
    best = listener.best("overview", 365)
    assert best is not None and best.body == newer and best.window.days == 365
    assert listener.best("audience", 365) is None


def test_a_body_that_is_gone_or_broken_off_is_trouble_that_trying_again_can_mend(context: Context, listener: Listener) -> None:
    """After a navigation the browser no longer has the body: told as such, never as a changed page."""
    context.goes(
        Request(
            graph.OVERVIEW,
            PlaywrightError("Protocol error (Network.getResponseBody): No resource with given identifier found"),
            days=365,
        )
    )
    context.goes(Request(graph.AUDIENCE, AUDIENCE, days=365), whole=False)
    listener.collect()
    troubles = [listener.best(kind, 365).trouble for kind in ("overview", "audience")]  # type: ignore[union-attr]
    assert all(isinstance(t, SourceUnavailable) and t.retryable for t in troubles) and "gone" in str(troubles[0])
    assert listener.only_trouble is troubles[0]


def test_the_settings_may_name_the_operations(context: Context) -> None:
    """Once the real names are known, a list of them replaces the rule by name."""
    session = SimpleNamespace(option=lambda name, default=None: ["InsightsPage"], browser=SimpleNamespace(context=context))
    with Listener(session) as listener:  # type: ignore[arg-type]
        skipped, read = context.goes(Request(graph.OVERVIEW, OVERVIEW)), context.goes(Request("InsightsPage", OVERVIEW))
        listener.collect()
        assert (skipped.read, read.read) == (0, 1)


def test_why_there_is_no_answer_is_told_apart(context: Context, listener: Listener) -> None:
    """The picker did nothing; or it worked and one feed was not asked for, with the names that were; or the answer is still on its way."""
    overview, audience = Linktree.feeds["overview"], Linktree.feeds["audience"]
    context.goes(Request(graph.OVERVIEW, graph.wire(graph.overview(ROWS[-7:]))))
    context.goes(Request("WalletSummary"))
    listener.collect()
    assert "asked for the overview of 7 days" in str(_absent(listener, overview, 365))
    context.goes(Request(graph.OVERVIEW, OVERVIEW, days=365))
    listener.collect()
    missing = _absent(listener, audience, 365)
    assert "did not ask for the audience of 365 days" in str(missing) and "WalletSummary" in (missing.hint or "")
    for handler in context.handlers["request"]:
        handler(Request(graph.AUDIENCE, days=365))
    assert isinstance(_absent(listener, audience, 365), SourceUnavailable)


@pytest.mark.parametrize(
    ("home", "page", "own"),
    [
        ("https://linktr.ee", "https://auth.linktr.ee/login?state=1", True), ("https://linktr.ee", "https://linktr.ee/login", True),
        ("https://linktr.ee", "https://auth.linktr.ee.example/login", False), ("https://linktr.ee", "https://evil-linktr.ee/login", False),
        ("http://127.0.0.1:80", "http://localhost:80/u/login", True), ("https://linktr.ee", "http://localhost/login", False),
    ],
)  # fmt: skip
def test_secrets_are_typed_at_the_platforms_own_hosts_only(home: str, page: str, own: bool) -> None:
    """Its own host and those below it; a look-alike ends the run with nothing typed."""
    session: Any = SimpleNamespace(base_url=home, page=SimpleNamespace(url=page))
    if own:
        pages._own_host(session)
    else:
        with pytest.raises(SourceChanged, match="another host"):
            pages._own_host(session)
