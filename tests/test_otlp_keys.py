"""What ties the spans of a call to each other, and to what other reports say of it."""

import pytest
from prometheus_client import CollectorRegistry

from server import links
from server.config import Config
from server.metrics import Metrics
from server.parts import make_redactor

from .otlp import START, TRACE_ID, call, events_of, record, request, tool

SECOND = 10**9
ANSWERED = {"gen_ai.response.id": "r1"}


def id_of(number, trace_id=TRACE_ID):
    return f"{trace_id}:{number:016x}"


def parent(number):
    return {"parent_span_id": number.to_bytes(8, "big")}


def keys_of(*sent, **about):
    """The keys of each trace, by its event id."""
    events = events_of(*sent, **about)
    return {one.event_id: one.keys for one in events if one.kind == "trace"}


@pytest.mark.parametrize(
    ("attributes", "keys"),
    [
        ({}, None),
        ({"gen_ai.response.id": ""}, None),
        (ANSWERED, (links.response("openai", "r1"),)),
        ({"ai.response.id": "r1"}, (links.response("openai", "r1"),)),
        ({**ANSWERED, "gen_ai.provider.name": "Anthropic"}, (links.response("anthropic", "r1"),)),
        ({"litellm.call_id": "c1"}, (links.litellm("c1"),)),
        (
            {"litellm.call_id": "c1", **ANSWERED},
            (links.response("openai", "r1"), links.litellm("c1")),
        ),
        ({"litellm.call_id": "r1", **ANSWERED}, (links.litellm("r1"),)),
        (
            {"litellm.call_id": "c1", "litellm.cache_hit": "True", **ANSWERED},
            (links.litellm("c1"),),
        ),
    ],
)
def test_a_call_is_named_by_the_ids_it_has(attributes, keys):
    assert keys_of(call(1, attributes)) == {id_of(1): keys}


def test_a_long_id_is_hashed():
    ((key,),) = keys_of(call(1, {"gen_ai.response.id": "r" * 300})).values()
    assert key.startswith("response:openai:sha256:")
    assert len(key) < 100


def test_an_id_with_a_secret_is_hashed():
    secret = "sk-proj-" + "a1B2" * 12
    redactor = make_redactor(Config(), Metrics(CollectorRegistry()).events)
    ((key,),) = keys_of(call(1, {"gen_ai.response.id": secret}), redactor=redactor).values()
    assert key.startswith("response:openai:sha256:")


@pytest.mark.parametrize("is_late", [False, True])
def test_a_call_below_another_names_it_where_spans_stand_between(is_late):
    sent = [
        call(1),
        tool(2, name="POST", **parent(1)),
        tool(3, name="connect", **parent(2)),
        call(4, **parent(3)),
    ]
    found = keys_of(*(sent if is_late else sent[::-1]))
    assert found == {id_of(1): None, id_of(4): (links.under(id_of(1)),)}


def test_the_nearest_call_above_is_named():
    sent = call(1), call(2, **parent(1)), tool(3, **parent(2)), call(4, **parent(3))
    assert keys_of(*sent)[id_of(4)] == (links.under(id_of(2)),)


def test_a_direct_child_needs_no_key():
    assert keys_of(call(1), call(2, **parent(1))) == {id_of(1): None, id_of(2): None}


@pytest.mark.parametrize(
    "said",
    [
        {"openinference.span.kind": "TOOL"},
        {"openinference.span.kind": "AGENT"},
        {"gen_ai.operation.name": "execute_tool"},
        {"gen_ai.operation.name": "invoke_agent"},
        {"traceloop.span.kind": "tool"},
        {"ai.operationId": "ai.toolCall"},
    ],
)
def test_what_a_tool_or_an_agent_calls_is_no_report_of_the_call_above(said):
    sent = call(1), tool(2, said, **parent(1)), call(3, **parent(2))
    assert keys_of(*sent)[id_of(3)] is None


@pytest.mark.parametrize(
    "between",
    [
        tool(2),  # ends there
        tool(2, **parent(1), trace_id=b"\1" * 16),
        call(2, {"gen_ai.usage.input_tokens": 1}, name="openclaw.model.usage"),
    ],
)
def test_a_call_without_a_call_above_has_no_key(between):
    assert keys_of(call(1), between, call(3, **parent(2)))[id_of(3)] is None


def test_a_way_up_that_leaves_the_request_may_lead_to_a_call_of_another():
    sent = call(1), tool(2, **parent(7)), call(3, **parent(2))
    assert keys_of(*sent)[id_of(3)] == (links.under(id_of(7)),)


def test_spans_in_a_circle_do_no_harm():
    sent = tool(1, **parent(2)), tool(2, **parent(1)), call(3, **parent(1)), tool(4, **parent(4))
    assert keys_of(*sent, call(5, **parent(4))) == {id_of(3): None, id_of(5): None}
    assert keys_of(call(1, **parent(2)), tool(2, **parent(1))) == {id_of(1): None}
    assert keys_of(call(1, **parent(1))) == {id_of(1): None}


def test_a_chain_is_followed_only_so_far():
    chain = [tool(n, **parent(n - 1)) for n in range(2, 300)]
    assert keys_of(call(1), *chain, call(300, **parent(299)))[id_of(300)] is None


def test_calls_come_in_their_order_and_before_exceptions():
    sent = [
        tool(1, exceptions=[{"type": "ValueError", "message": "no such order"}]),
        call(2, failed=True, message="it broke"),
        call(3),
    ]
    events = events_of(*sent)
    assert [(one.kind, one.span_id[-1]) for one in events] == [
        ("trace", "2"),
        ("error", "2"),
        ("trace", "3"),
        ("error", "1"),
    ]


