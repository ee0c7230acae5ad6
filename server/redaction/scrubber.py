"""The work on an event that may hold a secret: text by text, rule by rule, within a time."""

from collections.abc import Callable, Mapping
from time import thread_time
from typing import Protocol

from ..texts import clip
from .patterns import MARKED, MARKER, Patterns, Work

SECONDS = 0.05
"""CPU time an event may take. Ten secrets in 16 KiB take 0.0004; each call of RE2 is linear."""

MARGIN = 4096
"""Bytes read beyond a cut: a rule needs no more of a secret than this to know it."""

NEAR = 64
"""Bytes before the end of what is no secret in which another may begin that ends behind it: more
than the longest telling name. One that ends with it is as little a secret, as any part of it."""

TIME_BUDGET = "time_budget"
"""The rule that counts what is not stored, since its scrubbing would have taken too long."""

NOT_STORED = "[not stored: redaction took too long]"


class Count(Protocol):
    """A counter of the metrics."""

    def inc(self) -> None: ...


class Late(Exception):
    """The event's time is up, or RE2 failed: what is not scrubbed by now must not be stored."""


class Scrubber:
    """Scrubs the texts of one event, and counts what it replaces."""

    def __init__(
        self,
        patterns: Patterns,
        counts: Mapping[str, Count],
        seconds: float,
        clock: Callable[[], float] = thread_time,
    ) -> None:
        self._patterns, self._counts, self._clock = patterns, counts, clock
        self._end = clock() + seconds

    def text(self, text: bytes, limit: int) -> bytes:
        """`text` without its secrets, where `limit` bytes of it may be kept; or NOT_STORED."""
        try:
            return self._settled(text, max(0, len(text) - limit))
        except Late:
            return NOT_STORED.encode()

    def name(self, name: str, limit: int) -> str:
        """`name` without its secrets, and cut to `limit` characters; or NOT_STORED."""
        try:
            return self._settled(name.encode(), len(name[limit:].encode())).decode()[:limit]
        except Late:
            return NOT_STORED

    def holds_secret(self, text: str) -> bool:
        """Whether `text` holds a secret, or time is up."""
        whole = text.encode()
        try:
            return self.scrubbed(whole) != whole
        except Late:
            return True

    def scrubbed(self, text: bytes) -> bytes:
        """`text` without its secrets. Raises `Late`."""
        try:
            self._check_time()
            if not self._patterns.suspect(text):
                return text
            for work in self._patterns.works(text):
                text = self._replaced(work, text)
            return text
        except Exception:  # noqa: BLE001 whatever RE2 says, or the clock: it is not stored
            self.count(TIME_BUDGET)
            raise Late from None

    def count(self, rule: str) -> None:
        """Count one value that is not stored."""
        self._counts[rule].inc()

    def _settled(self, text: bytes, excess: int) -> bytes:
        """`text` scrubbed, without what may be half a secret at its end.

        `excess` bytes stand there beyond the limit. As markers are shorter than secrets they may
        have moved before it; but behind the last marker as many go as would have been cut.
        """
        kept = self.scrubbed(text)
        last = kept.rfind(MARKED)
        known = kept.find(b"]", last) + 1 if last >= 0 else 0
        return clip(kept, max(known, len(kept) - excess))

    def _replaced(self, work: Work, text: bytes) -> bytes:
        pieces: list[bytes] = []
        end = start = 0
        while (found := work.pattern.search(text, start)) is not None:
            self._check_time()
            first, last = found.span(work.group)
            if first < 0:
                first, last = found.span()
            value = text[first:last]
            if value and not MARKER.fullmatch(value) and work.is_secret(value):
                pieces += text[end:first], work.marker
                start = end = last
                self.count(work.name)
            else:  # another may begin in what this one took, and go on behind it
                start = max(first, last - NEAR, start + 1)
            if start >= len(text):
                break
        return b"".join((*pieces, text[end:])) if pieces else text

    def _check_time(self) -> None:
        if self._clock() > self._end:
            raise Late
