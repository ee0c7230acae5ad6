"""`tokenweir send-sample`: post made-up traffic to a running service."""

import http.client
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from ..times import now_ms
from . import Failure
from .traffic import Sample, traffic

HELP = "send realistic made-up traffic to a running service, to try it out"

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
    sender = _Sender(arguments.url)
    start = time.monotonic()
    lost = None
    try:
        for sent, sample in enumerate(islice(traffic(arguments.seed), arguments.count)):
            if arguments.rate:
                time.sleep(max(0.0, start + sent / arguments.rate - time.monotonic()))
            sender.send(sample)
            _show_progress(sent + 1, arguments.count, start)
    except (OSError, http.client.HTTPException) as error:
        lost = f"{arguments.url}: {error or type(error).__name__}"
    return _conclude(sender.statuses, lost, time.monotonic() - start)


class _Sender:
    """One connection; counts what became of each event."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise Failure(f"--url must be http://HOST:PORT, not {url!r}", status=2)
        self._http = http.client.HTTPConnection(
            parts.hostname, parts.port or 80, timeout=_TIMEOUT_SECONDS
        )
        self.statuses: Counter[str] = Counter()

    def send(self, sample: Sample) -> None:
        """Post one event. Raises OSError or HTTPException when the service cannot be reached."""
        route, event = sample
        body = json.dumps(_timed(route, event))
        self._http.request("POST", route, body, {"Content-Type": "application/json"})
        response = self._http.getresponse()
        answer = response.read()
        if response.status not in (202, 400):
            raise http.client.HTTPException(f"answered {response.status} {response.reason}")
        self.statuses[json.loads(answer)["events"][0]["status"]] += 1


def _timed(route: str, event: dict[str, Any]) -> dict[str, Any]:
    """A call that has just ended, or an error that has just happened."""
    if route == "/v1/errors":
        return {**event, "occurred_at": now_ms()}
    return {**event, "started_at": now_ms() - int(event["latency_ms"])}


def _show_progress(sent: int, count: int, start: float) -> None:
    if sys.stderr.isatty() and (sent % 50 == 0 or sent == count):
        rate = sent / max(time.monotonic() - start, 1e-6)
        end = "\n" if sent == count else ""
        print(
            f"\rsent {sent} of {count}, {rate:.0f} events/s", end=end, file=sys.stderr, flush=True
        )


def _conclude(statuses: Counter[str], lost: str | None, seconds: float) -> int:
    parts = ", ".join(f"{statuses[name]} {name}" for name in ("accepted", "dropped", "rejected"))
    print(f"{statuses.total()} events in {seconds:.1f} s: {parts}")
    if lost:
        raise Failure(f"stopped early, cannot reach {lost}")
    return 0
