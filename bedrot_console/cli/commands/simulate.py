"""simulate: stand-ins of platforms on the loopback address."""

from __future__ import annotations

from typing import Any

import click

from ...domain.errors import UsageError
from ..arguments import platform_argument
from ..face import Face
from ..frame import command


@command(example="bedrot simulate distrokid --port 8400\nbedrot simulate all --fault rate_limited", exits=(0,))
@platform_argument(nargs=-1, required=True)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port for a single platform; default: a free one."
)
@click.option(
    "--fault", "faults", multiple=True, metavar="F", help="A named fault; may be given again. An unknown one lists them."
)
def simulate(face: Face, platforms: tuple[str, ...], port: int, faults: tuple[str, ...]) -> None:
    """Serve stand-ins of platforms on this machine until SIGTERM.

    Prints one JSON line per platform with its address and made-up accounts. Codes that a platform would send are shown on stderr.
    """
    from ...operations import simulate as verb

    ws = face.workspace()
    if port and len(verb.simulated(ws, platforms)) > 1:
        raise UsageError("--port is for a single platform", hint="leave it out: each takes a free port")
    face.out.keep_going = True

    def ready(records: list[dict[str, Any]]) -> None:
        for record in records:
            face.out.record(record)

    def mail(platform: str, letter: Any) -> None:
        face.say.note(
            f"{platform} sends a code by {getattr(letter, 'medium', 'mail')} to {getattr(letter, 'to', 'the account')}: {letter.code}"
        )

    verb.serve(ws, platforms, port=port, faults=faults, ready=ready, on_mail=mail)
