"""Keys: who is let in, by which header, and what the others are told."""

import asyncio
import contextlib
import gzip
import hashlib
import hmac
import json
import logging
import re
from pathlib import Path

import pytest

from server.binding import is_loopback
from server.config import Config
from server.keys import keys
from server.service import Service

from .conftest import until
from .holders import READ, SEND, WRONG, bearer, files, line
from .raw import announced, connected, head, read_answer

pytestmark = pytest.mark.both_layers

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
BODY = json.dumps(TRACE).encode()
ERROR = {"error_type": "crash", "message": "m"}
CALL = {"model": "m", "litellm_call_id": "c1", "status": "failure", "error_str": "e"}
ROUTES = {"traces": TRACE, "errors": ERROR, "litellm": CALL}
each_route = pytest.mark.parametrize("route", ROUTES)


@pytest.fixture
def settings(tmp_path):
    return files(tmp_path)


@pytest.fixture
def turned_away(counted, ledger):
    """Check that this is the answer to a request without a key, counted as that only."""

    def turned_away(response, route="traces", times=1):
        assert response.code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="tokenweir"'
        assert response.answer["error"]["reason"] == "unauthorized"
        reason = {"route": route, "reason": "unauthorized"}
        assert counted("http_requests_rejected_total", **reason) == times
        method = "GET" if route == "metrics" else "POST"
        code = {"route": route, "method": method, "code": "401"}
        assert counted("http_requests_total", **code) == times
        assert ledger()["received"] == 0

    return turned_away


@each_route
@pytest.mark.gen_test
async def test_a_key_lets_its_events_in(route, post):
    for headers in (bearer(SEND), {"x-api-key": SEND}):
        response = await post(f"/v1/{route}", ROUTES[route], headers=headers)
        assert (response.code, response.answer["rejected"]) == (202, 0)


@each_route
@pytest.mark.gen_test
async def test_no_event_gets_in_without_a_key(route, post, turned_away):
    turned_away(await post(f"/v1/{route}", ROUTES[route]), route)


GOOD = {
    "scheme in capitals": {"Authorization": f"BEARER {SEND}"},
    "more spaces": {"Authorization": f"bearer   {SEND}"},
    "another scheme beside it": {"Authorization": "Basic dTpw", "x-api-key": SEND},
    "a wrong one beside it": {**bearer(WRONG), "x-api-key": SEND},
    "a wrong one beside it as x-api-key": {**bearer(SEND), "x-api-key": WRONG},
    "both": {**bearer(SEND), "x-api-key": SEND},
}
BAD = {
    "wrong": bearer(WRONG),
    "wrong x-api-key": {"x-api-key": WRONG},
    "one to read": bearer(READ),
    "empty": {"Authorization": "Bearer "},
    "no token": {"Authorization": "Bearer"},
    "empty header": {"Authorization": ""},
    "empty x-api-key": {"x-api-key": ""},
    "no scheme": {"Authorization": SEND},
    "another scheme": {"Authorization": f"Basic {SEND}"},
    "quoted": {"Authorization": f'Bearer "{SEND}"'},
    "scheme in x-api-key": {"x-api-key": f"Bearer {SEND}"},
    "a part": bearer(SEND[:-1]),
    "more": bearer(SEND + "s"),
    "two": {"Authorization": f"Bearer {SEND} {SEND}"},
    "joined": {"Authorization": f"Bearer {SEND},Bearer {SEND}"},
    "its hash": bearer(hashlib.sha256(SEND.encode()).hexdigest()),
    "its name": bearer("laptop"),
    "not ASCII": {"x-api-key": SEND + "ü"},
    "long": {"x-api-key": "x" * 30_000},
}


@pytest.mark.parametrize("headers", GOOD.values(), ids=GOOD)
@pytest.mark.gen_test
async def test_a_key_is_found_in_either_header(headers, post):
    assert (await post("/v1/traces", TRACE, headers=headers)).code == 202


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD)
@pytest.mark.gen_test
async def test_what_is_no_key_is_turned_away(headers, post, turned_away):
    turned_away(await post("/v1/traces", TRACE, headers=headers))


