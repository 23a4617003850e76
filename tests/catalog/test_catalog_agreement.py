"""However events arrive, in whatever batches, all ways of asking agree: grown, overlaid, rebuilt; SQL and plain Python."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import date, timedelta

import pytest

from bedrot_console.catalog import gate, queries, work
from bedrot_console.catalog.overlay import Overlay
from bedrot_console.catalog.trouble import CatalogCramped
from bedrot_console.domain.browsing import GROUPINGS, OPPOSITE, ORDERS, FileFilter
from bedrot_console.domain.errors import CatalogError
from bedrot_console.domain.lifecycle import STATUSES, Zone

STEPS = {
    "landing": [("promote", "raw"), ("quarantine", "quarantine")],
    "raw": [("withdraw", "quarantine")],
    "quarantine": [("release", "landing")],
}


def _live(lake, rng: random.Random, steps: int, catch_up: bool) -> None:
    """A random life of a small lake."""
    files: list[str] = []
    for _ in range(steps):
        act = rng.random()
        if act < 0.35 or not files:
            feed = rng.choice(["distrokid/streams", "distrokid/sales", "metaads/ads"])
            name = None if rng.random() < 0.5 else f"{feed}/Mixed_CASE_{len(files)}.html"
            more = {"sha256": "a" * 64} if rng.random() < 0.2 else {}
            files.append(
                lake.land(feed, path=name, account=rng.choice(["default", "other"]), run_id=rng.choice([None, "run-1"]), **more)
            )
        elif act < 0.7:
            as_of = None if rng.random() < 0.3 else date(2026, 1, 1) + timedelta(days=rng.randrange(60))
            lake.validate(rng.choice(files), rng.choice(["passed", "warned", "failed"]), as_of=as_of, bare=rng.random() < 0.3)
        else:
            file = rng.choice(files)
            verb, zone = rng.choice(STEPS[lake.row(file).zone])
            lake.move(file, verb, zone, refuse=rng.random() < 0.2)
        if catch_up and rng.random() < 0.15:
            lake.catalog.catch_up(publish=rng.choice(["now", "never", "auto"]))


FILTERS = [
    FileFilter(), FileFilter(zone=Zone.RAW), FileFilter(platform="metaads"), FileFilter(feed="distrokid/sales", account="other"),
    FileFilter(run_id="run-1"), FileFilter(sha256="a" * 64), FileFilter(sha256="odd"), FileFilter(text="mixed_case"), FileFilter(text="SALES"),
    FileFilter(text="metaads/a"), FileFilter(text="zz"), FileFilter(status="no such"), *(FileFilter(status=s) for s in STATUSES),
    *(FileFilter(order=o) for o in ORDERS),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_grown_overlaid_and_rebuilt_answers_agree(lake, seed):
    """A random life with random catch-ups: every filter and order gives the same rows by SQL, by overlay and from the journal alone."""
    rng = random.Random(seed)
    _live(lake, rng, 45, catch_up=True)
    overlay = [lake.catalog.select(f) for f in FILTERS]
    alone = Overlay(None, list(lake.journal.read()), lake.catalog.reports)
    assert [alone.select(f) for f in FILTERS] == overlay
    lake.catalog.catch_up(publish="now")
    since = overlay[0][len(overlay[0]) // 2].landed_at
    with lake.catalog.reader() as reader:
        assert [reader.files(f, limit=None) for f in FILTERS] == overlay
        assert [reader.count(f) for f in FILTERS] == [len(rows) for rows in overlay]
        recent = FileFilter(since=since, text=overlay[0][0].id[:8])
        assert reader.files(recent, limit=None) == [r for r in overlay[0] if queries.matches(recent, r)]
        for wanted in (FileFilter(until=since), FileFilter(code=overlay[0][-1].first_code), FileFilter(text="_2")):
            assert reader.files(wanted, limit=None) == [r for r in overlay[0] if queries.matches(wanted, r)]
        named = FileFilter(ids=(overlay[0][3].id, overlay[0][-1].id[:19], "zzzzzz"))
        assert reader.files(named, limit=None) == [overlay[0][3], overlay[0][-1]] and reader.count(named) == 2
        assert [r for r in overlay[0] if queries.matches(named, r)] == [overlay[0][3], overlay[0][-1]]
        for row in overlay[0]:
            assert reader.file(row.id) == row
            assert lake.catalog.resolve([f"{row.zone}/{row.path}", row.id[:19]]) == [row, row]
    assert lake.catalog.rebuild(verify=True).equal is True


def test_batches_do_not_matter(lake, monkeypatch):
    """Applying one event at a time or all at once gives the same file."""
    _live(lake, random.Random(11), 40, catch_up=False)
    lake.catalog.close()
    whole = lake.open()
    whole.catch_up(publish="now")
    before = whole.reader().files(FileFilter(), limit=None)
    monkeypatch.setattr(work, "BATCH", 1)
    monkeypatch.setattr(work.batches, "__defaults__", (1,))
    done = whole.rebuild(verify=True)
    assert done.equal is True
    assert whole.reader().files(FileFilter(), limit=None) == before


def test_each_order_is_the_same_from_both_ends_and_between_two_rows(lake):
    """The mirrored order is exact, a row's place is its index, and the rows between two are those of the list."""
    _live(lake, random.Random(5), 30, catch_up=False)
    lake.catalog.catch_up(publish="now")
    with lake.catalog.reader() as reader:
        for order in ORDERS:
            wanted = FileFilter(order=order)
            rows = reader.files(wanted, limit=None)
            assert reader.files(FileFilter(order=OPPOSITE[order]), limit=None) == rows[::-1]
            assert [reader.offset_of(wanted, row) for row in rows[::5]] == list(range(len(rows)))[::5]
            assert reader.between(wanted, rows[-2], rows[1], 1000) == rows[1:-1]
            assert reader.between(wanted, rows[0], rows[-1], 3) == rows[:3]


