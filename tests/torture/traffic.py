"""Several connections that post until they are told to end, and what they were answered."""

import http.client
import json
import threading
from random import Random
from typing import Any

from . import Violation
from .payloads import Payloads, Request

CONNECTIONS = 4
PAUSE_SECONDS = 0.01
"""Longest pause of a connection between two requests."""
REPEATS = 0.05
"""Share of the requests that are sent a second time."""
TIMEOUT_SECONDS = 30.0


class Connection:
    """One connection that is kept, and the ids that it was told were accepted."""

    def __init__(self, url: str) -> None:
        address = url.removeprefix("http://")
        self._http = http.client.HTTPConnection(address, timeout=TIMEOUT_SECONDS)
        self.accepted: list[tuple[str, str]] = []

    def post(self, request: Request) -> Any:
        """The answer. Raises OSError or HTTPException where there is none."""
        headers = {"Content-Type": request.media_type}
        self._http.request("POST", request.path, request.body, headers)
        response = self._http.getresponse()
        body = response.read()
        if response.status != 202:
            raise Violation(f"answered {response.status}: {body[:300]!r}")
        answer = json.loads(body)
        accepted = list(request.accepted(answer))
        self.accepted += accepted
        if answer["accepted"] != len(accepted):
            raise Violation(f"says {answer['accepted']} accepted, and lists {len(accepted)}")

    def close(self) -> None:
        self._http.close()


class Traffic:
    """A context: posts within it. `events`: about so many in large arrays, then single ones."""

    def __init__(self, url: str, seed: str, events: int) -> None:
        self._url, self._left = url, events
        self._enough, self._struck = threading.Event(), threading.Event()
        self._senders = [
            threading.Thread(target=self._send, args=(f"{seed}.{number}",))
            for number in range(CONNECTIONS)
        ]
        self._failures: list[BaseException] = []
        self.accepted: list[tuple[str, str]] = []
        """Kind and event_id; complete when the context has ended."""
        self.answers = 0

    def __enter__(self) -> "Traffic":
        for sender in self._senders:
            sender.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._enough.set()
        for sender in self._senders:
            sender.join()
        if self._failures and error[0] is None:
            raise self._failures[0]

    def expect_the_end(self) -> None:
        """From now on a connection may fail: call it just before the service is struck."""
        self._struck.set()
        self._enough.set()

    def _send(self, seed: str) -> None:
        connection = Connection(self._url)
        try:
            self._post(connection, Random(seed))  # noqa: S311 to be repeated, not secret
        except (OSError, http.client.HTTPException) as error:
            if not self._struck.is_set():
                self._failures.append(Violation(f"a connection failed unstruck: {error!r}"))
        except BaseException as error:  # noqa: BLE001 raised where the context ends
            self._failures.append(error)
        finally:
            connection.close()
            self.accepted += connection.accepted

    def _post(self, connection: Connection, random: Random) -> None:
        payloads = Payloads(random)
        while not self._enough.is_set():
            request = payloads.any(self._left)
            for _ in range(2 if random.random() < REPEATS else 1):
                connection.post(request)
                self._left -= len(request.kinds)
                self.answers += 1
            self._enough.wait(random.uniform(0, PAUSE_SECONDS))
