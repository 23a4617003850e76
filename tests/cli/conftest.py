"""Fixtures of this folder; they live in `cli_house` and `cli_doors`, which tests may import by name."""

from cli_doors import bedrot_line, door  # noqa: F401
from cli_house import bedrot, landed, statement  # noqa: F401
