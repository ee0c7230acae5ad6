"""h11's reading of a stream: another's strictness, to tell how good our reference is."""

import h11

from .reference import Request


def read_by_h11(data: bytes) -> list[Request]:
    """The requests of a stream until its end, or until what h11 does not take."""
    connection, requests = h11.Connection(h11.SERVER, max_incomplete_event_size=8192), []
    connection.receive_data(data)
    connection.receive_data(b"")
    while connection.states[h11.CLIENT] is h11.IDLE:
        try:
            if (request := _next(connection)) is None:
                break
        except h11.RemoteProtocolError:
            break
        requests.append(request)
        if connection.states[h11.CLIENT] is not h11.DONE:
            break
        connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
        connection.send(h11.EndOfMessage())
        if connection.our_state is h11.MUST_CLOSE:
            break
        connection.start_next_cycle()
    return requests


def _next(connection: h11.Connection) -> Request | None:
    head, body = connection.next_event(), b""
    if not isinstance(head, h11.Request):
        return None
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    if not isinstance(event, h11.EndOfMessage):
        return None
    fields = tuple((name.decode(), value.decode("latin-1")) for name, value in head.headers)
    version = f"HTTP/{head.http_version.decode()}"
    return Request(head.method.decode(), head.target.decode("latin-1"), version, fields, body)
