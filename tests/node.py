"""Programs of senders in JavaScript: where node is, and what npm installs for them."""

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent / "javascript"
LOCK = "package-lock.json"

needed = pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")), reason="needs node and npm"
)


def install(room):
    """Have the programs and what they need in the directory `room`; once for each lock file."""
    mark, locked = room / "installed", (SOURCES / LOCK).read_bytes()
    shutil.copytree(SOURCES, room, dirs_exist_ok=True)
    if not mark.exists() or mark.read_bytes() != locked:
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        subprocess.run(("npm", "ci", *quiet), cwd=room, check=True, timeout=300)  # noqa: S607
        mark.write_bytes(locked)
