"""The linear console keeps in step with the key table: no action of the screens without its words, or the reason why it has none."""

from __future__ import annotations

from bedrot_console.tui.keys import KEYS
from bedrot_console.tui.linear.words import NOT_HERE, SHELL, WORDS, table, words_for

REMEDY = "say in bedrot_console/tui/linear/words.py which command does it (WORDS), or why it has no meaning there (NOT_HERE)"


def test_every_action_of_the_key_table_has_words_or_a_reason():
    """Exactly one of the two; the command exists; and no mapping of a key that is gone."""
    shell = {command.split()[0] for command in SHELL.values()}
    for section, keys in KEYS.items():
        for key in keys:
            command, reason = words_for(section, key.action)
            assert (command is None) != (reason is None), f"{section}: {key.action}: {REMEDY}"
            assert command is None or command.split()[0] in {*table(), *shell}, f"{section}: {key.action}: no command {command}"
    for mapping in (WORDS, NOT_HERE):
        for section, actions in mapping.items():
            gone = set(actions) - {key.action for key in KEYS.get(section, ())}
            assert not gone, f"{section}: no key does {gone} any more; {REMEDY}"
