"""The program's entry: hands the command line to the command room. Run as a file by the launcher, so imports are absolute."""

import sys


def main() -> int:
    """Run one command; returns its exit code."""
    from bedrot_console.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
