"""A run from start to last word, over HTTP: outcomes, challenges, and files validated after it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import tiny_process
from extraction_house import TOKEN
from werkzeug.wrappers import Response

from bedrot_console.domain.challenges import Secret
from bedrot_console.domain.errors import ChallengeExpired, UsageError
from bedrot_console.domain.runs import RunState, RunView
from bedrot_console.extraction import worker
from bedrot_console.extraction.session import Session
from bedrot_console.extraction.tally import for_account
from bedrot_console.resilience import SystemClock


class Hurried(SystemClock):
    """The machine's clock, but nobody waits."""

    def sleep(self, seconds: float) -> None:
        return


def test_a_run_brings_its_set_whole_and_the_rest_at_once(house: Any, api: Any) -> None:
    """Captures of a set with its own folder are landed together with one time, others one by one; all provenance is filled in."""
    lander = tiny_process.Lander(house.home)
    view = house.here(house.spec("tinyapi"), house.settings(api), land=lander)
    assert (view.state, view.exit_code, view.error) == (RunState.DONE, 0, None)
    assert [[c.feed for c in b] for b in lander.batches] == [["tinyapi/albums", "tinyapi/tracks"], ["tinyapi/big"]]
    albums, tracks = lander.batches[0]
    assert albums.set_id == tracks.set_id and albums.captured_at == tracks.captured_at
    assert albums.source_system == api.base_url.removeprefix("http://")
    assert [(e.kind, e.value) for e in albums.echoes] == [("access_token", TOKEN.encode())]
    assert view.landed == view.expected == ("tinyapi/albums", "tinyapi/tracks", "tinyapi/big") and len(view.files) == 3
    assert not (house.runs.folder / view.id / "tmp").exists()


def test_a_part_is_partial_never_done(house: Any, api: Any) -> None:
    """When the last feed cannot be brought the run is partial and exits 1, with the reason; it was tried four times, not for ever."""
    api.simulator.big = lambda request: Response("down", 503)
    view = house.here(house.spec("tinyapi"), house.settings(api), clock=Hurried())
    assert (view.state, view.exit_code, view.error_code) == (RunState.PARTIAL, 1, "source-unavailable")
    assert view.landed == ("tinyapi/albums", "tinyapi/tracks")
    assert len(api.simulator.requests("/big")) == 4


