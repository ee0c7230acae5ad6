"""Sentry's SDK for JavaScript, unchanged, with a DSN that points here."""

import pytest

from . import node
from .holders import SEND, files
from .process import serving
from .senders import running

pytestmark = [pytest.mark.both_layers, pytest.mark.slow, node.needed]


@pytest.fixture
def server(database, tmp_path):
    """A service that asks for a key: it stands in the DSN."""
    ingest = files(tmp_path)["ingest_keys_file"]
    with serving(database, f"--ingest-keys-file={ingest}") as server:
        yield server
        status, errors = server.stop()
    assert (status, errors.count("Traceback")) == (0, 0), errors


@pytest.fixture
def program(server, packages):
    dsn = server.url.replace("http://", f"http://{SEND}@") + "/42"
    with running("node", "sentry.js", dsn, cwd=packages) as program:
        yield program


def test_what_a_program_tells_of_is_stored(program, server, stored_errors):
    program.do("exception", "message", "info", "large", "span", "model")
    status, errors = program.end()
    assert status == 0, errors
    exception, message, large, model = stored_errors(4)
    assert (exception["error_type"], exception["severity"]) == ("system_error", "error")
    assert exception["message"] == "the order failed"
    named = [(one["type"], one["message"]) for one in exception["metadata"]["exceptions"]]
    assert named == [("TypeError", "no such thing"), ("Error", "the order failed")]
    lines = exception["stack_trace"].splitlines()
    assert "TypeError: no such thing" in lines
    assert lines[-2:] == [
        '    Sentry.captureException(new Error("the order failed", { cause: error }));',
        "Error: the order failed",
    ]
    assert (message["message"], message["severity"]) == ("disk nearly full", "warning")
    assert large["metadata"]["truncated"]["message"] == 100_000
    assert (model["error_type"], model["provider"]) == ("llm_error", "openai")
    for row in (exception, message, large, model):
        assert len(row["event_id"]) == len(row["trace_id"]) == 32
        assert abs(row["created_at"] - row["occurred_at"]) < 60_000
        assert row["metadata"]["release"] == "shop@1.4.2"
        assert row["metadata"]["ingest_key"] == "laptop"
    assert server.metric('tokenweir_events_skipped_total{reason="other_item"}') >= 2


@pytest.mark.parametrize(
    ("word", "message"),
    [("crash", "nobody catches this"), ("rejection", "nobody awaits this")],
)
def test_what_nobody_catches_is_a_crash(word, message, program, stored_errors):
    program.end(word)
    (row,) = stored_errors(1)
    assert (row["error_type"], row["message"]) == ("crash", message)
    assert row["metadata"]["mechanism"].startswith("auto.node.onun")
    assert row["stack_trace"]
