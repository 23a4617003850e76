"""New Platform: what is captured, how one signs in, and where each fact comes from (seen, documented, assumed)."""
