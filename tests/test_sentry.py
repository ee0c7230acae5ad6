"""POST /api/<project>/envelope/: how envelopes are framed, and what their events become."""

import json
import tracemalloc

import pytest

from server.config import Config
from server.parts import make_receivers
from server.receivers.sentry.logged import MOST_PARAMS

from .conftest import HeldStore, until
from .envelopes import EVENT_ID, PATH, envelope, event, frame, item, raised

pytestmark = pytest.mark.gen_test
ERROR = item(event(raised()))
OTHER = "33333333333343338333333333333333"


@pytest.fixture
def settings():
    return {"max_request_events": 5, "max_text_bytes": 600}


@pytest.fixture
def send(post, ledger):
    """Post an envelope; its answer."""

    async def send(body, path=PATH, content_type="application/x-sentry-envelope", **options):
        response = await post(path, body, content_type, **options)
        ledger()
        return response

    return send


@pytest.fixture
def stored(send, rows):
    """Post one event; its row."""

    async def stored(payload, **header):
        response = await send(envelope(item(payload), **header))
        assert response.code == 200, response.body
        (row,) = await rows("error_events")
        return row

    return stored


@pytest.fixture
def skipped(send, rows, counted):
    """Post one event; check that it is no error."""

    async def skipped(payload):
        response = await send(envelope(item(payload)))
        assert response.code == 200
        assert await rows("error_events") == []
        assert counted("events_skipped_total", reason="other_item") == 1

    return skipped


FRAMES = {
    "one event": envelope(ERROR),
    "no newline at the end": envelope(ERROR)[:-1],
    "no length": envelope(item(event(raised()), length=None)),
    "no length and no end": envelope(item(event(raised()), length=None))[:-1],
    "length null": envelope(ERROR.replace(b'"length": ', b'"length": null, "was": ')),
    "newlines in the payload": envelope(item(json.dumps(event(raised()), indent=1).encode())),
    "empty lines": envelope(b"", ERROR, b"", b"\r"),
    "an attachment before": envelope(item(b"\xef\xbb\xbfHello\r\n", "attachment"), ERROR),
    "an empty attachment before": envelope(item(b"", "attachment"), ERROR),
    "an empty attachment behind": envelope(ERROR, item(b"", "attachment"))[:-1],
    "a header alone behind": envelope(ERROR, b'{"type": "attachment"}')[:-1],
    "something new": envelope(item(b"?", "what_comes_next"), item(b"?", None), ERROR),
    "a payload like a header": envelope(item(b'{"type": "event"}\n{}', "attachment"), ERROR),
    "no JSON beside": envelope(item(b"{", "event"), ERROR),
    "no object beside": envelope(item([], "event"), ERROR),
}


@pytest.mark.parametrize("body", FRAMES.values(), ids=FRAMES)
async def test_the_error_is_found_in_its_envelope(body, send, rows):
    response = await send(body)
    assert (response.code, response.answer) == (200, {"id": EVENT_ID})
    (row,) = await rows("error_events")
    assert (row["event_id"], row["message"]) == (EVENT_ID, "no")
    assert (row["error_type"], row["severity"], row["source"]) == (
        "system_error",
        "error",
        "sentry",
    )


REFUSED = {
    "empty": (b"\n", 400),
    "header no JSON": (b"{\n" + ERROR, 400),
    "header no object": (b"[]\n" + ERROR, 400),
    "header too long": (envelope(ERROR, sdk="x" * 2**16), 400),
    "item header too long": (envelope(item(b"", "attachment", filename="x" * 2**16)), 400),
    "item header no JSON": (envelope(b"{", b"{}"), 400),
    "item header no object": (envelope(b"7", b"{}"), 400),
    "cut off": (envelope(ERROR)[:-5], 400),
    "length too short": (envelope(item(event(raised()), length=5)), 400),
    "length too short by an item": (envelope(item(b'{}{"type": "x"}', length=2)), 400),
    "length negative": (envelope(item(event(raised()), length=-1)), 400),
    "length a text": (envelope(item(event(raised()), length="9")), 400),
    "length a boolean": (envelope(item(b"1", length=True)), 400),
    "length a fraction": (envelope(item(event(raised()), length=1.5)), 400),
    "length beyond all": (envelope(item(event(raised()), length=2**63)), 400),
    "six items": (envelope(*[ERROR] * 6), 413),
}


