"""BEDROT landing zone console: captures land untouched, are validated, reviewed, and promoted or quarantined."""

__version__ = "0.1.0"
