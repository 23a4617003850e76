"""Payloads on a real terminal: whatever they hold, in every form; and a queue that is decided by keys."""

from __future__ import annotations

from pathlib import Path

from fake_rows import HOSTILE
from ptyline import FAKE, Line, foreign

ESCAPE = "\x1b[27u"
"""Escape as a key of its own: a lone escape byte and a letter soon after it are alt and that letter."""


def enter_preview(line: Line, heading: str) -> None:
    """Into the preview; again where the next file came only after the key, and took the keys back to the queue."""
    for _ in range(8):
        line.send("\t")
        try:
            line.until(heading, timeout=4)
            return
        except TimeoutError:
            pass
    line.until(heading)


def hostile_payload(kind: str) -> bytes:
    """A payload full of what a terminal would obey: as keys and values, cells and headers, tags and words, names in an archive."""
    import html
    import io
    import json
    import zipfile

    texts = [t.encode("utf-8", "replace").decode() for t in HOSTILE]
    if kind == "json":
        raw = json.dumps({f"{t}{i}": t for i, t in enumerate(texts)}, ensure_ascii=False)
        return raw.replace("\\u001b", "\x1b").replace("\\u0007", "\x07").encode()
    if kind == "table":
        clean = [t.replace("\t", " ").replace("\n", " ").replace("\r", " ").replace('"', "") for t in texts]
        return "\n".join("\t".join(clean[:6]) for _ in range(40)).encode()
    if kind == "html":
        body = "".join(f'<p id="{html.escape(t)}" class="{html.escape(t)}">{t}</p>' for t in texts)
        return f"<!doctype html><html><body>{body}</body></html>".encode()
    if kind == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for i, text in enumerate(texts):
                archive.writestr(f"{i}{text}.txt", text)
        return out.getvalue()
    return "\n".join(texts).encode() + b"\xff\xfe\x9b31m"


def test_no_payload_reaches_the_terminal_raw_in_any_form(tmp_path: Path) -> None:
    """JSON, table, page, archive and text, one after the other: every form, opened nodes and members, searches, the edges; allowed sequences
    only."""
    kinds = ("json", "table", "html", "zip", "text")
    bodies = [tmp_path / kind for kind in kinds]
    for body in bodies:
        body.write_bytes(hostile_payload(body.name))
    line = Line([*FAKE, "64", *(f"body={body}" for body in bodies)], size=(100, 30))
    try:
        line.until("1 Files")
        line.send("2")
        for kind in kinds:
            line.until("fixity")
            enter_preview(line, f"── {kind.replace('zip', 'archive')}")
            for keys in (
                "t",
                "\x1b[B",
                "\x1b[C",
                "t",
                "\x1b[F",
                "\r",
                "t",
                "/red\r",
                "n",
                "\x1b[H",
                "\x1b[D",
                ESCAPE,
                ESCAPE,
                ESCAPE,
            ):
                line.send(keys)
                line.read(0.05)
            line.until("fixity")
            line.send("n")
            line.until("loading…", gone=True)
        line.send("\x11")
        assert line.wait() == 0 and line.healthy()
        assert foreign(line.data) == []
        shown = line.data.decode("utf-8", "replace")
        assert "␛]52;c;aGFja2Vk␇" in shown and "\\u{202e}" in shown
    finally:
        line.close()


def test_a_finding_is_looked_at_and_the_file_decided_by_keys_alone(tmp_path: Path) -> None:
    """Enter shows the place, `q`, a reason, enter decides, and the next file is there."""
    line = Line([*FAKE, "64"])
    try:
        line.until("1 Files")
        line.send("2")
        line.until("fixity")
        line.send("\r")
        line.until('country  string  "GB"')
        line.send("q")
        line.until("why (needed)")
        line.send("bad\r")
        line.until("quarantined insights")
        assert "campaigns_20260302_093034" in line.until("fixity").splitlines()[2]
    finally:
        line.close()


def test_a_form_that_a_payload_cannot_be_read_in_is_said_and_the_next_one_comes(tmp_path: Path) -> None:
    """A damaged picture whose feed reads nothing either, and one of too many pixels: `t` goes round its forms, and the console stands."""
    import io
    import zlib

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (60, 40)).save(out, "PNG")
    good = out.getvalue()
    large = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + good[24:29]
    for name, body in (
        ("cut", good[:60]),
        ("huge", good[:12] + large + zlib.crc32(large).to_bytes(4, "big") + good[33:]),
        ("good", good),
    ):
        (tmp_path / name).write_bytes(body)
    line = Line([*FAKE, "64", "unread", *(f"body={tmp_path / name}" for name in ("cut", "huge", "good"))], size=(100, 30))
    try:
        line.until("1 Files")
        line.send("2")
        for said, told in (
            ("the picture is damaged", "t: as parsed"),
            ("too many pixels", "t: as parsed"),
            ("60 by 40 pixels", "t: as parsed"),
        ):
            line.until("fixity")
            enter_preview(line, "── picture")
            assert told in line.until(said)
            line.send("t")
            line.until("not readable in this form: the content")
            line.send("t")
            line.until(said)
            line.send(ESCAPE)
            line.until("fixity")
            line.send("n")
            line.until("loading…", gone=True)
        line.send("\x11")
        assert line.wait() == 0 and line.healthy()
    finally:
        line.close()


def test_many_findings_of_one_code_are_folded_and_enter_unfolds_them() -> None:
    """The first of them, how many more, and what stands below is near; enter on the rest shows every one, and each leads to its place."""
    line = Line([*FAKE, "64", "repeated"], size=(100, 40))
    try:
        line.until("1 Files")
        line.send("2")
        screen = line.until("… 37 more schema.required")
        assert "/days/2/streams" in screen and "/days/3/streams" not in screen and "against the last good capture" in screen
        for _ in range(4):
            line.send("\x1b[B")
        line.send("\r")
        line.until("/days/3/streams")
        line.send("\r")
        line.until("── json structure · /days/3")
    finally:
        line.close()


def test_a_row_that_is_not_there_is_said_and_a_search_says_how_it_goes_on(tmp_path: Path) -> None:
    """`#N` beyond the end stands on the last rows and names the last; in a tree it is the value at that place; a find names n and b."""
    (tmp_path / "table").write_bytes(b"day,plays\n" + b"".join(b"2026-01-01,%d\n" % n for n in range(900)))
    (tmp_path / "tree").write_bytes(b"[" + b",".join(b'{"n": %d}' % n for n in range(400)) + b"]")
    line = Line([*FAKE, "64", f"body={tmp_path / 'table'}", f"body={tmp_path / 'tree'}"], size=(100, 30))
    try:
        line.until("1 Files")
        line.send("2")
        line.until("fixity")
        enter_preview(line, "── table")
        line.send("/#5000\r")
        assert "901 2026-01-01" in line.until("there is no row 5,000: the last is 901")
        line.send("/777\r")
        line.until("777: n next, b before")
        line.send(ESCAPE)
        line.send(ESCAPE)
        line.until("fixity")
        line.send("n")
        line.until("loading…", gone=True)
        enter_preview(line, "── json")
        line.send("/#200\r")
        line.until("── json structure · /199")
    finally:
        line.close()