@pytest.mark.parametrize(("body", "status"), REFUSED.values(), ids=REFUSED)
async def test_what_is_no_envelope_is_refused_as_a_whole(body, status, send, ledger, counted):
    response = await send(body)
    reason = "invalid_json" if status == 400 else "too_many_events"
    assert (response.code, response.answer["error"]["reason"]) == (status, reason)
    assert counted("http_requests_rejected_total", route="envelope", reason=reason) == 1
    assert ledger()["received"] == 0


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", "invalid_json"),
        (b"", "invalid_json"),
        ([], "schema_invalid"),
        (None, "schema_invalid"),
    ],
)
async def test_an_envelope_of_no_valid_event_gets_400(payload, reason, send, counted, ledger):
    response = await send(envelope(item(payload), item(b"", "attachment")))
    assert (response.code, response.answer["error"]["reason"]) == (400, reason)
    assert counted("events_rejected_total", kind="error", reason=reason) == 1
    assert ledger()["received"] == 1


@pytest.mark.parametrize(
    "path", ["/api/1/envelope", "/api/1/envelope/?a=b", "/api/my-shop/envelope/"]
)
@pytest.mark.parametrize(
    "content_type", [None, "text/plain;charset=UTF-8", "application/json", "?"]
)
async def test_any_project_and_any_content_type_will_do(path, content_type, send, rows):
    assert (await send(envelope(ERROR), path, content_type)).code == 200
    assert len(await rows("error_events")) == 1


@pytest.mark.parametrize("path", ["/api//envelope/", "/api/1/2/envelope/", "/api/1/store/"])
async def test_another_path_is_none_of_sentry(path, post):
    assert (await post(path, envelope(ERROR))).code == 404


@pytest.mark.parametrize(
    "kind",
    [
        "transaction",
        "span",
        "session",
        "sessions",
        "client_report",
        "log",
        "check_in",
        "statsd",
        "trace_metric",
        "profile",
        "profile_chunk",
        "replay_event",
        "attachment",
        "feedback",
        "user_report",
        "security",
        "",
        7,
        None,
    ],
)
async def test_what_is_no_event_is_acknowledged(kind, send, rows, counted):
    response = await send(envelope(item({"level": "error", "message": "m"}, kind), event_id=OTHER))
    assert (response.code, response.answer) == (200, {"id": OTHER})
    assert await rows("error_events") == []
    assert counted("events_skipped_total", reason="other_item") == 1


@pytest.mark.parametrize("body", [envelope(), b"{}", envelope(item(b"", "session"))], ids=range(3))
async def test_what_has_no_id_is_answered_with_none(body, send):
    response = await send(body)
    assert (response.code, response.answer) == (200, {})


async def test_an_event_that_comes_again_is_stored_once(send, rows, ledger):
    dashed = "9EC79C33-EC99-42AB-8353-589FCB2E04DC"
    for body in (
        envelope(ERROR),
        envelope(ERROR),
        envelope(item(event(raised(), event_id=dashed))),
    ):
        assert (await send(body)).answer == {"id": EVENT_ID}
    assert len(await rows("error_events")) == 1
    assert ledger()["deduplicated"] == 2


async def test_the_envelope_has_what_its_event_lacks(stored):
    ids = {"event_id": OTHER, "trace": {"trace_id": "t1"}}
    row = await stored({"exception": {"values": [raised()]}}, **ids)
    assert (row["event_id"], row["trace_id"]) == (OTHER, "t1")


