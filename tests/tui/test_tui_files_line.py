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
