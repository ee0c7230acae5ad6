"""How deep a JSON value nests."""

from typing import Any


def nests_deeper(value: object, limit: int) -> bool:
    """Whether arrays and objects stand over `limit` deep in each other, `value` included.

    It goes level by level, so that no input exhausts the stack.
    """
    level: list[Any] = [value]
    for _ in range(limit):
        nested = [value for value in level if isinstance(value, dict | list)]
        if not nested:
            return False
        level = [child for v in nested for child in (v.values() if isinstance(v, dict) else v)]
    return any(isinstance(value, dict | list) for value in level)
