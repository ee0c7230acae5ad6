"""Sentry's SDKs: an envelope with one error, packed."""

import gzip
import json

from . import MODEL, PROVIDER, SAID, Post, new

_ENVELOPE = "application/x-sentry-envelope"


def posts() -> list[Post]:
    mark = new()
    trace = {"trace_id": mark.trace_id, "span_id": mark.span_id}
    event = {
        "event_id": new().trace_id,
        "timestamp": mark.at_ms / 1000,
        "level": "error",
        "platform": "python",
        "message": SAID,
        "tags": {
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.request.model": MODEL,
            "session.id": mark.session_id,
        },
        "contexts": {"trace": trace},
    }
    payload = json.dumps(event).encode()
    item = {"type": "event", "content_type": "application/json", "length": len(payload)}
    head = {"event_id": event["event_id"]}
    lines = [json.dumps(head).encode(), json.dumps(item).encode(), payload]
    body = gzip.compress(b"\n".join(lines) + b"\n")
    return [Post("/api/1/envelope/", _ENVELOPE, body, "error", mark.trace_id, "gzip")]
