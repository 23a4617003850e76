"""DuckDB's engine without the package around it: what that adds (relations, expressions, types) costs a start more than opening a catalog.

The package `duckdb` re-exports what its compiled module `_duckdb` holds: same functions, same errors. Where there is no such module, it is
the package.
"""

from __future__ import annotations

try:
    import _duckdb as duckdb
except ImportError:
    import duckdb

__all__ = ["duckdb"]
