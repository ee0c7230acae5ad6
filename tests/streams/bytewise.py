"""Changes of a stream for which it is bytes only."""

from collections.abc import Callable
from random import Random

BYTES = (b"\r", b"\n", b"\0", b"\t", b" ", b"\x0b", b"\x0c", b"\x7f", b"\x80", b"\xa0", b"\xff")
MORE = (b":", b",", b";", b"0", b"9", b"-", b"+", b"\r\n", b"\n\n", b"\r\r\n", b"\x85", b"\x1c")


def _inserted(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + random.choice(BYTES + MORE) + data[at:]


def _replaced(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + random.choice(BYTES + MORE) + data[at + 1 :]


def _flipped(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return (
        data[:at]
        + bytes([byte ^ 1 << random.randrange(8) for byte in data[at : at + 1]])
        + (data[at + 1 :])
    )


def _deleted(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + data[at + random.choice((1, 1, 2, 9)) :]


def _repeated(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + data[max(0, at - random.choice((1, 2, 30))) :]


def _place(random: Random, data: bytes) -> int:
    """Anywhere, or beside a byte that ends something."""
    at = random.randrange(len(data) + 1)
    if random.random() < 0.6:
        found = data.find(random.choice((b"\r", b"\n", b":", b" ", b"HTTP", b"0")), at)
        at = max(0, found + random.choice((-1, 0, 1))) if found >= 0 else at
    return at


ON_BYTES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _inserted,
    _inserted,
    _replaced,
    _flipped,
    _deleted,
    _repeated,
)
