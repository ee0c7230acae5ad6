"""From what a foreign dialect maps to, the members of the native schemas, to checked Events."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from ..events import Error, Invalid, Trace
from ..normalise import Draft, Normaliser
from ..validation import Schema

_WHOLE: Mapping[str, int] = {}


class Maker:
    """Makes the Events of senders whose users cannot mend what they send."""

    def __init__(
        self, trace: Schema, error: Schema, normaliser: Normaliser, max_text_bytes: int
    ) -> None:
        self._trace, self._error, self._normaliser = trace, error, normaliser
        self.max_text_bytes = max_text_bytes
        """How much of a text is kept, so that no more need be put together."""

    def trace(self, members: Any, source: str, cut: Mapping[str, int] = _WHOLE) -> Trace:
        """`cut`: bytes of texts shortened already, by name. Raises `Invalid`."""
        return self._normaliser.trace(self._trace.check(self._fit(members)), source, cut)

    def traces(
        self, many: Sequence[Any], cuts: Sequence[Mapping[str, int]], source: str
    ) -> Iterator[Trace | Invalid]:
        """The same of many; a fault in the place of one that is invalid.

        Stage by stage: see `otlp/decoding/together.py`. But each is scrubbed when its turn comes,
        as 60 full of secrets would hold the loop for 0.1 s.
        """
        checked = [self._checked(members) for members in many]
        drafts = list(map(self._drafted, checked, cuts))
        made = self._normaliser.events([one for one in drafts if isinstance(one, Draft)], source)
        return (cast(Trace, next(made)) if isinstance(one, Draft) else one for one in drafts)

    def error(self, members: Any, source: str, cut: Mapping[str, int] = _WHOLE) -> Error:
        """The same of an error."""
        return self._normaliser.error(self._error.check(self._fit(members)), source, cut)

    def ident(self, value: str) -> str:
        """An id as a key may hold it: without a secret."""
        return self._normaliser.ident(value)

    def _checked(self, members: Any) -> dict[str, Any] | Invalid:
        try:
            return self._trace.check(self._fit(members))
        except Invalid as fault:
            return fault

    def _drafted(
        self, members: dict[str, Any] | Invalid, cut: Mapping[str, int]
    ) -> Draft | Invalid:
        try:
            if isinstance(members, Invalid):
                return members
            return self._normaliser.draft("trace", members, cut)
        except Invalid as fault:
            return fault

    def _fit(self, members: Any) -> Any:
        """What is no object is left to the schema."""
        return self._normaliser.fit(members) if isinstance(members, dict) else members
