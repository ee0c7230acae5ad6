"""RE2, as it is used here: over bytes, silent, within a bound of memory."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import re2

MAX_MEMORY = 8 * 2**20
"""Bytes a pattern may take, compiled; RE2 refuses a larger one."""


def compiled(pattern: str, *, utf8: bool = False, captures: bool = True) -> Any:
    """`pattern` over bytes, each a character unless `utf8`. Raises ValueError, saying why."""
    try:
        return re2.compile(pattern.encode(), _options(utf8=utf8, captures=captures))
    except re2.error as error:
        said = error.args[0] if error.args else "no pattern of RE2"
        raise ValueError(said.decode() if isinstance(said, bytes) else str(said)) from None


def any_of(patterns: Iterable[str], *, utf8: bool = False) -> Any:
    """What finds whether one of them matches: one pass, however many there are."""
    return compiled("|".join(f"(?:{one})" for one in patterns), utf8=utf8, captures=False)


@lru_cache(maxsize=4)  # as RE2's own module keeps what it compiled
def which_of(patterns: tuple[str, ...]) -> Callable[[bytes], list[int] | None]:
    """What finds all that match, by their places: one pass, too.

    None found may also be a lack of memory, of which RE2 tells nothing here.
    """
    found = re2.Set.SearchSet(_options(utf8=False, captures=False))
    for pattern in patterns:
        found.Add(pattern.encode())
    found.Compile()
    match: Callable[[bytes], list[int] | None] = found.Match
    return match


def _options(*, utf8: bool, captures: bool) -> Any:
    options = re2.Options()
    options.log_errors = False  # they would go to stderr, and quote the pattern
    options.max_mem = MAX_MEMORY
    options.never_capture = not captures
    if not utf8:
        options.encoding = re2.Options.Encoding.LATIN1
    return options
