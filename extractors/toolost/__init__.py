"""TooLost: daily Spotify and Apple Music figures of this year and the monthly sales report of one account, read in a real browser.

`extractor.py` declares and walks; `pages.py` knows selectors, `portal.py` what the pages ask their server, `bearer.py` the login's token;
`analytics.py` and `report.py` read payloads; `checks.py`, `pair_checks.py` and `report_checks.py` say what no schema can. `simulator.py` stands
in for the site and is never imported by the extractor.
"""
