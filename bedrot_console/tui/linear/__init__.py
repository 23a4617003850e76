"""The console as numbered text, for screen readers, braille lines, dumb terminals and pipes: a line in, lines out, no escape codes.

It speaks the commands of `words.py`; rows are named by their numbers; every other line goes to the shell's commands. Loads no screen.
"""