@pytest.mark.parametrize("name", ["Authorization: Bearer", "x-api-key:"])
@pytest.mark.gen_test
async def test_a_header_that_comes_twice_holds_no_key(name, base_url):
    async with connected(base_url) as (answers, sender):
        sender.write(announced(BODY, f"{name} {SEND}", f"{name} {SEND}"))
        assert (await read_answer(answers)).status == 401


@pytest.mark.gen_test
async def test_metrics_want_a_key_to_read(get, turned_away):
    for headers in (bearer(READ), {"x-api-key": READ}):
        assert (await get("/metrics", headers=headers)).code == 200
    turned_away(await get("/metrics"), "metrics")
    turned_away(await get("/metrics", headers=bearer(SEND)), "metrics", times=2)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health"])
@pytest.mark.gen_test
async def test_probes_want_no_key(path, get):
    assert (await get(path)).code == 200


@pytest.mark.gen_test
async def test_what_is_not_there_is_not_there_without_a_key_either(get):
    assert (await get("/v1/nothing")).code == 404


BODIES = {
    "length": head("Content-Length: 100000"),
    "small length": head("Content-Length: 100"),
    "far too long": head("Content-Length: 99999999999999999999"),
    "expect": head("Content-Length: 100", "Expect: 100-continue"),
    "expect much": head("Content-Length: 100000", "Expect: 100-continue"),
    "chunked": head("Transfer-Encoding: chunked"),
    "gzip": head("Content-Length: 100000", "Content-Encoding: gzip"),
    "unknown coding": head("Content-Length: 100000", "Content-Encoding: br"),
    "no length": head(),
    "close": head("Content-Length: 100", "Connection: close"),
    "spaces": head("Content-Length:100  "),
    "query": head("Content-Length: 100", path="/v1/traces?a=1"),
    "whole address": head("Content-Length: 100", path="http://x/v1/traces"),
    "HTTP/1.0": head("Content-Length: 100").replace(b"HTTP/1.1", b"HTTP/1.0"),
}


@pytest.mark.parametrize("request_", BODIES.values(), ids=BODIES)
@pytest.mark.gen_test
async def test_the_answer_does_not_wait_for_the_body(request_, base_url, service, counted, ledger):
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(request_)
        answer = await read_answer(answers)
    assert (answer.status, answer.reason) == (401, "unauthorized")
    await until(lambda: not counted("http_requests_in_flight"))
    assert ledger()["received"] == 0


@pytest.mark.gen_test
async def test_what_is_behind_a_wrong_key_is_not_unpacked(post, turned_away, counted):
    bomb = gzip.compress(bytes(30 * 2**20))
    turned_away(await post("/v1/traces", bomb, headers={"Content-Encoding": "gzip"}))
    assert counted("http_request_size_bytes_count", route="traces") == 0


