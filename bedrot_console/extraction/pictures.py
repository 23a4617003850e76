"""Pictures of pages, made small enough for a terminal. What leaves here are pixels, never a byte of the file they came in."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..domain.blocks import Indexed, Raster, View
from ..domain.errors import SourceChanged

if TYPE_CHECKING:
    from PIL.Image import Image


def shrunk(picture: bytes, view: View) -> Raster:
    """The part of a PNG that `view` shows, two pixels a cell.

    Raises:
        SourceChanged: it is no picture.
    """
    part = _part(picture, view, view.columns, view.rows * 2)
    return Raster(part.width, part.height, part.tobytes())


def indexed(picture: bytes, view: View, width: int, height: int, colours: int) -> Indexed:
    """The part that `view` shows, at `width` by `height` pixels, in at most `colours` colours.

    Raises:
        SourceChanged: it is no picture.
    """
    from PIL import Image

    few = _part(picture, view, width, height).quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    flat = few.getpalette("RGB") or []
    palette = tuple((flat[n], flat[n + 1], flat[n + 2]) for n in range(0, min(len(flat), 3 * colours), 3))
    return Indexed(few.width, few.height, palette, few.tobytes())


def _part(picture: bytes, view: View, width: int, height: int) -> Image:
    """What `view` shows of a PNG, at `width` by `height` pixels. Raises SourceChanged."""
    from PIL import Image

    box = (view.left, view.top, view.left + view.width, view.top + view.height)
    try:
        with Image.open(io.BytesIO(picture), formats=["PNG"]) as opened:
            return opened.convert("RGB").resize((width, height), Image.Resampling.BOX, box=box)
    except (OSError, ValueError, Image.DecompressionBombError):
        raise SourceChanged("the page's picture cannot be read") from None
