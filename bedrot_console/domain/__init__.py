"""The nouns of the landing zone. Standard library only; imports nothing of the other rooms.

A **Capture** lands and becomes a **LandedFile**; inspection gives it a **Report**; a **Decision** moves it to its next **Zone**;
every step leaves an **Event**. A **Feed** describes what to expect; an **Operator** answers what only a human can.
"""
