"""The vault: credentials and login states, sealed with age, one file each. Nothing is ever written here, or printed from here, in clear.

    <folder>/key                                   the age identity, 0400, made on first use
    <folder>/secrets/<platform>/<account>/<field>.age        credentials, and as `fact:<name>` what runs remember of an account
    <folder>/sessions/<platform>/<account>/<version>.age     newest wins; KEPT versions stay, so that a bad one rolls back
    <folder>/sessions/<platform>/<account>/facts.json        times only: what may be known without revealing

An account's folder is named as `domain.accounts.segment` says; where that is a digest, `.name` in it holds the name.
Each sealed value carries its own address inside, so that a file moved to another account's place is refused.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..domain.accounts import FACT, named, segment
from ..domain.challenges import Secret
from ..domain.errors import BedrotError, FixityError, PermissionDenied
from . import vaultfiles
from .expiry import expiry

if TYPE_CHECKING:
    import pyrage

NAME_FILE = ".name"
KEPT = 3
"""How many versions of a login state are kept."""


class Vault:
    """Implements the ports Secrets and Sessions.

    Args:
        folder: made 0700 on first writing.
        key_file: where the age identity lies; default `<folder>/key`. Point it away from the lake if its disk or backup may be stolen.
    """

    def __init__(self, folder: Path, *, key_file: Path | None = None) -> None:
        self.folder = folder
        self.key_file = key_file or folder / "key"
        self._identity: pyrage.x25519.Identity | None = None

    def trouble(self) -> BedrotError | None:
        """Why what is sealed here cannot be opened, or None; also None where nothing was sealed yet. Unseals nothing."""
        try:
            if not os.access(self.folder, os.R_OK | os.X_OK):
                if not os.path.exists(self.folder):
                    return None
                return PermissionDenied(f"the vault belongs to uid {os.stat(self.folder).st_uid}; you cannot look inside")
            if self._sealed() or self.session_names() or self.key_file.exists():
                self._key(create=False)
        except BedrotError as error:
            return error
        except OSError as error:
            return FixityError(f"the vault cannot be read: {error.strerror}")
        return None

    # -- secrets ------------------------------------------------------------------------------------------------------------

    def get(self, platform: str, account: str, name: str) -> Secret | None:
        """The credential, or None.

        Raises:
            FixityError: the file is damaged, sealed for another key, or belongs elsewhere.
        """
        address = f"secret/{platform}/{account}/{name}"
        record = self._read(self._secret(platform, account, name), address)
        return None if record is None else Secret(record["value"])

    def put(self, platform: str, account: str, name: str, value: Secret) -> None:
        """Seal a credential, in place of an older one."""
        address = f"secret/{platform}/{account}/{name}"
        self._write(account, self._secret(platform, account, name), address, {"value": value.reveal()})

    def remove(self, platform: str, account: str, name: str) -> None:
        """Forget a credential; none is fine too."""
        vaultfiles.remove(self._secret(platform, account, name))

    def names(self) -> Sequence[tuple[str, str, str]]:
        """(platform, account, field) of every credential, sorted, without what runs remember. Unseals nothing."""
        return [name for name in self._sealed() if not name[2].startswith(FACT)]

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """(platform, account, name) of every fact that runs remember, sorted. They are no credentials. Unseals nothing."""
        return [(*name[:2], name[2].removeprefix(FACT)) for name in self._sealed() if name[2].startswith(FACT)]

    def _sealed(self) -> list[tuple[str, str, str]]:
        found = (self.folder / "secrets").glob("*/*/*.age")
        return sorted((unquote(p.parts[-3]), _name(p.parent), unquote(p.stem)) for p in found)

    # -- login states -------------------------------------------------------------------------------------------------------

    def load(self, platform: str, account: str) -> dict[str, Any] | None:
        """The newest login state that can be read; a damaged one is passed over for the one before."""
        return next((state for _, state in self._readable(platform, account)), None)

    def _readable(self, platform: str, account: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """(version, state) of all that can be read, newest first."""
        for version in reversed(self._versions(platform, account)):
            try:
                record = self._read(self._session(platform, account, version), f"session/{platform}/{account}/{version}")
            except FixityError:
                continue
            if record is not None:
                yield version, record["state"]

    def save(self, platform: str, account: str, state: dict[str, Any], *, replaces: dict[str, Any] | None = None) -> int:
        """Seal a login state as the next version, and note its times in the facts. Returns the version.

        A run saves what has just worked; a state that nobody has seen working says so: `unproved`.

        Args:
            replaces: the state it was made from. If that is not the newest any more, because somebody imported, forgot or rolled back
                meanwhile, theirs stays and 0 is returned.
        """
        with self._locked(platform, account) as folder:
            if replaces is not None and self.load(platform, account) != _as_read(replaces):
                return 0
            facts = self._facts(folder)
            version = max([*self._versions(platform, account), facts.get("version", 0)], default=0) + 1
            self._write(
                account, self._session(platform, account, version), f"session/{platform}/{account}/{version}", {"state": state}
            )
            self._put_facts(folder, facts | {"version": version} | _times(state))
            for old in self._versions(platform, account)[:-KEPT]:
                vaultfiles.remove(self._session(platform, account, old))
        return version

    def reject(
        self,
        platform: str,
        account: str,
        at: str | None = None,
        *,
        version: int | None = None,
        state: dict[str, Any] | None = None,
    ) -> bool:
        """A login state does not work: it is dropped and the one before is the newest. Its age is kept as observed lifetime:
        it worked at `saved_at` (or `proven_at`), and no longer at `at`.

        Args:
            version: drop this one only, whatever was saved after it; without it the newest.
            state: drop this one only, by what it holds: an account that was forgotten begins its versions anew.

        Returns:
            Whether there was one to drop.
        """
        with self._locked(platform, account) as folder:
            if state is not None:
                version = next((n for n, kept in self._readable(platform, account) if kept == _as_read(state)), 0)
            return self._drop(platform, account, folder, version, at, observed=True)

    def rollback(self, platform: str, account: str) -> bool:
        """Drop the newest login state for the one before; it may have worked, so nothing is learned of how long logins last."""
        with self._locked(platform, account) as folder:
            return self._drop(platform, account, folder, None, None, observed=False)

    def _drop(self, platform: str, account: str, folder: Path, version: int | None, at: str | None, *, observed: bool) -> bool:
        versions = self._versions(platform, account)
        dropped = version if version is not None else max(versions, default=0)
        if dropped not in versions:
            return False
        facts = self._facts(folder)
        if dropped == versions[-1]:
            if observed:
                names = ("logged_in_at", "saved_at", "proven_at", "imported_at")
                seen = {name: facts.get(name) for name in names} | {"version": dropped, "rejected_at": at}
                facts["rejected"] = [*facts.get("rejected", []), seen][-20:]
            vaultfiles.remove(self._session(platform, account, dropped))
            self._put_facts(folder, facts | _times(self.load(platform, account) or {}))
        else:
            vaultfiles.remove(self._session(platform, account, dropped))
        return True

    def note(self, platform: str, account: str, **facts: str | None) -> None:
        """Keep facts about a login that reveal nothing; None forgets one."""
        if not any(facts.values()) and self.session_info(platform, account) is None:
            return  # nothing to forget: no account appears from that
        with self._locked(platform, account) as folder:
            known = self._facts(folder) | facts
            self._put_facts(folder, {name: value for name, value in known.items() if value is not None})

    def forget(self, platform: str, account: str) -> None:
        """Drop every version of a login state and what was known of it."""
        if self._session(platform, account, 0).parent.is_dir():
            with self._locked(platform, account) as folder:
                for path in (*folder.glob("*.age"), folder / "facts.json"):
                    vaultfiles.remove(path)

    def session_names(self) -> list[tuple[str, str]]:
        """(platform, account) of everything that is known of a login: a saved state, or facts about a token; sorted."""
        found = [p for pattern in ("*/*/*.age", "*/*/facts.json") for p in (self.folder / "sessions").glob(pattern)]
        return sorted({(unquote(p.parts[-3]), _name(p.parent)) for p in found})

    def session_info(self, platform: str, account: str) -> dict[str, Any] | None:
        """What is known without unsealing: `version` (0: no state is saved), `versions` kept, `saved_at`, `logged_in_at`, `imported_at`,
        `proven_at`, `credential_ends_at` and which `credential`, `expires_at` (texts or None), `rejected`. None: nothing is known.

        `expires_at` is as `expiry` says; None means that nobody said, never a guess.
        """
        versions = self._versions(platform, account)
        facts = self._facts(self._session(platform, account, 0).parent)
        if not versions and not facts:
            return None
        return facts | {"version": versions[-1] if versions else 0, "versions": len(versions)}

    # -- any bytes ----------------------------------------------------------------------------------------------------------

    def seal(self, content: bytes) -> bytes:
        """Seal bytes (a run's evidence) for this vault's key."""
        import pyrage

        return pyrage.encrypt(content, [self._key(create=True).to_public()])

    def open(self, sealed: bytes) -> bytes:
        """The inverse of `seal`. Raises FixityError when it was sealed for another key or is damaged."""
        import pyrage

        try:
            return pyrage.decrypt(sealed, [self._key(create=False)])
        except pyrage.DecryptError as error:
            raise FixityError("sealed bytes do not open with this vault's key") from error

    # -- files --------------------------------------------------------------------------------------------------------------

    def _secret(self, platform: str, account: str, name: str) -> Path:
        return self.folder / "secrets" / segment(platform) / segment(account) / f"{segment(name)}.age"

    def _session(self, platform: str, account: str, version: int) -> Path:
        return self.folder / "sessions" / segment(platform) / segment(account) / f"{version:06d}.age"

    def _versions(self, platform: str, account: str) -> list[int]:
        folder = self._session(platform, account, 0).parent
        return sorted(int(p.stem) for p in folder.glob("*.age") if p.stem.isdigit())

    def _facts(self, folder: Path) -> dict[str, Any]:
        try:
            facts = json.loads((folder / "facts.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def _put_facts(self, folder: Path, facts: Mapping[str, Any]) -> None:
        if facts:
            vaultfiles.replace(folder / "facts.json", json.dumps(facts, sort_keys=True).encode() + b"\n")
        else:
            vaultfiles.remove(folder / "facts.json")

    @contextmanager
    def _locked(self, platform: str, account: str) -> Iterator[Path]:
        folder = self._session(platform, account, 0).parent
        self._make(folder, account)
        fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(fd)

    def _read(self, path: Path, address: str) -> dict[str, Any] | None:
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FixityError(f"the vault cannot be read: {error.strerror}") from error
        try:
            record = json.loads(self.open(sealed))
            belongs = record.pop("address") == address
        except (ValueError, KeyError, TypeError, AttributeError):
            raise FixityError("a sealed file of the vault is damaged") from None
        if not belongs:
            raise FixityError("a sealed file of the vault lies where it does not belong")
        return record

    def _write(self, account: str, path: Path, address: str, record: dict[str, Any]) -> None:
        self._make(path.parent, account)
        vaultfiles.replace(path, self.seal(json.dumps(record | {"address": address}).encode()))

    def _make(self, folder: Path, account: str) -> None:
        """The folder of an account."""
        vaultfiles.make(self.folder, folder)
        if named(folder.name) is None and not (folder / NAME_FILE).exists():
            vaultfiles.replace(folder / NAME_FILE, account.encode())

    def _key(self, *, create: bool) -> pyrage.x25519.Identity:
        if self._identity is None:
            import pyrage

            if create and not self.key_file.exists():
                vaultfiles.make(self.folder, self.key_file.parent)
                made = str(pyrage.x25519.Identity.generate()).encode() + b"\n"
                vaultfiles.create_once(self.key_file, made)
            try:
                self._identity = pyrage.x25519.Identity.from_str(vaultfiles.read_key(self.key_file).decode().strip())
            except (pyrage.IdentityError, UnicodeDecodeError):
                # `from None`: a damaged key must not show in a traceback.
                raise FixityError("the vault's key is damaged", hint="restore it from your backup") from None
        return self._identity


def _as_read(state: Mapping[str, Any]) -> Any:
    """A state as it is when it was sealed and read again."""
    return json.loads(json.dumps(state))


def _times(state: Mapping[str, Any]) -> dict[str, Any]:
    """What the facts say of a state: its times, and when it was last seen working."""
    saved = state.get("saved_at")
    return {
        "saved_at": saved, "logged_in_at": state.get("logged_in_at"), "imported_at": state.get("imported_at"), "expires_at": expiry(state),
        "proven_at": None if state.get("unproved") else saved,
    }  # fmt: skip


def _name(folder: Path) -> str:
    """The account that a folder belongs to."""
    found = named(folder.name)
    if found is not None:
        return found
    try:
        return (folder / NAME_FILE).read_text("utf-8")
    except (OSError, ValueError):
        return folder.name  # its name is lost: it is listed, and leads to nothing