async def test_an_event_says_where_and_when_it_happened(stored):
    trace = {"trace_id": "t1", "span_id": "s1"}
    row = await stored(event(raised(), contexts={"trace": trace}, timestamp=1795451723.2194))
    assert (row["trace_id"], row["span_id"]) == ("t1", "s1")
    assert row["occurred_at"] == 1795451723219


@pytest.mark.parametrize(
    "timestamp",
    ["2026-11-23T16:35:23Z", "2026-11-23T16:35:23", "2026-11-23T17:35:23.000+01:00", 1795451723],
)
async def test_a_time_may_be_written_in_many_ways(timestamp, stored):
    assert (await stored(event(raised(), timestamp=timestamp)))["occurred_at"] == 1795451723000


MECHANISMS = [
    ("openai", "openai"),
    ("anthropic", "anthropic"),
    ("cohere", "cohere"),
    ("auto.ai.openai.stream", "openai"),
    ("auto.ai.anthropic.anthropic_error", "anthropic"),
    *((kind, None) for kind in ("langchain", "langgraph", "litellm", "google_genai", "mcp")),
    *((kind, None) for kind in ("huggingface_hub", "pydantic_ai", "openai_agents")),
    *((kind, None) for kind in ("auto.ai.google_genai", "auto.ai.vercelai", "auto.ai.mcp_server")),
]


@pytest.mark.parametrize(("kind", "provider"), MECHANISMS)
async def test_an_exception_of_a_model_call_is_an_llm_error(kind, provider, stored):
    mechanism = {"type": kind, "handled": False}
    row = await stored(event(raised(mechanism=mechanism), raised("E", "e"), level="fatal"))
    assert (row["error_type"], row["severity"]) == ("llm_error", "fatal")
    assert row["provider"] == provider
    assert row["metadata"]["mechanism"] == kind
    assert row["metadata"]["handled"] is False


@pytest.mark.parametrize(
    ("level", "mechanism", "error_type"),
    [
        ("error", {"type": "generic", "handled": True}, "system_error"),
        ("error", {"type": "excepthook", "handled": False}, "crash"),
        (None, {"type": "auto.node.onuncaughtexception", "handled": False}, "crash"),
        ("error", {"type": "generic", "handled": None}, "system_error"),
        ("error", {"type": "auto.http.express"}, "system_error"),
        ("error", "excepthook", "system_error"),
        ("fatal", None, "crash"),
        ("FATAL", {"type": "generic", "handled": True}, "crash"),
    ],
)
async def test_what_nobody_handled_is_a_crash(level, mechanism, error_type, stored):
    row = await stored(event(raised(mechanism=mechanism), level=level))
    assert row["error_type"] == error_type


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("fatal", "fatal"),
        ("error", "error"),
        ("warning", "warning"),
        ("info", "info"),
        ("debug", "debug"),
        ("log", "info"),
        ("WARN", "warning"),
        (None, "error"),
        ("?", "error"),
        (5, "error"),
    ],
)
async def test_an_exception_counts_whatever_its_level(level, severity, stored):
    assert (await stored(event(raised(), level=level)))["severity"] == severity


@pytest.mark.parametrize("level", ["warning", "error", "fatal", None])
async def test_a_message_counts_from_a_warning_on(level, stored):
    row = await stored(event(message="m", level=level))
    assert (row["message"], row["stack_trace"]) == ("m", None)
    assert row["error_type"] == ("crash" if level == "fatal" else "system_error")


@pytest.mark.parametrize("level", ["info", "debug", "log"])
@pytest.mark.parametrize(
    "more", [{}, {"exception": {"values": [{"value": "m", "stacktrace": {}}]}}]
)
async def test_a_message_that_tells_of_no_failure_does_not(level, more, skipped):
    """Where an SDK attaches stacks, it has an exception without a type for that."""
    await skipped(event(message="m", level=level, **more))


