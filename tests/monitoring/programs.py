"""Programs that a test needs beside the service: found, started, waited for and ended."""

import contextlib
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..process import wait_until


def find(*names: str) -> str:
    """The path of the first of these that is installed; where none is, the test is skipped.

    It fails instead where CI says that it is one: there the program has to be.
    """
    for name in names:
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"{names[0]} is not installed")
    pytest.skip(f"{names[0]} is not installed")


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextlib.contextmanager
def running(command: tuple[str, ...], log: Path, ready: str) -> Iterator[None]:
    """The program while the context lasts, from when `ready`, a URL, answers 200."""
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        what = f"{command[0]} to answer"
        wait_until(lambda: process.poll() is not None or _answers(ready), what, 30)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 our own
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
