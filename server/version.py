"""The one version, as setup.py says it."""

from functools import cache
from importlib import metadata


@cache  # it takes a millisecond
def version() -> str:
    """The installed version, or `unknown` in a checkout that was never installed."""
    try:
        return metadata.version("tokenweir")
    except metadata.PackageNotFoundError:
        return "unknown"
