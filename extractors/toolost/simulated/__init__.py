"""What the stand-in is made of: invented accounts and figures (`world`), payloads (`payloads`), pages (`site`), samples (`samples`)."""
