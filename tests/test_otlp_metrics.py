"""Metrics: what calls cost is read where only a metric tells it, and nothing else of them."""

import json
import math
from itertools import permutations

import pytest

from server import links
from server.config import Config
from server.events import Rejected, Skipped
from server.parts import make_receivers
from server.receivers.otlp.decoding.framing import framed
from server.refusal import Refusal

from .corpus import CORPUS, captured, expected_of, request_of
from .otlp import COST, JSON, PROTOBUF, START, as_json, cost, metric, packed, request, told

RESOURCE = {"service.name": "openclaw-gateway", "process.pid": 3269}
START_MS = START // 10**6
FIRST = START_MS + 60_000
METRIC = Skipped("metric")
each_encoding = pytest.mark.parametrize("media_type", [PROTOBUF, JSON])


def read(*items, media_type=PROTOBUF, resource=RESOURCE, scope="openclaw", most=10_000):
    body = packed(items, media_type, "metrics", resource=resource, scope=scope)
    return read_body(body, media_type, most)


def read_body(body, media_type=JSON, most=10_000):
    receiver = make_receivers(Config(max_request_spans=most))["otlp_metrics"]
    return list(receiver.read(bytearray(body), media_type))


def read_one(*args, **about):
    """The only Event of a request."""
    (((found,)),) = read(*args, **about)
    return found


def reading_of(event):
    found = links.reading(event.keys)
    assert found
    return found


def series_of(*args, **about):
    return reading_of(read_one(*args, **about)).series


@each_encoding
def test_a_point_is_an_event_with_what_was_spent_so_far(media_type):
    event = read_one(cost((0.25, 1)), media_type=media_type)
    assert (event.provider, event.model, event.agent) == ("openai", "gpt-4o", "main")
    assert (event.cost_usd, event.cost_source, event.started_at) == (0.25, "reported", FIRST)
    assert (event.operation, event.status, event.latency_ms) == ("turn_usage", "ok", None)
    assert (event.prompt_tokens, event.total_tokens, event.trace_id) == (None, None, event.event_id)
    assert json.loads(event.metadata) == {
        "service_name": "openclaw-gateway",
        "scope": "openclaw",
        "metric": COST,
        "attributes": {"openclaw.channel": "webchat"},
    }
    assert links.payer(event.keys) == links.metered("openclaw-gateway", "openai", "gpt-4o")
    _, is_delta, started_at = reading_of(event)
    assert (is_delta, started_at) == (False, START_MS)


def test_both_encodings_say_the_same_of_a_point():
    items = cost((0.25, 1), (3, 2)), cost((0.5, 1), temporality=1)
    message = request(*items, signal="metrics", resource=RESOURCE, scope="openclaw")
    said = [event._replace(created_at=0) for (event,) in read(*items)]
    assert [event.cost_usd for event in said] == [0.25, 3.0, 0.5]
    for snake in (False, True):
        found = read_body(as_json(message, snake=snake))
        assert [event._replace(created_at=0) for (event,) in found] == said


@pytest.mark.parametrize(
    ("temporality", "is_delta"),
    [(1, True), ("1", True), ("AGGREGATION_TEMPORALITY_DELTA", True), (2, False), (None, False)],
)
def test_json_names_the_temporality_in_each_way(temporality, is_delta):
    point = {"asInt": "2", "timeUnixNano": str(START), "attributes": []}
    total = {"dataPoints": [point], "aggregationTemporality": temporality}
    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": COST, "sum": total}]}]}]}
    (((event,)),) = read_body(json.dumps(body).encode())
    assert (event.cost_usd, event.provider, event.model) == (2.0, "unknown", "unknown")
    assert reading_of(event)[1:] == (is_delta, 0)
    assert links.payer(event.keys) == links.metered("", "unknown", "unknown")


def test_points_of_one_sum_are_of_one_series_and_all_else_is_another():
    same = series_of(cost((0.25, 1)))
    assert series_of(cost((0.5, 2))) == same
    assert series_of(cost((0.5, 2)), resource=RESOURCE | {"process.pid": 1}) != same
    assert series_of(cost((0.5, 2), **{"openclaw.channel": "telegram"})) != same
    assert series_of(cost((0.5, 2), start=START + 1)) != same
    delta = series_of(cost((0.5, 2), temporality=1))
    assert series_of(cost((0.5, 3), temporality=1, start=START + 9)) == delta


