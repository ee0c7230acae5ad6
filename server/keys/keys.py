"""The keys of one purpose: their SHA-256 from a file, and whose a key is."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "tw_"
"""How keys begin that are made here. No name does: a key that is pasted for one would be stored."""

MAX_KEY = 256
"""Characters of the longest key; a longer one is wrong, and is not even hashed."""

_RANDOM_BYTES = 32

_NAME = re.compile(rf"(?!{PREFIX})[A-Za-z0-9._-]{{1,64}}")
_DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
_NAME_RULE = f"a name is 1 to 64 of A-Z a-z 0-9 . _ -, and does not begin with {PREFIX}"


class Keys:
    """The digest of each key by the name of who has it."""

    def __init__(self, digests: Mapping[str, bytes]) -> None:
        self._digests = list(digests.items())

    def __len__(self) -> int:
        return len(self._digests)

    def owner(self, presented: Iterable[str]) -> str | None:
        """Name of the first key that is one of ours; None where none is."""
        return next(filter(None, map(self._name_of, presented)), None)

    def _name_of(self, key: str) -> str | None:
        """Takes as long whichever key it is, or none: each is compared."""
        if not 0 < len(key) <= MAX_KEY:
            return None
        presented, found = hashlib.sha256(key.encode("latin-1")).digest(), None
        for name, digest in self._digests:
            if hmac.compare_digest(presented, digest):
                found = name
        return found


def read(path: str) -> Keys:
    """The keys of a file. Raises ValueError, with its path and the line; it quotes nothing."""
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            return parse(file.read())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a text in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from None


def parse(text: str) -> Keys:
    """One name:sha256 a line; what follows a # is a comment. Raises ValueError with the line."""
    digests: dict[str, bytes] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        try:
            if said := line.partition("#")[0].strip():
                name, digest = _parse(said)
                _check_new(name, digest, digests)
                digests[name] = digest
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return Keys(digests)


def new() -> str:
    """A new key of random letters, digits and underscores.

    It has no hyphen: Sentry's SDK for JavaScript takes none in a DSN.
    """
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES).replace("-", "_")


def entry(name: str, key: str) -> str:
    """The line of a keys file. Raises ValueError for what is no name."""
    check_name(name)
    return f"{name}:{hashlib.sha256(key.encode()).hexdigest()}"


def check_name(name: str) -> None:
    """Raises ValueError for what is none."""
    if not _NAME.fullmatch(name):
        raise ValueError(_NAME_RULE)


def _parse(said: str) -> tuple[str, bytes]:
    name, _, digest = said.partition(":")
    if not _DIGEST.fullmatch(digest):
        raise ValueError("not name:sha256 (64 hex digits); did you paste the key itself?")
    check_name(name)
    return name, bytes.fromhex(digest)


def _check_new(name: str, digest: bytes, digests: Mapping[str, bytes]) -> None:
    if name in digests:
        raise ValueError("its name is that of an earlier line")
    if digest in digests.values():
        raise ValueError("its key is that of an earlier line")
