"""Sessions, Health and Audit on a real terminal: their tasks by keys, and nothing hostile obeyed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ptyline import FAKE, Line, foreign


@pytest.fixture
def line() -> Iterator[Line]:
    """A console on hostile texts: in accounts, feeds, alerts, errors, hints and events."""
    opened = Line([*FAKE, "hostile"])
    yield opened
    opened.close()


def test_why_a_feed_is_late_whether_a_login_works_and_the_chain_holds_by_keys(line):
    """`5 w` says why; `4 c` checks a login; `7 v` verifies the journal, `i` says more. No byte of what comes from outside is obeyed."""
    line.until("of 64")
    steps = (
        ("5", "✗ in trouble"), ("w", "Login ─"), ("\x1b[F", "Captures"), ("\x1b", "~Captures"), ("j ", "~Alerts: 16"), ("4", "ends soon"),
        ("j", "Sign in anew"), ("c", "checking…"), ("F", "Forget every"), ("\x1b", "~Forget every"), ("7", "never verified"), ("j", "sidecar.masks"),
        ("v", "✗ BROKEN at 3"), ("i", "recorded break"), ("\x1b", "~recorded break"), ("/who:nobody\r", "no event matches"),
        ("\x1b", "~no event matches"), ("G", "seq 1 "),
    )  # fmt: skip
    for keys, wait in steps:
        line.send(keys)
        line.until(wait.lstrip("~"), gone=wait.startswith("~"))
    line.send("\x11")
    assert line.wait() == 0 and line.healthy()
    assert foreign(line.data) == []
    shown = line.data.decode("utf-8", "replace")
    for picture in ("␛]52;c;aGFja2Vk␇", "\\u{202e}", "\\u{9b}", "[@click=app.exit]"):
        assert picture in shown
