"""Tornado's request, with what few handlers look at filled in when they do."""

import time
from typing import Any

from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPServerRequest, RequestStartLine

from .head import Head


class LeanRequest(HTTPServerRequest):
    """A request whose head was checked already."""

    def __init__(self, head: Head, connection: HTTPConnection) -> None:
        # not the base class's: headers, arguments and their copies are half of a quick answer
        self._head = head
        self.method, self.uri = head.method, head.target
        self.version = "HTTP/1.0" if head.is_old else "HTTP/1.1"
        self.path, _, self.query = head.target.partition("?")
        self.connection = connection
        self._start_time, self._finish_time = time.time(), None

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there yet: fills in all of it."""
        if name.startswith("_") or "headers" in self.__dict__:
            raise AttributeError(name)
        start, head = self._start_time, self._head
        super().__init__(
            headers=HTTPHeaders(head.fields),
            connection=self.connection,
            start_line=RequestStartLine(head.method, head.target, self.version),
        )
        self._start_time = start
        return getattr(self, name)
