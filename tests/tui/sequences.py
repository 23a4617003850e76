"""What a console may send to a terminal: an allow-list read byte by byte. Whatever is not in it is foreign.

The list holds only what the painter and the driver have a use for, with the values they use: a text from outside that reaches the terminal raw
is caught also when it holds a sequence of a permitted kind, such as a colour nobody here paints with or a place beyond the screen.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass, field

MOST_ROWS, MOST_COLUMNS = 400, 500
MODES = frozenset((b"7", b"25", b"1000", b"1003", b"1004", b"1006", b"1015", b"1016", b"1049", b"2004", b"2026", b"2048"))
ASKED = frozenset((b"2026", b"2048"))
"""Modes whose state is asked for."""
ATTRIBUTES = frozenset((*range(5), 7, *range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108), 39, 49))
"""Bold, faint, slanted, underlined, reverse and the colours; nothing that blinks, hides or frames."""
_TOKEN = re.compile(
    rb"\x1b\[(?P<csi>[<>=?]?[0-9;]*[ -/]*[@-~])|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)|\x1b_(?P<apc>[^\x00-\x1f]*)\x1b\\|\x1bP(?P<dcs>[^\x00-\x1f]*)\x1b\\|\x1b(?P<esc>[DM])|(?P<control>[\x00-\x1f\x7f])|(?P<text>[^\x00-\x1f\x7f]+)"
)
_KITTY = re.compile(
    rb"G(?:i=31,s=1,v=1,a=q,t=d,f=24;AAAA|a=d,d=I,i=\d+,q=2|(?:(?:a=T|i=\d+|p=\d+|q=2|f=\d+|s=\d+|v=\d+|c=\d+|r=\d+|C=1|z=-?\d+|t=d|o=z),)*m=[01];[A-Za-z0-9+/=]*)"
)
_SIXEL = re.compile(rb'0;1q"1;1;\d+;\d+[?-~#0-9;!$-]*')
"""Pictures of a live page, as kitty's protocol and as sixels; the first is the question whether there can be one."""
QUESTIONS = (b"16t", b"c")
"""What is asked of the terminal once, for those pictures: the size of a cell, and what it is."""
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_BLANKS = frozenset((0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)))
MOST_MARKS = 4
"""Combining marks on one letter."""


@dataclass
class Sent:
    """What a stream of bytes holds beside texts.

    Attributes:
        foreign: what has no business there, in order.
        copied: texts put into the terminal's clipboard.
        bells: how often it rang.
    """

    foreign: list[bytes] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    bells: int = 0


def read(data: bytes) -> Sent:
    """Everything in `data` that is not in the allow-list. Line feeds may stand outside the alternate screen only; it is wiped as it is left."""
    sent, at, apart = Sent(), 0, False
    while at < len(data):
        token = _TOKEN.match(data, at)
        if token is None:
            sent.foreign.append(data[at : at + 24])
            at += 1
            continue
        at = token.end()
        whole, kind = token[0], token.lastgroup
        if kind == "text":
            sent.foreign += [whole[:24]] if not _fine(whole) else []
        elif kind == "csi":
            if whole in (b"\x1b[?1049h", b"\x1b[?1049l"):
                apart = whole.endswith(b"h")
            wiped = whole == b"\x1b[J" and data[: token.start()].endswith(b"\x1b[H") and data.startswith(b"\x1b[?1049l", at)
            sent.foreign += [whole] if not (wiped or _known(token["csi"])) else []
        elif kind == "osc":
            words = _clip(token["osc"])
            if words is None:
                sent.foreign.append(whole[:60])
            else:
                sent.copied.append(words)
        elif kind in ("apc", "dcs"):
            sent.foreign += [whole[:60]] if not (_KITTY if kind == "apc" else _SIXEL).fullmatch(token[kind]) else []
        elif whole == b"\x07":
            sent.bells += 1
        elif kind != "esc" and (apart or whole not in (b"\r", b"\n")):
            sent.foreign.append(whole + data[at : at + 20])
    return sent


def foreign(data: bytes) -> list[bytes]:
    """Control bytes and sequences that a console has no business to send; C1, bidi and invisible characters count as such."""
    return read(data).foreign


def _known(sequence: bytes) -> bool:
    """Whether a control sequence (without its introducer) is one we send."""
    last, body = sequence[-1:], sequence[:-1]
    if body[:1] == b"?":
        if last in (b"h", b"l"):
            return body[1:] in MODES
        return last == b"p" and body[1:] in {mode + b"$" for mode in ASKED}
    if sequence in QUESTIONS:
        return True
    if last == b"u":
        return re.fullmatch(rb">\d+|<", body) is not None
    if not re.fullmatch(rb"[0-9;]*", body):
        return False
    numbers = [int(n) if n else 0 for n in body.split(b";")]
    if last == b"m":
        return _painted(numbers)
    if last == b"H":
        return len(numbers) <= 2 and numbers[0] <= MOST_ROWS and numbers[-1] <= MOST_COLUMNS
    if last == b"r":
        return len(numbers) <= 2 and max(numbers) <= MOST_ROWS
    if last == b"C":
        return len(numbers) == 1 and numbers[0] <= MOST_COLUMNS
    return last == b"K" and not body


def _painted(numbers: list[int]) -> bool:
    at = 0
    while at < len(numbers):
        if numbers[at] in (38, 48):
            kind = numbers[at + 1 : at + 2]
            step = {5: 3, 2: 5}.get(kind[0] if kind else -1, 0)
            values = numbers[at + 2 : at + step]
            if not step or len(values) != step - 2 or max(values) > 255:
                return False
            at += step
        elif numbers[at] in ATTRIBUTES:
            at += 1
        else:
            return False
    return True


def _clip(words: bytes) -> str | None:
    """The text that an OSC copies; None for any other OSC."""
    if not words.startswith(b"52;c;"):
        return None
    try:
        return base64.b64decode(words[5:], validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def _fine(text: bytes) -> bool:
    try:
        words = text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if words.isascii():
        return True
    marks = 0
    for char in words:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks > MOST_MARKS or unicodedata.category(char) in _HIDDEN or ord(char) in _BLANKS:
            return False
    return True
