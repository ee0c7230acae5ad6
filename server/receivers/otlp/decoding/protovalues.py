"""The values of OTLP in protobuf, and messages as the library reads them."""

from base64 import b64encode
from typing import Any, TypeVar

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtobufMessage

from ..records import Attributes
from .framing import Malformed
from .trimming import Table, trimmed
from .values import MAX_DEPTH, TOO_DEEP, clean

SMALL = 2**15
"""Bytes of a message that is read as it is: it has at most 16,000 others in it."""

_PLAIN = frozenset(("int_value", "double_value", "bool_value"))

Read = TypeVar("Read", bound=ProtobufMessage)

Message = tuple[bytearray, int, int]
"""The bytes that a message is in, where it begins and where it ends."""


def read(kind: type[Read], message: Message, table: Table) -> Read:
    """Raises `Malformed`."""
    data, start, end = message
    if end - start <= SMALL:
        try:
            return kind.FromString(bytes(data[start:end]))
        except DecodeError:
            pass  # as a rule a text that is no UTF-8
    try:
        return kind.FromString(bytes(trimmed(data, start, end, table)))
    except DecodeError:
        raise Malformed from None


def attributes(pairs: Any, depth: int = MAX_DEPTH) -> Attributes:
    """All that have a name. `depth`: of lists in each other that may follow."""
    found: Attributes = {}
    for pair in pairs:  # the usual kinds here: a call for each value would take half as long again
        said = pair.value
        text = said.string_value
        if text and "\0" not in text:
            found[pair.key] = text
        else:
            found[pair.key] = said.int_value or said.double_value or value(said, depth)
    found.pop("", None)
    if "\0" in "".join(found):
        return {clean(name): one for name, one in found.items()}
    return found


def value(said: Any, depth: int = MAX_DEPTH) -> Any:
    """A value of any kind."""
    kind = said.WhichOneof("value")
    if kind == "string_value":
        return clean(said.string_value)
    if kind in _PLAIN:
        return getattr(said, kind)
    if kind == "bytes_value":
        return b64encode(said.bytes_value).decode()
    if kind == "array_value":
        values = said.array_value.values
        return [value(one, depth - 1) for one in values] if depth else TOO_DEEP
    if kind == "kvlist_value":
        return attributes(said.kvlist_value.values, depth - 1) if depth else TOO_DEEP
    return None
