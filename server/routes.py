"""Finding the handler of a request: by its path, in one look."""

import re
from collections.abc import Mapping
from typing import Any

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.web import Application

from .handlers.base import Handler
from .handlers.slim import SlimDelegate, SlimHandler

Route = tuple[type[Handler], dict[str, Any]]
"""A handler, and what it is made with."""

_ADDRESS = re.compile(r"https?://[^/?]*", re.IGNORECASE)


class Routes(Application):
    """An Application whose paths are fixed, but for a few patterns."""

    def __init__(self, paths: Mapping[str, Route], patterns: Mapping[str, Route], other: Route):
        """`patterns`: regular expressions of whole paths. `other`: what no path leads to."""
        # what is answered is counted in on_finish, and never logged: a URL is the sender's own
        super().__init__(log_function=lambda handler: None)
        self._paths = paths
        self._patterns = [(re.compile(pattern), route) for pattern, route in patterns.items()]
        self._other = other

    def find_handler(  # type: ignore[override]  # all that is asked of it is HTTPMessageDelegate
        self, request: HTTPServerRequest, **kwargs: Any
    ) -> HTTPMessageDelegate:
        """What takes the request."""
        kind, arguments = self._paths.get(request.path) or self._look_for(request.path)
        if issubclass(kind, SlimHandler):
            return SlimDelegate(kind(self, request, **arguments))
        return self.get_handler_delegate(request, kind, arguments)

    def _look_for(self, path: str) -> Route:
        """Also where a proxy asks with the whole address (RFC 9112, section 3.2.2)."""
        if (address := _ADDRESS.match(path)) and (route := self._paths.get(path[address.end() :])):
            return route
        path = path[address.end() :] if address else path
        found = (route for pattern, route in self._patterns if pattern.fullmatch(path))
        return next(found, self._other)
