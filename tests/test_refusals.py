"""Requests that are refused before an event could be counted: JSON, a fixed reason, counted."""

import asyncio
import contextlib
import http.client
import json
import socket

import pytest

from .raw import connected, read_answer

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def settings():
    return {"max_body_bytes": 2000, "max_request_events": 5}


@pytest.fixture
def refused(counted):
    """Check a refusal: status, reason, one event route's counter, and nothing received."""

    def refused(response, status, reason, route="traces"):
        assert response.code == status
        assert response.answer["error"]["reason"] == reason
        assert len(response.answer["error"]["message"]) <= 300
        assert counted("http_requests_rejected_total", route=route, reason=reason) == 1
        assert counted("events_received_total", kind="trace") == 0

    return refused


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"provider": "openai", "model": NaN}',
        b'{"provider": "openai", "model": 1e400, "x": "\\u0041"}',
        b'\xef\xbb\xbf{"provider": "openai"}',
        b'{"provider": "\xff"}',
        '{"provider": "openai"}'.encode("utf-16"),
        b"[" * 1900,
        b'"\\ud800' + b"[" * 1900,
        b'{"a": 1}\n{"a": 1}',
    ],
    ids=range(10),
)
async def test_what_is_no_json_is_refused(body, post, refused):
    refused(await post("/v1/traces", body), 400, "invalid_json")


@pytest.mark.parametrize("body", [b"x", b'{\n"a": 1,\n}'])
async def test_what_is_no_json_is_refused_as_litellm_too(body, post, refused):
    refused(await post("/v1/litellm", body), 400, "invalid_json", route="litellm")


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/json, text/plain"])
async def test_another_content_type_is_refused(content_type, post, refused):
    refused(await post("/v1/traces", TRACE, content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "application/x-www-form-urlencoded"]
)
async def test_forms_are_refused_like_any_other_type(content_type, post, refused):
    refused(await post("/v1/traces", b"a=1", content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json, application/json"],
)
async def test_json_may_be_named_in_other_ways(content_type, post):
    assert (await post("/v1/traces", TRACE, content_type)).code == 202


async def test_a_body_over_the_limit_is_refused(post, refused):
    response = await post("/v1/traces", {**TRACE, "input_text": "x" * 2000})
    refused(response, 413, "body_too_large")


async def test_chunks_over_the_limit_are_refused_too(io_loop, base_url, counted):
    chunks = b"64\r\n" + b"x" * 100 + b"\r\n"
    request = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks * 30 + b"0\r\n\r\n"
    status, answer = await io_loop.run_in_executor(None, raw_exchange, base_url, request)
    assert status == 413
    assert answer["error"]["reason"] == "body_too_large"
    assert counted("http_requests_rejected_total", route="traces", reason="body_too_large") == 1


async def test_chunks_within_the_limit_are_read(io_loop, base_url):
    body = json.dumps(TRACE).encode()
    chunk = b"%x\r\n%b\r\n" % (len(body), body)
    request = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n"
    _, answer = await io_loop.run_in_executor(None, raw_exchange, base_url, request)
    assert answer["accepted"] == 1


async def test_too_many_events_are_refused(post, refused):
    refused(await post("/v1/traces", [TRACE] * 6), 413, "too_many_events")


async def test_too_many_lines_are_refused(post, refused):
    response = await post("/v1/traces", b"{}\n" * 6, "application/x-ndjson")
    refused(response, 413, "too_many_events")


async def test_an_unknown_path_is_not_found(get, counted):
    response = await get("/v1/nothing")
    assert response.code == 404
    assert response.answer["error"]["reason"] == "not_found"
    assert counted("http_requests_rejected_total", route="other", reason="not_found") == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_another_method_is_told_which_are_allowed(method, get, refused):
    response = await get("/v1/traces", method=method, allow_nonstandard_methods=True)
    assert response.headers["Allow"] == "POST"
    refused(response, 405, "method_not_allowed")


async def test_posting_to_what_is_only_read_is_told_so(post):
    response = await post("/metrics", TRACE)
    assert (response.code, response.headers["Allow"]) == (405, "GET, HEAD")


async def test_a_bug_is_answered_without_a_traceback(service, post, caplog):
    prompt = "my prompt"

    def broken(item):
        raise RuntimeError(prompt)

    service.pipeline.offer = broken
    response = await post("/v1/traces", TRACE)
    assert response.code == 500
    assert response.answer["error"]["reason"] == "internal_error"
    assert "RuntimeError" in caplog.text
    assert prompt not in caplog.text + response.body.decode()


def raw_exchange(url, request):
    """Send bytes over a plain socket; status and decoded JSON body of the answer."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, json.loads(answer.read())


async def test_a_post_without_a_length_is_refused(io_loop, base_url, counted):
    request = HEAD + b"\r\n"
    status, answer = await io_loop.run_in_executor(None, raw_exchange, base_url, request)
    assert status == 411
    assert answer["error"]["reason"] == "length_required"
    assert counted("http_requests_rejected_total", route="traces", reason="length_required") == 1


@pytest.fixture
def impatient(settings):
    settings["body_timeout_seconds"] = 0.2


async def test_a_body_that_does_not_come_ends_the_connection(impatient, io_loop, base_url, counted):
    host, port = base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(HEAD + b"Content-Length: 100\r\n\r\n" + b"x" * 50)
    while not counted("http_requests_in_flight"):  # noqa: ASYNC110 until the head has come
        await asyncio.sleep(0)
    assert await asyncio.wait_for(reader.read(), 4) == b""
    writer.close()
    assert counted("http_requests_in_flight") == 0
    assert counted("events_received_total", kind="trace") == 0


async def read_to_the_end(base_url, request):
    """Send bytes and read until the service closes the connection."""
    host, port = base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 4)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.fixture
def hasty(settings):
    settings["idle_timeout_seconds"] = 0.2


async def test_an_idle_connection_is_closed(hasty, base_url):
    assert await read_to_the_end(base_url, b"") == b""


async def test_a_head_over_the_limit_ends_the_connection(base_url):
    head = HEAD + b"X: " + b"x" * 2**17 + b"\r\n\r\n"
    assert b"HTTP/1.1 2" not in await read_to_the_end(base_url, head)


async def test_a_body_over_twice_the_limit_ends_the_connection(base_url, counted):
    request = HEAD + b"Content-Length: 4001\r\n\r\n" + b"x" * 4001
    assert b"HTTP/1.1 2" not in await read_to_the_end(base_url, request)
    assert counted("events_received_total", kind="trace") == 0


@pytest.fixture
def one_at_a_time(settings, monkeypatch):
    settings["max_connections"] = 1
    monkeypatch.setattr("server.wire.linger.SECONDS", 60)


async def test_those_turned_away_take_no_place(one_at_a_time, base_url):
    ask = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

    async def status(answers, sender):
        sender.write(ask)
        return (await read_answer(answers)).status

    async with contextlib.AsyncExitStack() as lingering:
        async with connected(base_url) as first:
            assert await status(*first) == 200
            for _ in range(4):
                turned_away = await lingering.enter_async_context(connected(base_url))
                assert (await read_answer(turned_away[0])).status == 503
        async with asyncio.timeout(4):
            found = 503
            while found == 503:
                async with connected(base_url) as next_one:
                    found = await status(*next_one)
