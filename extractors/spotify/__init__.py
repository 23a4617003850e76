"""Spotify for Artists: audience timeline, songs and playlists as CSV, song metrics as JSON, of every artist of a login, in a real browser.

`extractor.py` declares and walks, `login.py` signs in, `pages.py` knows selectors and page reading, `exports.py` the CSV exports and their
names, `metrics.py` the answers of the songs page, `checks.py`, `song_checks.py` and `metric_checks.py` what no schema can say.
`simulator.py` stands in for the site and is never imported by the extractor.
"""
