"""Files by the many: ranges, all that a filter has, groups, plans, and a decision that takes long."""

from __future__ import annotations

import dataclasses

from fake_lake import FakeLake

from bedrot_console.domain.lifecycle import Zone


def test_marked_files_are_decided_together_and_what_cannot_be_says_why(drive):
    """A bulk decision names count and exclusions before it is made, and moves exactly those that may move."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("slash")
        await d.type("zone:landing")
        await d.press("enter")
        rows = d.app.files_view.table.rows
        for _ in rows:
            await d.press("space")
        await d.press("p")
        assert "Promote 8 files" in d.screen
        assert "not 4: its validation failed" in d.screen and "not 4: not validated yet" in d.screen
        await d.press("enter")
        assert len(lake.decisions) == 8
        assert all(lake.changed[i].zone is Zone.RAW for _, i, _ in lake.decisions)
        assert "promoted 8 files to raw" in d.notice
        assert len(d.app.files_view.table.marks) == 8

    drive(lake, scenario)


def test_a_plan_that_takes_nothing_asks_for_nothing_but_the_way_back(drive):
    """Marked files that may not be promoted: why not, no reason to type, no consequence; enter does nothing, escape goes back."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("slash")
        await d.type("zone:quarantine")
        await d.press("enter", "asterisk", "p")
        assert "Nothing to promote" in d.screen and "cannot promote a file in quarantine" in d.screen
        assert "why (optional)" not in d.screen and "takes it back" not in d.screen
        await d.press("enter", "x")
        assert "Nothing to promote" in d.screen and not lake.decisions
        await d.press("escape")
        assert len(d.app.screen_stack) == 1

    drive(lake, scenario)


def test_shift_and_arrows_mark_a_range_and_coming_back_takes_it_off_again(drive):
    """Shift with arrows marks from where it began to the cursor, both ways; other marks stay."""

    async def scenario(d):
        table = d.app.files_view.table
        ids = [row.id for row in table.rows]
        await d.press("space", "down", "shift+down", "shift+down", "shift+down")
        assert list(table.marks) == [ids[0], *ids[2:6]] and "5 marked" in d.screen
        await d.press("shift+up", "K", "shift+up", "K")
        assert set(table.marks) == {ids[0], ids[1], ids[2]}
        await d.press("escape")
        assert not table.marks

    drive(FakeLake(64), scenario)


def test_a_range_reaches_over_files_that_were_never_loaded(drive):
    """From a mark at the top to the far end: every file between is marked, though most were never on the screen."""

    async def scenario(d):
        await d.press("space", "end", "m")
        assert len(d.app.files_view.table.marks) == 5000
        assert "4,999 more marked" in d.notice and "5,000 marked" in d.screen

    drive(FakeLake(5000), scenario)


def test_all_that_a_filter_has_is_decided_with_a_preview_and_a_bound_and_what_failed_stays_marked(drive):
    """`*` marks as a filter, not as loaded rows; the dialog counts what moves, what cannot and why, and how many are above the bound."""
    lake = FakeLake(1000)
    lake.most = 40

    async def scenario(d):
        table = d.app.files_view.table
        await d.press("slash")
        await d.type("platform:distrokid zone:landing")
        await d.press("enter", "asterisk", "space")
        spared = table.rows[0].id
        assert "all 125 marked but 1" in d.screen and not table.marks
        lake.fails.add(table.rows[-1].id)
        await d.press("p")
        assert "Promote 40 files" in d.screen and "to raw" in d.screen
        assert ": not validated yet" in d.screen and "more could move; at most 40 at once" in d.screen
        await d.press("enter")
        moved = {i for _, i, _ in lake.decisions}
        assert len(moved) == 39 and spared not in moved
        assert "promoted 39, failed 1" in d.notice
        assert list(table.marks) == [next(iter(lake.fails))] and "1 marked" in d.screen

    drive(lake, scenario)


def test_another_filter_drops_the_mark_on_all_that_the_old_one_had(drive):
    """What was marked as a filter never becomes other files."""

    async def scenario(d):
        await d.press("asterisk")
        assert "all 64 marked" in d.screen
        await d.press("o")
        assert "all 64 marked" in d.screen
        await d.press("slash")
        await d.type("zone:raw")
        await d.press("enter")
        assert "marked" not in d.screen

    drive(FakeLake(64), scenario)


def test_files_are_grouped_and_a_group_opens_as_a_filter(drive):
    """`b` counts by platform, feed, day; enter opens the group's files; escape comes back to the same group; a group can be decided on."""
    lake = FakeLake(64)

    async def scenario(d):
        await d.press("b", "b")
        assert "1 of 4 feeds · 64 files" in d.screen and "metaads/insights" in d.screen
        await d.press("down", "enter")
        feed = d.app.files_view.table.row().feed
        assert f"/ feed:{feed}" in d.screen and "of 16" in d.screen
        await d.press("escape")
        assert "2 of 4 feeds" in d.screen and d.app.files_view.words == ""
        await d.press("p")
        assert "Promote 2 files" in d.screen and "! not 8: " in d.screen and "! not 1: not validated yet" in d.screen
        await d.press("escape")
        d.app.files_view.do_group()
        assert d.app.files_view.why_not("promote") == "no group here"
        await d.settle()
        assert "1 of 1 day · 64 files" in d.screen
        await d.press("escape")
        assert "1 of 64 · newest" in d.screen

    drive(lake, scenario)


def test_a_long_decision_can_be_stopped_and_the_rest_stays_marked(drive):
    """`X` lets the files under way be finished; what was not begun is told and keeps its mark."""
    lake = FakeLake(640)

    async def scenario(d):
        view = d.app.files_view
        await d.press("slash")
        await d.type("status:passed")
        await d.press("enter", "asterisk", "p")
        view.part, lake.on_decision = 30, view.do_stop
        await d.press("enter")
        assert len(lake.decisions) == 30
        assert "promoted 30, failed 10: stopped before it" in d.notice
        assert len(view.table.marks) == 10

    drive(lake, scenario)


def test_a_key_with_a_quotation_mark_never_becomes_the_word_of_another_group(drive):
    """`a"b` would be read as `ab`: its group opens no filter, is not decided on, and is not offered for completion."""
    lake = FakeLake(8)
    odd, other = lake._row(7), lake._row(6)
    lake.changed = {odd.id: dataclasses.replace(odd, account='a"b'), other.id: dataclasses.replace(other, account="ab")}

    async def scenario(d):
        view = d.app.files_view
        view.set_words("group:account")
        await d.settle()
        await d.press("end")
        if view.groups.key != 'a"b':
            await d.press("up")
        assert view.groups.key == 'a"b' and view.why_not("quarantine") == "no group here"
        await d.press("enter")
        assert "nothing that a filter could name" in d.notice and view.words == "group:account"
        await d.press("slash")
        known = view.query_one("#filter").known["account"]
        assert "ab" in known and 'a"b' not in known

    drive(lake, scenario)
