"""POST /v1/traces and /v1/errors: what is answered, and what is stored."""

import json
import time

import pytest

from .conftest import EXAMPLES, example

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
ERROR = {"error_type": "llm_error", "message": "no"}
VALID = sorted(path.name for path in (EXAMPLES / "valid").iterdir())

# what the service makes of a payload, where that is not the payload's own value
MADE: dict[str, dict] = {
    "trace_failed.json": {
        "started_at": 1795452272709,
        "status": "error",
        "error_type": " Timeout ",
        "metadata": None,
    },
    "trace_unknown_members.json": {
        "status": "ok",
        "metadata": {
            "team": "search",
            "extra": {
                "temperature": 0.3,
                "request": {"tools": ["a", "b"]},
                "created_at": 5,
            },
        },
        "cost_source": "reported",
    },
    "trace_full.json": {"cost_source": "reported"},
    "system_error.json": {"metadata": {"host": "gw-1", "mount": "/var/lib"}},
}


@pytest.mark.parametrize("name", VALID)
async def test_every_field_of_a_valid_example_is_stored(name, post, rows):
    payload = example(f"valid/{name}")
    is_error = "message" in payload
    before = time.time_ns() // 1_000_000
    response = await post("/v1/errors" if is_error else "/v1/traces", payload)
    assert response.code == 202
    entry = response.answer["events"][0]
    (row,) = await rows("error_events" if is_error else "llm_traces")
    assert before <= row.pop("created_at") <= time.time_ns() // 1_000_000
    defaults = dict.fromkeys(row) | {
        "id": 1,
        "source": "native",
        "event_id": entry["event_id"],
        "trace_id": entry["event_id"],
        **({"severity": "error"} if is_error else {"status": "ok", "counted": 1}),
    }
    known = {key: value for key, value in payload.items() if key in row}
    if not is_error:
        counts = ("prompt_tokens", "completion_tokens", "total_tokens")
        defaults["has_usage"] = int(any(payload.get(name) is not None for name in counts))
    assert row == defaults | known | MADE.get(name, {})


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("missing_model", "/model"),
        ("blank_provider", "/provider"),
        ("negative_tokens", "/prompt_tokens"),
        ("boolean_for_a_number", "/latency_ms"),
        ("seconds_for_milliseconds", "/started_at"),
        ("no_object", ""),
    ],
)
async def test_an_invalid_example_is_refused_with_its_path(name, path, post, counted, ledger):
    response = await post("/v1/traces", example(f"invalid/{name}.json"))
    assert response.code == 400
    error = response.answer["events"][0]["error"]
    assert (error["reason"], error["path"]) == ("schema_invalid", path)
    assert counted("events_rejected_total", kind="trace", reason="schema_invalid") == 1
    ledger()


async def test_the_answer_names_each_events_ids_and_status(post):
    response = await post("/v1/traces", {**TRACE, "event_id": "e1", "trace_id": "t1"})
    assert response.headers["Content-Type"] == "application/json"
    assert response.answer == {
        "accepted": 1,
        "dropped": 0,
        "rejected": 0,
        "events": [{"event_id": "e1", "trace_id": "t1", "status": "accepted"}],
    }


async def test_an_event_without_ids_gets_a_uuid7_for_both(post):
    (entry,) = (await post("/v1/traces", TRACE)).answer["events"]
    assert entry["event_id"] == entry["trace_id"]
    assert entry["event_id"][14] == "7"


async def test_an_array_is_answered_item_by_item_in_order(post, rows, ledger):
    items = [{**TRACE, "event_id": "a"}, {"provider": "openai"}, 3, {**TRACE, "event_id": "d"}]
    response = await post("/v1/traces", items)
    assert response.code == 202
    entries = response.answer["events"]
    assert [e["status"] for e in entries] == ["accepted", "rejected", "rejected", "accepted"]
    assert [row["event_id"] for row in await rows()] == ["a", "d"]
    assert ledger()["rejected"] == 2


async def test_an_array_with_no_valid_event_is_refused_in_the_same_shape(post):
    response = await post("/v1/traces", [{}, {}])
    assert response.code == 400
    assert response.answer["rejected"] == len(response.answer["events"]) == 2


async def test_an_empty_array_is_accepted_with_zeros(post):
    response = await post("/v1/traces", [])
    assert response.code == 202
    assert response.answer == {"accepted": 0, "dropped": 0, "rejected": 0, "events": []}


