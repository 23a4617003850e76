"""TooLost: reading tokens, answers, titles and reports. Pure functions."""

from __future__ import annotations

import base64
import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_desk import REGISTRY
from hypothesis import given, settings
from hypothesis import strategies as st
from toolost_support import MEMBER, TODAY, answer, apple_of, days, none, spotify_of

from bedrot_console.domain.errors import SourceChanged
from bedrot_console.inspection.helpers import FormatTrouble
from bedrot_console.inspection.recognise import recognise
from extractors.toolost import analytics, bearer, portal, report
from extractors.toolost.simulated import payloads, samples

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def jwt(**claims: Any) -> str:
    """A token with these claims; its signature is nobody's business here."""
    parts = ({"alg": "HS256"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + ".c2lnbmF0dXJl"


def seconds(**delta: float) -> int:
    return int((NOW + timedelta(**delta)).timestamp())


@pytest.mark.parametrize("key", [*bearer.KEYS, "tl.session"])
@pytest.mark.parametrize("wrap", ["{}", '"{}"', '{{"token":"{}","type":"x"}}', "Bearer {}"])
def test_a_token_is_found_under_any_key_and_in_any_wrapping(key: str, wrap: str) -> None:
    """Bare, quoted, inside a JSON object, with its scheme in front: the token and its end are read."""
    token = jwt(exp=seconds(days=7), email="mara@example.net")
    found = bearer.find([("theme", "grey"), (key, wrap.format(token))])
    assert found is not None and found.value.reveal() == token and found.key == key
    assert found.ends_at == NOW + timedelta(days=7) and found.email == "mara@example.net"
    assert token not in repr(found)


def test_known_keys_go_before_others_and_the_longer_life_before_the_shorter() -> None:
    """A chat widget keeps a JWT, too; the site's own is the one under a known key, and of several the one that ends last."""
    items = [("chat", jwt(exp=seconds(days=90))), ("jwt", jwt(exp=seconds(days=1))), ("token", jwt(exp=seconds(days=2)))]
    found = bearer.find(items)
    assert found is not None and found.key == "token"
    found = bearer.find([("token", jwt(exp=seconds(days=1))), ("token", jwt(exp=seconds(days=3)))])
    assert found is not None and found.ends_at == NOW + timedelta(days=3)


def test_the_end_is_told_and_judged_by_the_tokens_own_exp() -> None:
    """Seconds or milliseconds, ended or not; a token without an end has not ended and says so."""
    ended = bearer.find([("token", jwt(exp=seconds(seconds=0)))])
    later = bearer.find([("token", jwt(exp=seconds(hours=5) * 1000))])
    silent = bearer.find([("token", jwt(sub=1))])
    assert ended is not None and later is not None and silent is not None
    assert ended.ended(NOW) and not later.ended(NOW) and not silent.ended(NOW)
    assert later.told(NOW) == "the login ends on 2026-03-02 14:30 UTC, in 5.0 hours"
    assert "does not say" in silent.told(NOW)


@pytest.mark.parametrize("text", ["", "eyJ.eyJ.x", "ey...", "eyJhbGciOiJub25lIn0.eyJub3QganNvbg.x", jwt(exp=1)[:30]])
def test_what_only_looks_like_a_token_is_none(text: str) -> None:
    """No claims that are an object: no token."""
    assert bearer.find([("token", text)]) is None


@given(st.text(max_size=200), st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text()))
def test_reading_a_token_never_fails(text: str, exp: Any) -> None:
    """Whatever lies in a storage, and whatever `exp` is."""
    bearer.find([("token", text)])
    found = bearer.find([("token", jwt(exp=exp))])
    assert found is not None and (found.ends_at is None or found.ends_at.tzinfo is UTC)


@given(st.permutations(range(20)), st.sampled_from(["spotify", "apple"]))
def test_the_order_of_days_changes_neither_days_nor_content(order: list[int], platform: str) -> None:
    """Random order is normal: the same days in another order are the same content."""
    make, form = (spotify_of, str) if platform == "spotify" else (apple_of, int)
    rows = days(date(2026, 1, 5), range(100, 120), form)
    read = analytics.READ[platform]
    one, other = read(make(rows)), read(make([rows[n] for n in order]))
    assert one.facts == other.facts
    assert {r["date"]: r["streams"] for r in one.records} == {r["date"]: r["streams"] for r in other.records}
    assert [r["streams"] for r in other.records] == [100 + n for n in order]


def test_other_figures_beside_the_same_days_are_other_content() -> None:
    """A capture of which only tracks or discovery changed does not pass for a repetition."""
    rows = days(date(2026, 1, 5), range(100, 120))
    month = {"date": "2026-01-01", "streams": "30", "fees": "0.10000000"}
    assert analytics.spotify(spotify_of(rows)).facts != analytics.spotify(spotify_of(rows, [month])).facts


def test_a_wrapped_answer_is_read_and_its_places_are_right() -> None:
    """The wrapper of an older tool is seen through; one that names the other platform is refused."""
    bare = json.loads(answer("apple"))
    wrapped = analytics.apple(json.dumps({"timestamp": "x", "source": "toolost", "platform": "Apple", "data": bare}).encode())
    assert wrapped.records == analytics.apple(answer("apple")).records
    assert wrapped.pointer(3, "streams") == "/data/totalStreams/3/streams"
    assert [f.code for f in wrapped.findings] == ["format.wrapped"]
    with pytest.raises(FormatTrouble) as refused:
        analytics.apple(json.dumps({"platform": "spotify", "data": bare}).encode())
    assert refused.value.code == "format.wrong-feed"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"message":"Unauthenticated."}', "format.error-body"), (b"[]", "format.unknown-shape"), (b'{"data":{"data":{}}}', "format.unknown-shape"),
        (b'{"streams":[]}', "format.unknown-shape"), (b'{"streams":{},"discovery":[]}', "format.unknown-shape"),
        (b'{"streams":[1],"discovery":[]}', "format.unknown-shape"), (b'{"streams":[{"date":', "format.truncated"),
        (b'{"totalStreams":[],"streamTotal":0}', "format.wrong-feed"),
    ],
)  # fmt: skip
def test_what_is_no_answer_about_spotify_says_what_it_is(body: bytes, code: str) -> None:
    """Messages, other shapes, cut bodies and the other platform's answer are told apart."""
    with pytest.raises(FormatTrouble) as refused:
        analytics.spotify(body)
    assert refused.value.code == code


