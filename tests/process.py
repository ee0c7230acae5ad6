"""The real process: started, asked, signalled, waited for."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VARIABLE = "TOKENWEIR_HTTP"
"""Names the HTTP layer of the services that a test starts; see tests/layers.py."""
SERVER = (sys.executable, "-m", "server")


def run(*arguments, environment=None, **options):
    """Run a command to its end; its result with text output."""
    return subprocess.run(
        (*SERVER, *arguments),
        capture_output=True,
        text=True,
        timeout=60,
        env=_environment(environment),
        **options,
    )


def start(*arguments, environment=None, **options) -> Any:
    """Start a command; its process, with text pipes."""
    return subprocess.Popen(
        (*SERVER, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(environment),
        **options,
    )


@contextmanager
def serving(database, *arguments, **options):
    """A running service on a free port; killed at the end if it still runs."""
    process = start("--port=0", f"--db={database}", *arguments, **options)
    try:
        yield Running(process)
    finally:
        process.kill()
        process.communicate()


def first_line(process):
    """What it prints first; empty if it ended before."""
    ready, _, _ = select.select([process.stdout], [], [], 30)
    assert ready, "the service said nothing for 30 s"
    return process.stdout.readline()


class Running:
    """A service that has said where it listens."""

    def __init__(self, process, banner=None):
        self.process = process
        self.banner = banner or first_line(process)
        found = re.search(r"listening on (http://\S+?),", self.banner)
        assert found, (self.banner, process.poll())
        self._url, self._layer = found[1], os.environ.get(VARIABLE)

    @property
    def url(self):
        """Where it listens, for tests over its own HTTP layer only."""
        assert os.environ.get(VARIABLE) == self._layer, "its fixture must ask for `layer`"
        return self._url

    def stop(self, signum=signal.SIGTERM):
        """Signal it; its exit status and stderr."""
        self.process.send_signal(signum)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors

    def get(self, path):
        """The body of a GET."""
        with urllib.request.urlopen(self.url + path, timeout=10) as response:  # noqa: S310 our own
            return response.read().decode()

    def json(self, path):
        """The decoded body of a GET."""
        return json.loads(self.get(path))

    def metric(self, name):
        """The sum of a metric's samples."""
        lines = [line for line in self.get("/metrics").splitlines() if line.startswith(name)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def post(self, path, body):
        """The decoded answer to a POST of JSON."""
        request = urllib.request.Request(  # noqa: S310 our own
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 our own
            return json.load(response)

    def memory(self, name):
        """Bytes of VmRSS (now) or VmHWM (the peak)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

    def forget_peak(self):
        """Have VmHWM begin at what is taken now."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


def wait_until(condition, what, seconds=15.0):
    """Poll until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.01)  # between two looks, never instead of one


def _environment(extra):
    """Ours without its settings, but for the HTTP layer of the test that starts it."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if key == VARIABLE or not key.startswith("TOKENWEIR_")
    }
    return clean | (extra or {})
