"""From what a foreign dialect maps to, the members of the native schemas, to checked Events."""

from collections.abc import Mapping
from typing import Any

from ..events import Error, Trace
from ..normalise import Normaliser
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

    def error(self, members: Any, source: str, cut: Mapping[str, int] = _WHOLE) -> Error:
        """The same of an error."""
        return self._normaliser.error(self._error.check(self._fit(members)), source, cut)

    def ident(self, value: str) -> str:
        """An id as a key may hold it: without a secret."""
        return self._normaliser.ident(value)

    def _fit(self, members: Any) -> Any:
        """What is no object is left to the schema."""
        return self._normaliser.fit(members) if isinstance(members, dict) else members