def test_every_feed_recognises_its_own_content_and_no_other() -> None:
    """Of all feeds of all platforms exactly one claims each good sample, also where the answer is wrapped."""
    feeds, problems = REGISTRY.feeds()
    assert not [p for p in problems if "toolost" in str(p)]
    for name, body in samples.made().items():
        feed, _, sample = name.partition("/")
        if sample.startswith(("ok", "warned", "stale")):
            assert [f.name for f in recognise(feeds, body) if f.platform != "manual"] == [f"toolost/{feed}"], name
    for body in (b'{"message":"no"}', b'{"data":[{"streams":1}]}', b'{"streams":[{"date":"2026-01-01"}]}'):
        assert not [f for f in recognise(feeds, body) if f.platform == "toolost"]


def test_a_long_answer_is_recognised_by_its_beginning() -> None:
    """A catalogue so large that the total at the end lies beyond what a recogniser sees."""
    tracks = [
        {"isrc": f"QZABC25{n:05d}", "streams": 1, "track": "T" * 40, "release": "R" * 40, "cover": "c" * 60} for n in range(8000)
    ]
    body = apple_of([], tracksTotal=tracks)
    assert len(body) > 1 << 20 and analytics.recogniser("apple")(body[: 1 << 20])


@pytest.mark.parametrize(
    ("url", "platform"),
    [
        ("https://toolost.com/api/portal/analytics/spotify?release=&date=thisYear", "spotify"),
        ("https://toolost.com/api/portal/analytics/apple/?release=&date=thisYear", "apple"),
        ("https://app.toolost.com/api/portal/analytics/apple?date=thisYear&v=2&release=", "apple"),
        ("https://toolost.com//api/portal/analytics//Spotify/", "spotify"),
        ("https://toolost.com/api/portal/analytics/spotify/tracks?date=thisYear", None),
        ("https://toolost.com/x?u=/api/portal/analytics/spotify", None),
    ],
)  # fmt: skip
def test_a_call_is_known_by_its_parsed_path(url: str, platform: str | None) -> None:
    """Neither the order of parameters nor a slash decides, and no address that only contains the path."""
    assert portal.platform_of(url) == platform
    assert portal.date_of(url) in ("thisYear", "")


