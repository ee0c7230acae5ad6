"""Lists that came as one attribute a member, as in `gen_ai.prompt.0.content`."""

import re
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from ...written import parsed
from ..records import Attributes

_MOST = 10_000
"""Attributes that are read of one span: each can take a kilobyte."""
_MOST_LEVELS = 9
_SHORT = 64
"""Characters of the end of a name whose path is remembered."""
_INDEX = re.compile(r"\.[0-9]")
_WRAPPERS = frozenset(
    ("message", "message_content", "tool_call", "prompt", "completion", "embedding")
)
"""Levels of OpenInference's names that say again what the level above says."""

Path = tuple[str | int, ...]


class Lists(NamedTuple):
    """The lists of a span by their family, and those whose first members are missing.

    A sender that has a limit for the number of attributes leaves out the oldest.
    """

    whole: dict[str, list[Any]]
    partial: dict[str, list[Any]]


def lists(attributes: Attributes, families: tuple[str, ...]) -> Lists:
    """The lists in `attributes`; `families` are what their names begin with, a dot the last."""
    names = "\n".join(attributes)
    found = Lists({}, {})
    if not _INDEX.search(names):
        return found
    for family in families:
        if family in names:
            tree = _tree(attributes, family)
            (found.whole if 0 in tree else found.partial)[family] = _members(tree)
    return found


def _tree(attributes: Attributes, family: str) -> dict[Any, Any]:
    tree: dict[Any, Any] = {}
    named = (name for name in attributes if name.startswith(family))
    for name in islice(named, _MOST):
        levels = name[len(family) :]
        path = _known_path(levels) if len(levels) <= _SHORT else _path(levels)
        _put(tree, path, attributes[name])
    return {key: value for key, value in tree.items() if isinstance(key, int)}


def _path(levels: str) -> Path:
    """The keys that lead to a member, from the end of its name."""
    first, *others = map(_key, levels.split(".", _MOST_LEVELS))
    return (first, *(level for level in others[:-1] if level not in _WRAPPERS), *others[-1:])


_known_path = lru_cache(maxsize=1024)(_path)  # 13 us less of 97 for a span of OpenInference's


def _put(tree: dict[Any, Any], path: Path, value: object) -> None:
    """Put `value` into `tree`, where the indexes are numbers and so never take a list's length."""
    for level in path[:-1]:
        inner = tree.setdefault(level, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree[path[-1]] = parts(value) if path[-1] == "content" else value


def parts(value: object) -> object:
    """A message's content; the parts of it where it is a list of them, written as JSON."""
    if not isinstance(value, str) or not value.startswith("["):
        return value
    found = parsed(value)
    return found if isinstance(found, list) and found and isinstance(found[0], dict) else value


def _key(level: str) -> str | int:
    return int(level) if level.isascii() and level.isdigit() and len(level) < 19 else level


def _members(tree: dict[Any, Any]) -> list[Any]:
    return [_value(tree[index]) for index in sorted(tree)]


def _value(value: object) -> object:
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return _members(value)
    return {key: _value(member) for key, member in value.items()}
