"""What the platforms of Meta's Graph API share: the client, its errors and tokens, and in `simulated` the protocol of a stand-in.

No platform: the registry lists only folders that hold an `extractor.py`. Knows no platform; says nothing about anybody's data.
"""
