"""LiteLLM's `generic_api` callback: its log objects as traces, and errors for failed calls."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from .. import links
from ..ending import Ending
from ..events import Group, Invalid, Rejected, Trace
from ..normalise import stored_status
from ..refusal import Refusal
from . import documents
from .call_types import CALL_TYPES
from .chat.answers import answer
from .chat.messages import conversation
from .failed import error_of_call
from .lenient import amount, count, given, ident, mapping, moment, name, seconds, text, tidy, truth
from .maker import Maker
from .reader import PYTHONS

SOURCE = "litellm"
_TOGETHER = 64
"""Calls that are worked on together, of a body so small that all of it takes the loop 4 ms."""
_SMALL = 2**17
_FEW = 16
"""The same of a larger one that is parsed as a whole."""

Call = Mapping[str, Any]

_KEPT = ("call_type", "model_group", "stream", "cache_hit")
_KEPT_OF_METADATA = ("user_api_key_alias", "user_api_key_team_alias", "user_api_key_user_id")


class LiteLLMReceiver:
    """Reads what the callback posts: an array, NDJSON, or one object a request."""

    def __init__(self, maker: Maker, max_events: int) -> None:
        self._maker, self._max_events = maker, max_events

    def read(self, body: bytearray, media_type: str) -> Iterator[Group | Rejected]:
        if media_type == documents.JSON and _has_lines(body):
            media_type = documents.NDJSON
        size = len(body)
        together = _TOGETHER if size <= _SMALL else _FEW if size <= documents.WHOLE else 1
        items = documents.items(body, media_type, "trace", self._max_events, PYTHONS)
        while some := list(islice(items, together)):
            yield from self._groups(some)

    def _groups(self, items: Sequence[object]) -> Iterator[Group | Rejected]:
        """What each item comes to, stage by stage: see `otlp/decoding/together.py`."""
        most = self._maker.max_text_bytes
        calls = [item for item in items if not isinstance(item, Rejected)]
        asked = [conversation(mapping(call).get("messages"), most) for call in calls]
        natives = [
            _trace(call, words) if isinstance(call, dict) else call
            for call, words in zip(calls, asked, strict=True)
        ]
        cuts = [words.cut("input_text") if words else {} for words in asked]
        traces = self._maker.traces(natives, cuts, SOURCE)
        for item in items:
            if isinstance(item, Rejected):
                yield item
            else:
                yield self._group(mapping(item), next(traces))

    def _group(self, call: Call, trace: Trace | Invalid) -> Group | Rejected:
        """The trace of a call, and the error of one that failed."""
        if isinstance(trace, Invalid):
            return trace.rejected("trace")
        trace = trace._replace(keys=self._keys(call, trace))
        if trace.status != "error":
            return (trace,)
        try:
            return trace, self._maker.error(_error(call, trace), SOURCE)
        except Invalid as fault:
            return fault.rejected("trace")

    def _keys(self, call: Call, trace: Trace) -> tuple[str, ...] | None:
        """What ties the call to other reports of it.

        What a cache answers has the id of another call, and one without an answer has its own.
        """
        call_id, response_id = ident(call.get("litellm_call_id")), ident(call.get("id"))
        found = []
        if response_id and response_id != call_id and not truth(call.get("cache_hit")):
            found.append(links.response(trace.provider, self._maker.ident(response_id)))
        if call_id:
            found.append(links.litellm(self._maker.ident(call_id)))
        return tuple(found) or None


def _has_lines(body: bytearray) -> bool:
    """Its NDJSON comes as application/json too: the first line is then an object of its own."""
    start = len(body) - len(body.lstrip()) if body[:1].isspace() else 0
    end = body.find(b"\n", start)
    if end < 0 or not body.startswith(b"{", start):
        return False
    line = body[start:end]
    if not documents.fits(line):
        return True  # which costs the other lines nothing
    try:
        return isinstance(PYTHONS.large(line), dict)
    except Refusal:
        return False


def _trace(call: Call, asked: Ending | None) -> dict[str, Any]:
    """A call in the members of the native trace."""
    failure = mapping(call.get("error_information"))
    status = name(call.get("status")) or ("failure" if call.get("error_str") else None)
    failed = stored_status(status, None)[0] == "error"
    provider = name(call.get("custom_llm_provider"))
    start, end = moment(call.get("startTime")), moment(call.get("endTime"))
    found = {
        "event_id": ident(call.get("litellm_call_id")),
        "trace_id": ident(call.get("trace_id")),
        "session_id": ident(call.get("session_id")),
        "started_at": None if start is None else int(start),
        "provider": provider or "unknown",
        "model": _model(call, provider),
        "operation": _operation(call),
        "status": status,
        "error_type": name(failure.get("error_class")) if failed else None,
        "cost_usd": _cost(call),
        "latency_ms": _span(start, end) or seconds(call.get("response_time")),
        "time_to_first_token_ms": _first_token(call, start),
        "input_text": asked and asked.text,
        "output_text": answer(call.get("response")),
        "metadata": _metadata(call, failure),
        **_tokens(call, failed),
    }
    return given(found)


def _error(call: Call, trace: Trace) -> dict[str, Any]:
    """The failure of a call in the members of the native error."""
    failure = mapping(call.get("error_information"))
    end = moment(call.get("endTime"))
    return error_of_call(
        trace,
        text(failure.get("error_message")) or text(call.get("error_str")),
        text(failure.get("traceback")) or None,
        None if end is None else int(end),
        {"error_code": failure.get("error_code")},
    )


def _model(call: Call, provider: str | None) -> str | None:
    """The requested model without its provider; a call that failed early may name none."""
    model = name(call.get("model")) or name(call.get("model_group"))
    if model is None:
        return "unknown" if call.get("litellm_call_id") else None
    return model.removeprefix(f"{provider or ''}/") or model


def _operation(call: Call) -> str | None:
    call_type = name(call.get("call_type"))
    return CALL_TYPES.get(call_type, call_type) if call_type else None


def _cost(call: Call) -> float | None:
    """0.0 also stands for a model without a price: it is a cost only where a cache answered."""
    cost = amount(call.get("response_cost"))
    return cost if cost or truth(call.get("cache_hit")) else None


def _tokens(call: Call, failed: bool) -> dict[str, int | None]:
    """Tokens by kind. A failed call reports 0 for unknown."""
    usage = mapping(mapping(call.get("metadata")).get("usage_object"))
    usage = usage or mapping(mapping(call.get("response")).get("usage"))
    prompt = mapping(usage.get("prompt_tokens_details") or usage.get("input_tokens_details"))
    answer = mapping(usage.get("completion_tokens_details") or usage.get("output_tokens_details"))
    found = {
        "prompt_tokens": _first(*_either(call, usage, "prompt_tokens", "input_tokens")),
        "completion_tokens": _first(*_either(call, usage, "completion_tokens", "output_tokens")),
        "total_tokens": _first(call.get("total_tokens"), usage.get("total_tokens")),
        "cache_read_tokens": _first(
            prompt.get("cached_tokens"), usage.get("cache_read_input_tokens")
        ),
        "cache_write_tokens": _first(
            usage.get("cache_creation_input_tokens"), prompt.get("cache_creation_tokens")
        ),
        "reasoning_tokens": count(answer.get("reasoning_tokens")),
    }
    return {key: value or None for key, value in found.items()} if failed else found


def _either(call: Call, usage: Call, chat: str, responses: str) -> tuple[object, ...]:
    """A count in the call's own words, or in its usage's, of chat or of the Responses API."""
    return call.get(chat), usage.get(chat), usage.get(responses)


def _first(*values: object) -> int | None:
    return next((n for n in map(count, values) if n is not None), None)


def _first_token(call: Call, start: float | None) -> float | None:
    """Only a streamed call has a first token before its last."""
    return (
        _span(start, moment(call.get("completionStartTime"))) if truth(call.get("stream")) else None
    )


def _span(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else amount(round(end - start, 3))


def _metadata(call: Call, failure: Call) -> dict[str, object]:
    theirs, response = mapping(call.get("metadata")), mapping(call.get("response"))
    return tidy(
        {
            "response_id": call.get("id"),
            "response_model": response.get("model"),
            "user_id": call.get("end_user"),
            "tags": call.get("request_tags"),
            "error_code": failure.get("error_code"),
            **{key: call.get(key) for key in _KEPT},
            **{key: theirs.get(key) for key in _KEPT_OF_METADATA},
        }
    )
