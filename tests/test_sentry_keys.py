"""Keys on the routes of OpenTelemetry and Sentry."""

import logging
from urllib.parse import quote

import pytest

from .envelopes import PATH, envelope, event, item, raised
from .holders import READ, SEND, WRONG, files, line
from .raw import announced, connected, read_answer

BODY = envelope(item(event(raised())))
ODD = "ümlaut & 100%"
"""A key that somebody chose; in a DSN it is escaped."""

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]


@pytest.fixture
def settings(tmp_path):
    found = files(tmp_path)
    with open(found["ingest_keys_file"], "a", encoding="utf-8") as file:
        file.write(line("odd", ODD.encode("latin-1")))
    return found


@pytest.fixture
def ask(base_url):
    """Ask once; the answer."""

    async def ask(*headers, path=PATH, body=BODY):
        async with connected(base_url) as (answers, sender):
            sender.write(announced(body, *headers, path=path))
            return await read_answer(answers)

    return ask


SENTRYS = "Sentry sentry_key={}, sentry_version=7, sentry_client=sentry.python/2.75.0"
GOOD = {
    "as the SDK for Python sends it": (f"X-Sentry-Auth: {SENTRYS.format(SEND)}",),
    "last": (f"X-Sentry-Auth: Sentry sentry_version=7,sentry_key={SEND}",),
    "in capitals": (f"x-sentry-auth: SENTRY sentry_key={SEND}",),
    "as authorization": (f"Authorization: {SENTRYS.format(SEND)}",),
    "as bearer": (f"Authorization: Bearer {SEND}",),
    "as x-api-key": (f"x-api-key: {SEND}",),
    "beside a wrong one": (f"X-Sentry-Auth: {SENTRYS.format(WRONG)}", f"x-api-key: {SEND}"),
    "beside a wrong bearer": (
        f"X-Sentry-Auth: {SENTRYS.format(SEND)}",
        f"Authorization: Bearer {WRONG}",
    ),
}
BAD = {
    "none": (),
    "wrong": (f"X-Sentry-Auth: {SENTRYS.format(WRONG)}",),
    "one to read": (f"X-Sentry-Auth: {SENTRYS.format(READ)}",),
    "empty": ("X-Sentry-Auth: Sentry sentry_key=, sentry_version=7",),
    "no scheme": (f"X-Sentry-Auth: sentry_key={SEND}",),
    "bare": (f"X-Sentry-Auth: {SEND}",),
    "another scheme": (f"X-Sentry-Auth: Bearer {SEND}",),
    "another name": (f"X-Sentry-Auth: Sentry sentry_secret={SEND}, my_sentry_key={SEND}",),
    "a second one": (f"X-Sentry-Auth: Sentry sentry_key={WRONG}, sentry_key={SEND}",),
    "as basic": (f"Authorization: Basic sentry_key={SEND}",),
}


@pytest.mark.parametrize("headers", GOOD.values(), ids=GOOD)
async def test_a_key_of_sentry_lets_its_events_in(headers, ask, rows):
    assert (await ask(*headers)).status == 200
    (row,) = await rows("error_events")
    assert row["metadata"]["ingest_key"] == "laptop"


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD)
async def test_what_is_no_key_of_sentry_is_turned_away(headers, ask, counted, ledger):
    assert (await ask(*headers)).status == 401
    assert counted("http_requests_rejected_total", route="envelope", reason="unauthorized") == 1
    assert ledger()["received"] == 0


QUERIES = [
    (f"sentry_key={SEND}", 200),
    (f"sentry_version=7&sentry_key={SEND}&sentry_client=sentry.javascript.browser%2F9.1.0", 200),
    (f"sentry_key={''.join(f'%{ord(c):02X}' for c in SEND)}", 200),
    (f"sentry_key={quote(ODD, encoding='latin-1')}", 200),
    (f"sentry_key={WRONG}", 401),
    (f"sentry_key={WRONG}&sentry_key={SEND}", 401),
    (f"my_sentry_key={SEND}", 401),
    (f"sentry_key={SEND}#x", 401),
    (f"key={SEND}", 401),
    ("sentry_key=", 401),
    (f"a?sentry_key={SEND}", 401),
    ("", 401),
]


@pytest.mark.slow
@pytest.mark.parametrize(("query", "status"), QUERIES, ids=range(len(QUERIES)))
@pytest.mark.parametrize("path", [PATH, "/api/my-shop/envelope", "http://x:1/api/1/envelope/"])
async def test_a_key_may_stand_in_the_query(path, query, status, ask):
    assert (await ask(path=f"{path}?{query}")).status == status


@pytest.mark.parametrize(
    "path", ["/v1/traces", "/v1/errors", "/v1/litellm", "/v1/logs", "/v1/metrics"]
)
async def test_no_other_route_takes_it(path, ask):
    for query in ("", f"?sentry_key={SEND}"):
        for name in ("X-Sentry-Auth", "Authorization"):
            asked = await ask(f"{name}: {SENTRYS.format(SEND)}", path=path + query)
            assert asked.status == 401


@pytest.mark.parametrize("path", ["/v1/logs", "/v1/metrics"])
@pytest.mark.parametrize("key", [SEND, WRONG])
async def test_routes_of_opentelemetry_want_a_key(path, key, ask):
    asked = await ask(f"x-api-key: {key}", path=path, body=b"{}")
    assert (asked.status == 401) == (key == WRONG)


TWICE = [
    (f"X-Sentry-Auth: {SENTRYS.format(SEND)}", f"X-Sentry-Auth: {SENTRYS.format(WRONG)}"),
    (f"X-Sentry-Auth: {SENTRYS.format(WRONG)}", f"X-Sentry-Auth: {SENTRYS.format(SEND)}"),
]


@pytest.mark.parametrize("headers", TWICE, ids=["right first", "wrong first"])
async def test_of_two_header_lines_the_first_counts(headers, ask):
    assert (await ask(*headers)).status == (200 if headers is TWICE[0] else 401)


async def test_no_key_of_a_query_is_written_down(ask, caplog):
    caplog.set_level(logging.DEBUG)
    for key in (WRONG, SEND):
        await ask(path=f"{PATH}?sentry_key={key}")
    assert WRONG not in caplog.text
    assert SEND not in caplog.text
