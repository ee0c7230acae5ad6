"""What a span or a log record carries that may hold a text, found when it is asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from ...written import parsed
from ..records import Attributes, Happening
from . import happenings, indexed
from .carriers import CARRIERS, EVENTS, FAMILIES, TOOL_CALLS, WORDS

_ANSWER = frozenset((*WORDS, *TOOL_CALLS))


class Carried:
    """The attributes of a span, and those of the event that tells of its call."""

    def __init__(self, attributes: Attributes, events: Sequence[Happening]) -> None:
        self._happenings = events
        self._attributes = attributes
        if events and (details := happenings.details(events)):
            self._attributes = {**details, **attributes}

    def is_empty(self) -> bool:
        """Whether there is nothing at all, as where content is not captured."""
        if not CARRIERS.isdisjoint(self._attributes) or any(self._lists):
            return False
        return not (self._happenings and any(self.told))

    def first(self, names: Iterable[str]) -> object:
        """What the first of the attributes `names` that has anything holds."""
        for name in names:
            if found := self._attributes.get(name):
                return found
        return None

    def candidates(self, names: Iterable[str]) -> Iterator[object]:
        """What the carriers `names` hold, in their order; lists that lack their first come last."""
        for name in names:
            if name in self._attributes:
                yield self._attributes[name]
            elif name[-1] == "." and name in self._lists.whole:
                yield self._lists.whole[name]
        yield from (self._lists.partial[name] for name in names if name in self._lists.partial)

    def answer(self) -> object:
        """The answer whose words are one attribute and its tool calls another; None without it."""
        if _ANSWER.isdisjoint(self._attributes):
            return None
        return {"content": self.first(WORDS), "tool_calls": parsed(self.first(TOOL_CALLS))}

    @cached_property
    def told(self) -> happenings.Messages:
        """What its events say."""
        found = happenings.messages(self._events())
        if found.answered or EVENTS.isdisjoint(self._attributes):
            return found
        return happenings.with_last_answered(found)

    @cached_property
    def _lists(self) -> indexed.Lists:
        return indexed.lists(self._attributes, FAMILIES)

    def _events(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Names and members of the span's events, and of those that are an attribute instead."""
        for name, _, attributes in self._happenings:
            yield name, attributes
        for carrier in EVENTS:
            listed = parsed(self._attributes.get(carrier))
            for event in listed if isinstance(listed, list) else []:
                if isinstance(event, dict) and isinstance(event.get("event.name"), str):
                    yield event["event.name"], event
