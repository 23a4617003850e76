"""Files that people bring by hand: financial tables and statements, and report exports of sources without an extractor."""
