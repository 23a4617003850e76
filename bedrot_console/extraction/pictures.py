"""Pictures of pages, made small enough for a terminal."""

from __future__ import annotations

import io

from ..domain.blocks import Raster, View
from ..domain.errors import SourceChanged


def shrunk(picture: bytes, view: View) -> Raster:
    """The part of a PNG that `view` shows, two pixels a cell.

    Raises:
        SourceChanged: it is no picture.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture), formats=["PNG"]) as opened:
            part = opened.convert("RGB").resize(
                (view.columns, view.rows * 2),
                Image.Resampling.BOX,
                box=(view.left, view.top, view.left + view.width, view.top + view.height),
            )
    except (OSError, ValueError, Image.DecompressionBombError):
        raise SourceChanged("the page's picture cannot be read") from None
    return Raster(part.width, part.height, part.tobytes())
