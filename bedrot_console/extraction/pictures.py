"""Pictures of pages, made small enough for a terminal; and codes as pictures, for those whose terminal is too small."""

from __future__ import annotations

import io

from ..domain.blocks import Raster, View
from ..domain.challenges import Secret
from ..domain.errors import SourceChanged

MODULE_PIXELS = 8


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


def code_picture(text: Secret) -> bytes:
    """A QR code that says `text`, as PNG."""
    import segno

    from ..domain.blocks import QUIET

    out = io.BytesIO()
    segno.make(text.reveal(), error="l", micro=False).save(out, kind="png", scale=MODULE_PIXELS, border=QUIET)
    return out.getvalue()
