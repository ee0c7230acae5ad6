"""Programs of senders in JavaScript: where node is, and what npm installs for them."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent / "javascript"

needed = pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")), reason="needs node and npm"
)


def install(room):
    """Have the programs and what they need in the directory `room`; once for what they are now."""
    sources = b"".join(path.read_bytes() for path in sorted(SOURCES.iterdir()))
    mark = room / "installed"
    with (room / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run beside these want them too
        if not mark.exists() or mark.read_bytes() != sources:
            shutil.copytree(SOURCES, room, dirs_exist_ok=True)
            quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
            subprocess.run(("npm", "ci", *quiet), cwd=room, check=True, timeout=300)  # noqa: S607
            mark.write_bytes(sources)
