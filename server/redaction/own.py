"""The operator's own rules: a file of `name:pattern` lines."""

import re
from collections.abc import Iterator
from pathlib import Path

from .engine import any_of, compiled
from .rules import BUILT_IN, Rule

RESERVED = frozenset(("time_budget", *(rule.name for rule in BUILT_IN)))

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_UNFIT = re.compile(r"(?<!\\)(?:\\\\)*\\[ACz]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
"""What tells one text from the next, as all of an event are searched at once, a line each; and
what may be half a character."""


def read_rules(path: str) -> list[Rule]:
    """The rules in the file at `path`; none where that is empty.

    `^` and `$` are the ends of a line. Raises ValueError, naming file and line.
    """
    if not path:
        return []
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise ValueError(f"{path}: cannot be read: {why}") from None
    rules: dict[str, Rule] = {}
    for number, line in _lines(text):
        try:
            rule = _rule(line)
            if rule.name in rules:
                raise ValueError(f"{rule.name} is there already")
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
        rules[rule.name] = rule
    return _combinable(path, list(rules.values()))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if line.strip() and not line.startswith("#"):
            yield number, line


def _rule(line: str) -> Rule:
    name, colon, pattern = map(str.strip, line.partition(":"))
    if not colon or not _NAME.fullmatch(name):
        raise ValueError("must be name:pattern, the name of a-z, 0-9 and _, 40 at most")
    if name in RESERVED:
        raise ValueError(f"{name} is the name of a rule that is built in")
    if _UNFIT.search(pattern):
        raise ValueError(r"\A, \z, \C and (?-m) cannot be used; ^ and $ are the ends of a line")
    compiled(pattern, utf8=True)  # alone: x)|(y would only be well-formed in what follows
    pattern = f"(?m:{pattern})"
    if compiled(pattern, utf8=True).search(b"") is not None:
        raise ValueError("the pattern matches the empty text")
    return Rule(name, pattern)


def _combinable(path: str, rules: list[Rule]) -> list[Rule]:
    if rules:
        try:
            any_of((rule.pattern for rule in rules), utf8=True)
        except ValueError as error:
            raise ValueError(f"{path}: the patterns together: {error}") from None
    return rules