SECOND = announced(BODY, f"x-api-key: {SEND}", "Connection: close")
INNER = announced(BODY, f"x-api-key: {SEND}")
FIRST = {
    "length": announced(INNER),
    "long": announced(INNER * 2000),
    "chunks": head("Transfer-Encoding: chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER),
    "both": head(f"Content-Length: {len(INNER)}", "Transfer-Encoding: chunked") + INNER,
    "close": announced(INNER, "Connection: close"),
    "expect": announced(INNER, "Expect: 100-continue"),
    "lengths": head(f"Content-Length: {len(INNER)}", "Content-Length: 0") + INNER,
    "signed": head(f"Content-Length: +{len(INNER)}") + INNER,
    "listed": head(f"Content-Length: {len(INNER)}, {len(INNER)}") + INNER,
    "bare line feeds": announced(INNER).replace(b"\r\n", b"\n", 4),
    "folded": head(f"Content-Length: {len(INNER)}", " folded: 1") + INNER,
    "space before the colon": head(f"Content-Length: {len(INNER)}", "Transfer-Encoding : x")
    + INNER,
    "no length": head() + INNER,
}


@pytest.mark.slow
@pytest.mark.parametrize("parted", [False, True], ids=["at once", "by the byte"])
@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
@pytest.mark.gen_test
async def test_no_byte_behind_a_wrong_key_is_taken_for_a_request(first, parted, base_url, ledger):
    """INNER would be accepted; so may SECOND, if the connection goes on."""
    if parted and len(first) > 5000:
        first = first[:5000]
    async with asyncio.timeout(10), connected(base_url) as (answers, sender):
        with contextlib.suppress(ConnectionError):
            if parted:
                for byte in first:
                    sender.write(bytes([byte]))
                    await asyncio.sleep(0)
                sender.write(SECOND)
            else:
                sender.write(first + SECOND)
        said = await read_all(answers)
    assert said[0] in (400, 401)
    assert said[1:] in ([], [202])
    assert ledger()["received"] == len(said) - 1


async def read_all(answers):
    """The statuses of all answers."""
    found = []
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            found.append((await read_answer(answers)).status)
    return found


@pytest.mark.gen_test
async def test_a_wrong_key_behind_a_right_one_is_turned_away(base_url, ledger):
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(INNER + announced(BODY) + announced(BODY, "Connection: close"))
        said = await read_all(answers)
    assert said in ([202, 401], [202, 401, 401])
    assert ledger()["accepted"] == 1


@pytest.mark.gen_test
async def test_the_rows_name_the_key(post, rows):
    await post("/v1/litellm", CALL, headers=bearer(SEND))
    sent = {**TRACE, "metadata": {"a": 1, "ingest_key": "forged"}, "other": 2}
    await post("/v1/traces", [TRACE, sent, {}], headers=bearer(SEND))
    failed, plain, full = (row["metadata"] for row in await rows())
    assert failed["ingest_key"] == "laptop"
    assert plain == {"ingest_key": "laptop"}
    extra = {"ingest_key": "forged", "other": 2}
    assert full == {"a": 1, "extra": extra, "ingest_key": "laptop"}
    (error,) = await rows("error_events")
    assert error["metadata"]["ingest_key"] == "laptop"


class TestWithoutKeys:
    @pytest.fixture
    def settings(self):
        return {}

    @pytest.mark.gen_test
    async def test_nobody_needs_one_and_the_rows_name_none(self, post, get, rows):
        sent = {**TRACE, "metadata": {"ingest_key": "forged"}}
        for headers in (bearer(WRONG), {"Accept": "*/*"}):
            assert (await post("/v1/traces", [TRACE, sent], headers=headers)).code == 202
            assert (await get("/metrics", headers=headers)).code == 200
        found = [row["metadata"] for row in await rows()]
        assert found == [None, {"extra": {"ingest_key": "forged"}}] * 2


class TestWithKeysToSendOnly:
    @pytest.fixture
    def settings(self, tmp_path):
        return {**files(tmp_path), "read_keys_file": ""}

    @pytest.mark.gen_test
    async def test_anybody_reads(self, post, get):
        assert (await get("/metrics")).code == 200
        assert (await post("/v1/traces", TRACE)).code == 401


class TestWithoutAKeyInTheFile:
    @pytest.fixture
    def settings(self, tmp_path):
        found = files(tmp_path)
        for path in found.values():
            Path(path).write_text("# nobody yet\n")
        return found

    @pytest.mark.gen_test
    async def test_nobody_is_let_in(self, post, get):
        for headers in (bearer(SEND), bearer(""), {"Accept": "*/*"}):
            assert (await post("/v1/traces", TRACE, headers=headers)).code == 401
            assert (await get("/metrics", headers=headers)).code == 401


@pytest.mark.gen_test
async def test_strangers_are_told_of_once_and_not_quoted(post, get, database, caplog):
    caplog.set_level(logging.DEBUG)
    for _ in range(20):
        await post("/v1/traces", TRACE, headers={**bearer(WRONG), "User-Agent": WRONG})
    await post("/v1/traces", TRACE, headers=bearer(SEND))
    said = [record.getMessage() for record in caplog.records if record.name == "server.keys.door"]
    assert said == ["requests without a valid key: 1, the last one to traces"]
    assert WRONG not in caplog.text
    assert SEND not in caplog.text


def test_a_keys_file_may_be_written_in_many_ways():
    upper = line("b.C-d_2", READ).upper().replace("B.C-D_2", "b.C-d_2")
    text = f"\ufeff# a\r\n\r\n  {line('a', SEND).strip()}  # laptop\t\r\n{upper.strip()}"
    found = keys.parse(text)
    assert len(found) == 2
    assert found.owner(["", WRONG, SEND]) == "a"
    assert found.owner([READ]) == "b.C-d_2"


def test_no_key_is_empty_or_too_long_to_be_looked_at():
    assert keys.parse(line("a", "")).owner([""]) is None
    for length, owner in ((256, "a"), (257, None)):
        assert keys.parse(line("a", "x" * length)).owner(["x" * length]) == owner


@pytest.mark.parametrize("key", ["1", "2", "3", "none"])
def test_each_key_is_compared_whichever_it_is(key, monkeypatch):
    compared = []
    compare = hmac.compare_digest

    def spy(*two):
        compared.append(two)
        return compare(*two)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    found = keys.parse("".join(line(name, name) for name in "123"))
    assert found.owner([key]) == (key if key != "none" else None)
    assert len(compared) == 3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (SEND, "line 3: not name:sha256 (64 hex digits); did you paste the key itself?"),
        (f"laptop:{SEND}", "line 3: not name:sha256"),
        (f"laptop:{line('x', SEND)[2:-2]}", "line 3: not name:sha256"),
        (line("x", SEND)[2:], "line 3: not name:sha256"),
        (line("", SEND), "line 3: a name is"),
        (line("ü", SEND), "line 3: a name is"),
        (line("x" * 65, SEND), "line 3: a name is"),
        (line(SEND, SEND), "line 3: a name is"),
        (line("a", SEND), "line 3: its name is that of an earlier line"),
        (line("b", READ), "line 3: its key is that of an earlier line"),
        ("b\u2028:\x0b", "line 3: not name:sha256"),
    ],
    ids=range(11),
)
def test_a_bad_line_is_named_and_not_quoted(wrong, said, tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# one\n{line('a', READ)}{wrong}\n", "utf-8")
    with pytest.raises(ValueError, match="line 3") as raised:
        keys.read(str(path))
    assert str(raised.value).startswith(f"{path}, {said}")
    assert "ssss" not in str(raised.value)


@pytest.mark.parametrize("written", [b"\xff\xfe", None], ids=["no UTF-8", "none"])
def test_a_file_that_cannot_be_read_stops_the_start(written, tmp_path):
    path = tmp_path / "keys"
    if written is not None:
        path.write_bytes(written)
    with pytest.raises(ValueError, match=str(path)):
        Service(Config(db=str(tmp_path / "t.db"), ingest_keys_file=str(path)))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "127.1"])
def test_loopback_is_told_from(address):
    assert is_loopback(address)
    assert is_loopback("localhost")


@pytest.mark.parametrize(
    "address", ["0", "::", "192.0.2.1", "::ffff:192.0.2.1", "::ffff:0.0.0.0", "fe80::1"]
)
def test_what_others_reach(address):
    assert not is_loopback(address)


def test_a_new_key_can_stand_in_any_dsn():
    made = [keys.new() for _ in range(100)]
    assert all(re.fullmatch(r"tw_\w{43}", key, re.ASCII) for key in made)
    assert len(set(made)) == len(made)
