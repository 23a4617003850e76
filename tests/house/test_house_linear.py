"""The linear console does every action of the key table itself, in words of its own; what has none is pointless in text, and nothing else."""

from __future__ import annotations

from bedrot_console.tui.keys import KEYS
from bedrot_console.tui.linear.desk import Desk
from bedrot_console.tui.linear.words import NO_SCREEN, NOT_HERE, POINTLESS, WORDS, table, words_for

REMEDY = "give it words in bedrot_console/tui/linear/words.py (WORDS) and a method that carries them out"


def test_every_action_of_the_key_table_is_carried_out_by_the_linear_console_itself():
    """Exactly one of words and a reason; the words are a command that the desk has a method for, with a sub-word or option that its form names."""
    commands = table()
    for section, keys in KEYS.items():
        for key in keys:
            where = f"{section}: {key.action}"
            words, reason = words_for(section, key.action)
            assert (words is None) != (reason is None), f"{where}: {REMEDY}"
            if words is None:
                assert reason in POINTLESS, f"{where}: {reason!r} is no reason to be without words; {REMEDY}"
                continue
            name, *more = words.split()
            assert name in commands and hasattr(Desk, f"order_{name}"), f"{where}: the desk carries out no {name}; {REMEDY}"
            for word in more:
                assert word in commands[name].form or word in commands[name].options, (
                    f"{where}: the form of {name} does not name {word}"
                )


def test_no_words_are_kept_for_an_action_that_is_gone():
    """Each mapping names a key that there is, and each action stands in one of them only."""
    for mapping in (WORDS, NOT_HERE):
        for section, actions in mapping.items():
            gone = set(actions) - {key.action for key in KEYS.get(section, ())}
            assert not gone, f"{section}: no key does {gone} any more"
    assert not [a for section in WORDS for a in WORDS[section] if a in NOT_HERE.get(section, {})]


def test_every_command_of_the_console_is_carried_out_by_the_desk():
    """No row of the table without its method, none that needs a screen."""
    for name in table():
        assert hasattr(Desk, f"order_{name}") and name not in NO_SCREEN, name
