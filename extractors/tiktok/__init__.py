"""TikTok Studio: the analytics exports of one creator account, and the answers behind its pages.

`labels` dates days without a year, `tables` and `packages` read exports, `answers` reads the JSON, `checks` and its neighbours judge them.
"""
