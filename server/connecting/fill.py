"""A template and a target make the text to paste."""

from .target import VARIABLE, Target

_KEYED, _OPEN, _NAMED = "[key]", "[open]", "[named]"
"""How a line begins that is there only with a key, without one, or with one in a variable."""


def fill(template: str, target: Target) -> str:
    """`template` with the lines that `target` needs, and its values in their places."""
    keyed, named = bool(target.key), target.key == VARIABLE
    kept = {_KEYED: keyed, _OPEN: not keyed, _NAMED: named}
    lines = (_line(line, kept) for line in template.splitlines())
    return _with_values("\n".join(line for line in lines if line is not None), target)


def _line(line: str, kept: dict[str, bool]) -> str | None:
    mark = next((mark for mark in kept if line.startswith(mark)), None)
    if mark is None:
        return line
    return line.removeprefix(mark) if kept[mark] else None


def _with_values(text: str, target: Target) -> str:
    """A variable is written in the way of the file that it stands in."""
    name = VARIABLE.removeprefix("$")
    named = target.key == VARIABLE
    values = {
        "{url}": target.url,
        "{key}": target.key,
        "{key in json}": f"${{{name}}}" if named else target.key,
        "{key in yaml}": f"os.environ/{name}" if named else target.key,
    }
    if "{dsn}" in text:
        values["{dsn}"] = target.dsn
    for place, value in values.items():
        text = text.replace(place, value)
    return text
