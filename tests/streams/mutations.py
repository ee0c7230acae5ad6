"""What senders get wrong, and what attackers try, done to well-formed requests."""

from collections.abc import Callable, Sequence
from random import Random

from .bytewise import BYTES, ON_BYTES
from .grammar import Pieces, plain
from .odd import CODINGS, LENGTHS, LINES, METHODS, SIZES, TARGETS, VERSIONS


def mutated(random: Random, requests: Sequence[Pieces]) -> bytes:
    """The stream of these requests with up to four things changed; often with none."""
    pieces = [piece for request in requests for piece in request]
    changes = random.choice((0, 0, 1, 1, 1, 1, 1, 2, 2, 4))
    for _ in range(changes):
        if random.random() < 0.75 and pieces:
            random.choice(ON_PIECES)(random, pieces)
    data = b"".join(pieces)
    if changes and random.random() < 0.4:
        for _ in range(random.choice((1, 1, 2, 5))):
            data = random.choice(ON_BYTES)(random, data)
    return data[:20_000]


def _named(pieces: Pieces, *names: bytes) -> list[int]:
    """Where the fields of these names are, or the first places of what begins so."""
    return [n for n, piece in enumerate(pieces) if piece.lower().startswith(names)]


def _sizes(pieces: Pieces) -> list[int]:
    return [n for n, piece in enumerate(pieces) if _is_size(piece)]


def _is_size(piece: bytes) -> bool:
    digits = piece.removesuffix(b"\r\n")
    return len(digits) < 10 and piece != digits and digits.isalnum()


def _firsts(pieces: Pieces) -> list[int]:
    return [n for n, piece in enumerate(pieces) if piece.endswith((b" HTTP/1.1\r\n", b"/1.0\r\n"))]


def _fields(pieces: Pieces) -> list[int]:
    return [n for n, piece in enumerate(pieces) if piece.endswith(b"\r\n") and b":" in piece]


def _coding(random: Random, pieces: Pieces) -> None:
    for n in _named(pieces, b"transfer-encoding"):
        pieces[n] = b"Transfer-Encoding:%b%b\r\n" % (_space(random), random.choice(CODINGS))


def _length(random: Random, pieces: Pieces) -> None:
    for n in _named(pieces, b"content-length"):
        value = pieces[n].partition(b":")[2].strip()
        form = random.choice(LENGTHS)
        size = int(value) if value.isdigit() else 7
        filled = form % ((size,) * form.count(b"%"))
        pieces[n] = b"Content-Length:%b%b\r\n" % (_space(random), filled)
        return


def _other_length(random: Random, pieces: Pieces) -> None:
    if places := _named(pieces, b"content-length"):
        said = random.choice((0, 1, 5, 40, 100, 150, 2000, 2001, 4000, 4001, 10**6))
        pieces[random.choice(places)] = b"Content-Length: %d\r\n" % said


def _space(random: Random) -> bytes:
    return random.choice((b" ", b" ", b" ", b"", b"\t", b"  "))


def _chunk(random: Random, pieces: Pieces) -> None:
    if places := _sizes(pieces):
        place, form = random.choice(places), random.choice(SIZES)
        try:
            size = int(pieces[place], 16)
        except ValueError:
            size = 3
        pieces[place] = form % ((size,) * form.count(b"%")) + b"\r\n"


def _off_by_some(random: Random, pieces: Pieces) -> None:
    if places := _sizes(pieces):
        place = random.choice(places)
        try:
            size = int(pieces[place], 16)
        except ValueError:
            return
        pieces[place] = b"%x\r\n" % max(0, size + random.choice((-2, -1, 1, 2, 16)))


def _trailer(random: Random, pieces: Pieces) -> None:
    if places := [n for n, piece in enumerate(pieces) if piece == b"0\r\n"]:
        fields = (b"X: y\r\n", b"Content-Length: 5\r\n", b"Host: y\r\n", b" \r\n", b"X\r\n", b"\n")
        pieces.insert(random.choice(places) + 1, random.choice(fields))


def _version(random: Random, pieces: Pieces) -> None:
    if places := _firsts(pieces):
        place = random.choice(places)
        pieces[place] = pieces[place][:-10] + random.choice(VERSIONS) + b"\r\n"


