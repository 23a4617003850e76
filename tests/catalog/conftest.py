"""Fixtures of this folder; they live in `catalog_house`, which tests may import by name."""

from catalog_house import furnished, lake  # noqa: F401
