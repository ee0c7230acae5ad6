"""What the answer to a request says has become of its event."""

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from .asking import Answer
from .marked import JSON, PROTOBUF, Post

_HINTS = {
    "not_found": "the path is wrong: is the URL right, without the path of a sender?",
    "method_not_allowed": "the path is wrong: is the URL right?",
    "body_too_large": "max_body_bytes is too small for a request of a few hundred bytes",
    "too_many_events": "max_request_events or max_request_spans is too small",
    "unsupported_media_type": "a proxy between changes Content-Type or Content-Encoding",
    "invalid_json": "a proxy between changes the body",
    "invalid_protobuf": "a proxy between changes the body",
    "bad_encoding": "a proxy between unpacks the body, but leaves Content-Encoding",
    "length_required": "a proxy between takes Content-Length away",
    "queue_full": "the queue is full, so events come faster than the disk takes them, or it is "
    "stuck: see /health",
    "shutting_down": "it is stopping: try again",
    "busy": "too many large bodies, or connections, at once: try again",
}
_STRANGE = "but not tokenweir's: what is between here and there?"


class Lost(Exception):
    """The event is not on its way to a row. Says why, and what to do."""


def check(post: Post, answer: Answer, key_origin: str) -> str:
    """What a good answer said. Raises `Lost`."""
    if answer.status == 401:
        raise Lost(f"401, {_key(key_origin)}")
    if answer.status not in (200, 202):
        raise Lost(_refused(answer))
    if answer.status == 202:
        return _native(answer)
    is_protobuf = post.content_type == PROTOBUF
    if not answer.content_type.startswith(PROTOBUF if is_protobuf else JSON):
        raise Lost(f"200, {_STRANGE}")
    return _protobuf(answer) if is_protobuf else "200"


def _key(origin: str) -> str:
    make = "tokenweir key new NAME --file=FILE makes one, and SIGHUP has it read"
    return f"it knows no such key as {origin}: {make}" if origin else f"it asks for a key: {make}"


def _refused(answer: Answer) -> str:
    reason = answer.reason() or _native_reason(answer)
    if not reason:
        return f"{answer.status}, which tokenweir did not say: does a proxy between refuse it?"
    hint = _HINTS.get(reason, "tokenweir does not take what its own doctor sends: versions?")
    return f"{answer.status} {reason}: {hint}"


def _native_reason(answer: Answer) -> str:
    """Why the only event was no valid one."""
    events = answer.json().get("events")
    found = events[0].get("error") if isinstance(events, list) and events else None
    return f"{found.get('reason')} {found.get('path')}" if isinstance(found, dict) else ""


def _native(answer: Answer) -> str:
    told = answer.json()
    if told.get("dropped"):
        raise Lost("202, but dropped: " + _HINTS["queue_full"])
    if told.get("accepted") != 1:
        raise Lost(f"202, {_STRANGE}")
    return "202, accepted"


def _protobuf(answer: Answer) -> str:
    """The three services have responses of one shape."""
    try:
        response = ExportTraceServiceResponse.FromString(answer.body)
    except DecodeError:
        raise Lost(f"200, {_STRANGE}") from None
    if response.partial_success.rejected_spans:
        raise Lost(f"200, but rejected: {response.partial_success.error_message}")
    return "200"
