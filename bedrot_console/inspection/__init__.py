"""Reading a file and saying something about it: readers, schema, checks, report, diff, preview.

Knows the ground only. Never writes into a zone, never asks the network, never opens a database file (in-memory DuckDB only).
"""
