"""A key, from a file that holds nothing else."""

from ..failure import Failure
from ..keys.keys import MAX_KEY


def key_in(path: str) -> str:
    """The key in this file. Raises `Failure`, which quotes nothing of it."""
    try:
        with open(path, encoding="utf-8") as file:
            key = file.read(MAX_KEY + 3).strip()  # more is no key
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}", status=2) from None
    except UnicodeDecodeError:
        raise Failure(f"{path}: not a text in UTF-8", status=2) from None
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable() and " " not in key):
        raise Failure(f"{path} must hold one key of printable ASCII and nothing else", status=2)
    return key
