"""A webhook that keeps what Alertmanager posts to it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Webhook:
    """Listens at `url`; `alerts` are those of all notices, in the order in which they came."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"
        self.alerts: list[dict[str, Any]] = []

    def told(self, name: str, status: str) -> list[dict[str, Any]]:
        """The alerts of this name that came as `firing` or as `resolved`."""
        found = [one for one in list(self.alerts) if one["labels"]["alertname"] == name]
        return [one for one in found if one["status"] == status]


@contextmanager
def listening() -> Iterator[Webhook]:
    """A webhook on a free port of loopback, while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            notice = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            webhook.alerts.extend(notice["alerts"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what came stands in `alerts`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    webhook = Webhook(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield webhook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
