"""`tokenweir config`: print each setting and where its value came from."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from .settings import add_settings, load_settings

HELP = "print each setting, its value and where it came from"


def add_arguments(parser: ArgumentParser) -> None:
    add_settings(parser)


def run(arguments: Namespace) -> int:
    loaded = load_settings(arguments)
    values = {name: _shown(value) for name, value in asdict(loaded.config).items()}
    name_width = max(map(len, values))
    value_width = max(map(len, values.values()))
    for name, value in values.items():
        print(f"{name:{name_width}}  {value:{value_width}}  {loaded.origins[name]}")
    return 0


def _shown(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