async def test_lines_are_items_and_a_bad_one_costs_only_itself(post, rows, counted):
    body = b"\n".join(
        [json.dumps(TRACE).encode(), b'{"provider": ', b"", json.dumps(TRACE).encode()]
    )
    response = await post("/v1/traces", body, content_type="application/x-ndjson")
    assert [e["status"] for e in response.answer["events"]] == ["accepted", "rejected", "accepted"]
    assert len(await rows()) == 2
    assert counted("events_rejected_total", kind="trace", reason="invalid_json") == 1


async def test_the_same_event_id_is_one_row_and_counted(post, rows, counted, ledger):
    for _ in range(2):
        await post("/v1/errors", [{**ERROR, "event_id": "e1"}] * 2)
    assert len(await rows("error_events")) == 1
    assert counted("events_deduplicated_total", kind="error") == 3
    ledger()


async def test_a_lone_surrogate_or_nul_costs_only_its_own_event(post, rows):
    bad = rb'{"provider": "a\ud800", "model": "m"}, {"provider": "p", "model": "m\u0000"}'
    worse = rb'{"provider": "p", "model": "m", "metadata": {"k": ["\udfff"]}}, '
    body = b"[" + bad + b", " + worse + json.dumps(TRACE).encode() + b"]"
    entries = (await post("/v1/traces", body)).answer["events"]
    assert [e.get("error", {}).get("path") for e in entries] == [
        "/provider",
        "/model",
        "/metadata",
        None,
    ]
    assert {e["error"]["reason"] for e in entries[:3]} == {"unstorable"}
    assert len(await rows()) == 1


@pytest.mark.parametrize(
    ("member", "raw"),
    [
        ("prompt_tokens", "9223372036854775808"),
        ("prompt_tokens", "9223372036854775808.0"),
        ("prompt_tokens", "1e19"),
        ("prompt_tokens", "123456789012345678901234567890"),
        ("prompt_tokens", "1.5"),
        ("cost_usd", "1e308"),
        ("started_at", "99999999999"),
        ("started_at", '"2026-11-23T16:44:32"'),
        ("started_at", '"2026-02-30T16:44:32Z"'),
        ("started_at", '"yesterday"'),
        ("session_id", '"' + "x" * 257 + '"'),
        ("metadata", '"[1]"'),
        ("metadata", '"no object"'),
        ("metadata", "[1]"),
        ("input_text", "7"),
    ],
)
async def test_what_cannot_be_a_column_is_refused_with_its_path(member, raw, post, rows):
    body = f'[{{"provider": "p", "model": "m", "{member}": {raw}}}, {json.dumps(TRACE)}]'
    entries = (await post("/v1/traces", body.encode())).answer["events"]
    assert entries[0]["error"]["path"] == f"/{member}"
    assert entries[0]["error"]["reason"] == "schema_invalid"
    assert len(await rows()) == 1


async def test_the_largest_integer_is_stored_exactly(post, rows):
    await post("/v1/traces", {**TRACE, "prompt_tokens": 2**63 - 1})
    (row,) = await rows()
    assert row["prompt_tokens"] == 2**63 - 1


@pytest.mark.parametrize("member", ["metadata", "unknown"])
async def test_nesting_up_to_64_is_kept_and_over_it_refused(member, post, rows):
    def nested(levels):  # the event's own object is one of them
        return {**TRACE, member: json.loads('{"a":' * (levels - 1) + "1" + "}" * (levels - 1))}

    items = [nested(64), nested(65), nested(900)]
    entries = (await post("/v1/traces", items)).answer["events"]
    assert [entry["status"] for entry in entries] == ["accepted", "rejected", "rejected"]
    assert entries[1]["error"]["reason"] == "unstorable"
    assert len(await rows()) == 1


async def test_a_wrong_value_nested_very_deep_costs_only_its_own_event(post, rows):
    deep = b"[" * 1000 + b"]" * 1000
    body = b'[{"provider": %b, "model": "m"}, %b]' % (deep, json.dumps(TRACE).encode())
    entries = (await post("/v1/traces", body)).answer["events"]
    assert [entry["status"] for entry in entries] == ["rejected", "accepted"]
    assert len(await rows()) == 1


async def test_a_message_never_quotes_what_was_sent(post):
    response = await post("/v1/traces", {**TRACE, "prompt_tokens": "my secret prompt"})
    assert b"secret" not in response.body
    assert response.answer["events"][0]["error"]["message"] == "must be integer or null"
