"""The settings of a command line and an environment: which value wins, and what it is."""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from .config import Config, check

ENVIRONMENT_PREFIX = "TOKENWEIR_"
KEY_VARIABLE = "TOKENWEIR_KEY"
"""Holds a key to send with: no setting of the service."""

_WORDS = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A Config, and where each value came from: flag, environment or default."""

    config: Config
    origins: Mapping[str, str]
    unknown: list[str]
    """Variables with our prefix that name no setting."""


def load(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> Loaded:
    """A flag beats the environment, which beats the default; an empty variable is none.

    Raises ValueError, naming the setting and where its value came from.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for one in fields(Config):
        origin, text = _find(one.name, flags, environment)
        origins[one.name] = origin
        if text is not None:
            values[one.name] = _parse(one, text, origin)
    ours = {_variable(one.name) for one in fields(Config)} | {KEY_VARIABLE}
    unknown = sorted(
        name for name in environment if name.startswith(ENVIRONMENT_PREFIX) and name not in ours
    )
    return Loaded(Config(**values), origins, unknown)


def flag(name: str) -> str:
    """The command line's name of a setting."""
    return "--" + name.replace("_", "-")


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper()


def _find(
    name: str, flags: Mapping[str, str | None], environment: Mapping[str, str]
) -> tuple[str, str | None]:
    variable = _variable(name)
    if flags.get(name) is not None:
        return flag(name), flags[name]
    if environment.get(variable):
        return variable, environment[variable]
    return "default", None


def _parse(one: "Field[Any]", text: str, origin: str) -> Any:
    kind = type(one.default)
    convert: Callable[[str], Any] = _truth if kind is bool else kind
    try:
        value = convert(text)
        check(one, value)
    except ValueError as error:
        wanted = "yes or no" if kind is bool else "a number"
        known = str(error) if str(error).startswith(one.name) else f"{one.name} must be {wanted}"
        raise ValueError(f"{known}, not {text!r} (from {origin})") from None
    return value


def _truth(text: str) -> bool:
    try:
        return _WORDS[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None
