"""QR codes: reading one out of a picture, and the modules to draw one again. What a code says is a login: it is held as Secret."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..domain.blocks import QUIET
from ..domain.challenges import Secret
from ..domain.errors import SourceChanged

LONG = 12
"""Shorter parts of a code's address are words and settings, not keys."""
MARGIN = 0.12
MODULE_PIXELS = 8
LARGEST_PIXELS = 20_000_000


def read(picture: bytes) -> Secret | None:
    """What the QR code in a PNG says; None when there is none. Also codes without a margin, light on dark, and small ones."""
    import zxingcpp
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(picture), formats=["PNG"]) as opened:
        if opened.width * opened.height > LARGEST_PIXELS:
            return None
        image = opened.convert("RGBA")
    flat = Image.new("RGBA", image.size, "white")
    flat.alpha_composite(image)
    grey = flat.convert("L")
    border = max(8, int(MARGIN * max(grey.size)))
    framed = [ImageOps.expand(grey, border, fill) for fill in (255, 0)]
    scaled = framed[0].resize((framed[0].width * 3, framed[0].height * 3), Image.Resampling.NEAREST)
    for candidate in (grey, *framed, scaled):
        for found in zxingcpp.read_barcodes(candidate, formats=zxingcpp.BarcodeFormat.QRCode):
            if found.text:
                return Secret(found.text)
    return None


def keys(text: Secret) -> tuple[str, ...]:
    """What in a code could let somebody in: the whole of it, and where it is an address, its long parameters and parts of its path."""
    whole = text.reveal()
    try:
        parts = urlsplit(whole)
    except ValueError:
        return (whole,)
    values = [v for _, v in (*parse_qsl(parts.query), *parse_qsl(parts.fragment))]
    return (whole, *(v for v in (*values, *parts.path.split("/"), parts.fragment) if len(v) >= LONG))


def modules(text: Secret) -> tuple[tuple[bool, ...], ...]:
    """The code that says `text`, row by row, True where it is dark; without any margin. As small as it can be.

    Raises:
        SourceChanged: no code can say that much.
    """
    return tuple(tuple(bool(m) for m in row) for row in _made(text).matrix)


def picture(text: Secret) -> bytes:
    """The code that says `text`, as PNG with its margin. Raises as `modules`."""
    out = io.BytesIO()
    _made(text).save(out, kind="png", scale=MODULE_PIXELS, border=QUIET)
    return out.getvalue()


def _made(text: Secret) -> Any:
    import segno

    try:
        return segno.make(text.reveal(), error="l", micro=False, boost_error=True)
    except ValueError:  # its text quotes ours
        raise SourceChanged("what the platform wants scanned fits no QR code") from None