MESSAGES = [
    ({"message": "m"}, "m"),
    ({"message": {"formatted": "m 1", "message": "m %s"}}, "m 1"),
    ({"logentry": {"formatted": "f 1", "message": "f %s", "params": [1]}, "message": "x"}, "f 1"),
    ({"logentry": {"message": "a %s b %d c %r", "params": ["x", 2]}}, "a x b 2 c %r"),
    ({"logentry": {"message": "a {} b", "params": [{"c": 1}]}}, "a {'c': 1} b"),
    ({"logentry": {"message": "%999999999s %s", "params": ["x"]}}, "%999999999s x"),
    ({"logentry": {"message": "100 %", "params": {"a": 1}}}, "100 %"),
    ({"logentry": "plain"}, "plain"),
    ({"logentry": {}, "message": None}, "no message"),
    ({"message": "a\0b\ud800"}, "a\ufffdb?"),
    (
        {"logentry": {"message": "%s, %s", "params": ["\0\ud800", ["\ud800"]]}},
        "\ufffd?, ['\\ud800']",
    ),
    ({"logentry": {"message": "%s, %s", "params": [None, ""]}}, "None, "),
]


@pytest.mark.parametrize(("more", "message"), MESSAGES, ids=range(len(MESSAGES)))
async def test_a_message_is_found_wherever_it_is(more, message, stored):
    assert (await stored(event(**more)))["message"] == message


async def test_of_very_many_parameters_the_first_are_filled_in(stored):
    row = await stored(event(logentry={"message": "%s" * 300, "params": ["x"] * 200}))
    assert row["message"] == "x" * MOST_PARAMS + "%s" * (300 - MOST_PARAMS)


async def test_what_was_logged_with_an_exception_is_kept(stored):
    log = {"message": "%s went wrong", "formatted": "it went wrong", "params": ["it"]}
    row = await stored(event(raised(), logentry=log))
    assert row["message"] == "no"
    assert row["metadata"]["log"] == {"message": "it went wrong", "template": "%s went wrong"}


async def test_a_chain_is_told_from_its_cause_to_its_last_effect(stored):
    cause = raised("KeyError", "'x'", [frame(1), frame(2, colno=7)])
    effect = raised("RuntimeError", "failed: 日本", [{"module": "m"}])
    row = await stored(event(cause, effect))
    assert row["message"] == "failed: 日本"
    assert row["metadata"]["exception_type"] == "RuntimeError"
    named = [
        {"type": "KeyError", "message": "'x'"},
        {"type": "RuntimeError", "message": "failed: 日本"},
    ]
    assert row["metadata"]["exceptions"] == named
    assert row["stack_trace"].splitlines() == [
        "Traceback (most recent call last):",
        '  File "app.py", line 1, in f',
        "    f()",
        '  File "app.py", line 2, column 7, in f',
        "    f()",
        "KeyError: 'x'",
        "",
        "which led to:",
        "",
        "Traceback (most recent call last):",
        '  File "m"',
        "RuntimeError: failed: 日本",
    ]


@pytest.mark.parametrize(
    "exception",
    [[raised()], raised(), {"values": raised()}, {"values": [None, 7, {}, raised()]}],
)
async def test_exceptions_may_be_listed_in_other_ways(exception, stored):
    row = await stored({"event_id": EVENT_ID, "exception": exception})
    assert (row["message"], row["metadata"]["exception_type"]) == ("no", "ValueError")


async def test_an_exception_without_words_is_called_by_its_type(stored):
    assert (await stored(event(raised(value=""))))["message"] == "ValueError"


@pytest.mark.parametrize("place", ["threads", "event"])
async def test_a_message_may_have_a_stack(place, stored):
    trace = {"stacktrace": {"frames": [frame()]}}
    another = {"stacktrace": {"frames": [frame(9)]}}
    values = [another, {"current": True, **trace}, {"crashed": True, **another}]
    more = {"threads": {"values": values}} if place == "threads" else trace
    row = await stored(event(message="m", **more))
    assert row["stack_trace"].splitlines()[1:] == ['  File "app.py", line 1, in f', "    f()"]