def _old(random: Random, pieces: Pieces) -> None:
    if places := _firsts(pieces):
        place = random.choice(places)
        pieces[place] = pieces[place][:-3] + random.choice((b"0", b"1")) + b"\r\n"


def _target(random: Random, pieces: Pieces) -> None:
    if places := _firsts(pieces):
        place = random.choice(places)
        method = pieces[place].split(b" ")[0]
        pieces[place] = b"%b %b HTTP/1.1\r\n" % (method, random.choice(TARGETS))


def _method(random: Random, pieces: Pieces) -> None:
    if places := _firsts(pieces):
        place = random.choice(places)
        pieces[place] = b" ".join((random.choice(METHODS), *pieces[place].split(b" ")[1:]))


def _spaces(random: Random, pieces: Pieces) -> None:
    if places := _firsts(pieces):
        place = random.choice(places)
        space = random.choice((b"  ", b"\t", b"\x0b", b" \t", b"\xa0", b"", b"\0", b"\r", b"\n"))
        pieces[place] = pieces[place].replace(b" ", space, random.choice((1, 2)))


def _inserted_line(random: Random, pieces: Pieces) -> None:
    places = _fields(pieces)
    place = random.choice(places) + random.choice((0, 1)) if places else 0
    pieces.insert(place, random.choice(LINES))


def _split_line(random: Random, pieces: Pieces) -> None:
    if places := _fields(pieces):
        place = random.choice(places)
        line = pieces[place]
        at = random.randrange(len(line) - 1)
        between = random.choice((b"\r\n", b"\r\n ", b"\r\n\t", b"\n", b"\r", b"\n ", b"\r\r\n"))
        pieces[place] = line[:at] + between + line[at:]


def _before_colon(random: Random, pieces: Pieces) -> None:
    if places := _fields(pieces):
        place = random.choice(places)
        pieces[place] = pieces[place].replace(b":", random.choice(BYTES) + b":", 1)


def _line_end(random: Random, pieces: Pieces) -> None:
    if places := [n for n, piece in enumerate(pieces) if piece.endswith(b"\r\n")]:
        place = random.choice(places)
        ends = (b"\n", b"\r", b"", b"\r\r\n", b"\n\r", b"\r\n\r\n", b" \r\n", b"\0\r\n", b"\r\n\n")
        pieces[place] = pieces[place][:-2] + random.choice(ends)


def _line_ends(random: Random, pieces: Pieces) -> None:
    """All of them, as one who knows of LF only would write."""
    for n, piece in enumerate(pieces):
        if piece.endswith(b"\r\n"):
            pieces[n] = piece[:-2] + b"\n"


def _dropped(random: Random, pieces: Pieces) -> None:
    del pieces[random.randrange(len(pieces))]


def _doubled(random: Random, pieces: Pieces) -> None:
    place = random.randrange(len(pieces))
    pieces.insert(place + random.choice((0, 1, 2)), pieces[place])


def _swapped(random: Random, pieces: Pieces) -> None:
    one, other = random.randrange(len(pieces)), random.randrange(len(pieces))
    pieces[one], pieces[other] = pieces[other], pieces[one]


def _both_lengths(random: Random, pieces: Pieces) -> None:
    places = _named(pieces, b"content-length", b"transfer-encoding")
    if places:
        place = random.choice(places)
        is_length = pieces[place].lower().startswith(b"content")
        other = b"Transfer-Encoding: chunked\r\n" if is_length else b"Content-Length: 5\r\n"
        pieces.insert(place + random.choice((0, 1)), other)


def _hidden(random: Random, pieces: Pieces) -> None:
    pieces.insert(random.randrange(len(pieces) + 1), plain("inserted"))


def _end(random: Random, pieces: Pieces) -> None:
    del pieces[random.randrange(len(pieces)) :]


ON_PIECES: tuple[Callable[[Random, Pieces], None], ...] = (
    _coding,
    _coding,
    _length,
    _length,
    _other_length,
    _chunk,
    _chunk,
    _off_by_some,
    _trailer,
    _version,
    _old,
    _target,
    _method,
    _spaces,
    _inserted_line,
    _inserted_line,
    _inserted_line,
    _split_line,
    _before_colon,
    _line_end,
    _line_end,
    _line_ends,
    _dropped,
    _doubled,
    _swapped,
    _both_lengths,
    _hidden,
    _end,
)
