"""Who may send and who may read: two sets of keys, which can be read again while we serve."""

from typing import NamedTuple

from . import keys
from .door import Door
from .keys import Keys


class Found(NamedTuple):
    """The keys of each file; None where there is no file."""

    send: Keys | None
    read: Keys | None


class Access:
    """Both doors."""

    def __init__(self, ingest_keys_file: str, read_keys_file: str) -> None:
        """Reads the files. Raises ValueError, naming setting, file and line."""
        self._files = {"ingest_keys_file": ingest_keys_file, "read_keys_file": read_keys_file}
        self.send, self.read = Door(), Door()
        self.is_loading = False
        """Whether a file is being read: it may never end where the disk hangs."""
        self.take(self.load())

    def has_files(self) -> bool:
        """Whether there is anything to read again."""
        return any(self._files.values())

    def load(self) -> Found:
        """Read both files, on any thread. Raises ValueError, naming setting, file and line."""
        self.is_loading = True
        try:
            return Found(*(_read(*setting) for setting in self._files.items()))
        finally:
            self.is_loading = False

    def take(self, found: Found) -> None:
        """Ask for these keys from now on; call on the event loop's thread."""
        self.send.keys, self.read.keys = found

    def report(self) -> str:
        """How many keys there are, for the log."""
        return f"{_count(self.send)} to send, {_count(self.read)} to read"

    def shut(self) -> list[str]:
        """Files without a key: they let nobody in."""
        doors = zip(self._files.values(), (self.send, self.read), strict=True)
        return [path for path, door in doors if door.keys is not None and not len(door.keys)]


def _read(setting: str, path: str) -> Keys | None:
    try:
        return keys.read(path) if path else None
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None


def _count(door: Door) -> str:
    return "no key needed" if door.keys is None else str(len(door.keys))