OUTER, INNER = "opentelemetry.instrumentation.anthropic", "com.anthropic.sdk.python"


def failed(number, start, end, **options):
    """A failed call in a trace of its own; its times are seconds."""
    ids = {"trace_id": number.to_bytes(16, "big"), "span_id": number.to_bytes(8, "big")}
    times = {
        "start_time_unix_nano": START + start * SECOND,
        "end_time_unix_nano": START + end * SECOND,
    }
    attributes = options.pop("attributes", {})
    return call(number, attributes, **{**ids, **times, "failed": True, **options})


def twins(outer, inner, **about):
    """The numbers of those that are tied to each other, when each has a scope of its own."""
    message = request(*outer, scope=OUTER, **about)
    message.MergeFrom(request(*inner, scope=INNER, **about))
    found: dict[str, set[int]] = {}
    for event in events_of(message=message):
        for key in event.keys or () if event.kind == "trace" else ():
            found.setdefault(key, set()).add(int(event.span_id, 16))
    assert all(key.startswith(links.TWIN) for key in found)
    return sorted(map(sorted, found.values()))


def test_two_reports_of_a_failed_call_are_tied_by_their_times():
    assert twins([failed(1, 0, 9)], [failed(2, 1, 8)]) == [[1, 2]]
    assert twins([failed(1, 1, 8)], [failed(2, 0, 9)]) == [[1, 2]]


def test_failed_calls_in_parallel_pair_off():
    outer = [failed(n, n, n + 10) for n in (1, 2, 3)]
    inner = [failed(10 + n, n, n + 9) for n in (3, 1, 2)]
    assert twins(outer, inner) == [[1, 11], [2, 12], [3, 13]]


def test_one_report_too_many_leaves_only_those_without_a_rival():
    outer = [failed(1, 0, 9), failed(2, 20, 29)]
    inner = [failed(11, 1, 3), failed(12, 4, 8), failed(13, 21, 28)]
    assert twins(outer, inner) == [[2, 13]]


def test_a_crowd_that_does_not_pair_off_is_left_alone():
    outer = [failed(n, 10 * n, 10 * n + 9) for n in range(1, 41)]
    inner = [failed(n + 40, 10 * n + 1, 10 * n + 8) for n in range(2, 41)]
    assert twins(outer, inner) == []
    assert len(twins(outer[:20], inner[:18])) == 18


MODEL, SYSTEM = "gen_ai.request.model", "gen_ai.provider.name"


@pytest.mark.parametrize(
    "inner",
    [
        failed(2, 1, 12),
        failed(2, 10, 12),
        failed(2, 1, 8, failed=False),
        failed(2, 1, 8, attributes={MODEL: "other"}),
        failed(2, 1, 8, attributes={SYSTEM: "other"}),
        failed(2, 1, 8, attributes={"gen_ai.prompt": "Why?"}),
    ],
)
def test_what_may_be_another_call_is_not_tied(inner):
    outer = failed(1, 0, 9, attributes={"gen_ai.prompt": "How deep?"})
    assert twins([outer], [inner]) == []


def test_failed_calls_of_one_instrumentation_are_never_tied():
    assert twins([failed(1, 0, 9), failed(2, 1, 8)], []) == []


def test_a_failed_call_that_is_named_is_not_tied_by_its_times():
    message = request(failed(1, 0, 9), scope=OUTER)
    named = failed(2, 1, 8, attributes={"litellm.call_id": "c1"})
    message.MergeFrom(request(named, scope=INNER))
    assert list(keys_of(message=message).values()) == [None, (links.litellm("c1"),)]


def test_calls_of_two_services_are_not_tied():
    message = request(failed(1, 0, 9), scope=OUTER, resource={"service.name": "a"})
    message.MergeFrom(request(failed(2, 1, 8), scope=INNER, resource={"service.name": "b"}))
    assert all(not one.keys for one in events_of(message=message) if one.kind == "trace")


def test_nested_reports_are_not_tied_to_the_reports_beside_them():
    ids = {"trace_id": bytes.fromhex(TRACE_ID)}
    outer = [failed(1, 0, 9, **ids), failed(2, 0, 9, **ids)]
    inner = [failed(4, 1, 8, **ids, **parent(2)), failed(5, 1, 8, **ids, **parent(1))]
    assert twins(outer, inner) == []


RAISED = {"type": "openai.RateLimitError", "message": "slow down"}


def test_the_error_of_a_call_names_what_else_may_tell_of_it():
    (_, error) = events_of(
        call(1, {"error.type": "RateLimitError"}, exceptions=[RAISED], failed=True)
    )
    (elsewhere,) = events_of(tool(2, exceptions=[RAISED]))
    told = {f"exception.{name}": value for name, value in RAISED.items()}
    (logged,) = events_of(record("x", told, 17, trace_id=TRACE_ID), signal="logs")
    assert error.keys == (links.cause(elsewhere.event_id),)
    assert logged.event_id == elsewhere.event_id
    assert elsewhere.keys is None


def test_all_causes_of_a_call_are_named_up_to_a_limit():
    raised = [{"type": "E", "message": f"broke {n}"} for n in range(40)]
    (_, error) = events_of(call(1, exceptions=raised, failed=True, message="it broke"))
    assert len(error.keys) == len(set(error.keys)) == 16


def test_without_a_trace_a_failure_is_told_nowhere_else():
    (_, error) = events_of(call(1, exceptions=[RAISED], failed=True, trace_id=b""))
    assert error.keys is None
