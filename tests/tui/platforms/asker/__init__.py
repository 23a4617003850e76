"""A made-up platform that sends a code, without any page: for consoles that come and go while it waits."""
