"""A database as the service itself writes it, from many kinds of senders."""

import json
from itertools import islice

from tornado.httpclient import AsyncHTTPClient

from server.commands.traffic import traffic
from server.config import Config
from server.service import Service

from .corpus import EXAMPLES, bodies_under, request_of
from .otlp import SERVICE, call, packed

CALL = {"provider": "openai", "model": "gpt-4o-mini", "operation": "chat", "status": "ok"}
TOKENS = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
HOSTILE = 'it\'s 100% "q"; DROP TABLE llm_traces; -- $__from ${agent} \\ 日本'
"""A name that would break a query that quotes it badly."""
SPECIAL = (
    CALL | TOKENS | {"agent": "pricer", "trace_id": "one-trace"},  # its cost is computed
    CALL | TOKENS | {"model": "nobody-knows", "session_id": HOSTILE, "agent": HOSTILE},
    CALL | {"provider": HOSTILE, "model": HOSTILE, "trace_id": HOSTILE, "latency_ms": 99_000},
    CALL | TOKENS | {"cost_usd": 0.25, "session_id": HOSTILE, "reasoning_tokens": 50},
)
ERRORS = (
    {"error_type": "crash", "message": HOSTILE, "trace_id": "one-trace", "severity": "fatal"},
    {"error_type": HOSTILE, "message": "m", "metadata": {"exception_type": {"not": "a word"}}},
)

USED = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
TURN = [call(1, USED, name="openclaw.model.call"), call(9, USED, name="openclaw.model.usage")]
"""A call, and the usage of its turn, which is not to count beside it."""


async def fill(database):
    """Have a service write what senders of many kinds send."""
    service = Service(Config(db=database, port=0))
    await service.start()
    for path, headers, body in _requests():
        client = AsyncHTTPClient()
        await client.fetch(service.url + path, method="POST", headers=headers, body=body)
    await service.pipeline.drain()
    await service.stop()


def _requests():
    for body in bodies_under(EXAMPLES):
        path, headers = request_of(body)
        yield path, headers, body.read_bytes()
    turn = packed(TURN, resource=SERVICE, scope="openclaw")
    yield "/v1/traces", {"Content-Type": "application/json"}, turn
    made_up = [*islice(traffic(1), 150), *(("/v1/traces", one) for one in SPECIAL)]
    for path in ("/v1/traces", "/v1/errors"):
        events = [event for where, event in made_up if where == path]
        events += ERRORS if path == "/v1/errors" else ()
        yield path, {"Content-Type": "application/json"}, json.dumps(events).encode()
