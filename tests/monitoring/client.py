"""Requests to the service, one connection for them all, with the key that it asks for."""

import http.client
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..holders import SEND, bearer

JSON = {"Content-Type": "application/json"}


class Client:
    """For one thread. Connects again where the service went away."""

    def __init__(self, url: str) -> None:
        self._http = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, body: object, headers: Mapping[str, str] = JSON) -> int:
        """The status of the answer; bytes are sent as they are, all else as JSON.

        Raises OSError or HTTPException where nobody answers.
        """
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, raw, {**bearer(SEND), **headers})

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Any = None) -> int:
        """The same of any request."""
        try:
            self._http.request(method, path, body, headers or {})
            response = self._http.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            self._http.close()
            raise
        return response.status

    def post_all(self, requests: Iterable[tuple[str, object, Mapping[str, str], int]]) -> None:
        """Post each: a path, a body, headers, and the status that it must be answered with."""
        for path, body, headers, status in requests:
            answered = self.post(path, body, headers)
            assert answered == status, (path, headers, answered)
