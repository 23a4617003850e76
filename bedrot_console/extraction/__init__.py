"""Machinery for extractors: base class, registry, session, HTTP, browser, challenges, runs, and the simulator harness.

Nothing here knows a platform. `requests`, `playwright` and `werkzeug` are imported where they are used, never by importing this package.
"""
