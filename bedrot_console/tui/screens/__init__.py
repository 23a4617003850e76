"""The places of the console, one module each; `tui/places.py` lists them."""