def test_groups_and_states_count_what_the_rows_say(lake):
    """Every way to group gives each file once, whether it is told from the tally or from the files."""
    _live(lake, random.Random(7), 40, catch_up=False)
    lake.catalog.catch_up(publish="now")
    key = {"code": lambda r: r.first_code, "day": lambda r: r.landed_at.date().isoformat(), "zone": lambda r: r.zone.value}
    with lake.catalog.reader() as reader:
        for wanted in (FileFilter(), FileFilter(platform="metaads"), FileFilter(text="a")):
            rows = reader.files(wanted, limit=None)
            for by in GROUPINGS:
                counted = Counter(key.get(by, lambda r, by=by: getattr(r, by))(row) for row in rows)
                found = reader.groups(wanted, by)
                assert {k: n for k, n, _ in found} == counted
                assert sum(size for _, _, size in found) == sum(row.size_bytes for row in rows)
            states = {(z, v, p): n for z, v, p, n, _ in reader.states(wanted)}
            assert states == Counter((row.zone, row.verdict, row.platform) for row in rows)


def test_a_question_that_is_dropped_ends_at_once_and_hurts_nothing(lake):
    """Dropping what another thread asks raises there, the file is not taken for damaged, and the next question is answered."""
    _live(lake, random.Random(1), 10, catch_up=False)
    lake.catalog.catch_up(publish="now")
    with lake.catalog.reader() as reader:
        ended = []

        def ask() -> None:
            try:
                reader._ask("SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range % 7 = b.range % 5")
            except CatalogError as error:
                ended.append(type(error))

        thread = threading.Thread(target=ask)
        thread.start()
        while thread.is_alive():
            reader.drop(thread.ident)
            thread.join(0.01)
        reader.drop(thread.ident)
        assert ended == [CatalogError]
        assert reader.count(FileFilter()) == len(reader.files(FileFilter()))


def test_memory_is_given_back_only_while_nobody_asks_and_answers_stay_the_same(lake, monkeypatch):
    """Easing waits for quiet, happens once, and the next answers are those of before, with the memory of before."""
    _live(lake, random.Random(3), 10, catch_up=False)
    lake.catalog.catch_up(publish="now")
    monkeypatch.setattr(gate, "EASED_BYTES", 1)
    with lake.catalog.reader() as reader:
        rows = reader.files(FileFilter())
        limit = reader._ask("SELECT current_setting('memory_limit')")
        eased = []
        monkeypatch.setattr(reader._database, "ease", lambda real=reader._database.ease: eased.append(real()))
        reader.ease(quiet_seconds=3600)
        assert not eased
        reader.ease(quiet_seconds=0)
        reader.ease(quiet_seconds=0)
        assert len(eased) == 1
        assert reader.files(FileFilter()) == rows
        assert reader._ask("SELECT current_setting('memory_limit')") == limit


def test_a_sparing_reader_answers_what_needs_more_memory_and_is_sparing_again_once_nobody_asks(lake, monkeypatch):
    """The question gets the memory that a catalog may have at most; what needs more still is refused, by a sparing reader and by any other."""
    lake.land()
    lake.catalog.catch_up(publish="now")
    large = "SELECT count(*) FROM (SELECT range FROM range(1500000) GROUP BY range)"
    limit = "SELECT current_setting('memory_limit')"
    monkeypatch.setitem(gate._SETTINGS, "memory_limit", "96MB")
    with lake.catalog.reader() as plain, lake.catalog.reader(sparing=True) as sparing:
        least = sparing._ask(limit)
        assert least != plain._ask(limit)
        assert sparing.files(FileFilter()) == plain.files(FileFilter())
        assert sparing._ask(limit) == least
        assert sparing._ask(large) == [(1500000,)]
        assert sparing._ask(limit) == least
        sparing._asking[0] = None  # somebody who still asks keeps what he may need
        assert sparing._ask(large) == [(1500000,)]
        assert sparing._ask(limit) == plain._ask(limit)
        del sparing._asking[0]
        sparing._ask("SELECT 1")
        assert sparing._ask(limit) == least
        for reader in (plain, sparing):
            with pytest.raises(CatalogCramped) as caught:
                reader._ask("SELECT count(*) FROM (SELECT range FROM range(4000000) GROUP BY range)")
            assert "filter" in (caught.value.hint or "")
