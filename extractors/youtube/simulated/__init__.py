"""A stand-in for Google's YouTube APIs: invented channels (`world`), lists (`lists`), reports (`reports`), consent and quotas (`google`).

Knows nothing of HTTP servers and nothing of the extractor's walk; `simulator.py` beside this folder serves it. Every figure is invented.
"""
