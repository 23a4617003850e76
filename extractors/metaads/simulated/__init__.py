"""A stand-in for Meta's Graph API: an invented world of ads (`world`), its figures (`insights`) and the protocol (`graph`).

Knows nothing of HTTP servers and nothing of the extractor; `simulator.py` beside this folder serves it. Every figure is invented.
"""
