"""What the simulator is made of: invented figures (`world`), exports and answers (`exports`), pages (`site`, `signin`), faults (`faults`)."""
