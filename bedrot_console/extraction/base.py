"""The Extractor: what a platform folder declares, and the walk that yields captures.

An extractor declares, walks and yields bytes exactly as received. It never writes a file, sleeps, prompts, retries, logs a secret or
reads the clock: the Session does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar
from urllib.parse import urlsplit

from ..domain.errors import UsageError
from ..domain.feeds import Feed
from ..domain.files import Capture, Echo

if TYPE_CHECKING:
    from .session import Session


class Extractor:
    """Base of every platform's extractor. A subclass declares Feeds as class attributes; a feed's name is `<platform>/<attribute>`.

    Attributes:
        name: the platform, equal to its folder's name.
        version: of this extractor; goes into every sidecar.
        method: how it gets its bytes: `api`, `browser` or `manual`.
        title: the platform's name for people.
        origin: the platform's own address; settings may point elsewhere (a simulator).
        hosts: names whose cookies and storage make up its login, subdomains included; default: the host of `origin`. For imports.
        secrets: fields a run reads (`email`, `password`, `access_token`); `totp_secret` is always optional and need not be listed.
        optional_secrets: fields a run can do without.
        echoes: secret fields that the platform is known to echo into payloads; they are masked at landing (`access_token`).
        uploads: feed attributes that people bring by hand; no run expects them.
        runs: feed attributes a run brings; default: all that are not uploads.
        feeds: attribute -> named Feed, filled in by this class.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    method: ClassVar[str] = "browser"
    title: ClassVar[str] = ""
    origin: ClassVar[str] = ""
    hosts: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar[tuple[str, ...]] = ()
    optional_secrets: ClassVar[tuple[str, ...]] = ()
    echoes: ClassVar[tuple[str, ...]] = ()
    uploads: ClassVar[tuple[str, ...]] = ()
    runs: ClassVar[tuple[str, ...]] = ()
    feeds: ClassVar[dict[str, Feed]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.name:
            return
        folder = cls.folder()
        named: dict[str, Feed] = {}
        for base in reversed(cls.__mro__):
            for attribute, value in vars(base).items():
                if isinstance(value, Feed):
                    named[attribute] = _named(cls.name, attribute, value, folder)
        for attribute, feed in named.items():
            setattr(cls, attribute, feed)
        cls.feeds = named
        unknown = [a for a in (*cls.uploads, *cls.runs) if a not in named]
        if unknown:
            raise TypeError(f"{cls.__name__} names a feed it does not declare: {', '.join(unknown)}")
        if not cls.runs:
            cls.runs = tuple(a for a in named if a not in cls.uploads)

    @classmethod
    def folder(cls) -> Path:
        """The folder of the platform: the one that holds the module of this class."""
        return Path(sys.modules[cls.__module__].__file__ or ".").resolve().parent

    @classmethod
    def login_hosts(cls) -> tuple[str, ...]:
        """Hosts that a saved login of this platform belongs to."""
        return cls.hosts or ((urlsplit(cls.origin).hostname or "").removeprefix("www."),)

    @classmethod
    def expected(cls, wanted: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Whole names of the feeds a run brings, all of them or those in `wanted` (attributes or whole names).

        Raises:
            UsageError: a name in `wanted` is no feed that a run of this platform brings.
        """
        every = [cls.feeds[a].name for a in cls.runs]
        if not wanted:
            return tuple(every)
        whole = [w if "/" in w else f"{cls.name}/{w}" for w in wanted]
        for name in whole:
            if name not in every:
                raise UsageError(f"{cls.name} extracts no feed {name}", hint="one of: " + ", ".join(every))
        return tuple(name for name in every if name in whole)

    @classmethod
    def asked(cls, feed: str, option: Callable[..., Any]) -> tuple[str, ...] | bool:
        """Whether an account's settings ask for a feed (its attribute), or for which of its series: what they begin with, up to their end
        or a `_`. What is no longer asked is no longer awaited: `status` does not judge how old it has become.

        Args:
            option: `(name, default)`, as `Session.option`.
        """
        return True

    def extract(self, session: Session) -> Iterator[Capture]:
        """Walk the platform and yield each capture as soon as its bytes are complete.

        A capture that was yielded is landed before the walk goes on (captures of one set: together, at the end of the set).
        """
        raise NotImplementedError
        yield

    def prove(self, session: Session) -> str | None:
        """Whether the saved login works: the positive sign seen (`dashboard names the member`), or None. Asks nobody, sends no code."""
        return None

    def capture(
        self,
        feed: Feed,
        body: Any,
        session: Session,
        *,
        as_of: date | None = None,
        captured_at: datetime | None = None,
        received_name: str | None = None,
        media_type: str | None = None,
        method: str | None = None,
        set_id: str | None = None,
        series: str = "",
        request: Mapping[str, str] | None = None,
        extension: str | None = None,
        echoes: tuple[Echo, ...] | None = None,
    ) -> Capture:
        """A Capture of `feed` with the provenance of this session filled in.

        Args:
            body: bytes, an open binary file, a path (`session.fetch`, `session.download`), or a `requests.Response`.
            captured_at: default now; captures of a set with its own folder share the moment of the first.
            series, request: as of Capture.
            set_id: default: the run's own set for feeds with `set_name`, else None.
            echoes: default: what `echoes` of the class names, as far as this session has read it.
        """
        if set_id is None and feed.set_name:
            set_id = session.set_id(feed.set_name)
        if captured_at is None:
            captured_at = session.set_time(set_id) if set_id and feed.own_folder else session.clock.now()
        content: bytes | BinaryIO | Path = getattr(body, "content", body)
        return Capture(
            feed=feed.name,
            body=content,
            captured_at=captured_at,
            method=method or self.method,
            source_system=urlsplit(session.base_url).netloc or "local",
            account=session.account,
            as_of=as_of,
            media_type=media_type or feed.media_type,
            received_name=received_name,
            extension=extension,
            set_id=set_id,
            series=series,
            request=dict(request or {}),
            echoes=session.echoes(self.echoes) if echoes is None else echoes,
        )


def _named(platform: str, attribute: str, feed: Feed, folder: Path) -> Feed:
    schema = feed.schema
    if schema is None:
        found = folder / "schemas" / f"{attribute}.schema.json"
        schema = found if found.is_file() else None
    return replace(feed, name=f"{platform}/{attribute}", schema=schema, title=feed.title or attribute.replace("_", " "))
