"""What the simulator is made of: invented figures (`world`), the site's pages (`site`), the statement's spellings (`exports`)."""
