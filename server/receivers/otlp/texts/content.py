"""What was asked and answered, from wherever a convention puts it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ....ending import Ending
from ...chat.messages import conversation
from ...lenient import mapping
from ..records import Attributes, Happening
from .carried import Carried
from .carriers import INPUTS, INSTRUCTIONS, OUTPUTS, REQUEST
from .exchanges import answered, turns


class Texts(NamedTuple):
    """Both texts of a call, and the bytes of one that was shortened already, by column."""

    input_text: str | None
    output_text: str | None
    cut: Mapping[str, int]


_LEADING = ("system", "developer")
_NONE = Texts(None, None, {})


def texts(attributes: Attributes, events: Sequence[Happening], max_text_bytes: int) -> Texts:
    """The texts of a span, or of a log record, in its attributes or in its events."""
    carried = Carried(attributes, events)
    if carried.is_empty():
        return _NONE
    asked = _asked(carried, max_text_bytes)
    said = next(filter(None, map(answered, _answers(carried))), None)
    return Texts(asked and asked.text, said, asked.cut("input_text") if asked else {})


def _asked(carried: Carried, max_bytes: int) -> Ending | None:
    given = carried.first(INSTRUCTIONS)
    system = [{"role": "system", "content": turns(given)}] if given else []
    request = carried.first((REQUEST,))
    for asked in _questions(carried):
        said = turns(asked, whole=asked is request)
        if system and not _is_led(said):
            said = [*system, *said]
        if found := conversation(said, max_bytes):
            return found
    return None


def _is_led(said: list[Any]) -> bool:
    """Whether the instructions are among the messages."""
    return any(mapping(turn).get("role") in _LEADING for turn in said)


def _questions(carried: Carried) -> Iterator[object]:
    yield from carried.candidates(INPUTS)
    yield carried.told.asked


def _answers(carried: Carried) -> Iterator[object]:
    if answer := carried.answer():
        yield answer
    yield from carried.candidates(OUTPUTS)
    yield carried.told.answered
