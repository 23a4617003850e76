"""Bytes at rest: write once, hash while copying, commit by sidecar, carry between zones, verify. Knows nothing of catalogs or platforms."""
