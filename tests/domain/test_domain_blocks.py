"""Half blocks: what is drawn is what a phone or a finger meets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bedrot_console.domain.blocks import BLACK, RAMP, WHITE, Cell, Raster, code_cells, fitting_quiet, picture_cells, view_of

SIZES = st.tuples(st.integers(40, 2600), st.integers(40, 2600), st.integers(10, 300), st.integers(3, 90))


@given(SIZES, st.floats(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_a_cell_and_its_pixel_name_each_other(sizes: tuple[int, int, int, int], zoom: float, across: float, down: float) -> None:
    """Whatever is drawn how large: the pixel in a cell's middle is inside the page and is drawn in that cell."""
    width, height, columns, rows = sizes
    view = view_of(width, height, columns, rows, zoom=zoom, centre=(across * width, down * height))
    assert 1 <= view.columns <= columns and 1 <= view.rows <= rows
    assert view.left >= 0 and view.left + view.width <= width + 1e-6 and view.top >= 0 and view.top + view.height <= height + 1e-6
    for column, row in ((0, 0), (view.columns - 1, view.rows - 1), (view.columns // 2, view.rows // 2)):
        x, y = view.pixel(column, row)
        assert 0 <= x < width and 0 <= y < height
        if min(view.width / view.columns, view.height / view.rows) >= 2:
            assert view.cell(x, y) == (column, row)


def test_the_whole_page_keeps_its_shape_and_a_zoom_keeps_its_centre() -> None:
    """1280 by 900 pixels on 77 by 21 cells are 60 by 21; a zoom fills the width and holds what was pointed at."""
    whole = view_of(1280, 900, 77, 21)
    assert (whole.columns, whole.rows, whole.left, whole.width) == (60, 21, 0, 1280)
    near = view_of(1280, 900, 77, 21, zoom=3, centre=(640, 450))
    assert (near.columns, near.rows) == (77, 21) and near.cell(640, 450) == (38, 10)
    corner = view_of(1280, 900, 77, 21, zoom=3, centre=(0, 0))
    assert (corner.left, corner.top) == (0, 0)


def test_a_code_is_drawn_in_its_own_colours_or_in_ink() -> None:
    """Black and white where there are colours; without, light is ink (a dark terminal), or dark is (a light one)."""
    modules = ((True, False), (False, True))
    rows = code_cells(modules, 1, colours=True)
    assert rows[0] == [Cell(" ", None, WHITE), Cell("▀", WHITE, BLACK), Cell(" ", None, WHITE), Cell(" ", None, WHITE)]
    assert rows[1][2] == Cell("▀", BLACK, WHITE)
    assert ["".join(c.char for c in row) for row in code_cells(modules, 1, colours=False)] == ["█▀██", "██▄█"]
    assert ["".join(c.char for c in row) for row in code_cells(modules, 1, colours=False, inverse=True)] == [" ▄  ", "  ▀ "]


def test_the_margin_gives_way_before_the_code_does() -> None:
    """37 modules fit 23 rows with a margin of 4, 41 with 2, 45 not at all."""
    assert [fitting_quiet(size, 80, 23) for size in (37, 41, 45)] == [4, 2, None]
    assert fitting_quiet(29, 36, 40) == 3


def test_a_picture_without_colours_is_light_and_dark() -> None:
    """Two pixels a cell; an odd last row stands alone."""
    raster = Raster(2, 3, bytes([0, 0, 0, 255, 255, 255] * 3))
    assert [[c.char for c in row] for row in picture_cells(raster, colours=False)] == [[RAMP[0], RAMP[-1]]] * 2
    assert picture_cells(raster, colours=True)[0] == [Cell(" ", None, BLACK), Cell(" ", None, WHITE)]
