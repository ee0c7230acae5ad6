"""Requests to the service, as a sender makes them, and why there was no answer."""

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from ..version import version


class Unreachable(Exception):
    """No answer came. Says why, and what to do."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    content_type: str
    body: bytes

    def json(self) -> dict[str, object]:
        """The body where it is a JSON object, else nothing."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def reason(self) -> str:
        """The word by which tokenweir names a refusal; empty in another's answer."""
        error = self.json().get("error")
        return str(error.get("reason", "")) if isinstance(error, dict) else ""


class Service:
    """Who answers at a URL. Each request has a connection of its own."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        """Raises ValueError for what is no URL of a service."""
        try:
            parts, port = urlsplit(url), urlsplit(url).port
        except ValueError as error:
            raise ValueError(f"URL must be http://HOST:PORT, not {url!r}: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError(f"URL must be http://HOST:PORT, or with https, not {url!r}")
        self.url, self.path = url.rstrip("/"), parts.path.rstrip("/")
        self.host, self._tls = parts.hostname, parts.scheme == "https"
        self._port = port or (443 if self._tls else 80)
        self._timeout = timeout_seconds

    def root(self) -> "Service":
        """The same one without the path of its URL."""
        return Service(self.url.removesuffix(self.path), self._timeout)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises `Unreachable`."""
        return self._ask("GET", path, None, headers or {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises `Unreachable`."""
        return self._ask("POST", path, body, headers)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        connection = self._connection()
        try:
            ours = {"User-Agent": f"tokenweir-doctor/{version()}", **headers}
            connection.request(method, self.path + path, body, ours)
            response = connection.getresponse()
            kind = response.headers.get("Content-Type", "")
            return Answer(response.status, kind, response.read(2**24))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(self._why(error)) from None
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        return kind(self.host, self._port, timeout=self._timeout)

    def _why(self, error: Exception) -> str:
        where = f"{self.host}:{self._port}"
        match error:
            case socket.gaierror():
                return f"no such host: {self.host}. Is the name right, and known on this machine?"
            case ConnectionRefusedError():
                return (
                    f"nobody listens at {where}. Is tokenweir running, and is that its port? In a "
                    "container 127.0.0.1 is the container itself"
                )
            case TimeoutError():
                hint = (
                    f"speaks it TLS? Try http://{where}" if self._tls else "is a firewall between?"
                )
                return f"no answer from {where} in {self._timeout:g} s: {hint}"
            case ssl.SSLCertVerificationError():
                return f"the certificate of {where} is not trusted here ({error.verify_message})"
            case ssl.SSLError():
                return f"{where} speaks no TLS, as tokenweir itself: try http://{where}"
            case OSError() if not isinstance(error, http.client.HTTPException):
                return f"{where}: {error.strerror or error}"
        return f"what answers at {where} speaks no plain HTTP. Does it want https?"