def test_a_point_that_is_sent_again_has_the_same_id_and_another_has_not():
    ids = [read_one(cost(point)).event_id for point in ((1.0, 1), (1.0, 1), (1.5, 1), (1.5, 2))]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@each_encoding
def test_nothing_is_made_of_nothing(media_type):
    flagged = cost((0.5, 1))
    flagged.sum.data_points[0].flags = 1
    gauge = cost(name=COST)
    gauge.gauge.data_points.add(as_double=1.0)
    silent = (cost((0, 1), (0.0, 2), (None, 3)), flagged, cost(), gauge, metric("other"))
    assert read(*silent, media_type=media_type) == [METRIC] * 7


@each_encoding
@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, 1e13])
def test_what_is_no_amount_is_rejected_by_itself(value, media_type):
    first, second = read(cost((value, 1), (0.5, 2)), media_type=media_type)
    assert first == Rejected("trace", "schema_invalid", "/value", "must be an amount from 0 on")
    assert second[0].cost_usd == 0.5


def test_a_point_without_a_time_is_rejected():
    (found,) = read(cost((0.5, -START / 60e9)))
    assert found == Rejected("trace", "schema_invalid", "/time", "must be a time")


def test_a_metric_that_cannot_be_decoded_costs_only_itself():
    bad = framed(1, COST.encode()) + framed(7, b"\x0a\x7f")
    records = framed(2, bad) + framed(2, cost((0.5, 1)).SerializeToString())
    first, second = read_body(framed(1, framed(2, records)), PROTOBUF)
    assert (first.reason, first.kind) == ("schema_invalid", "trace")
    assert second[0].cost_usd == 0.5


@pytest.mark.parametrize("value", ["x", True, [], {}, "9" * 400])
def test_what_is_no_number_in_json_is_nothing(value):
    point = {"asDouble": value, "timeUnixNano": START}
    said = {"name": COST, "sum": {"dataPoints": [point, 7, None]}}
    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [said]}]}]}
    (found,) = read_body(json.dumps(body).encode())
    assert found == METRIC or found.reason == "schema_invalid"


@each_encoding
def test_points_count_like_metrics_towards_the_limit_of_a_request(media_type):
    items = cost((1, 1), (2, 2)), metric("other")
    assert len(read(*items, media_type=media_type, most=4)) == 3
    with pytest.raises(Refusal, match="more than 3"):
        read(*items, media_type=media_type, most=3)


def test_a_large_metric_is_read_as_far_as_there_is_room():
    found = read(cost(*[(n + 1, n) for n in range(900)]))
    assert [event.cost_usd for (event,) in found] == list(range(1, 901))
    assert {(event.provider, event.agent) for (event,) in found} == {("openai", "main")}
    (found,) = read(cost(*[(n + 1, n) for n in range(9000)]))
    assert (found.kind, found.reason) == ("trace", "unstorable")


@pytest.mark.gen_test
@each_encoding
async def test_costs_are_rows_and_the_answer_tells_what_is_none(media_type, post, rows, ledger):
    items = [cost((0.25, 1), (-1.0, 2), (0.75, 3)), metric("other")]
    body = packed(items, media_type, "metrics", resource=RESOURCE, scope="openclaw")
    response = await post("/v1/metrics", body, media_type)
    assert told(response, media_type, "metrics") == (1, "value must be an amount from 0 on")
    assert [row["cost_usd"] for row in await rows()] == [0.25, 0.5]
    assert ledger()["accepted"] == 2


COSTS = [
    param.values[0]
    for param in captured("otlp-metrics")
    if expected_of(param.values[0]).get("openclaw_cost_usd")
]


@pytest.mark.gen_test
@pytest.mark.skipif(not COSTS, reason=f"nothing in {CORPUS}")
async def test_captured_metrics_in_any_order_add_up_to_what_was_spent(post, rows, ledger):
    told = {body: expected_of(body)["openclaw_cost_usd"][0] for body in COSTS}
    spent = max(one["value"] for one in told.values())
    for order in [COSTS, COSTS[::-1], *list(permutations(COSTS[:3]))]:
        for body in order:
            path, headers = request_of(body)
            response = await post(path, body.read_bytes(), None, headers=headers)
            assert response.code == 200
    found = await rows()
    assert sum(row["cost_usd"] for row in found) == pytest.approx(spent)
    for row in found:
        wanted = told[COSTS[0]]["attributes"]
        assert (row["provider"], row["model"], row["agent"]) == (
            wanted["openclaw.provider"],
            wanted["openclaw.model"],
            wanted["openclaw.agent"],
        )
    ledger()
