"""What it was measured with: everything that figures depend on."""

import os
import platform
import re
import sqlite3
import subprocess
import sysconfig
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from .servers import ROOT


def describe(command: str) -> dict[str, str]:
    """Names and words, in the order in which to show them."""
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    build = "with" if optimised else "without"
    compiler = platform.python_compiler()
    return {
        "command": command,
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "revision": _revision(),
        "interpreter": (
            f"{platform.python_implementation()} {platform.python_version()}, {compiler}, "
            f"{build} --enable-optimizations"
        ),
        "libraries": f"Tornado {version('tornado')}, SQLite {sqlite3.sqlite_version}",
        "machine": f"{os.cpu_count()} cores of {_processor()}, {_memory()} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
    }


def _revision() -> str:
    asked = ("git", "-C", str(ROOT), "describe", "--always", "--dirty")
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
