"""Terminals that draw pictures, as tests need them: what kitty's protocol and sixels put on the screen, read back as pixels."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

from PIL import Image

_KITTY = re.compile(rb"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")
_SIXEL = re.compile(rb"\x1b\[(\d+);?(\d*)H\x1bP0;1q([^\x1b]*)\x1b\\")
_PART = re.compile(
    r'"(?P<size>[\d;]+)|#(?P<number>\d+)(?:;2;(?P<rgb>[\d;]+))?|!(?P<count>\d+)(?P<of>[?-~])|(?P<bits>[?-~])|(?P<go>[$-])'
)


def kitty_screen(data: bytes) -> tuple[dict[str, str], Image.Image] | None:
    """The picture that stands on the screen after `data`: how it was placed, and its pixels; None if none does."""
    shown: tuple[dict[str, str], Image.Image] | None = None
    how: dict[str, str] = {}
    pieces: list[bytes] = []
    for controls, payload in _KITTY.findall(data):
        values = dict(pair.split("=") for pair in controls.decode().split(","))
        if values.get("a") == "d":
            shown = None
            continue
        if values.get("a") == "q":
            continue
        if "a" in values:
            how, pieces = values, []
        pieces.append(payload)
        if values["m"] == "0":
            picture = Image.open(io.BytesIO(base64.b64decode(b"".join(pieces))), formats=["PNG"]).convert("RGB")
            shown = how, picture
    return shown


def sixels(data: bytes) -> list[tuple[int, int, Image.Image]]:
    """Every sixel in `data`: column and row of the screen (from 0), and its pixels, transparent where it sets none."""
    return [(int(x or 1) - 1, int(y) - 1, _drawn(body.decode())) for y, x, body in _SIXEL.findall(data)]


def _drawn(body: str) -> Image.Image:
    picture: Any = None
    palette: dict[int, tuple[int, ...]] = {}
    colour, x, y, read = 0, 0, 0, 0
    for part in _PART.finditer(body):
        assert part.start() == read, f"no sixel: {body[read : read + 20]!r}"
        read = part.end()
        if part["size"]:
            picture = Image.new("RGBA", tuple(map(int, part["size"].split(";")))[2:])
        elif part["number"]:
            colour = int(part["number"])
            if part["rgb"]:
                palette[colour] = tuple(int(v) * 255 // 100 for v in part["rgb"].split(";"))
        elif part["go"]:
            x, y = 0, y + (6 if part["go"] == "-" else 0)
        else:
            bits = ord(part["of"] or part["bits"]) - 63
            for x in range(x, x + int(part["count"] or 1)):  # noqa: B020
                for bit in (b for b in range(6) if bits >> b & 1):
                    picture.putpixel((x, y + bit), (*palette[colour], 255))
            x += 1
    assert read == len(body)
    return picture
