"""answer: give a human's answer to a challenge."""

from __future__ import annotations

import click

from ...domain.challenges import ChallengeKind, Secret
from ...domain.errors import ChallengeExpired, UsageError
from ..face import Face
from ..frame import command
from ..terminal import read_secret
from ..watching import TYPED_KINDS


@command(example="bedrot answer 06exy3k2\nprintf 123456 | bedrot answer 06exy3k2", exits=(0, 3))
@click.argument("challenge", metavar="CHALLENGE")
@click.argument("code", metavar="[CODE]", required=False)
@click.option("--act", metavar="ACT", help="Instead of an answer: resend, other, or what else the challenge offers.")
def answer(face: Face, challenge: str, code: str | None, act: str | None) -> None:
    """Answer a challenge; the code comes from the terminal or stdin.

    A CODE on the command line works, but every user of this machine can read it there. The code is used once and kept nowhere.
    """
    from ...operations import runs

    ws = face.workspace()
    found = [c for c in runs.open_challenges(ws) if c.id.startswith(challenge)]
    if len(found) > 1:
        raise UsageError(f"more than one challenge starts with {challenge}", hint="bedrot challenges")
    if not found:
        raise ChallengeExpired(f"no challenge {challenge} is open; an answer to an old one is not kept", hint="bedrot challenges")
    open_one = found[0]
    if act is not None:
        if code is not None:
            raise UsageError("an answer and --act exclude each other")
        runs.act(ws, open_one.id, act)
    else:
        if open_one.kind not in TYPED_KINDS and code is None:
            where = "approve it on the other device" if open_one.kind is ChallengeKind.APPROVE else "answer it in the console"
            raise UsageError(f"this challenge takes nothing typed; {where}", hint="bedrot console")
        if code is None:
            code = read_secret(f"{open_one.platform} ({open_one.account}) {open_one.kind.value}: ")
        value = "".join(code.split()) if open_one.kind is ChallengeKind.CODE else code
        runs.answer(ws, open_one.id, Secret(value))
    if face.json:
        face.out.record({"challenge": open_one.id, "run": open_one.run_id, "outcome": "done"})
    else:
        face.say.note(f"the run has it: bedrot attach {open_one.run_id}")
