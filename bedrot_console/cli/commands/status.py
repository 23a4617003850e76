"""status: how the lake is."""

from __future__ import annotations

import click

from ...domain.errors import UsageError
from ..arguments import account_option
from ..face import Face
from ..frame import command
from ..health import show_history, show_status, show_why


@command(example="bedrot status --json\nbedrot status --why distrokid/streams", exits=(0,))
@click.option("--history", is_flag=True, help="With the last 28 days: how runs ended, what landed, when the disk is full.")
@click.option("--why", metavar="FEED", help="Why this feed is late: what ran, what waits, how the login stands.")
@account_option
@click.option("--series", metavar="S", help="With --why: which series; without it the latest one.")
def status(face: Face, history: bool, why: str | None, account: str, series: str | None) -> None:
    """Say how the lake is: health, what waits, how fresh each feed is."""
    if why is not None:
        if history:
            raise UsageError("--why and --history are two questions", hint="ask one at a time")
        show_why(face, why, account, series)
    else:
        show_status(face, history=history)
        if history and not face.json:
            show_history(face)
