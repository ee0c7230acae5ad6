"""Envelopes as Sentry's SDKs build them."""

import json

EVENT_ID = "9ec79c33ec9942ab8353589fcb2e04dc"
PATH = "/api/1/envelope/"


def raised(type_="ValueError", value="no", frames=None, **more):
    """An exception as a value of `exception.values`."""
    stacktrace = {} if frames is None else {"stacktrace": {"frames": frames}}
    return {"type": type_, "value": value, **stacktrace, **more}


def frame(number=1, **more):
    """A frame of a stack."""
    return {
        "filename": "app.py",
        "lineno": number,
        "function": "f",
        "context_line": "  f()",
        **more,
    }


def event(*values, **more):
    """The payload of an event."""
    exception = {"exception": {"values": list(values)}} if values else {}
    return {"event_id": EVENT_ID, **exception, **more}


def item(payload, kind="event", **header):
    """An item: its header and its payload; `length` None leaves that out."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    header = {"type": kind, "length": len(raw), **header}
    kept = {name: value for name, value in header.items() if value is not None}
    return json.dumps(kept).encode() + b"\n" + raw


def envelope(*items, **header):
    """Items behind a header, with a newline at the end."""
    return b"\n".join([json.dumps(header).encode(), *items, b""])
