"""What ties the span of a call to other reports of it, as far as it says that itself."""

from collections.abc import Callable, Mapping
from typing import Any

from .... import links
from ....events import Trace
from ...lenient import name, truth
from ..records import Span
from . import recognise

_CACHED = "litellm.cache_hit"
"""Whether the answer, and so its id, is that of another call."""


def keys(
    span: Span, trace: Trace, told: Mapping[str, Any], kept: Callable[[str], str]
) -> tuple[str, ...]:
    """The keys of the call `trace`, of which `told` is the metadata.

    `kept`: an id as it may be stored.
    """
    found = []
    call_id, response_id = told.get("litellm_call_id"), told.get("response_id")
    if response_id and response_id != call_id and not truth(span.attributes.get(_CACHED)):
        found.append(links.response(trace.provider, kept(response_id)))
    if call_id:
        found.append(links.litellm(kept(call_id)))
    if recognise.is_openclaw(span):
        service = name(span.resource.get("service.name")) or ""
        found.append(links.metered(kept(service), trace.provider, trace.model))
        if span.trace_id:
            found.append(links.turn(span.trace_id))
    return tuple(found)
