"""Processes that listen, what they have used, and waiting for them."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


class Server:
    """A process that listens, and what it has used so far."""

    def __init__(self, *command: str) -> None:
        self.port = free_port()
        filled = [word.format(port=self.port) for word in command]
        self.process = subprocess.Popen([sys.executable, *filled], stdout=subprocess.DEVNULL)
        wait_for(lambda: can_connect(self.port), "the server to listen")

    def cpu_seconds(self) -> float:
        """User and system time so far, to the nanosecond: /proc counts it in ticks of 10 ms."""
        return time.clock_gettime(~self.process.pid << 3 | 2)  # clock_getcpuclockid(3)

    def rss_mib(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def health(self, key: str) -> int:
        """A number of /health, which costs far less than a scrape."""
        return int(json.load(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health"))[key])

    def metric(self, name: str) -> float:
        """The sum of a metric's samples."""
        answer = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics")
        lines = [line for line in answer.read().decode().splitlines() if line.startswith(name)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def stop(self) -> None:
        """End it, also when it is stopped by SIGSTOP."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(30)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def can_connect(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, what: str, seconds: float = 60) -> None:
    """Poll until `condition` holds; RuntimeError when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)
