"""The keys that a request presents, in whichever way its sender can."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

SENTRY = "envelope"
"""The route on which a key may come as Sentry's: its SDKs know no other way."""

Field = Callable[[str], str | None]
"""The value of a header, by its name in lower case."""

_IN_HEADER = re.compile(r"(?:^|,)\s*sentry_key=([^,\s]+)")
_IN_QUERY = re.compile(r"(?:^|&)sentry_key=([^&]+)")


def presented(route: str, field: Field, query: str) -> Iterator[str]:
    """Each key, valid or not. All is Latin-1, as HTTP is.

    A header that came twice is one with a comma, so no key as x-api-key or Bearer.
    """
    scheme, token = _split(field("authorization"))
    if scheme == "bearer":
        yield token
    yield field("x-api-key") or ""
    if route == SENTRY:
        yield from _of_sentry(field, query)


def _of_sentry(field: Field, query: str) -> Iterator[str]:
    """One of each place: nobody gets to try more."""
    for name in ("authorization", "x-sentry-auth"):
        scheme, said = _split(field(name))
        if scheme == "sentry" and (found := _IN_HEADER.search(said)):
            yield found[1]
    if found := _IN_QUERY.search(query):
        yield unquote(found[1], "latin-1")


def _split(value: str | None) -> tuple[str, str]:
    scheme, _, said = (value or "").partition(" ")
    return scheme.lower(), said.strip(" ")