def test_a_feed_that_the_platform_does_not_have_is_told_and_not_missed(
    house: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`nothing`: a warning says why, the feed is no longer expected, and the run that brought the others is done."""
    real = Session.wants

    def wants(self: Session, feed: Any) -> bool:
        if feed.name == "tinyapi/big":
            self.nothing(feed, "the list is empty")
        return real(self, feed)

    monkeypatch.setattr(Session, "wants", wants)
    view = house.here(house.spec("tinyapi"), house.settings(api))
    assert (view.state, view.exit_code) == (RunState.DONE, 0)
    assert view.expected == view.landed == ("tinyapi/albums", "tinyapi/tracks")
    told = [e["text"] for e in house.runs.read_events(view.id) if e["kind"] == "log" and e["level"] == "warning"]
    assert told == ["tinyapi/big: the list is empty"]
    (event,) = [e for e in house.runs.read_events(view.id) if e["kind"] == "nothing"]
    assert (event["feed"], event["why"], event["level"]) == ("tinyapi/big", "the list is empty", "warning")


def test_a_feed_that_settings_leave_out_is_no_warning(house: Any, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`nothing` at level `info`: not expected either, and nobody is alarmed."""
    real = Session.wants

    def wants(self: Session, feed: Any) -> bool:
        if feed.name == "tinyapi/big" and real(self, feed):
            self.nothing(feed, "a setting leaves it out", level="info")
        return real(self, feed)

    monkeypatch.setattr(Session, "wants", wants)
    view = house.here(house.spec("tinyapi"), house.settings(api))
    assert (view.state, view.exit_code) == (RunState.DONE, 0)
    told = {e["level"]: e["text"] for e in house.runs.read_events(view.id) if e["kind"] == "log" and "leaves it out" in e["text"]}
    assert told == {"info": "tinyapi/big: a setting leaves it out"}


@pytest.mark.parametrize(
    "fault, code, exit_code",
    [("error_in_200", "credentials-rejected", 3), ("to_login", "redirected", 4)],
)
def test_an_error_that_looks_like_data_is_no_data(house: Any, api: Any, fault: str, code: str, exit_code: int) -> None:
    """An error in a 200 and a redirect to a login page land nothing, and no token stands in the words about it."""
    api.simulator.set_faults([fault])
    view = house.here(house.spec("tinyapi"), house.settings(api))
    assert (view.state, view.error_code, view.exit_code) == (RunState.FAILED, code, exit_code)
    assert view.landed == () and "canary" not in str(view)


def test_only_wanted_feeds_are_brought(house: Any, api: Any) -> None:
    """A run of some feeds expects those only; a feed nobody extracts is refused."""
    view = house.here(house.spec("tinyapi", feeds=("big",)), house.settings(api))
    assert view.landed == view.expected == ("tinyapi/big",) and view.state is RunState.DONE
    refused = house.here(house.spec("tinyapi", feeds=("letters",)), house.settings(api))
    assert (refused.state, refused.exit_code) == (RunState.FAILED, 2)


def test_a_missing_secret_says_which_and_how(house: Any, serve: Callable[..., Any]) -> None:
    """Without a credential the run ends with 3 and the command that stores it, and nothing was asked of the platform."""
    served = serve("tinyapi")
    view = house.here(house.spec("tinyapi"), house.settings(served))
    assert (view.exit_code, view.hint) == (3, "bedrot secrets set tinyapi access_token")
    assert served.simulator.requests() == []


def test_the_environments_credentials_are_those_of_the_default_account(house: Any, serve: Callable[..., Any]) -> None:
    """They name no account, so no other account is signed in to with them."""
    served = serve("tinyapi")
    settings = house.settings(served, {"BEDROT_TINYAPI_ACCESS_TOKEN": TOKEN})
    other = house.here(house.spec("tinyapi", account="second"), settings)
    assert (other.exit_code, other.hint) == (3, "bedrot secrets set tinyapi access_token --account second")
    assert served.simulator.requests() == []
    assert house.here(house.spec("tinyapi"), settings).state is RunState.DONE


@pytest.mark.parametrize(
    ("hint", "account", "shown"),
    [
        ("wait an hour, then: bedrot extract tinyapi", "b", "wait an hour, then: bedrot extract tinyapi --account b"),
        ("bedrot secrets set tinyapi password", "b", "bedrot secrets set tinyapi password --account b"),
        ("bedrot extract tinyapi --account b", "b", "bedrot extract tinyapi --account b"),
        ("bedrot extract tinyapi", "default", "bedrot extract tinyapi"),
        ("then: bedrot land FILE --feed tinyapi/big", "b", "then: bedrot land FILE --feed tinyapi/big"),
        (None, "b", None),
    ],
)
def test_the_next_command_names_the_account_of_the_run(hint: str | None, account: str, shown: str | None) -> None:
    """Extractors write hints for `default`; the run's last word names the account it was for."""
    assert for_account(hint, account) == shown


def test_nobody_there_refuses_before_a_code_is_sent(house: Any, api: Any) -> None:
    """Unattended, the run ends with 3 and the command that starts it with the operator present; the platform was never asked."""
    view = house.here(house.spec("tinyapi", attended=False), house.settings(api, mode="ask"))
    assert (view.state, view.error_code, view.exit_code) == (RunState.FAILED, "challenge-unanswered", 3)
    assert view.hint == "bedrot extract tinyapi"
    assert api.simulator.requests() == []


def _in_background(house: Any, spec: Any, settings: Any) -> Callable[[], RunView]:
    """Execute a run in a thread; call the result to wait for its end."""
    folder = house.runs.create(spec)
    thread = threading.Thread(
        target=worker.execute, args=(folder, spec, tiny_process.parts(house.home, spec, settings)), daemon=True
    )
    thread.start()

    def wait() -> RunView:
        thread.join(20)
        folder.release()
        return house.runs.view(spec.id)

    return wait


def test_a_code_is_shaped_before_it_counts_and_counts_once(house: Any, api: Any) -> None:
    """A wrong shape and a stale id are refused without an attempt; the first valid answer wins; the prompt is the same for all who attach."""
    spec, settings = house.spec("tinyapi"), house.settings(api, mode="ask")
    wait = _in_background(house, spec, settings)
    raised = house.until(spec.id, "challenge")["challenge"]
    again = house.until(spec.id, "challenge")["challenge"]
    assert raised == again and house.runs.view(spec.id).challenge_id == raised["id"]
    assert [c.id for c in house.runs.open_challenges()] == [raised["id"]]
    with pytest.raises(UsageError, match="6 characters, not 5"):
        house.runs.answer(raised["id"], Secret("12345"))
    with pytest.raises(UsageError, match="no act"):
        house.runs.act(raised["id"], "done")
    with pytest.raises(ChallengeExpired):
        house.runs.answer("zzzzzzzzzz", Secret("123456"))
    with pytest.raises(UsageError, match="too short"):
        house.runs.answer(raised["id"][:5], Secret("123456"))
    house.runs.answer(raised["id"][:12], Secret("918 273"))
    with pytest.raises(ChallengeExpired):
        house.runs.answer(raised["id"], Secret("111111"))
    assert wait().state is RunState.DONE
    kinds = [(e["kind"], e.get("state"), e.get("by")) for e in house.runs.read_events(spec.id) if e["kind"] == "challenge-ended"]
    assert kinds == [("challenge-ended", "answered", f"uid:{os.geteuid()}")]
    text = (house.runs.folder / spec.id / "events.jsonl").read_text()
    assert "918273" not in text and "so careless to print [secret]" in text


def test_an_approval_is_an_act_not_a_text(house: Any, api: Any) -> None:
    """A push has nothing to type; done and the offered acts are taken."""
    spec, settings = house.spec("tinyapi"), house.settings(api, mode="approve")
    wait = _in_background(house, spec, settings)
    raised = house.until(spec.id, "challenge")["challenge"]
    with pytest.raises(UsageError, match="nothing to type"):
        house.runs.answer(raised["id"], Secret("42"))
    house.runs.act(raised["id"], "other")
    assert wait().state is RunState.DONE


def test_an_answer_too_late_ends_with_the_right_word(house: Any, api: Any) -> None:
    """The platform's time over is challenge-expired, the run's patience over is challenge-unanswered; both exit 3."""
    expired = house.here(house.spec("tinyapi"), house.settings(api, mode="ask", code_seconds=0.3))
    assert (expired.error_code, expired.exit_code) == ("challenge-expired", 3)
    ignored = house.here(house.spec("tinyapi", challenge_timeout_seconds=0.3), house.settings(api, mode="ask"))
    assert (ignored.error_code, ignored.exit_code) == ("challenge-unanswered", 3)
    assert house.runs.open_challenges() == []


def test_a_cancel_while_files_are_validated_ends_it_and_kills_no_reader(house: Any, api: Any) -> None:
    """After the walk nothing is killed any more, so that no reader dies over a sound file; the rest waits for `validate --pending`."""
    cancel, steps = threading.Event(), []

    def inspect(ids: Sequence[str], emit: Callable[..., Any]) -> bool:
        steps.append("inspect")
        emit("stage", stage="validate", done=0, total=len(ids))
        cancel.set()
        emit("stage", stage="validate", done=1, total=len(ids))
        raise AssertionError("the inspection went on")

    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    parts = tiny_process.parts(house.home, spec, house.settings(api), inspect=inspect)
    view = worker.execute(folder, spec, parts, cancel=cancel, walked=lambda: steps.append("walked"))
    folder.release()
    assert steps == ["walked", "inspect"]
    assert (view.state, view.exit_code, len(view.files)) == (RunState.CANCELLED, 130, 3)


def test_a_cancelled_run_validates_nothing(house: Any, api: Any) -> None:
    """What landed before the cancel stays and is pending."""
    cancel, asked = threading.Event(), []

    class CancelledAfterLanding(tiny_process.Lander):
        def __call__(self, captures: Any) -> Any:
            yield from super().__call__(captures)
            cancel.set()

    spec = house.spec("tinyapi")
    folder = house.runs.create(spec)
    parts = tiny_process.parts(
        house.home, spec, house.settings(api), land=CancelledAfterLanding(house.home), inspect=lambda ids, emit: asked.append(ids)
    )
    view = worker.execute(folder, spec, parts, cancel=cancel)
    folder.release()
    assert (view.state, len(view.files), asked) == (RunState.CANCELLED, 3, [])
