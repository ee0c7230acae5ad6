"""Processes that listen, what they have used, and waiting for them."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVICE = (sys.executable, "-m", "server", "--port={port}", "--db={db}", "--log-level=warning")


class Server:
    """A command that listens, and what it and its children have used so far.

    `{port}` and `{db}` in the command are filled in.
    """

    def __init__(self, command: Sequence[str], database: str = "") -> None:
        self.port, self.database = free_port(), database
        filled = [word.format(port=self.port, db=database) for word in command]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 closed by stop
        self.process = subprocess.Popen(
            filled, cwd=ROOT, stdout=self._said, stderr=subprocess.STDOUT, start_new_session=True
        )
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: self.process.poll() is not None or can_connect(self.port), "a start")
        if not can_connect(self.port):
            self._said.seek(0)
            raise RuntimeError(f"{filled} did not start: {self._said.read(2000).decode()}")

    def cpu_seconds(self) -> float:
        """User and system time so far, to the nanosecond: /proc counts it in ticks of 10 ms."""
        # clock_getcpuclockid(3)
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in tree(self.process.pid))

    def thread_seconds(self) -> dict[int, float]:
        """The same of each thread of the first process, by its id; those that ended are not in."""
        found = {}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found[int(task.name)] = int((task / "schedstat").read_text().split()[0]) / 1e9
        return found

    def rss_mib(self) -> float:
        """Resident memory now."""
        return sum(_rss_kib(pid) for pid in tree(self.process.pid)) / 1024

    def health(self, key: str) -> int:
        """A number of /health, which costs far less than a scrape."""
        return int(json.load(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health"))[key])

    def settle(self) -> None:
        """Wait until the queue is empty."""
        wait_for(lambda: self.health("queue_depth") == 0, "the queue to empty")

    def metric(self, name: str) -> float:
        """The sum of a metric's samples."""
        answer = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics")
        lines = [line for line in answer.read().decode().splitlines() if line.startswith(name)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def pause(self) -> None:
        """Stop it, so that it takes no CPU from the others."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """The opposite of `pause`."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it, also while it is paused."""
        self.resume()
        self.process.terminate()
        self.process.wait(30)
        self._said.close()

    def _signal(self, number: int) -> None:
        os.killpg(self.process.pid, number)


def service(database: str, *flags: str) -> Server:
    """tokenweir with its defaults, but for these flags."""
    return Server((*SERVICE, *flags), database)


def tree(root: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    return [root, *(below for child in children for below in tree(int(child)))]


def _rss_kib(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def can_connect(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Poll until `condition` holds. Raises TimeoutError when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.01)
