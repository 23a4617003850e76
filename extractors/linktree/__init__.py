"""Linktree: daily views and clicks of one profile, and where its visitors come from, as the Insights page itself gets them.

`extractor.py` declares and walks, `pages.py` knows selectors, sign-in and the period picker, `graphql.py` listens to what the page asks its
server, `content.py` reads the two kinds of answer, `checks.py` and `audience_checks.py` say what no schema can. `simulator.py` stands in for
the site and is never imported by the extractor.
"""
