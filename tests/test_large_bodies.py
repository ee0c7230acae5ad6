"""Bodies that are read in slices: the same as small ones, and others have their turn meanwhile."""

import asyncio
import json
import random

import pytest

from server import normalise
from server.handlers import slices
from server.receivers import documents
from server.receivers.weight import MAX_WEIGHT

from .raw import announced, connected, read_answer

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test(timeout=20), pytest.mark.slow]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
NDJSON = "application/x-ndjson"
TRICKY = ['"]}\\', "[{,", '\\"', "é\u2028", "\U0001f600", "\n\t", '{"a": [', "\\u005d"]
PADDING = json.dumps({**TRACE, "input_text": "x" * documents.WHOLE}).encode()
"""A good item that makes any array a large one."""


@pytest.fixture
def settings():
    return {"max_request_events": 50}


def tricky(size):
    chance = random.Random(size)  # noqa: S311 no secret
    return "".join(chance.choices(TRICKY, k=size))


def native(number, prefix):
    return {
        "event_id": f"{prefix}{number}",
        "session_id": "s",
        "x": {"y]": [[1.5, {}], [tricky(9)]]},
    }


def trace(number, prefix):
    return {**native(number, prefix), **TRACE, "input_text": tricky(20_000 + number)}


def error(number, prefix):
    said = {"error_type": "crash", "message": tricky(20_000 + number)}
    return {**native(number, prefix), **said}


def call(number, prefix):
    return {
        "litellm_call_id": f"{prefix}{number}",
        "model": "m",
        "status": "failure" if number % 3 == 0 else "success",
        "messages": [{"role": "user", "content": tricky(20_000 + number)}],
        "response": {"choices": [{"message": {"role": "assistant", "content": tricky(9)}}]},
        "error_str": tricky(7) if number % 3 == 0 else None,
    }


ROUTES = {"/v1/traces": trace, "/v1/errors": error, "/v1/litellm": call}
BAD = [17, "a]string", None, [[], {}], {}, True, {"provider": "]"}, -1.5e3]


def items(make, prefix):
    """Good ones and bad ones in turn, which have more than 1 MiB."""
    for number in range(24):
        yield make(number, prefix)
        if number < len(BAD):
            yield BAD[number]


def array(values, **options):
    return json.dumps(list(values), **options).encode()


def lines(values):
    return b"\n".join(json.dumps(value).encode() for value in values)


FORMS = {
    "array": (array, "application/json"),
    "array with spaces": (lambda values: array(values, indent="\r\n\t "), "application/json"),
    "array in UTF-8": (lambda values: array(values, ensure_ascii=False), "application/json"),
    "lines": (lines, NDJSON),
}


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("form", FORMS)
async def test_a_large_body_gives_the_rows_and_answers_of_small_ones(
    form, path, post, rows, ledger
):
    write, media_type = FORMS[form]
    body = write(items(ROUTES[path], "large"))
    assert len(body) > documents.WHOLE
    large = (await post(path, body, media_type)).answer
    entries = []
    for item in items(ROUTES[path], "small"):
        entries += (await post(path, [item])).answer["events"]
    assert list(map(outcome, large["events"])) == list(map(outcome, entries))
    assert {entry["status"] for entry in entries} == {"accepted", "rejected"}
    assert large["rejected"] == len(BAD)
    for table in ("llm_traces", "error_events"):
        found = await rows(table)
        half = len(found) // 2
        assert list(map(content, found[:half])) == list(map(content, found[half:]))
    assert ledger()["persisted"] == 2 * large["accepted"] >= 48


def outcome(entry):
    """An answer's entry without what names the request."""
    return {k: str(v).removeprefix("large").removeprefix("small") for k, v in entry.items()}


def content(row):
    """A row without what tells when and by which request it came."""
    named = {
        k: str(row[k]).replace("large", "").replace("small", "") for k in ("event_id", "trace_id")
    }
    return {k: v for k, v in row.items() if k not in ("id", "created_at", "call_key")} | named


async def test_a_large_object_alone_is_an_event(post, rows):
    assert (await post("/v1/traces", PADDING)).answer["accepted"] == 1
    assert len(await rows()) == 1


@pytest.fixture
def send(post):
    """Post an array of these texts, the first one large."""

    async def send(*texts, behind=b""):
        return await post("/v1/traces", b"[" + b",".join([PADDING, *texts]) + b"]" + behind)

    return send


SMALL = json.dumps(TRACE).encode()


async def test_a_lone_surrogate_costs_only_its_own_item(send, rows, ledger):
    bad = rb'{"provider": "a\ud800", "model": "m"}'
    response = await send(SMALL, bad, SMALL)
    statuses = [entry["status"] for entry in response.answer["events"]]
    assert statuses == ["accepted", "accepted", "rejected", "accepted"]
    assert response.answer["events"][2]["error"]["reason"] == "unstorable"
    assert len(await rows()) == 3


