"""Pictures from payloads, made small enough for a terminal. Only for the limited child: what decodes a hostile picture must stay there."""

from __future__ import annotations

from typing import BinaryIO

from bedrot_console.domain.excerpts import Picture

from .contents import FormatTrouble
from .opened import picture_format

MOST_PIXELS = 30_000_000


def made_small(file: BinaryIO, head: bytes, columns: int, lines: int) -> Picture:
    """The picture at most `columns` by `lines` pixels large, on white.

    Raises:
        FormatTrouble: it is damaged, or larger than MOST_PIXELS.
    """
    from PIL import Image

    name = picture_format(head)
    columns, lines = max(1, min(columns or 80, 400)), max(2, min(lines or 48, 400))
    try:
        with Image.open(file, formats=[name] if name else None) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise FormatTrouble("format.too-large", f"a picture of {width:,} by {height:,} pixels is not drawn")
            image.draft("RGB", (columns * 2, lines * 2))
            scale = min(columns / width, lines / height, 1.0)
            size = max(1, round(width * scale)), max(1, round(height * scale))
            small = image.convert("RGBA").resize(size, Image.Resampling.BOX)
            ground = Image.new("RGBA", size, "white")
            ground.alpha_composite(small)
            return Picture(width=width, height=height, columns=size[0], lines=size[1], rgb=ground.convert("RGB").tobytes())
    except FormatTrouble:
        raise
    except Image.DecompressionBombError as trouble:
        raise FormatTrouble("format.too-large", "a picture of too many pixels is not drawn") from trouble
    except (
        OSError,
        ValueError,
        SyntaxError,
        ArithmeticError,
        LookupError,
        TypeError,
        EOFError,
    ) as trouble:
        raise FormatTrouble("format.unreadable", "the picture is damaged") from trouble
