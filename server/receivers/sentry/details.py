"""What else an event says: about the program, and what its programmer added."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..lenient import ident, mapping, name, text, tidy
from .logged import Logged
from .shapes import Event, Raised

MOST_VALUES = 10_000
"""Most values that are kept of tags and extra together; more have no room in metadata either."""

_MAX_DEPTH = 8
_KEPT = ("environment", "release", "server_name", "logger", "transaction", "platform")


def metadata(event: Event, raised: Sequence[Raised], said: Logged | None) -> dict[str, object]:
    """Members for the metadata column.

    Left out are the request, breadcrumbs, variables, contexts, and of the user all but the id:
    they hold more of people and of prompts than of the failure.
    """
    last = raised[-1] if raised else {}
    mechanism = next(filter(None, (mapping(one.get("mechanism")) for one in reversed(raised))), {})
    plain = {
        "exception_type": last.get("type"),
        "mechanism": mechanism.get("type"),
        "handled": mechanism.get("handled"),
        "user_id": ident(mapping(event.get("user")).get("id")),
        "sdk": _sdk(event),
        **{key: event.get(key) for key in _KEPT},
    }
    left = iter(range(MOST_VALUES))
    nested = {
        "exceptions": [_named(one) for one in raised] if len(raised) > 1 else [],
        "log": _log(raised, said),
        "tags": kept(tags(event), left),
        "extra": kept(mapping(event.get("extra")), left),
    }
    return {**tidy(plain), **{key: value for key, value in nested.items() if value}}


def _log(raised: Sequence[Raised], said: Logged | None) -> dict[str, object]:
    """What is not the error's message; in an object, which is not kept where texts are not."""
    if said is None:
        return {}
    return tidy({"message": said.message if raised else None, "template": said.template})


def tags(event: Event) -> Mapping[str, Any]:
    """An object, or a list of pairs."""
    found = event.get("tags")
    if not isinstance(found, list):
        return mapping(found)
    pairs = [pair for pair in found if isinstance(pair, list) and len(pair) == 2]
    return {key: value for key, value in pairs if isinstance(key, str)}


def kept(value: object, left: Iterator[int], depth: int = _MAX_DEPTH) -> object:
    """`value` as metadata can hold it, and no more values than are `left`."""
    if isinstance(value, dict | list) and not depth:
        return "…"
    if isinstance(value, dict):
        members = zip(value.items(), left, strict=False)
        return {text(key): kept(member, left, depth - 1) for (key, member), _ in members}
    if isinstance(value, list):
        return [kept(item, left, depth - 1) for item, _ in zip(value, left, strict=False)]
    return text(value) if isinstance(value, str) else value


def _named(one: Raised) -> dict[str, object]:
    return tidy({"type": one.get("type"), "message": one.get("value")})


def _sdk(event: Event) -> str | None:
    sdk = mapping(event.get("sdk"))
    return " ".join(filter(None, (name(sdk.get("name")), name(sdk.get("version"))))) or None
