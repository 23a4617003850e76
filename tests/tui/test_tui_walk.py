"""The pictures in `docs/` are what the console shows, and nothing that must not be shown is in them."""

from __future__ import annotations

import json
import re

import frames
import pytest
import sequences
import walk
from picture_lake import CODE

CAST = (walk.DOCS / "console.cast").read_text("utf-8")
SCENES = frames.scenes_of(CAST)
LARGEST_BYTES = 300_000


def test_the_committed_recording_is_what_the_console_shows():
    """The walk, played on a real terminal again, gives the recorded frames; every byte of it is one that a console may send.

    Renewed by `python tests/tui/walk.py --write`, and read in the difference.
    """
    data = b""
    for _, _, sent in walk.played([scene.frame for scene in SCENES]):
        data += sent
    sent = sequences.read(data)
    assert sent.foreign == [] and sent.copied == []


def test_every_picture_is_made_of_the_recording():
    """Recording and pictures are one: each file in `docs/` is what the recorded frames make of it."""
    made = walk.files([frames.Scene(s.frame, step.seconds, step.says) for s, step in zip(SCENES, walk.WALK, strict=True)])
    for name, text in made.items():
        assert (walk.DOCS / name).read_text("utf-8") == text, name
        assert len(text.encode()) < LARGEST_BYTES


def test_the_recording_ends_where_the_walk_does_and_holds_the_tasks():
    """Replayed in a terminal: a code answered, a file quarantined, one promoted, one undone, an answer of SQL as the last screen."""
    shown = [frames.text_of(scene.frame) for scene in SCENES]
    for words in ("wants the code", "ended: done", "Quarantine this", "Promote this", "undone", "status:quarantined"):
        assert any(words in text for text in shown), words
    assert "rows" in shown[-1] and "[6 SQL" in shown[-1]


def test_the_recording_holds_no_code_no_key_and_no_path():
    """Output events and markers only, no environment; neither the code that was typed nor a folder of the machine."""
    head, *events = [json.loads(line) for line in CAST.splitlines()]
    assert head.keys() == {"version", "width", "height", "title"} and head["version"] == 2
    assert {kind for _, kind, _ in events} == {"o", "m"}
    times = [at for at, _, _ in events]
    assert times == sorted(times) and times[-1] < 60
    everything = "\n".join(frames.text_of(scene.frame) for scene in SCENES)
    assert CODE not in everything.replace(" ", "") and "•" * len(CODE) in everything
    assert not re.search(r"/(home|root|tmp|work|Users|dev)/", everything)


def test_the_recording_commands_nothing_of_a_terminal_but_to_draw():
    """The events are colours, places and texts."""
    events = [json.loads(line) for line in CAST.splitlines()[1:]]
    for number, (_, kind, data) in enumerate(events):
        if kind == "o":
            sent = sequences.read(data.removeprefix("\x1b[?25l\x1b[2J").encode() if number == 1 else data.encode())
            assert sent.foreign == [] and not sent.copied and not sent.bells


@pytest.mark.parametrize("name", sorted(path.name for path in walk.DOCS.glob("*.svg")))
def test_a_picture_fetches_and_runs_nothing(name):
    """An SVG of texts and rectangles: no script, no font, image or style from elsewhere."""
    from xml.etree import ElementTree

    text = (walk.DOCS / name).read_text("utf-8")
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}
    assert tags <= {"svg", "title", "style", "defs", "g", "rect", "text", "use"}
    assert not re.search(r"url\(|@import|@font-face|script|href=\"(?!#)|https?://(?!www\.w3\.org/2000/svg)", text)


def test_a_frame_survives_recording_and_replay():
    """Wide and combining characters, every colour and attribute: read back cell by cell."""
    row = [
        ("漢", "ff8800", "default", "b"),
        ("", "ff8800", "default", "b"),
        ("é", "red", "brightblue", "d"),
        ("x", "default", "000010", "ur"),
    ]
    frame = (tuple(row + [frames.BLANK] * 6), (frames.BLANK,) * 10)
    seen = frames.scenes_of(frames.cast_of([frames.Scene(frame, 1.0, "one"), frames.Scene(frame[::-1], 2.0, "two")], "t"))
    assert [(s.frame, s.seconds, s.says) for s in seen] == [(frame, 1.0, "one"), (frame[::-1], 2.0, "two")]
