"""Sentry's SDK for Python, unchanged, with a DSN that points here."""

import asyncio
import json
import sys

import pytest

from .conftest import HeldStore, read_rows, until
from .holders import SEND, WRONG, files
from .process import serving, wait_until
from .senders import running

pytestmark = [pytest.mark.both_layers, pytest.mark.slow]

PROGRAM = (sys.executable, "-m", "tests.sentry_program")


def dsn(service, key="anything"):
    return service.url.replace("http://", f"http://{key}@") + "/42"


@pytest.fixture
def server(database, arguments):
    with serving(database, *arguments) as server:
        yield server
        status, errors = server.stop()
    assert (status, errors.count("Traceback")) == (0, 0), errors


@pytest.fixture
def arguments():
    return ()


def test_what_a_program_tells_of_is_stored(server, stored_errors):
    with running(*PROGRAM, dsn(server)) as program:
        program.do("exception", "message", "info", "log", "span")
        assert program.end() == (0, "logged error 17\n")  # by logging itself
    exception, message, log = stored_errors(3)
    assert exception["message"] == "the order failed"
    assert (exception["error_type"], exception["severity"]) == ("system_error", "error")
    assert exception["metadata"]["exception_type"] == "RuntimeError"
    assert [one["type"] for one in exception["metadata"]["exceptions"]] == [
        "ValueError",
        "RuntimeError",
    ]
    lines = exception["stack_trace"].splitlines()
    assert lines[2] == '    int("x")'
    assert lines[-2:] == [
        '    raise RuntimeError("the order failed") from cause',
        "RuntimeError: the order failed",
    ]
    assert (message["message"], message["severity"]) == ("disk nearly full", "warning")
    assert (log["message"], log["metadata"]["logger"]) == ("logged error 17", "app")
    for row in (exception, message, log):
        assert len(row["event_id"]) == len(row["trace_id"]) == 32
        assert abs(row["created_at"] - row["occurred_at"]) < 60_000
        assert row["metadata"]["release"] == "shop@1.4.2"
    assert server.metric('tokenweir_events_skipped_total{reason="other_item"}') >= 3


def test_what_nobody_catches_is_a_crash(server, stored_errors):
    with running(*PROGRAM, dsn(server)) as program:
        status, errors = program.end("crash")
    assert status == 1
    assert "KeyError" in errors
    (row,) = stored_errors(1)
    assert (row["error_type"], row["message"]) == ("crash", "'nobody catches this'")
    assert row["metadata"]["mechanism"] == "excepthook"


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_of_a_large_event_what_failed_is_kept(coding, server, stored_errors):
    options = {"_experiments": {"transport_compression_algo": coding}, "max_value_length": 100_000}
    with running(*PROGRAM, dsn(server), json.dumps(options)) as program:
        program.do("large")
    (row,) = stored_errors(1)
    assert row["message"].startswith("big big ")
    assert row["metadata"]["truncated"]["message"] == 80_000
    assert row["stack_trace"].startswith("[")
    assert row["stack_trace"].splitlines()[-2:] == [
        '    raise ValueError("big " * 20_000)',
        "ValueError: [80000 characters left out]",
    ]


class TestWithKeys:
    @pytest.fixture
    def arguments(self, tmp_path):
        return [f"--ingest-keys-file={files(tmp_path)['ingest_keys_file']}"]

    def test_the_key_of_the_dsn_opens(self, server, database):
        with running(*PROGRAM, dsn(server, WRONG)) as program:
            program.do("message")
        with running(*PROGRAM, dsn(server, SEND)) as program:
            program.do("message")
        wait_until(lambda: read_rows(database, "error_events"), "the error")
        (row,) = read_rows(database, "error_events")
        assert row["metadata"]["ingest_key"] == "laptop"


class TestWithAFullQueue:
    @pytest.fixture
    def settings(self):
        return {"queue_events": 1}

    @pytest.fixture
    def store(self, database):
        return HeldStore(database)

    @pytest.mark.gen_test(timeout=30)
    async def test_what_is_told_to_come_again_does_not(self, service, store, rows, ledger):
        """The SDK drops what it could not send, and goes on: what comes later is stored."""
        with running(*PROGRAM, dsn(service)) as program:

            async def do(word):
                await asyncio.get_running_loop().run_in_executor(None, program.do, word)

            await do("message")
            await until(store.entered.is_set)
            await do("log")
            assert ledger()["refused"] == 1
            store.free.set()
            await until(lambda: ledger()["persisted"] == 1)
            await do("exception")
        told = [row["message"] for row in await rows("error_events")]
        assert told == ["disk nearly full", "the order failed"]
        sums = ledger()
        assert (sums["received"], sums["refused"], sums["deduplicated"]) == (3, 1, 0)