@pytest.mark.parametrize(
    "last",
    [
        b"{",
        b'{"a": }',
        b"nil",
        b"",
        b'"',
        b"1 2",
        b"[1}",
        b"{} {}",
        b"NaN",
        b'"\xff"',
        b"]",
        b'{"a"]',
    ],
)
async def test_a_syntax_error_in_the_last_item_refuses_them_all(last, send, refused):
    refused(await send(SMALL, last), 400, "invalid_json")


@pytest.mark.parametrize("line", [b"{", b"nil", b'"\xff"', PADDING[:-1], PADDING[:-1] + b"]"])
async def test_a_syntax_error_in_a_line_costs_only_that_line(line, post, rows):
    body = b"\n".join([PADDING, line, b"", SMALL])
    events = (await post("/v1/traces", body, NDJSON)).answer["events"]
    assert [entry["status"] for entry in events] == ["accepted", "rejected", "accepted"]
    assert events[1]["error"]["reason"] == "invalid_json"
    assert len(await rows()) == 2


@pytest.mark.parametrize("behind", [b"x", b",", b"]", b"[]", b"\0", b"\x0b", b" {}", b"\n" + SMALL])
async def test_something_behind_the_array_refuses_it(behind, send, refused):
    refused(await send(SMALL, behind=behind), 400, "invalid_json")


async def test_white_space_around_the_array_is_none(post):
    response = await post("/v1/traces", b"\r\n\t [ " + PADDING + b"\n, " + SMALL + b" ]\t\r\n ")
    assert response.answer["accepted"] == 2


async def test_the_limit_of_events_is_that_of_small_arrays(send, post, rows):
    assert (await send(*[SMALL] * 49)).answer["accepted"] == 50
    assert len(await rows()) == 50


async def test_too_many_events_refuse_them_all(send, post, refused):
    refused(await send(*[SMALL] * 50), 413, "too_many_events")


async def test_too_many_lines_refuse_them_all(post, refused):
    body = PADDING + b"\n" + b"{}\n" * 50
    refused(await post("/v1/traces", body, NDJSON), 413, "too_many_events")


def heavy(text):
    """An event with `text` again and again, so that its values take too much memory."""
    return b'{"provider": "p", "model": "m", "x": [%b 0]}' % (text * (MAX_WEIGHT // 95))


@pytest.mark.parametrize("media_type", ["application/json", NDJSON])
@pytest.mark.parametrize("text", [b"[],", b'{"a":0},', b'"",'])
async def test_a_too_heavy_event_costs_only_itself(text, media_type, post, rows):
    texts = [SMALL, heavy(text), SMALL]
    body = b"\n".join(texts) if media_type == NDJSON else b"[" + b",".join(texts) + b"]"
    events = (await post("/v1/traces", body, media_type)).answer["events"]
    assert [entry["status"] for entry in events] == ["accepted", "rejected", "accepted"]
    assert events[1]["error"]["reason"] == "unstorable"
    assert len(await rows()) == 2


@pytest.mark.parametrize("escaped", ["é", "\u2013"])
async def test_a_long_text_with_an_escape_is_not_too_heavy(escaped, post, rows):
    text = "x" * 10_500_000 + escaped
    body = json.dumps({"provider": "p", "model": "m", "input_text": text}).encode()
    assert (await post("/v1/traces", body)).answer["accepted"] == 1
    size = len(text.encode())
    assert (await rows())[0]["metadata"] == {"truncated": {"input_text": size}}


async def test_an_event_of_a_million_brackets_is_refused(post, refused):
    body = b"[" + SMALL + b"," + b"[" * 600_000 + b"]" * 600_000 + b"]"
    refused(await post("/v1/traces", body), 413, "body_too_large")


@pytest.mark.parametrize("item", [PADDING, SMALL], ids=["large", "small"])
async def test_others_are_answered_while_a_body_is_read(item, base_url, counted, monkeypatch):
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)
    answered = []
    original = normalise._arrived

    def arrived(*arguments):
        answered.append(counted("http_requests_total", route="health", method="GET", code="200"))
        return original(*arguments)

    async def ask():
        async with connected(base_url) as (answers, sender):
            while True:
                sender.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await read_answer(answers)).status == 200

    monkeypatch.setattr(normalise, "_arrived", arrived)
    asking = asyncio.create_task(ask())
    async with connected(base_url) as (answers, sender):
        sender.write(announced(b"[" + b",".join([item] * 25) + b"]"))
        assert (await read_answer(answers)).json["accepted"] == 25
    asking.cancel()
    assert len(answered) == 25
    assert answered[-1] > (answered[0] or 0)
