"""The one transition table, identifiers, sidecars and filters."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from bedrot_console.domain.browsing import FileFilter
from bedrot_console.domain.challenges import Challenge, ChallengeKind, Secret
from bedrot_console.domain.errors import EXIT_CODES, BedrotError, FixityError, LifecycleError, UsageError
from bedrot_console.domain.files import Mask, Sidecar
from bedrot_console.domain.filterwords import WORDS, completions, decision_filter, parse_filter, parse_since, quoted, sayable
from bedrot_console.domain.identifiers import id_time, is_id, new_id
from bedrot_console.domain.lifecycle import STATUSES, TRANSITIONS, Verb, Verdict, Zone, status, transition

NOW = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)


def sidecar(**changes: object) -> Sidecar:
    values = dict(
        id=new_id(NOW), platform="distrokid", feed="distrokid/streams", feed_version=1, account="main", source_system="distrokid.com",
        method="browser", captured_at=NOW, landed_at=NOW, as_of=date(2026, 3, 1), extractor_version="1", run_id=None, set_id=None,
        media_type="text/html", size_bytes=5, sha256="00" * 32, masks=(Mask(3, 2, "access_token"),), seq=7,
    )  # fmt: skip
    return Sidecar(**(values | changes))  # type: ignore[arg-type]


def test_only_the_transitions_of_the_table_are_allowed() -> None:
    """Every verb from every other zone is refused."""
    for verb, zone in itertools.product(Verb, Zone):
        if TRANSITIONS[verb].source is zone:
            assert transition(verb, zone, Verdict.PASSED).target is TRANSITIONS[verb].target
        else:
            with pytest.raises(LifecycleError):
                transition(verb, zone, Verdict.PASSED)


@pytest.mark.parametrize("verdict", [None, Verdict.FAILED])
def test_a_file_that_failed_or_was_not_validated_is_not_promoted(verdict: Verdict | None) -> None:
    """Promotion needs a verdict that does not fail."""
    with pytest.raises(LifecycleError):
        transition(Verb.PROMOTE, Zone.LANDING, verdict)


def test_the_status_word_is_one_of_the_known_ones() -> None:
    """Every pair of zone and verdict has a word, and no other words exist."""
    words = {status(z, v) for z in Zone for v in (None, *Verdict)}
    assert words == set(STATUSES)


def test_ids_sort_by_time_and_tell_it() -> None:
    """Ids made in order sort in order, also within one millisecond, and hold their moment."""
    at = NOW.replace(year=2031)  # far from the moments of other tests: a process remembers its newest id
    ids = [new_id(at) for _ in range(1000)] + [new_id(at + timedelta(seconds=1))]
    assert ids == sorted(ids) and len(set(ids)) == len(ids)
    assert all(is_id(i) for i in ids)
    assert abs(id_time(ids[0]) - at) < timedelta(milliseconds=2)


def test_a_sidecar_reads_back_as_it_was_written() -> None:
    """Bytes and values are inverses."""
    one = sidecar()
    assert Sidecar.from_bytes(one.to_bytes()) == one


def test_every_flipped_bit_of_a_sidecar_is_noticed() -> None:
    """A sidecar hashes to its own self_sha256."""
    data = sidecar().to_bytes()
    for position in range(0, len(data) - 1):
        broken = bytearray(data)
        broken[position] ^= 1
        with pytest.raises(FixityError):
            Sidecar.from_bytes(bytes(broken))


def test_a_secret_never_shows_itself() -> None:
    """Neither repr nor str nor format nor JSON nor pickle gives the value."""
    import pickle

    secret = Secret("493817")
    for text in (repr(secret), str(secret), f"{secret}", f"{secret:>20}", repr([secret]), repr({"a": secret})):
        assert "493817" not in text
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_challenge_reads_back_as_it_was_written() -> None:
    """Record and value are inverses, through JSON."""
    one = Challenge(
        id="c1", kind=ChallengeKind.CODE, run_id="r1", platform="distrokid", account="main", prompt="code", raised_at=NOW,
        expires_at=NOW, can=("resend",), length=6,
    )  # fmt: skip
    assert Challenge.from_record(json.loads(json.dumps(one.to_record()))) == one


def test_the_filter_grammar_reads_words_and_text() -> None:
    """`name:value` words set fields, the rest is text; an unknown status is an error."""
    found = parse_filter("platform:distrokid status:failed since:7d streams 2026", NOW)
    assert (found.platform, found.status, found.text) == ("distrokid", "failed", "streams 2026")
    assert found.since == NOW - timedelta(days=7)
    assert parse_filter("http://x", NOW).text == "http://x"
    assert parse_filter("day:2026-01-31", NOW).until == datetime(2026, 2, 1, tzinfo=UTC)
    assert parse_filter("run:r1 set:s1 code:x.y group:day", NOW) == FileFilter(run_id="r1", set_id="s1", code="x.y")
    assert parse_filter("id:1m8ct9,1M8CT9,,1n", NOW).ids == ("1m8ct9", "1n")
    for bad in (
        "statsu:failed",
        "group:nope",
        "day:today",
        "since:99999999999d",
        "status:nope",
        "zone:nope",
        "since:soon",
        "order:nope",
    ):
        with pytest.raises(UsageError):
            parse_filter(bad, NOW)


def test_a_decision_takes_no_filter_that_restricts_nothing_and_no_word_without_its_value() -> None:
    """An empty variable in a script (`run:$RUN`) is refused with a next step, not read as every file; typing stays lenient."""
    for word in WORDS:
        for empty in (f"{word}:", f'{word}:""', f'{word}:" "', f"zone:raw {word}:", f"{word}: zone:raw"):
            with pytest.raises(UsageError) as refused:
                decision_filter(empty, NOW)
            assert refused.value.hint, empty
    for nothing in (
        "",
        "  ",
        '""',
        '"" ""',
        "id:,",
        "id: ,",
        "zone:raw id:,,",
        "group:feed",
        "order:oldest",
        "order:worst group:day",
    ):
        with pytest.raises(UsageError) as refused:
            decision_filter(nothing, NOW)
        assert refused.value.hint and refused.value.exit_code == 2, nothing
    assert parse_filter("run:", NOW) == parse_filter("id:,", NOW) == FileFilter()
    for words in ("run:r1", "id:1m8ct9,", "order:oldest zone:raw", "group:feed streams", 'account:"a b"'):
        assert decision_filter(words, NOW) == parse_filter(words, NOW)


def test_a_value_that_a_word_can_have_comes_back_as_it_is() -> None:
    """What the grammar would change on its way (quotation marks) is no value of a word."""
    for value in ("a b", "a'b", "ä,b", "a:b", "\\"):
        assert sayable(value) and parse_filter(f"account:{quoted(value)}", NOW).account == value
    assert not any(map(sayable, ("", 'a"b', '"', "a\x1bb", "a\nb")))


def test_a_filter_word_is_completed_by_what_it_may_become() -> None:
    """Words by their beginning, then the word's values: fixed ones, and those the catalog holds."""
    values = {"feed": ["distrokid/sales", "metaads/ads"]}
    assert completions("zone:raw st", values) == ["status:"]
    assert completions("status:pr", values) == ["status:promoted"]
    assert completions("feed:sales", values) == ["feed:distrokid/sales"]
    assert completions("feed:", values) == ["feed:distrokid/sales", "feed:metaads/ads"]
    assert completions("some text", values) == completions("", values) == []


def test_since_takes_spans_and_dates() -> None:
    """`24h`, `2w`, ISO dates and times."""
    assert parse_since("24h", NOW) == NOW - timedelta(hours=24)
    assert parse_since("2026-01-31", NOW) == datetime(2026, 1, 31, tzinfo=UTC)


def test_every_error_class_exits_with_a_published_code() -> None:
    """The table of exit codes covers the whole tree."""
    published = {code for code, _ in EXIT_CODES}

    def tree(kind: type[BedrotError]) -> list[type[BedrotError]]:
        return [kind, *(k for sub in kind.__subclasses__() for k in tree(sub))]

    assert all(kind.exit_code in published for kind in tree(BedrotError))
