"""new-platform: begin a platform."""

from __future__ import annotations

import click

from ..face import Face
from ..frame import command


@command(name="new-platform", example="bedrot new-platform soundcloud --title SoundCloud", exits=(0, 5, 8))
@click.argument("name", metavar="NAME")
@click.option("--title", default="", metavar="TITLE", help="The platform's name for people.")
def new_platform(face: Face, name: str, title: str) -> None:
    """Make a folder for a new platform that passes the contract suite at once.

    A small API with two feeds, checks, schemas, samples and a strict simulator, to be changed into what the platform is.
    """
    from ...operations.new_platform import new_platform as verb

    ws = face.workspace()
    files = verb(ws, name, title)
    for path in files:
        face.out.record({"path": str(path)}) if face.json else face.out.line(str(path))
    face.say.note(f"next: ./bedrot test tests/contract -k {name}")
