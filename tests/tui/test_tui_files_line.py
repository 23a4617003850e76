"""Files by keys on a real line: a range marked with shift and arrows, a group opened, both decided with a preview."""

from __future__ import annotations

from ptyline import FAKE, Line, foreign


def test_a_range_and_a_group_are_decided_by_keys_on_a_real_line():
    """What a terminal sends for shift and down marks; the dialog counts what moves and what stays; nothing foreign is sent."""
    line = Line([*FAKE, "64"], size=(100, 30))
    try:
        line.until("1 of 64")
        line.send("/status:passed\r")
        line.until("1 of 4")
        line.send("\x1b[1;2B\x1b[1;2B")
        line.until("3 marked")
        line.send("p")
        line.until("Promote 3 files")
        line.send("\r")
        line.until("promoted 3 files to raw")
        line.send("\x1b")
        line.until("/ filters")
        line.send("bbb")
        line.until("1 of 1 day")
        line.send("q")
        line.until("Quarantine 13 files")
        line.send("whole day\r")
        line.until("quarantined 13 files")
        assert not foreign(line.data)
        line.send("\x11")
        assert line.wait() == 0
    finally:
        line.close()


def click(line: Line, column: int, row: int) -> None:
    """The left button, at a cell counted from 1, as a terminal tells it."""
    line.send(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")


def test_a_value_half_typed_narrows_nothing_and_a_wrong_one_is_told_with_the_right_one():
    """A value half typed restricts nothing yet; enter takes what stands there at its word, whether a value begun or no value at all."""
    line = Line([*FAKE, "64"])
    try:
        line.until("1 of 64")
        line.send("/feed:dist")
        line.until("tab: feed:distrokid/")
        line.until("…ams_20260302")
        line.send("\r")
        assert "did you mean feed:distrokid/" in line.until("no file matches: feed:dist")
        line.send("/\x15status:fai\r")
        assert "✗ no such status: fai" in line.until("no such status")
    finally:
        line.close()


def test_escape_drops_the_filter_and_the_file_that_was_found_stays_under_the_cursor():
    """The list goes on around it."""
    line = Line([*FAKE, "3000"])
    try:
        line.until("1 of 3,000")
        line.send("/20260302_0945\r")
        line.until("1 of 60 ")
        line.send("G")
        line.until("60 of 60 ")
        line.send("\x1b")
        assert "…ams_20260302_094500.json" in line.until("2,100 of 3,000 ").splitlines()[3]
    finally:
        line.close()


def test_m_begins_a_range_and_m_again_ends_it():
    """Without any mark before; what is between is marked, also beyond the screen."""
    line = Line([*FAKE, "64"])
    try:
        line.until("1 of 64")
        line.send("m")
        line.until("1 marked")
        line.until("m again, where it ends")
        line.send("Gm")
        line.until("64 marked")
        line.send("M")
        line.until("marked (", gone=True)
    finally:
        line.close()


def test_the_mouse_goes_to_places_and_orders_by_the_head_of_a_column():
    """A click on a place shows it; on a head orders by it, and once more turns that round; on a row chooses it."""
    line = Line([*FAKE, "64"])
    try:
        line.until("1 of 64")
        click(line, 75, 3)
        line.until("largest")
        click(line, 75, 3)
        line.until("smallest")
        click(line, 20, 8)
        line.until("5 of 64")
        click(line, 20, 1)
        line.until("[2 Review")
        click(line, 12, 1)
        line.until("[1 Files")
    finally:
        line.close()


def test_a_word_on_how_to_go_on_leaves_with_its_place_and_what_was_done_stays_told():
    """SQL's hint is not read in Files; a decision that was made is."""
    line = Line([*FAKE, "64"], size=(100, 30))
    try:
        line.until("1 of 64")
        line.send("6")
        line.until("[6 SQL")
        line.send("\x1b")
        line.until("i goes back to the editor")
        line.send("1")
        line.until("i goes back to the editor", gone=True)
        line.send("/status:passed\r")
        line.until("1 of 4")
        line.send("p")
        line.until("Promote this file")
        line.send("\r")
        line.until("promoted insights_")
        line.send("7")
        assert "promoted insights_" in line.until("[7 Audit")
    finally:
        line.close()
