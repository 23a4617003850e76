"""One module per command, and in it the click command, both named like it. Imported only when that command is asked for."""