@pytest.mark.parametrize(
    ("title", "month"),
    [
        ("Your (05-2025) Sales report has been generated", "2025-05"), ("Your 05-2025 sales report has been generated", "2025-05"),
        ("Your \uff0805-2025\uff09 Sales Report is ready", "2025-05"), ("  your ( 5/2025 )  Sales   Report ", "2025-05"),
        ("Sales report 2025-12 has been generated", "2025-12"), ("Your (12\u20132024) Sales report", "2024-12"),
        ("Your Sales report has been generated", None), ("Your (13-2025) Sales report", None), ("Your (05-2025) statement", None),
        ("Your (105-2025) Sales report", None), ("Wholesales reporting 05-2025", None),
    ],
)  # fmt: skip
def test_the_month_of_a_title_is_read_however_it_is_set_off(title: str, month: str | None) -> None:
    """Brackets of any kind, none, other separators and orders; no month is made up."""
    assert report.month_of_title(title) == month


@given(st.integers(1, 12), st.integers(2015, 2099), st.sampled_from(["({m:02d}-{y})", "{m}/{y}", "[{y}-{m:02d}]"]))
def test_every_month_is_read_back(m: int, y: int, form: str) -> None:
    """Title and file name give the month they were made from."""
    assert report.month_of_title(f"Your {form.format(m=m, y=y)} Sales report has been generated") == f"{y}-{m:02d}"
    assert report.month_of_name(f"{m:02d}-{y}-12345.csv") == report.month_of_name(f"{m:02d}-{y}-9 (1).csv") == f"{y}-{m:02d}"
    assert report.months_before(f"{y}-{m:02d}", 12) == f"{y - 1}-{m:02d}"


@settings(deadline=None)
@given(st.integers(0, 200_000))
def test_a_report_cut_within_a_row_is_noticed(cut: int) -> None:
    """Wherever a transfer breaks off, but for the end of a line or of a last cell, which nothing in the file can show."""
    import tempfile

    body = payloads.report(MEMBER, date(2026, 1, 1), none)[:4000]
    body = body[: body.rfind(b"\n") + 1]
    part = body[: cut % len(body)]
    with tempfile.NamedTemporaryFile() as file:
        file.write(part)
        file.flush()
        told = report.cut_short(Path(file.name))
    lines = part.split(b"\n")
    whole_end = len(lines) > 1 and (lines[-1] == b"" or lines[-1].count(b",") == body.split(b"\n")[0].count(b","))
    assert (told is None) == whole_end


@pytest.mark.parametrize("body", [b"<!doctype html><title>x</title>\n", b'{"message":"gone"}\n', b"a,b,c\n1,2,3\n"])
def test_what_is_no_report_at_all_is_a_changed_source(body: bytes, tmp_path: Path) -> None:
    """A page, a message or another table in place of the report is not tried again."""
    (tmp_path / "r").write_bytes(body)
    with pytest.raises(SourceChanged):
        report.cut_short(tmp_path / "r")


def test_the_newest_reporting_day_is_read_without_the_table_reader(tmp_path: Path) -> None:
    """Commas, semicolons, another encoding; None for what is no report."""
    rng = random.Random(7)
    for fault in ("", "csv_semicolon", "csv_latin1", "csv_crlf"):
        path = tmp_path / f"r{rng.random()}"
        path.write_bytes(payloads.report(MEMBER, date(2026, 1, 1), lambda n, f=fault: n == f))
        assert report.newest_day(path) == date(2026, 1, 21), fault
        assert report.cut_short(path) is None
    path.write_bytes(b"a,b\n1,2\n")
    assert report.newest_day(path) is None
    whole = payloads.report(MEMBER, date(2026, 1, 1), lambda n: False)
    path.write_bytes(whole + b"x" * 200_000 + b"\n")  # a cell that no table reader takes
    assert report.newest_day(path) is None and report.cut_short(path)


def test_simulated_answers_have_the_properties_that_were_seen(clock: Any) -> None:
    """What the fact sheet confirms holds for the stand-in: forms, gaps, totals, lags, order, and no past day that changes."""
    orders = set()
    for day in (TODAY, TODAY + timedelta(days=1)):
        spotify, apple = (json.loads(answer(p, day)) for p in ("spotify", "apple"))
        assert set(spotify) == {"streams", "discovery"} and all(type(r["streams"]) is str for r in spotify["streams"])
        assert max(r["date"] for r in spotify["streams"]) == (day - timedelta(days=2)).isoformat()
        assert max(r["date"] for r in apple["totalStreams"]) <= (day - timedelta(days=4)).isoformat()
        sums = {sum(r["streams"] for r in apple[k]) for k in ("totalStreams", "tracksTotal", "countryTotal")}
        assert sums == {apple["streamTotal"]} and all(int(r["streams"]) >= 5 for r in apple["totalShazam"])
        orders.add(tuple(r["date"] for r in spotify["streams"][:8]))
        assert answer("spotify", day) == answer("spotify", day)
    assert len(orders) == 2