async def test_of_a_long_stack_the_end_stays(stored):
    frames = [frame(number) for number in range(1, 401)]
    row = await stored(event(raised("E1", "cause", frames), raised("E2", "end 👍", frames)))
    lines = row["stack_trace"].splitlines()
    assert lines[0] == f"[{2 * 802 + 3 - len(lines) + 1} earlier lines left out]"
    assert lines[-3:] == ['  File "app.py", line 400, in f', "    f()", "E2: end 👍"]
    assert 500 < len(row["stack_trace"].encode()) <= 600
    cut = row["metadata"]["truncated"]["stack_trace"]
    assert cut > 2 * 400 * len("  File app.py, line 1, in f")


async def test_a_long_message_leaves_room_for_the_stack(stored):
    row = await stored(event(raised("E1", "long " * 200, [frame()])))
    assert row["stack_trace"].splitlines()[1:] == [
        '  File "app.py", line 1, in f',
        "    f()",
        "E1: [1000 characters left out]",
    ]
    assert len(row["message"]) == 600
    assert row["metadata"]["truncated"] == {"message": 1000}


async def test_a_line_of_a_bundle_is_not_shown(stored):
    frames = [frame(1, context_line="x" * 1001), frame(2, function="g" * 1001), 7, {}]
    row = await stored(event(raised("E", "e", frames)))
    assert row["stack_trace"].splitlines()[1:] == [
        '  File "app.py", line 1, in f',
        '  File "app.py", line 2',
        "    f()",
        '  File "?"',
        '  File "?"',
        "E: e",
    ]


async def test_what_is_told_of_the_program_is_kept(stored):
    said = {
        "environment": "test",
        "release": "shop@1.4.2",
        "server_name": "app-1",
        "logger": "app",
        "transaction": "POST /chat",
        "platform": "python",
    }
    more = {
        "sdk": {"name": "sentry.python", "version": "2.75.0"},
        "user": {"id": 7, "email": "a@example.org", "ip_address": "10.0.0.1"},
        "tags": {"team": "search"},
        "extra": {"step": {"n": [1, None]}, "odd": "a\0b\ud800", "truncated": 1},
    }
    row = await stored(event(raised(), **said, **more))
    extra = {"step": {"n": [1, None]}, "odd": "a\ufffdb?", "truncated": 1}
    assert row["metadata"] == {
        **said,
        "exception_type": "ValueError",
        "sdk": "sentry.python 2.75.0",
        "user_id": "7",
        "tags": {"team": "search"},
        "extra": extra,
    }


async def test_prompts_in_variables_and_what_tells_of_people_are_not(stored):
    word = "Zebra7"
    frames = [frame(vars={"prompt": word}, pre_context=[word], post_context=[word])]
    row = await stored(
        event(
            raised(frames=frames),
            request={"url": word, "data": word, "headers": {"Cookie": word}},
            breadcrumbs={"values": [{"message": word}]},
            user={"email": word, "username": word},
            contexts={"state": {"value": word}},
            modules={word: "1"},
        )
    )
    assert word not in json.dumps(row)


