"""cat: a payload on stdout."""

from __future__ import annotations

import codecs

import click

from ..face import Face
from ..frame import command

CHUNK = 1 << 20


@command(example="bedrot cat 06exy3k2 > streams.html", exits=(0, 5, 7))
@click.argument("name", metavar="ID")
def cat(face: Face, name: str) -> None:
    """Write a payload to stdout, byte for byte.

    On a terminal the bytes are shown as harmless text instead: a payload comes from outside and could command the terminal.
    """
    from ...operations import browse

    with browse.open_payload(face.workspace(), name) as body:
        if not face.out.is_terminal:
            while chunk := body.read(CHUNK):
                face.out.data(chunk)
            return
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        rest = ""
        while chunk := body.read(CHUNK):
            *lines, rest = (rest + decoder.decode(chunk)).split("\n")
            for line in lines:
                face.out.line(line)
            if len(rest) > CHUNK:  # a payload without line feeds is not held whole
                face.out.line(rest)
                rest = ""
        rest += decoder.decode(b"", final=True)
        if rest:
            face.out.line(rest)
