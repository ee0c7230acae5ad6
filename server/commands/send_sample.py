"""`tokenweir send-sample`: post made-up traffic to a running service."""

import contextlib
import http.client
import json
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from urllib.parse import urlsplit

from ..failure import Failure
from ..loading import KEY_VARIABLE
from .traffic import Sample, timed, traffic

HELP = (
    "send realistic made-up traffic to a running service, to try it out; "
    f"a key that it asks for is read from the variable {KEY_VARIABLE}"
)

_TIMEOUT_SECONDS = 30


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--url", default="http://127.0.0.1:4318", help="the service (default %(default)s)"
    )
    parser.add_argument(
        "--count", type=int, default=1000, metavar="N", help="events (default 1000)"
    )
    parser.add_argument(
        "--rate", type=float, default=0, metavar="N", help="events a second (default: no limit)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed makes the same events"
    )


def run(arguments: Namespace) -> int:
    if arguments.count < 1 or not 0 <= arguments.rate < float("inf"):
        raise Failure("--count must be at least 1 and --rate at least 0", status=2)
    sender = _Sender(arguments.url, _headers())
    progress = _Progress(arguments.count)
    trouble = None
    try:
        for sample in progress.paced(
            islice(traffic(arguments.seed), arguments.count), arguments.rate
        ):
            sender.send(sample)
    except (OSError, http.client.HTTPException) as error:
        trouble = f"stopped early: {arguments.url}: {error or type(error).__name__}"
    except KeyboardInterrupt:
        trouble = "interrupted"
    progress.end(sender.statuses)
    if trouble:
        raise Failure(trouble)
    return 0


def _headers() -> dict[str, str]:
    """With the key, which is no flag: a command line is seen by all who are on the machine."""
    headers = {"Content-Type": "application/json"}
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise Failure(f"{KEY_VARIABLE} must be printable ASCII", status=2)
    return {**headers, "Authorization": f"Bearer {key}"} if key else headers


class _Sender:
    """One connection; counts what became of each event."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._headers = headers
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 80
            if parts.scheme != "http" or not host or parts.path.strip("/"):
                raise ValueError
            self._http = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        except (ValueError, http.client.InvalidURL):
            raise Failure(f"--url must be http://HOST:PORT, not {url!r}", status=2) from None
        self.statuses: Counter[str] = Counter()

    def send(self, sample: Sample) -> None:
        """Post one event. Raises OSError or HTTPException where nobody, or another, answers."""
        route, event = sample
        body = json.dumps(timed(route, event))
        self._http.request("POST", route, body, self._headers)
        response = self._http.getresponse()
        answer = response.read()
        with contextlib.suppress(ValueError, LookupError, TypeError):
            self.statuses[json.loads(answer)["events"][0]["status"]] += 1
            return
        if response.status == 401:
            raise http.client.HTTPException(f"it wants a key, or another one: set {KEY_VARIABLE}")
        said = f"{response.status} {response.reason} is no answer of tokenweir to an event"
        raise http.client.HTTPException(said)


class _Progress:
    """Keeps the rate and, on a terminal, shows how far it is."""

    def __init__(self, count: int) -> None:
        self._count, self._sent = count, 0
        self._start = self._shown = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def paced(self, samples: Iterable[Sample], rate: float) -> Iterator[Sample]:
        """`samples`, at most `rate` a second; 0 is no limit."""
        for sample in samples:
            if rate:
                time.sleep(max(0.0, self._start + self._sent / rate - time.monotonic()))
            yield sample
            self._sent += 1
            if self._terminal and time.monotonic() > self._shown + 0.2:
                self._show()

    def end(self, statuses: Counter[str]) -> None:
        """Print the summary."""
        if self._terminal:
            self._show()
            print(file=sys.stderr)
        parts = ", ".join(
            f"{statuses[name]} {name}" for name in ("accepted", "dropped", "rejected")
        )
        print(f"{statuses.total()} events in {self._seconds():.1f} s: {parts}", flush=True)

    def _show(self) -> None:
        self._shown = time.monotonic()
        line = f"sent {self._sent} of {self._count}, {self._sent / self._seconds():.0f} events/s"
        print(f"\r{line}", end="", file=sys.stderr, flush=True)

    def _seconds(self) -> float:
        return max(time.monotonic() - self._start, 1e-6)