async def test_a_span_or_a_tag_tells_of_the_model(stored):
    data = {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.agent.name": "a"}
    tags = [["gen_ai.conversation.id", "c1"], ["gen_ai.request.model", "other"], 7]
    row = await stored(event(raised(), contexts={"trace": {"data": data}}, tags=tags))
    assert (row["provider"], row["model"]) == ("openai", "gpt-4o")
    assert (row["session_id"], row["agent"]) == ("c1", "a")


ODD = [
    {"exception": 7, "logentry": [], "message": []},
    {"exception": {"values": [{"type": 7, "value": {"a": 1}, "mechanism": [], "stacktrace": 7}]}},
    {"exception": {"values": [raised(frames=[{"lineno": "x", "filename": 7, "colno": -1}])]}},
    {"contexts": [], "tags": "t", "extra": "x", "user": 7, "sdk": [], "threads": 7},
    {"contexts": {"trace": {"trace_id": 7, "span_id": [], "data": []}}, "timestamp": "soon"},
    {"event_id": 7, "level": {}, "timestamp": -1, "platform": {}, "release": "r" * 9000},
    {"event_id": "x" * 9000, "extra": {"deep": json.loads("[" * 500 + "]" * 500)}},
    {"extra": {str(number): number for number in range(50_000)}},
    {"tags": [[1, 2], ["a"], None], "extra": {"big": 2**64 - 1, "x": 1e308}},
]


@pytest.mark.parametrize("more", ODD, ids=range(len(ODD)))
async def test_an_odd_event_is_read_as_far_as_it_can_be(more, stored):
    assert (await stored({**event(), **more}))["error_type"] == "system_error"


class TestWithoutTexts:
    @pytest.fixture
    def settings(self):
        return {"capture": "none"}

    async def test_no_word_of_an_event_is_kept(self, stored):
        word = "Zebra7"
        told = {"tags": {"a": word}, "extra": {"b": word}, "logentry": {"formatted": word}}
        row = await stored(event(raised("E", word, [frame()]), raised("E", word), **told))
        assert word not in json.dumps(row)
        assert row["metadata"]["exception_type"] == "E"


class TestWithAFullQueue:
    @pytest.fixture
    def settings(self):
        return {"queue_events": 2}

    @pytest.fixture
    def store(self, database):
        return HeldStore(database)

    async def test_an_envelope_is_taken_as_a_whole_or_not_at_all(self, send, store, rows, ledger):
        assert (await send(envelope(item(event(raised(), event_id=OTHER))))).code == 200
        await until(store.entered.is_set)
        both = envelope(ERROR, item(event(raised(), event_id="b" * 32)), item(b"", "session"))
        response = await send(both)
        assert (response.code, response.headers["Retry-After"]) == (503, "1")
        assert response.answer["error"]["reason"] == "queue_full"
        assert ledger()["refused"] == 2
        store.free.set()
        await until(lambda: ledger()["persisted"] == 1)
        assert (await send(both)).answer == {"id": EVENT_ID}
        assert [row["event_id"] for row in await rows("error_events")] == [
            OTHER,
            EVENT_ID,
            "b" * 32,
        ]
        assert ledger()["deduplicated"] == 0

    async def test_while_it_stops_it_is_to_be_sent_again(self, send, service, ledger):
        service.pipeline._stopping = True
        response = await send(envelope(ERROR))
        service.pipeline._stopping = False
        assert (response.code, response.answer["error"]["reason"]) == (503, "shutting_down")
        assert ledger()["refused"] == 1


class TestWithALargeEnvelope:
    @pytest.fixture
    def settings(self):
        return {"max_body_bytes": 2**25, "max_request_events": 1000}

    async def test_it_is_worked_on_in_turns(self, send, rows, ledger):
        large = [
            event(raised(value="x" * 9000), event_id=f"{number:032x}") for number in range(1, 301)
        ]
        attached = item(b"\n" * 2**22, "attachment")
        assert (await send(envelope(attached, *map(item, large)))).code == 200
        assert ledger()["accepted"] == 300
        assert len(await rows("error_events")) == 300

    async def test_what_takes_too_much_memory_costs_the_others_nothing(self, send, rows, counted):
        heavy = item(b'{"extra": [' + b"[]," * 5_000_000 + b"0]}")
        assert (await send(envelope(heavy, ERROR))).code == 200
        assert len(await rows("error_events")) == 1
        assert counted("events_rejected_total", kind="error", reason="unstorable") == 1


@pytest.mark.slow
def test_one_event_is_held_as_values_at_a_time():
    large = item(event(message="m", extra={"x": [number / 3 for number in range(100_000)]}))
    receiver = make_receivers(Config())["envelope"]
    peaks = []
    for count in (1, 4):
        body = bytearray(envelope(*[large] * count))
        tracemalloc.start()
        assert len(list(receiver.read(body, ""))) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
