"""DistroKid: daily streams, daily Apple Music plays and the royalty statement of one account, read in a real browser.

`extractor.py` declares and walks, `pages.py` knows selectors and page reading, `bank.py` the columns of the statement, `checks.py` what
no schema can say. `simulator.py` stands in for the site and is never imported by the extractor.
"""
