"""Fixtures of this folder; they live in `cli_house`, which tests may import by name."""

from cli_house import bedrot, landed, statement  # noqa: F401
