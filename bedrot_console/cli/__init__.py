"""The command line: parsing, printing, exit codes. Knows operations and domain only; one module per command under `commands/`."""
