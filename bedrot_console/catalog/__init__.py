"""The catalog: what is known about files, reports, runs and decisions, made for asking. Comfort, never the truth.

Truth is payload bytes, then sidecar, then journal; the catalog can be deleted at any time and is made again from them.
The only room that says duckdb for the catalog. `work.duckdb` is private and written under our own lock; `catalog.duckdb` is a
read-only copy of it, replaced by rename, so that nobody who reads ever waits or makes anybody wait.
`catalog.summary` must stay free of duckdb: `status` reads it on each cold start.
"""
